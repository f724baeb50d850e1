"""Keys of watermarks: one for each tenant, campaign and epoch, all from one master secret.

A label becomes an opaque id (HMAC-SHA-256), and the id a key (HKDF-SHA-256, RFC 5869). A gateway sends the id with a tag to
the workers; names of customers and keys never travel.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.provenance.scheme import Scheme

__all__ = ["Label", "MarkKey", "MarkRing", "load_key", "load_master", "new_master", "save_key"]

_BYTES: Final = 32
_ID: Final = 16
_TAG: Final = 16


@dataclass(frozen=True, slots=True)
class Label:
    """Whom a key is for; a rung of measures changes `campaign`, the calendar changes `epoch`."""

    tenant: str
    campaign: str = ""
    epoch: str = ""

    def packed(self) -> bytes:
        """Each part with its length before it, so that no two labels have the same bytes."""
        parts = [part.encode() for part in (self.tenant, self.campaign, self.epoch)]
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


class MarkRing:
    """Derives the keys of labels.

    Args:
        master: at least 32 secret bytes.

    Raises:
        ConfigError: the master is shorter.
    """

    def __init__(self, master: bytes) -> None:
        if len(master) < _BYTES:
            raise ConfigError(f"a master secret has at least {_BYTES} bytes")
        self._ids = _hkdf(master, b"wm|v1|ids")
        self._tags = _hkdf(master, b"wm|v1|tags")
        self._keys = _hkdf(master, b"wm|v1|keys")

    def derive(self, label: Label) -> bytes:
        """The key of a label; 32 bytes."""
        return self._key(self._id(label))

    def token(self, label: Label) -> str:
        """What a gateway sends to the workers instead of the key: an opaque id and its tag, as hex."""
        name = self._id(label)
        return (name + self._tag(name)).hex()

    def resolve(self, token: str) -> bytes:
        """The key that a token stands for.

        Raises:
            ConfigError: the token is none of this ring.
        """
        try:
            given = bytes.fromhex(token)
        except ValueError:
            given = b""
        name, tag = given[:_ID], given[_ID:]
        if len(name) != _ID or not hmac.compare_digest(tag, self._tag(name)):
            raise ConfigError("a token of a watermark was not made with this master secret")
        return self._key(name)

    def _id(self, label: Label) -> bytes:
        return hmac.digest(self._ids, label.packed(), "sha256")[:_ID]

    def _tag(self, name: bytes) -> bytes:
        return hmac.digest(self._tags, name, "sha256")[:_TAG]

    def _key(self, name: bytes) -> bytes:
        return _hkdf(self._keys, b"wm|v1|" + name)


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """One block of HKDF-SHA-256 without salt (RFC 5869): the hash's length is all that is asked for."""
    extracted = hmac.digest(bytes(_BYTES), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


@dataclass(frozen=True, slots=True)
class MarkKey:
    """A derived key with what is public about it; `name` is what reports call it."""

    name: str
    key: bytes
    scheme: Scheme

    def commitment(self) -> str:
        """SHA-256 that binds key and scheme and tells nothing about either."""
        bound = b"revenuer watermark commitment v1\n" + self.scheme.label().encode() + b"\n" + self.key
        return hashlib.sha256(bound).hexdigest()


def new_master(path: Path) -> None:
    """Write a fresh master secret, readable by its owner only.

    Raises:
        OutputError: the file is there already, or cannot be written.
    """
    _write_secret(path, {"kind": "watermark master", "version": 1, "master": secrets.token_hex(_BYTES)})


def load_master(path: Path) -> MarkRing:
    """The key ring of a master secret.

    Raises:
        InputError: the file is not one that `new_master` wrote.
    """
    return MarkRing(_hex(_document(path, "watermark master"), "master", path))


def save_key(path: Path, key: MarkKey) -> None:
    """Write a derived key, readable by its owner only; raises as `new_master` does."""
    scheme = {
        "name": key.scheme.name,
        "window": key.scheme.window,
        "gamma": key.scheme.gamma,
        "delta": key.scheme.delta,
    }
    _write_secret(
        path, {"kind": "watermark key", "version": 1, "name": key.name, "key": key.key.hex(), "scheme": scheme}
    )


def load_key(path: Path) -> MarkKey:
    """A derived key.

    Raises:
        InputError: the file is not one that `save_key` wrote.
        ConfigError: its scheme cannot be.
    """
    found = _document(path, "watermark key")
    scheme = found.get("scheme")
    if not isinstance(scheme, dict) or not isinstance(found.get("name"), str):
        raise InputError("has no scheme or no name", file=str(path))
    try:
        rule = Scheme(scheme["name"], int(scheme["window"]), float(scheme["gamma"]), float(scheme["delta"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("the scheme lacks a part", file=str(path)) from error
    return MarkKey(found["name"], _hex(found, "key", path), rule)


def _document(path: Path, kind: str) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415

    try:
        found = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except msgspec.DecodeError as error:
        raise InputError("is not JSON", file=str(path)) from error
    if not isinstance(found, dict) or found.get("kind") != kind or found.get("version") != 1:
        raise InputError(f"is not a {kind} of version 1", file=str(path))
    return found


def _hex(found: dict[str, Any], field: str, path: Path) -> bytes:
    try:
        value = bytes.fromhex(found[field])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("the secret is not hex", file=str(path), column=field) from error
    if len(value) < _BYTES:
        raise InputError(f"the secret has fewer than {_BYTES} bytes", file=str(path), column=field)
    return value


def _write_secret(path: Path, content: dict[str, Any]) -> None:
    import msgspec  # noqa: PLC0415

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    except FileExistsError as error:
        raise OutputError("is there already; a secret is not overwritten", file=str(path)) from error
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(path)) from error
