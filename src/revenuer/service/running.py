"""The service on a socket, until it is told to stop."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

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
    failing: Literal["open", "closed"] | None = None,
    most_bytes: int = 8_000_000,
    holdout_key: str = "",
    office: Office | None = None,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Answer gateways, until SIGTERM or Ctrl-C.

    Args:
        url: of the state; it need not be there yet, but its folder has to be.
        policy: that decides.
        journal: folder of this process for decisions on their way to the state.
        listen: HOST:PORT; port 0 takes any.
        token: that callers present.
        failing: whether requests pass while nothing is known of anybody; None: as the policy says.
        most_bytes: of a body.
        holdout_key: secret of the hold-out.
        office: of the administration; None: as `Office()` says.
        on_ready: called with the address once callers may come.

    Raises:
        ConfigError: an address that cannot be listened on, or one that others reach unguarded.
        InputError: the folder of the state, or what the office names, is not there.
        OutputError: the journal cannot be written to.
        MissingExtraError: a package of the extra is not installed.
    """
    office = office or Office()
    guarded, by = token is not None or office.keys, "so REVENUER_SERVE_TOKEN must be set, or --keys given"
    assembled = _assembling()
    with (
        bound_to(listen, guarded=guarded, by=by) as bound,
        assembled(
            url,
            policy,
            journal,
            office,
            token=token,
            failing=failing or policy.on_failure,
            most_bytes=most_bytes,
            holdout_key=holdout_key,
        ) as (app, http),
    ):
        _take_turns()
        run_on(bound, app, on_ready, http=http)


def _assembling() -> Callable[..., Any]:
    try:
        import uvicorn as _uvicorn  # noqa: F401, PLC0415 - asked for here, so that the error names the extra

        from revenuer.service.assembled import assembled  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("serving over HTTP", "service") from error
    return assembled


def _take_turns() -> None:
    """Let the thread that answers wait for none of the others, nor for a collector that looks at every module again."""
    sys.setswitchinterval(_TURN)
    gc.freeze()
