"""Arrow columns of a source into the types of the schema: what fits is cast, what does not is masked as bad."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

__all__ = ["castable", "convert"]

Mask = npt.NDArray[np.bool_]

# Ticks per second of each unit, and the microseconds of a tick (nanoseconds are divided instead).
_MICROS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}


def castable(source: Any, field: Any) -> bool:
    """Whether a column of type `source` can be read as `field`; no guesses: a `ts` of integers has no unit."""
    if pt.is_null(source):
        return bool(field.nullable)
    if pt.is_dictionary(source):
        return castable(source.value_type, field)
    if pt.is_string(field.type):
        return _is_text(source) or (field.name.endswith("_id") and pt.is_integer(source))
    if pt.is_list(field.type):
        return _is_list(source) and (_is_text(source.value_type) or pt.is_null(source.value_type))
    return any(both(source) and both(field.type) for both in (pt.is_timestamp, pt.is_boolean, _is_number))


def convert(column: Any, field: Any) -> tuple[Any, Mask | None, str]:
    """Cast a column to a field's type.

    Returns:
        The column (bad values null), which values were there and are bad (None: none), and why.
    """
    if pt.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pt.is_null(column.type):
        return pa.nulls(len(column), field.type), None, ""
    if pt.is_boolean(field.type):
        return column, None, ""
    reader = next(read for fits, read in _READERS if fits(field.type))
    return reader(column, field.type)


def _is_number(kind: Any) -> bool:
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def _is_text(kind: Any) -> bool:
    return bool(
        pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind) or pt.is_binary(kind)
        or pt.is_large_binary(kind) or pt.is_binary_view(kind)
        or (pt.is_dictionary(kind) and _is_text(kind.value_type))
    )  # fmt: skip


def _is_list(kind: Any) -> bool:
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_list_view(kind) or pt.is_fixed_size_list(kind))


def _text(column: Any, kind: Any) -> tuple[Any, Mask | None, str]:
    if pt.is_integer(column.type):
        return column.cast(kind), None, ""
    raw = column if pt.is_binary(column.type) else column.cast(pa.binary())
    try:
        return raw.cast(kind), None, ""
    except pa.ArrowInvalid:
        bad = _not_utf8(raw)
        return pc.if_else(pa.array(bad), pa.scalar(None, pa.binary()), raw).cast(kind), bad, "is not UTF-8"


def _not_utf8(raw: Any) -> Mask:
    """Which values are not UTF-8, by halving: the cost follows the number of bad values, not of rows."""
    bad = np.zeros(len(raw), dtype=np.bool_)
    ranges = [(0, len(raw))]
    while ranges:
        start, stop = ranges.pop()
        try:
            raw.slice(start, stop - start).cast(pa.string())
        except pa.ArrowInvalid:
            if stop - start == 1:
                bad[start] = True
            else:
                middle = (start + stop) // 2
                ranges += [(start, middle), (middle, stop)]
    return bad


def _lists(column: Any, kind: Any) -> tuple[Any, Mask | None, str]:
    if pt.is_null(column.type.value_type):
        return column.cast(kind), None, ""
    raw = column.cast(pa.list_(pa.binary()))
    try:
        return raw.cast(kind), None, ""
    except pa.ArrowInvalid:
        bad = np.zeros(len(raw), dtype=np.bool_)
        bad[np.asarray(pc.list_parent_indices(raw))[_not_utf8(raw.flatten())]] = True
        return pc.if_else(pa.array(bad), pa.scalar(None, raw.type), raw).cast(kind), bad, "is not UTF-8"


def _times(column: Any, kind: Any) -> tuple[Any, Mask | None, str]:
    """Any unit to microseconds; times beyond the years that Arrow can count are clipped, and stay absurd."""
    ticks = column.cast(pa.int64())
    values = np.asarray(ticks.fill_null(0))
    if column.type.unit == "ns":
        values = values // 1_000
    else:
        step = _MICROS[column.type.unit]
        values = np.clip(values, -(2**62) // step, 2**62 // step) * step
    return pa.array(values, mask=np.asarray(column.is_null())).cast(kind), None, ""


def _numbers(column: Any, kind: Any) -> tuple[Any, Mask | None, str]:
    if pt.is_floating(kind):
        return column.cast(kind, safe=False), None, ""
    if pt.is_integer(column.type) and column.type == kind:
        return column, None, ""
    # Tables that once were data frames keep whole numbers as floats, with NaN for null.
    wide = np.asarray(column.cast(pa.float64(), safe=False).fill_null(np.nan), dtype=np.float64)
    there = ~np.isnan(wide)
    info = np.iinfo(kind.to_pandas_dtype())
    # float64 cannot hold 2^63 - 1: the bound is exclusive there, and the same one excludes nothing for int32.
    fits = there & (wide == np.trunc(wide)) & (wide >= info.min) & (wide < float(info.max) + 1)
    values = np.where(fits, wide, 0).astype(info.dtype)
    return pa.array(values, mask=~fits), there & ~fits, "is no whole number in range"


_READERS: Final = (
    (pt.is_string, _text),
    (pt.is_list, _lists),
    (pt.is_timestamp, _times),
    (_is_number, _numbers),
)
