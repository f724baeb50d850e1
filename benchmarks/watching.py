"""A process and its descendants while they run: memory, processor time, bytes read and written, as Linux counts them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.2  # seconds between two looks
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> Iterator[int]:
    """The process and its living descendants; those that end while it is looked at are left out."""
    yield pid
    for task in _tasks(pid):
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def _tasks(pid: int) -> list[Path]:
    with suppress(OSError):
        return list((PROC / str(pid) / "task").iterdir())
    return []


def _fields(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` after the name."""
    with suppress(OSError):
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return []


def processor(pid: int) -> float:
    """Seconds of processor time of the process, its living descendants and those that were waited for."""
    told = filter(None, map(_fields, tree(pid)))
    return sum(sum(map(int, one[11:15])) for one in told) / TICK


def resident(pid: int) -> int:
    """Bytes of resident memory of all of them; what they share counts for each."""
    told = filter(None, map(_fields, tree(pid)))
    return sum(int(one[21]) for one in told) * PAGE


def moved(pid: int) -> tuple[int, int]:
    """Bytes that all of them have read and written by system calls, from pipes and the page cache as well."""
    read = written = 0
    for one in tree(pid):
        with suppress(OSError):
            told = dict(line.split(": ") for line in (PROC / str(one) / "io").read_text().splitlines())
            read, written = read + int(told["rchar"]), written + int(told["wchar"])
    return read, written


@dataclass
class Watch:
    """Looks at a process and its descendants now and then until it is stopped.

    Attributes:
        pid: the process.
        peak: largest resident memory of all of them together, bytes; 0 where there is no `/proc`.
        read, written: bytes.
    """

    pid: int
    peak: int = 0
    read: int = 0
    written: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> Watch:
        """Begin."""
        self._thread = threading.Thread(target=self._looks, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Take a last look and end; the process may have ended, but must not have been waited for."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self._look()

    def _looks(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        read, written = moved(self.pid)
        self.peak = max(self.peak, resident(self.pid))
        self.read, self.written = max(self.read, read), max(self.written, written)
