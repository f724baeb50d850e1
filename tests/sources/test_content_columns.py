"""Reading no more than is needed: columns left out of a pass, and traffic whose text is not to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import ids, read_all

from revenuer.errors import InputError
from revenuer.schema import EXCHANGES
from revenuer.sources import TEXTS, Quarantine, narrowed, open_traffic, read_part
from traffic_samples import put_jsonl, put_parquet, rows, typed

FULL: dict[str, Any] = {"system": "Be brief.", "response": "Eight.", "model": "m", "tools": 2}


def put(folder: Path, kind: str, exchanges: list[dict[str, Any]]) -> Path:
    return put_parquet(folder, exchanges) if kind == "parquet" else put_jsonl(folder, exchanges)


def read(folder: Path, columns: set[str] | None = None, **how: Any) -> tuple[pa.Table, Quarantine]:
    """Every good exchange, of these columns alone if some are named."""
    quarantine = Quarantine()
    parts = open_traffic(folder, **how).exchange_parts()
    chosen = parts if columns is None else narrowed(parts, columns)
    return pa.Table.from_batches(
        [batch for part in chosen for batch in read_part(part, quarantine)], EXCHANGES
    ), quarantine


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_narrowed_pass_sees_the_same_rows_with_fewer_values(tmp_path: Path, kind: str):
    """What is asked for and what is required is as in a whole pass, the rest null; a bad row is lost to both."""
    exchanges = [row | {"tools": number} for number, row in enumerate(rows(6, **FULL))]
    exchanges[2]["account_id"] = ""
    put(tmp_path, kind, exchanges)
    whole, narrow = read_all(tmp_path)[0], read(tmp_path, {"tools", "system"})[0]
    kept = ["exchange_id", "ts", "account_id", "system", "prompt", "tools"]
    assert narrow.select(kept).equals(whole.select(kept))
    assert len(narrow) == 5
    assert all(narrow[name].null_count == 5 for name in EXCHANGES.names if name not in kept)


def test_a_bad_value_of_a_column_that_is_not_read_is_nobodys_concern(tmp_path: Path):
    """Passes that do not use a column neither repair nor count it, nor refuse it under strict."""
    put_parquet(tmp_path, [row | {"tools": -1} for row in rows(3)])
    assert read(tmp_path)[1].repaired
    assert not read(tmp_path, {"model"}, strict=True)[1].repaired


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_traffic_without_prompts_is_enough_where_text_is_not_read(tmp_path: Path, kind: str):
    """Under `none` the prompt may be missing; otherwise it is asked for by name."""
    put(tmp_path, kind, [{name: value for name, value in row.items() if name != "prompt"} for row in rows(4)])
    table, quarantine = read(tmp_path, content="none")
    assert (len(table), quarantine.rows) == (4, 0)
    with pytest.raises(InputError, match="prompt"):
        open_traffic(tmp_path)


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_no_text_comes_out_where_text_is_not_read(tmp_path: Path, kind: str):
    """Neither asking for a text column nor its being required brings it back, and a null prompt loses no row."""
    exchanges = rows(4, **FULL)
    exchanges[1]["prompt"] = None
    put(tmp_path, kind, exchanges)
    for columns in (None, set(EXCHANGES.names), {"prompt"}):
        table, quarantine = read(tmp_path, columns, content="none")
        assert ids(table) == [row["exchange_id"] for row in exchanges]
        assert quarantine.rows == 0
        assert all(table[name].null_count == 4 for name in TEXTS)


def test_a_text_column_of_a_wrong_type_is_passed_over(tmp_path: Path):
    """What is not read need not be readable."""
    table = typed(rows(3))
    table = table.set_column(table.schema.get_field_index("prompt"), "prompt", pa.array([1.5, 2.5, 3.5]))
    put_parquet(tmp_path, table)
    assert len(read(tmp_path, content="none")[0]) == 3


def test_the_pages_of_the_text_are_never_touched(tmp_path: Path):
    """With the bytes of its prompts destroyed a file reads as before without them, and not at all with them."""
    put_parquet(tmp_path, rows(500, **FULL), compression="zstd")
    path = tmp_path / "exchanges.parquet"
    chunk = next(
        column
        for column in map(pq.ParquetFile(path).metadata.row_group(0).column, range(8))
        if column.path_in_schema == "prompt"
    )
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(data)
    assert len(read(tmp_path, content="none")[0]) == 500
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path)


def test_what_was_not_read_is_said(tmp_path: Path):
    """The notes name the columns and the mode; the text counts as missing, whatever the files hold."""
    put_parquet(tmp_path, rows(3, **FULL))
    traffic = open_traffic(tmp_path, content="none")
    assert "exchanges: not read under --content none: prompt, response, system" in traffic.notes
    assert "system" in {one.column for one in traffic.missing}
    assert not open_traffic(tmp_path, content="sketch").notes
