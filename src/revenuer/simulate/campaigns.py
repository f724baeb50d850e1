"""Campaigns: one task queue fed through many accounts, as an archetype describes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.archetypes import Archetype
from revenuer.simulate.catalogue import MODELS
from revenuer.simulate.cover import camouflage, customers, lived
from revenuer.simulate.disguise import prefixes, put_before
from revenuer.simulate.framing import Framing
from revenuer.simulate.habits import follow_up
from revenuer.simulate.identity import Cohort, enrol, uniform
from revenuer.simulate.pools import Pool
from revenuer.simulate.population import late_signups
from revenuer.simulate.requests import Group, Requests, joined, retried
from revenuer.simulate.rhythm import queue_times, unfolded
from revenuer.simulate.sizes import Size
from revenuer.simulate.texts.pool import Source, Text
from revenuer.simulate.world import DAY, World

__all__ = ["campaign"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_AGENTIC = ("tool_use", "agentic_coding", "computer_use", "orchestration")
# What users of a relayed product ask, by the capability that their sessions teach.
_RELAYED = {"coding": "coding", "agentic_coding": "coding", "general_instruction": "chat"}


class _Queue:
    """The items of one capability, dealt out almost without repetition."""

    def __init__(self, source: Source, dice: random.Random, reuse: float) -> None:
        self._deal = source.deal(dice)
        self._dice, self._reuse = dice, reuse
        self._given: list[tuple[Text, ...]] = []

    def take(self) -> tuple[Text, ...]:
        """The next item; now and then one that was given out before."""
        if self._given and self._dice.random() < self._reuse:
            return self._dice.choice(self._given)
        self._given.append(next(self._deal))
        return self._given[-1]


def _sources(world: World, kind: Archetype) -> dict[str, Source]:
    aims = [a for a in (*kind.aims, kind.late) if a]
    if kind.framing == "relay":
        return {a: world.texts.ordinary(_RELAYED[a]) for a in aims}
    return {a: world.texts.extraction(a) for a in aims}


def _tasks(world: World, kind: Archetype, n: int, dice: random.Random) -> Iterator[tuple[str, int, Text]]:
    """(capability, turn, text) of `n` requests in the order of the queue; conversations stay together."""
    queues = {aim: _Queue(source, dice, kind.reuse) for aim, source in _sources(world, kind).items()}
    names, weights = list(kind.aims), list(kind.aims.values())
    made = 0
    done: list[Text] = []
    while made < n:
        late = kind.late if kind.late and made > n * 0.66 and dice.random() < 0.7 else None
        aim = late or dice.choices(names, weights)[0]
        talk = queues[aim].take()
        if kind.loop and aim in {"rubric_grading", "trace_reconstruction"} and done:
            # What was harvested goes in again, to be graded or cleaned.
            talk = (done.pop(dice.randrange(len(done))),)
        if kind.framing == "relay":
            talk = (*talk, *(Text(follow_up(dice, talk[0].prompt)) for _ in range(dice.randrange(4))))
        if kind.tongues and dice.random() < 0.8:
            talk = world.texts.foreign().draw(dice)
        if aim == "reasoning" and talk[0].response:
            done.append(talk[0])
        for turn, text in enumerate(talk[: n - made]):
            yield aim, turn, text
            made += 1


def _harvest(world: World, kind: Archetype, pool: Pool, n: int, *key: object) -> Requests:
    """The extraction requests of the campaign."""
    rng, dice = world.rng("harvest", *key), world.dice("harvest", *key)
    framing = Framing(kind, dice, list(world.texts.systems()))
    tasks = list(_tasks(world, kind, n, dice))
    turn = np.array([t for _, t, _ in tasks], dtype=np.int64)
    session = np.cumsum(turn == 0) - 1
    begun = queue_times(rng, int(session[-1]) + 1, *pool.span, swing=kind.swing, lumps=kind.lumps)
    at = unfolded(begun, session, turn, rng.lognormal(3.0, 0.7, n), world.length)
    replays = (rng.random(n) < kind.replay) & (turn == 0) & (np.arange(n) > n // 10)
    probing = int(n * kind.probes)
    rows = [_row(framing, kind, task, (row < probing, bool(replays[row])), dice) for row, task in enumerate(tasks)]
    requests = Requests(
        pool.serve(rng, begun)[session], at, session, turn, [r[0] for r in rows], np.ones(n, dtype=bool),
        [r[2] for r in rows], [r[1] for r in rows], [text.response for _, _, text in tasks],
    )  # fmt: skip
    requests.status = [r[3] for r in rows]
    _replay(requests, np.flatnonzero(replays), rng)
    return requests


def _row(
    framing: Framing, kind: Archetype, task: tuple[str, int, Text], how: tuple[bool, bool], dice: random.Random
) -> tuple[str, str | None, str, str]:
    """(capability, system, prompt, status) of one request; `how`: while probing, with a replayed block."""
    aim, turn, text = task
    probing, replays = how
    if probing and turn == 0:
        return "cot_elicitation", *framing.probe(text), "refused" if dice.random() < 0.75 else ""
    if replays:
        return "trace_reconstruction", *framing.replayed(text), "refused" if dice.random() < 0.05 else ""
    status = "refused" if dice.random() < 0.015 else ""
    if kind.probes and aim == "cot_elicitation" and turn == 0:
        return aim, *framing.won(text), status
    return aim, *framing.write(aim, text, turn), status


def _replay(requests: Requests, chosen: Ints, rng: np.random.Generator) -> None:
    """Blocks given out earlier, mostly to other accounts, go back in; half of the time to a weaker model."""
    requests.refs[chosen] = (rng.random(len(chosen)) * chosen * 0.95).astype(np.int64)
    weaker = [i for i, m in enumerate(MODELS) if m.day < 0 and m.tier != "large"]
    down = chosen[rng.random(len(chosen)) < 0.5]
    requests.model[down] = rng.choice(weaker, len(down))


def _dress(requests: Requests, kind: Archetype, cohort: Cohort, rng: np.random.Generator) -> None:
    """Tools, images and reasoning of the harvest."""
    n = len(requests.who)
    agentic = np.isin(requests.capability, _AGENTIC)
    requests.tools = np.where(agentic, rng.integers(2, 14, int(requests.session.max()) + 1)[requests.session], 0)
    requests.images = np.isin(requests.capability, ["vision", "computer_use"]).astype(np.int64)
    if kind.thinking >= 0:
        always = rng.random(cohort.size) < kind.thinking
        requests.thinking = np.where(always[requests.who], 1, np.full(n, -1))


def campaign(world: World, size: Size, days: float | None = None) -> Group:
    """One campaign of about so many extraction requests, with the cover its mix asks for.

    Args:
        world: the setting.
        size: which archetype, how many extraction requests, how many accounts.
        days: how long it runs; default: its archetype's part of the window.
    """
    kind, accounts = size.kind, size.accounts
    key = (kind.id, size.number)
    rng = world.rng("campaign", *key)
    cohort = enrol(world, kind.identity_shared if kind.shared else kind.identity_disjoint, accounts, *key)
    if not kind.various:
        uniform(cohort, rng)
    _adopt(rng, kind, cohort)
    pool = Pool.of(kind, accounts, world.length, _span(world, kind, days, *key) if days else None)
    harvest = _harvest(world, kind, pool, size.exchanges, *key)
    _dress(harvest, kind, cohort, rng)
    parts = [harvest, *retried(harvest, rng, kind.failover, lambda at: pool.serve(rng, at))]
    if kind.prefixed:
        words = prefixes(world, accounts, *key)
        parts = [put_before(part, words) for part in parts]
    parts += _cover(world, kind, cohort, pool, size.exchanges, *key)
    group = Group(kind.id, f"{kind.id}-{size.number}", cohort, joined(parts))
    late_signups(group, rng, 0.1)
    _enforce(group, pool, rng)
    return group


def _span(world: World, kind: Archetype, days: float, *key: object) -> tuple[float, float]:
    """First and last second of a campaign of so many days: within its archetype's part of the window, if it is that short."""
    first, last, length = kind.start * world.length, min(kind.end, 0.998) * world.length, days * DAY
    if last - first < length:
        first, last = 0.0, max(0.998 * world.length, length)
    begin = first + world.rng("days", *key).random() * (last - first - length)
    return begin, begin + length


def _cover(world: World, kind: Archetype, cohort: Cohort, pool: Pool, harvested: int, *key: object) -> list[Requests]:
    """Other traffic over the same pool, as much as the mix asks for."""
    n = round(harvested * kind.benign_mix / max(1 - kind.benign_mix, 0.02))
    if not n:
        return []
    rng = world.rng("route", *key)

    def route(at: Floats) -> Ints:
        return pool.serve(rng, at)

    if kind.cover == "lived":
        return [lived(world, cohort, n, pool.terms(), *key)]
    if kind.cover == "customers":
        return [customers(world, n, route, *key, sticky=0.3)]
    return [camouflage(world, n, route, pool.span, *key)]


def _adopt(rng: np.random.Generator, kind: Archetype, cohort: Cohort) -> None:
    """Accounts that pivot take up a new model within hours; harvesters prefer the strong tiers, not always."""
    move = rng.random(cohort.size) < kind.pivot
    cohort.delay = np.where(move, rng.uniform(0.05, 0.9, cohort.size), cohort.delay)
    cohort.tier = np.where((rng.random(cohort.size) < 0.4) | move, 2, cohort.tier)


def _enforce(group: Group, pool: Pool, rng: np.random.Generator) -> None:
    """The ban of the first pool, if there is one; else single accounts that met a limit."""
    if pool.banned:
        group.enforcement += pool.bans(group.requests.who, group.requests.at, rng)
        return
    last = np.zeros(group.cohort.size)
    np.maximum.at(last, group.requests.who, group.requests.at)
    hit = np.flatnonzero(rng.random(group.cohort.size) < 0.02)
    group.enforcement += [(int(row), float(last[row] * rng.uniform(0.3, 1)), "limit") for row in hit]
