"""Files of a log: which there are, what they are made of, and how they are opened."""

from __future__ import annotations

import gzip
import io
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


class LogFile(NamedTuple):
    """A file: where it is, how messages name it, and what it is made of."""

    path: Path
    name: str
    make: Make


def log_files(source: Path) -> tuple[LogFile, ...]:
    """The file, or all files of a folder and its folders in order of their names, hidden ones left out.

    Raises:
        InputError: nothing is there, or a file is of no known kind.
    """
    if not source.exists():
        raise InputError("no such file or directory", file=str(source))
    paths = [source] if source.is_file() else sorted(path for path in source.rglob("*") if _counts(path, source))
    if not paths:
        raise InputError("holds no files", file=str(source))
    return tuple(_known(path, path.name if path == source else str(path.relative_to(source))) for path in paths)


@contextmanager
def opened(file: LogFile) -> Iterator[Any]:
    """The file for reading bytes, unpacked where it is packed.

    Raises:
        InputError: it cannot be read, or its packed stream is damaged or cut off; also while it is read in the block.
    """
    try:
        with _open(file.path) as stream:
            yield stream
    except (OSError, EOFError, pa.ArrowException) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot be read: {said}", file=file.name) from error


def _open(path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix == ".zst":
        return io.BufferedReader(pa.input_stream(str(path), compression="zstd"), 1 << 20)
    return path.open("rb", buffering=1 << 20)


def _counts(path: Path, source: Path) -> bool:
    return path.is_file() and not any(part[0] in "._" for part in path.relative_to(source).parts)


def _known(path: Path, name: str) -> LogFile:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    # logs that are turned over carry a date or a number behind their suffix
    make = next((_MAKES[suffix] for suffix in reversed(suffixes) if suffix in _MAKES), None)
    if make is None:
        known = ", ".join(_MAKES)
        raise InputError(f"is of no known kind: expected {known}, plain or packed (.gz, .zst)", file=name)
    return LogFile(path, name, make)
