"""The campaigns of a findings directory, as far as sharing needs them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from revenuer.errors import InputError
from revenuer.schema import FINDINGS_SCHEMA_VERSION

__all__ = ["Found", "FoundEvidence", "read_found"]


class FoundEvidence(msgspec.Struct, frozen=True):
    """One line of a campaign's evidence."""

    channel: str
    strength: float


class Found(msgspec.Struct, frozen=True):
    """A campaign of `campaigns.json`; what sharing does not use is passed over."""

    campaign_id: str
    confidence: float
    accounts: int
    exchanges: int
    first_seen: str
    last_seen: str
    capabilities: dict[str, float]
    pathways: dict[str, float]
    account_ids: tuple[str, ...]
    frames: tuple[str, ...]
    evidence: tuple[FoundEvidence, ...] = ()
    techniques: tuple[str, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    schema: int
    campaigns: tuple[Found, ...]


def read_found(findings: Path) -> tuple[Found, ...]:
    """The campaigns, strongest first.

    Raises:
        InputError: no findings, or of another version.
    """
    file = findings / "campaigns.json"
    try:
        document = msgspec.json.decode(file.read_bytes(), type=_Document)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except msgspec.MsgspecError as error:
        raise InputError(f"is no list of campaigns: {error}", file=str(file)) from error
    if document.schema != FINDINGS_SCHEMA_VERSION:
        raise InputError(f"is of version {document.schema}, not {FINDINGS_SCHEMA_VERSION}", file=str(file))
    return document.campaigns
