"""Lines on disk in files that appear whole: what was acknowledged survives a crash, and no reader sees half a file."""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from pathlib import Path
from typing import BinaryIO, Final

from revenuer.errors import OutputError

__all__ = ["Journal"]

_PARTIAL: Final = ".partial"
_BLOCK: Final = 1 << 16


class Journal:
    """Appends lines to a hidden file and gives it its name when it is full or old enough.

    A file that an earlier run left unfinished is finished first: what follows its last whole line is cut off. Any number
    of threads may append.

    Args:
        folder: where the files go; made if it is not there, readable by its owner only.
        most_bytes: a file of this size is closed.
        most_seconds: so is one whose first line is this old, by `rotate`.
        stem: what the names of files begin with.

    Raises:
        OutputError: the folder cannot be written to, or another process writes there.
    """

    def __init__(self, folder: Path, *, most_bytes: int, most_seconds: float, stem: str = "otlp") -> None:
        self.folder, self.most_bytes, self.most_seconds, self.stem = folder, most_bytes, most_seconds, stem
        self._guard = threading.Lock()
        self._file: BinaryIO | None = None
        self._since = 0.0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder)
            self._next = _finish_earlier(folder, stem) + 1
        except OSError as error:
            raise OutputError(f"cannot be written to: {error.strerror}", file=str(folder)) from error

    def append(self, lines: bytes) -> None:
        """Write whole lines; when this returns they are on the disk.

        Raises:
            OSError: the disk does not take them; nothing of them stays.
        """
        with self._guard:
            file = self._file or self._begin()
            before = file.tell()
            try:
                _write(file, lines)
                os.fsync(file.fileno())
            except OSError:
                file.seek(before)
                file.truncate()
                raise
            if file.tell() >= self.most_bytes:
                self._end()

    def rotate(self) -> None:
        """Close the file if its first line is old enough."""
        with self._guard:
            if self._file is not None and time.monotonic() - self._since >= self.most_seconds:
                self._end()

    def close(self) -> None:
        """Close the file, whatever its age, and let others write to the folder."""
        with self._guard:
            if self._file is not None:
                self._end()
            self._lock.close()

    def _begin(self) -> BinaryIO:
        # Unbuffered: what could not be written must not be tried again behind our back.
        descriptor = os.open(self._partial(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._since = time.monotonic()
        return self._file

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            size = file.tell()
            file.close()
            _finish(self._partial(), size)
            self._next += 1

    def _partial(self) -> Path:
        return self.folder / f".{self.stem}-{self._next:08d}.jsonl{_PARTIAL}"


def _write(file: BinaryIO, lines: bytes) -> None:
    """All of it: an unbuffered file may take a part at a time."""
    rest = memoryview(lines)
    while rest:
        rest = rest[file.write(rest) :]


def _locked(folder: Path) -> BinaryIO:
    file = (folder / ".lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise OutputError("another process writes there", file=str(folder)) from error
    return file


def _finish_earlier(folder: Path, stem: str) -> int:
    """Finish what a crash left; returns the highest number in use."""
    for path in sorted(folder.glob(f".{stem}-*.jsonl{_PARTIAL}")):
        _finish(path, _whole_lines(path))
    name = re.compile(rf"{re.escape(stem)}-(\d{{8}})\.jsonl")
    numbers = [int(found[1]) for path in folder.iterdir() if (found := name.fullmatch(path.name))]
    return max(numbers, default=0)


def _whole_lines(path: Path) -> int:
    """The size of a file up to the end of its last whole line."""
    with path.open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        while at:
            start = max(0, at - _BLOCK)
            file.seek(start)
            end = file.read(at - start).rfind(b"\n")
            if end >= 0:
                return start + end + 1
            at = start
    return 0


def _finish(path: Path, size: int) -> None:
    """Cut a file to its size and give it its name; an empty one goes."""
    if not size:
        path.unlink()
        return
    os.truncate(path, size)
    path.rename(path.with_name(path.name.removeprefix(".").removesuffix(_PARTIAL)))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
