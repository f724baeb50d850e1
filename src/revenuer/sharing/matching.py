"""Matching under a key of the group: each item becomes a keyed hash, and equal hashes are the items in common.

HMAC-SHA256 (RFC 2104), cut to 128 bits. Who holds the key can try out guesses, and addresses and mail are few enough to
be guessed: that is why keys are per group and period, lists have a largest size and what is asked is rationed. Peers who
do not trust each other that far use private set intersection instead (`psi`).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from revenuer.errors import InputError, reason
from revenuer.sharing.files import write_whole
from revenuer.sharing.matching_items import MOST_ITEMS
from revenuer.sharing.matching_keys import GroupKey

__all__ = ["HASH_BYTES", "KeyedList", "common", "keyed", "read_list", "write_list"]

HASH_BYTES: Final = 16
_HEAD: Final = "revenuer-match 1"
_LINE: Final = re.compile(rf"[a-z0-9.-]{{1,80}}:[0-9a-f]{{{2 * HASH_BYTES}}}")


@dataclass(frozen=True, slots=True)
class KeyedList:
    """Keyed hashes, all under one key, which `key_id` names."""

    key_id: str
    hashes: frozenset[bytes]


def keyed(items: Iterable[str], key: GroupKey) -> dict[bytes, str]:
    """Keyed hash to item, for canonical items."""
    secret, digest = key.secret, hmac.digest
    return {digest(secret, item.encode(), "sha256")[:HASH_BYTES]: item for item in items}


def common(mine: dict[bytes, str], theirs: Collection[bytes]) -> tuple[str, ...]:
    """My items that are among theirs, sorted."""
    return tuple(sorted(mine[one] for one in theirs if one in mine))


def write_list(file: Path, hashes: Iterable[bytes], key: GroupKey) -> int:
    """Write keyed hashes, one a line behind the id of their key, and return how many.

    They are sorted, so that nothing is told by their order.

    Raises:
        OutputError: the file cannot be written.
    """
    name = key.key_id
    lines = [f"{name}:{one.hex()}" for one in sorted(hashes)]
    write_whole(file, "\n".join([_HEAD, *lines, ""]).encode())
    return len(lines)


def read_list(file: Path, *, most: int = MOST_ITEMS) -> KeyedList:
    """Read what `write_list` wrote.

    Raises:
        InputError: it is no such list, holds hashes under several keys, or more than `most`.
    """
    try:
        head, *lines = file.read_text(encoding="ascii").split("\n")
    except OSError as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(file)) from error
    except UnicodeDecodeError as error:
        raise InputError("is no text", file=str(file)) from error
    if head != _HEAD:
        raise InputError("is no list of keyed hashes", file=str(file))
    if len(lines) > most + 1:
        raise InputError(f"has more than {most:,} hashes", file=str(file))
    found: set[bytes] = set()
    names: set[str] = set()
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        if not _LINE.fullmatch(line):
            raise InputError("is no keyed hash", file=str(file), row=f"line {number}")
        name, _, digest = line.partition(":")
        names.add(name)
        found.add(bytes.fromhex(digest))
    if len(names) > 1:
        raise InputError("holds hashes under several keys", file=str(file))
    return KeyedList(next(iter(names), ""), frozenset(found))
