"""The reasoning seal: blocks that open for the account, session, model and conversation they were given to, for a time.

A block is `rv1.` and base64 of: version (1 byte), key id (4), salt (24), expiry (8, seconds since 1970),
six tags (8 each: tenant, account, session, model, prefix, tools), check (16), ciphertext of a padded payload, tag (16).

The key and nonce of AES-256-GCM are derived for each block from the tenant's key and the random salt of 192 bits, so that no
limit on messages under one key or on random nonces is met: after 2^64 blocks of a tenant two share a salt with a chance
below 2^-64, and no key encrypts more than one block of at most 12 MiB. What a block is bound to is its associated data; the
tags and the check only tell *why* a block does not open, they never let one open.
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any, Final, Literal, get_args

import msgspec

from revenuer.errors import ConfigError, MissingExtraError
from revenuer.provenance.keyring import Key, KeyRing, derived

__all__ = ["ALARMS", "PREFIX", "Binding", "Kind", "Opening", "Sealer", "inspected", "padded_size", "public_id"]

Kind = Literal[
    "opened",
    "foreign",
    "unknown_key",
    "revoked",
    "edited",
    "cross_account",
    "replay",
    "session_unknown",
    "downgrade",
    "model_changed",
    "expired",
    "history_changed",
    "tools_changed",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
# What an honest client does not do. All else comes of age, compaction, a change of tools, model, provider or keys.
ALARMS: Final[frozenset[Kind]] = frozenset({"edited", "cross_account", "replay", "downgrade"})

PREFIX: Final = "rv1."
SMALLEST: Final = 768
LARGEST: Final = 768 << 14  # 12 MiB
_VERSION: Final = 1
_HEAD: Final = struct.Struct(">B4s24sQ")
_LENGTH: Final = struct.Struct(">I")
_TAG: Final = 8
_FIELDS: Final = ("tenant", "account", "session", "model", "prefix", "tools")
_TAGS: Final = len(_FIELDS) * _TAG
_CHECK: Final = 16
_FRONT: Final = _HEAD.size + _TAGS + _CHECK
_GCM: Final = 16
_SHORTEST: Final = _FRONT + SMALLEST + _GCM


@dataclass(frozen=True, slots=True)
class Binding:
    """What a block is bound to; any text may be empty.

    Attributes:
        tenant: whose customers these are; keys are derived for it.
        account: who is billed.
        session: conversation, where the client names it.
        model: model asked for.
        prefix: digest of the conversation before the answer (`shaping_prefix`).
        tools: digest of the tools offered.
    """

    tenant: str
    account: str
    session: str
    model: str
    prefix: str
    tools: str

    def values(self) -> tuple[bytes, ...]:
        """The texts as bytes, in the order of the tags."""
        texts = (self.tenant, self.account, self.session, self.model, self.prefix, self.tools)
        return tuple(text.encode("utf-8", "surrogatepass") for text in texts)


@dataclass(frozen=True, slots=True)
class Opening:
    """What came of a block: its payload if `kind` is `opened`, else None; `issuer_model` where the model differs."""

    kind: Kind
    payload: bytes | None = None
    issuer_model: str | None = None

    @property
    def alarm(self) -> bool:
        """Whether honest clients do not do this."""
        return self.kind in ALARMS


class Sealer:
    """Seals and opens with a ring.

    Args:
        ring: called for the ring in force, so that a rotation takes effect at once.
        ranks: model to rank; a block of a higher model that is sent to a lower one is a downgrade.

    Raises:
        MissingExtraError: `cryptography` is not installed.
    """

    def __init__(self, ring: Callable[[], KeyRing], ranks: dict[str, int] | None = None) -> None:
        self._ring = ring
        self._ranks = ranks or {}
        self._aead = _aead()
        self._keys = lru_cache(4_096)(_keys_of)

    def seal(self, payload: bytes, binding: Binding, *, expires: int) -> str:
        """Seal a payload of up to 12 MiB until `expires`, seconds since 1970.

        Raises:
            ConfigError: the payload is too large.
        """
        key = self._ring().active
        secret, front_key = self._keys(key, binding.tenant)
        salt = os.urandom(24)
        values = binding.values()
        head = _HEAD.pack(_VERSION, bytes.fromhex(key.id), salt, expires) + _tags(front_key, salt, values)
        front = head + _check(front_key, head)
        block_key, nonce = _block_key(secret, salt)
        sealed = self._aead(block_key).encrypt(nonce, _padded(payload), _bound(front, values))
        return f"{PREFIX}{msgspec.to_builtins(front + sealed)}"

    def open(self, block: str, binding: Binding, *, now: int) -> Opening:
        """Open a block, or say why it does not open; `now` in seconds since 1970. Never raises on any text."""
        raw = _raw(block)
        if raw is None:
            return Opening("foreign")
        version, name, salt, expires = _HEAD.unpack_from(raw)
        key = self._ring().find(name.hex())
        if version != _VERSION or key is None:
            return Opening("unknown_key")
        if key.state == "revoked":
            return Opening("revoked")
        secret, front_key = self._keys(key, binding.tenant)
        values = binding.values()
        reason = self._reason(raw, front_key, salt, values) or (Opening("expired") if expires <= now else None)
        return reason or self._decrypted(raw, secret, salt, values)

    def _reason(self, raw: bytes, front_key: bytes, salt: bytes, values: Sequence[bytes]) -> Opening | None:
        head = raw[: _HEAD.size + _TAGS]
        if not hmac.compare_digest(_check(front_key, head), raw[len(head) : _FRONT]):
            return Opening("edited")
        ours = _tags(front_key, salt, values)
        if hmac.compare_digest(ours, head[_HEAD.size :]):
            return None
        return self._difference(head[_HEAD.size :], ours, front_key, salt, values)

    def _difference(
        self, theirs: bytes, ours: bytes, front_key: bytes, salt: bytes, values: Sequence[bytes]
    ) -> Opening:
        """The gravest of the fields that differ."""
        differs = {name for at, name in enumerate(_FIELDS) if ours[at * _TAG :][:_TAG] != theirs[at * _TAG :][:_TAG]}
        if differs & {"tenant", "account"}:
            return Opening("cross_account")
        if "session" in differs:
            nameless = not values[2] or _tag(front_key, salt, 2, b"") == theirs[2 * _TAG :][:_TAG]
            return Opening("session_unknown" if nameless else "replay")
        if "model" in differs:
            return self._model_differs(theirs[3 * _TAG :][:_TAG], front_key, salt, values[3])
        return Opening("history_changed" if "prefix" in differs else "tools_changed")

    def _model_differs(self, tag: bytes, front_key: bytes, salt: bytes, model: bytes) -> Opening:
        issuer = next((name for name in self._ranks if _tag(front_key, salt, 3, name.encode()) == tag), None)
        asked = self._ranks.get(model.decode("utf-8", "replace"))
        weaker = issuer is not None and asked is not None and asked < self._ranks[issuer]
        return Opening("downgrade" if weaker else "model_changed", issuer_model=issuer)

    def _decrypted(self, raw: bytes, secret: bytes, salt: bytes, values: Sequence[bytes]) -> Opening:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        block_key, nonce = _block_key(secret, salt)
        try:
            padded = self._aead(block_key).decrypt(nonce, raw[_FRONT:], _bound(raw[:_FRONT], values))
        except InvalidTag:
            return Opening("edited")
        (length,) = _LENGTH.unpack_from(padded)
        return Opening("opened", padded[_LENGTH.size : _LENGTH.size + length])


def public_id(block: str) -> str:
    """The name of a block in logs and in the columns `reasoning_issued` and `reasoning_refs`: its SHA-256.

    `convert` names blocks that it finds in logged bodies the same way, so a log and the seal's own events join.
    """
    return sha256(block.encode("utf-8", "replace")).hexdigest()


def padded_size(length: int) -> int:
    """Bytes that a payload of this length takes: at most an eighth more, in so few sizes that its length tells little.

    Padmé: a size keeps as many leading bits as its exponent has digits, so that sizes up to M leak O(log log M) bits (Nikitin et
    al. 2019, "Reducing metadata leakage from encrypted files and communication with PURBs", section 4); here from 768 bytes
    on, and then up to a multiple of three (see `_raw`), which joins no two sizes and parts none.

    Raises:
        ConfigError: longer than 12 MiB less 4 bytes.
    """
    size = max(length + _LENGTH.size, SMALLEST)
    exponent = size.bit_length() - 1
    free = (1 << (exponent - exponent.bit_length())) - 1
    size = (size + free) & ~free
    if size > LARGEST:
        raise ConfigError(f"reasoning of {length:,} bytes is too large to be sealed")
    return size + -size % 3


def inspected(block: str, ring: KeyRing) -> dict[str, Any] | None:
    """What a block says of itself in clear, and whether the ring holds its key; None if it is no block."""
    raw = _raw(block)
    if raw is None:
        return None
    version, name, _salt, expires = _HEAD.unpack_from(raw)
    key = ring.find(name.hex())
    genuine = False
    if key is not None:
        _secret, front_key = _keys_of(key, "")
        head = raw[: _HEAD.size + _TAGS]
        genuine = hmac.compare_digest(_check(front_key, head), raw[len(head) : _FRONT])
    return {
        "id": public_id(block),
        "version": version,
        "key": name.hex(),
        "state": None if key is None else key.state,
        "genuine_header": genuine,
        "expires": expires,
        "padded_bytes": len(raw) - _FRONT - _GCM,
    }


def _aead() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("sealing reasoning", "provenance") from error
    return AESGCM


def _keys_of(key: Key, tenant: str) -> tuple[bytes, bytes]:
    """The tenant's key for contents, and the ring key's for fronts, which must be read before the tenant is known."""
    root = key.root()
    return derived(root, f"tenant|{tenant}"), derived(root, "front")


def _block_key(secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of one block: keyed BLAKE2b is a pseudorandom function of the salt."""
    both = blake2b(salt, key=secret, digest_size=44, person=b"reasoning-block").digest()
    return both[:32], both[32:]


def _tag(front_key: bytes, salt: bytes, at: int, value: bytes) -> bytes:
    """Says whether a field is the same without saying what it is; the salt makes it another in every block."""
    return blake2b(salt + value, key=front_key, digest_size=_TAG, person=b"tag" + bytes([at])).digest()


def _tags(front_key: bytes, salt: bytes, values: Sequence[bytes]) -> bytes:
    return b"".join([_tag(front_key, salt, at, value) for at, value in enumerate(values)])


def _check(front_key: bytes, head: bytes) -> bytes:
    return blake2b(head, key=front_key, digest_size=_CHECK, person=b"check").digest()


def _bound(front: bytes, values: Sequence[bytes]) -> bytes:
    """Associated data: the front and every bound value with its length before it, so that no two bindings agree."""
    return b"".join([front, *(_LENGTH.pack(len(value)) + value for value in values)])


def _padded(payload: bytes) -> bytes:
    return (_LENGTH.pack(len(payload)) + payload).ljust(padded_size(len(payload)), b"\0")


def _raw(block: str) -> bytes | None:
    """The bytes of a block; None for what is none."""
    if not block.startswith(PREFIX):
        return None
    try:
        raw = msgspec.convert(block[len(PREFIX) :], bytes)
    except (msgspec.ValidationError, UnicodeError):
        return None
    # A whole block is a multiple of three bytes: every character of its text counts, none can be edited without effect.
    return raw if len(raw) >= _SHORTEST and len(raw) % 3 == 0 else None
