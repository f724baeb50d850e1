"""The ladder: every rung is a world that can be made, and the search for the smallest campaign ends where it should."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from ladder_rungs import Rung, rungs
from ladder_tables import missing, steps
from revenuer.simulate.archetypes import ARCHETYPES
from revenuer.simulate.settings import Settings
from revenuer.simulate.sizes import Size, campaign_sizes
from smallest import smallest


def _sizes(rung: Rung) -> list[Size]:
    settings = Settings(
        benign_mix=rung.mix, campaign_accounts=rung.accounts, rate=rung.rate, campaign_days=rung.days
    ).checked()
    return campaign_sizes(
        [settings.applied(ARCHETYPES[name]) for name in rung.attacks], 0.15, rung.exchanges, settings, 14.0
    )


@pytest.mark.parametrize("rung", rungs(), ids=lambda rung: f"{rung.factor} {rung.value} {'+'.join(rung.attacks)}")
def test_every_rung_fits_into_its_world(rung: Rung) -> None:
    """Campaigns have the accounts of the rung, harvest three exchanges an account or more, and leave room for others."""
    sizes = _sizes(rung)
    assert [size.kind.id for size in sizes] == list(rung.attacks)
    assert all(size.accounts == rung.accounts and size.exchanges >= 3 * rung.accounts for size in sizes)
    assert sum(size.exchanges / (1 - rung.mix) for size in sizes) <= rung.exchanges / 3 * 1.01
    assert rung.exchanges <= 250_000


def test_one_factor_at_a_time() -> None:
    """A step differs from the base in its own factor, and beside that only in what makes room for it."""
    own = {
        "benign mix": {"mix"}, "paraphrase": {"paraphrase"}, "frames": {"paraphrase", "frames", "prefix"}, "cover": {"cover"},
        "infrastructure": {"infrastructure"}, "accounts": {"accounts"}, "rate": {"rate", "accounts"}, "content": {"content"},
    }  # fmt: skip
    base, *others = rungs(5)
    room = {"factor", "value", "days", "attacks"}
    for rung in others:
        changed = {name for name, value in vars(rung).items() if value != getattr(base, name)}
        assert changed - room <= own[rung.factor]


def _judged(found: float) -> dict[str, Any]:
    return {"accounts": {"detection": [{}, {"campaign_mean": {"mean": found}}]}}


def test_the_search_stops_at_the_first_size_that_is_found() -> None:
    """With a detector that finds campaigns of 100 exchanges, few accounts must harvest more each."""
    seen: list[Rung] = []

    def judge(rung: Rung) -> dict[str, Any]:
        seen.append(rung)
        return _judged(float(rung.accounts * rung.rate * rung.days * (1 - rung.mix) >= 99.9))

    found = smallest(rungs()[0], judge, harvests=(3.0, 10.0, 0.1), sizes=(8, 16, 32, 64))
    assert [one["accounts"] for one in found] == [64, 16, None]
    assert [rung.accounts for rung in seen] == [8, 16, 32, 64, 8, 16, 8, 16, 32, 64]
    assert found[2]["told"] == "none up to 64 accounts"


def test_a_rung_that_could_not_be_scanned_is_told() -> None:
    """It has no row among the steps, and its reason stands on the page."""
    rung = replace(rungs()[0], factor="content", value="none")
    failed = {"failed": "exit code 3: no", "rung": vars(rung)}
    assert steps([failed]) == []
    assert missing([failed]) == ["content none: exit code 3: no"]
