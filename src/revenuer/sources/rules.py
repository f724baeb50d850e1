"""What makes a row bad, for a whole batch at once: nothing here looks at rows one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from revenuer.errors import InputError
from revenuer.schema import REQUIRED, TABLES, VALUES
from revenuer.sources.clock import EARLIEST, LATEST
from revenuer.sources.columns import convert
from revenuer.sources.parts import Part
from revenuer.sources.quarantine import EXAMPLES_KEPT, Example, Quarantine

__all__ = ["Locate", "validate"]

Mask = npt.NDArray[np.bool_]
Locate = Callable[[int], str]

# An empty text says something here; elsewhere it is how exports write "unknown".
_MAY_BE_EMPTY: Final = frozenset({"prompt", "response", "system"})


@dataclass(frozen=True, slots=True)
class _Fault:
    column: str
    reason: str
    rows: Mask
    fatal: bool


def validate(batch: Any, part: Part, locate: Locate, quarantine: Quarantine) -> Any:
    """Bring a batch to the schema of its table; bad rows leave it and are counted.

    Args:
        batch: a RecordBatch whose columns are `castable`; columns may be absent or more than needed.
        part: where it came from.
        locate: row of the batch to its place in the file.
        quarantine: takes the counts.

    Returns:
        A RecordBatch in the schema of `part.table`.

    Raises:
        InputError: `part.strict`, and a row or a value is bad; names the first of the batch.
    """
    schema = TABLES[part.table]
    faults: list[_Fault] = []
    columns = [_column(batch, field, part, faults) for field in schema]
    if part.table == "consents":
        nobody = np.asarray(columns[0].is_null()) & np.asarray(columns[1].is_null())
        faults.append(_Fault("account_id", "missing, and org_id too", nobody, fatal=True))
    clean = pa.RecordBatch.from_arrays(columns, schema=schema)
    return _settle(clean, [fault for fault in faults if fault.rows.any()], part, locate, quarantine)


def _column(batch: Any, field: Any, part: Part, faults: list[_Fault]) -> Any:
    index = batch.schema.get_field_index(field.name) if part.reads(field.name) else -1
    if index < 0:
        return pa.nulls(len(batch), field.type)
    column, bad, reason = convert(batch.column(index), field)
    required = field.name in REQUIRED[part.table]
    if bad is not None:
        faults.append(_Fault(field.name, reason, bad, required))
    column = _without_empty(column, field)
    if required:
        faults.append(_Fault(field.name, "missing", np.asarray(column.is_null()), fatal=True))
        if field.name == "ts" and part.table == "exchanges":
            faults += _absurd_times(column, part.latest)
    return _plausible(column, field, faults)


def _without_empty(column: Any, field: Any) -> Any:
    if not pt.is_string(field.type) or field.name in _MAY_BE_EMPTY:
        return column
    empty = pc.equal(pc.binary_length(column), 0)
    return pc.if_else(empty, pa.scalar(None, pa.string()), column) if pc.any(empty).as_py() else column


def _absurd_times(column: Any, latest: int | None) -> list[_Fault]:
    there = np.asarray(column.is_valid())
    ticks = np.asarray(column.cast(pa.int64()).fill_null(0))
    return [
        _Fault("ts", "before 2015", there & (ticks < EARLIEST), fatal=True),
        _Fault("ts", "in the future", there & (ticks > (LATEST if latest is None else latest)), fatal=True),
    ]


def _plausible(column: Any, field: Any, faults: list[_Fault]) -> Any:
    """Sizes are not negative and temperatures are finite; a value that is neither is unknown, its row is not lost."""
    if pt.is_integer(field.type):
        reason, wrong = "negative", pc.less(column, 0)
    elif pt.is_floating(field.type):
        reason, wrong = "negative or not finite", pc.or_(pc.less(column, 0), pc.invert(pc.is_finite(column)))
    else:
        return column
    rows = np.asarray(wrong.fill_null(False))
    if not rows.any():
        return column
    faults.append(_Fault(field.name, reason, rows, fatal=False))
    return pc.if_else(pa.array(rows), pa.scalar(None, field.type), column)


def _settle(batch: Any, faults: list[_Fault], part: Part, locate: Locate, quarantine: Quarantine) -> Any:
    if faults and part.strict:
        _refuse(faults, part, locate)
    alive = np.ones(len(batch), dtype=np.bool_)
    for fault in (fault for fault in faults if fault.fatal):
        _count(quarantine.reject, fault, fault.rows & alive, part, locate)
        alive &= ~fault.rows
    for fault in (fault for fault in faults if not fault.fatal):
        _count(quarantine.repair, fault, fault.rows & alive, part, locate)
    kept = batch if alive.all() else batch.filter(pa.array(alive))
    _note_unknown_words(kept, part, quarantine)
    return kept


def _refuse(faults: list[_Fault], part: Part, locate: Locate) -> None:
    first = min(faults, key=lambda fault: int(np.argmax(fault.rows)))
    raise InputError(first.reason, file=part.name, row=locate(int(np.argmax(first.rows))), column=first.column)


def _count(count: Callable[..., None], fault: _Fault, rows: Mask, part: Part, locate: Locate) -> None:
    prefix = "" if part.table == "exchanges" else f"{part.table}: "
    count(f"{prefix}{fault.column} {fault.reason}", int(rows.sum()), _examples(fault, rows, part, locate))


def _examples(fault: _Fault, rows: Mask, part: Part, locate: Locate) -> list[Example]:
    where = np.flatnonzero(rows)[:EXAMPLES_KEPT]
    return [
        (part.order, int(row), f"{part.name}, {locate(int(row))}, column {fault.column}: {fault.reason}")
        for row in where
    ]


def _note_unknown_words(batch: Any, part: Part, quarantine: Quarantine) -> None:
    """Words outside the vocabulary are kept: sources grow. Their text is not repeated, it may be hostile."""
    for name, words in VALUES.items():
        index = batch.schema.get_field_index(name)
        if index < 0:
            continue
        column = batch.column(index)
        known = pc.is_in(column, value_set=pa.array(words))
        quarantine.note(
            f"{part.table}: {name} outside the known words", len(batch) - known.true_count - column.null_count
        )
