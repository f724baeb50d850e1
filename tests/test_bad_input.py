"""Bad input through the real command line: a clear one-line error or a counted quarantine, and never half a result."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from revenuer.cli import main
from revenuer.simulate import simulate
from revenuer.sources.traffic import open_traffic
from traffic_samples import json_line, names_in, put_jsonl, put_parquet, rows, typed

REVENUER = Path(sys.executable).with_name("revenuer")
FINDINGS = ["accounts.parquet", "campaigns.json", "exchanges.parquet", "report.html"]


def scan(traffic: Path, *options: str, out: Path | None = None) -> Result:
    arguments = ["scan", traffic, "--out", out or traffic.parent / "findings", "--memory", "1GB", *options]
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refuse(traffic: Path, *named: str, options: tuple[str, ...] = ()) -> None:
    """Scanning exits 2 with one line that holds these words, and leaves nothing behind."""
    before = names_in(traffic.parent)
    done = scan(traffic, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("revenuer: error: ")
    assert done.stderr.count("\n") == 1
    for word in named:
        assert word in done.stderr
    assert names_in(traffic.parent) == before


def survive(traffic: Path, exchanges: int, quarantined: dict[str, int], *options: str) -> pa.Table:
    """Scanning works with the good rows, reports the bad ones, and finds nothing; gives the exchanges seen."""
    done = scan(traffic, "--json", *options)
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["exchanges"] == exchanges
    assert document["quarantined"] == quarantined
    assert document["campaigns"] == []
    findings = traffic.parent / "findings"
    assert set(FINDINGS) <= set(names_in(findings))
    seen = pq.read_table(findings / "exchanges.parquet")
    assert len(seen) == exchanges
    return seen


@pytest.fixture
def traffic(tmp_path: Path) -> Path:
    return tmp_path / "traffic"


def test_an_empty_directory_is_refused(traffic: Path):
    """There is nothing to scan, which is not the same as nothing found."""
    traffic.mkdir()
    refuse(traffic, "traffic", "no exchanges")


def test_traffic_without_prompts_is_refused(traffic: Path):
    """By the name of the file and of the column."""
    refuse(
        put_parquet(traffic, typed(rows()).drop_columns(["prompt"])), "exchanges.parquet", "column prompt", "missing"
    )


def test_wrong_types_are_refused(traffic: Path):
    """By file and column, with what is there and what should be."""
    table = typed(rows(2)).set_column(1, "ts", pa.array(["then", "now"]))
    refuse(put_parquet(traffic, table), "exchanges.parquet", "column ts", "string", "timestamp")


def test_a_truncated_parquet_file_is_refused(traffic: Path):
    """Also when it is one of several."""
    put_parquet(traffic, rows(), "exchanges/a.parquet")
    put_parquet(traffic, rows(), "exchanges/b.parquet")
    path = traffic / "exchanges" / "b.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    refuse(traffic, "exchanges/b.parquet", "Parquet")


def test_a_damaged_page_ends_the_scan_without_findings(traffic: Path):
    """The footer is whole, so the damage shows in the middle of the work."""
    put_parquet(traffic, rows(3000), compression="zstd")
    path = traffic / "exchanges.parquet"
    content = bytearray(path.read_bytes())
    offset = pq.ParquetFile(path).metadata.row_group(0).column(3).data_page_offset
    content[offset : offset + 500] = b"\xff" * 500
    path.write_bytes(content)
    refuse(traffic, "exchanges.parquet")


def test_of_duplicate_ids_the_first_counts(traffic: Path):
    """By time, across files; the others are counted."""
    late = [{**row, "ts": row["ts"] + timedelta(days=1), "account_id": "late"} for row in rows(10)]
    put_parquet(traffic, late[:4], "exchanges/a.parquet")
    put_parquet(traffic, rows(10), "exchanges/b.parquet")
    seen = survive(traffic, 10, {"exchanges: exchange_id repeated": 4})
    assert sorted(seen["exchange_id"].to_pylist()) == [row["exchange_id"] for row in rows(10)]
    accounts = pq.read_table(traffic.parent / "findings" / "accounts.parquet")["account_id"].to_pylist()
    assert sorted(accounts) == ["acct-0", "acct-1", "acct-2"]


def test_strict_refuses_a_duplicate_id(traffic: Path):
    """By its name, wherever the copies stand."""
    put_parquet(traffic, rows(4), "exchanges/a.parquet")
    put_parquet(traffic, rows(10), "exchanges/b.parquet")
    refuse(traffic, repr(rows(1)[0]["exchange_id"]), "column exchange_id", "occurs 2 times", options=("--strict",))


def test_times_in_the_future_are_set_aside(traffic: Path):
    """Years behind all other traffic, or behind the calendar."""
    exchanges = rows(60)
    exchanges[7]["ts"] += timedelta(days=365 * 9)
    exchanges[9]["ts"] += timedelta(days=365 * 200)
    survive(put_parquet(traffic, exchanges), 58, {"ts in the future": 2})


@pytest.mark.parametrize("put", [put_parquet, put_jsonl])
def test_a_prompt_of_50_mb_passes(traffic: Path, put: Any):
    """It is judged by its ends."""
    exchanges = rows(20)
    exchanges[3]["prompt"] = "tell me more " * 4_000_000
    survive(put(traffic, exchanges), 20, {})


def test_invalid_utf8_in_jsonl_is_set_aside(traffic: Path):
    """Line by line; what is well written is read."""
    bad = json_line({**rows(1)[0], "exchange_id": "bad", "prompt": "?"}).replace(b"?", b"\xc3\x28")
    survive(put_jsonl(traffic, [*rows(5), bad, *rows(9)[5:]]), 9, {"line not UTF-8": 1})


def test_strict_refuses_what_would_be_set_aside(traffic: Path):
    """With file and line."""
    put_jsonl(traffic, [*rows(5), b"{\n", *rows(9)[5:]])
    refuse(traffic, "exchanges.jsonl", "line 6", options=("--strict",))


def test_an_output_directory_that_exists_is_refused(traffic: Path, tmp_path: Path):
    """What is in it stays; with --force, findings are replaced and nothing else is."""
    put_parquet(traffic, rows())
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "notes.txt").write_text("mine")
    refuse(traffic, "findings", "exists")
    refuse(traffic, "findings", options=("--force",))
    assert names_in(tmp_path / "findings") == ["notes.txt"]
    (tmp_path / "findings" / "campaigns.json").write_text("{}")
    assert scan(traffic, "--force").exit_code == 0
    assert set(FINDINGS) <= set(names_in(tmp_path / "findings"))
    assert "notes.txt" not in names_in(tmp_path / "findings")


def test_rows_that_are_all_bad_are_refused(traffic: Path):
    """Nothing could be judged, which is not the same as nothing found."""
    refuse(put_parquet(traffic, rows(5, prompt=None)), "prompt missing")


def test_only_the_required_columns_are_enough(traffic: Path):
    """What could not be judged is said, and columns that cost nothing stand in the findings alone."""
    put_parquet(traffic, rows(40))
    done = scan(traffic)
    assert done.exit_code == 0, done.stderr
    missing = open_traffic(traffic).missing
    assert len(missing) > 20
    for gap in missing:
        assert (gap.consequence in done.stdout) is not gap.consequence.startswith("nothing:")
    kept = json.loads((traffic.parent / "findings" / "scan.json").read_text())["quality"]["missing"]
    assert [one["consequence"] for one in kept] == [gap.consequence for gap in missing]


def test_a_scan_of_ordinary_traffic_is_clean_and_repeatable(traffic: Path, tmp_path: Path):
    """Exit code 0, and the same bytes from the same input and seed in another process."""
    simulate("ordinary", traffic, seed=5, exchanges=2_000)
    assert scan(traffic, out=tmp_path / "one").exit_code == 0
    again = [REVENUER, "scan", traffic, "--out", tmp_path / "two", "--memory", "1GB"]
    assert subprocess.run([str(part) for part in again], capture_output=True, check=False).returncode == 0  # noqa: S603
    for name in FINDINGS:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_findings_beside_the_tables_of_traffic_are_no_traffic(traffic: Path):
    """A folder of findings in the folder of traffic is left aside by the next scan."""
    put_parquet(traffic, rows(30))
    assert scan(traffic, out=traffic / "findings").exit_code == 0
    assert scan(traffic, out=traffic / "again").exit_code == 0
    for name in FINDINGS:
        assert (traffic / "findings" / name).read_bytes() == (traffic / "again" / name).read_bytes(), name


def test_a_scan_that_finds_campaigns_exits_1(traffic: Path):
    """And its JSON names them."""
    simulate("demo", traffic, seed=7)
    done = scan(traffic, "--json")
    assert done.exit_code == 1, done.stderr
    document = json.loads(done.stdout)
    assert document["campaigns"]
    assert document["flagged_accounts"] >= max(campaign["accounts"] for campaign in document["campaigns"])
