"""Routes from the table of endpoints: who may, how often, is it well-formed; then the endpoint's own work in a thread."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from revenuer.errors import InputError, OutputError
from revenuer.service.admin import about, appeals, audit, cases, consents, ingest, keyring, verifying
from revenuer.service.admin.endpoint import Answer, Call, Desk, Endpoint, tag_of
from revenuer.service.admin.openapi import openapi
from revenuer.service.admin.unpacking import unpack
from revenuer.service.answers import Refused
from revenuer.service.doors import now_text
from revenuer.service.problems import problem
from revenuer.service.roles import Caller

__all__ = ["endpoints", "routes"]

_MODULES: Final = (cases, appeals, consents, audit, keyring, about)
_READING_SECONDS: Final = 60.0
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,300}")
_STRANGER: Final = Caller("somebody", person=False, scopes=frozenset())
_AGAIN: Final = ((b"retry-after", b"5"),)


def endpoints(desk: Desk) -> tuple[Endpoint, ...]:
    """All that is served at this desk: exchanges are taken where there is a folder for them, sign-ups where there is a policy."""
    taking = ingest.ENDPOINTS if desk.ingest is not None else ()
    judging = verifying.ENDPOINTS if desk.signups is not None else ()
    return (*(one for module in _MODULES for one in module.ENDPOINTS), *taking, *judging)


def routes(desk: Desk, others: Sequence[Endpoint] = ()) -> list[Route]:
    """One route a path; every one of them asks who is there first.

    Args:
        desk: what they work with; gets the description of the API.
        others: that are served elsewhere and described here.
    """
    served = endpoints(desk)
    desk.description = openapi([*others, *served])
    by_path: dict[str, dict[str, Endpoint]] = {}
    for one in served:
        by_path.setdefault(one.path, {})[one.method] = one
    return [_route(desk, path, methods) for path, methods in by_path.items()]


def _route(desk: Desk, path: str, methods: dict[str, Endpoint]) -> Route:
    async def serve(request: Request) -> Response:
        one = methods["GET" if request.method == "HEAD" else request.method]
        request.scope["revenuer.operation"] = one.name
        try:
            return await _served(desk, one, request)
        except Refused as refused:
            return problem(refused)
        except OutputError:
            return problem(Refused(503, "the state cannot be reached: come again", _AGAIN))
        except InputError as error:
            return problem(Refused(409, str(error)))

    # an account's id may hold a slash
    wide = path.replace("{account_id}", "{account_id:path}")
    return Route(wide, serve, methods=list(methods), name=next(iter(methods.values())).name)


async def _served(desk: Desk, one: Endpoint, request: Request) -> Response:
    caller = await _caller(desk, one, request)
    request.scope["revenuer.caller"] = caller.name
    for name, value in request.path_params.items():
        if _NAME.fullmatch(value) is None:
            raise Refused(422, f"{name}: not a name")
    if one.match == "must" and "if-match" not in request.headers:
        raise Refused(428, "say by If-Match what you have seen: the ETag of what you change")
    query = None if one.query is None else _query(one.query, request)
    if one.body is Path:
        answer = await _with_batch(desk, one, request, caller)
    else:
        body = None if one.body is None else _body(one.body, await _read(request, desk.most_bytes))
        answer = await _done(one, _call(desk, request, caller, query, body))
    return _response(one, answer, request)


async def _caller(desk: Desk, one: Endpoint, request: Request) -> Caller:
    if one.scope is None:
        desk.doors.stranger(_address(request))
        return _STRANGER
    try:
        caller = await run_in_threadpool(desk.doors.caller, request.headers.raw)
    except Refused as refused:
        if refused.status == 401:
            desk.doors.stranger(f"refused {_address(request)}")
        raise
    if not caller.may(one.scope, person=one.person):
        needed = f"the scope {one.scope}{', and a person' if one.person else ''}"
        raise Refused(403, f"this needs {needed}")
    return caller


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def _call(desk: Desk, request: Request, caller: Caller, query: Any, body: Any) -> Call:
    return Call(desk, caller, request.path_params, query, body, request.headers, now_text())


def _query(kind: type[msgspec.Struct], request: Request) -> Any:
    pairs = request.query_params.multi_items()
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused(422, "a parameter is given twice")
    try:
        found = msgspec.convert(dict(pairs), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from error
    for name, _ in pairs:
        if (
            getattr(found, name) is None
        ):  # the word `null` was taken for nothing, and the whole list would be the answer
            raise Refused(422, f"{name}: leave out what is not asked for")
    return found


def _body(kind: Any, content: bytes) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "the body is no JSON") from error


async def _read(request: Request, most: int) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "expected application/json")
    parts, size = [], 0
    try:
        async with asyncio.timeout(_READING_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise Refused(413, f"the body is larger than {most:,} bytes")
                parts.append(chunk)
    except TimeoutError as error:
        raise Refused(408, "the body took too long") from error
    except ClientDisconnect as error:
        raise Refused(400, "the sender went away") from error
    return b"".join(parts)


async def _with_batch(desk: Desk, one: Endpoint, request: Request, caller: Caller) -> Answer:
    if re.fullmatch(ingest.KEY_FORM, request.headers.get("idempotency-key", "")) is None:
        raise Refused(422, "Idempotency-Key: the id of the batch, 1 to 100 letters, digits, dots, colons, dashes")
    assert desk.ingest is not None  # noqa: S101 (the endpoint is not there without)
    with ingest.spooled(desk.ingest) as place:
        await unpack(request, place, desk.most_batch_bytes)
        return await _done(one, _call(desk, request, caller, None, place))


async def _done(one: Endpoint, call: Call) -> Answer:
    assert one.handle is not None  # noqa: S101 (only what is served here has a route here)
    return await run_in_threadpool(one.handle, call)


def _response(one: Endpoint, answer: Answer, request: Request) -> Response:
    value, headers = answer.value, dict(answer.headers)
    if isinstance(value, bytes):
        return Response(value, one.status, headers, one.media)
    if one.method == "GET":
        headers["etag"] = tag_of(value)
        if request.headers.get("if-none-match", "").strip() == headers["etag"]:
            return Response(status_code=304, headers=headers)
    return Response(msgspec.json.encode(value), one.status, headers, one.media)
