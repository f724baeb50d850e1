"""A reverse proxy before a model API: requests and answers are shaped by a plan, streams as they come."""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from revenuer.errors import InputError, RevenuerError
from revenuer.provenance import (
    Asker,
    Family,
    KeyFile,
    Sealer,
    ShapedRequest,
    ShapingPlan,
    StreamShaper,
    seal_events,
    shaped_answer,
    shaped_request,
)
from revenuer.service.shaper_wire import (
    HOP,
    as_it_comes,
    broken_off,
    credential,
    headers_back,
    read_whole,
    refusal,
)

__all__ = ["Shaper", "shaper_app"]

_log = logging.getLogger("revenuer.service")

_SHAPED: Final[Mapping[str, Family]] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/responses": "responses",
    "/v1/messages": "messages",
}
# These give no reasoning and no log-probabilities.
_HARMLESS: Final = re.compile(r"GET /v1/models(/[\w.:-]+){0,3}|POST /v1/embeddings|POST /v1/messages/count_tokens")
# Another spelling of a path that is shaped, or a path that answers as those do: never unshaped.
_SPEAKING: Final = frozenset({"completions", "responses", "messages", "generate", "batches", "invocations", "converse"})
_PLAIN_PATH: Final = re.compile(r"(/[\w:-][\w.:-]*)+")
_QUIET_SECONDS: Final = 10.0
_TIMEOUT: Final = httpx.Timeout(600.0, connect=10.0)


@dataclass(slots=True)
class Shaper:
    """What a proxy works with.

    Attributes:
        upstream: base URL of the model API.
        plan: what tiers may ask for.
        sealer: opens and seals.
        most_bytes: of a request, and of an answer that is no stream.
        events: where events of sealed blocks are written, one JSON object a line; None: nowhere.
        token: whoever presents it is told counts; None: nobody, since customers reach the same address.
        clock: seconds since 1970.
        counts: what was done so far.
    """

    upstream: str
    plan: ShapingPlan
    sealer: Sealer
    most_bytes: int = 64_000_000
    events: IO[bytes] | None = None
    token: str | None = None
    clock: Callable[[], float] = time.time
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, upstream: str, plan: ShapingPlan, keys: KeyFile, **how: Any) -> Shaper:
        """A shaper whose keys are those of a file, as it is at the time."""
        return cls(upstream.rstrip("/"), plan, Sealer(keys.ring, plan.ranks()), **how)

    def asker(self, headers: Mapping[str, str]) -> Asker:
        """Who asks, by the headers that the gateway sets, or by the credential.

        Raises:
            InputError: the plan names a header for the account, and the request has none.
        """
        names = self.plan.identity
        said = {
            name: headers.get(getattr(names, name), "")
            for name in ("tenant", "session", "tier")
            if getattr(names, name)
        }
        if names.account and not headers.get(names.account):
            raise InputError(f"the gateway has not set {names.account}")
        return Asker(headers[names.account] if names.account else credential(headers), **said)

    def tell(self, shaped: ShapedRequest) -> None:
        """Count and write down what came of sealed blocks."""
        told = seal_events(shaped.binding, int(self.clock()), shaped.issued, shaped.returned)
        self.counts.update(event.kind for event in told)
        self.counts.update(f"limited.{name}" for name in shaped.limited)
        for event in told:
            if event.alarm:
                _log.warning("alarm %s: block %s sent by account %s", event.kind, event.block_id, event.account)
        if self.events is not None and told:
            self._write(self.events, b"".join(msgspec.json.encode(event) + b"\n" for event in told))

    def _write(self, file: IO[bytes], lines: bytes) -> None:
        """A full disk costs the record, which the log tells, and not the answer."""
        try:
            file.write(lines)
            file.flush()
        except OSError:
            self.counts["events_lost"] += lines.count(b"\n")
            _log.exception("events of sealed blocks cannot be written")


def shaper_app(shaper: Shaper, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """The proxy as an ASGI application.

    Args:
        shaper: what it works with.
        transport: how the upstream is reached; None: over the network.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=1_000, max_keepalive_connections=100)
        async with httpx.AsyncClient(timeout=_TIMEOUT, limits=limits, transport=transport, trust_env=False) as client:
            app.state.client = client
            yield

    proxy = _Proxy(shaper)
    methods = ["GET", "POST", "DELETE", "PUT", "PATCH"]
    routes = [Route("/healthz", proxy.health), Route("/{path:path}", proxy.handle, methods=methods)]
    return Starlette(routes=routes, lifespan=lifespan)


class _Proxy:
    def __init__(self, shaper: Shaper) -> None:
        self.shaper = shaper

    async def health(self, request: Request) -> Response:
        """That it serves; to the operator, also what was done so far."""
        told: dict[str, Any] = {"status": "ok", "plan": self.shaper.plan.version}
        given = request.headers.get("authorization", "").encode()
        if self.shaper.token and hmac.compare_digest(given, f"Bearer {self.shaper.token}".encode()):
            told["counts"] = dict(self.shaper.counts)
        return JSONResponse(told)

    async def handle(self, request: Request) -> Response:
        """One exchange."""
        path = request.url.path
        family = _SHAPED.get(path) if request.method == "POST" else None
        self.shaper.counts["requests"] += 1
        try:
            if family is not None:
                return await self._shaped(request, family)
            return await self._passed(request, path)
        except httpx.HTTPError as error:
            _log.warning("the upstream failed: %s", type(error).__name__)
            return refusal(family, 502, "the upstream does not answer")
        except ClientDisconnect:
            return Response(status_code=400)

    async def _passed(self, request: Request, path: str) -> Response:
        harmless = _HARMLESS.fullmatch(f"{request.method} {path}")
        passes = self.shaper.plan.others == "pass" and _SPEAKING.isdisjoint(path.lower().split("/"))
        if not (harmless or passes) or not _PLAIN_PATH.fullmatch(path):
            return refusal(None, 404, "this path is not served here")
        body = await self._read(request)
        if body is None:
            return refusal(None, 413, "the request is too large")
        answer = await self._ask(request, path, body)
        return StreamingResponse(as_it_comes(answer), answer.status_code, headers_back(answer.headers))

    async def _shaped(self, request: Request, family: Family) -> Response:
        body = await self._read(request)
        if body is None:
            return refusal(family, 413, "the request is too large")
        now = int(self.shaper.clock())
        try:
            asker = self.shaper.asker(request.headers)
            shaped = shaped_request(family, body, asker, self.shaper.plan, self.shaper.sealer, now=now)
        except InputError as error:
            return refusal(family, 400, f"the request cannot be used: {error}")
        if shaped.refused:
            self.shaper.tell(shaped)
            return refusal(
                family, 400, "a reasoning block in the request was not given to this account and conversation"
            )
        try:
            answer = await self._ask(request, request.url.path, shaped.body)
        except httpx.HTTPError:
            self.shaper.tell(shaped)
            raise
        return await self._answered(family, shaped, answer)

    async def _answered(self, family: Family, shaped: ShapedRequest, answer: httpx.Response) -> Response:
        headers = {**headers_back(answer.headers), **shaped.headers()}
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status_code >= 400:
            self.shaper.tell(shaped)
            return StreamingResponse(as_it_comes(answer), answer.status_code, headers)
        if kind == "text/event-stream":
            return StreamingResponse(self._stream(family, shaped, answer), answer.status_code, headers)
        return await self._whole(family, shaped, answer, headers)

    async def _whole(
        self, family: Family, shaped: ShapedRequest, answer: httpx.Response, headers: dict[str, str]
    ) -> Response:
        try:
            body = await read_whole(answer, self.shaper.most_bytes)
            content = shaped_answer(family, body, shaped.treatment)
        except (RevenuerError, RecursionError) as error:
            self._failed(error)
            if self.shaper.plan.on_failure == "closed":
                return refusal(family, 502, "the upstream's answer cannot be used")
            content = body
        finally:
            await answer.aclose()
            self.shaper.tell(shaped)
        return Response(content, answer.status_code, headers)

    async def _stream(self, family: Family, shaped: ShapedRequest, answer: httpx.Response) -> AsyncIterator[bytes]:
        lenient = self.shaper.plan.on_failure == "open"
        stream = StreamShaper(family, shaped.treatment, lenient=lenient)
        said = time.monotonic()
        try:
            async for chunk in answer.aiter_bytes():
                out = stream.feed(chunk)
                if not out and time.monotonic() - said > _QUIET_SECONDS:
                    out = b": \n\n"  # proxies close what is silent, and reasoning is long
                if out:
                    said = time.monotonic()
                    yield out
            yield stream.finish()
        except (RevenuerError, RecursionError, httpx.HTTPError) as error:
            self._failed(error)
            yield broken_off(family)
        finally:
            await answer.aclose()
            self.shaper.tell(shaped)

    def _failed(self, error: Exception) -> None:
        self.shaper.counts["failed"] += 1
        _log.warning("an answer could not be shaped: %s", error)

    async def _read(self, request: Request) -> bytes | None:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.shaper.most_bytes:
                return None
        return bytes(body)

    async def _ask(self, request: Request, path: str, body: bytes) -> httpx.Response:
        client: httpx.AsyncClient = request.app.state.client
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP]
        url = f"{self.shaper.upstream}{path}" + (f"?{request.url.query}" if request.url.query else "")
        sent = client.build_request(
            request.method, url, headers=[*headers, ("accept-encoding", "identity")], content=body
        )
        return await client.send(sent, stream=True)
