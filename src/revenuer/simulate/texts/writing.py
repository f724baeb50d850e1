"""Spin notation: `{one|other}` is a choice, `[maybe]` stands or falls, `<slot>` is filled; realised once or anew."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

__all__ = ["Dice", "Steps", "fill", "realised", "spin", "steps"]

# A literal, or what stands for it until its slot is filled.
Piece = Any
# (number of options, options, whether these are pieces rather than steps)
Steps = tuple[tuple[int, tuple[Any, ...], bool], ...]

_SLOT = re.compile(r"<(\w+)>")
_MARK = re.compile(r"([{}|\[\]])")
_KEPT: Final = 4_096  # patterns; some are made anew with names in them and never come again


class Dice(random.Random):
    """The draws of `random.Random`, number for number, with less work around the two that text is made of."""

    def choice(self, seq: Any) -> Any:
        """One of a sequence."""
        n = len(seq)
        if not n:
            raise IndexError("cannot choose from an empty sequence")
        bits = n.bit_length()
        at = self.getrandbits(bits)
        while at >= n:
            at = self.getrandbits(bits)
        return seq[at]

    def randint(self, a: int, b: int) -> int:
        """An integer from `a` to `b`, both included."""
        return a + self.choice(range(b - a + 1))  # type: ignore[no-any-return]


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


def _plain(option: Any) -> bool:
    return all(isinstance(part, str) for part in option)


def _flat(option: Any, cut: Callable[[str], tuple[Piece, ...]]) -> tuple[Piece, ...]:
    return tuple(piece for part in option for piece in cut(part))


def _step(options: Any, cut: Callable[[str], tuple[Piece, ...]]) -> tuple[int, tuple[Any, ...], bool]:
    if all(map(_plain, options)):
        return len(options), tuple(_flat(option, cut) for option in options), True
    return len(options), tuple(_option(option, cut) for option in options), False


def _option(option: Any, cut: Callable[[str], tuple[Piece, ...]]) -> Steps:
    return tuple((1, (cut(part),), True) if isinstance(part, str) else _step(part, cut) for part in option)


def steps(pattern: str, cut: Callable[[str], tuple[Piece, ...]] = lambda part: (part,)) -> Steps:
    """A pattern made ready; `cut` divides its literals into pieces."""
    options, _ = _sequence(_MARK.split(pattern), 0, "")
    return (_step(options, cut),)


def realised(ready: Steps, draw: Callable[[], float], pieces: list[Piece]) -> None:
    """Append the pieces of one realisation; a choice takes one draw from 0 to 1, in the order of the text."""
    for n, options, flat in ready:
        chosen = options[int(draw() * n)] if n > 1 else options[0]
        if flat:
            pieces += chosen
        else:
            realised(chosen, draw, pieces)


_steps = lru_cache(_KEPT)(steps)


def spin(pattern: str, dice: random.Random) -> str:
    """One realisation of a pattern; slots stay as they are."""
    pieces: list[str] = []
    realised(_steps(pattern), dice.random, pieces)
    return "".join(pieces)


def fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with its `<slot>`s replaced; unknown slots stay, since texts hold angle brackets of their own."""
    return _SLOT.sub(lambda m: slots.get(m.group(1), m.group(0)), template)
