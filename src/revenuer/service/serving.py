"""A receiver on a socket, until it is told to stop: what is under way is answered first."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from revenuer.errors import MissingExtraError
from revenuer.listening import address_of, bound_to

__all__ = ["receive", "run_on"]

_HELD: Final = 4
_CONNECTIONS: Final = 512
_DRAIN_SECONDS: Final = 30


def receive(
    out: Path,
    *,
    listen: str = "127.0.0.1:4318",
    token: str | None = None,
    most_bytes: int = 64_000_000,
    rotate_bytes: int = 64_000_000,
    rotate_seconds: float = 60.0,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Receive OTLP over HTTP and keep what concerns exchanges, until SIGTERM or Ctrl-C.

    Args:
        out: folder for the files; a file appears when it is full, old enough, or at the end.
        listen: HOST:PORT; port 0 takes any.
        token: that senders have to present; without one only this machine is listened to.
        most_bytes: of one body, decompressed.
        rotate_bytes: a file of this size is closed.
        rotate_seconds: so is one this old.
        on_ready: called with the address once senders may come.

    Raises:
        ConfigError: an address that cannot be listened on, or one that others reach without a token.
        OutputError: the folder cannot be written to.
        MissingExtraError: Starlette or uvicorn is not installed.
    """
    try:
        import uvicorn as _uvicorn  # noqa: F401, PLC0415 - asked for here, so that the error names the extra

        from revenuer.service.journal import Journal  # noqa: PLC0415
        from revenuer.service.receiver import receiver  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("receiving over HTTP", "service") from error
    with bound_to(listen, guarded=token is not None, by="so REVENUER_RECEIVE_TOKEN must be set") as bound:
        journal = Journal(out, most_bytes=rotate_bytes, most_seconds=rotate_seconds)
        app = receiver(journal, most_bytes=most_bytes, most_held=_HELD * most_bytes, token=token)
        run_on(bound, app, on_ready)


def run_on(
    bound: socket.socket, app: Any, on_ready: Callable[[str], None], *, http: type[asyncio.Protocol] | None = None,
    most: int | None = _CONNECTIONS,
) -> None:  # fmt: skip
    """Serve an application until SIGTERM or Ctrl-C; requests under way are answered first, for half a minute at most.

    Args:
        bound: from `bound_to`.
        app: of ASGI, with a lifespan.
        on_ready: called with the address once callers may come.
        http: the protocol; None: uvicorn's own.
        most: connections; who comes when there are so many is told to come again. None: any number.
    """
    import uvicorn  # noqa: PLC0415

    config = uvicorn.Config(
        app, http=http or "httptools", log_config=None, access_log=False, server_header=False, lifespan="on", ws="none",
        limit_concurrency=most, timeout_graceful_shutdown=_DRAIN_SECONDS,
    )  # fmt: skip
    on_ready(address_of(bound))
    try:
        uvicorn.Server(config).run(sockets=[bound])
    except (KeyboardInterrupt, SystemExit):
        # uvicorn repeats the signal once everything is answered and the lifespan has ended
        return
