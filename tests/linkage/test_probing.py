"""Groups that try many ways, are refused, and go on with the one that works."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from life_worlds import fingerprints, world
from revenuer.findings import Evidence
from revenuer.linkage.groups import Group
from revenuer.linkage.probing import STRONGEST, STRONGEST_ALONE, find_phases, probing_evidence

GROUP, EVERYBODY, EACH = 12, 60, 20
OUTSIDE = 0.02


def lives(
    early: float = 0.6, later: float = 0.02, *, frames: int = 80, who: int = GROUP, outside: float = OUTSIDE
) -> Any:
    """Twenty days in which members are refused `early` in the first quarter and `later` afterwards.

    Args:
        early: share of members' requests refused.
        later: the same.
        frames: tried early; later one is used.
        who: how many members are refused more than others.
        outside: share of everybody else's requests refused.
    """
    rng = np.random.default_rng(3)
    accounts = np.repeat(np.arange(EVERYBODY), EACH)
    hours = rng.uniform(0, 480, len(accounts))
    first = hours < 120
    chance = np.where(accounts < who, np.where(first, early, later), outside)
    tried = np.where(first, rng.integers(100, 100 + frames, len(accounts)), 99)
    return {
        "accounts": list(accounts),
        "hours": list(hours),
        "status": ["refused" if one else "ok" for one in rng.random(len(accounts)) < chance],
        "prompt_frame": np.where(accounts < GROUP, tried, 0),
    }


def found(lived: dict[str, Any], **columns: Any) -> Evidence | None:
    with world(fingerprints(**(lived | columns))) as w:
        grouped = w.grouped(Group(np.arange(GROUP), np.zeros(0, np.int64)))
        return probing_evidence(find_phases(w.engine, w.rows, grouped), 0)


def test_a_group_that_probes_and_then_scales_is_found():
    """Many frames and refusals in the first quarter, one frame and hardly a refusal afterwards."""
    evidence = found(lives())
    assert evidence is not None
    assert (evidence.channel, evidence.strength, evidence.accounts) == ("probing", STRONGEST, GROUP)
    assert evidence.fact.startswith("in the first 2")
    assert "100% later" in evidence.fact


def test_the_same_wording_throughout_is_little():
    """Whoever is refused less with the wording he began with may have met a changed model."""
    evidence = found(lives(frames=1))
    assert evidence is not None
    assert evidence.strength <= STRONGEST_ALONE


@pytest.mark.parametrize(
    "lived",
    [
        lives(early=0.5, later=0.5),
        lives(early=0.02),
        lives(early=0.02, later=0.6),
        lives(who=1),
        lives(early=0.3, outside=0.3),
    ],
    ids=["red team", "never refused", "refused in the end", "one owner alone", "everybody is refused so"],
)
def test_other_refusals_are_no_probing(lived: Any):
    """Refusals that do not fall, are those of one owner, or are no more than everybody's."""
    assert found(lived) is None


def test_accounts_of_one_owner_are_one():
    """A red team of one organisation that learns is one owner."""
    lived = lives()
    assert found(lived, org=np.where(np.array(lived["accounts"]) < GROUP, 9, 0)) is None


def test_only_openings_that_read_like_tasks_are_counted():
    """Refusals of chat, of follow-ups, and requests without a known outcome tell nothing."""
    lived, count = lives(), GROUP * EACH + (EVERYBODY - GROUP) * EACH
    assert found(lived, extraction=[0.1] * count) is None
    assert found(lived, turn=[2] * count) is None
    assert found(lived, status=[None] * count) is None
