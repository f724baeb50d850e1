"""The administration as a whole, for as long as a service runs: keys are kept fresh, and their uses written down."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from revenuer.errors import OutputError
from revenuer.response import Policy
from revenuer.service.admin.endpoint import Desk
from revenuer.service.doors import Doors
from revenuer.service.keys import KeyRing
from revenuer.service.limits import Buckets
from revenuer.service.metrics import Metrics
from revenuer.service.people import Issuer, People
from revenuer.state import open_state

__all__ = ["administration"]

_log: Final = logging.getLogger(__name__)
_REFRESH_SECONDS: Final = 0.5
_TURNS_A_USE: Final = 120


@contextmanager
def administration(
    url: str,
    policy: Policy,
    *,
    issuer: Issuer | None = None,
    ingest: Path | None = None,
    appeal_key: bytes | None = None,
    holdout_key: str = "",
    per_minute: int = 600,
) -> Iterator[Desk]:
    """What the administration works with, open as long as the block runs; `desk.doors` is the guard of all routes.

    Args:
        url: of the state.
        policy: the one in force.
        issuer: where people sign in; None: nobody does, and what needs a person is done by command alone.
        ingest: traffic directory for exchanges that are sent in; None: none are taken.
        appeal_key: secret of appeal tokens; None: there are none.
        holdout_key: secret of the hold-out.
        per_minute: requests of a caller to the administration.

    Raises:
        ConfigError: the URL is of no database that can be used. One that cannot be reached is tried again and again.
    """
    doors = Doors(None, None if issuer is None else People(issuer), Buckets(), per_minute)
    desk = Desk(doors, Metrics(), policy, ingest, appeal_key, holdout_key)
    keeper = _Keeper(url, desk)
    keeper.turn()
    keeper.start()
    try:
        yield desk
    finally:
        keeper.close()


class _Keeper(threading.Thread):
    """Opens the state, reads its keys anew twice a second, and writes their uses down once a minute."""

    def __init__(self, url: str, desk: Desk) -> None:
        super().__init__(name="keys", daemon=True)
        self._url, self._desk = url, desk
        self._ended = threading.Event()
        self._turns, self._lost = 0, False

    def run(self) -> None:
        while not self._ended.wait(_REFRESH_SECONDS):
            try:
                self.turn()
            except Exception:  # noqa: BLE001 - whatever it is, later revocations must be heard of
                _log.exception("the keys could not be read")

    def turn(self) -> None:
        """Once."""
        desk, ring = self._desk, self._desk.doors.ring
        try:
            if ring is None:
                desk.opened = desk.opened or open_state(self._url)
                desk.doors.ring = KeyRing(desk.opened)
                return
            ring.refresh()
            self._turns += 1
            if self._turns % _TURNS_A_USE == 0:
                ring.keep_uses()
            self._lost = False
        except OutputError as error:
            if not self._lost:
                _log.warning("the state is lost; the keys that are known go on opening: %s", error)
            self._lost = True

    def close(self) -> None:
        """Write the uses down a last time, if the state takes them, and close it."""
        self._ended.set()
        self.join()
        try:
            if self._desk.doors.ring is not None:
                self._desk.doors.ring.keep_uses()
        except OutputError as error:
            _log.warning("when keys were last used could not be written down: %s", error)
        if self._desk.opened is not None:
            self._desk.opened.close()
