"""Campaigns that are known: from the findings of a scan, or from the state, where people have had their say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from revenuer.errors import InputError
from revenuer.response.verification.confirmed import Confirmed
from revenuer.sources.clock import micros
from revenuer.summary import read_findings

if TYPE_CHECKING:
    from revenuer.state import State

__all__ = ["known_to_findings", "known_to_state"]

# A campaign that a scan is less sure of judges nobody else.
SURE: Final = 0.95


def known_to_findings(findings: Path, *, since: int | None = None) -> tuple[Confirmed, ...]:
    """The campaigns of a scan, none of them confirmed by people.

    Args:
        findings: directory that `revenuer scan` wrote.
        since: microsecond from which they count; None: from when each was last seen, since nothing was known of it before.

    Raises:
        InputError: the findings cannot be read.
    """
    campaigns, _summary = read_findings(findings)
    return tuple(
        Confirmed(
            one.campaign_id,
            frozenset(one.account_ids),
            _micros(one.last_seen, str(findings)) if since is None else since,
        )
        for one in campaigns
        if one.confidence >= SURE
    )


def known_to_state(state: State, *, since: int | None = None) -> tuple[Confirmed, ...]:
    """The campaigns of a state that people have not dismissed.

    Args:
        state: opened.
        since: as of `known_to_findings`.
    """
    from revenuer.state import listed, tables  # noqa: PLC0415

    members: dict[str, set[str]] = {}
    with state.read() as connection:
        for row in listed(connection, tables.members, ["campaign_id", "account_id"]):
            members.setdefault(row["campaign_id"], set()).add(row["account_id"])
        campaigns = listed(connection, tables.campaigns, ["campaign_id"])
    return tuple(
        Confirmed(
            row["campaign_id"],
            frozenset(members.get(row["campaign_id"], ())),
            _micros(row["last_seen"], "the state") if since is None else since,
            row["standing"] == "confirmed",
        )
        for row in campaigns
        if row["standing"] == "confirmed" or (row["standing"] == "open" and row["confidence"] >= SURE)
    )


def _micros(text: str, place: str) -> int:
    try:
        return micros(msgspec.convert(text, datetime))
    except (msgspec.ValidationError, TypeError) as error:
        raise InputError(f"{text!r} is no time with a zone", file=place, column="last_seen") from error
