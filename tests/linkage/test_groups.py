"""The exchanges of groups in one table."""

from __future__ import annotations

import numpy as np

from life_worlds import fingerprints, world
from revenuer.linkage.groups import Group


def test_members_exchanges_are_told_from_others_and_own_ones_from_the_rest():
    """An account of two groups stands in both, each with its own templates; outsiders stand nowhere."""
    table = fingerprints([0, 0, 1, 1, 2], [1, 2, 3, 4, 5], prompt_frame=[10, 20, 10, 0, 10])
    groups = [Group(np.array([0, 1]), np.array([0])), Group(np.array([1]), np.array([0, 1]))]
    with world(table) as w:
        seen = w.engine.collect(w.grouped(*groups, frames=[10, 20]).order_by("number", "draw"))
    assert seen["number"].to_pylist() == [0, 0, 0, 0, 1, 1]
    assert seen["draw"].to_pylist() == [1, 2, 3, 4, 3, 4]
    assert seen["own"].to_pylist() == [True, False, True, False, True, False]
    assert seen["owner"].to_pylist() == w.profiles.keys[[0, 0, 1, 1, 1, 1]].tolist()


def test_without_groups_there_is_nothing():
    """And no error."""
    with world(fingerprints([0], [1])) as w:
        assert w.engine.collect(w.grouped()).num_rows == 0
