"""Files as gateways leave them: packed, cut off, in the wrong encoding, or not what their name says."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gateway_logs import Record, converted, facts, openai_answer, openai_request, pair, put_lines
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import InputError
from revenuer.sources.converting.files import log_files
from revenuer.sources.converting.jsonvalues import json_objects
from revenuer.sources.converting.reading import objects
from revenuer.sources.quarantine import Quarantine

IDS = [fact["exchange_id"] for fact in facts()]


def lines() -> list[bytes]:
    """Four good pairs as lines."""
    return [json.dumps(pair(f, openai_request(f), openai_answer(f))).encode() + b"\n" for f in facts()]


def found(path: Path, out: Path) -> tuple[list[str], dict[str, int]]:
    """Ids that come of a file, and what was set aside."""
    rows, conversion = converted(path, out, format_name="openai")
    return [row["exchange_id"] for row in rows], conversion.quarantined


def read(content: bytes, name: str, folder: Path) -> tuple[list[Any], dict[str, int]]:
    """Objects of a file with this content, and what was set aside."""
    (folder / name).write_bytes(content)
    quarantine = Quarantine()
    values = [one.value for one in objects(log_files(folder / name)[0][0], 0, quarantine)]
    return values, quarantine.counts()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", lambda raw: raw),
        ("a.log", lambda raw: raw),
        ("a.jsonl.gz", gzip.compress),
        ("a.json.gz", gzip.compress),
        ("a.ndjson.zst", lambda raw: pa.compress(raw, codec="zstd", asbytes=True)),
        ("a.jsonl.2026-03-02.gz", gzip.compress),
        ("a.jsonl.gz", lambda raw: raw),
        ("stream-1-2026-03-02-09-00-00-5c2f", lambda raw: raw),
        ("stream-1-2026-03-02-09-00-00-5c2f", gzip.compress),
        ("a.jsonl", lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n")),
        ("a.json", lambda raw: b"[" + b",\n".join(raw.splitlines()) + b"]"),
        ("a.json", lambda raw: json.dumps([json.loads(line) for line in raw.splitlines()], indent=4).encode()),
        ("a.json", lambda raw: b"\n".join(json.dumps(json.loads(x), indent=1).encode() for x in raw.splitlines())),
    ],
)
def test_a_log_may_be_packed_and_laid_out_in_many_ways(name: str, pack: Any, tmp_path: Path) -> None:
    """Lines, arrays and objects one after another hold the same exchanges, plain or compressed."""
    (tmp_path / name).write_bytes(pack(b"".join(lines())))
    assert found(tmp_path / name, tmp_path / "out") == (IDS, {})


def test_bad_lines_are_counted_and_the_others_kept(tmp_path: Path) -> None:
    """Each fault has its reason; a line that is cut off at the end is told from one that is no JSON."""
    good = lines()
    bad = [b"\n", b"not json\n", b"[1]\n", b'"x"\n', b"\xff\xfe{}\n", b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"\n"]
    path = put_lines(tmp_path / "a.jsonl", [*good[:2], *bad, *good[2:], good[0][:-40]])
    ids, quarantined = found(path, tmp_path / "out")
    assert ids == IDS
    assert quarantined == {
        "line no JSON object": 2,
        "line cut off": 1,
        "line nested too deep": 1,
        "line not JSON": 1,
        "line not UTF-8": 1,
    }


def test_what_is_no_log_in_a_folder_is_named(tmp_path: Path) -> None:
    """Other files are passed over and told of; hidden ones are not even that."""
    put_lines(tmp_path / "logs" / "a.jsonl", lines())
    (tmp_path / "logs" / "README.md").write_text("About these logs")
    (tmp_path / "logs" / ".a.jsonl.crc").write_bytes(b"\x00")
    rows, conversion = converted(tmp_path / "logs", tmp_path / "out")
    assert len(rows) == 4
    assert conversion.notes == ("files of no known kind, not read: README.md",)


def test_places_are_told(tmp_path: Path) -> None:
    """A note names the file and the line of the first fault of a kind."""
    put_lines(tmp_path / "logs" / "day" / "b.jsonl", [*lines(), b"{\n"])
    _, conversion = converted(tmp_path / "logs", tmp_path / "out", format_name="openai")
    assert conversion.notes == ("1 row set aside: line not JSON (first: day/b.jsonl, line 5: not JSON)",)


def test_nan_and_lone_surrogates_do_not_hide_a_request(tmp_path: Path) -> None:
    """Writers let NaN and half characters through: a prompt that holds one is read all the same."""
    record = pair(facts()[0], {**openai_request(facts()[0]), "temperature": float("nan")}, {})
    record["request"]["body"]["messages"][-1]["content"] = "odd \ud83d end"
    rows, conversion = converted(put_lines(tmp_path / "a.jsonl", [record]), tmp_path / "out")
    assert rows[0]["prompt"] == "odd \ufffd end"
    assert "temperature" not in rows[0]
    assert conversion.quarantined == {}


def test_half_characters_within_json_within_json_do_not_hide_a_request(tmp_path: Path) -> None:
    """Bodies are often text that is JSON; what is odd in there is mended as well."""
    fact = facts()[0]
    body = openai_request(fact)
    body["messages"][-1]["content"] = "odd \udc00 end"
    record = {**pair(fact, body, {}), "request": None, "request_body": json.dumps(body)}
    rows, _ = converted(put_lines(tmp_path / "a.jsonl", [record]), tmp_path / "out", format_name="openai")
    assert rows[0]["prompt"] == "odd \ufffd end"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl.gz", b"\x1f\x8bno gzip", "a.jsonl.gz: cannot be read"),
        ("a.json.gz", gzip.compress(b"{}", mtime=0)[:10] + b"\xff" * 20, "a.json.gz: cannot be read"),
        ("a.json.zst", b"\x28\xb5\x2f\xfdno zstd", "a.json.zst: cannot be read"),
        ("a.parquet", b"PAR1 no", "a.parquet: cannot be read"),
        ("a.csv", b"", "a.csv: holds no line of column names"),
        ("a.csv", b"x,y,x\n1,2,3\n", "a.csv, column x: the column stands there more than once"),
        ("a.jsonl", b"", "holds no JSON object or row that can be read"),
        ("a.bin", b"\x00{}", "a.bin: is of no known kind"),
        ("a.jsonl", b'{"weather": "fine"}\n', "is in none of the known formats"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    """Nothing is guessed of a file as a whole: the error says which it is and what is wrong."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        converted(tmp_path / name, tmp_path / "out")
    assert said in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    """How much of it is gone cannot be told, so half of it is not taken for the whole."""
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"".join(lines()))[:-9])
    with pytest.raises(InputError, match=r"a\.jsonl\.gz: cannot be read"):
        found(tmp_path / "a.jsonl.gz", tmp_path / "out")


def test_an_array_that_is_cut_off_gives_what_was_whole(tmp_path: Path) -> None:
    """Exports that broke off end within an object."""
    whole = b"[" + b",".join(line.strip() for line in lines()) + b"]"
    values, quarantined = read(whole[:-100], "a.json", tmp_path)
    assert [value["request_id"] for value in values] == IDS[:3]
    assert quarantined == {"object cut off": 1}


def test_cells_of_a_table_are_counted(tmp_path: Path) -> None:
    """Rows that are longer or shorter than the header, broken quotes and bytes that are no text are set aside."""
    content = b'a,b\n1,"x\ny"\n1\n1,2,3\n\n"q"r,2\n\xff,2\n=1+1,4\n'
    values, quarantined = read(content, "a.csv", tmp_path)
    assert values == [{"a": "1", "b": "x\ny"}, {"a": "=1+1", "b": "4"}]
    assert quarantined == {
        "line not CSV": 1,
        "line not UTF-8": 1,
        "line with fewer cells than column names": 1,
        "line with more cells than column names": 1,
    }


def test_times_of_parquet_that_no_calendar_knows_are_read(tmp_path: Path) -> None:
    """A broken clock in a table costs its row, not the file."""
    times = pa.array([1_772_442_000_000_000_000, -(2**62)], pa.timestamp("ns"))
    pq.write_table(pa.table({"t": times, "s": [{"a": 1}, None]}), tmp_path / "a.parquet")
    values = [one.value for one in objects(log_files(tmp_path / "a.parquet")[0][0], 0, Quarantine())]
    assert values[0] == {"t": 1_772_442_000_000_000, "s": {"a": 1}}
    assert len(values) == 2


class _Trickle(io.BytesIO):
    """Gives a few bytes at a time, however many are asked for, and knows how many were asked for at most."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self.size, self.largest = size, 0

    def read(self, size: int | None = -1) -> bytes:
        self.largest = max(self.largest, size or 0)
        return super().read(self.size)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.text('"\\{}[],a\n', max_size=9), max_size=3), max_size=5),
    st.integers(1, 7),
    st.booleans(),
)
def test_objects_are_found_wherever_the_stream_is_cut(values: list[Record], size: int, array: bool) -> None:  # noqa: FBT001
    """Braces, quotes and backslashes in text are no structure, whatever falls on the edge of a chunk."""
    written = [json.dumps(value) for value in values]
    content = f"[{','.join(written)}]" if array else "\n".join(written)
    assert [json.loads(data) for data, _ in json_objects(_Trickle(content.encode(), size))] == values


def test_an_array_of_any_length_takes_a_window_of_memory() -> None:
    """Ten thousand objects are read through the same megabyte."""
    content = b"[" + b",".join(b'{"a": "%s"}' % (b"x" * 500) for _ in range(10_000)) + b"]"
    stream = _Trickle(content, 1 << 20)
    assert sum(1 for _ in json_objects(stream)) == 10_000
    assert stream.largest <= 1 << 20


def test_noise_of_any_kind_ends_no_conversion(tmp_path: Path) -> None:
    """Random bytes between good lines are counted, whatever they are."""
    noise = random.Random(7)  # noqa: S311
    spoilt = [bytes(noise.randrange(256) for _ in range(40)).replace(b"\n", b"") + b"\n" for _ in range(60)]
    path = put_lines(tmp_path / "a.jsonl", [line for two in zip(lines() * 15, spoilt, strict=True) for line in two])
    ids, quarantined = found(path, tmp_path / "out")
    assert ids == IDS
    assert sum(quarantined.values()) == 60 + 56
    assert quarantined["exchange_id repeated"] == 56
