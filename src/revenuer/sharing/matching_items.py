"""What is matched: things of a kind, each in the one form that both sides hash.

Only equal texts match, so every kind has a canonical form: networks as /24 or /64, mail without dots and tags where the
provider ignores them, templates as versioned hashes. Nothing here says where a person is from: that is never matched.
"""

from __future__ import annotations

import csv
import hashlib
import io
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from revenuer.errors import InputError, reason
from revenuer.sharing.files import write_whole

__all__ = ["KINDS", "MOST_ITEMS", "canonical", "read_items", "split", "template_of", "write_items"]

MOST_ITEMS: Final = 2_000_000
_LONGEST: Final = 512
_TEMPLATE: Final = re.compile(r"t1:[0-9a-f]{64}")
_HEAD: Final = ["kind", "value"]
# Providers for which dots in the local part mean nothing, and the domains under which they go.
_DOTLESS: Final = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def _network(text: str) -> str:
    parts = text.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdecimal() and str(int(part)) == part for part in parts):
        if all(int(part) < 256 for part in parts):
            return f"{parts[0]}.{parts[1]}.{parts[2]}.0/24"
        raise ValueError("is no address")
    given = ipaddress.ip_network(text, strict=False)
    if isinstance(given, ipaddress.IPv6Network):
        mapped = given.network_address.ipv4_mapped
        if mapped is not None and given.prefixlen >= 120:
            return _network(str(mapped))
    widest = 24 if given.version == 4 else 64
    if given.prefixlen < widest:
        raise ValueError(f"is wider than /{widest}: name its parts")
    return str(given.supernet(new_prefix=widest))


def _mail(text: str) -> str:
    local, sign, domain = text.strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    if not sign or not local or not domain or any(char.isspace() for char in local + domain):
        raise ValueError("is no mail address")
    domain = _domain(domain)
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[domain]
    return f"{local}@{domain}"


def _domain(text: str) -> str:
    name = text.strip().casefold().rstrip(".")
    try:
        found = name.encode("idna").decode() if name else ""
    except UnicodeError as error:
        raise ValueError("is no domain") from error
    if "." not in found:
        raise ValueError("is no domain")
    return found


def _template(text: str) -> str:
    found = text.strip().lower()
    if not _TEMPLATE.fullmatch(found):
        raise ValueError("is no template hash of version t1")
    return found


def _opaque(text: str) -> str:
    found = text.strip()
    if not found or len(found) > _LONGEST or not found.isprintable():
        raise ValueError(f"is empty, longer than {_LONGEST} characters or not printable")
    return found


# Kind to its canonical form. Identifiers that a provider has hashed itself match only where both hash alike.
KINDS: Final[Mapping[str, Callable[[str], str]]] = {
    "network": _network,
    "mail": _mail,
    "domain": _domain,
    "template": _template,
    "payment": _opaque,
    "device": _opaque,
    "phone": _opaque,
    "mail_hash": _opaque,
    "tls": _opaque,
}


def canonical(kind: str, value: str) -> str:
    """The item as both sides hash it: its kind, a space and the canonical value.

    Raises:
        ValueError: no such kind, or a value that is none of it.
    """
    if kind not in KINDS:
        raise ValueError(f"is none of {', '.join(KINDS)}")
    return f"{kind} {KINDS[kind](value)}"


def template_of(frame: str) -> str:
    """The versioned hash of a masked template: letters in lower case and white space as single blanks, under SHA-256."""
    return f"t1:{hashlib.sha256(' '.join(frame.casefold().split()).encode()).hexdigest()}"


def split(item: str) -> tuple[str, str]:
    """Kind and value of a canonical item."""
    kind, _, value = item.partition(" ")
    return kind, value


def read_items(file: Path, *, most: int = MOST_ITEMS) -> tuple[str, ...]:
    """The canonical items of a CSV file with the columns `kind` and `value`, each once, sorted.

    Raises:
        InputError: the file cannot be read, a row cannot be used, or there are more than `most` items.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(file)) from error
    except UnicodeDecodeError as error:
        raise InputError("is no text", file=str(file)) from error
    rows = csv.reader(io.StringIO(text))
    if next(rows, None) != _HEAD:
        raise InputError("the first row is not: kind,value", file=str(file))
    found: set[str] = set()
    try:
        for row in rows:
            if row:
                found.add(_item(row, file, rows.line_num))
    except csv.Error as error:
        raise InputError(f"is no CSV: {error}", file=str(file), row=f"line {rows.line_num}") from error
    if len(found) > most:
        raise InputError(f"has {len(found):,} items; {most:,} is the most", file=str(file))
    return tuple(sorted(found))


def _item(row: list[str], file: Path, line: int) -> str:
    if len(row) != 2:
        raise InputError(f"has {len(row)} values, not two", file=str(file), row=f"line {line}")
    try:
        return canonical(row[0].strip(), row[1])
    except ValueError as error:
        column = "kind" if row[0].strip() not in KINDS else "value"
        raise InputError(str(error), file=str(file), row=f"line {line}", column=column) from error


def write_items(file: Path, items: Iterable[str]) -> None:
    """Write canonical items as `read_items` reads them, sorted.

    Raises:
        OutputError: the file cannot be written.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_HEAD)
    rows.writerows(split(item) for item in sorted(items))
    write_whole(file, out.getvalue().encode())
