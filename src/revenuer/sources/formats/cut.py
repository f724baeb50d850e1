"""JSON that a log cut off in the middle, read as far as it goes."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

__all__ = ["as_far_as_it_goes"]

_TOKEN: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+)', re.DOTALL)
# Half of a character that is written as a pair of escapes is none.
_BEGUN: Final = re.compile(
    r"""\s*"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"""
    r"""|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*)"""
)
_CLOSING: Final = {"{": "}", "[": "]"}
_DEEPEST: Final = 200
_LONGEST: Final = 1 << 20


def as_far_as_it_goes(text: str) -> Any:
    """What a JSON text says; where it ends too early, open strings, lists and objects end there too.

    Of a text that has to be mended the first million characters count.

    None for text that is no JSON object or list, not even its beginning.
    """
    whole = _decoded(text)
    if whole is None and (mended := _closed(text[:_LONGEST])) is not None:
        whole = _decoded(mended)
    return whole


def _decoded(text: str) -> Any:
    try:
        found = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None


def _closed(text: str) -> str | None:
    """The text up to the last value that can be closed, and what closes it."""
    open_: list[str] = []
    at = safe = 0
    closing = ""
    before = ""
    while (found := _TOKEN.match(text, at)) is not None and len(open_) < _DEEPEST:
        mark, at = found[1], found.end()
        if mark in _CLOSING:
            open_.append(_CLOSING[mark])
        elif mark in {"}", "]"}:
            if not open_ or open_.pop() != mark:
                return None
        elif mark == ",":
            safe, closing = found.start(), "".join(reversed(open_))
        if mark in {"{", "[", "}", "]"} or (mark[0] == '"' and _is_value(before, open_)):
            safe, closing = at, "".join(reversed(open_))
        before = mark
    begun = _BEGUN.match(text, at)
    if begun is not None and open_ and _is_value(before, open_):
        return f'{text[:at]}"{begun[1]}"{"".join(reversed(open_))}'
    return text[:safe] + closing if safe else None


def _is_value(before: str, open_: list[str]) -> bool:
    """Whether a string after this token is a value and not a key."""
    return before == ":" or (bool(open_) and open_[-1] == "]")
