"""The secret that a group of peers shares, and the name by which they speak of it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from revenuer.errors import ConfigError

__all__ = ["Secret", "secret_of"]

_LEAST_SECRET: Final = 16


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that a group of peers holds, and the name by which they speak of it.

    Attributes:
        key: its bytes.
        name: 16 hex digits that tell which secret was used and nothing of it.
    """

    key: bytes
    name: str


def secret_of(file: Path) -> Secret:
    """The secret that a file holds, white space around it left out.

    Raises:
        ConfigError: no such file, or fewer than 16 bytes.
    """
    try:
        key = file.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    if len(key) < _LEAST_SECRET:
        raise ConfigError(f"{file}: a shared secret has {_LEAST_SECRET} bytes or more, not {len(key)}")
    return Secret(key, hmac.digest(key, b"revenuer|key-name", hashlib.sha256).hex()[:16])
