"""Texts that ask for nothing: strings, noise, numbers, logs; and how probable the model says `other` is for them."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from revenuer.fingerprint.exchange import wordless
from revenuer.schema import CAPABILITIES
from revenuer.text.tokens import tokenize
from revenuer.training.leave_out import Round

__all__ = ["KINDS", "nothing_figures"]

_EACH: Final = 50
_OTHER: Final = CAPABILITIES.index("other")
_WORKERS: Final = ("worker", "cache", "proxy", "queue", "disk")
_HAPPENED: Final = ("connection closed", "retry scheduled", "session opened", "timeout after wait", "job finished")
_LEVELS: Final = ("INFO", "WARN", "ERROR", "DEBUG")


def _letters(rng: np.random.Generator) -> str:
    words = [rng.choice(list(string.ascii_lowercase), rng.integers(2, 10)) for _ in range(rng.integers(3, 40))]
    return " ".join("".join(word) for word in words)


def _numbers(rng: np.random.Generator) -> str:
    return "\n".join(",".join(str(n) for n in rng.integers(0, 10_000, 4)) for _ in range(rng.integers(1, 20)))


def _log(rng: np.random.Generator) -> str:
    lines = []
    for second in range(int(rng.integers(2, 12))):
        what = [rng.choice(words) for words in (_LEVELS, _WORKERS, _HAPPENED)]
        lines.append(
            f"2025-03-{rng.integers(1, 29):02d}T10:00:{second:02d}Z {what[0]} {what[1]}-{rng.integers(9)}: {what[2]}"
        )
    return "\n".join(lines)


KINDS: Final[Mapping[str, Callable[[np.random.Generator], str]]] = {
    "empty": lambda rng: " " * int(rng.integers(0, 3)),
    "marks": lambda rng: "".join(rng.choice(list("?!.-{}[]"), rng.integers(1, 12))),
    "base64": lambda rng: base64.b64encode(rng.bytes(int(rng.integers(24, 600)))).decode(),
    "hexadecimal": lambda rng: rng.bytes(int(rng.integers(16, 400))).hex(),
    "random letters": _letters,
    "numbers": _numbers,
    "logs": _log,
}


def nothing_figures(rounds: Sequence[Round], seed: int = 0) -> dict[str, Any]:
    """Of each kind the mean probability of `other`, the share of which it is the likeliest, and the mean of `extraction`.

    All rounds score the same texts, which none was trained on, and their figures are averaged.
    """
    return {kind: _figures(make, rounds, [seed, number]) for number, (kind, make) in enumerate(KINDS.items())}


def _figures(make: Callable[[np.random.Generator], str], rounds: Sequence[Round], seed: list[int]) -> dict[str, float]:
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
