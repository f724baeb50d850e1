"""A TAXII 2.1 client over HTTP: pages that are read to the end, and envelopes that are sent until they are taken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from revenuer.errors import InputError, MissingExtraError
from revenuer.sharing.files import VERSION, pem_fault
from revenuer.sharing.taxii.media import TAXII, sends

if TYPE_CHECKING:
    import httpx

__all__ = ["Access", "Client", "Received", "connected"]

_TRIES: Final = 5
_PAGE: Final = 1_000
_LONGEST_WAIT: Final = 60.0
_MOST_BYTES: Final = 256_000_000
_MOST_PAGES: Final = 100_000
_AGAIN: Final = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Access:
    """How a peer is let in.

    Attributes:
        user, password: for HTTP Basic; empty for none.
        key: presented as `Authorization: Bearer` instead; empty for none.
        certificate: PEM file with the client's certificate, and with its key unless `certificate_key` holds it.
        certificate_key: PEM file.
        authority: PEM file of the authority that the server's certificate comes from; None: those of the system.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    certificate: Path | None = None
    certificate_key: Path | None = None
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A page: its objects, and when the last of them was added (empty where the server does not say)."""

    objects: tuple[dict[str, Any], ...]
    last_added: str


@dataclass(frozen=True, slots=True)
class Client:
    """A connection to a server; `pause` waits for a number of seconds."""

    http: httpx.Client
    pause: Callable[[float], None] = time.sleep

    def get(self, url: str, query: Mapping[str, str] | None = None) -> tuple[dict[str, Any], Mapping[str, str]]:
        """A resource, and the headers that came with it.

        Raises:
            InputError: the server cannot be reached, refuses, or answers with something else.
        """
        answer = self._sent("GET", url, params=dict(query or {}), headers={"Accept": TAXII})
        return _resource(answer, url), answer.headers

    def post(self, url: str, body: bytes) -> dict[str, Any]:
        """Send an envelope; the status resource.

        Raises:
            InputError: as of `get`.
        """
        headers = {"Accept": TAXII, "Content-Type": TAXII}
        return _resource(self._sent("POST", url, content=body, headers=headers), url)

    def pages(self, collection: str, *, after: str = "", kinds: Sequence[str] = ()) -> Iterator[Received]:
        """All that was added to a collection after a time, in the order of addition.

        Args:
            collection: its URL.
            after: a TAXII time; empty: from the beginning.
            kinds: types of objects; empty: all.

        Raises:
            InputError: as of `get`, or a server that goes round in circles.
        """
        # a limit also where the server's would do: medallion 3 fails on a second page without one
        query = {"limit": str(_PAGE)} | ({"match[type]": ",".join(kinds)} if kinds else {})
        turn = {"added_after": after} if after else {}
        for _ in range(_MOST_PAGES):
            found, headers = self.get(urljoin(collection, "objects/"), query | turn)
            last = headers.get("x-taxii-date-added-last", "")
            yield Received(_objects(found, collection), last)
            if found.get("more") is not True:
                return
            turn = _turned(turn, found.get("next"), last, collection)
        raise InputError("the server sends pages without end", file=collection)

    def _sent(self, method: str, url: str, **given: Any) -> httpx.Response:
        """An answer that is none of those after which one should come again."""
        import httpx  # noqa: PLC0415

        for turn in range(_TRIES):
            try:
                answer = self._read(method, url, **given)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if turn == _TRIES - 1 or not isinstance(error, httpx.TransportError):
                    raise InputError(f"cannot be reached: {error}", file=url) from error
                self.pause(2.0**turn)
                continue
            if answer.status_code not in _AGAIN or turn == _TRIES - 1:
                return answer
            self.pause(_wait(answer.headers.get("retry-after", ""), 2.0**turn))
        raise AssertionError  # the last turn returns or raises

    def _read(self, method: str, url: str, **given: Any) -> httpx.Response:
        """An answer read up to a bound: a server may be hostile, too."""
        import httpx  # noqa: PLC0415

        with self.http.stream(method, url, **given) as answer:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise InputError(f"answers with more than {_MOST_BYTES:,} bytes", file=url)
        headers = [
            pair for pair in answer.headers.multi_items() if pair[0] not in {"content-encoding", "content-length"}
        ]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(body))


@contextmanager
def connected(access: Access, *, pause: Callable[[float], None] = time.sleep) -> Iterator[Client]:
    """A client for as long as the block runs; it follows no redirection, since it would take secrets along.

    Raises:
        InputError: certificate files that are none.
        MissingExtraError: httpx is not installed.
    """
    try:
        import httpx  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("the TAXII client", "sharing") from error
    headers = {"User-Agent": f"revenuer/{VERSION}"}
    headers |= {"Authorization": f"Bearer {access.key}"} if access.key else {}
    login = httpx.BasicAuth(access.user, access.password) if access.user and not access.key else None
    with httpx.Client(auth=login, headers=headers, verify=_context(access), timeout=60.0, trust_env=False) as http:
        yield Client(http, pause)


def _context(access: Access) -> Any:
    import ssl  # noqa: PLC0415

    try:
        context = ssl.create_default_context(cafile=access.authority)
    except OSError as error:
        raise InputError(pem_fault(error, "a certificate of an authority"), file=str(access.authority)) from error
    if access.certificate is not None:
        files = [str(file) for file in (access.certificate, access.certificate_key) if file is not None]
        try:
            context.load_cert_chain(*files)
        except OSError as error:
            raise InputError(pem_fault(error, "a certificate and its key"), file=" and ".join(files)) from error
    return context


def _turned(turn: dict[str, str], token: Any, last: str, collection: str) -> dict[str, str]:
    """How the next page is asked for: by the server's token or, where it gives none, by when the last was added."""
    found = {name: turn[name] for name in ("added_after",) if name in turn}
    found = found | {"next": token} if isinstance(token, str) and token else {"added_after": last}
    if (found == turn and "next" not in found) or found.get("added_after") == "":
        raise InputError("the server says that there is more, and not how to ask for it", file=collection)
    return found


def _objects(found: dict[str, Any], place: str) -> tuple[dict[str, Any], ...]:
    objects = found.get("objects", [])
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        raise InputError("answers with something that is no envelope", file=place)
    return tuple(objects)


def _resource(answer: httpx.Response, url: str) -> dict[str, Any]:
    if not answer.is_success:
        raise InputError(_said(answer), file=url)
    if not sends(answer.headers.get("content-type")):
        raise InputError("answers, but not in TAXII 2.1", file=url)
    try:
        found = answer.json()
    except (ValueError, RecursionError) as error:
        raise InputError("answers with something that is no JSON", file=url) from error
    if not isinstance(found, dict):
        raise InputError("answers with something that is no resource", file=url)
    return found


def _said(answer: httpx.Response) -> str:
    """The server's refusal in its own words, where it has any."""
    words = {
        401: "the name, secret or key is missing or wrong",
        403: "this is not allowed",
        404: "there is no such thing",
    }
    told = words.get(answer.status_code, "")
    try:
        found = json.loads(answer.content)
        told = str(found.get("title") or told) if isinstance(found, dict) else told
    except (ValueError, RecursionError):
        pass
    return f"refuses with {answer.status_code}{': ' if told else ''}{told[:200]}"


def _wait(header: str, otherwise: float) -> float:
    return min(float(header), _LONGEST_WAIT) if header.isascii() and header.isdecimal() else otherwise
