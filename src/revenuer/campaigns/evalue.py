"""The e-value of a queue: what its evidence weighs against every innocent explanation, without the prior."""

from __future__ import annotations

from revenuer.campaigns.innocent import HYPOTHESES
from revenuer.campaigns.verdict import Verdict

__all__ = ["log10_e"]


def log10_e(verdict: Verdict) -> float:
    """The least log10 likelihood ratio of a campaign against an innocent hypothesis.

    The least over hypotheses is an e-value under whichever of them is true, as far as the likelihoods are right; how far
    they are is measured on worlds without campaigns (`benchmarks/nulls.py`).
    """
    priors = {hypothesis.name: hypothesis.prior for hypothesis in HYPOTHESES}
    return min(float(one.odds) - priors[one.name] for one in verdict.explanations)
