"""Whole scans that read no text at all."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from revenuer.scanning import scan
from revenuer.simulate import simulate
from revenuer.sources import TEXTS
from scan_worlds import exchanges_of, flagged, with_exchanges


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One campaign among ordinary users."""
    place = tmp_path_factory.mktemp("none")
    simulate("A5", place / "whole", seed=7, exchanges=8_000)
    return place / "whole"


@pytest.fixture(scope="module")
def findings(traffic: Path) -> Path:
    place = traffic.parent / "findings"
    place.mkdir()
    scan(traffic, place, content="none", threads=2)
    return place


def test_text_that_is_there_makes_no_difference(traffic: Path, findings: Path):
    """Traffic without any column of text gives the same accounts and exchanges, to the byte."""
    table = exchanges_of(traffic)
    silent = with_exchanges(traffic, traffic.parent / "silent", table.drop_columns(sorted(TEXTS)))
    place = traffic.parent / "silent-findings"
    place.mkdir()
    scan(silent, place, content="none", threads=1)
    for name in ("accounts.parquet", "exchanges.parquet"):
        assert (place / name).read_bytes() == (findings / name).read_bytes()


def test_nobody_innocent_is_flagged(traffic: Path, findings: Path):
    """Metadata alone accuses no ordinary user of this world."""
    truth = pq.read_table(traffic / "truth" / "accounts.parquet").to_pylist()
    assert flagged(findings) <= {one["account_id"] for one in truth if one["extraction"]}


def test_nothing_is_claimed_of_a_text_that_was_not_read(findings: Path):
    """Every exchange is `other`, scores are numbers, and the mode and what was not read are said."""
    exchanges = pq.read_table(findings / "exchanges.parquet")
    assert set(exchanges["capability"].to_pylist()) == {"other"}
    assert exchanges["score"].null_count == 0
    summary = msgspec.json.decode((findings / "scan.json").read_bytes())
    assert summary["settings"]["content"] == "none"
    assert "exchanges: not read under --content none: prompt, response, system" in summary["quality"]["notes"]
    for name in ("campaigns.json", "scan.json"):
        assert not re.search(r"\bnan\b", (findings / name).read_text(), re.IGNORECASE)
