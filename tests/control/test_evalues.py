"""E-values: their mean under the null is 1 at most, however often one looks, and the past can be put down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.control import Bets, Mixture, average, calibrated_e, p_to_e, product, ville
from revenuer.errors import InputError

FRESH = Mixture(noise=0.02, hit=0.8)


@given(st.integers(0, 200))
def test_the_mixture_is_an_e_value(exchanges: int) -> None:
    """Summed over all outcomes of so many honest exchanges, its mean is exactly 1."""
    mean, ways = 0.0, 0.0
    for hits in range(exchanges + 1):
        ways += math.log((exchanges - hits + 1) / hits) if hits else 0.0
        chance = ways + hits * math.log(0.02) + (exchanges - hits) * math.log(0.98)
        mean += math.exp(chance + FRESH.look(hits, exchanges - hits).log_e)
    assert mean == pytest.approx(1.0)


def test_the_mixture_finds_a_diluted_account_when_it_should() -> None:
    """With 5 % extraction 540 exchanges suffice for odds of a million to one, about."""
    share = 0.05 * 0.8 + 0.95 * 0.02
    hits = round(700 * share)
    assert FRESH.look(hits, 700 - hits).log_e > np.log(1e6)
    assert FRESH.look(14, 686).log_e < 0.0


def test_looking_after_every_exchange_costs_nothing() -> None:
    """Of honest accounts that are looked at after every exchange, alpha at most are ever alarmed (Ville)."""
    rng = np.random.default_rng(5)
    alarmed = 0
    for _ in range(400):
        account = FRESH
        for hit in rng.random(60) < 0.02:
            account = account.look(int(hit), int(not hit))
        alarmed += account.alarm(0.1)
    assert alarmed <= 0.1 * 400 + 2 * np.sqrt(0.1 * 0.9 * 400)


def test_bets_on_honest_scores_do_not_win() -> None:
    """The capital averages 1 at most when scores average the bound, and alarms stay below alpha."""
    rng = np.random.default_rng(6)
    looks = [Bets(mean=0.25).look(scores) for scores in rng.beta(1, 3, (4_000, 15))]
    capital = np.exp([one.log_e for one in looks])
    assert capital.mean() <= 1.0 + 3 * capital.std() / np.sqrt(len(capital))
    assert np.mean([one.alarm(0.1) for one in looks]) <= 0.1


def test_bets_on_higher_scores_win() -> None:
    """An account whose scores average twice the bound is found."""
    assert Bets(mean=0.25).look(np.random.default_rng(7).beta(2, 2, 100)).alarm(1e-4)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), max_size=5))
def test_a_later_scan_goes_on_where_the_last_stopped(looks: list[tuple[int, int]]) -> None:
    """State written and read between looks changes nothing."""
    kept, held = FRESH, FRESH
    for hits, misses in looks:
        kept, held = Mixture.from_json(kept.to_json()).look(hits, misses), held.look(hits, misses)
    assert kept == held


def test_bets_survive_being_put_down() -> None:
    """Capital is kept to the last digit."""
    bets = Bets(mean=0.3).look(np.array([0.1, 0.9, 0.45]))
    assert Bets.from_json(bets.to_json()) == bets


def test_an_alarm_once_raised_stays() -> None:
    """Later innocence does not undo what was found: the best look counts."""
    account = FRESH.look(20, 20)
    later = account.look(0, 2_000)
    assert later.log_e < 0.0
    assert account.alarm(0.001)
    assert later.alarm(0.001)


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"noise":0.9,"hit":0.1}', b'{"noise":0.1,"hit":0.9,"hits":-1}', b"\xff"]
)
def test_a_spoilt_state_is_refused(data: bytes) -> None:
    """What is no state, or one out of range, is an input error."""
    with pytest.raises(InputError, match="no state of an e-process"):
        Mixture.from_json(data)


def test_bets_of_another_kind_are_refused() -> None:
    """A state with another number of stakes cannot be gone on with."""
    with pytest.raises(InputError):
        Bets.from_json(b'{"mean":0.2,"capital":[0.0]}')


def test_e_values_of_uniform_p_values_average_one() -> None:
    """The calibrator integrates to 1 and falls as p grows."""
    p = np.geomspace(1e-14, 1.0, 200_001)
    e = p_to_e(p)
    assert np.all(np.diff(e) <= 1e-9)
    # what lies below 1e-14 holds 1 / ln(1e14) of the mass
    assert np.trapezoid(e, p) + 1.0 / np.log(1e14) == pytest.approx(1.0, abs=0.002)


def test_dependent_e_values_are_averaged_and_independent_ones_multiplied() -> None:
    """Copies of one e-value stay an e-value when averaged, and stop being one when multiplied."""
    e = np.exp(np.random.default_rng(8).normal(-0.5, 1.0, 40_000))
    copies = np.stack([e, e], axis=1)
    assert average(copies).mean() == pytest.approx(1.0, abs=0.05)
    assert product(copies).mean() > 2.0
    assert product(np.stack([e, np.roll(e, 1)], axis=1)).mean() == pytest.approx(1.0, abs=0.1)


def test_ratios_that_are_too_sure_become_e_values() -> None:
    """Held against innocent cases, ratios that average 40 on innocent ones average 1 at most, however heavy their tail."""
    rng = np.random.default_rng(21)
    ratios = np.exp(rng.normal(0.0, 2.7, (6_000, 21)))
    e = np.array([calibrated_e(row[:1], float(row[1:].sum()), 20)[0] for row in ratios])
    assert ratios.mean() > 10.0
    assert e.mean() <= 1.0 + 3 * e.std() / np.sqrt(len(e))
    assert e.max() <= 21.0


def test_one_calibrated_e_value_is_the_ratio_over_the_mean() -> None:
    """With many innocent cases it is about that; 0 stays 0 and infinity is n + 1."""
    assert calibrated_e(np.array([0.0, 50.0, np.inf]), 2_000.0, 1_000).tolist() == pytest.approx(
        [0, 24.415, 1_001], rel=1e-3
    )


def test_the_bound_of_ville_is_one_over_alpha() -> None:
    """An e-value of 20 is an alarm at 0.05 and none at 0.04."""
    assert ville(np.log(20.0) + 1e-12, 0.05)
    assert not ville(np.log(20.0), 0.04)
