"""Instances of the legitimate workloads: accounts, times and texts put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.catalogue import MODELS
from revenuer.simulate.contents import CONTENTS, Conversation
from revenuer.simulate.cover import customers
from revenuer.simulate.habits import active_span, browse, follow_up, heavy_counts
from revenuer.simulate.identity import Cohort, enrol, uniform
from revenuer.simulate.pools import Pool
from revenuer.simulate.population import late_signups
from revenuer.simulate.requests import Group, Requests, joined, retried
from revenuer.simulate.rhythm import chains, habit_times, unfolded
from revenuer.simulate.texts.pool import Text
from revenuer.simulate.workloads import Workload
from revenuer.simulate.world import DAY, World

__all__ = ["workload"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_HABITS: Final = np.array(["office", "evening", "night", "student", "day"])


def workload(world: World, kind: Workload, number: int, exchanges: int) -> Group:
    """One instance of about `exchanges` requests."""
    key = (kind.id, number)
    rng = world.rng("workload", *key)
    accounts = max(kind.least, round(exchanges / kind.per_account))
    cohort = enrol(world, kind.identity, accounts, *key)
    if kind.identity.org == 1 or kind.one_client:
        uniform(cohort, rng)
    if kind.upgrade and rng.random() < kind.upgrade:
        # The vendor moves everybody to a new model at one moment.
        cohort.delay[:] = rng.uniform(0.2, 2.0) + rng.exponential(0.1, accounts)
    requests = (
        _resale(world, kind, cohort, exchanges, *key) if kind.resale else _own(world, kind, cohort, exchanges, *key)
    )
    _dress(rng, kind, requests)
    parts = [requests, *retried(requests, rng, 0.06 if kind.id == "L20" else 0.005)]
    side = round(len(requests.who) * kind.side)
    if side:
        parts.append(browse(world, cohort, heavy_counts(rng, accounts, side, least=0), "side", *key))
    group = Group(kind.id, None, cohort, joined(parts))
    late_signups(group, rng, 0.05)
    _papers(rng, world, kind, group, *key)
    return group


def _own(world: World, kind: Workload, cohort: Cohort, exchanges: int, *key: object) -> Requests:
    """The workload's own contents in its own rhythm."""
    rng, dice = world.rng("own", *key), world.dice("own", *key)
    who = np.repeat(np.arange(cohort.size), heavy_counts(rng, cohort.size, exchanges, sigma=kind.sigma))
    session, turn = chains(rng, who, np.full(cohort.size, kind.length))
    begun = _RHYTHMS[kind.rhythm](rng, world, cohort, who[turn == 0])
    at = unfolded(begun, session, turn, rng.lognormal(2.8 if kind.agent else 4.0, 0.9, len(who)), world.length)
    write = CONTENTS[kind.writer](world, dice)
    capability, texts = [], []
    talk = Conversation("other", (Text(""),))
    for owner, step in zip(who.tolist(), turn.tolist(), strict=True):
        if step == 0:
            talk = write(owner)
        texts.append(
            talk.texts[step]
            if step < len(talk.texts)
            else Text(follow_up(dice, talk.texts[0].prompt), talk.texts[0].system)
        )
        capability.append(talk.capability)
    return Requests(
        who, at, session, turn, capability, np.zeros(len(who), dtype=bool),
        [t.prompt for t in texts], [t.system for t in texts], [t.response for t in texts],
    )  # fmt: skip


def _pool(world: World, kind: Workload, cohort: Cohort, *key: object) -> Pool:
    """The accounts of a reseller or gateway; every other reseller loses some to a ban and replaces them."""
    struck = bool(kind.troubled) and cohort.size > 8 and world.rng("struck", *key).random() < 0.5
    return Pool.replaced(cohort.size, (0.0, world.length - 1), 0.5, 0.3 if struck else 0.0)


def _resale(world: World, kind: Workload, cohort: Cohort, exchanges: int, *key: object) -> Requests:
    """Conversations of the customers of a gateway or a reseller, routed over its accounts."""
    rng = world.rng("resale", *key)
    pool = _pool(world, kind, cohort, *key)
    sticky = 0.0 if pool.banned else float(rng.choice([0.0, 0.5, 1.0]))
    requests = customers(world, exchanges, lambda at: pool.serve(rng, at), *key, sticky=sticky, named=kind.id == "L10")
    if kind.id == "L10":
        # A gateway balances single requests: a conversation, and its reasoning blocks, moves among its accounts.
        moves = rng.random(len(requests.who)) < 0.3
        requests.who = np.where(moves, rng.integers(0, cohort.size, len(moves)), requests.who)
    return requests


def _by_habit(rng: np.random.Generator, world: World, cohort: Cohort, owner: Ints) -> Floats:
    habits = rng.choice(_HABITS, cohort.size, p=[0.5, 0.2, 0.05, 0.05, 0.2])
    first, last = active_span(rng, world, cohort)
    return habit_times(rng, world, habits[owner], cohort.zone[owner], (first[owner], last[owner]))


def _common(habit: str) -> Callable[[np.random.Generator, World, Cohort, Ints], Floats]:
    def times(rng: np.random.Generator, world: World, cohort: Cohort, owner: Ints) -> Floats:
        n = len(owner)
        return habit_times(
            rng, world, np.full(n, habit), np.full(n, cohort.zone[0]), (np.zeros(n), np.full(n, world.length - 1))
        )

    return times


def _class(rng: np.random.Generator, world: World, cohort: Cohort, owner: Ints) -> Floats:
    """Lessons of ninety minutes on a few weekdays, and homework after."""
    n = len(owner)
    weekdays = [d for d in range(int(world.days)) if d % 7 < 5]
    days = rng.choice(weekdays, max(1, len(weekdays) // 3), replace=False)
    begin = days[rng.integers(0, len(days), n)] * DAY + (9 + int(rng.integers(0, 6)) - cohort.zone[0]) * 3600
    homework = np.where(rng.random(n) < 0.25, rng.uniform(2, 30, n) * 3600, 0.0)
    return np.asarray(np.clip(begin + rng.uniform(0, 5_400, n) + homework, 0, world.length - 1))


def _nightly(rng: np.random.Generator, world: World, cohort: Cohort, owner: Ints) -> Floats:
    n = len(owner)
    hour = (2 + rng.random() - cohort.zone[0]) % 24
    at = rng.integers(0, int(world.days), n) * DAY + hour * 3600 + rng.uniform(0, 1_800, n)
    return np.asarray(at.clip(0, world.length - 1))


def _within(low: float, high: float) -> Callable[[np.random.Generator, World, Cohort, Ints], Floats]:
    """All within a stretch of so many hours."""

    def times(rng: np.random.Generator, world: World, _: Cohort, owner: Ints) -> Floats:
        begin = rng.uniform(0, world.length * 0.75)
        at = begin + rng.uniform(0, rng.uniform(low, high) * 3600, len(owner))
        return np.asarray(at.clip(0, world.length - 1))

    return times


_RHYTHMS: Final = {
    "own": _by_habit, "flat": _common("flat"), "service": _common("service"), "class": _class, "nightly": _nightly,
    "once": _within(6, 40), "short": _within(24, 72),
}  # fmt: skip


def _dress(rng: np.random.Generator, kind: Workload, requests: Requests) -> None:
    n = len(requests.who)
    if kind.agent:
        requests.tools[:] = int(rng.integers(5, 24))
    if kind.thinking >= 0:
        requests.thinking[:] = kind.thinking
    if kind.writer in {"evals", "regression"}:
        requests.model[:] = rng.choice([i for i, m in enumerate(MODELS) if m.day < 0], n)
    if kind.writer == "red_team":
        requests.status = ["refused" if r else "" for r in (rng.random(n) < 0.5).tolist()]
    if kind.writer == "compaction":
        # After compaction the block sent back is one from earlier in the conversation, or none.
        rows = np.flatnonzero((requests.turn > 4) & (rng.random(n) < 0.3))
        requests.refs[rows] = rows - 1 - (rng.random(len(rows)) * (requests.turn[rows] - 1)).astype(np.int64)


def _papers(rng: np.random.Generator, world: World, kind: Workload, group: Group, *key: object) -> None:
    """Consents on file, and what enforcement had to do with the group."""
    if kind.consent and rng.random() < kind.consented:
        orgs = sorted({str(o) for o in group.cohort.table["org_id"] if o})
        aims = sorted(set(group.requests.capability)) if rng.random() < 0.5 else None
        group.consents = [{"org_id": o, "kind": kind.consent, "capabilities": aims} for o in orgs]
    if kind.resale and kind.troubled:
        pool = _pool(world, kind, group.cohort, *key)
        group.enforcement = pool.bans(group.requests.who, group.requests.at, rng)
    elif kind.troubled:
        hit = np.flatnonzero(rng.random(group.cohort.size) < kind.troubled)
        when, what = rng.uniform(0.2, 1, len(hit)) * world.length, rng.choice(["limit", "verify", "ban"], len(hit))
        group.enforcement = [(int(row), float(at), str(act)) for row, at, act in zip(hit, when, what, strict=True)]
