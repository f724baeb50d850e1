"""Thin adapters of the watermark to transformers and to vLLM's V1 interface.

Both hold no arithmetic of their own: the numbers are `array_hashes`, on whatever device the logits are.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from revenuer.errors import ConfigError
from revenuer.provenance.keys import MarkRing, load_master
from revenuer.provenance.scheme import GUMBEL, Scheme, array_hashes
from revenuer.provenance.watermark import key_words, repeated

__all__ = ["MASTER", "TOKEN", "Processor", "biased", "truncated"]

TOKEN: Final = "revenuer_wm"  # noqa: S105  # what a request's `vllm_xargs` call the token of its key
MASTER: Final = "REVENUER_WATERMARK_MASTER"


def biased(scheme: Scheme, contexts: Any, logits: Any, words: Any) -> Any:
    """`Watermark.bias` in torch, on the device of the logits.

    Args:
        scheme: of all rows.
        contexts: int64, shape (rows, window).
        logits: after temperature and truncation, shape (rows, vocabulary).
        words: halves of the rows' keys as int64, shape (rows, 2).
    """
    torch: Any = import_module("torch")
    tokens = torch.arange(logits.shape[1], dtype=torch.int64, device=logits.device)[None, :]
    columns = tuple(contexts[:, at : at + 1] for at in range(scheme.window))
    hashed = array_hashes(words[:, :1], words[:, 1:], columns, tokens)
    units = (((hashed >> 12) & ((1 << 52) - 1)).to(torch.float64) + 0.5) * 2.0**-52
    if scheme.name == "kgw":
        return logits + (units < scheme.gamma).to(logits.dtype) * scheme.delta
    winners = (logits.to(torch.float64) - torch.log(-torch.log(units))).argmax(dim=1, keepdim=True)
    return torch.full_like(logits, -torch.inf).scatter_(1, winners, 0.0)


def truncated(logits: Any, temperature: float, top_k: int, top_p: float) -> Any:
    """One row of logits after temperature, top-k and top-p, the cut ones at minus infinity.

    Args:
        logits: shape (vocabulary,).
        temperature: above 0.
        top_k: how many are kept; 0 or less: all.
        top_p: the least probability that the kept ones have together.
    """
    torch: Any = import_module("torch")
    scaled = logits.to(torch.float64) / temperature
    if 0 < top_k < len(scaled):
        least = torch.topk(scaled, top_k).values[-1]
        scaled = scaled.masked_fill(scaled < least, -torch.inf)
    if top_p < 1.0:
        sorted_, places = torch.sort(scaled, descending=True, stable=True)
        shares = torch.softmax(sorted_, dim=0)
        cut = torch.cumsum(shares, dim=0) - shares >= top_p
        scaled = scaled.masked_fill(torch.zeros_like(cut).scatter(0, places, cut), -torch.inf)
    return scaled.to(logits.dtype)


def _signed(keys: Sequence[bytes]) -> Any:
    return np.ascontiguousarray(key_words(keys)).view(np.int64)


class Processor:
    """A logits processor for `generate` of transformers; belongs behind the warpers of temperature and truncation.

    Args:
        scheme: of all rows.
        keys: a key for each row of the batch; None leaves a row unmarked.
    """

    def __init__(self, scheme: Scheme, keys: Sequence[bytes | None]) -> None:
        self._scheme = scheme
        self._marked = np.array([key is not None for key in keys], np.bool_)
        self._words = _signed([key or bytes(16) for key in keys])

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores of one step; `input_ids` has shape (rows, tokens), `scores` (rows, vocabulary)."""
        torch: Any = import_module("torch")
        if len(input_ids) != len(self._words):
            raise ConfigError(f"{len(self._words)} keys for {len(input_ids)} rows")
        window = self._scheme.window
        if input_ids.shape[1] < window:
            return scores
        rows = input_ids.cpu().numpy()
        active = self._marked & ~np.array([repeated(row, window) for row in rows])
        words = torch.from_numpy(self._words).to(scores.device)
        marked = biased(self._scheme, input_ids[:, -window:], scores, words)
        return torch.where(torch.from_numpy(active).to(scores.device)[:, None], marked, scores)


class _Requests:
    """The marked requests of a batch by their row, as vLLM adds, removes and moves them."""

    def __init__(self, ring: MarkRing, scheme: Scheme) -> None:
        self.ring, self.scheme = ring, scheme
        self.rows: dict[int, tuple[Any, Any, list[int], list[int]]] = {}

    def update(self, change: Any) -> None:
        if change is None:
            return
        for row in change.removed:
            self.rows.pop(row, None)
        for row, params, prompt, output in change.added:
            self.rows.pop(row, None)
            token = (params.extra_args or {}).get(TOKEN)
            if token is not None and params.temperature > 0:
                self.rows[row] = (_signed([self.ring.resolve(token)]), params, prompt or [], output)
        for source, target, way in change.moved:
            first, second = self.rows.pop(source, None), self.rows.pop(target, None)
            if first is not None:
                self.rows[target] = first
            if second is not None and way.name == "SWAP":
                self.rows[source] = second

    def apply(self, logits: Any) -> Any:
        torch: Any = import_module("torch")
        window = self.scheme.window
        for row, (words, params, prompt, output) in self.rows.items():
            text = np.array([*prompt, *output], np.int64)
            if repeated(text, window):
                continue
            cut = truncated(logits[row], params.temperature, params.top_k, params.top_p)[None, :]
            context = torch.from_numpy(text[None, -window:].copy()).to(logits.device)
            chosen = biased(self.scheme, context, cut, torch.from_numpy(words).to(logits.device))
            # vLLM divides by the temperature again: only what is cut off, and the race's winner, survive that
            logits[row] = chosen[0] * params.temperature
        return logits


@cache
def _vllm_processor() -> type:
    """The class that vLLM loads, made when it is asked for: it must derive from one of vLLM's."""
    base: Any = import_module("vllm.v1.sample.logits_processor").LogitsProcessor

    class VllmProcessor(base):  # type: ignore[misc]
        """Marks the requests that carry a token, each under its own key."""

        def __init__(self, vllm_config: Any, device: Any, is_pin_memory: Any) -> None:
            del device, is_pin_memory
            if getattr(vllm_config, "speculative_config", None) is not None:
                raise ConfigError("a watermark and speculative decoding do not go together in vLLM's V1 interface")
            place = os.environ.get(MASTER)
            if not place:
                raise ConfigError(f"{MASTER}: expected the file of the master secret")
            self._requests = _Requests(load_master(Path(place)), GUMBEL)

        @classmethod
        def validate_params(cls, sampling_params: Any) -> None:
            token = (sampling_params.extra_args or {}).get(TOKEN)
            if token is not None and not isinstance(token, str):
                raise ValueError(f"{TOKEN} is the token that `revenuer watermark key` printed")

        def is_argmax_invariant(self) -> bool:
            return False

        def update_state(self, batch_update: Any) -> None:
            self._requests.update(batch_update)

        def apply(self, logits: Any) -> Any:
            return self._requests.apply(logits)

    return VllmProcessor


def __getattr__(name: str) -> Any:
    if name == "VllmProcessor":
        return _vllm_processor()
    raise AttributeError(name)
