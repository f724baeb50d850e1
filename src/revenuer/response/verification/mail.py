"""Mail addresses: read, made canonical, and reduced to a shape that says nothing of names or scripts."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Final, NamedTuple

from revenuer.errors import MissingExtraError

__all__ = ["Address", "canonical", "read_address", "shape_of"]

# What mailbox providers document of their own addresses: dots that do not count, and the sign behind which a tag begins.
_ALIASES: Final[dict[str, str]] = {
    "googlemail.com": "gmail.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.kz": "yandex.ru",
    "yandex.by": "yandex.ru",
}
_DOTLESS: Final = frozenset({"gmail.com", "proton.me"})
_MINUS_TAGS: Final = frozenset({"yahoo.com", "ymail.com", "rocketmail.com"})
_PLUS_TAGS: Final = frozenset({
    "gmail.com", "proton.me", "icloud.com", "outlook.com", "hotmail.com", "live.com", "fastmail.com", "yandex.ru",
    "zoho.com", "mailbox.org", "posteo.de", "hey.com", "tutanota.com", "tuta.io", "runbox.com",
})  # fmt: skip


class Address(NamedTuple):
    """A mail address in its parts; `domain` in ASCII and small letters."""

    local: str
    domain: str


def read_address(text: str) -> Address | None:
    """The address, if it is one by its form; whether it is reachable is found out by writing to it.

    Raises:
        MissingExtraError: the extra `verification` is not installed.
    """
    try:
        from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("verification of sign-ups", "verification") from error
    try:
        # a domain kept for tests is a question for the mail loop, not for the form
        read = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    domain = (read.ascii_domain or "").lower()
    return Address(read.local_part, domain) if "." in domain else None


def canonical(address: Address) -> Address:
    """The mailbox behind an address: other names of the provider, tags, and dots that do not count are taken away.

    Only rules that a provider documents are used: on any other domain a dot or a tag may well be another person.
    """
    domain = _ALIASES.get(address.domain, address.domain)
    local = address.local.casefold()
    if domain in _PLUS_TAGS:
        local = local.partition("+")[0] or local
    if domain in _MINUS_TAGS:
        local = local.partition("-")[0] or local
    return Address(local.replace(".", "") if domain in _DOTLESS else local, domain)


def shape_of(local: str) -> str:
    """The template of a local part: each run of letters is `a`, however long and in whatever script, each digit `9`.

    `maria.silva87` and `wei.li42` are both `a.a99`: swapping names, or their script, swaps nothing here.
    """
    return "".join(
        "a" if kind == "a" else "9" * sum(1 for _ in run) if kind == "9" else kind
        for kind, run in groupby(map(_kind, local))
    )


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    return "a" if category[0] in "LM" else "9" if category[0] == "N" else character
