"""Rules and their expansion."""

from __future__ import annotations

import numpy as np
import pytest

from revenuer.training.grammar import expand, numbers, read_rules


def test_slots_are_replaced_until_none_is_left():
    """A slot may hold slots."""
    grammar = {"a": ["x #b#"], "b": ["y"]}
    assert expand("#a# and #b#", grammar, np.random.default_rng(0)) == "x y and y"


def test_numbers_lie_in_their_range():
    """A number slot gives a number between its two ends, both included."""
    rng = np.random.default_rng(0)
    assert {numbers("#2-4#", rng) for _ in range(100)} == {"2", "3", "4"}


def test_an_endless_grammar_is_an_error():
    """A rule that names itself does not hang."""
    with pytest.raises(RecursionError):
        expand("#a#", {"a": ["#a# #a#"]}, np.random.default_rng(0), depth=5)


def test_an_unknown_slot_is_an_error():
    """A rule that names no section is not passed over in silence."""
    with pytest.raises(KeyError):
        expand("#nobody#", {}, np.random.default_rng(0))


def test_escapes_are_read():
    """Line breaks, edge spaces and empty entries survive the file."""
    dress = read_rules("dress")
    assert " Thanks!" in dress["after"]
    assert any("\n" in entry for entry in dress["before"])
    assert "" in read_rules("words")["greeting"]
