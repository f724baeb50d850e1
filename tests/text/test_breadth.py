"""How many accounts send what."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from text_oracles import as_lists

from revenuer.text.breadth import account_bits, broad_parts, either, spread
from revenuer.text.tokens import Tokens


def sets(*lists: list[int]) -> Tokens:
    lengths = np.cumsum([0, *(len(one) for one in lists)])
    return Tokens(np.array([h for one in lists for h in one], np.uint64), lengths.astype(np.int64))


def bits(*accounts: int) -> np.ndarray:
    """A bit for each, all different for accounts 0 to 63."""
    return account_bits((np.array(accounts, np.uint64) << np.uint64(58)).view(np.int64))


def test_what_enough_accounts_send_is_kept_of_each_set():
    """Five accounts share a run behind something of their own: of each set the shared run is left."""
    shared = [901, 902, 903, 904]
    of_each = [[10 * account + i for i in range(1, 5)] + shared for account in range(5)]
    table = spread(sets(*of_each), bits(*range(5)))
    assert as_lists(broad_parts(sets(*of_each), table, least=5, run=3)) == [shared] * 5


def test_what_nobody_else_sends_stays_as_it_is():
    """A set without a broad run, or with one that is too short, is left whole."""
    alone, short = [1, 2, 3, 4], [5, 6, 901, 902]
    table = spread(sets(alone, short, *[[901, 902]] * 5), bits(0, 1, 2, 3, 4, 5, 6))
    assert as_lists(broad_parts(sets(alone, short), table, least=5, run=3)) == [alone, short]


def test_one_account_is_one_however_much_it_sends():
    """A hundred sets of one account do not make their shingles broad."""
    many = sets(*[[1, 2, 3]] * 100, [7, 8, 9, 1, 2, 3])
    table = spread(many, bits(*[4] * 100, 5))
    assert as_lists(broad_parts(many, table, least=3, run=3))[-1] == [7, 8, 9, 1, 2, 3]


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(-(2**63), 2**63 - 1))))
def test_bits_of_groups_are_those_of_any_row(rows: list[tuple[int, int]]):
    """A group has the bits of its rows, whatever their order, and rows of no group count nowhere."""
    groups = np.array([group for group, _ in rows], np.int64)
    held = account_bits(np.array([account for _, account in rows], np.int64))
    expected = [0] * 6
    for group, bit in zip(groups.tolist(), held.tolist(), strict=True):
        if group >= 0:
            expected[group] |= bit
    assert either(held, groups, 6).tolist() == expected
    assert either(held[::-1], groups[::-1], 6).tolist() == expected
    assert all(bit.bit_count() == 1 for bit in held.tolist())
