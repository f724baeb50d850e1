"""What is asked of the same arrays for one group after the other is computed once."""

import gc

import numpy as np

from revenuer.linkage.kept import kept


def test_the_same_arrays_are_asked_once_and_others_anew():
    """By the array, not by what stands in it; a function keeps its own."""
    seen: list[int] = []

    def total(values: np.ndarray) -> int:
        seen.append(int(values.sum()))
        return seen[-1]

    values, alike = np.arange(4), np.arange(4)
    assert [kept(total, values), kept(total, values), kept(total, alike)] == [6, 6, 6]
    assert seen == [6, 6]
    assert kept(len, values) == 4


def test_what_was_kept_goes_with_its_array():
    """A later array in the same place of memory is asked anew."""
    for size in range(200):
        values = np.arange(size % 7)
        assert kept(len, values) == size % 7
        del values
        gc.collect(0)
