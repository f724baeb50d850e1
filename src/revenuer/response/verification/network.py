"""Where a sign-up came from: its /24 or /48, and what the operator's feed says of the address."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from revenuer.errors import InputError

__all__ = ["Feed", "Place", "load_feed", "net_of"]

V4_BITS: Final = 24
V6_BITS: Final = 48
UNLISTED: Final = "unlisted"


class Place(NamedTuple):
    """What a feed says of an address; `kind` is a word of the operator's, such as `hosting`, `asn` None if not given."""

    kind: str
    asn: int | None = None


class Feed:
    """Address ranges of the operator's feeds: hosting, VPN, proxies, numbers of networks.

    No list of these may be passed on, so none is shipped. Of ranges that lie within each other the narrowest counts.

    Args:
        ranges: network in CIDR notation, and what it is.
    """

    def __init__(self, ranges: Iterable[tuple[str, Place]] = ()) -> None:
        nested = [(ipaddress.ip_network(text, strict=False), place) for text, place in ranges]
        self._flat = {version: _flattened([one for one in nested if one[0].version == version]) for version in (4, 6)}
        self.known = bool(nested)

    def place(self, ip: str) -> Place | None:
        """What stands behind an address; `unlisted` if the feed does not hold it, None without a feed or an address."""
        address = _address(ip)
        if address is None or not self.known:
            return None
        starts, places = self._flat[address.version]
        at = bisect_right(starts, int(address)) - 1
        return (places[at] if at >= 0 else None) or Place(UNLISTED)


def load_feed(path: Path) -> Feed:
    """Read a feed: lines `CIDR,kind` or `CIDR,kind,asn`; empty lines and those that begin with # are passed over.

    Raises:
        InputError: the file cannot be read, or a line is none of these; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read as text", file=str(path)) from error
    ranges = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            ranges.append(_range(line))
        except ValueError as error:
            raise InputError(f"is no range: {error}", file=str(path), row=f"line {number}") from error
    return Feed(ranges)


def net_of(ip: str) -> str | None:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; None if it is no address."""
    address = _address(ip)
    if address is None:
        return None
    bits = V4_BITS if address.version == 4 else V6_BITS
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def _address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(ip.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _range(line: str) -> tuple[str, Place]:
    parts = [part.strip() for part in line.split(",")]
    if not 2 <= len(parts) <= 3 or not parts[1]:
        raise ValueError("expected CIDR,kind or CIDR,kind,asn")
    ipaddress.ip_network(parts[0], strict=False)
    return parts[0], Place(parts[1], int(parts[2]) if len(parts) == 3 and parts[2] else None)


def _flattened(
    nested: list[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, Place]],
) -> tuple[list[int], list[Place | None]]:
    """Where each stretch of addresses begins, and what it is; CIDR ranges lie within each other or apart."""
    starts: list[int] = []
    places: list[Place | None] = []
    open_: list[tuple[int, Place]] = []

    def begin(at: int, place: Place | None) -> None:
        if starts and starts[-1] == at:
            places[-1] = place
        else:
            starts.append(at)
            places.append(place)

    def close(before: int) -> None:
        while open_ and open_[-1][0] < before:
            ended = open_.pop()[0] + 1
            begin(ended, open_[-1][1] if open_ else None)

    for network, place in sorted(nested, key=lambda one: (int(one[0].network_address), one[0].prefixlen)):
        first = int(network.network_address)
        close(first)
        begin(first, place)
        open_.append((int(network.broadcast_address), place))
    close(1 << 129)
    return starts, places
