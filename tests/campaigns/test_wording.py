"""What a campaign sounds like: its tasks in other words are heard, strangers and quotations are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from heard_worlds import COVER, JOINERS, MEMBERS, QUOTERS, SOUND, TASK, Heard, heard_world
from scipy import sparse

from revenuer.campaigns.queues import PRIVATE
from revenuer.campaigns.wording import (
    AS_PLAIN,
    LEAST_EXAMPLES,
    LEAST_OF_WORD,
    LEAST_OUTSIDE,
    LEVELS,
    Wording,
    _examples,
    _learn,
    _levelled,
    _roles,
    listen,
    task_text,
    tasks_of,
)
from revenuer.engine import LocalEngine
from revenuer.linkage.templates import KINDS

F64 = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    with heard_world(tmp_path_factory.mktemp("heard")) as made:
        yield made


@pytest.fixture(scope="module")
def wording(world: Heard) -> Wording:
    return listened(world)


@pytest.fixture(scope="module")
def heard(world: Heard, wording: Wording) -> pa.Table:
    return with_levels(world, wording)


def listened(world: Heard) -> Wording:
    found = listen(world.engine, world.traffic, world.rows, world.templates, world.profiles, world.queues, key=None)
    assert found is not None
    return found


def with_levels(world: Heard, wording: Wording) -> pa.Table:
    """Every exchange with the level at which it is heard, -1 for none."""
    levels = {row["spoken"]: row["level"] for row in world.engine.collect(wording.heard).to_pylist()}
    column = pa.array([levels.get(draw, -1) for draw in world.table["draw"].to_pylist()])
    return world.table.append_column("level", column)


def share(heard: pa.Table, what: str, accounts: range, level: int = 0) -> float:
    """The share of exchanges of one kind by these accounts that are heard at this level or above."""
    account = heard["account"].to_numpy()
    chosen = (np.array(heard["what"].to_pylist()) == what) & np.isin(account, np.array(accounts))
    return float((heard["level"].to_numpy()[chosen] >= level).mean())


@pytest.mark.parametrize("accounts", [MEMBERS, JOINERS, SOUND])
def test_tasks_in_other_words_are_heard(heard: pa.Table, accounts: range):
    """Whoever sends them, and though no template holds them."""
    assert share(heard, "reworded", accounts, 1) > 0.95


def test_what_members_send_beside_their_tasks_is_not_heard(heard: pa.Table):
    """Their own conversation, and the cover that they take from a published source, sound like everybody's."""
    assert share(heard, "everyday", MEMBERS) < 0.03
    assert share(heard, "cover", MEMBERS) < 0.05


def test_whoever_quotes_a_task_is_not_heard(world: Heard, heard: pa.Table):
    """The wording is there; the text reads as much less of a task than the campaign's own do."""
    least = AS_PLAIN * task_text(world.queues[0], world.templates)
    levels = heard.filter(pa.array(heard["level"].to_numpy() >= 0))
    assert min(levels["extraction"].to_pylist()) >= least > 0.3
    assert share(heard, "quoted", QUOTERS) == 0


def test_where_tasks_read_no_better_quotations_are_heard(tmp_path: Path):
    """It is not their words that keep them out."""
    with heard_world(tmp_path) as world:
        plain = replace(world, templates=replace(world.templates, extraction=np.full(2, 0.3)))
        assert share(with_levels(plain, listened(plain)), "quoted", QUOTERS) > 0.9


def test_few_outsiders_reach_a_level(heard: pa.Table):
    """No more of them than the level's share, of accounts that never sent a task."""
    account = heard["account"].to_numpy()
    outside = heard["level"].to_numpy()[(account >= max(QUOTERS) + 1)]
    for level, rate in enumerate(LEVELS):
        assert (outside >= level).mean() <= rate


def test_one_voice_for_the_one_campaign(world: Heard, wording: Wording):
    """Heard are exchanges of the traffic, each once, with the number of the queue and a level that there is."""
    found = world.engine.collect(wording.heard)
    assert wording.voices == (0,)
    assert set(found["voice"].to_pylist()) == {0}
    assert set(found["level"].to_pylist()) <= set(range(len(LEVELS)))
    spoken = found["spoken"].to_pylist()
    assert len(set(spoken)) == len(spoken)
    assert set(spoken) <= set(world.table["draw"].to_pylist())


def test_a_campaign_of_few_examples_has_no_voice(world: Heard):
    """Fewer exchanges under its tasks than can be learnt from, and nobody is listened to."""
    under = world.table["prompt_frame"].to_numpy() == TASK
    few = world.table.filter(pa.array(~under | (np.cumsum(under) < LEAST_EXAMPLES)))
    rows = world.engine.table("few", few)
    nothing = listen(world.engine, world.traffic, rows, world.templates, world.profiles, world.queues, key=None)
    assert nothing is None


def test_what_others_send_as_well_is_not_learnt_from(world: Heard):
    """Of a campaign's tasks those tell its voice that hardly anybody else sends; cover taken from a public source no."""
    (queue,) = world.queues
    assert queue.tasks.all()
    assert queue.private.tolist() == [True, False]
    assert queue.inside[0] >= PRIVATE > queue.inside[1]
    kind = KINDS.index("prompt_frame")
    assert [tasks_of(world.templates, [queue], kind, private=p)[1].tolist() for p in (True, False)] == [
        [TASK],
        [TASK, COVER],
    ]
    found = examples(world)
    of_cover = found.filter(pa.compute.equal(found["what"], "cover"))
    inside = of_cover.filter(pa.compute.less(of_cover["account"], len(MEMBERS)))
    assert not any(inside["told"].to_pylist())


def examples(world: Heard) -> pa.Table:
    """What is learnt from, with what it is."""
    roles = _roles(world.engine, world.templates, world.profiles, world.queues)
    return _examples(world.engine, world.rows, *roles).join(world.table.select(["draw", "what", "account"]), "draw")


def test_it_is_learnt_from_members_and_from_accounts_that_have_nothing_to_do_with_it(world: Heard):
    """A stray user of a task stands on neither side; members' everyday traffic is no example of the campaign."""
    found = examples(world)
    of, what, account = found["of"].to_numpy(), np.array(found["what"].to_pylist()), found["account"].to_numpy()
    told = found["told"].to_numpy(zero_copy_only=False)
    assert set(what[(of == 0) & told]) == {"task"}
    assert set(what[(of == 0) & ~told]) == {"reworded", "cover"}
    assert set(account[of == 0].tolist()) == set(MEMBERS)
    assert not set(account[of == -1].tolist()) & {*MEMBERS, *JOINERS, *QUOTERS}
    assert told[of == -1].all()


def test_without_private_tasks_all_tasks_are_learnt_from(world: Heard):
    """A campaign that takes all its tasks from a public source has a voice all the same."""
    (queue,) = world.queues
    public = replace(queue, inside=np.full(2, 0.5))
    assert public.private.tolist() == public.tasks.tolist() == [True, True]


def unit(rows: F64) -> sparse.csr_matrix:
    return sparse.csr_matrix((rows / np.sqrt(np.maximum(rows.sum(axis=1, keepdims=True), 1))).astype(np.float32))


def texts(seed: int, number: int, own: int) -> F64:
    """Texts of forty words, the first ten of which half of the texts of a campaign have (`own`) and few others."""
    rng = np.random.default_rng(seed)
    rates = np.full(40, 0.3)
    rates[:10] = 0.5 if own else 0.02
    return (rng.random((number, 40)) < rates).astype(np.float64)


def test_a_voice_separates_what_it_has_not_seen():
    """Learnt from two hundred texts, it tells new ones of the campaign from new ones of others."""
    held, weights, intercept = _learn(unit(texts(0, 200, 1)), unit(texts(1, 600, 0)))
    mine, others = (unit(texts(seed, 300, own))[:, held] @ weights + intercept for seed, own in ((2, 1), (3, 0)))
    assert (mine > 0).mean() > 0.9
    assert (others < 0).mean() > 0.95
    assert weights[held < 10].min() > weights[held >= 10].max()


def test_both_sides_weigh_the_same_however_many_there_are():
    """Three times the same strangers teach nothing new."""
    own, others = unit(texts(0, 100, 1)), unit(texts(1, 300, 0))
    _, once, at_once = _learn(own, others)
    _, thrice, at_thrice = _learn(own, sparse.vstack([others] * 3, format="csr"))
    np.testing.assert_allclose(once, thrice, atol=1e-3)
    assert at_once == pytest.approx(at_thrice, abs=1e-3)


def test_words_of_few_texts_are_not_learnt():
    """What stands in one or two examples is a name or a slip, not the campaign's language."""
    own = texts(0, 50, 1)
    own[:, 38:] = 0
    own[: LEAST_OF_WORD - 1, 38] = 1
    own[:LEAST_OF_WORD, 39] = 1
    held, _, _ = _learn(unit(own), unit(texts(1, 50, 0)))
    assert 38 not in held
    assert 39 in held


@pytest.mark.parametrize("size", [5, 500, 5_000, 40_000])
@pytest.mark.parametrize("grain", [2, 10_000])
def test_levels_hold_their_rates_on_outsiders(size: int, grain: int):
    """For each voice and level no more outsiders than the share, ties or none, and none known from too few of them."""
    rng = np.random.default_rng(size + grain)
    inside = 50
    n = size + inside
    said = np.round(rng.normal(size=n) * grain) / grain
    said[size:] = 9.0
    voice = rng.integers(0, 2, n).astype(np.int16)
    table = pa.table({"spoken": np.arange(n), "voice": voice, "said": pa.array(said, pa.float32())})
    with LocalEngine(threads=1) as engine:
        spoken = engine.table("spoken", table)
        found = engine.collect(_levelled(engine, spoken, spoken.filter(spoken.spoken < size).select(draw="spoken"), 2))
    reached, level, of = (found[name].to_numpy() for name in ("spoken", "level", "voice"))
    highest = max(n for n, rate in enumerate(LEVELS) if n == 0 or int(rate * size) >= LEAST_OUTSIDE)
    assert set(level[reached >= size].tolist()) == {highest}
    assert (reached >= size).sum() == inside
    for number in range(2):
        for step in range(highest + 1):
            outside = (level >= step) & (of == number) & (reached < size)
            assert outside.sum() <= LEVELS[step] * size


def test_what_sounds_less_like_a_campaign_than_not_reaches_no_level():
    """However few outsiders there are that sound like it at all."""
    table = pa.table(
        {
            "spoken": np.arange(1_001),
            "voice": np.zeros(1_001, np.int16),
            "said": pa.array(np.r_[np.full(1_000, -5.0), -0.1], pa.float32()),
        }
    )
    with LocalEngine(threads=1) as engine:
        spoken = engine.table("spoken", table)
        outside = spoken.filter(spoken.spoken < 1_000).select(draw="spoken")
        assert len(engine.collect(_levelled(engine, spoken, outside, 1))) == 0
