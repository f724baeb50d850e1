"""The service on a socket, until it is told to stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from revenuer.errors import MissingExtraError
from revenuer.listening import bound_to
from revenuer.service.office import Office
from revenuer.service.serving import run_on

if TYPE_CHECKING:
    from revenuer.response import Policy

__all__ = ["serve"]

# Seconds after which a thread that reads the state lets the one that answers go on; Python's own are 0.005.
_TURN: Final = 0.0005


def serve(
    url: str,
    policy: Policy,
    journal: Path,
    *,
    listen: str = "127.0.0.1:8087",
    token: str | None = None,
    failing: Literal["open", "closed"] = "open",
    most_bytes: int = 8_000_000,
    holdout_key: str = "",
    office: Office | None = None,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Answer gateways, until SIGTERM or Ctrl-C.

    Args:
        url: of the state; it need not be there yet.
        policy: that decides.
        journal: folder of this process for decisions on their way to the state.
        listen: HOST:PORT; port 0 takes any.
        token: that callers present.
        failing: whether requests pass while nothing is known of anybody, or wait.
        most_bytes: of a body.
        holdout_key: secret of the hold-out.
        office: of the administration; None: as `Office()` says.
        on_ready: called with the address once callers may come.

    Raises:
        ConfigError: an address that cannot be listened on, or one that others reach unguarded.
        InputError: what the office names is not there.
        OutputError: the journal cannot be written to.
        MissingExtraError: a package of the extra is not installed.
    """
    try:
        import uvicorn as _uvicorn  # noqa: F401, PLC0415 - asked for here, so that the error names the extra

        from revenuer.service.admin import administration, collections, mounted  # noqa: PLC0415
        from revenuer.service.app import Service  # noqa: PLC0415
        from revenuer.service.deciding import Decider, Known  # noqa: PLC0415
        from revenuer.service.doors import either  # noqa: PLC0415
        from revenuer.service.guard import token_guard  # noqa: PLC0415
        from revenuer.service.lane import lane  # noqa: PLC0415
        from revenuer.service.ledger import Ledger  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("serving over HTTP", "service") from error
    office = office or Office()
    guarded, by = token is not None or office.keys, "so REVENUER_SERVE_TOKEN must be set, or --keys given"
    with (
        collections(office.taxii) as beside,
        bound_to(listen, guarded=guarded, by=by) as bound,
        administration(url, policy, office, holdout_key) as desk,
    ):
        decider = Decider(policy, Known(), holdout_key=holdout_key, failing=failing)
        decider.warm_up()
        ledger = Ledger(journal, rotate_seconds=1.0)
        guard = either(token, desk.doors) if guarded else token_guard(None)
        sys.setswitchinterval(_TURN)
        service = Service(url, decider, guard, ledger, most_bytes)
        run_on(bound, mounted(service, desk, beside), on_ready, http=lane(service, desk.metrics))
