"""Who is at the door: keys and people by what a request presents, each as often as they may come."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from revenuer.service.answers import Headers, Refused
from revenuer.service.guard import Guard, presented, token_guard
from revenuer.service.keys import KeyRing
from revenuer.service.limits import Buckets
from revenuer.service.people import People
from revenuer.service.roles import Caller, Scope

__all__ = ["Doors", "either", "now_text", "too_often"]

_CHALLENGE: Final = ((b"www-authenticate", b"Bearer"),)
_AGAIN: Final = ((b"retry-after", b"5"),)
_KEY_PREFIX: Final = b"rvk_"


class Doors:
    """Tells callers, and turns away who may not, or comes too often.

    Args:
        ring: keys; None until the state could be opened.
        people: who signs in elsewhere; None: nobody.
        buckets: how often each has come.
        per_minute: requests of a caller to the administration, where its key says nothing else.
    """

    def __init__(self, ring: KeyRing | None, people: People | None, buckets: Buckets, per_minute: int = 600) -> None:
        self.ring, self.people, self.buckets, self.per_minute = ring, people, buckets, per_minute

    def __call__(self, headers: Headers, wanted: Scope) -> str:
        """The guard of the hot path: keys alone, found in memory; a rate only where the key has one.

        Raises:
            Refused: 401 no key that opens, 403 it may not, 429 too often, 503 keys are not known yet.
        """
        caller = self._key(presented(headers))
        if wanted not in caller.scopes:
            raise Refused(403, f"this key has not the scope {wanted}")
        if caller.per_minute is not None:
            self._count(caller.name, caller.per_minute)
        return caller.name

    def caller(self, headers: Headers) -> Caller:
        """Whoever sent a request to the administration; may wait for the issuer's keys.

        Raises:
            Refused: 401 nobody is known by what was presented, 429 too often, 503 nobody can be told now.
        """
        secret = presented(headers)
        is_person = self.people is not None and not secret.startswith(_KEY_PREFIX) and secret.count(b".") == 2
        caller = self._person(secret) if is_person else self._key(secret)
        self._count(caller.name, caller.per_minute or self.per_minute)
        return caller

    def stranger(self, address: str) -> None:
        """Let somebody in who need not be known.

        Raises:
            Refused: 429 too many came from this address.
        """
        self._count(f"address {address}", max(1, self.per_minute // 10))

    def _key(self, secret: bytes) -> Caller:
        if self.ring is None:
            raise Refused(503, "the state cannot be reached: come again", _AGAIN)
        caller = self.ring.find(secret.decode("ascii", "replace"), now_text())
        if caller is None:
            raise Refused(401, "a key or a token is needed, and what was presented is none that counts", _CHALLENGE)
        return caller

    def _person(self, token: bytes) -> Caller:
        if self.people is None:
            raise Refused(401, "nobody signs in here", _CHALLENGE)
        return self.people.caller(token.decode("ascii", "replace"))

    def _count(self, name: str, per_minute: int) -> None:
        wait = self.buckets.take(name, per_minute, time.monotonic())
        if wait:
            raise too_often(wait)


def either(token: str | None, doors: Doors) -> Guard:
    """The guard that takes the one token for all, where there is one, and else keys."""
    if token is None:
        return doors
    by_token = token_guard(token)

    def guard(headers: Headers, wanted: Scope) -> str:
        try:
            return by_token(headers, wanted)
        except Refused:
            return doors(headers, wanted)

    return guard


def too_often(seconds: float) -> Refused:
    """The refusal that says when to come again."""
    again = str(math.ceil(seconds))
    return Refused(429, f"too often: come again in {again} s", [(b"retry-after", again.encode())])


def now_text() -> str:
    """Now, as the state keeps times."""
    return _text_of(int(time.time()))


@lru_cache(maxsize=2)
def _text_of(second: int) -> str:
    """Asked for every request, and the same for a second."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
