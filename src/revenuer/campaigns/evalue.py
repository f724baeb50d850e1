"""The e-value of a queue: what its evidence weighs against every innocent explanation, without the prior."""

from __future__ import annotations

from typing import Final

from revenuer.campaigns.innocent import HYPOTHESES
from revenuer.campaigns.verdict import Verdict

__all__ = ["NULL_COUNT", "NULL_SUM", "log10_e"]

# Sum and number of the likelihood ratios of queues in worlds without a campaign, as `benchmarks/nulls.py --worlds 200
# --exchanges 6000 --seed 7000` prints them (docs/error-control.md). Whatever changes a likelihood makes them void.
NULL_SUM: Final = 601.649
NULL_COUNT: Final = 443


def log10_e(verdict: Verdict) -> float:
    """The least log10 likelihood ratio of a campaign against an innocent hypothesis.

    The least over hypotheses is an e-value under whichever of them is true, as far as the likelihoods are right; how far
    they are is measured on worlds without campaigns (`benchmarks/nulls.py`).
    """
    priors = {hypothesis.name: hypothesis.prior for hypothesis in HYPOTHESES}
    return min(float(one.odds) - priors[one.name] for one in verdict.explanations)
