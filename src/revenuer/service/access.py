"""Around the whole application: an id for every request, headers for browsers, figures, and a log without content."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any, Final

import msgspec

from revenuer.service.answers import Receive, Scope, Send, header
from revenuer.service.app import App
from revenuer.service.metrics import Metrics

__all__ = ["accessed"]

_log: Final = logging.getLogger(__name__)
_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Answers are data of this caller: nothing keeps them, frames them or takes them for a page.
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
# Asked for every request of a gateway: counted and timed, not written down.
_HOT: Final = {
    "/v1/decide": "decide",
    "/v1/authz": "authz",
    "/beta/litellm_basic_guardrail_api": "litellm",
    "/v1/portkey": "portkey",
}


def accessed(app: App, metrics: Metrics) -> App:
    """The application with all that.

    A log line has the operation, the status, the caller, the milliseconds and the id, which a client may give in
    `X-Request-Id`; never a path, a query, a header or a body, since ids of accounts and prompts stand there.

    Args:
        app: the whole of it.
        metrics: where requests are counted.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        hot = _HOT.get(scope["path"])
        if hot is not None:
            await _timed(app, metrics, hot, scope, receive, send)
        else:
            await _logged(app, metrics, scope, receive, send)

    return wrapped


async def _timed(app: App, metrics: Metrics, operation: str, scope: Scope, receive: Receive, send: Send) -> None:
    begun, status = time.perf_counter(), 500

    async def noted(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await app(scope, receive, noted)
    finally:
        metrics.answered(operation, status, time.perf_counter() - begun)


async def _logged(app: App, metrics: Metrics, scope: Scope, receive: Receive, send: Send) -> None:
    given = header(scope["headers"], b"x-request-id")
    name = given if _ID.fullmatch(given) else secrets.token_hex(8).encode()
    begun, status = time.perf_counter(), 500

    async def dressed(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message["headers"] = _dressed(list(message["headers"]), name)
        await send(message)

    try:
        await app(scope, receive, dressed)
    finally:
        seconds = time.perf_counter() - begun
        operation = scope.get("revenuer.operation", "other")
        metrics.answered(operation, status, seconds)
        caller = scope.get("revenuer.caller", "nobody")
        told = {"operation": operation, "status": status, "caller": caller, "ms": round(seconds * 1e3, 1)}
        _log.info("%s", msgspec.json.encode(told | {"id": name.decode()}).decode())


def _dressed(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    """Headers that an answer has set itself stay as it has set them."""
    there = {key.lower() for key, _ in headers}
    return [*headers, *(pair for pair in (*_HEADERS, (b"x-request-id", name)) if pair[0] not in there)]
