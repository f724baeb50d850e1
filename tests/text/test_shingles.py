"""Shingles, and the table of how many texts hold each."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from text_oracles import as_lists, of, random_texts, slow_documents, slow_shingles

from revenuer.text.shingles import add_tables, count_documents, empty_table, frequent_shingles, shingle_at, table_count
from revenuer.text.tokens import Tokens

BITS = 12


def counted(tokens: Tokens, table: np.ndarray) -> list[list[int]]:
    """What the table says of each shingle of each text."""
    mask = np.uint64(len(table) - 1)
    return [
        [int(table_count(table, mask, np.uint64(shingle_at(tokens.hashes, i)))) for i in range(start, end - 3)]
        for start, end in zip(tokens.offsets[:-1], tokens.offsets[1:], strict=True)
    ]


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(2, 40), st.sampled_from((6, BITS, 20)))
def test_a_count_is_never_below_the_truth(seed: int, texts: int, vocabulary: int, bits: int):
    """Counters of any size err upwards only, however crowded."""
    tokens = random_texts(seed, texts, 9, vocabulary)
    copies = np.random.default_rng(seed).integers(1, 4, texts)
    table = empty_table(bits)
    count_documents(tokens, table, copies)
    lists = as_lists(tokens)
    truth = slow_documents(lists, copies.tolist())
    for text, counts in zip(lists, counted(tokens, table), strict=True):
        assert all(count >= truth[s] for s, count in zip(slow_shingles(text), counts, strict=True))


def test_a_long_text_leaves_out_none_of_its_shingles():
    """Thousands of shingles of one text crowd what remembers them; each is counted all the same."""
    tokens = random_texts(7, 3, 12_000, 5_000)
    table = empty_table(20)
    count_documents(tokens, table)
    assert min(min(counts) for counts in counted(tokens, table)) >= 1


def test_counts_are_exact_in_a_table_with_room():
    """With room for all, a text counts once for a shingle however often it repeats it."""
    tokens = of("a b c d a b c d a b c d", "a b c d", "d c b a", "a b c")
    table = empty_table(20)
    count_documents(tokens, table)
    truth = slow_documents(as_lists(tokens), [1, 1, 1, 1])
    assert counted(tokens, table) == [[truth[s] for s in slow_shingles(text)] for text in as_lists(tokens)]
    assert counted(tokens, table)[1:] == [[2], [1], []]


def test_counters_stop_at_255():
    """A shingle of thousands of texts does not wrap around to a rare one, alone or when tables are added."""
    tokens = of("one two three four")
    table = empty_table(BITS)
    count_documents(tokens, table, np.array([1_000_000]))
    count_documents(tokens, table)
    assert counted(tokens, table) == [[255]]
    assert counted(tokens, add_tables(table, table)) == [[255]]
    once, twice = empty_table(BITS), empty_table(BITS)
    count_documents(tokens, once, np.array([100]))
    count_documents(tokens, twice, np.array([200]))
    assert counted(tokens, add_tables(once, twice)) == [[255]]


@given(st.integers(0, 2**32 - 1), st.integers(0, 12))
def test_tables_add_up_to_the_table_of_all(seed: int, cut: int):
    """Counting in parts and adding is counting at once."""
    tokens = random_texts(seed, 12, 8, 12)
    first = Tokens(tokens.hashes[: cut * 8], tokens.offsets[: cut + 1])
    second = Tokens(tokens.hashes[cut * 8 :], tokens.offsets[cut:] - cut * 8)
    tables = [empty_table(BITS) for _ in range(3)]
    for part, table in zip((tokens, first, second), tables, strict=True):
        count_documents(part, table)
    np.testing.assert_array_equal(tables[0], add_tables(tables[1], tables[2]))


def test_only_runs_of_frequent_shingles_are_kept():
    """The slot falls out, and so does a phrase too short to be a frame."""
    frame = "please solve the following task step by step and "
    table = empty_table(20)
    count_documents(of(*[f"{frame}{word}" for word in ("mow", "sew", "row", "dig", "cook", "bake")]), table)
    phrase = of(*["thanks in advance mate"] * 6)
    count_documents(phrase, table)
    tokens = of(frame + "sing", "well thanks in advance mate", "nothing of the kind")
    kept = as_lists(frequent_shingles(tokens, table, least=5, run=3))
    assert [len(text) for text in kept] == [len(slow_shingles(as_lists(of(frame))[0])), 0, 0]
    assert len(as_lists(frequent_shingles(phrase, table, least=5, run=1))[0]) == 1


def test_the_order_of_tokens_matters():
    """Shingles of the same words in another order are other shingles, and the hash is pinned."""
    table = empty_table(20)
    count_documents(of("a b c d"), table)
    assert counted(of("a c b d", "b a c d", "a b d c"), table) == [[0], [0], [0]]
    assert int(shingle_at(np.arange(1, 5, dtype=np.uint64), 0)) == 7465938238911078880
