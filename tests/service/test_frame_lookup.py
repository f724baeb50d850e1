"""One look-up a request finds what the look-up of whole batches finds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.response import task_book
from revenuer.service.frames import Frames, frame_book, nothing_known
from revenuer.service.nearly import comes_near, likeness

WORDS = ("grade", "the", "answer", "and", "explain", "every", "point", "日本", "42", "Größe", "—", "mark")
NO_KEYS = np.empty(0, np.int64)
texts = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
frame = st.lists(st.sampled_from((*WORDS, "{…}")), max_size=25).map(" ".join)
frames = st.lists(st.tuples(st.sampled_from(("", "", "[common] ")), frame).map("".join), max_size=4)


@given(st.lists(frames, max_size=4), st.lists(texts, min_size=1, max_size=8), st.integers(0, 4))
def test_a_single_text_carries_what_it_carries_in_a_batch(
    campaigns: list[list[str]], asked: list[str], earlier: int
) -> None:
    """The compiled look-up agrees with `TaskBook.carried`, also where frames were read or numbered otherwise earlier."""
    book = task_book(campaigns)
    kept = Frames()
    texts, numbers = {f"C-{n}": frames for n, frames in enumerate(campaigns)}, {f"C-{n}": n for n in range(4)}
    kept.book({f"C-{n}": frames for n, frames in enumerate(campaigns[earlier:])}, numbers, system=False)
    kept.book(texts, {name: -number for name, number in numbers.items()}, system=False)
    found = kept.book(texts, numbers, system=False)
    wanted = book.carried(pa.array(asked)).tolist()
    assert [found.look(text, 0, NO_KEYS)[1] for text in asked] == wanted
    assert [frame_book(book).look(text, 0, NO_KEYS)[1] for text in asked] == wanted
    alike = likeness(found)
    frames_of = [alike.look(text, 0, NO_KEYS)[1] for text in asked]
    like = [(int(found.owners[one]), int(found.kinds[one])) if one >= 0 else None for one in frames_of]
    assert [one and one[0] for one in like] == [one and one[0] for one in book.resembled(pa.array(asked))]
    for text, near in zip(asked, book.near(pa.array(asked)), strict=True):
        assert {number for number in range(len(campaigns)) if comes_near(found, text, number)} == near


def test_a_long_text_is_read_at_both_ends() -> None:
    """A task at the end of a long text is found, one in the middle is not, as in a scan."""
    task = "write the steps of the reasoning down before you give the answer that was asked for"
    book = task_book([[task]])
    found = frame_book(book)
    for text in ("bulk " * 20_000 + task, "bulk " * 10_000 + task + " bulk" * 10_000, task + " bulk" * 20_000):
        assert found.look(text, 0, NO_KEYS)[1] == int(book.carried(pa.array([text]))[0])
    assert found.look("bulk " * 20_000 + task, 0, NO_KEYS)[1] == 0


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800 half a pair", "a" * 100_000, "🧪" * 30_000])
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever a client sends, it carries a task or none."""
    found = frame_book(task_book([["grade the answer and explain every point that you take off"]]))
    assert found.look(text, 0, NO_KEYS) == (-1, -1)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30), st.integers(-(2**63), 2**63 - 1))
def test_a_key_is_found_where_it_stands(keys: list[int], other: int) -> None:
    """Every key has its place, and one that is not there has none."""
    sorted_keys = np.array(sorted(keys), np.int64)
    book = nothing_known()
    assert [book.look("", key, sorted_keys)[0] for key in sorted(keys)] == list(range(len(keys)))
    assert (book.look("", other, sorted_keys)[0] >= 0) == (other in keys)
