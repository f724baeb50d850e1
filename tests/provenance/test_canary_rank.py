"""The test of canaries accuses innocents no more often than it says, and finds students that repeat what they were served."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from revenuer.control import clopper_pearson
from revenuer.errors import ConfigError
from revenuer.provenance.canaries_rank import Scored, canary_power, rank_test

TRIALS = 1_000


def suspects(rng: np.random.Generator, sizes: Sequence[int], repeats: float, *, counts: bool) -> list[Scored]:
    """A model with strong likings of its own, which put the served variant first in a share of the canaries."""
    made = []
    for i, k in enumerate(sizes):
        served = int(rng.integers(k))  # what the key does
        liked = rng.dirichlet(np.full(k, 0.3))  # one variant is nearly always preferred, as in natural text
        scores = rng.multinomial(6, liked).astype(float) if counts else np.log(liked)
        if rng.random() < repeats:
            scores[served] = scores.max() + 1.0
        made.append(Scored(f"c{i}", "wording" if i % 2 else "name", tuple(map(float, scores)), served))
    return made


@pytest.mark.parametrize("counts", [False, True], ids=["log-probabilities", "counts with ties"])
def test_innocents_are_accused_no_more_often_than_promised(counts: bool) -> None:  # noqa: FBT001
    """Over 1,000 innocent models with likings of their own, each p stays within its level."""
    rng = np.random.default_rng(1)
    reports = [rank_test(suspects(rng, [2, 3, 4, 4, 5, 6, 4, 3], 0.0, counts=counts)) for _ in range(TRIALS)]
    for name in ("p", "p_top", "p_fisher"):
        p = np.array([getattr(report, name) for report in reports])
        for alpha in (0.05, 0.01, 0.001):
            assert clopper_pearson(int((p <= alpha).sum()), TRIALS, level=0.999)[0] <= alpha, (name, alpha)
    assert abs(np.mean([report.mean_rank for report in reports]) - 0.5) < 0.01


def test_a_student_that_repeats_is_found_as_often_as_the_power_says() -> None:
    """Students that put the served variant first in half of the canaries are found at the rate that is promised."""
    rng, sizes = np.random.default_rng(2), [4] * 15
    reports = [rank_test(suspects(rng, sizes, 0.5, counts=False), alpha=0.01, effect=0.5) for _ in range(300)]
    found = sum(report.verdict == "evidence" for report in reports)
    low, high = clopper_pearson(found, 300, level=0.999)
    assert low <= canary_power(sizes, effect=0.5, alpha=0.01) <= high
    assert found > 150


def test_p_is_the_share_of_choices_that_fit_as_well() -> None:
    """With one canary of four the best rank has p of a quarter, the worst of one; with three best ones p is 1/64."""
    scores = (4.0, 3.0, 2.0, 1.0)
    assert rank_test([Scored("a", "wording", scores, 0)]).p == pytest.approx(0.25)
    assert rank_test([Scored("a", "wording", scores, 3)]).p == pytest.approx(1.0)
    best = rank_test([Scored(str(i), "wording", scores, 0) for i in range(3)])
    assert best.p == best.p_top == pytest.approx(1 / 64)
    assert (best.first, best.mean_rank) == (3, 0.0)


def test_scores_that_are_all_alike_say_nothing() -> None:
    """A suspect that never says any variant is not accused, and the test says that it could not have been."""
    report = rank_test([Scored(str(i), "wording", (0.0, 0.0, 0.0), 0) for i in range(30)])
    assert (report.p, report.p_top, report.informative, report.first) == (1.0, 1.0, 0, 0)
    assert report.verdict == "underpowered"


def test_canaries_that_are_alike_do_not_count_towards_the_power() -> None:
    """Power is that of the canaries whose scores differ."""
    good = [Scored(f"g{i}", "wording", (2.0, 1.0, 0.0, -1.0), 1) for i in range(12)]
    mute = [Scored(f"m{i}", "wording", (0.0,) * 4, 0) for i in range(40)]
    assert rank_test([*good, *mute]).power == pytest.approx(rank_test(good).power)


def test_too_few_canaries_are_called_too_few() -> None:
    """Where even the best ranks could not reach the level, silence is not called innocence."""
    few = rank_test([Scored(str(i), "wording", (2.0, 1.0), 1) for i in range(5)])
    many = rank_test([Scored(str(i), "wording", (4.0, 3.0, 2.0, 1.0), i % 4) for i in range(60)])
    assert (few.verdict, few.power) == ("underpowered", 0.0)
    assert many.verdict == "inconclusive"


@pytest.mark.parametrize(
    "scored",
    [
        [],
        [Scored("a", "wording", (1.0, 2.0), 2)],
        [Scored("a", "wording", (1.0,), 0)],
        [Scored("a", "wording", (1.0, float("nan")), 0)],
        [Scored("a", "wording", (1.0, 2.0), 0)] * 2,
    ],
    ids=["none", "no such variant", "one variant", "no number", "twice"],
)
def test_what_cannot_be_ranked_is_refused(scored: list[Scored]) -> None:
    """Nothing, a canary twice, or scores that do not fit are errors and no result."""
    with pytest.raises(ConfigError):
        rank_test(scored)
