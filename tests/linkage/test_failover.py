"""Requests that are turned away and asked again elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from life_worlds import fingerprints, world
from revenuer.findings import Evidence
from revenuer.linkage.failover import LEAST_FREE, MOST_ASKED, STRONGEST, failover_evidence, find_failovers

GROUP, EVERYBODY, EACH = 10, 80, 20
MINUTE = 1 / 60


def lives(seed: int = 0, *, failing: float = 0.1, wait: float = MINUTE, to: int = 1, answered: bool = False) -> Any:
    """Everybody asks tasks of his own; a member's failed ones are asked again `wait` hours later `to` members on.

    Args:
        seed: of which requests fail.
        failing: share that is turned away, of everybody's.
        wait: hours.
        to: 0 for the own account.
        answered: members ask what was answered a second time too.
    """
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(EVERYBODY), EACH)
    hours = rng.uniform(0, 200, len(who))
    failed = rng.random(len(who)) < failing
    again = np.flatnonzero((who < GROUP) & (answered | failed))
    return {
        "accounts": [*who, *((who[again] + to) % GROUP)],
        "hours": [*hours, *(hours[again] + wait)],
        "item": np.concatenate([np.arange(len(who)), again]) + 1,
        "status": ["rate_limited" if one else "ok" for one in failed] + ["ok"] * len(again),
        "pathway": ["first_party"] * len(who) + ["bedrock"] * len(again),
    }


def found(lived: dict[str, Any], **columns: Any) -> Evidence | None:
    with world(fingerprints(**(lived | columns))) as w:
        return failover_evidence(find_failovers(w.engine, w.rows, w.profiles), np.arange(GROUP))


def test_failed_requests_that_move_to_the_next_account_are_found():
    """Each failed request of a member is asked a minute later by the next one, on another pathway."""
    evidence = found(lives())
    assert evidence is not None
    assert (evidence.channel, evidence.strength) == ("timing", STRONGEST)
    assert "100% by another pathway" in evidence.fact
    assert "in the middle after 60 s" in evidence.fact


@pytest.mark.parametrize("lived", [lives(to=0), lives(wait=0.5), lives(wait=-MINUTE)])
def test_what_is_not_at_once_or_not_elsewhere_is_no_failover(lived: Any):
    """A retry from the own account, one after half an hour, and one that came before the failure."""
    assert found(lived) is None


def test_what_is_asked_twice_anyway_is_no_failover():
    """A group that repeats answered tasks as well repeats, and does not fail over."""
    evidence = found(lives(answered=True))
    assert evidence is None


def test_accounts_of_one_owner_are_one():
    """A router that tries the next account of its own organisation is no pool of strangers."""
    lived = lives()
    assert found(lived, org=np.where(np.array(lived["accounts"]) < GROUP, 5, 0)) is None


def test_what_everybody_does_after_a_failure_is_no_evidence():
    """Where outsiders' failed requests are taken up by others too, the group's are nothing special."""
    lived = lives()
    who, status = np.array(lived["accounts"]), np.array(lived["status"])
    others = np.flatnonzero((who >= GROUP) & (status != "ok"))
    lived["accounts"] += list(GROUP + (who[others] - GROUP + 1) % (EVERYBODY - GROUP))
    lived["hours"] += [lived["hours"][row] + MINUTE for row in others]
    lived["item"] = np.concatenate([lived["item"], lived["item"][others]])
    lived["status"] += ["ok"] * len(others)
    lived["pathway"] += ["first_party"] * len(others)
    assert found(lived) is None


def test_common_and_short_tasks_say_nothing():
    """What many ask is asked again by chance, and a word or two is no task."""
    lived = lives()
    assert found(lived, item=lived["item"] % (len(lived["item"]) // (2 * MOST_ASKED)) + 1) is None
    assert found(lived, free=[LEAST_FREE - 1] * len(lived["item"])) is None
    assert found(lived, item=np.zeros(len(lived["item"]), np.int64)) is None


def test_without_outcomes_nothing_is_said():
    """The status of requests may be unknown."""
    lived = lives()
    assert found(lived, status=[None] * len(lived["item"])) is None
