"""What an operator says of the administration: who signs in where, and what is taken in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from revenuer.response.verification import VerificationPolicy

__all__ = ["Office"]


@dataclass(frozen=True, slots=True)
class Office:
    """Settings of the administration.

    Attributes:
        keys: whether gateways have to present a key of the state, where they present no token.
        issuer: URL of the OpenID Connect issuer where people sign in; None: nobody does.
        audience: that tokens have to be made for.
        roles_claim: where roles stand in a token; a path with dots.
        roles: what a word there means; empty: `revenuer-viewer` and so on.
        ingest: traffic directory for exchanges that are sent in; None: none are taken.
        appeal_key: secret of appeal tokens; None: there are none.
        per_minute: requests of a caller, where its key says nothing else.
        signups: policy by which sign-ups are judged; None: they are not.
        signups_key: secret for hashes of sign-ups, and for their appeal tokens.
        earlier: table of sign-ups that came before.
        taxii: URL of the store of collections that peers are served from; None: they are not.
    """

    keys: bool = False
    issuer: str | None = None
    audience: str = ""
    roles_claim: str = "roles"
    roles: Mapping[str, str] = field(default_factory=dict)
    ingest: Path | None = None
    appeal_key: bytes | None = None
    per_minute: int = 600
    signups: VerificationPolicy | None = None
    signups_key: bytes = b""
    earlier: Path | None = None
    taxii: str | None = None
