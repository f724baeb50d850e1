"""Matching over HTTP: one side serves its set, the other asks, and both write down what was learnt."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.sharing.files import write_private
from revenuer.sharing.matching import HASH_BYTES, common, keyed
from revenuer.sharing.matching_keys import GroupKey, key_at
from revenuer.sharing.matching_transcript import Allowance, Exhausted, Transcript
from revenuer.sharing.psi import Answerer, asked
from revenuer.sharing.times import now

__all__ = ["MATCH", "Desk", "Peers", "add_asker", "match_app", "read_peers"]

_log: Final = logging.getLogger(__name__)

MATCH: Final = "/match/v1"
_MOST_BYTES: Final = 64_000_000
_READING_SECONDS: Final = 300.0


class Peers(msgspec.Struct):
    """Who may ask: name to the SHA-256 of its secret."""

    peers: dict[str, str] = {}

    def named(self, header: str) -> str | None:
        """The peer that an `Authorization` header shows."""
        kind, _, secret = header.partition(" ")
        digest = hashlib.sha256(secret.strip().encode()).hexdigest()
        found = [name for name, kept in self.peers.items() if secrets.compare_digest(kept, digest)]
        return found[0] if found and kind.lower() == "bearer" else None


def read_peers(file: Path) -> Peers:
    """The peers of a file.

    Raises:
        InputError: it cannot be read or is none of peers.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Peers)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except msgspec.DecodeError as error:
        raise InputError(f"is no file of peers: {error}", file=str(file)) from error


def add_asker(file: Path, name: str) -> str:
    """Let a peer ask, or give it a new secret, and return the secret; the file keeps its digest.

    Raises:
        ConfigError: no name.
        InputError: the file is none of peers.
        OutputError: it cannot be written.
    """
    if not name.isprintable() or not name.strip():
        raise ConfigError("a peer needs a name")
    known = read_peers(file) if file.exists() else Peers()
    secret = f"rvm_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    fresh = Peers({**known.peers, name: digest})
    write_private(file, msgspec.json.format(msgspec.json.encode(fresh), indent=1) + b"\n")
    return secret


@dataclass(frozen=True, slots=True)
class Desk:
    """What answers are made of.

    Attributes:
        items: ours, canonical.
        peers: who may ask.
        transcript: where everything is written down before it is answered.
        allowance: of each peer.
        keys: of the group; empty: matching under a key is not offered.
        psi: the answerer and its set-up; None: private set intersection is not offered.
        clock: RFC 3339.
    """

    items: tuple[str, ...]
    peers: Peers
    transcript: Transcript
    allowance: Allowance
    keys: tuple[GroupKey, ...] = ()
    psi: tuple[Answerer, bytes] | None = None
    clock: Callable[[], str] = now

    def about(self, _peer: str, _body: bytes) -> Response:
        """What may be asked, and under which key."""
        keys = [key for key in self.keys if key.begins <= self.clock()[:10] < key.ends]
        told = {"key_id": keys[0].key_id if keys else "", "psi": self.psi is not None, "most": self.allowance.most}
        return Response(msgspec.json.encode(told), media_type="application/json")

    def keyed(self, peer: str, body: bytes) -> Response:
        """The hashes in common: both sides learn them."""
        at = self.clock()
        asked_for = msgspec.json.decode(body, type=_Asked)
        theirs = {bytes.fromhex(one) for one in asked_for.hashes}
        if any(len(one) != HASH_BYTES for one in theirs):
            raise ValueError(f"hashes have {HASH_BYTES} bytes")
        if not self.keys:
            raise _Refusal(404, "matching under a key is not offered")
        key = key_at(self.keys, at[:10])
        if key.key_id != asked_for.key_id:
            raise _Refusal(409, f"the key of today is {key.key_id}")
        mine = _hashed(self.items, key)
        learnt = common(mine, theirs)
        told = {"learnt": learnt, "key_id": key.key_id, "theirs": len(theirs)}
        self._noted(at, peer, "keyed", told)
        return Response(
            msgspec.json.encode({"hashes": sorted(one.hex() for one in theirs if one in mine)}),
            media_type="application/json",
        )

    def set_up(self, _peer: str, _body: bytes) -> Response:
        """The set under our secret, from which nothing can be read without asking."""
        return Response(self._psi()[1], media_type="application/octet-stream")

    def answer(self, peer: str, body: bytes) -> Response:
        """The answer to a request of private set intersection: we learn its size."""
        answerer, _ = self._psi()
        self._noted(self.clock(), peer, "psi", {"learnt": None, "key_id": "", "theirs": asked(body)})
        return Response(answerer.answer(body), media_type="application/octet-stream")

    def _psi(self) -> tuple[Answerer, bytes]:
        if self.psi is None:
            raise _Refusal(404, "private set intersection is not offered")
        return self.psi

    def _noted(self, at: str, peer: str, how: Any, told: dict[str, Any]) -> None:
        allowance = self.allowance
        self.transcript.add(
            at=at, peer=peer, role="answered", how=how, mine=len(self.items), allowance=allowance, **told
        )


@functools.lru_cache(maxsize=2)
def _hashed(items: tuple[str, ...], key: GroupKey) -> dict[bytes, str]:
    """A set is hashed once a key, not once a request."""
    return keyed(items, key)


class _Asked(msgspec.Struct):
    key_id: str
    hashes: list[str]


class _Refusal(Exception):  # noqa: N818 - an answer to a peer
    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, headers or {}
        super().__init__(message)


def match_app(desk: Desk) -> Starlette:
    """The application of who is asked."""
    table: tuple[tuple[str, str, Callable[[str, bytes], Response]], ...] = (
        ("GET", f"{MATCH}/", desk.about),
        ("POST", f"{MATCH}/keyed", desk.keyed),
        ("GET", f"{MATCH}/psi", desk.set_up),
        ("POST", f"{MATCH}/psi", desk.answer),
    )
    return Starlette(
        routes=[Route(path, _endpoint(desk, handler), methods=[method]) for method, path, handler in table]
    )


def _endpoint(desk: Desk, handler: Callable[[str, bytes], Response]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            peer = _peer(desk, request)
            body = await _body(request)
            return await run_in_threadpool(_answered, handler, peer, body)
        except _Refusal as refusal:
            told = msgspec.json.encode({"title": str(refusal), "status": refusal.status})
            return Response(told, refusal.status, refusal.headers, "application/problem+json")

    return answer


def _peer(desk: Desk, request: Request) -> str:
    found = desk.peers.named(request.headers.get("authorization", ""))
    if found is None:
        raise _Refusal(401, "the secret is missing or wrong", {"WWW-Authenticate": "Bearer"})
    return found


def _answered(handler: Callable[[str, bytes], Response], peer: str, body: bytes) -> Response:
    try:
        return handler(peer, body)
    except Exhausted as error:
        headers = {"Retry-After": str(error.after)} if error.after else {}
        raise _Refusal(429 if error.after else 413, str(error), headers) from error
    except (ConfigError, OutputError) as error:
        _log.exception("cannot be answered")
        raise _Refusal(503, "cannot be answered now") from error
    except (InputError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _Refusal(400, f"the request cannot be read: {error}") from error


async def _body(request: Request) -> bytes:
    found = bytearray()
    try:
        async with asyncio.timeout(_READING_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > _MOST_BYTES:
                    break
    except TimeoutError as error:
        raise _Refusal(408, "the body took too long") from error
    except ClientDisconnect as error:
        raise _Refusal(400, "the sender went away") from error
    if len(found) > _MOST_BYTES:
        raise _Refusal(413, f"more than {_MOST_BYTES:,} bytes")
    return bytes(found)
