"""OTLP over HTTP: `/v1/traces` and `/v1/logs`, acknowledged when what they hold is on the disk."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from revenuer.service.journal import Journal
from revenuer.service.payloads import ENCODINGS, SIGNALS, Kept, Refusal, Unpacker, kept, parsed

__all__ = ["receiver"]

_log: Final = logging.getLogger(__name__)

_PROTOBUF: Final = "application/x-protobuf"
_JSON: Final = "application/json"
_READING_SECONDS: Final = 60.0
_RETRY_SECONDS: Final = "5"
# google.rpc codes that OTLP puts into the body of a refusal.
_CODES: Final = {400: 3, 401: 16, 408: 4, 413: 8, 415: 3, 503: 14}


def receiver(journal: Journal, *, most_bytes: int, most_held: int, token: str | None) -> Starlette:
    """The application.

    Args:
        journal: where lines go; rotated every second, closed with the application.
        most_bytes: of a body, decompressed.
        most_held: bytes of bodies in memory at once; beyond it senders are told to come again.
        token: what a sender has to present as `Authorization: Bearer`; None: nothing.
    """
    desk = _Desk(journal, most_bytes, most_held, token)
    routes = [Route(f"/v1/{signal}", desk.receive, methods=["POST"], name=signal) for signal in SIGNALS]
    return Starlette(routes=[*routes, Route("/healthz", desk.health, methods=["GET"])], lifespan=desk.lifespan)


class _Desk:
    """What takes requests in, and counts them."""

    def __init__(self, journal: Journal, most_bytes: int, most_held: int, token: str | None) -> None:
        self.journal, self.most_bytes, self.most_held, self.token = journal, most_bytes, most_held, token
        self.held = 0
        self.counts: Counter[str] = Counter()

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Rotate while serving; close the journal when all requests are answered."""
        rotating = asyncio.create_task(self._rotate())
        try:
            yield
        finally:
            rotating.cancel()
            await run_in_threadpool(self.journal.close)
            _log.info("received: %s", ", ".join(f"{n} {what}" for what, n in sorted(self.counts.items())) or "nothing")

    async def health(self, _request: Request) -> Response:
        """That it serves, and what came so far."""
        return JSONResponse({"status": "ok", **self.counts})

    async def receive(self, request: Request) -> Response:
        """One export; the answer speaks the language of the request."""
        is_json = _content_type(request) == _JSON
        signal = request.url.path.rpartition("/")[2]
        try:
            found = await self._take(request, signal, is_json=is_json)
        except Refusal as refusal:
            self.counts["refused"] += 1
            return _refused(refusal, is_json=is_json)
        self.counts.update(requests=1, kept=found.records, passed_over=found.passed_over, rejected=found.rejected)
        return _accepted(found, signal, is_json=is_json)

    async def _take(self, request: Request, signal: str, *, is_json: bool) -> Kept:
        self._check(request)
        body = Unpacker(request.headers.get("content-encoding", "").strip().lower(), self.most_bytes)
        try:
            await self._read(request, body)
            return await run_in_threadpool(self._keep, body.body(), signal, is_json=is_json)
        finally:
            self.held -= body.size

    def _check(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if self.token is not None and not hmac.compare_digest(given, f"Bearer {self.token}".encode()):
            raise Refusal(401, "the token is missing or wrong")
        if _content_type(request) not in {_PROTOBUF, _JSON}:
            raise Refusal(415, f"expected {_PROTOBUF} or {_JSON}")
        if request.headers.get("content-encoding", "").strip().lower() not in ENCODINGS:
            raise Refusal(415, "expected no content encoding, gzip or deflate")

    async def _read(self, request: Request, body: Unpacker) -> None:
        try:
            async with asyncio.timeout(_READING_SECONDS):
                async for chunk in request.stream():
                    before = body.size
                    try:
                        body.feed(chunk)
                    finally:
                        self.held += body.size - before
                    if self.held > self.most_held:
                        raise Refusal(503, "too much at once: come again")
        except TimeoutError as error:
            raise Refusal(408, "the body took too long") from error
        except ClientDisconnect as error:
            raise Refusal(400, "the sender went away") from error

    def _keep(self, body: bytes, signal: str, *, is_json: bool) -> Kept:
        found = kept(parsed(body, signal, is_json=is_json))
        if found.lines:
            try:
                self.journal.append(found.lines)
            except OSError as error:
                _log.exception("the journal cannot be written")
                raise Refusal(503, "cannot be stored now: come again") from error
        return found

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self.journal.most_seconds))
            try:
                await run_in_threadpool(self.journal.rotate)
            except OSError:
                _log.exception("a file could not be given its name")


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _accepted(found: Kept, signal: str, *, is_json: bool) -> Response:
    """OTLP's answer: empty, or a partial success that says how many records were none."""
    if not found.rejected:
        return _answer(b"{}" if is_json else b"", 200, is_json=is_json)
    message = "records that are no objects, or spans without a trace id and span id in hexadecimal"
    field = "rejectedSpans" if signal == "traces" else "rejectedLogRecords"
    if is_json:
        said = {"partialSuccess": {field: str(found.rejected), "errorMessage": message}}
        return _answer(msgspec.json.encode(said), 200, is_json=True)
    return _answer(_nested(1, _number(1, found.rejected) + _nested(2, message.encode())), 200, is_json=False)


def _refused(refusal: Refusal, *, is_json: bool) -> Response:
    """A google.rpc.Status, and when to come again where that helps."""
    code, message = _CODES[refusal.status], str(refusal)
    if is_json:
        content = msgspec.json.encode({"code": code, "message": message})
    else:
        content = _number(1, code) + _nested(2, message.encode())
    answer = _answer(content, refusal.status, is_json=is_json)
    if refusal.status == 503:
        answer.headers["retry-after"] = _RETRY_SECONDS
    return answer


def _answer(content: bytes, status: int, *, is_json: bool) -> Response:
    return Response(content, status, media_type=_JSON if is_json else _PROTOBUF)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _nested(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
