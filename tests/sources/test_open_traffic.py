"""What is refused before a row is read, and what a directory is said to lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import ids, read_all

from revenuer.errors import InputError
from revenuer.schema import EXCHANGES, REQUIRED, TABLES
from revenuer.sources import open_traffic
from revenuer.sources.missing import CONSEQUENCES, WHOLE_TABLE
from traffic_samples import START, put_jsonl, put_parquet, rows, typed


def refused(folder: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        open_traffic(folder)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path):
    """The path is named as it was given."""
    assert refused(tmp_path / "nowhere").file == str(tmp_path / "nowhere")


def test_a_file_is_no_traffic_directory(tmp_path: Path):
    """A file in the place of the directory is refused."""
    (tmp_path / "log").write_text("")
    assert "no directory" in str(refused(tmp_path / "log"))


@pytest.mark.parametrize("inside", [None, "exchanges", "truth"])
def test_a_directory_without_exchanges_is_refused(tmp_path: Path, inside: str | None):
    """Empty, with an empty exchanges/, or with nothing but truth: no exchanges."""
    if inside:
        (tmp_path / inside).mkdir()
    assert "no exchanges" in str(refused(tmp_path))


@pytest.mark.parametrize("column", REQUIRED["exchanges"])
@pytest.mark.parametrize("put", [put_parquet, put_jsonl])
def test_a_required_column_that_is_absent_is_named(tmp_path: Path, put: Any, column: str):
    """The file and the column stand in the error."""
    without = [{name: value for name, value in row.items() if name != column} for row in rows()]
    error = refused(put(tmp_path, without))
    assert error.column == column
    assert error.file is not None
    assert error.file.startswith("exchanges.")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("prompt", pa.array([1])),
        ("prompt", pa.array([["a"]])),
        ("ts", pa.array([1_760_000_000])),
        ("ts", pa.array(["yesterday"])),
        ("temperature", pa.array(["warm"])),
        ("thinking", pa.array(["yes"])),
        ("reasoning_refs", pa.array(["block"])),
        ("exchange_id", pa.array([1.5])),
    ],
)
def test_a_column_of_a_wrong_type_is_named(tmp_path: Path, column: str, values: pa.Array):
    """A type that could only be guessed at is refused, with both types in the message."""
    table = typed(rows(1))
    place = table.schema.get_field_index(column)
    table = table.append_column(column, values) if place < 0 else table.set_column(place, column, values)
    error = refused(put_parquet(tmp_path, table))
    assert error.column == column
    assert str(values.type).partition("<")[0] in str(error)


@pytest.mark.parametrize("keep", [0, 3, 200, -1])
def test_a_truncated_parquet_file_is_refused(tmp_path: Path, keep: int):
    """However little is cut off: the footer stands at the end."""
    put_parquet(tmp_path, rows())
    path = tmp_path / "exchanges.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    assert refused(tmp_path).file == "exchanges.parquet"


def test_a_truncated_zstd_stream_is_refused(tmp_path: Path):
    """Half a compressed log is not taken for a whole one."""
    put_jsonl(tmp_path, rows(2000), "exchanges.jsonl.zst")
    path = tmp_path / "exchanges.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"exchanges\.jsonl\.zst"):
        open_traffic(tmp_path).exchange_parts()


def test_jsonl_without_an_object_is_refused(tmp_path: Path):
    """Some other text file is not quarantined line by line."""
    assert "JSON object" in str(refused(put_jsonl(tmp_path, [b"date,prompt\n", b"2026,hello\n"])))


def test_two_answers_to_where_the_exchanges_are_is_refused(tmp_path: Path):
    """Neither is preferred in silence."""
    put_parquet(tmp_path, rows())
    put_jsonl(tmp_path, rows())
    assert "one of them must go" in str(refused(tmp_path))


def test_a_column_that_stands_there_twice_is_refused(tmp_path: Path):
    """Which of the two is meant cannot be known."""
    table = typed(rows(1))
    assert refused(put_parquet(tmp_path, table.append_column("prompt", table["prompt"]))).column == "prompt"


def test_files_of_a_folder_are_read_in_order_of_their_names(tmp_path: Path):
    """Formats may be mixed; files that other tools leave behind are passed over."""
    put_parquet(tmp_path, rows(2), "exchanges/b.parquet")
    put_jsonl(tmp_path / "exchanges", rows(4)[2:], "a.jsonl")
    (tmp_path / "exchanges" / "_SUCCESS").touch()
    (tmp_path / "exchanges" / ".a.parquet.crc").touch()
    assert ids(read_all(tmp_path)[0]) == ["x00002", "x00003", "x00000", "x00001"]


def test_truth_is_never_looked_at(tmp_path: Path):
    """A truth directory full of rubbish changes nothing."""
    put_parquet(tmp_path, rows())
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "accounts.parquet").write_text("rubbish")
    assert len(read_all(tmp_path)[0]) == 5


def test_every_optional_column_and_table_has_a_consequence():
    """Nothing can be missing without it being said what then cannot be judged."""
    for table, schema in TABLES.items():
        optional = set(schema.names) - set(REQUIRED[table])
        whole = set() if table == "exchanges" else {WHOLE_TABLE}
        expected = optional | whole if table in {"exchanges", "accounts"} else whole
        assert set(CONSEQUENCES[table]) == expected, table


def test_missing_columns_are_reported_once(tmp_path: Path):
    """A column that one of two files has is not missing; one that holds nothing but nulls is."""
    put_parquet(tmp_path, rows(2, ip="192.0.2.1"), "exchanges/a.parquet")
    put_parquet(tmp_path, rows(2, model=None, pathway="vertex"), "exchanges/b.parquet")
    missing = [(gap.table, gap.column) for gap in open_traffic(tmp_path).missing]
    assert len(missing) == len(set(missing))
    assert ("exchanges", "model") in missing
    assert not {("exchanges", "ip"), ("exchanges", "pathway"), ("exchanges", "prompt")} & set(missing)
    assert [pair for pair in missing if pair[0] != "exchanges"] == [
        (table, WHOLE_TABLE) for table in ("accounts", "releases", "enforcement", "consents")
    ]


def test_columns_that_nobody_knows_are_noted(tmp_path: Path):
    """They are passed over, and said to be."""
    put_parquet(tmp_path, typed(rows(2)).append_column("region", pa.array(["a", "b"])))
    assert open_traffic(tmp_path).notes == ("exchanges: columns not used: region",)
    assert read_all(tmp_path)[0].schema == EXCHANGES


def test_files_that_are_not_read_are_named(tmp_path: Path):
    """Half a log in another format, or in folders of its own, is not passed over in silence."""
    put_parquet(tmp_path, rows(2), "exchanges/a.parquet")
    put_parquet(tmp_path, rows(2), "exchanges/day=2/a.parquet")
    (tmp_path / "exchanges" / "b.jsonl.gz").write_bytes(b"")
    (tmp_path / "exchanges" / "_SUCCESS").touch()
    assert open_traffic(tmp_path).notes == ("exchanges: files not read: b.jsonl.gz, day=2",)


def test_what_cannot_be_opened_is_an_error_with_its_path(tmp_path: Path):
    """A link to nowhere beside good files is not passed over."""
    put_parquet(tmp_path, rows(2), "exchanges/a.parquet")
    (tmp_path / "exchanges" / "b.jsonl").symlink_to(tmp_path / "gone.jsonl")
    assert refused(tmp_path).file == "exchanges/b.jsonl"


def test_an_empty_table_is_read_as_no_rows(tmp_path: Path):
    """A log of a quiet day is no error of the reader's."""
    pq.write_table(EXCHANGES.empty_table(), tmp_path / "exchanges.parquet")
    assert len(read_all(tmp_path)[0]) == 0


def test_side_tables_come_in_schema_order_and_empty_when_absent(tmp_path: Path):
    """Of several rows for one account the first counts, and the others are counted once."""
    put_parquet(tmp_path, rows())
    accounts = [
        {"account_id": "a", "plan": "pro"},
        {"account_id": "b", "plan": "pro"},
        {"account_id": "a", "plan": "max"},
        {"account_id": "", "plan": "api"},
    ]
    put_jsonl(tmp_path, accounts, "accounts.jsonl")
    traffic = open_traffic(tmp_path)
    assert traffic.accounts().schema == TABLES["accounts"]
    assert traffic.accounts().select(["account_id", "plan"]).to_pylist() == accounts[:2]
    assert traffic.quarantine.counts() == {"accounts: account_id missing": 1, "accounts: account_id repeated": 1}
    for table in (traffic.releases(), traffic.enforcement(), traffic.consents()):
        assert len(table) == 0
    assert traffic.consents().schema == TABLES["consents"]


def test_a_consent_must_name_somebody(tmp_path: Path):
    """A consent for nobody would be a consent for everybody whose organisation is unknown."""
    put_parquet(tmp_path, rows())
    agreed = [{"org_id": None, "kind": "evaluation"}, {"org_id": "o", "kind": "evaluation", "expires_at": START}]
    put_jsonl(tmp_path, agreed, "consents.jsonl")
    traffic = open_traffic(tmp_path)
    assert traffic.consents()["org_id"].to_pylist() == ["o"]
    assert traffic.quarantine.counts() == {"consents: account_id missing, and org_id too": 1}
