"""Keys that a group of providers shares for a while: each names its group and period, and none outlives it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from revenuer.errors import ConfigError, InputError
from revenuer.sharing.files import write_private

__all__ = ["LONGEST_DAYS", "GroupKey", "add_key", "key_at", "key_by_id", "read_keys"]

# A member can try out texts for as long as a key is used: a season, and what was learnt of the old key is worth nothing.
LONGEST_DAYS: Final = 93
_GROUP: Final = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A key.

    Attributes:
        group: name of the group.
        begins, ends: first day, and the day after the last (ISO).
        secret: 32 bytes.
    """

    group: str
    begins: str
    ends: str
    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Group, period and a mark by which two keys of one period are told apart; it says nothing of the secret."""
        mark = hmac.digest(self.secret, b"revenuer key id", hashlib.sha256).hex()[:8]
        return f"{self.group}.{self.begins}.{self.ends}.{mark}"


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    begins: str
    ends: str
    secret: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    group: str
    keys: list[_Stored]


def read_keys(file: Path) -> tuple[GroupKey, ...]:
    """The keys of a file, in the order of their periods.

    Raises:
        InputError: it cannot be read or is no file of keys.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_File)
        keys = tuple(GroupKey(found.group, one.begins, one.ends, bytes.fromhex(one.secret)) for one in found.keys)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise InputError(f"is no file of keys: {error}", file=str(file)) from error
    if any(len(key.secret) != 32 for key in keys):
        raise InputError("a secret is not of 32 bytes", file=str(file))
    return tuple(sorted(keys, key=lambda key: key.begins))


def add_key(file: Path, *, group: str, begins: str, ends: str) -> GroupKey:
    """Make a key for a period and put it into a file, which is made where there is none and readable by its owner only.

    Raises:
        ConfigError: a name or a period that cannot be, or one that meets that of another key.
        InputError: the file is none of keys.
        OutputError: it cannot be written.
    """
    keys = read_keys(file) if file.exists() else ()
    days = (_day(ends) - _day(begins)).days
    if not _GROUP.fullmatch(group) or any(key.group != group for key in keys):
        raise ConfigError(f"{group}: a file holds one group, named in small letters, digits and '-'")
    if not 0 < days <= LONGEST_DAYS:
        raise ConfigError(f"{begins} to {ends}: a key is for a day to {LONGEST_DAYS} days")
    if any(begins < key.ends and key.begins < ends for key in keys):
        raise ConfigError(f"{begins} to {ends}: there is a key for a part of this period")
    made = GroupKey(group, begins, ends, secrets.token_bytes(32))
    stored = [_Stored(key.begins, key.ends, key.secret.hex()) for key in (*keys, made)]
    write_private(file, msgspec.json.format(msgspec.json.encode(_File(group, stored)), indent=1) + b"\n")
    return made


def key_at(keys: tuple[GroupKey, ...], day: str) -> GroupKey:
    """The key of a day.

    Raises:
        ConfigError: no key is for it.
    """
    _day(day)
    for key in keys:
        if key.begins <= day < key.ends:
            return key
    raise ConfigError(f"no key is for {day}: the group has to agree on a new one")


def key_by_id(keys: tuple[GroupKey, ...], key_id: str, day: str) -> GroupKey:
    """The key that a list names, if it is that of the day: lists of periods gone by are not matched.

    Raises:
        ConfigError: it is another.
    """
    key = key_at(keys, day)
    if key.key_id != key_id:
        raise ConfigError(f"the list is under {key_id}; the key of {day} is {key.key_id}")
    return key


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text}: expected a day as YYYY-MM-DD") from error
    if found.isoformat() != text:
        raise ConfigError(f"{text}: expected a day as YYYY-MM-DD")
    return found
