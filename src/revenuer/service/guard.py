"""Who may call: one token for all, until there are keys."""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

from revenuer.service.answers import Headers, Refused
from revenuer.service.roles import Scope

__all__ = ["Guard", "presented", "token_guard"]


class Guard(Protocol):
    """Says who calls, or refuses."""

    def __call__(self, headers: Headers, wanted: Scope, /) -> str:
        """The caller's name.

        Args:
            headers: of the request, names in lower case.
            wanted: what the caller must be allowed.

        Raises:
            Refused: 401 nobody is known by what was presented, 403 they may not, 429 too often.
        """
        ...


def presented(headers: Headers) -> bytes:
    """The secret of a request: `X-Revenuer-Key`, else a bearer token, else `X-API-Key`.

    Gateways that ask on behalf of a client pass the client's own `Authorization` on, so a header of ours comes first.
    """
    key = bearer = other = b""
    for name, value in headers:
        if name == b"x-revenuer-key":
            key = value
        elif name == b"authorization" and value[:7].lower() == b"bearer ":
            bearer = value[7:].strip()
        elif name == b"x-api-key":
            other = value
    return key or bearer or other


def token_guard(token: str | None) -> Guard:
    """Everybody who presents the token may do everything; without a token everybody may."""
    if token is None:
        return lambda _headers, _wanted: "anybody"
    right = hashlib.sha256(token.encode()).digest()

    def guard(headers: Headers, _wanted: Scope) -> str:
        if hmac.compare_digest(hashlib.sha256(presented(headers)).digest(), right):
            return "token"
        raise Refused(401, "the key is missing or wrong", [(b"www-authenticate", b"Bearer")])

    return guard
