"""Bad rows and values in Parquet: what is lost, what is repaired, and where it is said to be."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import ids, read_all

from revenuer.errors import InputError
from revenuer.schema import EXCHANGES
from revenuer.sources import Quarantine, open_traffic, read_part
from revenuer.sources.parts import MAX_BATCH_BYTES, PART_ROWS
from traffic_samples import START, put_parquet, rows, typed

BAD_ROWS: list[tuple[str, Any, str]] = [
    ("exchange_id", None, "exchange_id missing"),
    ("exchange_id", "", "exchange_id missing"),
    ("account_id", "", "account_id missing"),
    ("prompt", None, "prompt missing"),
    ("ts", None, "ts missing"),
    ("ts", datetime(1970, 1, 1, tzinfo=UTC), "ts before 2015"),
    ("ts", datetime(2207, 1, 1, tzinfo=UTC), "ts in the future"),
    ("ts", START + timedelta(days=800), "ts in the future"),
]


@pytest.mark.parametrize(("column", "value", "reason"), BAD_ROWS)
def test_a_bad_row_is_set_aside_and_counted(tmp_path: Path, column: str, value: object, reason: str):
    """The other rows stay, and the place is named by row group and row."""
    exchanges = rows(30)
    exchanges[17][column] = value
    table, quarantine = read_all(put_parquet(tmp_path, exchanges, row_group_size=10))
    assert ids(table) == [row["exchange_id"] for number, row in enumerate(rows(30)) if number != 17]
    assert quarantine.counts() == {reason: 1}
    assert f"exchanges.parquet, row group 1, row 7, column {column}" in quarantine.notes()[0]


@pytest.mark.parametrize(("column", "value", "reason"), BAD_ROWS)
def test_strict_refuses_at_the_first_bad_row(tmp_path: Path, column: str, value: object, reason: str):
    """With its place, and without reading on."""
    exchanges = rows(30)
    exchanges[17][column] = exchanges[20][column] = value
    with pytest.raises(InputError) as caught:
        read_all(put_parquet(tmp_path, exchanges, row_group_size=10), strict=True)
    assert (caught.value.row, caught.value.column) == ("row group 1, row 7", column)
    assert reason.removeprefix(column).strip() in str(caught.value)


def test_a_row_with_several_faults_is_lost_once(tmp_path: Path):
    """The counts add up to the rows that are gone."""
    table, quarantine = read_all(put_parquet(tmp_path, [*rows(2), dict.fromkeys(rows(1)[0])]))
    assert (len(table), quarantine.rows) == (2, 1)


@pytest.mark.parametrize(
    ("column", "value"),
    [("input_tokens", -1), ("turn", -7), ("temperature", float("nan")), ("temperature", -0.5), ("temperature", np.inf)],
)
def test_an_absurd_optional_value_costs_the_value_not_the_row(tmp_path: Path, column: str, value: float):
    """It is taken as unknown, and counted as repaired."""
    table, quarantine = read_all(put_parquet(tmp_path, rows(3, **{column: value})))
    assert table[column].to_pylist() == [None] * 3
    assert (quarantine.rows, quarantine.repaired.total()) == (0, 3)


def test_an_empty_prompt_is_a_prompt_and_an_empty_id_is_none(tmp_path: Path):
    """Exports write unknown ids as empty text; shared by thousands, it would look like evidence."""
    table, quarantine = read_all(put_parquet(tmp_path, rows(2, prompt="", ip="", system="")))
    assert table["prompt"].to_pylist() == table["system"].to_pylist() == ["", ""]
    assert table["ip"].to_pylist() == [None, None]
    assert quarantine == Quarantine()


def test_invalid_utf8_is_found(tmp_path: Path):
    """In a required text it costs the row, in an optional one the value."""
    raw = pa.array([b"fine", b"b\xffd", b"fine"], pa.binary())
    bad = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    table = typed(rows(3)).set_column(3, "prompt", bad).append_column("user_agent", bad)
    read, quarantine = read_all(put_parquet(tmp_path, table))
    assert ids(read) == ["x00000", "x00002"]
    assert quarantine.counts() == {"prompt is not UTF-8": 1}
    table = typed(rows(3)).append_column("user_agent", bad)
    read, quarantine = read_all(put_parquet(tmp_path, table))
    assert read["user_agent"].to_pylist() == ["fine", None, "fine"]
    assert quarantine.repaired == {"user_agent is not UTF-8": 1}


def test_invalid_utf8_in_a_list_is_found(tmp_path: Path):
    """Only the list that holds it is taken as unknown."""
    texts = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"b", b"\xff"], pa.binary()).buffers())
    refs = pa.ListArray.from_arrays(pa.array([0, 1, 3, 3], pa.int32()), texts)
    read, quarantine = read_all(put_parquet(tmp_path, typed(rows(3)).append_column("reasoning_refs", refs)))
    assert read["reasoning_refs"].to_pylist() == [["a"], None, []]
    assert quarantine.repaired.total() == 1


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("prompt", pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        ("prompt", pa.array(["a", "b"], pa.large_string()), ["a", "b"]),
        ("prompt", pa.array([b"a", b"b"], pa.binary()), ["a", "b"]),
        ("account_id", pa.array([12, 13]), ["12", "13"]),
        ("ts", pa.array([1_700_000_000, 1_700_000_001], pa.timestamp("s")), [1_700_000_000, 1_700_000_001]),
        ("ts", pa.array([1_700_000_000_000, None], pa.timestamp("ms", tz="Asia/Tokyo")), [1_700_000_000]),
        ("ts", pa.array([1_700_000_000_000_000_000] * 2, pa.timestamp("ns")), [1_700_000_000] * 2),
        ("input_tokens", pa.array([3, 4], pa.uint64()), [3, 4]),
        ("input_tokens", pa.array([3.0, np.nan]), [3, None]),
        ("input_tokens", pa.array([3.5, 2.0**40]), [None, None]),
        ("temperature", pa.array([1, 0]), [1.0, 0.0]),
        ("session_id", pa.nulls(2), [None, None]),
        ("reasoning_refs", pa.array([["a"], None], pa.large_list(pa.large_string())), [["a"], None]),
        ("reasoning_refs", pa.array([[], None], pa.list_(pa.null())), [[], None]),
    ],
)
def test_types_that_say_the_same_are_cast(tmp_path: Path, column: str, values: pa.Array, expected: list[Any]):
    """Integers and times of any width, dictionaries, wide text, frames' floats; values that do not fit are unknown."""
    table = typed(rows(2))
    place = table.schema.get_field_index(column)
    table = table.append_column(column, values) if place < 0 else table.set_column(place, column, values)
    read, _ = read_all(put_parquet(tmp_path, table))
    assert read.schema == EXCHANGES
    got = read[column].to_pylist()
    assert [value.timestamp() if isinstance(value, datetime) else value for value in got] == expected


def test_words_outside_the_vocabulary_are_kept_and_counted(tmp_path: Path):
    """Sources grow; the words themselves are not repeated in a note, they may be hostile."""
    table, quarantine = read_all(put_parquet(tmp_path, rows(2, pathway="<script>")))
    assert table["pathway"].to_pylist() == ["<script>"] * 2
    assert quarantine.noted == {"exchanges: pathway outside the known words": 2}
    assert "script" not in "".join(quarantine.notes())


def test_parts_are_independent_and_cover_the_file_once(tmp_path: Path):
    """A part survives pickling, and the parts in any order give every row exactly once."""
    count = PART_ROWS + 1000
    table = pa.table(
        {
            "exchange_id": [f"x{number}" for number in range(count)],
            "ts": pa.array(np.full(count, 1_760_000_000_000_000), pa.timestamp("us")),
            "account_id": pa.array(["a"] * count),
            "prompt": pa.array(["p"] * count),
        }
    )
    put_parquet(tmp_path, table, row_group_size=50_000)
    parts = [pickle.loads(pickle.dumps(part)) for part in open_traffic(tmp_path).exchange_parts()]  # noqa: S301
    assert [(part.start, part.stop, part.first, part.rows) for part in parts] == [
        (0, 2, 0, 100_000),
        (2, 3, 100_000, count - 100_000),
    ]
    read = [name for part in reversed(parts) for batch in read_part(part, Quarantine()) for name in ids(batch)]
    assert sorted(read) == sorted(table["exchange_id"].to_pylist())


def test_batches_stay_small_whatever_the_file_hides(tmp_path: Path):
    """A long system prompt that the file holds once is cut to size before it is written out for every row."""
    count = 4_000
    system = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array(["s" * 60_000]))
    put_parquet(tmp_path, typed(rows(count)).append_column("system", system))
    sizes = [
        batch.nbytes for part in open_traffic(tmp_path).exchange_parts() for batch in read_part(part, Quarantine())
    ]
    assert sum(sizes) > 3 * MAX_BATCH_BYTES
    assert max(sizes) < 1.1 * MAX_BATCH_BYTES


def test_a_prompt_of_50_mb_passes(tmp_path: Path):
    """It is read like any other, in a batch of its own size."""
    exchanges = rows(3)
    exchanges[1]["prompt"] = "é" * 25_000_000
    table, quarantine = read_all(put_parquet(tmp_path, exchanges))
    assert [len(prompt) for prompt in table["prompt"].to_pylist()] == [29, 25_000_000, 29]
    assert quarantine == Quarantine()


def test_damage_inside_a_parquet_file_is_an_error_with_its_file(tmp_path: Path):
    """A file whose footer is whole and whose pages are not is not half-read."""
    put_parquet(tmp_path, rows(2000), compression="zstd")
    path = tmp_path / "exchanges.parquet"
    content = bytearray(path.read_bytes())
    offset = pq.ParquetFile(path).metadata.row_group(0).column(0).data_page_offset
    content[offset : offset + 200] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"exchanges\.parquet"):
        read_all(tmp_path)
