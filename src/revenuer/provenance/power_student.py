"""A small language model of counts: the student that is planted to learn how much a test can see, and a teacher for tests.

It answers from the longest context that it has seen often enough (back-off without smoothing, Katz 1987), so that it
follows its training text closely. A network that generalises follows it less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba as nb
import numpy as np

from revenuer.provenance.radioactivity import Positions
from revenuer.provenance.scheme import Floats, Ints, Scheme, Words, hash_one

__all__ = ["Mark", "NGram", "likelihoods", "read", "sampled", "train", "write"]

_SEEN: Final = 2  # a context that occurred once says nothing about choices
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_OTHER: Final = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True, slots=True)
class NGram:
    """Counts of tokens after contexts of 0 to `order` tokens.

    Attributes:
        order: longest context.
        contexts: hashes of contexts with their length, sorted.
        offsets: where a context's tokens begin; one more than contexts.
        tokens: candidates of all contexts.
        shares: their probabilities, which sum to 1 within a context.
        totals: how often a context occurred.
    """

    order: int
    contexts: Words
    offsets: Ints
    tokens: Ints
    shares: Floats
    totals: Ints


@dataclass(frozen=True, slots=True)
class Mark:
    """How an answer is marked: under which scheme and key, at which share of its tokens."""

    scheme: Scheme
    key: Words
    strength: float = 1.0


def train(texts: list[Ints], order: int = 3) -> NGram:
    """Count what follows what; contexts do not reach over the start of a text."""
    whole = np.concatenate(texts).astype(np.int64)
    place = np.concatenate([np.arange(len(text)) for text in texts])
    hashed = [_context_hashes(whole, place, length) for length in range(order + 1)]
    pairs = np.concatenate(hashed)
    tokens = np.concatenate([whole[place >= length] for length in range(order + 1)])
    sort = np.lexsort((tokens, pairs))
    pairs, tokens = pairs[sort], tokens[sort]
    new = np.flatnonzero(np.r_[True, (pairs[1:] != pairs[:-1]) | (tokens[1:] != tokens[:-1])])
    counts = np.diff(np.r_[new, len(pairs)])
    contexts, first = np.unique(pairs[new], return_index=True)
    offsets = np.r_[first, len(new)].astype(np.int64)
    totals = np.add.reduceat(counts, first).astype(np.int64)
    shares = counts / np.repeat(totals, np.diff(offsets))
    return NGram(order, contexts, offsets, tokens[new], shares, totals)


def _context_hashes(whole: Ints, place: Ints, length: int) -> Words:
    ends = np.flatnonzero(place >= length)
    value = np.full(len(ends), np.uint64(length + 1), np.uint64)
    for back in range(length, 0, -1):
        value = _stir(value ^ (whole[ends - back].astype(np.uint64) * _OTHER))
    return value


def _stir(value: Any) -> Any:
    value = value * _PRIME
    return value ^ (value >> np.uint64(29))


_stirred = nb.njit(inline="always")(_stir)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _find(contexts: Any, offsets: Any, totals: Any, order: int, text: Any, at: int) -> Any:
    """Where the candidates of the longest known context before `at` stand."""
    for length in range(min(order, at), -1, -1):
        value = np.uint64(length + 1)
        for back in range(length, 0, -1):
            value = _stirred(value ^ (np.uint64(text[at - back]) * _OTHER))
        row = np.searchsorted(contexts, value)
        if row < len(contexts) and contexts[row] == value and (totals[row] >= _SEEN or length == 0):
            return offsets[row], offsets[row + 1]
    return 0, 0


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_repeated(text: Any, at: int, window: int) -> bool:
    for earlier in range(window, at):
        same = True
        for back in range(1, window + 1):
            if text[earlier - back] != text[at - back]:
                same = False
                break
        if same:
            return True
    return at < window


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _chosen(tokens: Any, shares: Any, context: Any, rule: Any, key: Any, draw: float) -> Any:
    """One token: drawn, or won in the race where the rule is a race."""
    kind, gamma, lift = rule
    weights, best, winner = shares.copy(), -np.inf, 0
    if kind > 0:
        for place in range(len(tokens)):
            bits = hash_one(key[0], key[1], context, tokens[place]) >> np.uint64(12)
            unit = (np.float64(bits) + 0.5) * 2.0**-52
            if kind == 1 and np.log(unit) / weights[place] > best:
                best, winner = np.log(unit) / weights[place], place
            elif kind == 2 and unit < gamma:
                weights[place] *= lift
    if kind == 1:
        return tokens[winner]
    reached = np.cumsum(weights)
    return tokens[min(np.searchsorted(reached, draw * reached[-1], side="right"), len(tokens) - 1)]


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _write(model: Any, texts: Any, begin: int, draws: Any, marks: Any, rule: Any, key: Any, window: int) -> None:
    contexts, offsets, totals, tokens, shares, order = model
    for row in range(texts.shape[0]):
        text = texts[row]
        for at in range(begin, texts.shape[1]):
            low, high = _find(contexts, offsets, totals, order, text, at)
            marked = marks[row, at - begin] and not _is_repeated(text, at, window)
            here = rule if marked else (0, 0.0, 0.0)
            context = text[max(at - window, 0) : at]
            text[at] = _chosen(tokens[low:high], shares[low:high], context, here, key, draws[row, at - begin])


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _read(model: Any, texts: Any, begin: int, out: Any) -> None:
    contexts, offsets, totals, _, _, order = model
    for row in range(texts.shape[0]):
        for at in range(begin, texts.shape[1]):
            out[row, at - begin] = _find(contexts, offsets, totals, order, texts[row], at)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _judge(tokens: Any, shares: Any, taken: Any, spans: Any, out: Any) -> None:
    for row in range(taken.shape[0]):
        for at in range(taken.shape[1]):
            for place in range(spans[row, at, 0], spans[row, at, 1]):
                if tokens[place] == taken[row, at]:
                    out[row, at] = np.log(shares[place])


def write(model: NGram, starts: Ints, length: int, seed: int, mark: Mark | None = None) -> Ints:
    """Answers of a model at temperature 1.

    Args:
        model: who writes.
        starts: the tokens an answer begins with (its prompt), shape (answers, tokens).
        length: tokens of each answer after its start.
        seed: of the draws.
        mark: how the answers are marked; None: not.

    Returns:
        Shape (answers, tokens + length), the starts among them.
    """
    rng = np.random.default_rng(seed)
    texts = np.zeros((len(starts), starts.shape[1] + length), np.int64)
    texts[:, : starts.shape[1]] = starts
    draws = rng.random((len(starts), length))
    marks = rng.random((len(starts), length)) < (0.0 if mark is None else mark.strength)
    scheme = Scheme() if mark is None else mark.scheme
    rule = (1 + int(scheme.name == "kgw"), scheme.gamma, float(np.exp(scheme.delta)))
    key = np.zeros(2, np.uint64) if mark is None else mark.key[0]
    _write(_parts(model), texts, starts.shape[1], draws, marks, rule, key, scheme.window)
    return texts


def likelihoods(model: NGram, texts: Ints, begin: int) -> Floats:
    """Natural log-probability that a model gives to each token of texts from `begin` on; -inf for one it never saw there.

    Args:
        model: who judges.
        texts: shape (texts, tokens).
        begin: of the first token that is judged.
    """
    spans = np.zeros((len(texts), texts.shape[1] - begin, 2), np.int64)
    _read(_parts(model), texts, begin, spans)
    out = np.full(spans.shape[:2], -np.inf)
    _judge(model.tokens, model.shares, texts[:, begin:], spans, out)
    return out


def read(model: NGram, texts: Ints, window: int) -> Positions:
    """What a model expects at each token of texts, as the weights of an open model would say it.

    Args:
        model: who is read.
        texts: shape (texts, tokens).
        window: tokens of a context of the watermark.
    """
    spans = np.zeros((len(texts), texts.shape[1] - window, 2), np.int64)
    _read(_parts(model), texts, window, spans)
    spans = spans.reshape(-1, 2)
    sizes = spans[:, 1] - spans[:, 0]
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(spans[:, 0], sizes)
    contexts = np.lib.stride_tricks.sliding_window_view(texts, window, axis=1)[:, :-1].reshape(-1, window)
    return Positions(np.repeat(contexts, sizes, axis=0), model.tokens[place], model.shares[place])


def sampled(texts: Ints, window: int, begin: int) -> Positions:
    """The tokens of texts from `begin` on, as a closed model gives them.

    Args:
        texts: shape (texts, tokens), all of one length.
        window: tokens of a context of the watermark.
        begin: where the answers begin.
    """
    grams = np.lib.stride_tricks.sliding_window_view(texts[:, max(begin - window, 0) :], window + 1, axis=1)
    flat = grams.reshape(-1, window + 1)
    return Positions(flat[:, :-1].copy(), flat[:, -1].copy(), np.ones(len(flat)))


def _parts(model: NGram) -> tuple[Any, ...]:
    return (model.contexts, model.offsets, model.totals, model.tokens, model.shares, model.order)
