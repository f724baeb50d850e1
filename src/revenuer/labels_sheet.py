"""The sheet that a reviewer fills in: written inert for spreadsheets, read back whichever way one saved it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from revenuer.errors import InputError, reason
from revenuer.output import write_atomically
from revenuer.schema import CAPABILITIES
from revenuer.training.labels import capabilities_of, yes_or_no

__all__ = ["COLUMNS", "Reviewed", "SheetRow", "read_sheet", "write_sheet"]


class SheetRow(NamedTuple):
    """One exchange to review: its text, what the findings say of it, and what the model does.

    `found_score` and the figures of the model are within 0 and 1; `weight` says for how many exchanges the row stands.
    """

    exchange_id: str
    system: str
    prompt: str
    found_capability: str
    found_score: float
    model_capability: str
    model_probability: float
    model_capabilities: tuple[str, ...]
    model_elicitation: float
    weight: float


class Reviewed(NamedTuple):
    """A row that came back. `capabilities` is empty where the reviewer left the cell so; `elicitation` None likewise."""

    row: SheetRow
    capabilities: tuple[str, ...]
    elicitation: bool | None


COLUMNS: Final = (*SheetRow._fields, "capability", "elicitation", "note")

# A cell that opens with one of these is a formula to some spreadsheet, wide forms included; with an apostrophe before it
# none calculates. A text that opens with an apostrophe gets one more, so that reading takes off what writing put on.
_FORMULA: Final = ("=", "+", "-", "@", "|", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001
# Spreadsheets cut cells at 32,767 characters. The model reads the two ends of a text and no more than these hold.
_HEAD: Final = 20_000
_TAIL: Final = 8_000
_LEFT_OUT: Final = "\n[…]\n"


def write_sheet(rows: Sequence[SheetRow], path: Path) -> None:
    """Write a CSV with `COLUMNS`, the last three empty, in UTF-8 with the mark by which spreadsheets know it.

    Raises:
        OutputError: the file cannot be written.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    writer.writerows([*map(_cell, row), "", "", ""] for row in rows)
    write_atomically(path, stream.getvalue().encode("utf-8-sig"))


def read_sheet(path: Path) -> list[Reviewed]:
    """The rows of a sheet that came back, reviewed or not; columns may have been moved, or added.

    Raises:
        InputError: the file cannot be read, lacks a column, or a cell holds what it cannot; names file, line and column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        csv.field_size_limit(1 << 24)
        return [_reviewed(row, line, str(path)) for line, row in _lines(text, path)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(path)) from error


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = ";".join(value) if isinstance(value, tuple) else str(value)
    if len(text) > _HEAD + _TAIL:
        text = text[:_HEAD] + _LEFT_OUT + text[-_TAIL:]
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(_FORMULA) else cell


def _lines(text: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rows with the line that each begins in; the delimiter is what stands between the names of columns."""
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    for name in COLUMNS[:-1]:
        if name not in (reader.fieldnames or ()):
            raise InputError("the column is missing", file=str(path), column=name)
    begins = reader.line_num + 1
    for row in reader:
        yield f"line {begins}", row
        begins = reader.line_num + 1


def _reviewed(cells: Mapping[str, str | None], line: str, file: str) -> Reviewed:
    found = {name: _plain(cells[name] or "") for name in COLUMNS[:-1]}
    at = {"file": file, "row": line}
    row = SheetRow(
        exchange_id=found["exchange_id"],
        system=found["system"],
        prompt=found["prompt"],
        found_capability=_known(found, "found_capability", at),
        found_score=_share(found, "found_score", at),
        model_capability=_known(found, "model_capability", at),
        model_probability=_share(found, "model_probability", at),
        model_capabilities=tuple(capabilities_of(found["model_capabilities"], **at, column="model_capabilities")),
        model_elicitation=_share(found, "model_elicitation", at),
        weight=_number(found, "weight", at),
    )
    named = found["capability"].strip()
    capabilities = tuple(capabilities_of(named, **at, column="capability")) if named else ()
    return Reviewed(row, capabilities, yes_or_no(found["elicitation"], **at, column="elicitation"))


def _known(found: Mapping[str, str], column: str, at: Mapping[str, str]) -> str:
    if found[column] not in CAPABILITIES:
        raise InputError(f"{found[column]!r} is no capability", **at, column=column)
    return found[column]


def _number(found: Mapping[str, str], column: str, at: Mapping[str, str]) -> float:
    try:
        value = float(found[column].replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise InputError(f"{found[column]!r} is no number from 0 on", **at, column=column)
    return value


def _share(found: Mapping[str, str], column: str, at: Mapping[str, str]) -> float:
    value = _number(found, column, at)
    if value > 1:
        raise InputError(f"{found[column]!r} is not between 0 and 1", **at, column=column)
    return value
