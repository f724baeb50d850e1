"""Files that appear whole or not at all, PEM files that are none, and the version that stands in what is sent."""

from __future__ import annotations

import os
import secrets
from importlib import metadata
from pathlib import Path
from typing import Final

from revenuer.errors import OutputError, reason

__all__ = ["VERSION", "pem_fault", "write_private", "write_whole"]

VERSION: Final = metadata.version("revenuer")


def pem_fault(error: OSError, what: str) -> str:
    """Why PEM files cannot be used: what the system says of reading them, or else that they are not `what`."""
    import ssl  # noqa: PLC0415

    return f"is not {what}, in PEM" if isinstance(error, ssl.SSLError) else f"cannot be read: {reason(error)}"


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Raises:
        OutputError: it cannot be written.
    """
    _write(file, content, 0o666)


def write_private(file: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    _write(file, content, 0o600)


def _write(file: Path, content: bytes, mode: int) -> None:
    """The system takes from `mode` what the user's mask says."""
    fresh = file.with_name(f".revenuer-{secrets.token_hex(6)}.partial")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(content)
        fresh.replace(file)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(file)) from error
    finally:
        fresh.unlink(missing_ok=True)
