"""Bad lines and values in JSON Lines, plain and compressed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import ids, read_all

from revenuer.errors import InputError
from revenuer.schema import EXCHANGES
from revenuer.sources import Quarantine, jsonl, lines, open_traffic, read_part
from revenuer.sources.clock import micros
from revenuer.sources.values import instant
from traffic_samples import START, json_line, put_jsonl, put_parquet, rows

BAD_LINES: list[tuple[bytes, str]] = [
    (b"not json\n", "line not JSON"),
    (b"\0\0\0\0\n", "line not JSON"),
    (b"[1, 2]\n", "line no JSON object"),
    (b'{"exchange_id": "a\xff"}\n', "line not UTF-8"),
    (b'{"exchange_id": ' + b"[" * 100_000 + b"\n", "line not JSON"),
    (json_line({**rows(1)[0], "ts": "soon"}), "ts unreadable"),
    (json_line({**rows(1)[0], "ts": True}), "ts unreadable"),
    (json_line({**rows(1)[0], "ts": None}), "ts missing"),
    (json_line({**rows(1)[0], "ts": "1999-12-31T23:59:59Z"}), "ts before 2015"),
    (json_line({**rows(1)[0], "ts": "2087-01-01T00:00:00Z"}), "ts in the future"),
    (json_line({**rows(1)[0], "account_id": ""}), "account_id missing"),
    (json_line({**rows(1)[0], "account_id": {"id": 3}}), "account_id of a wrong type"),
    (json_line({**rows(1)[0], "prompt": ["a"]}), "prompt of a wrong type"),
    (json_line({**rows(1)[0], "prompt": None}), "prompt missing"),
]


@pytest.mark.parametrize("name", ["exchanges.jsonl", "exchanges.jsonl.zst"])
@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_a_bad_line_is_set_aside_and_counted(tmp_path: Path, name: str, line: bytes, reason: str):
    """The other lines stay, and the place is named by its line, from 1."""
    good = rows(30)
    table, quarantine = read_all(put_jsonl(tmp_path, [*good[:7], line, *good[7:]], name))
    assert ids(table) == [row["exchange_id"] for row in good]
    assert quarantine.counts() == {reason: 1}
    assert f"{name}, line 8" in quarantine.notes()[0]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_strict_refuses_at_the_first_bad_line(tmp_path: Path, line: bytes, reason: str):
    """With its line, and the column where there is one."""
    put_jsonl(tmp_path, [*rows(7), line, line])
    with pytest.raises(InputError) as caught:
        read_all(tmp_path, strict=True)
    assert caught.value.row == "line 8"
    assert (caught.value.column or "line") == reason.partition(" ")[0]


def test_a_last_line_that_was_cut_off_is_set_aside(tmp_path: Path):
    """A log that is being written ends so."""
    table, quarantine = read_all(put_jsonl(tmp_path, [*rows(3), json_line(rows(1)[0])[:40]]))
    assert (len(table), quarantine.counts()) == (3, {"line cut off": 1})


def test_compressed_logs_may_be_appended_to(tmp_path: Path):
    """Every run of a compressor adds a frame of its own."""
    packed = [pa.compress(json_line(row), codec="zstd", asbytes=True) for row in rows(3)]
    table, quarantine = read_all(put_bytes(tmp_path / "exchanges.jsonl.zst", b"".join(packed)))
    assert (len(table), quarantine) == (3, Quarantine())


def put_bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path.parent


def test_a_last_line_without_its_newline_is_whole(tmp_path: Path):
    """Only what is no JSON is cut off."""
    table, quarantine = read_all(put_jsonl(tmp_path, [*rows(2), json_line(rows(3)[2]).rstrip()]))
    assert (len(table), quarantine) == (3, Quarantine())


def test_blank_lines_byte_order_mark_and_carriage_returns_are_no_faults(tmp_path: Path):
    """Editors and other systems leave them behind."""
    first, second = (json_line(row).rstrip() for row in rows(2))
    table, quarantine = read_all(put_jsonl(tmp_path, [b"\xef\xbb\xbf", first, b"\r\n\r\n", second, b"\r\n\n"]))
    assert (ids(table), quarantine) == (["x00000", "x00001"], Quarantine())


def test_a_line_beyond_the_limit_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is not held in memory, and the lines after it are read."""
    monkeypatch.setattr(lines, "LINE_LIMIT", 5_000)
    monkeypatch.setattr(lines, "_SKIP", 1_000)
    long = {**rows(1)[0], "prompt": "x" * 20_000}
    table, quarantine = read_all(put_jsonl(tmp_path, [*rows(2), long, *rows(4)[2:]]))
    assert (len(table), quarantine.counts()) == (4, {"line longer than 256 MB": 1})


@pytest.mark.parametrize(
    ("column", "value", "expected", "repairs"),
    [
        ("input_tokens", "12", 12, 1),
        ("input_tokens", "12.0", 12, 1),
        ("input_tokens", "many", None, 1),
        ("input_tokens", 12.0, 12, 0),
        ("input_tokens", 12.5, None, 1),
        ("input_tokens", 10**12, None, 1),
        pytest.param("input_tokens", 10**400, None, 1, id="input_tokens-huge"),
        ("input_tokens", -3, None, 1),
        ("input_tokens", True, None, 1),
        ("temperature", 1, 1.0, 0),
        ("temperature", "0.5", 0.5, 1),
        ("thinking", "true", True, 1),
        ("thinking", 1, None, 1),
        ("org_id", 77, "77", 0),
        ("user_agent", 77, None, 1),
        ("reasoning_refs", ["a", "b"], ["a", "b"], 0),
        ("reasoning_refs", "a", None, 1),
        ("reasoning_refs", [1], None, 1),
        ("system", "", "", 0),
        ("ip", "", None, 0),
    ],
)
def test_an_optional_value_of_another_type(tmp_path: Path, column: str, value: Any, expected: Any, repairs: int):
    """What can be read is read; what cannot is unknown; neither costs the row."""
    table, quarantine = read_all(put_jsonl(tmp_path, rows(2, **{column: value})))
    assert table[column].to_pylist() == [expected] * 2
    assert (quarantine.rows, quarantine.repaired.total()) == (0, 2 * repairs)


def test_lone_surrogates_are_replaced(tmp_path: Path):
    """JSON can write what UTF-8 cannot hold; pairs stay what they are."""
    line = json_line({**rows(1)[0], "prompt": "?"}).replace(b"?", b"\\ud800 \\ud83d\\ude00 \\udfff")
    table, quarantine = read_all(put_jsonl(tmp_path, [line]))
    assert table["prompt"].to_pylist() == ["\N{REPLACEMENT CHARACTER} \N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"]
    assert quarantine.repaired == {"line lone surrogates replaced": 1}


def test_escaped_nul_bytes_stay_in_a_prompt(tmp_path: Path):
    """They are text, if strange text."""
    assert read_all(put_jsonl(tmp_path, rows(1, prompt="a\0b")))[0]["prompt"].to_pylist() == ["a\0b"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-02T09:00:00Z", START),
        ("2026-03-02T10:00:00.000+01:00", START),
        ("2026-03-02 09:00:00", START),
        ("2026-03-02T09:00:00.123456789Z", START.replace(microsecond=123_456)),
        (1_772_442_000, START),
        (1_772_442_000.5, START.replace(microsecond=500_000)),
        (1_772_442_000_000, START),
        (1_772_442_000_000_001, START.replace(microsecond=1)),
        (1_772_442_000_000_000_000, START),
        ("1772442000", START),
        ("1772442000.5", START.replace(microsecond=500_000)),
        ("", None),
        ("nan", None),
        (float("inf"), None),
        (10**30, None),
        ("0001-01-01T00:00:00+23:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_people_write_them(value: Any, expected: datetime | None):
    """RFC 3339 with and without offset, and epochs in seconds to nanoseconds."""
    if expected is not None and expected.year == 1:
        assert instant(value) is not None
    else:
        assert instant(value) == (None if expected is None else micros(expected))


@given(st.datetimes(min_value=datetime(1975, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_survives_every_way_of_writing_it(time: datetime):
    """Text and integer microseconds are exact."""
    assert instant(time.isoformat()) == micros(time)
    assert instant(micros(time)) == micros(time)


def test_byte_ranges_give_the_same_as_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Cut into many parts, bad lines and all: same rows, same counts, same line numbers."""
    good = rows(500)
    content = [*good[:123], b"rubbish\n", b"\n", *good[123:], b'{"exchange_id": "cut']
    whole_table, whole = read_all(put_jsonl(tmp_path, content))
    monkeypatch.setattr(jsonl, "PART_ROWS", 37)
    parts = open_traffic(tmp_path).exchange_parts()
    assert len(parts) == 14
    assert [part.order for part in parts] == list(range(14))
    counts = [Quarantine() for _ in parts]
    read = [
        name for part, one in zip(parts, counts, strict=True) for batch in read_part(part, one) for name in ids(batch)
    ]
    together = sum(counts, Quarantine())
    assert read == ids(whole_table)
    assert together.notes() == whole.notes()
    assert "line 124" in " ".join(together.notes())


def test_formats_agree(tmp_path: Path):
    """The same exchanges give the same table from Parquet, JSON Lines and compressed JSON Lines."""
    exchanges = rows(50, org_id="o", turn=3, thinking=True, temperature=0.5, reasoning_refs=["r1", "r2"], status="ok")
    parquet, _ = read_all(put_parquet(tmp_path / "a", exchanges))
    plain, _ = read_all(put_jsonl(tmp_path / "b", exchanges))
    packed, _ = read_all(put_jsonl(tmp_path / "c", exchanges, "exchanges.jsonl.zst"))
    assert parquet.schema == EXCHANGES
    assert parquet.equals(plain)
    assert parquet.equals(packed)


@given(st.lists(st.binary(max_size=40)))
def test_no_bytes_whatever_break_the_reader(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]):
    """Any file is either refused as a whole or read with its bad lines counted."""
    folder = put_jsonl(tmp_path_factory.mktemp("any"), [*rows(2), b"\n".join(chunks)])
    table, quarantine = read_all(folder)
    assert ids(table) == ["x00000", "x00001"]
    assert quarantine.rows <= sum(len(chunk.split(b"\n")) for chunk in chunks)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(EXCHANGES.names), json_values))
def test_no_values_whatever_break_the_reader(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]):
    """Any object is a row of the schema, repaired or set aside."""
    line = json.dumps({**rows(1)[0], "ts": START.isoformat(), **values}).encode() + b"\n"
    table, quarantine = read_all(put_jsonl(tmp_path_factory.mktemp("any"), [*rows(2), line]))
    table.validate(full=True)
    assert len(table) + quarantine.rows == 3
