"""Addresses to listen on, and who may be listened to there."""

from __future__ import annotations

import ipaddress
import socket

from revenuer.errors import ConfigError

__all__ = ["address_of", "bound_to"]

_WAITING = 1_024  # connections that the system holds until they are taken up


def bound_to(listen: str, *, guarded: bool, by: str = "") -> socket.socket:
    """A socket that listens.

    Args:
        listen: HOST:PORT; port 0 takes any.
        guarded: whether others than this machine may reach it; without it only this machine is listened to.
        by: why others may not, or what would have to be done, for the error.

    Raises:
        ConfigError: an address that cannot be listened on, or that others reach unguarded.
    """
    host, sign, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not sign or not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f"--listen {listen}: expected HOST:PORT")
    if not guarded and not _is_this_machine(host):
        raise ConfigError(f"--listen {listen}: others reach it, {by}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=_WAITING)
    except OSError as error:
        raise ConfigError(f"--listen {listen}: {error.strerror or error}") from error


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address_of(place: socket.socket, *, tls: bool = False) -> str:
    """The URL of a socket that listens."""
    host, port = place.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
