"""Vocabulary, features and the fit: a multinomial and a binary logistic regression drawn towards a prior."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import optimize, sparse

from revenuer.text.features import feature_rows, ngram_hashes
from revenuer.text.ngrams import CONCEPTS, SHAPE, FeatureTable, edge_hashes
from revenuer.text.tokens import Tokens, tokenize
from revenuer.training.priors import concept_prior, pair_prior

__all__ = [
    "Penalty",
    "class_weights",
    "count_ngrams",
    "features",
    "fit",
    "prior_weights",
    "strength",
    "vocabulary",
]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Counts = tuple[U64, I64]


@dataclass(frozen=True, slots=True)
class Penalty:
    """How strongly each kind of weight is drawn to its prior; larger is stronger."""

    grams: float = 0.2
    narrow: float = 1.0
    concepts: float = 3.0
    pairs: float = 8.0
    shape: float = 8.0


def count_ngrams(tokens: Tokens, sources: Sequence[str]) -> dict[str, Counts]:
    """For each source its distinct n-grams and how many of its texts have each."""
    names = np.asarray(sources, object)
    return {
        name: np.unique(ngram_hashes(tokens, np.flatnonzero(names == name)), return_counts=True)
        for name in dict.fromkeys(sources)
    }


@cache
def _lone_characters() -> U64:
    """Single characters of scripts without spaces: alone they say which script it is, and that must not weigh."""
    blocks = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x9FFF), (0xAC00, 0xD7A3))
    letters = " ".join(chr(cp) for first, last in blocks for cp in range(first, last + 1))
    return edge_hashes(np.unique(tokenize(pa.array([letters]), head=len(letters) * 4).hashes))


def vocabulary(
    counts: Sequence[Counts], rows: int, *, size: int, least_rows: int, least_sources: int
) -> tuple[U64, npt.NDArray[np.float32], I64]:
    """The n-grams worth a weight, most widely spread first, their inverse document frequency, their number of sources.

    An n-gram that one source uses tells the source and not the capability: it must occur in `least_sources` of them.
    """
    grams, inverse = np.unique(np.concatenate([g for g, _ in counts]), return_inverse=True)
    told_apart = ~np.isin(grams, _lone_characters())
    spread = np.bincount(inverse)
    texts = np.bincount(inverse, weights=np.concatenate([n for _, n in counts]))
    worth = np.flatnonzero((texts >= least_rows) & (spread >= least_sources) & told_apart)
    order = np.lexsort((grams[worth], -texts[worth], -spread[worth]))[:size]
    chosen = worth[order]
    return grams[chosen], np.log1p(rows / texts[chosen]).astype(np.float32), spread[chosen]


def features(prompt: Tokens, system: Tokens, table: FeatureTable) -> sparse.csr_matrix:
    """Shape (exchanges, table.width): exactly what the scoring kernel sees."""
    ids, values, ends = feature_rows(prompt, system, table)
    return sparse.csr_matrix((values.astype(np.float64), ids, ends), shape=(len(ends) - 1, table.width))


def class_weights(groups: list[tuple[str, str]]) -> F64:
    """One weight per row: every class weighs the same, and within it every source. `groups` are (class, source)."""
    size = Counter(groups)
    sources = Counter(label for label, _ in size)
    return np.array([1 / (size[g] * sources[g[0]]) for g in groups])


def prior_weights(grams: int) -> F64:
    """Shape (width, capabilities + 1): where the weights stand before training."""
    columns = concept_prior().shape[1]
    return np.vstack([np.zeros((grams, columns)), concept_prior(), pair_prior(), np.zeros((SHAPE, columns))])


def strength(spread: I64, penalty: Penalty) -> F64:
    """Shape (width,): how strongly each weight is drawn to its prior.

    An n-gram of few sources is drawn more strongly (`spread` counts them): it may be one of their habits.
    """
    return np.concatenate(
        [
            penalty.grams * (1 + penalty.narrow / spread),
            np.full(CONCEPTS, penalty.concepts),
            np.full(CONCEPTS * CONCEPTS, penalty.pairs),
            np.full(SHAPE, penalty.shape),
        ]
    )


def _softmax(logits: F64) -> F64:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def fit(
    x: sparse.csr_matrix | F64, y: F64, weights: F64, prior: F64, *, strength: F64, iterations: int = 60
) -> tuple[F64, F64]:
    """Weights (width, k) and bias (k,) that minimise cross-entropy plus the distance to `prior`, by L-BFGS.

    Args:
        x: shape (rows, width), sparse or dense.
        y: shape (rows, k), each row a distribution; with k = 1 a probability of yes.
        weights: shape (rows,), how much each row counts; scaled here to a sum of 1,000.
        prior: shape (width, k).
        strength: shape (width,), how strongly each weight is drawn to its prior.
        iterations: at most so many steps.
    """
    width, k = prior.shape
    w = weights / weights.sum() * 1000
    pull = strength[:, None]
    transposed = x.T.tocsr() if sparse.issparse(x) else x.T

    def loss(flat: F64) -> tuple[float, F64]:
        delta, bias = flat[:-k].reshape(width, k), flat[-k:]
        logits = x @ (prior + delta) + bias
        p = _softmax(logits) if k > 1 else 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        entropy = -(y * np.log(p + 1e-12)).sum(axis=1)
        if k == 1:
            entropy = entropy - ((1 - y) * np.log(1 - p + 1e-12)).sum(axis=1)
        residual = (p - y) * w[:, None]
        gradient = transposed @ residual + pull * delta
        value = float(w @ entropy + 0.5 * (pull * delta**2).sum())
        return value, np.concatenate([gradient.ravel(), residual.sum(axis=0)])

    start = np.zeros(width * k + k)
    flat = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations}).x
    return prior + flat[:-k].reshape(width, k), flat[-k:]
