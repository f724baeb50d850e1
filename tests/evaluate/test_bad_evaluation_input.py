"""Bad input to an evaluation ends in one line that names file and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tiny_worlds import example

from revenuer.errors import InputError
from revenuer.evaluate import evaluate


def change(change_table: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    """A change of one Parquet file in place."""
    return lambda path: pq.write_table(change_table(pq.read_table(path)), path)


def put(column: str, values: Callable[[pa.ChunkedArray], object]) -> Callable[[Path], None]:
    """Replace one column."""
    return change(lambda table: table.set_column(table.column_names.index(column), column, values(table[column])))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, 1)])


def second_null(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if i == 1 else value for i, value in enumerate(column.to_pylist())], column.type)


def renamed(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([f"other-{value}" for value in column.to_pylist()])


def strange_first(column: pa.ChunkedArray) -> pa.Array:
    return pa.array(["K7", *column.to_pylist()[1:]], pa.string())


FOUND_A, FOUND_X = "findings/accounts.parquet", "findings/exchanges.parquet"
TRUE_A, TRUE_X = "traffic/truth/accounts.parquet", "traffic/truth/exchanges.parquet"
TRAFFIC, CAMPAIGNS = "traffic/exchanges.parquet", "findings/campaigns.json"
CASES = [
    (FOUND_A, Path.unlink, None, "no such file"),
    (TRUE_X, Path.unlink, None, "no such file"),
    (CAMPAIGNS, Path.unlink, None, "no such file"),
    (CAMPAIGNS, lambda path: path.write_text("{"), None, "not a list of campaigns"),
    (CAMPAIGNS, lambda path: path.write_text('{"campaigns": [{}]}'), None, "campaign_id"),
    (CAMPAIGNS, lambda path: path.write_text('{"schema": 2, "campaigns": []}'), None, "is of version 2, not 1"),
    (FOUND_X, truncate, None, "not a readable Parquet file"),
    (TRAFFIC, truncate, None, "not a readable Parquet file"),
    (FOUND_A, change(lambda t: t.drop_columns(["risk"])), "risk", "missing"),
    (TRUE_A, change(lambda t: t.drop_columns(["label"])), "label", "missing"),
    (TRAFFIC, change(lambda t: t.drop_columns(["account_id"])), "account_id", "missing"),
    (TRUE_A, change(lambda t: t.slice(0, 0)), None, "empty"),
    (TRUE_X, change(lambda t: t.slice(0, 0)), None, "empty"),
    (TRUE_A, change(twice), "account_id", "'a1'"),
    (FOUND_X, change(twice), "exchange_id", "'x0'"),
    (FOUND_A, put("account_id", renamed), "account_id", "unknown to the truth"),
    (FOUND_X, put("exchange_id", renamed), "exchange_id", "unknown to the truth"),
    (FOUND_A, put("campaign_id", strange_first), "campaign_id", "'K7' is unknown to campaigns.json"),
    (FOUND_X, put("campaign_id", strange_first), "campaign_id", "'K7' is unknown to campaigns.json"),
    (TRUE_X, put("campaign", strange_first), "campaign", "'K7' is unknown to accounts.parquet"),
    (TRUE_A, put("label", second_null), "label", "row 1"),
    (FOUND_A, put("risk", lambda c: pc.add(c, 1.0)), "risk", "not from 0 to 1"),
    (FOUND_A, put("risk", lambda c: pa.array(["high"] * len(c))), "risk", "holds string, expected double"),
    (TRUE_A, put("extraction", lambda c: pa.array([False] * len(c))), "extraction", "'a1'"),
]


@pytest.mark.parametrize(("file", "spoil", "column", "says"), CASES)
def test_a_spoilt_file_is_named(
    file: str, spoil: Callable[[Path], None], column: str | None, says: str, tmp_path: Path
) -> None:
    """The error is one line with the file, the column where there is one, and what is wrong."""
    findings, truth = example().write(tmp_path)
    spoil(tmp_path / file)
    with pytest.raises(InputError) as caught:
        evaluate(findings, truth)
    assert caught.value.file == str(tmp_path / file)
    assert caught.value.column == column
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_traffic_of_another_truth_is_refused(tmp_path: Path) -> None:
    """Traffic that holds none of the exchanges of the truth is not silently left out."""
    findings, truth = example().write(tmp_path)
    put("exchange_id", renamed)(tmp_path / TRAFFIC)
    with pytest.raises(InputError, match="none of the exchanges"):
        evaluate(findings, truth)


def test_a_named_traffic_directory_must_hold_exchanges(tmp_path: Path) -> None:
    """A directory named by hand that holds no exchanges is an error, not a note."""
    findings, truth = example().write(tmp_path)
    with pytest.raises(InputError, match=r"exchanges\.parquet"):
        evaluate(findings, truth, traffic=findings.parent)


def test_columns_that_the_product_adds_are_passed_over(tmp_path: Path) -> None:
    """Findings may grow columns, strings may come dictionary-encoded, and times may be finer."""
    findings, truth = example().write(tmp_path)
    expected = evaluate(findings, truth).to_json()
    change(lambda t: t.append_column("note", pa.array(["n"] * t.num_rows)))(tmp_path / FOUND_A)
    put("capability", lambda c: c.dictionary_encode())(tmp_path / FOUND_X)
    put("ts", lambda c: pc.add(c.cast(pa.timestamp("ns", tz="UTC")), pa.scalar(1, pa.duration("ns"))))(
        tmp_path / TRAFFIC
    )
    assert evaluate(findings, truth).to_json() == expected
