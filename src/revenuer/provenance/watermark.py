"""The watermark as it meets logits, and the test whether a text carries it.

`bias` is all that a server needs; the adapters for transformers and vLLM call the same arithmetic on their own arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import ConfigError
from revenuer.provenance.scheme import Floats, Ints, Scheme, Words, hashes, unit

__all__ = ["Carried", "Watermark", "grams", "key_words", "repeated"]

_KEY_BYTES: Final = 16


def key_words(keys: Sequence[bytes]) -> Words:
    """Keys as the numbers that schemes take; the first 16 bytes of each count.

    Returns:
        Shape (keys, 2).

    Raises:
        ConfigError: a key is shorter than 16 bytes.
    """
    if any(len(key) < _KEY_BYTES for key in keys):
        raise ConfigError(f"a key of a watermark has at least {_KEY_BYTES} bytes")
    return np.frombuffer(b"".join(key[:_KEY_BYTES] for key in keys), "<u8").astype(np.uint64).reshape(-1, 2)


def repeated(tokens: Ints, window: int) -> bool:
    """Whether the last `window` tokens stood together before, or are fewer than that.

    A context is marked at its first occurrence only: a second use of its numbers would tie two tokens of one answer
    together, and the answer's distribution would no longer be kept.
    """
    if len(tokens) < window:
        return True
    if len(tokens) == window:
        return False
    windows = np.lib.stride_tricks.sliding_window_view(tokens, window)
    return bool((windows[:-1] == windows[-1]).all(axis=1).any())


def grams(tokens: Ints, window: int, prompt: Ints | None = None) -> tuple[Ints, Ints]:
    """Contexts and tokens of an answer, as the server saw them.

    Args:
        tokens: the answer.
        window: how many tokens make a context.
        prompt: tokens before it; without it the first `window` tokens have no context and are left out.

    Returns:
        Shape (tokens, window) and (tokens,).
    """
    before = np.empty(0, np.int64) if prompt is None else prompt[-window:]
    whole = np.concatenate((before, tokens)).astype(np.int64)
    if len(whole) <= window:
        return np.empty((0, window), np.int64), np.empty(0, np.int64)
    return np.lib.stride_tricks.sliding_window_view(whole, window)[:-1], whole[window:]


@dataclass(frozen=True, slots=True)
class Carried:
    """Whether a text carries a key: over `tokens` distinct (context, token) pairs, `excess` above what is expected."""

    tokens: int
    statistic: float
    p: float


class Watermark:
    """A scheme at work.

    Args:
        scheme: which one.
    """

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    def bias(
        self, ctx_ids: Ints, logits: NDArray[np.floating], keys: Words, *, active: NDArray[np.bool_] | None = None
    ) -> NDArray[np.floating]:
        """Logits that carry the rows' keys.

        Args:
            ctx_ids: the last `window` tokens of each row, oldest first; shape (rows, window).
            logits: after temperature and truncation (-inf: cut off); shape (rows, vocabulary).
            keys: shape (rows, 2), as `key_words` gives them: a key of its own for each row.
            active: rows that are marked; by default all. See `repeated`.

        Returns:
            New logits to sample from. With `gumbel` the winner of the race has 0 and all others -inf.

        Raises:
            ConfigError: the shapes do not fit.
        """
        rows, vocabulary = logits.shape
        if ctx_ids.shape != (rows, self.scheme.window) or keys.shape != (rows, 2):
            raise ConfigError(f"a watermark takes {rows} contexts of {self.scheme.window} tokens and as many keys")
        units = self.units(ctx_ids, np.arange(vocabulary, dtype=np.int64)[None, :], keys)
        marked = self._race(logits, units) if self.scheme.name == "gumbel" else self._lists(logits, units)
        return marked if active is None else np.where(active[:, None], marked, logits)

    def units(self, ctx_ids: Ints, tokens: Ints, keys: Words) -> Floats:
        """The keyed numbers between 0 and 1 of candidates; shapes as `hashes` takes them."""
        return np.asarray(unit(hashes(keys, ctx_ids, tokens)), np.float64)

    def scores(self, contexts: Ints, tokens: Ints, key: Words) -> Floats:
        """What each token adds to the statistic; mean 0 and variance 1 under a key that the text does not know.

        Args:
            contexts: shape (tokens, window).
            tokens: shape (tokens,).
            key: shape (1, 2).
        """
        units = self.units(contexts, tokens[:, None], key)[:, 0]
        if self.scheme.name == "gumbel":
            return -np.log1p(-units) - 1.0
        gamma = self.scheme.gamma
        return np.asarray(((units < gamma) - gamma) / np.sqrt(gamma * (1.0 - gamma)), np.float64)

    def carried(self, contexts: Ints, tokens: Ints, key: Words) -> Carried:
        """Test whether a text itself was generated under a key; exact where contexts are distinct.

        Each (context, token) counts once: of a repeated one the second look adds nothing but false certainty. The null is a
        sum of exponentials (`gumbel`, a Gamma) or of coin throws (`kgw`, a binomial).
        """
        from scipy.special import bdtrc, gammaincc  # noqa: PLC0415

        kept = np.unique(np.column_stack((contexts, tokens)), axis=0)
        count = len(kept)
        if not count:
            return Carried(0, 0.0, 1.0)
        scores = self.scores(kept[:, :-1], kept[:, -1], key)
        if self.scheme.name == "gumbel":
            return Carried(count, float(scores.sum() / np.sqrt(count)), float(gammaincc(count, scores.sum() + count)))
        green = int((scores > 0).sum())
        p = 1.0 if not green else float(bdtrc(green - 1, count, self.scheme.gamma))
        return Carried(count, float(scores.sum() / np.sqrt(count)), p)

    def _lists(self, logits: NDArray[np.floating], units: Floats) -> NDArray[np.floating]:
        return logits + np.where(units < self.scheme.gamma, self.scheme.delta, 0.0).astype(logits.dtype)

    @staticmethod
    def _race(logits: NDArray[np.floating], units: Floats) -> NDArray[np.floating]:
        # argmax of logit + Gumbel noise is argmax of u**(1/p), without a softmax
        winners = np.argmax(logits - np.log(-np.log(units)), axis=1)
        marked = np.full_like(logits, -np.inf)
        marked[np.arange(len(logits)), winners] = 0.0
        return marked
