"""Keys of the API: made, rotated, revoked, and found again by a digest, since the state never holds a key itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import string
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from revenuer.errors import InputError
from revenuer.service.roles import KEY_SCOPES, Caller, Scope
from revenuer.state import State, append, utc
from revenuer.state.tables import api_keys

__all__ = ["Key", "KeyRing", "Minted", "create", "key_named", "keys_in", "revoke", "rotate"]

# 256 bits from the system: nothing to guess, so a plain digest is enough and no slow hash is needed.
_SECRET_BYTES: Final = 32
_ID_LENGTH: Final = 10
_ID_LETTERS: Final = string.ascii_lowercase + string.digits
_FORM: Final = re.compile(r"(rvk_[a-z0-9]{10})_[A-Za-z0-9_-]{43}")
LONGEST_NAME: Final = 100
_NOBODY: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Key:
    """A key, as far as it may be shown. Times are RFC 3339.

    Attributes:
        key_id: its beginning, by which it is known; no secret.
        name: what it is for.
        scopes: what it may do.
        per_minute: requests a minute; None: the service's own limit.
        made_at, made_by: when, and who made it.
        expires_at: from when on it opens nothing; None: never.
        revoked_at: when it was revoked; None: it was not.
        last_used_at: to the minute, some minutes late; None: never.
        follows: the key that it replaces.
    """

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    per_minute: int | None
    made_at: str
    made_by: str
    expires_at: str | None = None
    revoked_at: str | None = None
    last_used_at: str | None = None
    follows: str | None = None

    def opens(self, at: str) -> bool:
        """Whether it is neither revoked nor expired at this time."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)

    def caller(self) -> Caller:
        """Whoever holds it."""
        return Caller(f"key {self.key_id}", person=False, scopes=frozenset(self.scopes), per_minute=self.per_minute)


@dataclass(frozen=True, slots=True)
class Minted:
    """A new key, and the one time that its secret is seen."""

    key: Key
    secret: str


def create(
    state: State,
    *,
    name: str,
    scopes: Sequence[Scope],
    by: str,
    at: str,
    expires_at: str | None = None,
    per_minute: int | None = None,
) -> Minted:
    """Make a key.

    Args:
        state: where its digest is kept.
        name: what it is for.
        scopes: of `KEY_SCOPES`, one at least.
        by: who makes it.
        at: now, RFC 3339.
        expires_at: from when on it opens nothing.
        per_minute: requests a minute.

    Raises:
        InputError: no name, no scope or one that no key has, an end that is past, or no rate.
    """
    ends = None if expires_at is None else utc(expires_at)
    for fault in _faults(name, scopes, ends, per_minute, at):
        raise InputError(fault)
    in_order = tuple(scope for scope in KEY_SCOPES if scope in scopes)
    minted = _mint(Key("", " ".join(name.split()), in_order, per_minute, at, by, ends))
    with state.write() as connection:
        _insert(connection, minted, "key.create")
    return minted


def rotate(state: State, key_id: str, *, by: str, at: str, overlap_hours: float = 24.0) -> Minted:
    """Make the key that follows another, which goes on to open for some hours and then expires.

    The new one has the same name, scopes, rate, and end.

    Raises:
        InputError: no such key, or it opens nothing any more; or hours that are none.
    """
    if not 0 <= overlap_hours <= 24 * 90:
        raise InputError("an overlap is between 0 hours and 90 days")
    with state.write() as connection:
        old = key_named(connection, key_id)
        if not old.opens(at):
            raise InputError(f"key {key_id} opens nothing any more: make a new one")
        minted = _mint(replace(old, made_at=at, made_by=by, last_used_at=None, follows=key_id))
        _insert(connection, minted, "key.rotate")
        end = (datetime.fromisoformat(at) + timedelta(hours=overlap_hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        ends = min(end, old.expires_at or end)
        connection.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id).values(expires_at=ends))
    return minted


def revoke(state: State, key_id: str, *, by: str, at: str) -> None:
    """End a key at once; a service that runs hears of it within a second.

    Raises:
        InputError: no such key, or it was revoked before.
    """
    with state.write() as connection:
        if key_named(connection, key_id).revoked_at is not None:
            raise InputError(f"key {key_id} was revoked before")
        connection.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id).values(revoked_at=at))
        append(connection, at=at, actor=by, action="key.revoke", subject=key_id, detail={})


def keys_in(connection: sa.Connection) -> list[Key]:
    """All keys that were ever made, in the order in which they were."""
    rows = connection.execute(sa.select(api_keys).order_by(api_keys.c.made_at, api_keys.c.key_id))
    return [_key(row) for row in rows]


def key_named(connection: sa.Connection, key_id: str) -> Key:
    """A key by its id.

    Raises:
        InputError: there is none.
    """
    row = connection.execute(sa.select(api_keys).where(api_keys.c.key_id == key_id)).first()
    if row is None:
        raise InputError(f"no key is called {key_id}")
    return _key(row)


class KeyRing:
    """The keys of a state in memory, to be asked for every request. Any number of threads may ask.

    When the state is lost it goes on with what it has: keys expire on time, and only what is revoked meanwhile is not
    heard of.

    Args:
        state: read by `refresh`, written to by `keep_uses`.

    Raises:
        OutputError: the state cannot be read.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._guard = threading.Lock()
        self._keys: dict[str, tuple[str, Key, Caller]] = {}
        self._used: dict[str, str] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the keys anew.

        Raises:
            OutputError: the state cannot be read; what is known stays.
        """
        with self._state.read() as connection:
            rows = connection.execute(sa.select(api_keys).where(api_keys.c.revoked_at.is_(None))).all()
        found = [(row.digest, _key(row)) for row in rows]
        self._keys = {key.key_id: (digest, key, key.caller()) for digest, key in found}

    def find(self, secret: str, at: str) -> Caller | None:
        """Whoever holds this key, if it opens anything now."""
        form = _FORM.fullmatch(secret)
        known = None if form is None else self._keys.get(form[1])
        digest = _NOBODY if known is None else known[0]
        if not hmac.compare_digest(_digest(secret), digest) or known is None or not known[1].opens(at):
            return None
        self._used[known[1].key_id] = at
        return known[2]

    def keep_uses(self) -> None:
        """Write down when keys were last used, to the minute.

        Raises:
            OutputError: the state cannot be written to; the uses are kept for the next time.
        """
        with self._guard:
            used = dict(self._used)
            if not used:
                return
            with self._state.write() as connection:
                for key_id, at in sorted(used.items()):
                    minute = at[:16] + ":00Z"
                    later = sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < minute)
                    chosen = sa.update(api_keys).where(api_keys.c.key_id == key_id, later)
                    connection.execute(chosen.values(last_used_at=minute))
            for key_id, at in used.items():
                if self._used.get(key_id) == at:
                    del self._used[key_id]


def _faults(name: str, scopes: Sequence[Scope], ends: str | None, per_minute: int | None, at: str) -> list[str]:
    faults = [] if 0 < len(name.strip()) <= LONGEST_NAME else [f"a key needs a name of 1 to {LONGEST_NAME} characters"]
    faults += [] if scopes else ["a key needs a scope"]
    faults += [
        f"no key has the scope {scope}: expected {', '.join(KEY_SCOPES)}" for scope in scopes if scope not in KEY_SCOPES
    ]
    faults += [f"{ends} is past"] if ends is not None and ends <= at else []
    return faults + (["at least one request a minute"] if per_minute is not None and per_minute < 1 else [])


def _mint(key: Key) -> Minted:
    key_id = "rvk_" + "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    return Minted(replace(key, key_id=key_id), f"{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}")


def _insert(connection: sa.Connection, minted: Minted, action: str) -> None:
    key = minted.key
    row = asdict(key) | {"scopes": json.dumps(key.scopes), "digest": _digest(minted.secret)}
    connection.execute(sa.insert(api_keys).values(row))
    told = {"name": key.name, "scopes": key.scopes, "expires_at": key.expires_at, "follows": key.follows}
    append(connection, at=key.made_at, actor=key.made_by, action=action, subject=key.key_id, detail=told)


def _key(row: sa.Row[tuple[str, ...]]) -> Key:
    return Key(
        row.key_id, row.name, tuple(json.loads(row.scopes)), row.per_minute, row.made_at, row.made_by, row.expires_at,
        row.revoked_at, row.last_used_at, row.follows,
    )  # fmt: skip


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
