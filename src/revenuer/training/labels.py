"""Labels of the provider's own: a table of texts that somebody has read and named, checked row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import InputError, OutputError
from revenuer.schema import CAPABILITIES, EXTRACTION_CAPABILITIES
from revenuer.training.corpus import OWN_LABELS, ROWS

__all__ = ["LABELS", "capabilities_of", "label_rows", "read_labels", "write_labels", "yes_or_no"]

LABELS: Final = pa.schema(
    [
        pa.field("prompt", pa.string(), nullable=False),
        ("system", pa.string()),
        pa.field("capability", pa.list_(pa.string()), nullable=False),
        ("elicitation", pa.bool_()),
        ("source", pa.string()),
        ("licence", pa.string()),
    ]
)

_REQUIRED: Final = tuple(field.name for field in LABELS if not field.nullable)
_LICENCE: Final = "of the provider"
_YES_OR_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": None}

Row = tuple[str, Mapping[str, Any]]


def read_labels(path: Path) -> pa.Table:
    """The labels in a Parquet, CSV or JSON Lines file, with the columns of `LABELS`.

    Raises:
        InputError: the file cannot be read, lacks a column, or a value cannot be; names file, row and column.
    """
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
    if path.suffix not in readers:
        raise InputError(f"labels end in one of {', '.join(readers)}", file=str(path))
    try:
        checked = [_checked(row, place, str(path)) for place, row in readers[path.suffix](path)]
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {error}", file=str(path)) from error
    if not checked:
        raise InputError("holds no labels", file=str(path))
    return pa.Table.from_pylist(checked, schema=LABELS)


def write_labels(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write labels, dictionaries with the columns of `LABELS`, as JSON Lines or Parquet by the file's name.

    Raises:
        OutputError: the name says neither, or the file cannot be written.
    """
    if path.suffix not in {".jsonl", ".parquet"}:
        raise OutputError("labels are written as .jsonl or .parquet", file=str(path))
    try:
        if path.suffix == ".parquet":
            pq.write_table(pa.Table.from_pylist(list(rows), schema=LABELS), path)
        else:
            path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(path)) from error


def label_rows(paths: Sequence[Path]) -> tuple[pa.Table, list[bool | None]]:
    """Labels as rows to train on (`corpus.ROWS`), and which ask for hidden reasoning; None: not said.

    A row belongs to the source `labels:<source>`, by default the name of its file.
    """
    tables = [(path, read_labels(path)) for path in paths]
    rows = [_row(label, path.stem) for path, table in tables for label in table.to_pylist()]
    asked = [flag for _, table in tables for flag in table["elicitation"].to_pylist()]
    return pa.Table.from_pylist(rows, schema=ROWS), asked


def _row(label: Mapping[str, Any], file: str) -> dict[str, Any]:
    first, *also = label["capability"]
    return {
        "source": f"{OWN_LABELS}{label['source'] or file}",
        "licence": label["licence"] or _LICENCE,
        "capability": first,
        "system": label["system"],
        "prompt": label["prompt"],
        "extraction": first in EXTRACTION_CAPABILITIES,
        "proxy": False,
        "evaluation": False,
        "also": also,
    }


def capabilities_of(value: Any, **place: str) -> list[str]:
    """The capabilities that a cell names: a list, or text with `;` between them.

    Raises:
        InputError: it names none, or one that is none; `place` says where.
    """
    parts = value.split(";") if isinstance(value, str) else value if isinstance(value, list) else [value]
    named = list(dict.fromkeys(part.strip() if isinstance(part, str) else str(part) for part in parts if part))
    for name in named:
        if name not in CAPABILITIES:
            near = get_close_matches(name, CAPABILITIES, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(CAPABILITIES)}"
            raise InputError(f"{name!r} is no capability: {hint}", **place)
    if not named:
        raise InputError("names no capability", **place)
    return named


def yes_or_no(value: Any, **place: str) -> bool | None:
    """A flag as people write it: yes, no, true, false, 1, 0; nothing at all is None.

    Raises:
        InputError: it is something else; `place` says where.
    """
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES_OR_NO:
        raise InputError(f"{value!r} is neither yes nor no", **place)
    return _YES_OR_NO[word]


def _checked(row: Mapping[str, Any], place: str, file: str) -> dict[str, Any]:
    texts = {name: _text(row, name, place, file) for name in ("prompt", "system", "source", "licence")}
    if texts["prompt"] is None:
        raise InputError("is missing or null", file=file, row=place, column="prompt")
    at = {"file": file, "row": place}
    return texts | {
        "capability": capabilities_of(row.get("capability"), **at, column="capability"),
        "elicitation": yes_or_no(row.get("elicitation"), **at, column="elicitation"),
    }


def _text(row: Mapping[str, Any], name: str, place: str, file: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"is a {type(value).__name__}, not text", file=file, row=place, column=name)
    # an empty message is a message; an empty cell elsewhere is none
    return value if value or name == "prompt" else None


def _parquet(path: Path) -> Iterator[Row]:
    table = pq.read_table(path)
    _require(table.column_names, path)
    return ((f"row {number}", row) for number, row in enumerate(table.to_pylist()))


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        _require(reader.fieldnames or [], path)
        begins = reader.line_num + 1
        for row in reader:
            yield f"line {begins}", row
            begins = reader.line_num + 1


def _jsonl(path: Path) -> Iterator[Row]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise InputError(f"is no JSON: {error}", file=str(path), row=f"line {number}") from error
        if not isinstance(row, dict):
            raise InputError("is no JSON object", file=str(path), row=f"line {number}")
        yield f"line {number}", row


def _require(columns: Sequence[str], path: Path) -> None:
    for name in _REQUIRED:
        if name not in columns:
            raise InputError("the column is missing", file=str(path), column=name)
