"""Texts from rules: `#name#` in a rule is replaced by one of the name's alternatives, until none is left."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

__all__ = ["Grammar", "expand", "numbers", "read_rules"]

Grammar = Mapping[str, Sequence[str]]

_SLOT: Final = re.compile(r"#([a-z_]+)#")
_NUMBER: Final = re.compile(r"#(\d+)-(\d+)#")
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"n": "\n", "s": " ", "e": "", "\\": "\\"}


@cache
def read_rules(name: str) -> dict[str, list[str]]:
    r"""The sections of `rules/<name>.txt`: `== title` opens one, every further line is an entry, blank lines are skipped.

    In an entry `\n` is a line break, `\s` a space that an editor would strip, `\e` nothing at all, `\\` a backslash.
    """
    text = (resources.files("revenuer.training") / "rules" / f"{name}.txt").read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    title = ""
    for line in text.split("\n"):
        if line.startswith("== "):
            title = line.removeprefix("== ")
            sections[title] = []
        elif line:
            sections[title].append(_ESCAPE.sub(lambda m: _ESCAPED[m[1]], line))
    return sections


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
