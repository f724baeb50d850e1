"""E-values: evidence that may be looked at again and again.

An e-value is a number whose mean is 1 at most if the hypothesis, say that an account is honest, holds; by Markov it
exceeds 1 / alpha with a chance of alpha at most, and an e-process does so *ever*, however often one looks (Ville 1939).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

import msgspec
import numpy as np
import numpy.typing as npt

from revenuer.errors import InputError

__all__ = ["FRACTIONS", "STAKES", "Bets", "Mixture", "average", "calibrated_e", "p_to_e", "product", "ville"]

F64 = npt.NDArray[np.float64]

# Shares of extraction in an account's traffic that the mixture holds possible.
FRACTIONS: Final = (0.02, 0.05, 0.1, 0.25, 1.0)
# Stakes of the betting process, as shares of the highest one that cannot go bankrupt.
STAKES: Final = (0.02, 0.05, 0.1, 0.25, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """What e-processes share: the past is a few numbers, which a later scan goes on from.

    Attributes:
        best: greatest log e-value at the end of any look so far.
    """

    best: float = 0.0

    def alarm(self, alpha: float) -> bool:
        """Whether any look so far reached 1 / alpha."""
        return ville(self.best, alpha)

    def to_json(self) -> bytes:
        """What a later scan goes on from."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: the text is no such state.
        """
        try:
            return msgspec.json.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"no state of an e-process: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture(_Process):
    """E-process of exchanges that a classifier calls extraction or not, over shares of extraction in the traffic.

    The chance of a hit is `f * hit + (1 - f) * noise`, against `noise` for an honest account; the likelihood ratio is
    averaged over the fractions f. Valid while an honest account's exchange is a hit with a chance of `noise` at most,
    given its past.

    Attributes:
        noise: bound of the chance that an honest exchange is a hit, in (0, 1).
        hit: chance that an extraction exchange is one, above `noise` and below 1.
        hits: hits seen so far; `misses` likewise.

    Raises:
        ValueError: a value is out of its range.
    """

    noise: float
    hit: float
    hits: int = 0
    misses: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.noise < self.hit < 1.0 or self.hits < 0 or self.misses < 0:
            raise ValueError("expected 0 < noise < hit < 1 and counts of 0 or more")

    @property
    def log_e(self) -> float:
        """Natural logarithm of the e-value now."""
        share = np.array(FRACTIONS)
        chance = share * self.hit + (1.0 - share) * self.noise
        logs = self.hits * np.log(chance / self.noise) + self.misses * np.log((1.0 - chance) / (1.0 - self.noise))
        return _log_mean(logs)

    def look(self, hits: int, misses: int) -> Self:
        """The process after more exchanges."""
        later = replace(self, hits=self.hits + hits, misses=self.misses + misses)
        return replace(later, best=max(self.best, later.log_e))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bets(_Process):
    """E-process of scores in [0, 1]: the capital of bets, at several stakes, that the mean exceeds `mean`.

    The product of 1 + s (x - mean) / mean, averaged over the stakes s (Waudby-Smith and Ramdas 2024). Valid while the
    score of an honest account's exchange has a mean of `mean` at most, given its past.

    Attributes:
        mean: bound of the mean score of honest exchanges, in (0, 1).
        capital: log capital of each of `STAKES`.

    Raises:
        ValueError: a value is out of its range.
    """

    mean: float
    capital: tuple[float, ...] = (0.0,) * len(STAKES)

    def __post_init__(self) -> None:
        if not 0.0 < self.mean < 1.0 or len(self.capital) != len(STAKES):
            raise ValueError(f"expected 0 < mean < 1 and {len(STAKES)} capitals")

    @property
    def log_e(self) -> float:
        """Natural logarithm of the e-value now."""
        return _log_mean(np.array(self.capital))

    def look(self, scores: F64) -> Self:
        """The process after more exchanges with these scores, in [0, 1], shape (exchanges,)."""
        won = np.log1p(np.multiply.outer((scores - self.mean) / self.mean, np.array(STAKES))).sum(axis=0)
        later = replace(self, capital=tuple((np.array(self.capital) + won).tolist()))
        return replace(later, best=max(self.best, later.log_e))


def _log_mean(logs: F64) -> float:
    """Logarithm of the mean of exponentials."""
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).mean()))


def ville(log_e: float, alpha: float) -> bool:
    """Whether an e-value with this natural logarithm reaches 1 / alpha."""
    return log_e >= -float(np.log(alpha))


def p_to_e(p: F64) -> F64:
    """E-values from p-values: the mean of kappa * p ** (kappa - 1) over kappa in (0, 1) (Vovk and Wang 2021).

    Large only where p is very small: 1.8 at 0.05, 21 at 0.001, 754 at 1e-5.
    """
    p = np.asarray(p, np.float64)
    log = np.log(np.clip(p, 1e-300, 1.0))
    small = np.minimum(log, -1e-4)
    e: F64 = np.where(log > -1e-4, 0.5, (1.0 - p + p * small) / (np.maximum(p, 1e-300) * small**2))
    return e


def average(e: F64) -> F64:
    """One e-value from those along the last axis, whatever their dependence."""
    mean: F64 = np.mean(e, axis=-1)
    return mean


def product(e: F64) -> F64:
    """One e-value from those along the last axis, if they are independent or each is one given those before."""
    together: F64 = np.prod(e, axis=-1)
    return together


def calibrated_e(ratios: F64, null_sum: float, null_count: int) -> F64:
    """E-values from likelihood ratios that may be too sure, by the ratios of cases known to be innocent.

    With n innocent cases of sum S the e-value of a ratio r is (n + 1) r / (r + S): about r over their mean, and n + 1 at
    most. Its mean is 1 at most if an innocent case could change places with the known ones, whatever the ratios are
    worth (conformal e-prediction, Vovk, arXiv 2001.05989).

    Args:
        ratios: at least 0, infinity allowed, of any shape.
        null_sum: sum of the ratios of the innocent cases, above 0.
        null_count: how many.
    """
    with np.errstate(divide="ignore"):
        e: F64 = (null_count + 1) / (1.0 + null_sum / np.asarray(ratios, np.float64))
    return e
