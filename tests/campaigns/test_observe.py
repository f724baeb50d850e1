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

NOBODY = np.zeros(ACCOUNTS)


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
    return Requests(
        template,
        account,
        unique,
        10_000 * 24 + number,
        unique,
        np.rint(30 * sketch).clip(-127, 127).astype(np.int8),
        unique,
        none,
        np.zeros(n),
    )


def seen(queue: Queue, made: Requests, known: Templates) -> Observed:
    signup = profiles()
    return observe(queue, known, made, signup, strangers()[1], consented=NOBODY, seed=0)


def group(worth: tuple[float, ...] = (1.0, 1.0), reading: float = 1.5) -> Queue:
    """The group with as many templates as have a worth."""
    n = len(worth)
    return Queue(GROUP, np.ones(40), np.arange(n), np.ones(n), np.ones(n), np.full(n, 400), np.array(worth), reading)


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


def test_only_the_tasks_of_a_queue_are_observed():
    """What a queue's customers send beside the tasks counts neither as requests nor in how the requests read."""
    known = replace(templates(), extraction=np.array([0.9, 0.1]), elicitation=np.array([0.4, 0.0]))
    mixed, whole = (seen(group(worth), requests(), known) for worth in ((0.9, 0.2), (0.9, 0.9)))
    assert (mixed.templates, whole.templates) == (1, 2)
    assert (mixed.per_account, whole.per_account) == (10, 20)
    assert mixed.per_template == whole.per_template == 400
    assert (mixed.extraction, whole.extraction) == (pytest.approx(0.9), pytest.approx(0.5))
    assert (mixed.elicitation, whole.elicitation) == (pytest.approx(0.4), pytest.approx(0.2))
    assert mixed.test.pairs < whole.test.pairs
    assert mixed.dedication == whole.dedication / 2


def test_where_no_template_is_a_task_all_are_observed():
    """A queue that reads like any is judged by all that is its own."""
    plain, whole = (seen(group(worth), requests(), templates()) for worth in ((0.1, 0.1), (0.9, 0.9)))
    assert plain.templates == whole.templates == 2
    assert plain.per_account == whole.per_account == 20
    assert plain.test == whole.test


def test_the_share_of_the_members_that_consents_cover_is_their_mean():
    """Each member counts once, whatever part of its exchanges is covered; others do not count."""
    consented = np.ones(ACCOUNTS)
    consented[GROUP] = np.repeat([0.5, 0.0], 20)
    one = observe(group(), templates(), requests(), profiles(), strangers()[1], consented=consented, seed=0)
    assert one.consented == pytest.approx(0.25)


def test_how_the_templates_read_is_handed_on():
    """The reading of a queue stands among what was observed of it."""
    assert seen(group(reading=-0.7), requests(), templates()).reading == -0.7
