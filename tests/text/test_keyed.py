"""Hashes under a key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.text.keyed import Key, key_from, keyed, keyed_hashes
from revenuer.text.tokens import tokenize

# From the reference implementation: key 00 01 .. 0f, message 00 01 .. 07.
REFERENCE = (Key(0x0706050403020100, 0x0F0E0D0C0B0A0908), 0x0706050403020100, 0x93F5F5799A932462)


def test_the_hash_is_siphash():
    """The published test vector of eight bytes."""
    key, message, expected = REFERENCE
    found = keyed_hashes(np.array([message], np.int64), key)
    assert int(found.view(np.uint64)[0]) == expected


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50), st.text(min_size=1))
def test_equal_stays_equal_and_nought_stays_nought(values: list[int], secret: str):
    """What is the same hash stays the same under any key, what is not does not become so, and 0 is none."""
    hashes = np.array([0, *values], np.int64)
    found = keyed_hashes(hashes, key_from(secret))
    assert found[0] == 0
    assert len(np.unique(found)) == len(np.unique(hashes))
    np.testing.assert_array_equal(found == 0, hashes == 0)


def test_another_secret_gives_other_hashes():
    """Two keys share no hash, nor does a key share one with no key."""
    words = tokenize(pa.array(["the quick brown fox jumps over the lazy dog"]))
    one, other = (keyed(words, key_from(secret)) for secret in ("one", "other"))
    for a, b in ((one, other), (one, words), (other, words)):
        assert not np.isin(a.hashes, b.hashes).any()
        np.testing.assert_array_equal(a.offsets, b.offsets)


@pytest.mark.parametrize("secret", ["", "s"])
def test_no_secret_is_no_key(secret: str):
    """An empty secret changes nothing."""
    words = tokenize(pa.array(["some words"]))
    assert (keyed(words, key_from(secret)) is words) == (not secret)
