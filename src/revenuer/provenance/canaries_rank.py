"""Whether a suspect prefers the variants that were served, by exact distributions over what the key could have chosen.

Given the suspect's scores, only the key's choice is random: each canary's served variant is any of its k, equally likely and
independently of the others. Nothing is assumed about the suspect, its language or how much it likes a variant by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from revenuer.errors import ConfigError

__all__ = ["CanaryReport", "Scored", "canary_power", "rank_test"]

Floats = npt.NDArray[np.float64]
_LEAST = 1e-300  # below it a product of many small chances is no longer a number


@dataclass(frozen=True)
class Scored:
    """A canary, and what the suspect makes of it.

    Attributes:
        name: of the canary.
        kind: of the canary.
        scores: of each variant: counts or log-probabilities, less those of the model that was served if they are known.
        served: index of the variant that was served.
    """

    name: str
    kind: str
    scores: tuple[float, ...]
    served: int


@dataclass(frozen=True)
class CanaryReport:
    """What the canaries say.

    Attributes:
        verdict: `evidence`: p is at most alpha; `inconclusive`: it is not; `underpowered`: it is not, and the canaries could
            hardly have shown anything.
        p: exact probability, were the suspect innocent, of ranks that are this low together. The one to report.
        p_top: likewise of as many served variants that come first, alone. Shown beside; not to be chosen instead of p.
        p_fisher: p-values of the ranks of each kind by themselves, combined (Fisher 1932). Shown beside.
        mean_rank: of the served variants, from 0 (always first) to 1 (always last); 0.5 is what innocence leads to.
        first: served variants that come first, alone.
        canaries: how many there are.
        informative: how many of them have scores that are not all alike.
        power: chance of p at or below alpha for a student that puts the served variant first in `effect` of the informative
            canaries, and has no preference in the others.
        alpha: level.
        effect: see `power`.
    """

    verdict: Literal["evidence", "inconclusive", "underpowered"]
    p: float
    p_top: float
    p_fisher: float
    mean_rank: float
    first: int
    canaries: int
    informative: int
    power: float
    alpha: float
    effect: float


def rank_test(
    scored: Sequence[Scored], *, alpha: float = 0.01, effect: float = 0.5, enough: float = 0.8
) -> CanaryReport:
    """Test a suspect.

    Args:
        scored: its canaries: all that were placed, also those that look bad.
        alpha: level.
        effect: share of canaries in which a student would put the served variant first.
        enough: power below which silence says nothing.

    Raises:
        ConfigError: there is no canary, one is there twice, or a score is no number.
    """
    _check(scored, alpha, effect)
    places = [_doubled_ranks(np.array(one.scores)) for one in scored]
    kinds = sorted({one.kind for one in scored})
    split = [[i for i, one in enumerate(scored) if one.kind == kind] for kind in kinds]
    by_kind = [_p_low([scored[i] for i in rows], [places[i] for i in rows]) for rows in split]
    telling = [one for one in scored if len(set(one.scores)) > 1]
    p, power = _p_low(scored, places), canary_power([len(one.scores) for one in telling], effect=effect, alpha=alpha)
    return CanaryReport(
        verdict="evidence" if p <= alpha else "inconclusive" if power >= enough else "underpowered",
        p=p,
        p_top=_p_top(scored),
        p_fisher=_fisher(by_kind),
        mean_rank=float(np.mean([_depth(at, one.served) for one, at in zip(scored, places, strict=True)])),
        first=sum(_alone_on_top(one) for one in scored),
        canaries=len(scored),
        informative=len(telling),
        power=power,
        alpha=alpha,
        effect=effect,
    )


def canary_power(variants: Sequence[int], *, effect: float, alpha: float) -> float:
    """Chance of evidence against a student that puts the served variant first in `effect` of all canaries; exact.

    Args:
        variants: how many each canary has.
        effect: see above; in the other canaries all ranks are equally likely.
        alpha: level.
    """
    null, other = np.ones(1), np.ones(1)
    for k in variants:
        even = np.full(k, 1.0 / k)
        null = np.convolve(null, even)
        other = np.convolve(other, (1.0 - effect) * even + effect * (np.arange(k) == 0))
    low = np.cumsum(null) <= alpha * (1.0 + 1e-12)
    return float(other[low].sum())


def _check(scored: Sequence[Scored], alpha: float, effect: float) -> None:
    if not scored:
        raise ConfigError("no canary was placed and scored")
    if not (0 < alpha < 1 and 0 < effect <= 1):
        raise ConfigError("expected a level below 1, and an effect above 0 and up to 1")
    if len({one.name for one in scored}) != len(scored):
        raise ConfigError("a canary counts once: one was scored twice")
    for one in scored:
        if not (0 <= one.served < len(one.scores)) or len(one.scores) < 2:
            raise ConfigError(f"{one.name}: expected a score for each of its variants")
        if any(math.isnan(score) for score in one.scores):
            raise ConfigError(f"{one.name}: a score is no number")


def _doubled_ranks(scores: Floats) -> npt.NDArray[np.int64]:
    """Twice the place of each score less one, from the highest; those that are alike share the mean of their places."""
    above = (scores[None, :] > scores[:, None]).sum(1)
    alike = (scores[None, :] == scores[:, None]).sum(1)
    return np.asarray(2 * above + alike - 1, np.int64)


def _depth(places: npt.NDArray[np.int64], served: int) -> float:
    return float(places[served]) / (2 * (len(places) - 1))


def _p_low(scored: Sequence[Scored], places: Sequence[npt.NDArray[np.int64]]) -> float:
    """Probability that places sum to what they do or less, over all choices of the key."""
    total = np.ones(1)
    for at in places:
        total = np.convolve(total, np.bincount(at, minlength=int(at.max()) + 1) / len(at))
    observed = sum(int(at[one.served]) for one, at in zip(scored, places, strict=True))
    return min(1.0, float(total[: observed + 1].sum()))


def _alone_on_top(one: Scored) -> bool:
    return all(one.scores[one.served] > score for i, score in enumerate(one.scores) if i != one.served)


def _p_top(scored: Sequence[Scored]) -> float:
    """Probability of as many served variants alone on top; where two share the top nobody can be."""
    total = np.ones(1)
    for one in scored:
        chance = 1.0 / len(one.scores) if one.scores.count(max(one.scores)) == 1 else 0.0
        total = np.convolve(total, [1.0 - chance, chance])
    return min(1.0, float(total[sum(_alone_on_top(one) for one in scored) :].sum()))


def _fisher(p: Sequence[float]) -> float:
    from scipy.special import gammaincc  # noqa: PLC0415

    return float(gammaincc(len(p), -sum(math.log(max(one, _LEAST)) for one in p)))
