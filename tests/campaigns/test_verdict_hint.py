"""What peers say of a queue: a little more odds for accounts that act as one, and never a verdict on anybody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_worlds import ACCOUNTS, CUSTOMERS, GROUP, ONE_QUEUE, like_campaign, strangers
from test_verdict import MARKS

from revenuer.campaigns.evalue import log10_e
from revenuer.campaigns.observe import Observed
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.verdict import ENOUGH, Verdict, deliver
from revenuer.sharing.intel_prior import INTEL_CAP
from strategies import templates_of


def hinted(observed: Observed, hint: float) -> Verdict:
    """The verdict with a hint."""
    counts = np.zeros((ACCOUNTS, 3), np.int64)
    counts[GROUP] = 10
    shape = (np.ones(40), np.arange(3), np.ones(3), np.ones(3), np.full(3, 400), np.ones(3))
    queue = Queue(GROUP, *shape, observed.reading)
    who, traces = strangers()
    return deliver(queue, observed, templates_of(counts), who, traces, hint=hint, seed=0)


def test_a_hint_adds_to_accounts_that_act_as_one() -> None:
    """The odds rise by the hint, the evidence and the e-value stay, and the verdict says what is owed to peers."""
    alone, told = (hinted(like_campaign(), hint) for hint in (0.0, INTEL_CAP))
    assert told.odds == pytest.approx(alone.odds + INTEL_CAP)
    assert told.hint == INTEL_CAP
    assert (alone.hint, told.evidence) == (0.0, alone.evidence)
    assert log10_e(told) == log10_e(alone)


def test_a_hint_may_settle_what_was_nearly_settled() -> None:
    """A queue a little short of a verdict is called one with the hint: otherwise it would be for nothing."""
    close = [like_campaign(reading=tenths / 20, elicitation=0.05) for tenths in range(-60, 20, 4)]
    lifted = [one for one in close if hinted(one, INTEL_CAP).campaign and not hinted(one, 0.0).campaign]
    assert lifted
    assert all(hinted(one, 0.0).odds >= ENOUGH - INTEL_CAP for one in lifted)


@pytest.mark.parametrize("name", MARKS)
def test_no_honest_workload_is_called_a_campaign_for_what_peers_say(name: str) -> None:
    """A workload that shows its marks stays cleared under the strongest hint."""
    assert not hinted(like_campaign(**MARKS[name]), INTEL_CAP).campaign


_CONDUCT = {"test": CUSTOMERS}
_NOTHING: dict[str, Any] = {"extraction": 0.5, "elicitation": 0.05, "reading": 0.0}


@settings(max_examples=10)
@given(st.floats(0, 1e9), st.sampled_from([_CONDUCT, {**_CONDUCT, **_NOTHING}]))
def test_a_hint_says_nothing_of_customers_with_habits(hint: float, changes: dict[str, Any]) -> None:
    """However much peers claim, and whatever the text, accounts that do not act as one are as they were."""
    assert hinted(like_campaign(**changes), hint).odds == hinted(like_campaign(**changes), 0.0).odds


@settings(max_examples=10)
@given(st.floats(0, 1e9))
def test_too_little_to_judge_stays_too_little(hint: float) -> None:
    """Four owners, or accounts of one request each, or too few pairs are no campaign for any hint."""
    for changes in ({"entities": 4}, {"per_account": 1.0}, {"test": ONE_QUEUE._replace(pairs=99)}):
        assert not hinted(like_campaign(**changes), hint).campaign
