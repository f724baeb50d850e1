"""What can go wrong, as a tree.

RevenuerError
├── InputError            the traffic directory, or a file, row or column in it
│   └── OutputError       where the findings or the traffic should go
├── ConfigError           an option or a setting that cannot be
├── EngineError           the engine that runs the tables failed
└── MissingExtraError     a heavy part that was not installed

Each error is one line a person can act on; an `InputError` names file, row and column where it has them.
"""

from __future__ import annotations

import errno
import os

__all__ = [
    "ConfigError",
    "EngineError",
    "InputError",
    "MissingExtraError",
    "OutputError",
    "RevenuerError",
    "reason",
]


class RevenuerError(Exception):
    """Root of every error that revenuer raises on purpose; the command line turns it into exit code 2."""


class InputError(RevenuerError):
    """A traffic directory that cannot be used, located as closely as it can be.

    Args:
        message: what is wrong, in plain words.
        file: the file, as the user named it.
        row: where in the file: a line (JSONL, from 1) or a row (Parquet, from 0), already worded.
        column: the column at fault.
    """

    def __init__(
        self, message: str, *, file: str | None = None, row: str | None = None, column: str | None = None
    ) -> None:
        self.file, self.row, self.column = file, row, column
        place = ", ".join(
            part for part in (file, row, f"column {column}" if column is not None else None) if part is not None
        )
        super().__init__(f"{place}: {message}" if place else message)


class OutputError(InputError):
    """A place to write to that cannot be written to."""


class ConfigError(RevenuerError):
    """An option or a setting that cannot be honoured."""


class EngineError(RevenuerError):
    """The engine failed while it ran a table expression or a kernel."""


class MissingExtraError(RevenuerError):
    """A feature needs a package that the core install leaves out.

    Args:
        feature: what the user asked for.
        extra: the name of the extra that brings it.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{feature} needs the extra '{extra}': pip install 'revenuer[{extra}]'")


def reason(error: Exception) -> str:
    """What the system or a library says went wrong, in one line; libraries put paths and numbers around the system's words."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, FileNotFoundError):  # Arrow says the path and nothing else
        return os.strerror(errno.ENOENT)
    return (str(error).splitlines() or [type(error).__name__])[0]
