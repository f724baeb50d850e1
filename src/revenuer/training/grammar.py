"""Texts from rules: `#name#` in a rule is replaced by one of the name's alternatives, until none is left."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

__all__ = ["Grammar", "expand", "numbers"]

Grammar = Mapping[str, Sequence[str]]

_SLOT: Final = re.compile(r"#([a-z_]+)#")
_NUMBER: Final = re.compile(r"#(\d+)-(\d+)#")


def numbers(text: str, rng: np.random.Generator) -> str:
    """Replace each `#low-high#` by a number drawn between the two."""
    return _NUMBER.sub(lambda m: str(rng.integers(int(m[1]), int(m[2]) + 1)), text)


def expand(rule: str, grammar: Grammar, rng: np.random.Generator, depth: int = 12) -> str:
    """One text from `rule`.

    Raises:
        KeyError: the rule names a symbol that the grammar lacks.
        RecursionError: the grammar does not end within `depth` rounds.
    """
    for _ in range(depth):
        if not _SLOT.search(rule):
            return numbers(rule, rng)
        rule = _SLOT.sub(lambda m: str(grammar[m[1]][int(rng.integers(len(grammar[m[1]])))]), rule)
    raise RecursionError(f"the grammar does not end: {rule[:80]!r}")
