"""A sign-up reduced to what may be looked at: keys under a hash, kinds, and nothing that names a person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from revenuer.response.verification.applicant import Applicant
from revenuer.response.verification.lists import Lists
from revenuer.response.verification.mail import Address, canonical, read_address, shape_of
from revenuer.response.verification.network import Feed, Place, net_of
from revenuer.response.verification.phone import read_number
from revenuer.sources.clock import micros

__all__ = ["EARLIER", "Facts", "MailKind", "reduced"]

MailKind = str  # "academic", "disposable", "public", "private"
# The proof that an earlier verification stands for.
EARLIER: Final = "earlier_verification"


@dataclass(frozen=True, slots=True)
class Facts:
    """What signals see of a sign-up.

    Attributes:
        account_id: of the account asked for.
        at: microsecond since 1970.
        org_id: of the organisation on file.
        keys: kind of key to its value: `mailbox`, `phone`, `device`, `card`, `card_bin`, `net`, `asn`, `domain`, `template`.
        mail_kind: of the mail domain; None if unknown. Whether a `private` one is `public` the history knows better.
        stopped: the domain is academic, and its proof alone is not enough.
        payment_kind, plan, programme, network_kind, phone_kind: as given.
        proofs: brought and checked.
        stolen: this very card is reported as stolen.
        unreadable: codes of what was given and cannot be read.
        drained_hours, bulk_hours: see `Applicant`.
    """

    account_id: str
    at: int
    org_id: str | None
    keys: dict[str, str]
    mail_kind: MailKind | None
    stopped: bool
    payment_kind: str | None
    plan: str | None
    programme: str | None
    network_kind: str | None
    phone_kind: str | None
    proofs: frozenset[str]
    stolen: bool
    unreadable: tuple[str, ...]
    drained_hours: float | None
    bulk_hours: float | None


def reduced(one: Applicant, lists: Lists, feed: Feed, key: bytes) -> Facts:
    """The facts of a sign-up.

    Args:
        one: as it came.
        lists: of mail domains.
        feed: of networks.
        key: of the hashes of addresses and numbers; at most 64 bytes.

    Raises:
        MissingExtraError: the extra `verification` is not installed.
    """
    address = read_address(one.email) if one.email else None
    number = read_number(one.phone) if one.phone else None
    place = (feed.place(one.signup_ip) if one.signup_ip else None) or Place("")
    domain = canonical(address).domain if address else (one.email_domain or "").casefold()
    shape = shape_of(address.local) if address else one.email_local_shape
    registered = lists.registrable(domain) if domain else ""
    asn = place.asn if place.asn is not None else one.asn
    keys = {
        "mailbox": _mailbox(address, key) or one.email_hash,
        "phone": _hashed(number, key) or one.phone_hash,
        "device": one.device_fingerprint,
        "card": one.payment_fingerprint,
        "card_bin": one.card_bin,
        "net": net_of(one.signup_ip) if one.signup_ip else None,
        "asn": None if asn is None else str(asn),
        "domain": registered,
        "template": f"{registered} {shape}" if registered and shape else None,
    }
    return Facts(
        account_id=one.account_id,
        at=micros(one.created_at),
        org_id=one.org_id,
        keys={kind: value for kind, value in keys.items() if value},
        mail_kind=_mail_kind(domain, lists) if domain else None,
        stopped=bool(domain) and lists.is_stopped(domain),
        payment_kind=one.payment_kind,
        plan=one.plan,
        programme=one.programme if one.programme != "none" else None,
        network_kind=one.network_kind or place.kind or None,
        phone_kind=one.phone_kind,
        proofs=frozenset(one.proofs or ()) | (frozenset({EARLIER}) if one.verified else frozenset()),
        stolen=bool(one.payment_stolen),
        unreadable=_unreadable(one, address, number),
        drained_hours=one.credits_drained_hours,
        bulk_hours=one.bulk_after_hours,
    )


def _mailbox(address: Address | None, key: bytes) -> str | None:
    return None if address is None else _hashed("@".join(canonical(address)), key)


def _hashed(text: str | None, key: bytes) -> str | None:
    return None if text is None else hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()


def _mail_kind(domain: str, lists: Lists) -> MailKind:
    if lists.is_disposable(domain):
        return "disposable"
    if lists.is_academic(domain):
        return "academic"
    return "public" if lists.is_public(domain) else "private"


def _unreadable(one: Applicant, address: Address | None, number: str | None) -> tuple[str, ...]:
    mail = ("MAIL-UNREADABLE",) if one.email and address is None else ()
    return (*mail, "PHONE-UNREADABLE") if one.phone and number is None else mail
