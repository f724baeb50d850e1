"""A TAXII server on a socket, until it is told to stop: what is under way is answered first."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from revenuer.errors import ConfigError, MissingExtraError
from revenuer.listening import address_of, bound_to
from revenuer.sharing.files import pem_fault

__all__ = ["IN_THE_CLEAR", "Tls", "serve", "serve_app"]

IN_THE_CLEAR: Final = "and secrets would travel in the clear: give TLS files"
_CONNECTIONS: Final = 512
_DRAIN_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Tls:
    """Files (PEM) of a server: its certificate and key, and the authority that clients' certificates must come from."""

    certificate: Path
    key: Path
    clients: Path | None = None


def serve(
    url: str,
    *,
    listen: str,
    tls: Tls | None = None,
    plain: bool = False,
    title: str = "revenuer",
    most_bytes: int = 10_000_000,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve the collections of a store, until SIGTERM or Ctrl-C.

    Args:
        url: of the store.
        listen: HOST:PORT; port 0 takes any.
        tls: without it only this machine is listened to.
        plain: listen to others all the same, since something in front speaks TLS.
        title: of the server.
        most_bytes: of a body.
        on_ready: called with the address once peers may come.

    Raises:
        ConfigError: an address that cannot be listened on, or files that are none.
        InputError: there is no store.
        OutputError: the store cannot be used.
        MissingExtraError: Starlette, uvicorn or SQLAlchemy is not installed.
    """
    try:
        from revenuer.sharing.taxii.routes import taxii_app  # noqa: PLC0415
        from revenuer.sharing.taxii.store import open_store  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("the TAXII server", "service") from error
    guarded = tls is not None or plain
    with bound_to(listen, guarded=guarded, by=IN_THE_CLEAR) as place, closing(open_store(url, make=False)) as store:
        serve_app(taxii_app(store, title=title, most_bytes=most_bytes), place, tls=tls, on_ready=on_ready)


def serve_app(app: Any, place: socket.socket, *, tls: Tls | None, on_ready: Callable[[str], None]) -> None:
    """Run an ASGI application on a socket, until SIGTERM or Ctrl-C.

    Raises:
        ConfigError: files of `tls` that are none.
        MissingExtraError: uvicorn is not installed.
    """
    try:
        import uvicorn  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("serving over HTTP", "service") from error
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none",
        limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=_DRAIN_SECONDS, **_ssl(tls),
    )  # fmt: skip
    try:
        config.load()
    except OSError as error:
        files = ", ".join(
            str(file) for file in (() if tls is None else (tls.certificate, tls.key, tls.clients)) if file
        )
        raise ConfigError(f"{files}: {pem_fault(error, 'a certificate and its key')}") from error
    on_ready(address_of(place, tls=tls is not None))
    try:
        uvicorn.Server(config).run(sockets=[place])
    except (KeyboardInterrupt, SystemExit):
        return  # uvicorn repeats the signal once everything is answered


def _ssl(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    found: dict[str, Any] = {"ssl_certfile": str(tls.certificate), "ssl_keyfile": str(tls.key)}
    if tls.clients is not None:
        found |= {"ssl_ca_certs": str(tls.clients), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return found
