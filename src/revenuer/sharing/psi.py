"""Private set intersection: who asks learns which of its items the other has, and neither learns anything else.

The protocol of openmined-psi (elliptic-curve Diffie-Hellman on both sides, the answerer's set as a Golomb-compressed
set): the asker learns the intersection and the size of the other set, the answerer the size of the asker's. Both are
taken to follow the protocol; who lies about the own set learns no more than the allowance lets him ask for.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from revenuer.errors import InputError, MissingExtraError

__all__ = ["Answerer", "Asker", "asked", "new_answerer", "new_asker"]

# Probability that any of the items asked about is wrongly taken for common, over a whole request.
FALSE_MATCH: Final = 1e-9


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
        made = server.CreateSetupMessage(FALSE_MATCH, most_asked, list(items), library.DataStructure.GCS)
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


def _parsed(kind: Any, data: bytes, name: str) -> Any:
    refusal = importlib.import_module("google.protobuf.message").DecodeError
    found = kind()
    try:
        found.ParseFromString(data)
    except refusal as error:
        raise InputError(f"is no {name}") from error
    return found


def _first(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
