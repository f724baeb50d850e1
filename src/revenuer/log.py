"""What the command line says on stderr: log lines, progress, and errors in one inert line each."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["OnStage", "configure", "one_line", "progress"]

OnStage = Callable[[str, int, int], None]

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)


def configure(verbose: int = 0, *, quiet: bool = False) -> None:
    """Send the project's log to stderr: warnings, with -v what is done, with -vv details, with -q errors only."""
    logger = logging.getLogger("revenuer")
    logger.setLevel(logging.ERROR if quiet else _LEVELS[min(verbose, 2)])
    handler = _Stderr()
    handler.setFormatter(_Inert("revenuer: %(levelname)s: %(message)s"))
    logger.handlers = [handler]
    logger.propagate = False


def one_line(text: str, limit: int = 500) -> str:
    """The text on one line without control characters: file and column names may hold escapes."""
    flat = " ".join(text.split())
    inert = "".join(char if char.isprintable() else "�" for char in flat)
    return inert if len(inert) <= limit else f"{inert[:limit]}..."


class _Stderr(logging.Handler):
    """Writes to what `sys.stderr` is when a line comes, not to what it was at the start."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


class _Inert(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record), 2_000)


def _log_stage(stage: str, done: int, total: int) -> None:
    if done >= total:
        logging.getLogger("revenuer").info("%s: done", stage)


@contextmanager
def progress(*, show: bool = True) -> Iterator[OnStage]:
    """A callback (stage, done, total) that draws bars on stderr, if that is a terminal and `show`; else it logs."""
    if not show or not sys.stderr.isatty():
        yield _log_stage
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        told = [bars.get_time()]

        def on_stage(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
                # its work began when the stage before it was last heard of, not when its first part was done
                bars.tasks[-1].start_time = told[0]
            bars.update(tasks[stage], completed=done, total=total or None)
            told[0] = bars.get_time()

        yield on_stage
