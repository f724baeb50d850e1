"""Instances of the legitimate workloads: accounts, times and texts put together."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.catalogue import MODELS
from revenuer.simulate.contents import CONTENTS, Conversation
from revenuer.simulate.identity import Cohort, enrol
from revenuer.simulate.population import active_span, follow_up, heavy_counts
from revenuer.simulate.requests import Group, Requests
from revenuer.simulate.rhythm import chains, habit_times
from revenuer.simulate.texts.pool import Text
from revenuer.simulate.workloads import Workload
from revenuer.simulate.world import DAY, World, hex_ids

__all__ = ["workload"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_HABITS: Final = np.array(["office", "evening", "night", "student", "day"])


def workload(world: World, kind: Workload, number: int, exchanges: int) -> Group:
    """One instance of `exchanges` requests."""
    key = (kind.id, number)
    rng, dice = world.rng("workload", *key), world.dice("workload", *key)
    accounts = max(1, round(exchanges / kind.per_account))
    cohort = enrol(world, kind.identity, accounts, *key)
    who = np.repeat(np.arange(accounts), heavy_counts(rng, accounts, exchanges, sigma=kind.sigma))
    session, turn = (
        chains(rng, who, np.full(accounts, kind.length))
        if kind.length > 1
        else (np.arange(len(who)), np.zeros(len(who), dtype=np.int64))
    )
    at = _times(rng, world, kind, cohort, who, session, turn)
    write = CONTENTS[kind.writer](world, dice)
    capability, prompt, system, response = [], [], [], []
    talk = Conversation("other", (Text(""),))
    for owner, step in zip(who.tolist(), turn.tolist(), strict=True):
        if step == 0:
            talk = write(owner)
        text = (
            talk.texts[step]
            if step < len(talk.texts)
            else Text(follow_up(dice, talk.texts[0].prompt), talk.texts[0].system)
        )
        capability.append(talk.capability)
        prompt.append(text.prompt)
        system.append(text.system)
        response.append(text.response)
    requests = Requests(who, at, session, turn, capability, np.zeros(len(who), dtype=bool), prompt, system, response)
    group = Group(kind.id, None, cohort, requests)
    _dress(rng, world, kind, group)
    return group


def _times(
    rng: np.random.Generator, world: World, kind: Workload, cohort: Cohort, who: Ints, session: Ints, turn: Ints
) -> Floats:
    starts = np.flatnonzero(turn == 0)
    owner = who[starts]
    gap = np.where(turn > 0, rng.lognormal(2.8 if kind.agent else 4.0, 0.9, len(who)), 0.0)
    run = np.cumsum(gap)
    at = _begun(rng, world, kind.rhythm, cohort, owner)[session] + run - run[starts][session]
    return np.minimum(at, world.length - 1e-3)


def _begun(rng: np.random.Generator, world: World, rhythm: str, cohort: Cohort, owner: Ints) -> Floats:
    n = len(owner)
    zone = float(cohort.zone[0])
    days = int(world.days)
    if rhythm == "own":
        first, last = active_span(rng, world, cohort)
        habits = rng.choice(_HABITS, cohort.size, p=[0.5, 0.2, 0.05, 0.05, 0.2])
        return habit_times(rng, world, habits[owner], cohort.zone[owner], first[owner], last[owner])
    if rhythm == "class":
        slots = rng.choice(np.arange(days), max(1, days // 4), replace=False)
        begin = slots[rng.integers(0, len(slots), n)] * DAY + (9 + rng.integers(0, 6) - zone) * 3600
        homework = rng.random(n) < 0.25
        return np.clip(
            begin + rng.uniform(0, 5_400, n) + np.where(homework, rng.uniform(2, 30, n) * 3600, 0), 0, world.length - 1
        )
    if rhythm == "nightly":
        night = rng.integers(0, days, n) * DAY + (2 + rng.random() - zone) % 24 * 3600
        return np.sort(np.clip(night + rng.uniform(0, 1_800, n), 0, world.length - 1))
    if rhythm == "once":
        begin = rng.uniform(0, world.length * 0.85)
        return np.sort(begin + rng.uniform(0, rng.uniform(6, 40) * 3600, n)).clip(0, world.length - 1)
    if rhythm == "short":
        begin = rng.uniform(0, world.length * 0.75)
        return np.sort(begin + rng.uniform(0, rng.uniform(1, 3) * DAY, n)).clip(0, world.length - 1)
    habit = np.repeat("service" if rhythm == "service" else "flat", n)
    return habit_times(rng, world, habit, np.full(n, zone), np.zeros(n), np.full(n, world.length - 1))


def _dress(rng: np.random.Generator, world: World, kind: Workload, group: Group) -> None:
    requests, n = group.requests, len(group.requests.who)
    if kind.agent:
        requests.tools[:] = int(rng.integers(5, 24))
    if kind.thinking >= 0:
        requests.thinking[:] = kind.thinking
    if kind.writer == "evals":
        requests.model[:] = rng.choice([i for i, m in enumerate(MODELS) if m.day < 0], n)
    if kind.writer == "red_team":
        refused = rng.random(n) < 0.5
        requests.status = ["refused" if r else "" for r in refused.tolist()]
    if kind.writer == "gateway":
        users = hex_ids(rng, 60 * group.cohort.size, "eu_", 12)
        pick = np.minimum(rng.pareto(0.8, int(requests.session.max()) + 1) * 2, len(users) - 1).astype(int)
        requests.end_user = [users[pick[s]] for s in requests.session.tolist()]
    if kind.consent:
        orgs = sorted({str(o) for o in group.cohort.table["org_id"] if o})
        group.consents = [{"org_id": o, "kind": kind.consent} for o in orgs]
    if kind.id in {"L11", "L18"}:
        hit = np.flatnonzero(rng.random(group.cohort.size) < 0.08)
        group.enforcement = [
            (int(row), float(rng.uniform(0.2, 1) * world.length), str(rng.choice(["limit", "verify", "ban"])))
            for row in hit
        ]
