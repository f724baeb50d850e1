"""Answers of the service: JSON, and refusals as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

__all__ = ["JSON", "PROBLEM", "Headers", "Receive", "Refused", "Scope", "Send", "header", "problem", "refuse", "reply"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")
PROBLEM: Final = (b"content-type", b"application/problem+json")


class Refused(Exception):  # noqa: N818 (an answer, not an error of the program)
    """A request that is not served.

    Args:
        status: of HTTP.
        detail: a sentence for the caller.
        headers: to be sent with it.
    """

    def __init__(self, status: int, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.status, self.detail, self.headers = status, detail, tuple(headers)
        super().__init__(detail)


def header(headers: Headers, name: bytes) -> bytes:
    """The first header of this name, which is given in lower case; b"" for none."""
    for key, value in headers:
        if key == name:
            return value
    return b""


def problem(refused: Refused) -> bytes:
    """The body that says why."""
    said = {"type": "about:blank", "title": HTTPStatus(refused.status).phrase}
    return msgspec.json.encode(said | {"status": refused.status, "detail": refused.detail})


async def reply(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = (JSON,)) -> None:
    """Send a whole answer."""
    told = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, refused: Refused, *, bodiless: bool = False) -> None:
    """Send a refusal."""
    body = b"" if bodiless else problem(refused)
    await reply(send, refused.status, body, (PROBLEM, *refused.headers))
