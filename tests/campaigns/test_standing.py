"""Which campaigns stand at an expected share of false ones: e-BH over all queues, by innocent queues of null worlds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from judged_worlds import CAMPAIGN, farm, weighed

from revenuer.campaigns.evalue import NULL_COUNT, NULL_SUM
from revenuer.campaigns.innocent import HYPOTHESES
from revenuer.campaigns.verdict import Verdict
from revenuer.errors import ConfigError
from revenuer.sources import Content
from revenuer.standing import checked_level, claim, log10_ratios, named, standing, standings

PRIORS = {hypothesis.name: hypothesis.prior for hypothesis in HYPOTHESES}
JUDGED = weighed(CAMPAIGN, farm())


def verdict(ratio: float, *, campaign: bool = True) -> Verdict:
    """A verdict with this log10 likelihood ratio against every explanation."""
    explanations = tuple(replace(one, odds=PRIORS[one.name] + ratio) for one in JUDGED.explanations)
    return replace(JUDGED, campaign=campaign, explanations=explanations)


def innocent(count: int) -> list[Verdict]:
    return [verdict(-1.0, campaign=False)] * count


def test_by_default_the_odds_alone_name() -> None:
    """Without a level every queue that is called a campaign is named, whatever its e-value."""
    assert named([verdict(9.0), *innocent(2), verdict(-3.0)], None) == [0, 3]


def test_a_level_names_what_e_bh_leaves() -> None:
    """The strong campaign stands among ten queues, the weak one does not."""
    verdicts = [verdict(1.0), *innocent(8), verdict(9.0)]
    assert log10_ratios(verdicts)[[0, 9]].tolist() == pytest.approx([1.0, 9.0])
    assert named(verdicts, 0.05) == [9]
    assert standing(verdicts, 0.05).tolist() == [False] * 9 + [True]


def test_a_lower_level_names_no_more() -> None:
    """Whatever stands at a level stands at every higher one."""
    verdicts = [*(verdict(ratio) for ratio in np.linspace(0.5, 5.0, 12)), *innocent(20)]
    kept = [set(named(verdicts, level)) for level in (0.001, 0.01, 0.05, 0.2, 0.8)]
    assert all(less <= more for less, more in pairwise(kept))
    assert kept[0] < kept[-1]


def test_more_queues_ask_for_more() -> None:
    """One campaign stands as long as the calibration carries so many queues, and no longer."""
    carried = int(0.05 * NULL_COUNT)
    assert named([verdict(12.0), *innocent(carried - 1)], 0.05) == [0]
    assert named([verdict(12.0), *innocent(carried + 1)], 0.05) == []


def test_what_the_odds_do_not_call_lends_no_strength() -> None:
    """Queues with great ratios that are too small to be called do not help others over the bound."""
    many = int(0.05 * NULL_COUNT) + 10
    small = [verdict(12.0, campaign=False)] * 15
    assert named([verdict(12.0), *small, *innocent(many)], 0.05) == []


def test_standings_say_what_the_calibration_makes_of_a_ratio() -> None:
    """The e-value is the conformal one against the shipped sum and number, by campaign id."""
    found = standings([*innocent(3), verdict(4.0)], {"C-1": 3}, "full")["C-1"]
    assert found.log10_e == pytest.approx(4.0)
    assert found.log10_calibrated is not None
    assert 10**found.log10_calibrated == pytest.approx((NULL_COUNT + 1) * 1e4 / (1e4 + NULL_SUM), rel=1e-5)
    assert found.stands


def test_without_text_nothing_stands_or_falls() -> None:
    """The calibration was measured with text: only the ratio is told, and the claim says so."""
    found = standings([verdict(4.0)], {"C-1": 0}, "none")["C-1"]
    assert (found.log10_calibrated, found.stands) == (None, None)
    assert "none was read" in claim([verdict(4.0)], "none", None)


def test_the_claim_says_what_is_bounded() -> None:
    """By odds nothing is; with a level its share is; where calibration is short, how many have to stand together."""
    verdicts = [verdict(9.0), *innocent(4)]
    assert "not bounded. 1 of 1 also stand" in claim(verdicts, "full", None)
    bounded = claim(verdicts, "sketch", 0.01)
    assert "share of 0.01 at most is false" in bounded
    assert "together" not in claim(verdicts, "full", 0.05)
    assert "no fewer than 3 campaigns" in claim(innocent(int(0.05 * NULL_COUNT * 2.5)), "full", 0.05)


@pytest.mark.parametrize(("level", "content"), [(0.0, "full"), (1.0, "full"), (-0.1, "full"), (0.05, "none")])
def test_a_level_that_cannot_be_held_is_refused(level: float, content: Content) -> None:
    """Nought, one and beyond are no levels, and without text nothing was measured."""
    checked_level(None, content)
    with pytest.raises(ConfigError, match="--fdr"):
        checked_level(level, content)
