"""A TAXII server on a socket, until it is told to stop: what is under way is answered first."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from revenuer.errors import ConfigError, MissingExtraError

__all__ = ["Tls", "bound", "serve", "serve_app"]

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
        OutputError: the store cannot be used.
        MissingExtraError: Starlette, uvicorn or SQLAlchemy is not installed.
    """
    try:
        from revenuer.sharing.taxii.routes import taxii_app  # noqa: PLC0415
        from revenuer.sharing.taxii.store import open_store  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("the TAXII server", "service") from error
    with bound(listen, guarded=tls is not None or plain) as place:
        store = open_store(url)
        try:
            serve_app(taxii_app(store, title=title, most_bytes=most_bytes), place, tls=tls, on_ready=on_ready)
        finally:
            store.close()


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
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"the certificate or its key cannot be used: {error}") from error
    on_ready(_address(place, tls))
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


def bound(listen: str, *, guarded: bool) -> socket.socket:
    """A listening socket.

    Args:
        listen: HOST:PORT.
        guarded: whether others than this machine may reach it.

    Raises:
        ConfigError: it is no address, cannot be had, or others would reach it unguarded.
    """
    host, sign, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not sign or not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f"--listen {listen}: expected HOST:PORT")
    if not guarded and not _is_this_machine(host):
        raise ConfigError(f"--listen {listen}: others reach it, and secrets would travel in the clear: give TLS files")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=1_024)
    except OSError as error:
        raise ConfigError(f"--listen {listen}: {error.strerror or error}") from error


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(place: socket.socket, tls: Tls | None) -> str:
    host, port = place.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
