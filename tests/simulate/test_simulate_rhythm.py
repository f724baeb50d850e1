"""Times: habits, queues, conversations."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from revenuer.simulate.rhythm import HABITS, chains, habit_times, queue_times, replayed_times, unfolded
from revenuer.simulate.texts import Generated
from revenuer.simulate.world import DAY, World

WORLD = World(0, Generated(0))
seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.sampled_from(sorted(HABITS)), st.floats(-8, 10), st.floats(0, 10), st.floats(0.1, 4))
def test_habits_stay_within_the_span(seed: int, habit: str, zone: float, first: float, length: float) -> None:
    """Whatever the habit and time zone, times lie between the first and the last second given."""
    begin, end = first * DAY, min((first + length) * DAY, WORLD.length - 1)
    span = np.full(50, begin), np.full(50, end)
    at = habit_times(np.random.default_rng(seed), WORLD, np.full(50, habit), np.full(50, zone), span)
    assert ((at >= begin) & (at <= end)).all()


def test_office_hours_are_local() -> None:
    """People with office habits eight hours apart send eight hours apart."""
    n = 4_000
    span = np.zeros(n), np.full(n, WORLD.length - 1)
    hours = []
    for zone in (0.0, 8.0):
        at = habit_times(np.random.default_rng(1), WORLD, np.full(n, "office"), np.full(n, zone), span)
        angle = np.angle(np.exp(2j * np.pi * at / DAY).mean()) / 2 / np.pi * 24
        hours.append(angle % 24)
    assert abs((hours[0] - hours[1]) % 24 - 8) < 0.5


@given(seeds, st.integers(1, 500), st.floats(0, 1), st.floats(0, 1))
def test_queues_are_sorted_and_complete(seed: int, n: int, swing: float, lumps: float) -> None:
    """A queue gives as many times as asked for, in order, within its span."""
    at = queue_times(np.random.default_rng(seed), n, 1_000.0, 500_000.0, swing=swing * 0.9, lumps=lumps)
    assert len(at) == n
    assert (np.diff(at) >= 0).all()
    assert at.min() >= 1_000
    assert at.max() <= 500_000


@given(seeds, st.lists(st.integers(1, 30), min_size=1, max_size=20), st.floats(1, 8))
def test_conversations_unfold_in_order(seed: int, counts: list[int], mean: float) -> None:
    """Turns count up from nought within one account, and their times never run backwards or out of the window."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(len(counts)), counts)
    session, turn = chains(rng, who, np.full(len(counts), mean))
    at = unfolded(
        rng.uniform(0, WORLD.length, int(session[-1]) + 1), session, turn, rng.lognormal(4, 1, len(who)), WORLD.length
    )
    same = np.diff(session) == 0
    assert (turn[np.flatnonzero(np.diff(session, prepend=-1))] == 0).all()
    assert (np.diff(turn)[same] == 1).all()
    assert (np.diff(who)[same] == 0).all()
    assert (np.diff(at)[same] >= 0).all()
    assert ((at >= 0) & (at < WORLD.length)).all()


def test_measured_curves_are_followed() -> None:
    """Times drawn from a rate curve fall only where the rate is positive."""
    curve = np.zeros(14 * 24)
    curve[5::24] = 3.0
    at = replayed_times(np.random.default_rng(0), WORLD, 1_000, curve)
    assert set((at / 3_600).astype(int) % 24) == {5}
