"""Consents in the state: who may harvest what, how much and until when, and who said so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from revenuer.errors import InputError
from revenuer.schema import CAPABILITIES, VALUES
from revenuer.state.audit import append
from revenuer.state.store import State
from revenuer.state.tables import consents

__all__ = ["Consent", "consents_at", "grant", "revoke", "utc"]


@dataclass(frozen=True, slots=True)
class Consent:
    """A row of `schema.CONSENTS`: a party, a kind, capabilities (None: all), exchanges a day and an end (None: none)."""

    org_id: str | None
    account_id: str | None
    kind: str
    capabilities: tuple[str, ...] | None = None
    max_exchanges_per_day: int | None = None
    expires_at: str | None = None


def grant(state: State, consent: Consent, *, person: str, at: str) -> str:
    """Register a consent.

    Returns:
        Its id.

    Raises:
        InputError: it names no party or several, or a kind or capability that is not known; or it stands already.
    """
    if (consent.org_id is None) == (consent.account_id is None):
        raise InputError("a consent names one organisation or one account")
    if consent.kind not in VALUES["kind"]:
        raise InputError(f"no kind of consent is called {consent.kind}: expected one of {', '.join(VALUES['kind'])}")
    for word in consent.capabilities or ():
        if word not in CAPABILITIES:
            raise InputError(f"no capability is called {word}")
    terms = json.dumps(asdict(consent), sort_keys=True)
    name = "K-" + hashlib.sha256(f"{terms} {at}".encode()).hexdigest()[:12]
    words = None if consent.capabilities is None else json.dumps(consent.capabilities)
    with state.write() as connection:
        if connection.execute(sa.select(consents).where(consents.c.consent_id == name)).first() is not None:
            raise InputError(f"consent {name} stands already")
        row = asdict(consent) | {"consent_id": name, "granted_by": person, "capabilities": words}
        connection.execute(sa.insert(consents).values(row))
        append(connection, at=at, actor=person, action="consent.grant", subject=name, detail=asdict(consent))
    return name


def revoke(state: State, consent_id: str, *, person: str, at: str) -> None:
    """End a consent; what was done under it stays covered.

    Raises:
        InputError: no such consent, or it was ended before.
    """
    with state.write() as connection:
        change = sa.update(consents).where(consents.c.consent_id == consent_id, consents.c.revoked_at.is_(None))
        if not connection.execute(change.values(revoked_at=at)).rowcount:
            raise InputError(f"no consent called {consent_id} is in force")
        append(connection, at=at, actor=person, action="consent.revoke", subject=consent_id, detail={})


def consents_at(connection: sa.Connection, at: str) -> Sequence[Consent]:
    """The consents in force at this time."""
    live = sa.or_(consents.c.revoked_at.is_(None), consents.c.revoked_at > at)
    rows = connection.execute(sa.select(consents).where(live).order_by(consents.c.consent_id)).all()
    return [
        Consent(
            row.org_id, row.account_id, row.kind,
            None if row.capabilities is None else tuple(json.loads(row.capabilities)),
            row.max_exchanges_per_day, row.expires_at,
        )
        for row in rows
        if row.expires_at is None or row.expires_at > at
    ]  # fmt: skip


def utc(text: str) -> str:
    """A time as the state keeps it: RFC 3339 in UTC, to the second; one without a zone is in UTC.

    Raises:
        InputError: it is no time.
    """
    try:
        time = datetime.fromisoformat(text)
        there = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # a zone may lead beyond the years that there are
        raise InputError(f"{text}: expected a time such as 2026-03-01T00:00:00Z") from error
    return there.strftime("%Y-%m-%dT%H:%M:%SZ")
