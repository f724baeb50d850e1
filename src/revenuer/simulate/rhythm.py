"""When people and machines send: daily and weekly habits, common queues, classes, nights and bursts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.world import DAY, World

__all__ = ["HABITS", "chains", "habit_times", "queue_times", "replayed_times", "unfolded"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HOURS: Final = np.arange(24)


def _bump(centre: float, width: float) -> Floats:
    gap = np.minimum(np.abs(_HOURS - centre), 24 - np.abs(_HOURS - centre))
    return np.asarray(np.exp(-0.5 * (gap / width) ** 2))


# Name -> (weight of each local hour, weight of a weekend day).
HABITS: Final[dict[str, tuple[Floats, float]]] = {
    "office": (_bump(10.5, 1.8) + _bump(15, 2.2) + 0.02, 0.12),
    "evening": (_bump(20.5, 2.4) + 0.3 * _bump(13, 2) + 0.02, 1.4),
    "night": (_bump(1, 2.5) + 0.3 * _bump(22, 1.5) + 0.02, 1.1),
    "student": (_bump(16, 3) + _bump(22, 2) + 0.03, 0.8),
    "day": (_bump(14, 4.5) + 0.05, 0.7),
    "service": (0.35 + _bump(13, 4), 0.75),
    "flat": (np.ones(24), 1.0),
}


def habit_times(
    rng: np.random.Generator, world: World, habit: NDArray[np.str_], zone: Floats, span: tuple[Floats, Floats]
) -> Floats:
    """One time for each row by its habit and time zone (hours), inside its span (first and last second of the window)."""
    at = np.empty(len(habit))
    for name in np.unique(habit):
        rows = np.flatnonzero(habit == name)
        at[rows] = _by_habit(rng, world, str(name), zone[rows], (span[0][rows], span[1][rows]))
    return at


def _by_habit(rng: np.random.Generator, world: World, habit: str, zone: Floats, span: tuple[Floats, Floats]) -> Floats:
    hours, weekend = HABITS[habit]
    first, last = span
    cumulative = np.cumsum(hours) / hours.sum()
    at = np.full(len(zone), -1.0)
    todo = np.arange(len(zone))
    # Draw local hours and days; keep what falls into the span and, on weekends, only a share.
    for _ in range(12):
        local = np.searchsorted(cumulative, rng.random(len(todo))) + rng.random(len(todo))
        low, high = np.floor(first[todo] / DAY), np.ceil(last[todo] / DAY)
        day = np.floor(low + rng.random(len(todo)) * np.maximum(high - low, 1))
        keep = (day % 7 < 5) | (rng.random(len(todo)) < weekend)
        moment = day * DAY + (local - zone[todo]) * 3600
        moment = np.where(moment < 0, moment + DAY, np.where(moment >= world.length, moment - DAY, moment))
        keep &= (moment >= first[todo]) & (moment <= last[todo])
        at[todo[keep]] = moment[keep]
        todo = todo[~keep]
    at[todo] = first[todo] + rng.random(len(todo)) * (last[todo] - first[todo])
    return at


def queue_times(rng: np.random.Generator, n: int, first: float, last: float, *, swing: float, lumps: float) -> Floats:
    """`n` sorted times of one common queue: nearly flat, with a common daily `swing` and hourly `lumps` (both 0-1)."""
    hours = max(int((last - first) / 3600), 1)
    clock = np.arange(hours) + first / 3600
    rate = 1 + swing * np.sin((clock - rng.random() * 24) * np.pi / 12)
    rate *= rng.gamma(1 / max(lumps, 0.02), max(lumps, 0.02), hours)
    counts = rng.multinomial(n, rate / rate.sum())
    at = first + (np.repeat(np.arange(hours), counts) + rng.random(n)) * ((last - first) / hours)
    return np.sort(at)


def chains(rng: np.random.Generator, account: Ints, mean_length: Floats) -> tuple[Ints, Ints]:
    """Split each account's rows (sorted by account) into sessions: (session number, turn) of each row."""
    n = len(account)
    fresh = rng.random(n) < 1 / mean_length[account]
    fresh[np.flatnonzero(np.diff(account, prepend=-1))] = True
    session = np.cumsum(fresh) - 1
    starts = np.flatnonzero(fresh)
    return session, np.arange(n) - starts[session]


def replayed_times(rng: np.random.Generator, world: World, n: int, curve: Floats) -> Floats:
    """`n` times that follow a measured rate curve (one weight for each equal slice of the window)."""
    total = np.concatenate([[0.0], np.cumsum(curve)])
    place = np.interp(rng.random(n) * total[-1], total, np.arange(len(total)))
    return np.asarray(place / len(curve) * world.length)


def unfolded(begun: Floats, session: Ints, turn: Ints, gaps: Floats, length: float) -> Floats:
    """Time of every row of conversations that open at `begun`, its turns `gaps` seconds apart, all within the window."""
    starts = np.flatnonzero(turn == 0)
    run = np.cumsum(np.where(turn > 0, gaps, 0.0))
    since = run - run[starts][session]
    lasts = since[np.append(starts[1:], len(turn)) - 1]
    opened = np.maximum(np.minimum(begun, length - 1 - lasts), 0.0)
    return np.asarray(np.minimum(opened[session] + since, length - 1e-3), dtype=np.float64)
