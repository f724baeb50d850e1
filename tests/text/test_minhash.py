"""Sketches of sets and their grouping."""

from __future__ import annotations

from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_oracles import BITS, slow_hash, slow_mix

from revenuer.text.minhash import HASHES, group_sketches, set_signatures, sketches
from revenuer.text.tokens import Tokens

U64 = npt.NDArray[np.uint64]


def sets_of(*sets: U64) -> Tokens:
    ends = np.cumsum([0, *(len(one) for one in sets)])
    return Tokens(np.concatenate([np.zeros(0, np.uint64), *sets]), ends.astype(np.int64))


def hashes(seed: int, count: int) -> U64:
    return np.random.default_rng(seed).integers(1, 2**64 - 1, count, dtype=np.uint64)


def families(seed: int, kinds: int, each: int) -> Tokens:
    """Sets of 40 hashes: those of a kind differ in two of them."""
    rng = np.random.default_rng(seed)
    cores = [hashes(seed + kind, 40) for kind in range(kinds)]
    sets = []
    for core in cores:
        for _ in range(each):
            one = core.copy()
            one[rng.choice(40, 2, replace=False)] = rng.integers(1, 2**63, 2, dtype=np.uint64)
            sets.append(one)
    return sets_of(*sets)


@given(st.lists(st.lists(st.integers(0, BITS), max_size=20), max_size=6), st.randoms())
def test_signatures_depend_on_what_a_set_holds_and_not_on_order(sets: list[list[int]], random: Random):
    """The signature is the sum of the mixed hashes, whatever the order; an empty set has none."""
    shuffled = [random.sample(one, len(one)) for one in sets]
    expected = [sum(slow_mix(h) for h in one) & BITS for one in sets]
    got = set_signatures(sets_of(*[np.array(one, np.uint64) for one in shuffled]))
    assert got.tolist() == expected


@pytest.mark.parametrize("shared", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_agreement_of_sketches_estimates_jaccard(shared: float):
    """Over many pairs the share of equal minima is the Jaccard similarity, up to sampling error."""
    pairs, size = 300, 60
    common = round(size * shared)
    sets = [s for pair in range(pairs) for s in overlapping(pair, size, common)]
    marks = sketches(sets_of(*sets))
    agreement = (marks[::2] == marks[1::2]).mean(axis=1)
    truth = np.mean([jaccard(a, b) for a, b in zip(sets[::2], sets[1::2], strict=True)])
    error = np.sqrt(max(truth * (1 - truth), 1e-9) / (pairs * HASHES))
    assert abs(agreement.mean() - truth) <= 4 * error + 1e-9


def overlapping(seed: int, size: int, common: int) -> tuple[U64, U64]:
    pool = hashes(seed, 2 * size)
    return pool[:size], np.concatenate([pool[:common], pool[size : 2 * size - common]])


def jaccard(a: U64, b: U64) -> float:
    one, other = set(a.tolist()), set(b.tolist())
    return len(one & other) / len(one | other)


def test_repeats_and_order_leave_a_sketch_as_it_is():
    """A sketch is one of a set; that of an empty set is all ones."""
    one = hashes(1, 30)
    marks = sketches(sets_of(one, np.tile(one[::-1], 3), np.zeros(0, np.uint64)))
    np.testing.assert_array_equal(marks[0], marks[1])
    assert (marks[2] == 2**32 - 1).all()


def test_sketches_are_pinned():
    """Frames of past traffic stay comparable: no release changes a sketch unnoticed."""
    marks = sketches(sets_of(np.arange(1, 9, dtype=np.uint64)))
    assert marks.shape == (1, HASHES)
    assert slow_hash(marks[0].tolist()) == 12373145099470705281


def test_kinds_come_out_as_planted():
    """Sets of a kind share a leader, sets of different kinds never do."""
    kinds, each = 20, 30
    leaders = group_sketches(sketches(families(5, kinds, each)))
    kind = np.arange(kinds * each) // each
    np.testing.assert_array_equal(kind[leaders], kind)
    biggest = [np.bincount(leaders[kind == k]).max() for k in range(kinds)]
    assert np.mean(biggest) >= 0.9 * each


def test_one_shared_shingle_chains_nothing_together():
    """A phrase that all sets hold does not make them one group."""
    phrase = hashes(99, 1)
    marks = sketches(sets_of(*[np.concatenate([phrase, hashes(seed, 30)]) for seed in range(200)]))
    assert group_sketches(marks).tolist() == list(range(200))


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.9))
def test_every_member_is_as_similar_to_its_leader_as_asked(seed: int, threshold: float):
    """Groups are verified: each row agrees with its leader, leaders lead themselves and come first."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 3, (40, HASHES)).astype(np.uint32)
    leaders = group_sketches(rows, threshold=threshold)
    agreement = (rows == rows[leaders]).mean(axis=1)
    assert (agreement >= threshold - 1e-12).all()
    assert (leaders <= np.arange(40)).all()
    np.testing.assert_array_equal(leaders[leaders], leaders)


def test_no_rows_have_no_groups():
    """An empty sample is no error."""
    assert group_sketches(np.zeros((0, HASHES), np.uint32)).shape == (0,)
    assert sketches(sets_of()).shape == (0, HASHES)
