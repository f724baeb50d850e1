"""Voices as evidence: what no task explains, who means it, and what a level is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from heard_worlds import JOINERS, MEMBERS, QUOTERS, SOUND, TASK, Heard, heard_world

from revenuer.campaigns.hearing import LEAST_HEARD, LEAST_LIFT, as_templates, sure_users, worth_of_levels
from revenuer.campaigns.queues import Queue, heard_too
from revenuer.campaigns.wording import LEVELS, Wording
from revenuer.linkage.templates import KINDS, Templates

COVERED = range(60, 160)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    with heard_world(tmp_path_factory.mktemp("heard")) as made:
        yield made


def levels(world: Heard) -> dict[int, int]:
    """Given, not learnt: all in words of the tasks at the second level, now and then an everyday one at the first."""
    draw, what = world.table["draw"].to_pylist(), world.table["what"].to_pylist()
    at = {"task": 1, "reworded": 1, "everyday": 0}
    return {
        one: at[kind]
        for n, (one, kind) in enumerate(zip(draw, what, strict=True))
        if kind in at and (at[kind] or n % 200 == 0)
    }


@pytest.fixture(scope="module")
def wording(world: Heard) -> Wording:
    given = levels(world)
    table = {"spoken": list(given), "voice": np.zeros(len(given), np.int64), "level": list(given.values())}
    return Wording(world.engine.table("given", pa.table(table)), (0,))


@pytest.fixture(scope="module")
def heard(world: Heard, wording: Wording) -> Templates:
    return as_templates(world.engine, wording, world.rows, world.templates, world.profiles, world.queues)


def test_a_level_counts_what_no_task_of_the_campaign_explains(world: Heard, heard: Templates):
    """Of each account and level, the exchanges heard that are under none of its tasks: a template behind the others."""
    given, known = levels(world), len(world.templates)
    expected = Counter(
        (given[row["draw"]], row["account"])
        for row in world.table.to_pylist()
        if row["draw"] in given and row["prompt_frame"] == 0
    )
    beyond = heard.edge_template >= known
    found = zip(
        heard.ids[heard.edge_template[beyond]].tolist(),
        heard.edge_account[beyond].tolist(),
        heard.edge_exchanges[beyond].tolist(),
        strict=True,
    )
    assert {(level, account): n for level, account, n in found} == expected
    assert heard.ids[known:].tolist() == [0, 1]
    assert (heard.kind[known:] == len(KINDS)).all()
    for number in (0, 1):
        of = {account: n for (level, account), n in expected.items() if level == number}
        assert heard.exchanges[known + number] == sum(of.values())
        assert heard.accounts[known + number] == heard.entities[known + number] == len(of)


def test_the_templates_before_the_levels_stay_as_they_are(world: Heard, heard: Templates):
    """Levels stand behind them, sorted as they are."""
    known = len(world.templates)
    np.testing.assert_array_equal(heard.exchanges[:known], world.templates.exchanges)
    own = heard.edge_template < known
    np.testing.assert_array_equal(heard.edge_exchanges[own], world.templates.edge_exchanges)
    order = np.lexsort((heard.edge_account, heard.edge_template))
    np.testing.assert_array_equal(order, np.arange(len(order)))


def sure(world: Heard, queues: list[Queue] | None = None, *, private: bool = True) -> list[set[int]]:
    found = sure_users(
        world.engine, world.rows, world.templates, world.profiles, queues or world.queues, private=private
    )
    return [set(accounts.tolist()) for accounts in found]


def test_sure_are_those_who_send_a_task_and_mean_it(world: Heard):
    """Not who sounds like it, not who quotes it, and not who uses the published template that it takes as cover."""
    assert sure(world) == [{*MEMBERS, *JOINERS}]


def test_a_published_template_makes_nobody_sure_unless_it_is_all_there_is(world: Heard):
    """Of tasks that others send as well those count only where a campaign has no others, or where any task does."""
    (queue,) = world.queues
    public = replace(queue, inside=np.full(2, 0.5))
    assert sure(world, [queue, public]) == [{*MEMBERS, *JOINERS}, {*MEMBERS, *JOINERS, *COVERED}]
    assert sure(world, [public], private=False) == [{*MEMBERS, *JOINERS, *COVERED}]


def test_those_who_do_the_tasks_in_other_words_join(world: Heard, heard: Templates):
    """A task as it is and many in other words make a member; the words alone, a quotation or cover do not."""
    users = sure_users(world.engine, world.rows, world.templates, world.profiles, world.queues, private=False)
    (queue,) = heard_too(world.templates, heard, world.profiles, world.queues, users)
    assert queue.accounts.tolist() == [*MEMBERS, *JOINERS]
    assert len(queue.posterior) == len(queue.accounts)
    assert queue.posterior.min() > 0.9
    assert queue.requests.tolist() == [world.queues[0].requests[0] + len(JOINERS), world.queues[0].requests[1]]
    np.testing.assert_array_equal(queue.templates, world.queues[0].templates)


def test_nobody_joins_who_is_not_sure_and_nobody_leaves(world: Heard, heard: Templates):
    """Whoever sounds like it, without sending a task, is left where he is; members stay whatever is heard."""
    nobody = np.zeros(0, np.int64)
    (queue,) = heard_too(world.templates, heard, world.profiles, world.queues, [nobody])
    assert queue.accounts.tolist() == [*MEMBERS]
    (every,) = heard_too(world.templates, heard, world.profiles, world.queues, [np.arange(len(world.profiles))])
    assert {*MEMBERS, *JOINERS} <= set(every.accounts.tolist())
    assert not set(COVERED) & set(every.accounts.tolist())
    assert set(every.accounts.tolist()) <= {*MEMBERS, *JOINERS, *SOUND, *QUOTERS}


def worth(world: Heard, heard: Templates, queues: list[Queue]) -> dict[tuple[int, int], float]:
    table = worth_of_levels(heard, len(world.templates), world.profiles, queues)
    assert table.schema.names == ["of_voice", "at_level", "worth_voice"]
    return {(row["of_voice"], row["at_level"]): row["worth_voice"] for row in table.to_pylist()}


def test_a_level_is_worth_what_exceeds_the_rate_of_outsiders(world: Heard, heard: Templates):
    """Members' exchanges at it over all of theirs, against the share of outsiders between this level and the next."""
    rate = 12 * len(MEMBERS) / int(world.profiles.exchanges[world.queues[0].accounts].sum())
    outside = LEVELS[1] - LEVELS[2]
    assert worth(world, heard, world.queues)[0, 1] == pytest.approx(1 - outside / rate)


@pytest.mark.parametrize(("made", "counts"), [(LEAST_HEARD - 1, False), (LEAST_HEARD, True)])
def test_few_exchanges_at_a_level_are_worth_nothing(world: Heard, heard: Templates, made: int, counts: bool):  # noqa: FBT001
    """One or two may be anybody's, however rare the level."""
    few = planted(world, heard, made, total=300)
    assert ((0, 2) in worth(world, few, world.queues)) is counts


@pytest.mark.parametrize(("lift", "counts"), [(0.9 * LEAST_LIFT, False), (1.1 * LEAST_LIFT, True)])
def test_members_who_merely_lean_to_a_wording_are_left_alone(world: Heard, heard: Templates, lift: float, counts: bool):  # noqa: FBT001
    """Below five times the rate of outsiders a level is worth nothing."""
    total = int(world.profiles.exchanges[world.queues[0].accounts].sum())
    made = round(lift * (LEVELS[0] - LEVELS[1]) * total)
    leaning = planted(world, heard, made, total=made, level=0)
    assert ((0, 0) in worth(world, leaning, world.queues)) is counts


def planted(world: Heard, heard: Templates, made: int, *, total: int, level: int = 2) -> Templates:
    """One level alone behind the templates, with so many exchanges of one member and the rest by a stranger."""
    known = len(world.templates)
    own = heard.edge_template < known
    edges = {
        "edge_account": np.r_[heard.edge_account[own], MEMBERS[0], 400],
        "edge_template": np.r_[heard.edge_template[own], known, known],
        "edge_exchanges": np.r_[heard.edge_exchanges[own], made, total - made],
    }
    columns = {name: getattr(heard, name)[: known + 1] for name in ("kind", "exchanges", "accounts", "entities")}
    columns |= {
        name: getattr(heard, name)[: known + 1] for name in ("extraction", "elicitation", "followups", "novelty")
    }
    return replace(heard, **columns, **edges, ids=np.r_[heard.ids[:known], level])


def test_the_frame_of_the_tasks_is_what_explains_them(world: Heard):
    """The world is as the tests above take it to be: every task is under the campaign's frame."""
    frames = {row["prompt_frame"] for row in world.table.to_pylist() if row["what"] in {"task", "quoted"}}
    assert frames == {TASK}
