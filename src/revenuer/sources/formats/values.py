"""Values out of records that may hold anything: paths, first that is there, text, numbers, hashes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

__all__ = ["as_object", "credential", "digest", "first", "header", "integer", "pick", "said", "text", "word"]

_HASHED: Final = re.compile(r"[0-9a-f]{64}")
_SCHEME: Final = re.compile(r"^(bearer|basic|token)\s+", re.IGNORECASE)
_MAX_STEPS: Final = 32
_DIGITS: Final = 9


def pick(record: Any, path: str) -> Any:
    """What stands at a path such as `metadata.user.0.id`; None where it leads nowhere.

    A key may hold dots itself (`gen_ai.request.model`): the longest one that is there counts. Digits count through
    lists. Text that is JSON (`metadata` in a CSV export) is read on the way.
    """
    record = as_object(record)
    if isinstance(record, dict):
        for key, rest in _cuts(path):
            found = record.get(key)
            if found is not None and (not rest or (found := pick(found, rest)) is not None):
                return found
        return None
    if not isinstance(record, list):
        return None
    key, rest = _cuts(path)[-1]
    index = int(key) if key.isdecimal() and len(key) < _DIGITS else len(record)
    found = record[index] if index < len(record) else None
    return pick(found, rest) if rest else found


def first(record: Any, *paths: str) -> Any:
    """The first of the paths at which something is said (`said`)."""
    return next((value for path in paths if said(value := pick(record, path))), None)


def said(value: Any) -> bool:
    """Whether a value is there: exports write null, "", {} and [] for nothing."""
    return value is not None and not (isinstance(value, (str, dict, list)) and not value)


def as_object(value: Any) -> Any:
    """JSON within text as what it says, lone surrogates and NaN included; anything else as it is."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return msgspec.json.decode(value)
        except (ValueError, RecursionError):
            return _leniently(value)
    return value


def _leniently(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def word(value: Any) -> str | None:
    """Text as it is, to be looked up; None for whatever stands where a word should."""
    return value if isinstance(value, str) else None


def text(value: Any) -> str | None:
    """A name or an id as text: numbers are written out; None for what is no single value or is empty."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 else None


def integer(value: Any) -> int | None:
    """A whole number, also one that is written as a float or as text."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return int(number) if number is not None and abs(number) < 2**53 and number == int(number) else None


def digest(value: str) -> str:
    """SHA-256 of a text in hexadecimal; lone surrogates count as U+FFFD."""
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()


def credential(value: Any) -> str | None:
    """A key as its SHA-256, never itself; what is a SHA-256 already stays, so that one key has one name everywhere."""
    key = text(value)
    if key is None:
        return None
    key = _SCHEME.sub("", key)
    return key if _HASHED.fullmatch(key) else digest(key)


def header(headers: Any, *names: str) -> Any:
    """A header by its name in any case, from an object, from pairs, or from objects of name and value."""
    known = {key.lower(): value for key, value in _pairs(as_object(headers)) if isinstance(key, str)}
    found = next((known[name] for name in names if said(known.get(name))), None)
    return found[0] if isinstance(found, list) and found else found


def _pairs(headers: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(headers, dict):
        return headers.items()
    if not isinstance(headers, list):
        return ()
    objects = [(item.get("name", item.get("key")), item.get("value")) for item in headers if isinstance(item, dict)]
    return objects or [(item[0], item[1]) for item in headers if isinstance(item, (list, tuple)) and len(item) == 2]


@lru_cache(maxsize=4096)
def _cuts(path: str) -> tuple[tuple[str, str], ...]:
    """A path as its first key and what follows, longest key first."""
    steps = path.split(".")[:_MAX_STEPS]
    return tuple((".".join(steps[:cut]), ".".join(steps[cut:])) for cut in range(len(steps), 0, -1))
