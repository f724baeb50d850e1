"""Requests that resemble tasks, and the memory of who sent something like which."""

from __future__ import annotations

import importlib

import pyarrow as pa
import pytest

from revenuer.response import Resembling, task_book

GRADE = "Grade the answer below against the rubric, name every point that you take off, and end with the sum: {…}"
AGAIN = GRADE.replace("end with the sum", "finish with a mark")
SOLVE = "Solve the problem step by step, check each of your steps twice, and only then write the result down: {…}"
BOTH = frozenset({7, 8})


def asked(memory: Resembling, *kinds: int, day: int = 0) -> list[bool]:
    """What is said of an account's requests, in turn."""
    return [memory.serves("acct", "C-1", kind, day=day, kinds=BOTH) for kind in kinds]


def test_two_different_tasks_mark_an_account():
    """The same one again tells nothing, a second one does, and from then on each."""
    memory = Resembling(2)
    assert asked(memory, 7, 7, 8, 7) == [False, False, True, True]
    assert not memory.serves("other", "C-1", 8, day=0, kinds=BOTH)
    assert not memory.serves("acct", "C-2", 8, day=0, kinds=BOTH)


def test_none_asked_for_marks_nobody():
    """With 0 nothing is remembered either."""
    memory = Resembling(0)
    assert asked(memory, 7, 8) == [False, False]
    assert len(memory) == 0


def test_what_is_old_or_was_put_together_anew_is_forgotten():
    """After thirty days, and where the task that was sent goes by another name since."""
    memory = Resembling(2)
    asked(memory, 7)
    assert asked(memory, 8, day=31) == [False]
    assert not memory.serves("acct", "C-1", 9, day=31, kinds=frozenset({7, 9}))


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """Who was seen longest ago goes first, and who came again is not that one."""
    monkeypatch.setattr(importlib.import_module("revenuer.response.resembling"), "MOST", 2)
    memory = Resembling(2)
    for name in ("a", "b", "a", "c"):
        memory.serves(name, "C-1", 7, day=0, kinds=BOTH)
    assert len(memory) == 2
    assert memory.serves("a", "C-1", 8, day=0, kinds=BOTH)
    assert not memory.serves("b", "C-1", 8, day=0, kinds=BOTH)


def test_three_fifths_of_a_task_resemble_it():
    """Less does not, nor does nothing; wordings of one task that share half of their runs are one kind."""
    book = task_book([[GRADE, AGAIN, SOLVE]])
    some = "Grade the answer below against the rubric, name every point that you take off, please."
    less = "Grade the answer below against the rubric, please."
    first, again, other, *none = book.resembled(pa.array([some, AGAIN, SOLVE, less, "", None]))
    assert first is not None
    assert first == again
    assert other is not None
    assert other[0] == 0
    assert other != first
    assert none == [None, None, None]


def test_a_campaign_has_kinds_of_its_own():
    """A task of two campaigns resembles the first, and is nothing in common between them."""
    book = task_book([[SOLVE], [SOLVE, GRADE]])
    assert book.resembled(pa.array([SOLVE]))[0] == (0, int(book.kinds[0]))
    assert book.kinds[0] == book.kinds[1] != book.kinds[2]
