"""Why an innocent explanation lost: the observation that decided, and the one that would change the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from revenuer.campaigns.innocent import (
    HYPOTHESES,
    IDENTITY,
    STRONGEST_IDENTITY,
    Hypothesis,
    Judged,
    Prediction,
    unexplained,
    weigh,
)
from revenuer.campaigns.observe import Observed
from revenuer.campaigns.verdict import ENOUGH, STRONGEST_TEXT
from revenuer.findings import Evidence

__all__ = ["why_lost"]

_BY_NAME: Final = {hypothesis.name: hypothesis for hypothesis in HYPOTHESES}
# Evidence below this is not worth naming: a factor of two.
LEAST_NAMED: Final = 0.3


def why_lost(judged: Judged, observed: Observed, evidence: Sequence[Evidence]) -> str:
    """In sentences: how much more likely a campaign is, which observations decided that, and what would change it.

    Args:
        judged: how the hypothesis fared.
        observed: what was observed of the queue.
        evidence: of the verdict.
    """
    hypothesis = _BY_NAME[judged.name]
    decided = _decided(hypothesis, judged, evidence)
    sentences = [_likely(judged.odds, "is")]
    # where the same observation stands on both sides, it is told once
    if judged.misfits and not _rests_on(hypothesis, observed, decided):
        sentences.append(f"against it: {judged.misfits}")
    if decided:
        kept = [one for one in evidence if one not in decided]
        without = weigh(hypothesis, _gains(hypothesis, observed), kept)[1]
        sentences.append(f"not explained: {_told(decided)}; without that {_likely(without, 'would be')}")
    sentences.append(_change(hypothesis, observed, evidence))
    return ". ".join([sentences[0], *(one[:1].upper() + one[1:] for one in sentences[1:])])


def _gains(hypothesis: Hypothesis, observed: Observed) -> list[float]:
    return [prediction.gain(observed) for prediction in hypothesis.predictions]


def _decided(hypothesis: Hypothesis, judged: Judged, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The strongest evidence that the hypothesis does not lead one to expect; what is capped together is taken so."""
    left = unexplained(hypothesis, judged.score, evidence)
    identity = sorted((one for one in left if one.channel in IDENTITY), key=lambda one: -one.strength)
    groups = [identity, *([one] for one in left if one.channel not in IDENTITY)]
    strength, strongest = max(((_strength(group), group) for group in groups), key=lambda pair: pair[0])
    return strongest if strength >= LEAST_NAMED else []


def _strength(group: Sequence[Evidence]) -> float:
    return min(sum(one.strength for one in group), STRONGEST_IDENTITY)


def _rests_on(hypothesis: Hypothesis, observed: Observed, decided: Sequence[Evidence]) -> bool:
    """Whether the prediction that fails most is read off the same observation as the evidence."""
    worst = min(hypothesis.predictions, key=lambda prediction: prediction.gain(observed))
    return any(one.channel in worst.channels for one in decided)


def _told(decided: Sequence[Evidence]) -> str:
    return ", and ".join(f"{_short(one.fact)} ({one.channel})" for one in decided if one.strength >= LEAST_NAMED)


def _change(hypothesis: Hypothesis, observed: Observed, evidence: Sequence[Evidence]) -> str:
    """Which of its marks, had it been seen, would have helped the hypothesis most, and whether that were enough."""
    gains = _gains(hypothesis, observed)
    wishes = []
    for place, prediction in enumerate(hypothesis.predictions):
        if prediction.sought_gain > gains[place]:
            wished = [*gains[:place], prediction.sought_gain, *gains[place + 1 :]]
            odds = weigh(hypothesis, wished, _evidence_if(prediction, observed, evidence))[1]
            wishes.append((odds, prediction.sought.format(value=prediction.sought_value)))
    if not wishes:
        return "all that it predicts is seen; nothing more of that kind would change the verdict"
    odds, words = min(wishes)
    if odds < ENOUGH:
        return f"the verdict would change if {words}: then {_likely(odds, 'would be')}"
    return f"no mark of it alone would change the verdict: even if {words}, {_likely(odds, 'would be')}"


def _evidence_if(prediction: Prediction, observed: Observed, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence as it would be if the prediction held: what rests on the same observation changes with it."""
    changed = []
    for one in evidence:
        strength = one.strength
        if one.channel == "content" and "content" in prediction.channels:
            strength += _text(prediction.sought_value) - _text(observed.extraction)
        elif one.channel in prediction.channels:
            # partition and timing together are the negative of what habits are worth
            strength = -prediction.sought_value if one.channel == prediction.channels[0] else 0.0
        changed.append(replace(one, strength=strength))
    return changed


def _text(score: float) -> float:
    """What the text channel makes of a text score, asks for reasoning aside; of an unknown one nothing."""
    if math.isnan(score):
        return 0.0
    held = min(max(score, 0.02), 0.98)
    return min(max(math.log10(held / (1.0 - held)), -STRONGEST_TEXT), STRONGEST_TEXT)


def _short(fact: str) -> str:
    """The fact without what explains it to newcomers, which stands beside it in the evidence."""
    short = fact.split(": ", maxsplit=1)[0].split("; ", maxsplit=1)[0]
    return short if short.count("(") == short.count(")") else short[: short.rindex(" (")]


def _likely(odds: float, verb: str) -> str:
    """Log10 odds of a campaign in words, with one or two significant figures."""
    if odds < 0.0:
        return f"it {verb} {_times(-odds)} as likely as a campaign"
    return f"a campaign {verb} {_times(odds)} as likely{'' if odds >= ENOUGH else ', too little for a verdict'}"


def _times(odds: float) -> str:
    if odds > 6.0:
        return "more than a million times"
    if odds < 1.0:
        return f"{10.0**odds:.2g} times"
    digits = max(0, int(np.floor(odds)) - 1)
    return f"{round(10.0**odds, -digits):,.0f} times"
