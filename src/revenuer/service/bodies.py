"""Bodies of requests: read within bounds, decoded, or refused."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeVar

import msgspec

from revenuer.service.answers import Receive, Refused, Scope, header

__all__ = ["decoded", "whole"]

READING_SECONDS: Final = 30.0
# Bodies of so many times the limit are thrown away; beyond it the connection is closed on them.
_DISCARDED: Final = 16

T = TypeVar("T")


async def whole(scope: Scope, receive: Receive, most: int) -> bytes:
    """The body.

    Args:
        scope: of the request.
        receive: of ASGI.
        most: bytes.

    Raises:
        Refused: 413 it is larger, 408 it takes too long, 400 the sender went away.
    """
    told = header(scope["headers"], b"content-length")
    if told and int(told) > most:  # the server has seen to it that this is a number
        raise _too_large(most, close=int(told) > _DISCARDED * most)
    message = await _next(receive)
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > most:
            raise _too_large(most, close=True)
        return body
    try:
        async with asyncio.timeout(READING_SECONDS):
            return await _rest(body, receive, most)
    except TimeoutError as error:
        raise Refused(408, "the body took too long") from error


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """What a body says.

    Raises:
        Refused: 400 it is no JSON, 422 it is not what was asked for.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Refused(400, f"the body is no JSON: {error}") from error


async def _next(receive: Receive) -> Any:
    try:
        async with asyncio.timeout(READING_SECONDS):
            return await receive()
    except TimeoutError as error:
        raise Refused(408, "the body took too long") from error


async def _rest(first: bytes, receive: Receive, most: int) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the sender went away")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(most, close=True)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(most: int, *, close: bool) -> Refused:
    """Not much too large a body is read to its end and thrown away, so that the sender hears what was wrong with it."""
    return Refused(413, f"the body is larger than {most:,} bytes", [(b"connection", b"close")] if close else [])
