"""Spin notation: `{one|other}` is a choice, `[maybe]` stands or falls, `<slot>` is filled; realised once or anew."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache

__all__ = ["fill", "spin"]

Node = str | tuple[object, ...]

_SLOT = re.compile(r"<(\w+)>")
_MARK = re.compile(r"([{}|\[\]])")


@cache
def _parse(pattern: str) -> tuple[object, ...]:
    parts = _MARK.split(pattern)
    sequence, _ = _sequence(parts, 0, "")
    return sequence


def _sequence(parts: list[str], at: int, closing: str) -> tuple[tuple[object, ...], int]:
    """Alternatives up to `closing`, as a tuple of sequences, and where to go on."""
    options: list[tuple[object, ...]] = []
    current: list[object] = []
    while at < len(parts):
        mark = parts[at]
        at += 1
        if mark == closing and closing:
            break
        if mark == "|" and closing == "}":
            options.append(tuple(current))
            current = []
        elif mark == "{":
            inner, at = _sequence(parts, at, "}")
            current.append(inner)
        elif mark == "[":
            inner, at = _sequence(parts, at, "]")
            current.append((*inner, ()))
        elif mark:
            current.append(mark)
    options.append(tuple(current))
    return tuple(options), at


def _realise(options: tuple[object, ...], dice: random.Random) -> str:
    chosen = options[int(dice.random() * len(options))] if len(options) > 1 else options[0]
    return "".join(
        part if isinstance(part, str) else _realise(part, dice)
        for part in chosen  # type: ignore[attr-defined]
    )


def spin(pattern: str, dice: random.Random) -> str:
    """One realisation of a pattern; slots stay as they are."""
    return _realise(_parse(pattern), dice)


def fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with its `<slot>`s replaced; unknown slots stay, since texts hold angle brackets of their own."""
    return _SLOT.sub(lambda m: slots.get(m.group(1), m.group(0)), template)
