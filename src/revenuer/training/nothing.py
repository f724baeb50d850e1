"""Texts that ask for nothing: how probable the model says `other` is for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from revenuer.fingerprint.exchange import wordless
from revenuer.schema import CAPABILITIES
from revenuer.text.tokens import tokenize
from revenuer.training.leave_out import Round
from revenuer.training.noise import LOGS, STRINGS, Maker
from revenuer.training.train import Data

__all__ = ["nothing_figures"]

_EACH: Final = 50
_OTHER: Final = CAPABILITIES.index("other")


def nothing_figures(data: Data, rounds: Sequence[Round], seed: int = 0) -> dict[str, Any]:
    """Of each kind the mean probability of `other`, the share of which it is the likeliest, and the mean of `extraction`.

    Each kind is scored by the rounds that had not seen it, the same texts by all, and their figures are averaged.
    """
    strings = {kind: _figures(make, rounds, [seed, number]) for number, (kind, make) in enumerate(STRINGS.items())}
    logs = {}
    for number, (kind, make) in enumerate(LOGS.items()):
        blind = [one for one in rounds if one.held[data.sources == f"own:other:{kind}"].all()]
        logs[kind.replace("_", " ")] = _figures(make, blind, [seed, number, 1])
    return strings | logs


def _figures(make: Maker, rounds: Sequence[Round], seed: list[int]) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    texts = pa.array([make(rng) for _ in range(_EACH)])
    none = pa.nulls(_EACH, pa.int32())
    batch = pa.record_batch({"prompt": texts, "system": pa.nulls(_EACH, pa.string()), "tools": none, "images": none})
    prompts, systems = tokenize(texts), tokenize(batch.column("system"))
    scores = [one.model.score(prompts, systems, None, wordless(batch, prompts)) for one in rounds]
    said = np.concatenate([one.probabilities for one in scores])
    return {
        "other": round(float(said[:, _OTHER].mean()), 3),
        "likeliest": round(float(np.mean(said.argmax(axis=1) == _OTHER)), 3),
        "extraction_mean": round(float(np.concatenate([one.extraction for one in scores]).mean()), 3),
    }
