"""Whole scans of a harvest that was agreed to: within its consents it is left alone, beyond them it is judged."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.scanning import scan
from revenuer.schema import CONSENTS
from revenuer.simulate import simulate
from scan_worlds import flagged

PARTNER = "A4"


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("worlds") / "demo"
    simulate("demo", place, seed=4, exchanges=12_000)
    return place


def accused(traffic: Path, place: Path, **terms: Any) -> dict[str, int]:
    """Flagged accounts by label, where every account of one campaign has a licence on these terms."""
    labels = pq.read_table(traffic / "truth" / "accounts.parquet").to_pylist()
    shutil.copytree(traffic, place / "traffic")
    rows = [{"account_id": one["account_id"], "kind": "licensed_distillation", **terms} for one in labels]
    rows = [row for row, one in zip(rows, labels, strict=True) if one["label"] == PARTNER]
    known = pq.read_table(traffic / "consents.parquet").to_pylist()
    pq.write_table(pa.Table.from_pylist(known + rows, CONSENTS), place / "traffic" / "consents.parquet")
    (place / "findings").mkdir()
    scan(place / "traffic", place / "findings", memory="1GB", threads=2)
    names = flagged(place / "findings")
    counted: dict[str, int] = {}
    for one in labels:
        counted[one["label"]] = counted.get(one["label"], 0) + (one["account_id"] in names)
    return counted


def test_consents_narrow_and_never_blind(traffic: Path, tmp_path: Path):
    """A licence for everything clears its accounts and nobody else; one for other work, or expired, clears nobody."""
    found = {
        name: accused(traffic, tmp_path / name, **terms)
        for name, terms in {
            "all": {},
            "other": {"capabilities": ["translation"]},
            "expired": {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        }.items()
    }
    assert found["all"][PARTNER] == 0
    assert found["other"][PARTNER] >= 0.9 * found["expired"][PARTNER] > 20
    for label in ("A1", "A5", "A12"):
        # a campaign that is taken out of the traffic no longer hides what others share with it; the few translations that
        # a licence takes out of it may move an account at the edge of another
        assert found["all"][label] >= found["expired"][label]
        assert found["other"][label] >= 0.9 * found["expired"][label]
