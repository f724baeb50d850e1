"""JSON Lines as files: bounded lines, plain or zstd, and ranges of bytes that begin and end between lines."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from revenuer.errors import InputError, reason
from revenuer.sources.parts import Kind

__all__ = ["LINE_LIMIT", "Line", "lines_in", "read_lines"]

LINE_LIMIT: Final = 256 << 20
_SKIP: Final = 1 << 20

# Start in bytes, the line without its end, and what is wrong with it as a line.
Line = tuple[int, bytes, str | None]


def read_lines(path: Path, name: str, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[Line]:
    """Lines that begin in [start, stop), each with its place; an overlong one comes empty, with its fault.

    Raises:
        InputError: the file cannot be opened, or its compressed stream is damaged or cut off.
    """
    try:
        with _open(path, kind) as file:
            if start:
                file.seek(start)
            yield from lines_in(file, start, stop)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=name) from error


def lines_in(file: Any, position: int = 0, stop: int | None = None) -> Iterator[Line]:
    """Lines of an open file from where it stands, at `position`, up to those that begin before `stop`."""
    while stop is None or position < stop:
        line = file.readline(LINE_LIMIT)
        if not line:
            return
        size, fault = len(line), None
        if size == LINE_LIMIT and not line.endswith(b"\n"):
            size += _skip_line(file)
            line, fault = b"", "longer than 256 MB"
        yield position, line, fault
        position += size


def _open(path: Path, kind: Kind) -> Any:
    if kind == "jsonl":
        return path.open("rb", buffering=1 << 20)
    return io.BufferedReader(pa.input_stream(str(path), compression="zstd"), 1 << 20)


def _skip_line(file: Any) -> int:
    skipped = 0
    while True:
        rest = file.readline(_SKIP)
        skipped += len(rest)
        if not rest or rest.endswith(b"\n"):
            return skipped
