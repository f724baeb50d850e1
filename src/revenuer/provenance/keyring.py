"""Key rings: the secrets that seal reasoning, which of them seals now, and which may still open."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final, Literal

import msgspec

from revenuer.errors import ConfigError, InputError, MissingExtraError, OutputError

__all__ = ["Key", "KeyFile", "KeyRing", "derived", "load_ring", "new_ring", "ring_revoked", "ring_rotated", "save_ring"]

State = Literal["active", "retired", "revoked"]
SCHEMA: Final = 1
SECRET_BYTES: Final = 32
_ID: Final = re.compile(r"[0-9a-f]{8}")
_SALT: Final = b"revenuer reasoning seal v1"


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A root secret.

    Attributes:
        id: 8 hexadecimal digits, random, which sealed blocks carry in clear.
        secret: 32 random bytes in base64; keys of tenants and blocks are derived from it, it encrypts nothing itself.
        state: `active` seals and opens, `retired` opens, `revoked` does neither.
        created: when it was made, RFC 3339.
    """

    id: str
    secret: str
    state: State
    created: str

    def __repr__(self) -> str:
        return f"Key({self.id}, {self.state}, {self.created})"

    def root(self) -> bytes:
        """The secret's bytes."""
        return base64.b64decode(self.secret)


class KeyRing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a key file holds: keys, newest first, exactly one of them active."""

    schema: int
    keys: tuple[Key, ...]

    @property
    def active(self) -> Key:
        """The key that seals."""
        return next(key for key in self.keys if key.state == "active")

    def find(self, name: str) -> Key | None:
        """The key of this id."""
        return next((key for key in self.keys if key.id == name), None)


class KeyFile:
    """A ring in a file that is read again when the file has changed, so that a rotation needs no restart.

    Args:
        path: of the file.

    Raises:
        InputError: the file is no key ring, on first reading; later a bad file leaves the last good ring in force.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = _stamp(path)
        self._ring = load_ring(path)

    def ring(self) -> KeyRing:
        """The ring as the file has it now; the last good one while the file cannot be used."""
        seen = _stamp(self.path)
        if seen != self._seen:
            try:
                self._ring = load_ring(self.path)
            except (InputError, ConfigError):
                return self._ring
            self._seen = seen
        return self._ring


def new_ring(created: str) -> KeyRing:
    """A ring of one fresh active key."""
    return KeyRing(SCHEMA, (_fresh(created),))


def ring_rotated(ring: KeyRing, created: str) -> KeyRing:
    """The ring with a fresh active key; the one that was active still opens what it sealed."""
    old = tuple(msgspec.structs.replace(key, state="retired") if key.state == "active" else key for key in ring.keys)
    return KeyRing(SCHEMA, (_fresh(created), *old))


def ring_revoked(ring: KeyRing, name: str) -> KeyRing:
    """The ring in which a key opens nothing any more.

    Raises:
        ConfigError: there is no such key, or it is the active one.
    """
    key = ring.find(name)
    if key is None:
        raise ConfigError(f"key {name}: the ring has no such key")
    if key.state == "active":
        raise ConfigError(f"key {name} is active: rotate first, then revoke it")
    gone = msgspec.structs.replace(key, state="revoked")
    return KeyRing(SCHEMA, tuple(gone if one is key else one for one in ring.keys))


def load_ring(path: Path) -> KeyRing:
    """Read a key ring.

    Raises:
        InputError: it cannot be read or is none.
        ConfigError: others than its owner may read it.
    """
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{path}: holds secrets that others can read: chmod 600 {path}")
        ring = msgspec.json.decode(path.read_bytes(), type=KeyRing)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except msgspec.MsgspecError as error:
        raise InputError(f"is no key ring: {error}", file=str(path)) from error
    if (fault := _fault(ring)) is not None:
        raise InputError(f"is no key ring: {fault}", file=str(path))
    return ring


def save_ring(ring: KeyRing, path: Path, *, fresh: bool) -> None:
    """Write a ring, readable by its owner alone, all at once.

    Args:
        ring: to be written.
        path: of the file.
        fresh: refuse to replace a file that is there: the keys in it may be the only ones that open something.

    Raises:
        OutputError: the file exists, or cannot be written.
    """
    partial = None
    try:
        descriptor, partial = tempfile.mkstemp(prefix=".revenuer-", suffix=".partial", dir=path.parent)  # mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(ring), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            os.link(partial, path)  # unlike a rename it fails where the file exists
        else:
            Path(partial).replace(path)
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", file=str(path)) from error
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def derived(secret: bytes, purpose: str, length: int = SECRET_BYTES) -> bytes:
    """A key for one purpose by HKDF-SHA-256 (RFC 5869).

    Raises:
        MissingExtraError: `cryptography` is not installed.
    """
    try:
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("sealing reasoning", "provenance") from error
    return HKDF(hashes.SHA256(), length, _SALT, purpose.encode()).derive(secret)


def _fresh(created: str) -> Key:
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return Key(secrets.token_hex(4), secret, "active", created)


def _fault(ring: KeyRing) -> str | None:
    if ring.schema != SCHEMA:
        return f"schema {ring.schema}, and this version reads schema {SCHEMA}"
    if sum(key.state == "active" for key in ring.keys) != 1:
        return "exactly one key must be active"
    if len({key.id for key in ring.keys}) != len(ring.keys):
        return "two keys have the same id"
    return next((f"key {key.id[:20]!r} is malformed" for key in ring.keys if not _is_sound(key)), None)


def _is_sound(key: Key) -> bool:
    try:
        secret = base64.b64decode(key.secret, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(secret) == SECRET_BYTES and _ID.fullmatch(key.id) is not None


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_ino, found.st_size)
