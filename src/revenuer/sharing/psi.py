"""Private set intersection: who asks learns which of its items the other has, and neither learns anything else.

The protocol of openmined-psi (elliptic-curve Diffie-Hellman on both sides, the answerer's set sorted, and Golomb-compressed
where it is large): the asker learns the intersection and the size of the other set, the answerer the size of the asker's. Both are
taken to follow the protocol; who lies about the own set learns no more than the allowance lets him ask for.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from revenuer.errors import InputError, MissingExtraError, reason

__all__ = ["Answerer", "Asker", "asked", "new_answerer", "new_asker", "read_message", "read_secret"]

# Probability that any of the items asked about is wrongly taken for common, over a whole request.
FALSE_MATCH: Final = 1e-9
_KEY_BYTES: Final = 32
_KINDS: Final = {"request": "Request", "set-up": "ServerSetup", "answer": "Response"}


def _library() -> Any:
    try:
        return importlib.import_module("private_set_intersection.python")
    except ModuleNotFoundError as error:
        raise MissingExtraError("private set intersection", "psi") from error


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers. `secret` is a private key: it stays, and as long as it is kept a set-up need not be made again."""

    secret: bytes = field(repr=False)

    def set_up(self, items: Sequence[str], *, most_asked: int) -> bytes:
        """The set under the secret, for those who ask: made and sent once.

        Args:
            items: canonical, each once.
            most_asked: the largest request for which `FALSE_MATCH` shall hold.
        """
        library = _library()
        server = library.server.CreateFromKey(self.secret, True)
        # the library's compression fails for a set that is much smaller than a request may be, and gains little there
        form = library.DataStructure.RAW if len(items) < most_asked else library.DataStructure.GCS
        made = server.CreateSetupMessage(FALSE_MATCH, most_asked, list(items), form)
        return bytes(made.SerializeToString())

    def answer(self, request: bytes) -> bytes:
        """The answer to a request.

        Raises:
            InputError: it is none.
        """
        library = _library()
        found = _parsed(library.Request, request, "request")
        if not found.reveal_intersection:
            raise InputError("the request asks for a size, not for items")
        try:
            return bytes(library.server.CreateFromKey(self.secret, True).ProcessRequest(found).SerializeToString())
        except (RuntimeError, ValueError) as error:
            raise InputError(f"is no request: {_first(error)}") from error


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. `secret` is a private key, of one request."""

    secret: bytes = field(repr=False)

    def request(self, items: Sequence[str]) -> bytes:
        """The request about canonical items; it tells their number."""
        return bytes(_library().client.CreateFromKey(self.secret, True).CreateRequest(list(items)).SerializeToString())

    def reveal(self, items: Sequence[str], set_up: bytes, answer: bytes) -> tuple[str, ...]:
        """The items in common, sorted.

        Args:
            items: in the order in which they were asked about.
            set_up: of the answerer.
            answer: to the request.

        Raises:
            InputError: the messages are none, or the answer is to another request.
        """
        library = _library()
        their = _parsed(library.ServerSetup, set_up, "set-up")
        found = _parsed(library.Response, answer, "answer")
        if len(found.encrypted_elements) != len(items):
            raise InputError("the answer is to another request")
        try:
            places = library.client.CreateFromKey(self.secret, True).GetIntersection(their, found)
        except (RuntimeError, ValueError) as error:
            raise InputError(f"set-up and answer do not fit: {_first(error)}") from error
        return tuple(sorted(items[place] for place in places))


def new_answerer() -> Answerer:
    """An answerer with a new key.

    Raises:
        MissingExtraError: openmined-psi is not installed.
    """
    return Answerer(bytes(_library().server.CreateWithNewKey(True).GetPrivateKeyBytes()))


def new_asker() -> Asker:
    """An asker with a new key: one for each request, else two requests would show what they have in common.

    Raises:
        MissingExtraError: openmined-psi is not installed.
    """
    return Asker(bytes(_library().client.CreateWithNewKey(True).GetPrivateKeyBytes()))


def asked(request: bytes) -> int:
    """How many items a request is about.

    Raises:
        InputError: it is none.
    """
    return len(_parsed(_library().Request, request, "request").encrypted_elements)


def read_message(file: Path, what: Literal["request", "set-up", "answer"]) -> bytes:
    """A message of the protocol in a file.

    Raises:
        InputError: it cannot be read, or is another thing.
        MissingExtraError: openmined-psi is not installed.
    """
    given = _read(file)
    try:
        _parsed(getattr(_library(), _KINDS[what]), given, what)
    except InputError as error:
        raise InputError(str(error), file=str(file)) from error
    return given


def read_secret(file: Path) -> bytes:
    """A private key in a file, of an asker or an answerer.

    Raises:
        InputError: it cannot be read, or is none.
        MissingExtraError: openmined-psi is not installed.
    """
    given = _read(file)
    try:
        _library().server.CreateFromKey(given, True)
    except (RuntimeError, ValueError) as error:
        raise InputError("is no private key", file=str(file)) from error
    if len(given) != _KEY_BYTES:
        raise InputError(f"is no private key: it has {len(given)} bytes, not {_KEY_BYTES}", file=str(file))
    return given


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(file)) from error


def _parsed(kind: Any, data: bytes, name: str) -> Any:
    refusal = importlib.import_module("google.protobuf.message").DecodeError
    found = kind()
    if not data:
        raise InputError(f"is empty, and no {name}")
    try:
        found.ParseFromString(data)
    except refusal as error:
        raise InputError(f"is no {name}") from error
    return found


def _first(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
