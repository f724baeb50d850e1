"""The administration as a whole, for as long as a service runs: keys are kept fresh, and their uses written down."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from revenuer.errors import ConfigError, OutputError
from revenuer.response import Policy
from revenuer.service.admin.endpoint import Desk
from revenuer.service.doors import Doors
from revenuer.service.keys import KeyRing
from revenuer.service.limits import Buckets
from revenuer.service.metrics import Metrics
from revenuer.service.office import Office
from revenuer.service.people import Issuer, People
from revenuer.service.roles import ROLES, Role
from revenuer.service.signups import SignUps
from revenuer.state import open_state

__all__ = ["administration"]

_log: Final = logging.getLogger(__name__)
_REFRESH_SECONDS: Final = 0.5
_TURNS_A_USE: Final = 120


@contextmanager
def administration(url: str, policy: Policy, office: Office, holdout_key: str = "") -> Iterator[Desk]:
    """What the administration works with, open as long as the block runs; `desk.doors` is the guard of all routes.

    Args:
        url: of the state. One that cannot be reached is tried again and again.
        policy: the one in force.
        office: settings.
        holdout_key: secret of the hold-out.

    Raises:
        ConfigError: the URL is of no database that can be used, or the issuer is none that can be trusted.
        InputError: the table of earlier sign-ups cannot be read.
    """
    doors = Doors(None, _people(office), Buckets(), office.per_minute)
    desk = Desk(doors, Metrics(), policy, office.ingest, office.appeal_key, holdout_key)
    if office.signups is not None:
        desk.signups = SignUps(office.signups, office.signups_key, office.earlier)
    keeper = _Keeper(url, desk)
    keeper.turn()
    keeper.start()
    try:
        yield desk
    finally:
        keeper.close()


def _people(office: Office) -> People | None:
    if office.issuer is None:
        return None
    given = office.roles or {f"revenuer-{role}": role for role in ROLES}
    for word, role in given.items():
        if role not in ROLES:
            raise ConfigError(f"{word}={role}: no role is called so; expected one of {', '.join(ROLES)}")
    roles = {word: cast("Role", role) for word, role in given.items()}
    return People(Issuer(office.issuer, office.audience, office.roles_claim, roles))


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
