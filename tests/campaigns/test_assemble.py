"""Who of a campaign is flagged, and what the campaign is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from judged_worlds import profiles

from revenuer.behaviour import Profiles
from revenuer.campaigns.assemble import LEAST_FLAGGED, NEVER, SURE, Harvest, _flagged, _identity
from revenuer.campaigns.queues import Queue
from revenuer.linkage.templates import KINDS
from strategies import templates_of

I64 = npt.NDArray[np.int64]


def harvest(extracted: list[int], expected: list[float], variance: list[float] | None = None) -> Harvest:
    """What the first accounts did, and how surely."""
    doubt = np.array(variance or [0.0] * len(extracted))
    began = np.full(len(extracted), NEVER)
    return Harvest(np.array(extracted), np.array(expected, np.float64), doubt, doubt, began)


def flagged_of(queue: Queue, made: Harvest, kind: str = "prompt_frame") -> I64:
    """Who is flagged in a queue whose one task is of a kind."""
    templates = templates_of(np.ones((len(queue.accounts), 1), np.int64))
    templates.kind[:] = KINDS.index(kind)
    return _flagged(queue, made, templates, profiles())


def members(posterior: list[float]) -> Queue:
    """A queue of the first accounts."""
    one = np.ones(1)
    accounts = np.arange(len(posterior))
    return Queue(accounts, np.array(posterior), np.zeros(1, np.int64), one, one, np.ones(1, np.int64), one, 1.0)


@pytest.mark.parametrize(
    ("extracted", "expected", "posterior", "flagged"),
    [
        (LEAST_FLAGGED, 0.0, 0.6, True),
        (LEAST_FLAGGED - 1, 0.0, 1.0, False),
        (0, LEAST_FLAGGED, SURE, True),
        (0, LEAST_FLAGGED - 0.1, 1.0, False),
        (0, 50.0, SURE - 0.01, False),
    ],
)
def test_flagged_is_who_was_seen_to_extract_or_surely_belongs(
    extracted: int,
    expected: float,
    posterior: float,
    flagged: bool,  # noqa: FBT001
):
    """Two exchanges called extraction, or as many expected of an account that is surely a member."""
    found = flagged_of(members([0.9, posterior]), harvest([LEAST_FLAGGED, extracted], [5.0, expected]))
    assert found.tolist() == ([0, 1] if flagged else [0])


def test_one_task_is_enough_of_an_account_that_was_taken_in_for_one():
    """Who was expected to have one task is flagged for it; somebody else's one exchange may be an accident."""
    queue = replace(members([0.9, 0.7, 0.7]), once=np.array([1]))
    assert flagged_of(queue, harvest([LEAST_FLAGGED, 1, 1], [5.0, 0.7, 0.7])).tolist() == [0, 1]
    assert flagged_of(queue, harvest([LEAST_FLAGGED, 0, 0], [5.0, 0.7, 0.7])).tolist() == [0]


def test_nobody_is_flagged_in_a_campaign_in_which_nobody_was_seen_to_extract():
    """However surely its accounts belong together."""
    found = flagged_of(members([1.0, 1.0]), harvest([LEAST_FLAGGED - 1] * 2, [50.0] * 2))
    assert found.tolist() == []


@pytest.mark.parametrize(
    ("kind", "expected", "flagged"),
    [
        ("prompt_frame", [30.0, 30.0, 5.0], [0, 1, 2]),
        ("manner", [30.0, 30.0, 5.0], [0, 1]),
        ("manner", [5.0] * 3, [0, 1, 2]),
    ],
)
def test_of_bare_tasks_a_few_guesses_are_not_enough_where_others_make_many(
    kind: str, expected: list[float], flagged: list[int]
):
    """Of ten exchanges that are half likely each, none may be a task: whoever has but those is a stray, if others have more."""
    found = flagged_of(members([1.0] * 3), harvest([4, 4, 2], expected, [2.5] * 3), kind)
    assert found.tolist() == flagged


def named(flagged: list[int], began: dict[int, int], **changes: Any) -> str:
    everyone = profiles()
    ids = np.array([f"acct-{number}" for number in range(len(everyone))], object)
    fields = {name: getattr(everyone, name) for name in Profiles.__slots__} | {"ids": ids} | changes
    first = np.full(len(everyone), NEVER)
    first[list(began)] = list(began.values())
    return _identity(Profiles(**fields), np.array(flagged), first)


def test_a_campaign_is_called_after_the_account_that_served_it_first():
    """It keeps its name as accounts join it later, whatever their order and however long they have been there before."""
    grown = named([3, 5, 8], {3: 400, 5: 100, 8: 900})
    assert grown == named([5], {5: 100})
    assert grown == named([8, 5, 3, 1], {3: 400, 5: 100, 8: 900, 1: 901}, first=np.zeros(4_000, np.int64))
    assert grown != named([3, 8], {3: 400, 8: 900})


def test_of_two_that_began_at_once_the_name_is_the_same_every_time():
    """And another one where an account served it earlier."""
    assert named([3, 5], {3: 100, 5: 100}) == named([5, 3], {5: 100, 3: 100})
    assert named([3, 5], {3: 100, 5: 99}) != named([3, 5], {3: 99, 5: 100})
