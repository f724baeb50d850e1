"""The innocent explanations that a campaign has to beat, each by what it would lead one to observe.

A hypothesis is data: the observations that it predicts and a campaign does not. Each prediction that holds adds to its
log10 likelihood ratio against a campaign, each that fails takes away. Predictions about what cannot be observed (no
addresses, no sign-up data) add nothing. Customers with habits (agent clients, template vendors, tutoring, analysis
products, incident reports) are told from a queue by exchangeability, which the verdict weighs itself; they stand here
so that the report can name the one that came closest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from revenuer.campaigns.observe import Observed
from revenuer.linkage.partition import queue_evidence

__all__ = ["HYPOTHESES", "Hypothesis", "Judged", "judge"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Something that a hypothesis leads one to observe.

    Attributes:
        value: reads it off the observations; NaN where it cannot be observed.
        bound: where it starts to hold; `width` is over how much it goes from failing to holding.
        width: negative where small values fit.
        weight: log10 likelihood ratio when it clearly holds; its negative, at most 2, when it clearly fails.
        words: what was observed, for people; `{value}` is filled in.
    """

    value: Callable[[Observed], float]
    bound: float
    width: float
    weight: float
    words: str

    def gain(self, observed: Observed) -> float:
        """Log10 likelihood ratio that this observation adds to the hypothesis."""
        value = self.value(observed)
        if math.isnan(value):
            return 0.0
        return self.weight * math.tanh((value - self.bound) / self.width)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A named innocent explanation; `prior` is its log10 odds against a campaign before looking."""

    name: str
    prior: float
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """How a hypothesis fared: its log10 likelihood ratio against a campaign, and the observation that moved it most."""

    name: str
    score: float
    why: str


def _habits(observed: Observed) -> float:
    return -queue_evidence(observed.test)


def _entities(observed: Observed) -> float:
    return float(observed.entities)


_ONE_OWNER: Final = Prediction(lambda o: o.largest, 0.25, 0.1, 3.0, "the largest organisation owns {value:.0%} of them")
_FEW_OWNERS: Final = Prediction(_entities, 4.5, -1.0, 1.5, "{value:.0f} independent owners stand behind them")
_HABITS: Final = Prediction(
    _habits, 0.5, 0.5, 2.0, "accounts differ in what and when they ask by a log10 likelihood ratio of {value:.1f}"
)
_REPEATS: Final = Prediction(
    lambda o: o.test.repeats, 0.4, 0.1, 1.5, "{value:.0%} of requests repeat on other accounts"
)
_NEW_ITEMS: Final = Prediction(lambda o: o.novelty, 0.35, -0.1, 1.0, "{value:.0%} of the tasks are new ones")
_FOLLOWS_UP: Final = Prediction(lambda o: o.followups, 0.5, 0.2, 0.5, "{value:.0%} of requests continue a conversation")
_EDUCATION: Final = Prediction(lambda o: o.education, 0.5, 0.15, 2.0, "{value:.0%} are in an education programme")
_ONE_NETWORK: Final = Prediction(lambda o: o.one_network, 0.5, 0.15, 1.5, "{value:.0%} share one network")
_CLASS_HOURS: Final = Prediction(
    lambda o: o.peak, 3.0, 1.0, 1.0, "hours are {value:.1f} times as concentrated as a clock"
)
_FEW_EACH: Final = Prediction(lambda o: o.per_account, 12.0, -4.0, 0.5, "{value:.0f} requests an account")
_ORDINARY: Final = Prediction(lambda o: o.extraction, 0.35, -0.08, 2.0, "the text is extraction-like at {value:.2f}")
_SHORT: Final = Prediction(lambda o: o.span_days, 4.0, -1.0, 0.7, "it lasts {value:.1f} days")
_CONSENT: Final = Prediction(lambda o: o.consented, 0.6, 0.1, 4.0, "{value:.0%} are covered by a registered consent")
_MANY_KINDS: Final = Prediction(
    lambda o: o.dedication, 0.3, -0.1, 1.0, "{value:.0%} of their traffic uses these templates"
)

HYPOTHESES: Final = (
    Hypothesis("L1 public evaluation", -1.0, (_FEW_OWNERS, _ONE_OWNER, _NEW_ITEMS)),
    Hypothesis("L2 regression or drift monitor", -1.0, (_FEW_OWNERS, _ONE_OWNER, _REPEATS)),
    Hypothesis("L3 batch labelling", -0.5, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L4 judge for an own product", -0.5, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L5 consented synthetic data", 0.0, (_CONSENT,)),
    Hypothesis("L6 coding agents and CI", -0.5, (_FEW_OWNERS, _ONE_OWNER, _FOLLOWS_UP)),
    Hypothesis("L7 popular agent client", -0.5, (_HABITS, _FOLLOWS_UP)),
    Hypothesis("L8 classroom", -1.0, (_EDUCATION, _ONE_NETWORK, _REPEATS, _CLASS_HOURS, _FEW_EACH)),
    Hypothesis("L9 hackathon", -1.0, (_SHORT, _ONE_NETWORK, _HABITS, _MANY_KINDS)),
    Hypothesis("L10 gateway", -0.5, (_FEW_OWNERS, _HABITS)),
    Hypothesis("L11 reseller of ordinary traffic", -0.5, (_ORDINARY,)),
    Hypothesis("L12 translation batch", -1.0, (_ORDINARY, _FEW_OWNERS)),
    Hypothesis("L13 support or process bot", -1.0, (_ORDINARY, _FEW_OWNERS)),
    Hypothesis("L14 template vendor", 0.0, (_HABITS,)),
    Hypothesis("L15 backfill or migration", -1.0, (_FEW_OWNERS, _ONE_OWNER, _SHORT)),
    Hypothesis("L16 reasoning kept for audit", -0.5, (_FEW_OWNERS, _ONE_OWNER, _HABITS)),
    Hypothesis("L17 tutoring", -0.5, (_HABITS, _FEW_EACH)),
    Hypothesis("L18 red team", -0.5, (_FEW_OWNERS, _ONE_OWNER, _HABITS)),
    Hypothesis("L19 academic distillation by one identity", -0.5, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L20 multi-provider router", -1.0, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L21 shared network", -1.0, (_ONE_NETWORK, _HABITS)),
    Hypothesis("L22 compaction by an honest client", -1.0, (_HABITS, _FOLLOWS_UP)),
    Hypothesis("L23 analysis product", -0.5, (_HABITS,)),
    Hypothesis("L24 incident reports and transcript search", -0.5, (_HABITS, _MANY_KINDS)),
    Hypothesis("viral or published prompt", -0.5, (_HABITS, _REPEATS, _MANY_KINDS)),
)


def judge(observed: Observed) -> list[Judged]:
    """How every hypothesis fares, best first."""
    judged = [_judge(hypothesis, observed) for hypothesis in HYPOTHESES]
    return sorted(judged, key=lambda one: (-one.score, one.name))


def _judge(hypothesis: Hypothesis, observed: Observed) -> Judged:
    gains = [(prediction.gain(observed), prediction) for prediction in hypothesis.predictions]
    # what fails takes away less than what holds adds: a workload need not show all of its marks
    score = hypothesis.prior + sum(max(gain, -2.0) for gain, _ in gains)
    _, decisive = max(gains, key=lambda pair: abs(pair[0]))
    return Judged(hypothesis.name, score, decisive.words.format(value=decisive.value(observed)))
