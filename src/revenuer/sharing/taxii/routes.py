"""The endpoints of TAXII 2.1 as Starlette routes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from revenuer.errors import OutputError
from revenuer.sharing.taxii import resources
from revenuer.sharing.taxii.filters import Filter, parsed, token
from revenuer.sharing.taxii.media import TAXII, Refusal, accepts, sends
from revenuer.sharing.taxii.objects import envelope
from revenuer.sharing.taxii.peers import Collection, peer_of, roots, seen_by
from revenuer.sharing.taxii.reading import Page, holds, page
from revenuer.sharing.taxii.store import Store
from revenuer.sharing.taxii.writing import add, delete, status_of

__all__ = ["PREFIX", "taxii_app", "taxii_mount"]

_log: Final = logging.getLogger(__name__)

PREFIX: Final = "/taxii2"
MOST_BYTES: Final = 10_000_000
# Of this server alone: peers who wait for the store hold up nobody else in the process. The store has connections for more.
_THREADS: Final = 32
_READING_SECONDS: Final = 60.0
_CHALLENGE: Final = 'Basic realm="revenuer TAXII", Bearer realm="revenuer TAXII"'
_OF_ONE: Final = ("limit", "next", "added_after", "match[id]", "match[version]", "match[spec_version]")
_OF_DELETION: Final = ("match[version]", "match[spec_version]")

_Handler = Callable[["_Call"], Response]


class _Call:
    """A request of a known peer; every endpoint is a plain function of one, and runs in a thread."""

    def __init__(self, request: Request, connection: sa.Connection, peer: str, body: bytes) -> None:
        self.connection, self.peer, self.body = connection, peer, body
        self.path: dict[str, str] = request.path_params
        self.prefix: str = request.scope["root_path"]
        self.query = request.query_params.multi_items()

    def collection(self) -> Collection:
        """The collection of the path, by id or alias, if the peer knows of it."""
        wanted = self.path["collection"]
        for one in self.known():
            if wanted in {one.collection_id, one.alias}:
                return one
        raise Refusal(404, "no such collection")

    def known(self) -> list[Collection]:
        """The collections of the API root of the path."""
        found = seen_by(self.connection, self.peer, self.path["root"])
        if not found:
            raise Refusal(404, "no such API root")
        return found

    def readable(self) -> Collection:
        """The collection of the path, if the peer may read it."""
        found = self.collection()
        if not found.can_read:
            raise Refusal(403, "this collection may not be read")
        return found


class _Server:
    """What all endpoints share."""

    def __init__(self, store: Store, title: str, most_bytes: int) -> None:
        self.store, self.title, self.most_bytes = store, title, most_bytes
        self.threads = ThreadPoolExecutor(_THREADS, "taxii")

    def endpoint(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        """A handler behind authentication and the negotiation of content."""

        @functools.wraps(handler)
        async def answer(request: Request) -> Response:
            request.scope["revenuer.operation"] = f"taxii_{handler.__name__}"  # for the log of whoever mounts this
            try:
                body = await self._body(request) if request.method == "POST" else b""
                return await self._in_thread(handler, request, body)
            except Refusal as refusal:
                return _refused(refusal)

        return answer

    async def _in_thread(self, handler: _Handler, request: Request, body: bytes) -> Response:
        return await asyncio.get_running_loop().run_in_executor(self.threads, self._answer, handler, request, body)

    def _answer(self, handler: _Handler, request: Request, body: bytes) -> Response:
        try:
            with self.store.read() as connection:
                peer = _peer(connection, request.headers.get("authorization", ""))
                request.scope["revenuer.caller"] = f"peer {peer}"
                if not accepts(request.headers.get("accept")):
                    raise Refusal(406, f"{TAXII} is all that can be sent")
                return handler(_Call(request, connection, peer, body))
        except OutputError as error:
            _log.exception("the store failed")
            raise Refusal(503, "the store cannot be used now: come again") from error

    async def _body(self, request: Request) -> bytes:
        """The body of a known peer: strangers are not listened to."""
        await self._in_thread(_nothing, request, b"")
        if not sends(request.headers.get("content-type")):
            raise Refusal(415, f"{TAXII} is expected")
        found = bytearray()
        try:
            async with asyncio.timeout(_READING_SECONDS):
                async for chunk in request.stream():
                    found += chunk
                    if len(found) > self.most_bytes:
                        raise Refusal(413, f"more than {self.most_bytes} bytes")
        except TimeoutError as error:
            raise Refusal(408, "the body took too long") from error
        except ClientDisconnect as error:
            raise Refusal(400, "the sender went away") from error
        return bytes(found)

    def discovery(self, call: _Call) -> Response:
        return _answered(
            resources.discovery(self.title, [f"{call.prefix}/{name}/" for name in roots(call.connection, call.peer)])
        )

    def root(self, call: _Call) -> Response:
        call.known()
        return _answered(resources.api_root(call.path["root"], self.most_bytes))

    def collections(self, call: _Call) -> Response:
        return _answered({"collections": [resources.collection(one) for one in call.known()]})

    def collection(self, call: _Call) -> Response:
        return _answered(resources.collection(call.collection()))

    def objects(self, call: _Call) -> Response:
        asked = parsed(call.query)
        return _page(page(call.connection, call.readable().collection_id, asked), asked, resources.objects)

    def manifest(self, call: _Call) -> Response:
        asked = parsed(call.query)
        return _page(page(call.connection, call.readable().collection_id, asked), asked, resources.manifest)

    def object(self, call: _Call) -> Response:
        return _page(*_one(call, call.query, _OF_ONE), resources.objects)

    def versions(self, call: _Call) -> Response:
        return _page(*_one(call, [*call.query, ("match[version]", "all")], _OF_ONE), resources.versions)

    def add(self, call: _Call) -> Response:
        place = call.collection()
        if not place.can_write:
            raise Refusal(403, "this collection may not be written to")
        given = envelope(call.body)
        call.connection.close()  # who waits to write holds no connection that another needs
        found = add(self.store, root=place.root, collection=place.collection_id, peer=call.peer, given=given)
        return _answered(found, status=202)

    def delete(self, call: _Call) -> Response:
        place = call.collection()
        if not (place.can_read or place.can_write):
            raise Refusal(404, "no such object")
        if not (place.can_read and place.can_write):
            raise Refusal(403, "deleting takes the rights to read and to write")
        asked = parsed(call.query, allowed=_OF_DELETION)
        call.connection.close()
        object_id = call.path["object"]
        delete(self.store, collection=place.collection_id, peer=call.peer, object_id=object_id, asked=asked)
        return Response(status_code=200, headers={"content-type": TAXII})

    def status(self, call: _Call) -> Response:
        call.known()
        found = status_of(call.connection, call.path["root"], call.peer, call.path["status"])
        if found is None:
            raise Refusal(404, "no such status")
        return _answered(found)


def taxii_mount(store: Store, *, title: str = "revenuer", most_bytes: int = MOST_BYTES) -> Mount:
    """All below `/taxii2`, for the routes of an application: discovery there, and API roots a level further down.

    What goes wrong there is worded as the standard has it, whatever else the application serves.

    Args:
        store: where collections are.
        title: of the server, in its discovery.
        most_bytes: of a body.
    """
    server = _Server(store, title, most_bytes)
    one = "/{root}/collections/{collection}"
    table: tuple[tuple[str, str, _Handler], ...] = (
        ("GET", "/", server.discovery),
        ("GET", "/{root}/", server.root),
        ("GET", "/{root}/status/{status}/", server.status),
        ("GET", "/{root}/collections/", server.collections),
        ("GET", f"{one}/", server.collection),
        ("GET", f"{one}/manifest/", server.manifest),
        ("GET", f"{one}/objects/", server.objects),
        ("POST", f"{one}/objects/", server.add),
        ("GET", f"{one}/objects/{{object}}/", server.object),
        ("DELETE", f"{one}/objects/{{object}}/", server.delete),
        ("GET", f"{one}/objects/{{object}}/versions/", server.versions),
    )
    routes = [Route(path, server.endpoint(handler), methods=[method]) for method, path, handler in table]
    return Mount(PREFIX, Starlette(routes=routes, exception_handlers=_handlers()))


def taxii_app(store: Store, *, title: str = "revenuer", most_bytes: int = MOST_BYTES) -> Starlette:
    """A TAXII server that does nothing else; its arguments are those of `taxii_mount`."""
    mount = taxii_mount(store, title=title, most_bytes=most_bytes)
    return Starlette(routes=[mount], exception_handlers=_handlers())


def _handlers() -> dict[Any, Any]:
    return {HTTPException: _missed, Exception: _unexpected}


def _nothing(_call: _Call) -> Response:
    return Response()


def _peer(connection: sa.Connection, header: str) -> str:
    kind, _, given = header.partition(" ")
    found = None
    if kind.lower() == "bearer":
        found = peer_of(connection, None, given.strip())
    elif kind.lower() == "basic":
        try:
            name, sign, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = sign = secret = ""
        found = peer_of(connection, name, secret) if sign else None
    if found is None:
        raise Refusal(401, "a name and a secret, or a key, is needed")
    return found


def _one(call: _Call, query: Sequence[tuple[str, str]], allowed: Sequence[str]) -> tuple[Page, Filter]:
    """Versions of the object of the path, and the filter that its id is a part of."""
    place, object_id = call.readable().collection_id, call.path["object"]
    if not holds(call.connection, place, object_id):
        raise Refusal(404, "no such object")
    asked = parsed([*query, ("match[id]", object_id)], allowed=allowed)
    return page(call.connection, place, asked), asked


def _page(found: Page, asked: Filter, resource: Callable[[Page], dict[str, Any]]) -> Response:
    content, headers = resource(found), {}
    if found.objects:
        headers = {
            "X-TAXII-Date-Added-First": found.objects[0].added,
            "X-TAXII-Date-Added-Last": found.objects[-1].added,
        }
    if found.more:
        content |= {"more": True, "next": token(asked, found.objects[-1].added)}
    return _answered(content, headers=headers)


def _answered(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers={**(headers or {}), "content-type": TAXII})


def _refused(refusal: Refusal) -> Response:
    headers = {"WWW-Authenticate": _CHALLENGE} if refusal.status == 401 else {}
    headers |= {"Retry-After": "5"} if refusal.status == 503 else {}
    return _answered({"title": str(refusal), "http_status": str(refusal.status)}, refusal.status, headers)


def _missed(_request: Request, error: HTTPException) -> Response:
    """No such path, or no such method: as the standard words errors."""
    answer = _refused(Refusal(error.status_code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


def _unexpected(_request: Request, error: Exception) -> Response:
    _log.error("an unexpected error", exc_info=error)
    return _refused(Refusal(500, "this should not happen; the server's log says more"))
