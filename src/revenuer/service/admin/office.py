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
        ConfigError, OutputError: the state cannot be opened.
    """
    state = open_state(url)
    stop = threading.Event()
    try:
        ring = KeyRing(state)
        doors = Doors(ring, None if issuer is None else People(issuer), Buckets(), per_minute)
        keeper = threading.Thread(target=_keep, args=(ring, stop), name="keys", daemon=True)
        keeper.start()
        try:
            yield Desk(state, doors, Metrics(), policy, ingest, appeal_key, holdout_key)
        finally:
            stop.set()
            keeper.join()
            _tried(ring)
    finally:
        state.close()


def _keep(ring: KeyRing, stop: threading.Event) -> None:
    turn, lost = 0, False
    while not stop.wait(_REFRESH_SECONDS):
        turn += 1
        try:
            ring.refresh()
            lost = False
        except OutputError as error:
            if not lost:
                _log.warning("the state is lost; the keys that are known go on opening: %s", error)
            lost = True
        if turn % _TURNS_A_USE == 0 and not lost:
            _tried(ring)


def _tried(ring: KeyRing) -> None:
    try:
        ring.keep_uses()
    except OutputError as error:
        _log.warning("when keys were last used could not be written down: %s", error)
