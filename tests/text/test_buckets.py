"""Words and neighbours of a text as bucket numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_oracles import BITS, of, random_texts, slow_tokens

from revenuer.text.buckets import BUCKETS, HEAD_TOKENS, TAIL_TOKENS, bucket_rows
from revenuer.text.tokens import Tokens, tokenize
from strategies import prompts, text_arrays


def slow_buckets(hashes: list[int], salt: int) -> list[int]:
    """The distinct buckets of a text in order of appearance."""
    if len(hashes) > HEAD_TOKENS + TAIL_TOKENS:
        hashes = hashes[:HEAD_TOKENS] + hashes[-TAIL_TOKENS:]
    pairs = [(first, word) for before, word in pairwise([salt + 1, *hashes]) for first in (salt + 1, before)]
    return list(dict.fromkeys(((first * 31 + word) * 0x9E3779B97F4A7C15 & BITS) >> 48 for first, word in pairs))


def rows_of(tokens: Tokens, salt: int = 0) -> list[list[int]]:
    """Buckets, a list a text."""
    buckets, ends = bucket_rows(tokens, salt)
    assert len(buckets) == ends[-1]
    return [buckets[start:end].tolist() for start, end in pairwise(ends)]


@given(st.lists(prompts(), max_size=6), st.integers(0, 5))
def test_buckets_equal_those_of_plain_python(texts: list[str], salt: int):
    """Each word and each pair of neighbours has one bucket, listed once a text."""
    assert rows_of(of(*texts), salt) == [slow_buckets(slow_tokens(text), salt) for text in texts]


@pytest.mark.parametrize("length", [HEAD_TOKENS, HEAD_TOKENS + TAIL_TOKENS, HEAD_TOKENS + TAIL_TOKENS + 1, 1_000])
def test_of_a_long_text_the_ends_are_read(length: int):
    """The first and the last words count, and what stands between them changes nothing."""
    tokens = random_texts(length, 3, length, 50_000)
    found = rows_of(tokens)
    assert found == [slow_buckets(row, 0) for row in tokens.hashes.reshape(3, length).tolist()]
    assert max(len(row) for row in found) <= 2 * (HEAD_TOKENS + TAIL_TOKENS)
    changed = tokens.hashes.copy()
    changed[HEAD_TOKENS : length - TAIL_TOKENS] += np.uint64(1)
    assert rows_of(Tokens(changed, tokens.offsets)) == found


@given(text_arrays())
def test_hostile_texts_have_buckets_in_range(array: pa.Array):
    """Whatever a column holds, a text has as many rows as it should and no bucket beyond the last."""
    found = rows_of(tokenize(array))
    assert len(found) == len(array)
    assert all(0 <= bucket < BUCKETS for row in found for bucket in row)
    assert all(len(set(row)) == len(row) for row in found)


def test_the_order_of_words_counts():
    """The same words in another order share the buckets of the words, not those of the pairs."""
    one, other = (set(row) for row in rows_of(of("sort the list of names", "names of list the sort")))
    assert len(one & other) == 5
    assert len(one) == len(other) == 9  # five words, four pairs


def test_equal_words_of_two_kinds_of_text_differ():
    """A salt moves the words of a system prompt away from those of a prompt."""
    words = random_texts(1, 200, 1, 10_000)
    assert all(set(one).isdisjoint(other) for one, other in zip(rows_of(words), rows_of(words, 1), strict=True))


def test_buckets_are_spread_evenly():
    """Words and pairs meet in a bucket as often as random draws would and no oftener."""
    texts, length = 400, 20
    drawn = texts * (2 * length - 1)
    taken = len(set().union(*rows_of(random_texts(3, texts, length, 200_000))))
    assert taken == pytest.approx(BUCKETS * -np.expm1(-drawn / BUCKETS), rel=0.02)


def test_no_texts_have_no_buckets():
    """Nothing to read is no error; an empty text has an empty row."""
    assert rows_of(of()) == []
    assert rows_of(of("", None, "word"))[:2] == [[], []]
