"""What there is to observe about a queue, and what is unknown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from judged_worlds import ACCOUNTS, GROUP, profiles, strangers, weighed

from revenuer.campaigns.observe import Observed, observe
from revenuer.campaigns.queues import Queue
from revenuer.linkage.templates import KINDS, Requests, Templates
from strategies import templates_of

NOBODY = np.zeros(ACCOUNTS, np.bool_)


def templates(each: int = 10) -> Templates:
    """Two templates of which every member of the group sends `each`."""
    counts = np.zeros((ACCOUNTS, 2), np.int64)
    counts[GROUP] = each
    return templates_of(counts)


def requests(each: int = 10) -> Requests:
    """Every request of both templates, an hour apart for each account, no two alike."""
    template, account, number = (axis.ravel() for axis in np.meshgrid([0, 1], GROUP, np.arange(each), indexing="ij"))
    n = len(template)
    sketch = np.random.default_rng(0).normal(size=(n, 16))
    unique = np.arange(1, n + 1)
    none = np.zeros(n, np.int64)
    return Requests(template, account, unique, 10_000 * 24 + number, unique, sketch, unique, none)


def seen(queue: Queue, made: Requests, known: Templates) -> Observed:
    signup = profiles()
    return observe(queue, known, made, signup, strangers()[1], consented=NOBODY, seed=0)


def group(templates: int = 2) -> Queue:
    return Queue(GROUP, np.ones(40), np.arange(templates), np.ones(templates), np.full(templates, 400))


def test_what_is_seen_is_counted():
    """Members, owners, templates, requests, hours, tasks."""
    one = seen(group(), requests(), templates())
    assert (one.accounts, one.entities, one.templates) == (40, 40, 2)
    assert one.largest == 1 / 40
    assert one.per_account == 20
    assert one.novelty == 1
    assert one.followups == 0
    assert one.span_days == 9 / 24
    assert one.dedication == pytest.approx(800 / (40 * 50))
    assert one.consented == 0


def test_requests_are_counted_and_not_those_that_a_test_reads():
    """Of heavy templates only a share is read; the members are no less busy for that."""
    few = requests(1)
    assert seen(group(), few, templates(150)).per_account == 300


def test_an_exchange_of_two_templates_is_one_request():
    """A frame of the prompt below a frame of the system prompt: the accounts made ten requests each, not twenty."""
    kinds = np.array([KINDS.index("prompt_frame"), KINDS.index("system_frame")])
    assert seen(group(), requests(), replace(templates(), kind=kinds)).per_account == 10


def test_a_queue_of_which_no_request_was_read_is_no_campaign_and_no_error():
    """Its members may all lie outside the share of accounts that is read of a heavy template."""
    nothing = requests()
    elsewhere = replace(nothing, account=nothing.account + 100)
    one = seen(group(), elsewhere, templates())
    assert math.isnan(one.span_days)
    assert math.isnan(one.followups)
    assert one.test.pairs == 0
    assert not weighed(one).campaign
