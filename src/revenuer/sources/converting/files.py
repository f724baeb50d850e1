"""Files of a log: which there are, what they are made of, and how they are opened."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import pyarrow as pa

from revenuer.errors import InputError

__all__ = ["LogFile", "Make", "log_files", "opened"]

Make = Literal["lines", "json", "csv", "tsv", "parquet"]

_MAKES: Final[dict[str, Make]] = {
    ".jsonl": "lines", ".ndjson": "lines", ".log": "lines", ".txt": "lines", ".json": "json", ".csv": "csv",
    ".tsv": "tsv", ".parquet": "parquet",
}  # fmt: skip
_PACKED: Final = (".gz", ".zst")
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SNIFFED: Final = 4_096


class LogFile(NamedTuple):
    """A file: where it is, how messages name it, and what it is made of."""

    path: Path
    name: str
    make: Make


def log_files(source: Path) -> tuple[tuple[LogFile, ...], tuple[str, ...]]:
    """The file, or all files of a folder and its folders in order of their names, hidden ones left out.

    Returns:
        The files that can be read, and the names of those in a folder that are of no known kind.

    Raises:
        InputError: nothing is there, or nothing that is of a known kind.
    """
    if not source.exists():
        raise InputError("no such file or directory", file=str(source))
    paths = [source] if source.is_file() else sorted(path for path in source.rglob("*") if _counts(path, source))
    if not paths:
        raise InputError("holds no files", file=str(source))
    named = [(path, path.name if path == source else str(path.relative_to(source))) for path in paths]
    files = tuple(LogFile(path, name, make) for path, name in named if (make := _make(path, name)) is not None)
    if not files:
        known = ", ".join(_MAKES)
        raise InputError(f"is of no known kind: expected {known}, plain or packed (.gz, .zst)", file=named[0][1])
    read = {file.name for file in files}
    return files, tuple(name for _, name in named if name not in read)


@contextmanager
def opened(file: LogFile) -> Iterator[Any]:
    """The file for reading bytes, unpacked where it is packed, whatever its name says.

    Raises:
        InputError: it cannot be read, or its packed stream is damaged or cut off; also while it is read in the block.
    """
    with _errors_of(file.name), _open(file.path) as stream:
        yield stream


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot be read: {said}", file=name) from error


def _open(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(len(_ZSTD))
    if head.startswith(_GZIP):
        return gzip.open(path, "rb")
    if head == _ZSTD:
        return io.BufferedReader(pa.input_stream(str(path), compression="zstd"), 1 << 20)
    return path.open("rb", buffering=1 << 20)


def _counts(path: Path, source: Path) -> bool:
    return path.is_file() and not any(part[0] in "._" for part in path.relative_to(source).parts)


def _make(path: Path, name: str) -> Make | None:
    """What a file is made of, by its suffix; a file without one that is known, as streams deliver them, by how it begins."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    # logs that are turned over carry a date or a number behind their suffix
    make = next((_MAKES[suffix] for suffix in reversed(suffixes) if suffix in _MAKES), None)
    if make is not None:
        return make
    with _errors_of(name), _open(path) as stream:
        head = stream.read(_SNIFFED).lstrip()
    return "json" if head[:1] in {b"{", b"["} else None
