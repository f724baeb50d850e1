"""Signatures by Ed25519 (RFC 8032), and requests to a time-stamping authority (RFC 3161)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from revenuer.errors import ConfigError, InputError, MissingExtraError
from revenuer.sharing.files import write_private, write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["Signer", "fingerprint", "imprint", "load_signer", "make_key", "stamp_request", "vouched"]

# SEQUENCE { OBJECT IDENTIFIER 2.16.840.1.101.3.4.2.1 (SHA-256), NULL }
_SHA256: Final = bytes.fromhex("300d06096086480165030402010500")


class Signer:
    """A private key, and the public one that goes with it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

        self._key = key
        self.public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, content: bytes) -> bytes:
        """The signature of some bytes: 64 bytes."""
        return self._key.sign(content)


def make_key(file: Path, passphrase: str = "") -> bytes:
    """Make a key pair: the private key in `file` (PEM, for its owner only), the public one in `file`.pub; the latter.

    Raises:
        ConfigError: there is a file already: a key is not overwritten.
        OutputError: it cannot be written.
        MissingExtraError: cryptography is not installed.
    """
    _need()
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    if file.exists():
        raise ConfigError(f"{file}: exists already, and a key is not overwritten")
    key = Ed25519PrivateKey.generate()
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        lock = serialization.BestAvailableEncryption(passphrase.encode())
    form = serialization.PrivateFormat.PKCS8
    write_private(file, key.private_bytes(serialization.Encoding.PEM, form, lock))
    public = Signer(key).public
    write_whole(file.with_name(f"{file.name}.pub"), public)
    return public


def load_signer(file: Path, passphrase: str = "") -> Signer:
    """The private key in a PEM file.

    Raises:
        InputError: it cannot be read, is locked by another passphrase, or of another kind.
        MissingExtraError: cryptography is not installed.
    """
    _need()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(file.read_bytes(), passphrase.encode() or None)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(f"is no private key that this passphrase opens: {error}", file=str(file)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("is no Ed25519 key", file=str(file))
    return Signer(key)


def vouched(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether the holder of the private key of `public` (PEM) signed some bytes."""
    _need()
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    key = _public(public)
    if key is None:
        return False
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def fingerprint(public: bytes) -> str:
    """SHA-256 over a public key (PEM) as it is told to people: over its 32 bytes; empty for what is none."""
    _need()
    key = _public(public)
    return "" if key is None else hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _public(pem: bytes) -> Ed25519PublicKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def imprint(content: bytes) -> bytes:
    """RFC 3161's MessageImprint of some bytes, in DER."""
    return _sequence(_SHA256 + b"\x04\x20" + hashlib.sha256(content).digest())


def stamp_request(content: bytes) -> bytes:
    """RFC 3161's TimeStampReq about some bytes, in DER; it asks for the authority's certificate and has no nonce.

    A nonce would tie a reply to this request; here the reply is tied to the content, and the request stays the same.
    """
    return _sequence(b"\x02\x01\x01" + imprint(content) + b"\x01\x01\xff")


def _sequence(content: bytes) -> bytes:
    return bytes([0x30, len(content)]) + content  # the contents here are shorter than 128 bytes


def _need() -> None:
    try:
        import cryptography  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("signing and verifying", "sharing") from error
