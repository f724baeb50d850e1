"""Whether a model's answers lean towards the choices of a secret key more than towards those of keys that nobody used.

The null is the key: it was drawn at random, so to any model that never saw its marks it is one key among K others, and the
rank of its statistic is uniform, whatever the model, the language or the tokeniser (a randomisation test; Fisher 1935,
Phipson and Smyth 2010 for the exact p). Nothing is assumed about how often tokens repeat, on which naive tests accuse innocents.

The exact p hangs on which null keys were drawn, and is under its level half the time by that luck alone. What is concluded
rests on `p_upper` instead: the upper end of the exact interval (Clopper and Pearson 1934) of the share of all keys that
lie at least as far out. It is never below the exact p, so a test by it accuses fewer innocents than its level says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numba as nb
import numpy as np

from revenuer.errors import ConfigError
from revenuer.provenance.scheme import Floats, Ints, Scheme, Words, hash_one

__all__ = [
    "Leaning",
    "Positions",
    "Table",
    "exact_level",
    "fewest_null_keys",
    "leaning",
    "null_keys",
    "pooled",
    "statistics",
    "tabulate",
]

MIN_REFERENCE: Final = 5  # looks at a context below which its expected shares are noise
SURE: Final = 0.99  # that p_upper is not below the share of all keys: one draw of null keys in a hundred flatters
_LEAST_SHARE: Final = 1e-6
_NOTHING: Final = 30.0  # a chance of exp(-30)


@dataclass(frozen=True, slots=True)
class Positions:
    """What a model did: candidates after contexts, each with a weight.

    Attributes:
        contexts: shape (n, window).
        tokens: shape (n,).
        weights: 1 for a sampled token; a probability where the model itself was read.
    """

    contexts: Ints
    tokens: Ints
    weights: Floats

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, slots=True)
class Table:
    """How often a suspect took a candidate above what the reference does, by context and candidate.

    Attributes:
        contexts: shape (n, window), distinct with `tokens`.
        tokens: shape (n,).
        excess: expected count of the suspect less that of the reference at as many looks.
        shares: probability of the candidate, of suspect and reference together; no key enters it.
        looks: tokens of the suspect that were used.
    """

    contexts: Ints
    tokens: Ints
    excess: Floats
    shares: Floats
    looks: float


@dataclass(frozen=True, slots=True)
class Leaning:
    """How far a model leans towards a key.

    Attributes:
        z: distance from the mean of the null keys, in their standard deviations.
        p_exact: (1 + null keys at least as far) / (1 + null keys).
        p_upper: the share of all keys that lie at least as far out is at most this, with a confidence of 99 % over the draw of
            the null keys; never below `p_exact`. The one to conclude from.
        p_tail: normal tail at z: an approximation, for keys further out than the null reaches.
        effect: excess of the score a token, above the null keys' mean: with `gumbel` the chance that the token won the key's
            race, with `kgw` that it was green.
        keys: how many null keys.
    """

    z: float
    p_exact: float
    p_upper: float
    p_tail: float
    effect: float
    keys: int


def pooled(parts: list[Positions], window: int) -> Positions:
    """Several models' or answers' positions as one."""
    if not parts:
        return Positions(np.empty((0, window), np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
    return Positions(
        np.concatenate([part.contexts for part in parts]),
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def tabulate(suspect: Positions, reference: Positions, *, least: float = MIN_REFERENCE) -> Table:
    """Hold a suspect against unwatermarked answers, context by context.

    Args:
        suspect: what the suspect did.
        reference: what the model that was served does without a mark; or an innocent model trained on that, which
            is better still, since it errs like the suspect.
        least: looks of the reference at a context below which the context is left out.
    """
    both = pooled([suspect, reference], suspect.contexts.shape[1])
    order = np.lexsort((both.tokens, *both.contexts.T[::-1]))
    contexts, tokens = both.contexts[order], both.tokens[order]
    mine = order < len(suspect)
    weights = both.weights[order]
    fresh = np.r_[True, (contexts[1:] != contexts[:-1]).any(axis=1)][: len(tokens)]
    starts = np.flatnonzero(np.r_[True, fresh[1:] | (tokens[1:] != tokens[:-1])][: len(tokens)])
    if not len(starts):
        return Table(contexts, tokens, weights, weights, 0.0)
    of = (np.cumsum(fresh) - 1)[starts]
    counts = np.add.reduceat(np.where(mine, weights, 0.0), starts)
    others = np.add.reduceat(np.where(mine, 0.0, weights), starts)
    looks, seen = np.bincount(of, counts)[of], np.bincount(of, others)[of]
    kept = (looks > 0) & (seen >= least)
    excess = counts - looks * others / np.where(kept, seen, 1.0)
    shares = np.clip((counts + others) / (looks + seen), _LEAST_SHARE, 1.0)
    used = kept & (shares < 1.0)  # where there was no choice no key could choose
    return Table(contexts[starts][used], tokens[starts][used], excess[used], shares[used], float(counts[used].sum()))


def null_keys(count: int, seed: int) -> Words:
    """Keys that nobody used, shape (count, 2)."""
    return np.random.default_rng(seed).integers(0, 2**64, (count, 2), dtype=np.uint64)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sums(keys: Any, contexts: Any, tokens: Any, weights: Any, powers: Any, below: Any, out: Any) -> None:
    for number in range(keys.shape[0]):
        low, high, total = keys[number, 0], keys[number, 1], 0.0
        for row in range(tokens.shape[0]):
            bits = hash_one(low, high, contexts[row], tokens[row]) >> np.uint64(12)
            unit = (np.float64(bits) + 0.5) * 2.0**-52
            if unit > below[row]:
                total += weights[row] * (math.exp(powers[row] * math.log(unit)) if powers[row] > 0.0 else 1.0)
        out[number] = total


def statistics(table: Table, keys: Words, scheme: Scheme, *, plain: bool = False) -> Floats:
    """The statistic of each key: excess times what the key says about the candidate.

    With `gumbel` that is the chance u**((1-p)/p) that a candidate of share p wins, over sqrt(p): p times the derivative of
    the log-likelihood at no marked text would be 1/p, which rests on rare candidates alone; the root was the most
    powerful of ten weights on development students. With `kgw` it is whether the candidate is green.

    Args:
        table: of the suspect.
        keys: shape (keys, 2).
        scheme: of all keys.
        plain: without the weight, for an effect that can be read.
    """
    out = np.zeros(len(keys))
    if scheme.name == "gumbel":
        weights = table.excess if plain else table.excess / np.sqrt(table.shares)
        powers = (1.0 - table.shares) / table.shares
        below = np.exp(-_NOTHING / powers)  # where the chance is nil neither logarithm nor power is worth its time
    else:
        # the green are the numbers below gamma; the sum over all candidates does not depend on the key
        weights, powers = -table.excess, np.zeros(len(table.tokens))
        below = np.full(len(table.tokens), scheme.gamma)
    _sums(keys, table.contexts, table.tokens, weights, powers, below, out)
    return out


def leaning(table: Table, key: Words, scheme: Scheme, null: Words) -> Leaning:
    """Test a key against keys that nobody used.

    Args:
        table: of the suspect.
        key: shape (1, 2).
        scheme: under which text was marked.
        null: other keys, shape (keys, 2).
    """
    from scipy.special import ndtr  # noqa: PLC0415

    own = float(statistics(table, key, scheme)[0])
    others = statistics(table, null, scheme)
    spread = float(others.std())
    z = (own - float(others.mean())) / spread if spread > 0 else 0.0
    beyond = int((others >= own).sum())
    p_exact, p_upper = (1 + beyond) / (1 + len(null)), _upper(beyond, len(null))
    usual = float(statistics(table, null[:100], scheme, plain=True).mean())
    effect = (float(statistics(table, key, scheme, plain=True)[0]) - usual) / max(table.looks, 1.0)
    return Leaning(z, p_exact, p_upper, float(ndtr(-z)), effect, len(null))


def fewest_null_keys(level: float) -> int:
    """How many null keys it takes for `p_upper` to reach a level at all: with none of them as far out."""
    return math.ceil(math.log(1.0 - SURE) / math.log1p(-level))


def exact_level(level: float, count: int) -> float:
    """The exact p up to which `p_upper` is at most `level`, with so many null keys: the real level of the test.

    Raises:
        ConfigError: too few null keys to reach the level.
    """
    if count < fewest_null_keys(level):
        raise ConfigError(
            f"{count} null keys cannot reach the level {level:g}: at least {fewest_null_keys(level)} are needed"
        )
    within, without = 0, count
    while without - within > 1:
        middle = (within + without) // 2
        within, without = (middle, without) if _upper(middle, count) <= level else (within, middle)
    return (1 + within) / (1 + count)


def _upper(beyond: int, count: int) -> float:
    from scipy.special import betaincinv  # noqa: PLC0415

    return float(betaincinv(beyond + 1, count - beyond, SURE)) if beyond < count else 1.0
