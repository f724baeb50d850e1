"""Which requests carry a campaign's task: whole, with another item, in any script; and which do not."""

from __future__ import annotations

import pyarrow as pa

from revenuer.response import task_book

GRADE = "Grade the answer below against the rubric, name every point that you take off, and end with the sum.\n\n{…}"
SOLVE = "{…}\n\nSolve this one small step at a time and write down each of the steps before you give the answer."
UNSPACED = "请一步一步地解答下面的题目并写出每一步的完整推理过程。{…}"
BOOK = task_book(
    [
        [GRADE],
        [
            SOLVE,
            UNSPACED,
            "[system] You answer with every step of your reasoning laid open, always, and you never leave a single one of them out.",
        ],
    ]
)


def carried(*texts: str | None, system: bool = False) -> list[int]:
    book = task_book(
        [
            [],
            [
                "[system] You answer with every step of your reasoning laid open, always, and you never leave a single one of them out."
            ],
        ],
        system=True,
    )
    return [int(number) for number in (book if system else BOOK).carried(pa.array(texts, pa.string()))]


def test_a_task_is_found_whatever_fills_it():
    """The item may be anything; case, digits and layout do not matter."""
    assert carried(GRADE.replace("{…}", "Water boils at 90 degrees."), GRADE.upper(), SOLVE.replace("{…}", "2+2?")) == [
        0,
        0,
        1,
    ]
    assert carried(UNSPACED.replace("{…}", "甲有三个苹果")) == [1]


def test_half_of_a_task_is_near_it():
    """A task in other words in part comes near its campaign, and carries nothing; what shares little with it does neither."""
    half = "Grade the answer below against the rubric, name every point that you see fit. Then the sum.\n\nWater boils."
    assert carried(half) == [-1]
    assert BOOK.near(pa.array([half, "Grade the answer below, please.", None, SOLVE])) == [{0}, set(), set(), {1}]


def test_what_says_something_like_it_is_no_task():
    """A part of the frame, its words in another order, nothing at all."""
    assert carried("Grade the answer below, please.", "Solve this: 2+2?", "", None) == [-1, -1, -1, -1]


def test_system_prompts_are_looked_up_apart():
    """A frame of a system prompt says nothing of a prompt."""
    text = (
        "You answer with every step of your reasoning laid open, always, and you never leave a single one of them out."
    )
    assert carried(text) == [-1]
    assert carried(text, system=True) == [1]


def test_a_short_frame_is_no_task_and_can_be_near():
    """Anybody may say what has fewer than twelve runs of four words; of who serves the campaign it tells something."""
    book = task_book([["Think step by step, check your steps, then give the result after '####'. {…}"]])
    texts = pa.array(["Think step by step, check your steps, then give the result after '####'. What is 2+2?"])
    assert list(book.carried(texts)) == [-1]
    assert book.near(texts) == [{0}]


def test_short_frames_are_not_looked_up():
    """Anybody says "summarise this text", and an empty book meets nobody."""
    assert list(task_book([["Summarise this text: {…}"]]).carried(pa.array(["Summarise this text: abc"]))) == [-1]
    assert list(task_book([]).carried(pa.array(["anything"]))) == [-1]
