"""Single JSON values that a typed decoder refused: read in spite of their type where that is safe, else unknown."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pyarrow.types as pt

from revenuer.sources.clock import micros

__all__ = ["BAD", "coerce", "instant", "is_blank", "parse", "without_surrogates"]


class _Bad:
    """The mark of a value that cannot be read."""


BAD: Final = _Bad()

_BOM: Final = b"\xef\xbb\xbf"

# Epochs are told apart by size: seconds, milliseconds, microseconds and nanoseconds of 1973 to 5138 do not overlap.
_EPOCHS: Final = ((1e11, 1_000_000.0), (1e14, 1_000.0), (1e17, 1.0), (1e20, 0.001))


def is_blank(line: bytes) -> bool:
    """Whether a line holds nothing but white space and a byte order mark."""
    return not line.strip().removeprefix(_BOM)


def parse(line: bytes) -> Any:
    """A line as any JSON value, lone surrogates included.

    Raises:
        UnicodeDecodeError: the line is not UTF-8.
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    text = line.strip().removeprefix(_BOM).decode()
    return json.loads(text) if "\\u" in text else msgspec.json.decode(text)


def instant(value: str | float | None) -> int | None:
    """Microseconds since 1970 of an RFC 3339 text (without an offset: UTC) or an epoch in any usual unit.

    None for null and for what is no time; an integer in microseconds stays exact.
    """
    if isinstance(value, str):
        return _parse(value)
    if value is None or isinstance(value, bool) or math.isnan(value) or not abs(value) < _EPOCHS[-1][0]:
        return None
    step = next(step for bound, step in _EPOCHS if abs(value) < bound)
    return value if step == 1.0 and isinstance(value, int) else int(value * step)


def _parse(text: str) -> int | None:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        number = _number(text)
        return None if number is None else instant(number)
    try:
        return micros(time if time.tzinfo else time.replace(tzinfo=UTC))
    except OverflowError:
        return None


def coerce(value: Any, field: Any) -> Any:
    """A JSON value as a field's type, or `BAD`: numbers and booleans written as text, whole floats, numeric ids."""
    if value is None:
        return None
    if pt.is_timestamp(field.type):
        time = None if isinstance(value, (bool, list, dict)) else instant(value)
        return BAD if time is None else time
    if pt.is_string(field.type):
        return _text(value, field)
    if pt.is_list(field.type):
        whole = isinstance(value, list) and all(isinstance(item, str) or item is None for item in value)
        return value if whole else BAD
    if pt.is_boolean(field.type):
        return value if isinstance(value, bool) else _BOOLEANS.get(value, BAD) if isinstance(value, str) else BAD
    return _numeric(value, field)


_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False, "True": True, "False": False}
_NUMBER_BOUND: Final = 1e300
_INT_BOUNDS: Final = {32: 2**31, 64: 2**63}


def _text(value: Any, field: Any) -> Any:
    if isinstance(value, str):
        return value
    is_id = field.name.endswith("_id") and isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_id else BAD


def _numeric(value: Any, field: Any) -> Any:
    number = _number(value) if isinstance(value, str) else value
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not abs(number) < _NUMBER_BOUND:
        return BAD
    if pt.is_floating(field.type):
        return float(number)
    bound = _INT_BOUNDS[field.type.bit_width]
    return int(number) if number == int(number) and -bound <= number < bound else BAD


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text) if len(text) < 64 else None
        except ValueError:
            continue
    return None


def without_surrogates(value: Any) -> Any:
    """The value with lone surrogates, which no UTF-8 can hold, replaced by U+FFFD; nested values included."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    return value
