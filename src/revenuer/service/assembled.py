"""The parts of the service put together: what decides, what is written down, who may come, and the lane."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from revenuer.response import Policy
from revenuer.service.admin import administration, collections, mounted
from revenuer.service.app import App, Service
from revenuer.service.deciding import Decider, Known
from revenuer.service.doors import either
from revenuer.service.guard import token_guard
from revenuer.service.lane import lane
from revenuer.service.ledger import Ledger
from revenuer.service.office import Office

__all__ = ["assembled"]


@contextmanager
def assembled(
    url: str, policy: Policy, journal: Path, office: Office, *, token: str | None, failing: Literal["open", "closed"],
    most_bytes: int, holdout_key: str,
) -> Iterator[tuple[App, type[asyncio.Protocol]]]:  # fmt: skip
    """The application, as long as the block runs, and the protocol that it is served by.

    Raises:
        ConfigError: the state or the issuer is none that can be used.
        InputError: a folder, a store or a table that is named is not there.
        OutputError: the journal cannot be written to.
    """
    with collections(office.taxii) as beside, administration(url, policy, office, holdout_key) as desk:
        decider = Decider(policy, Known(), holdout_key=holdout_key, failing=failing)
        decider.warm_up()
        ledger = Ledger(journal, rotate_seconds=1.0)
        guard = either(token, desk.doors) if token is not None or office.keys else token_guard(None)
        service = Service(url, decider, guard, ledger, most_bytes)
        yield mounted(service, desk, beside), lane(service, desk.metrics)
