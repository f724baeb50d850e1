"""Settings that people write as TOML, read into types that say what may stand there."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from revenuer.errors import InputError

__all__ = ["parse_toml", "read_toml"]

T = TypeVar("T")


def read_toml(path: Path, kind: type[T], *, what: str) -> T:
    """What a file says.

    Args:
        path: the file.
        kind: what it must hold.
        what: name of such a thing, for errors: "policy".

    Raises:
        InputError: the file cannot be read, is no TOML, or holds what no such thing holds; names the place.
    """
    try:
        return parse_toml(path.read_bytes(), kind, name=str(path), what=what)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error


def parse_toml(content: bytes, kind: type[T], *, name: str, what: str) -> T:
    """The same of content that is at hand; `name` is the file's, for errors."""
    try:
        return msgspec.convert(tomllib.loads(content.decode()), kind)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"is no TOML: {error}", file=name) from error
    except msgspec.ValidationError as error:
        raise InputError(f"is no {what}: {error}", file=name) from error
