"""What the shaping proxy says over HTTP in its own name, and what it takes from an upstream's answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from typing import Any, Final

import httpx
import msgspec
from starlette.responses import JSONResponse, Response

from revenuer.errors import InputError
from revenuer.provenance import DROPPED_HEADER, LIMITED_HEADER, Family

__all__ = ["HOP", "as_it_comes", "broken_off", "credential", "headers_back", "read_whole", "refusal"]

# Headers of one connection, and of a body that is written anew.
HOP: Final = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host", "content-length", "content-encoding", "accept-encoding", "expect",
})  # fmt: skip
# What this server says in its own name.
_OURS: Final = frozenset({LIMITED_HEADER, DROPPED_HEADER, "date", "server"})


def credential(headers: Mapping[str, str]) -> str:
    """An account's name where the gateway gives none: the SHA-256 of the key that the client presents."""
    key = headers.get("authorization", "") or headers.get("x-api-key", "")
    return sha256(key.encode("utf-8", "replace")).hexdigest()


def headers_back(headers: httpx.Headers) -> dict[str, str]:
    """Headers of the upstream's answer that go on to the client."""
    return {name: value for name, value in headers.items() if name not in HOP and name not in _OURS}


async def as_it_comes(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body of an answer that is not shaped."""
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()


async def read_whole(answer: httpx.Response, most: int) -> bytes:
    """The body of an answer.

    Raises:
        InputError: it is too large.
    """
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise InputError(f"an answer is larger than {most:,} bytes")
    return bytes(body)


def refusal(family: Family | None, status: int, message: str) -> Response:
    """An error in the words of the API."""
    return JSONResponse(_error(family, status, message), status)


def broken_off(family: Family) -> bytes:
    """The last event of a stream that cannot go on."""
    data = msgspec.json.encode(_error(family, 502, "the answer broke off"))
    return (b"event: error\n" if family in {"messages", "responses"} else b"") + b"data: " + data + b"\n\n"


def _error(family: Family | None, status: int, message: str) -> dict[str, Any]:
    kind = "invalid_request_error" if status < 500 else "api_error"
    if family == "messages":
        return {"type": "error", "error": {"type": kind, "message": message}}
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}
