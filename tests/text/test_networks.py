"""Addresses to networks."""

from __future__ import annotations

from ipaddress import IPv4Address
from itertools import combinations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from revenuer.text.networks import hash_networks
from strategies import text_arrays


def network(*addresses: str | None) -> list[int]:
    return hash_networks(pa.array(addresses, pa.string())).tolist()


def test_neighbours_share_a_network():
    """The last byte of IPv4 and the interface part of IPv6 do not count."""
    assert len(set(network("203.0.113.7", "203.0.113.250"))) == 1
    assert len(set(network("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1"))) == 1
    assert len(set(network("2001:db8::1", "2001:db8::2"))) == 1


def test_different_networks_differ():
    """No two of these are one network."""
    several = network("203.0.113.7", "203.0.114.7", "20.3.113.7", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db9::1")
    assert all(a != b for a, b in combinations(several, 2))


def test_what_is_not_known_is_nought():
    """Null and empty addresses have no network; masked ones are hashed as they stand."""
    assert network(None, "") == [0, 0]
    assert network("203.0.113.x") == network("203.0.113.9")
    assert network("hidden") != [0]


@given(text_arrays())
def test_any_text_in_an_address_column_is_hashed(array: pa.Array):
    """Garbage is no error, and where a text stands in what array makes no difference."""
    assert hash_networks(array).tolist() == network(*array.to_pylist())


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_every_ipv4_address_belongs_to_its_24(address: IPv4Address, last: int):
    """All 256 addresses of a /24 hash alike."""
    text = str(address)
    assert network(text) == network(f"{text.rpartition('.')[0]}.{last}")
