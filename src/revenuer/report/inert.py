"""Text from traffic, made harmless to look at: no control character, no hidden direction change, no endless string.

HTML is escaped by the template engine. What escaping leaves alone is dealt with here, before any text reaches a
template or a chart: terminal escapes, overrides of reading direction, invisible characters, stacked accents and sheer
length. Letters of every script stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

__all__ = ["LONGEST", "cell", "inert", "inert_struct", "shortened"]

LONGEST: Final = 4_000
"""Characters kept of any one string."""

_FORMULA: Final = ("=", "+", "-", "@", "|")

# C0 and C1 controls but tab and newline, direction marks and overrides, invisible fillers, lone surrogates,
# private line separators, tags. Joiners (U+200C, U+200D) stay: Persian, Hindi and emoji need them.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_STACKED: Final = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
                             "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip

_BREAKS: Final = re.compile(r"[ \t\n\r\f\v]+")

_T = TypeVar("_T")


def inert(text: str) -> str:
    """The text with hidden characters spelled out as `⟨U+202E⟩`, accents stacked at most four high, length bounded."""
    kept = text[:LONGEST]
    shown = _STACKED.sub(r"\1", _HIDDEN.sub(_spelled, kept.replace("\r\n", "\n")))
    return shown if len(text) <= LONGEST else f"{shown} … [{len(text) - LONGEST:,} more characters]"


def inert_struct(value: _T, kind: type[_T]) -> _T:
    """A copy of a struct or dataclass with every string in it, keys too, passed through `inert`."""
    return msgspec.convert(_mapped(msgspec.to_builtins(value), inert), kind)


def cell(text: object) -> str:
    """The text on one line, and with an apostrophe before it where a spreadsheet would take it for a formula."""
    line = _BREAKS.sub(" ", str(text)).strip(" ")
    return f"'{line}" if line.startswith(_FORMULA) else line


def shortened(text: str, most: int) -> str:
    """The text, or its first `most - 1` characters and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _spelled(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(str(key)): _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, change) for item in value]
    return value
