"""Scores of accounts and what they are held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import ibis
import numpy as np
import pyarrow as pa
import pytest

from revenuer.behaviour import Profiles
from revenuer.behaviour.calibration import against_reference, against_the_rest
from revenuer.behaviour.unusual import BANDS, USUAL, Unusual, unusual
from revenuer.control import Bets
from revenuer.engine import LocalEngine


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(memory="500MB", threads=1) as local:
        yield local


def rows_of(engine: LocalEngine, name: str, made: dict[int, list[tuple[float | None, int]]]) -> ibis.Table:
    """Fingerprints as far as scores read them: (text score, frame) of each exchange of each account."""
    flat = [(account, score, frame) for account, exchanges in made.items() for score, frame in exchanges]
    scores = pa.array([score for _, score, _ in flat], pa.float32())
    none = pa.array(np.zeros(len(flat), np.int64))
    table = {
        "account": pa.array([account for account, _, _ in flat], pa.int64()),
        "extraction": scores,
        "elicitation": scores,
        "prompt_frame": pa.array([frame for _, _, frame in flat], pa.int64()),
        "system_frame": none,
        "system_text": none,
    }
    return engine.table(name, pa.table(table))


def profiles_of(made: dict[int, list[tuple[float | None, int]]]) -> Profiles:
    keys = np.array(sorted(made), np.int64)
    zero, plans = np.zeros(len(keys), np.int64), np.full(len(keys), "api", object)
    counts = np.array([len(made[key]) for key in keys.tolist()], np.int64)
    return Profiles(keys, keys.astype(str).astype(object), -keys, counts, zero, zero, zero, zero, {}, plans)


def scored(engine: LocalEngine, made: dict[int, list[tuple[float | None, int]]], name: str = "rows") -> Unusual:
    return unusual(engine, rows_of(engine, name, made), profiles_of(made))


def test_the_score_is_the_capital_of_bets_on_text_scores(engine: LocalEngine) -> None:
    """It is what betting on every exchange of the account would have won."""
    scores = [0.9, 0.1, 0.4, 0.8]
    found = scored(engine, {1: [(one, 0) for one in scores]})
    won = Bets(mean=USUAL).look(np.array(scores, np.float32).astype(float)).log_e
    assert found.score[0] == pytest.approx(won, abs=1e-5)


def test_a_score_is_the_same_in_any_traffic(engine: LocalEngine) -> None:
    """Other accounts change nothing: that is what lets another period calibrate it."""
    mine = [(0.7, 5), (0.3, 0)]
    alone = scored(engine, {7: mine}, "alone")
    crowd = scored(engine, {7: mine, 3: [(0.9, 5)] * 9, 8: [(0.0, 0)] * 4}, "crowd")
    assert alone.score[0] == crowd.score[1]


def test_without_text_nothing_is_bet(engine: LocalEngine) -> None:
    """Unknown scores leave the account where it was."""
    assert scored(engine, {1: [(None, 0)] * 5}).score.tolist() == [0.0]


def test_volume_and_clusters_are_read_off_the_exchanges(engine: LocalEngine) -> None:
    """An account with a template in half of its requests stands with the others of that template, else by itself."""
    made = {1: [(0.5, 9)] * 3 + [(0.5, 0)], 2: [(0.5, 9)], 3: [(0.5, 9)] + [(0.5, 0)] * 11}
    found = scored(engine, made)
    assert found.cluster.tolist() == [9, 9, -3]
    assert found.band.tolist() == [1, 0, 2]
    assert BANDS[found.band[2]] <= 12 < BANDS[found.band[2] + 1]


def accounts(scores: np.ndarray, bands: np.ndarray) -> Unusual:
    return Unusual(scores, bands, np.full(len(scores), "api", object), np.arange(len(scores)))


def world(seed: int, size: int = 600) -> Unusual:
    """Honest accounts; those with more exchanges score higher and wider."""
    rng = np.random.default_rng(seed)
    bands = rng.integers(0, 3, size)
    return accounts(rng.normal(size=size) * (1 + bands) + 2.0 * bands, bands)


def test_against_a_reference_honest_accounts_are_uniform_in_every_stratum() -> None:
    """P-values are as often small among many exchanges as among few, and each stratum says how fine it is."""
    traffic = world(20, 6_000)
    found = against_reference(traffic, world(21, 3_000), seed=0)
    for band in range(3):
        assert (found.p[traffic.band == band] <= 0.05).mean() == pytest.approx(0.05, abs=0.025)
    assert sum(one.accounts for one in found.strata) == 6_000
    assert sum(one.calibration for one in found.strata) == 3_000
    assert all(one.resolution == 1 / (one.calibration + 1) for one in found.strata)
    assert found.alarm is not None
    assert not found.alarm.raised


def test_a_campaign_raises_the_alarm_against_a_reference_alone() -> None:
    """Three in twenty accounts that score a little higher are noticed; without a reference there is no alarm."""
    honest = world(22)
    traffic = replace(honest, score=honest.score + 3.0 * (np.arange(600) < 90))
    found = against_reference(traffic, world(23, 2_000), seed=0)
    assert found.alarm is not None
    assert found.alarm.raised
    assert 0 < found.alarm.low <= 90
    assert against_the_rest(traffic, np.arange(600) < 90).alarm is None


def test_without_a_reference_the_suspected_are_held_against_the_rest() -> None:
    """Suspected accounts do not calibrate each other; the rest are ranks."""
    honest = world(24)
    suspected = np.arange(600) < 100
    traffic = replace(honest, score=honest.score + 50.0 * suspected)
    found = against_the_rest(traffic, suspected)
    assert found.p[suspected].max() < 0.02
    assert np.mean(found.p[~suspected]) == pytest.approx(0.5, abs=0.01)


def test_nobody_to_hold_against_accuses_nobody() -> None:
    """With every account suspected, or none at all, every p-value is 1."""
    few = world(25, 5)
    assert against_the_rest(few, np.ones(5, np.bool_)).p.tolist() == [1.0] * 5
    nobody = accounts(np.zeros(0), np.zeros(0, np.int64))
    assert against_the_rest(nobody, np.zeros(0, np.bool_)).p.shape == (0,)
    assert against_reference(nobody, few, seed=0).alarm is None


def test_strata_are_named_by_plan_and_volume() -> None:
    """A person can tell which accounts were compared."""
    names = [one.name for one in against_reference(world(26), world(27), seed=0).strata]
    assert names == ["api, 1 to 3 exchanges", "api, 4 to 9 exchanges", "api, 10 exchanges or more"]
