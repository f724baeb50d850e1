"""Client addresses as gateways write them: with a port, in brackets, after proxies, or masked."""

from __future__ import annotations

import ipaddress
from typing import Any

__all__ = ["address", "is_public"]


def address(value: Any) -> str | None:
    """An IP address without its port; of several (`X-Forwarded-For`) the first, which is the client's.

    None for what is no address: names of services, and masked ones, by which strangers would seem to be neighbours.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str):
        return None
    alone = value.split(",")[0].strip()
    for text in (alone, alone.partition("]")[0].removeprefix("["), alone.rpartition(":")[0]):
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return None


def is_public(text: str) -> bool:
    """Whether an IP address is one of the internet, and not of a private network."""
    return ipaddress.ip_address(text).is_global
