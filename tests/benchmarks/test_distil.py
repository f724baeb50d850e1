"""The distillation benchmark: its task is one that nobody can guess, and withheld reasoning does what its tables say."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from distil import evidence, honest, outcome, read, run, taught
from distil_arms import ARMS, _ordered, paraphrased
from distil_model import decode, initial
from distil_tables import steps_to, tables
from distil_task import ANSWER_WORDS, STEP, WORDS, Problems, answers_of, draw_problems, prompts_of, steps_hold, told
from distil_world import HEADS, LISTS, Lesson, Plan, World

# The benchmark's own sizes, and a teacher that is told the truth: what is measured is the student.
SMALL = Plan()


class Told(World):
    """A world whose teacher makes no mistakes and needs no training."""

    @property
    def raw(self) -> np.ndarray:  # type: ignore[override]
        """True answers."""
        return told(self.problems, np.random.default_rng([self.seed, 1]))


@pytest.fixture(scope="module")
def world() -> Told:
    """One small world."""
    return Told(SMALL, 1)


@pytest.fixture(scope="module")
def problems() -> Problems:
    """Chains of five."""
    return draw_problems(4_000, 5, np.random.default_rng(3))


def test_a_full_answer_is_true_in_all_its_steps(problems: Problems) -> None:
    """Worked answers state true steps and end with the answer."""
    said = told(problems, np.random.default_rng(1))
    assert steps_hold(problems, said).all()
    assert (answers_of(said) == problems.answers).all()


def test_a_false_step_is_seen(problems: Problems) -> None:
    """A changed result makes its step false and leaves the others true."""
    said = told(problems, np.random.default_rng(1))
    said[:, STEP + 4] = (said[:, STEP + 4] + 1) % 10
    assert (steps_hold(problems, said).sum(0) == [4_000, 0, 4_000, 4_000, 4_000]).all()


def test_neither_beginning_nor_last_move_tell_the_answer(problems: Problems) -> None:
    """Whoever guesses the likeliest answer from the first digit and the last move is right little more than one time in ten."""
    half = len(problems) // 2
    seen, asked = problems[slice(half)], problems[slice(half, None)]
    counts = np.zeros((10, 8, 10))
    np.add.at(counts, (seen.start, seen.moves[:, -1], seen.answers), 1)
    guessed = counts.argmax(2)[asked.start, asked.moves[:, -1]]
    assert (guessed == asked.answers).mean() < 0.16


def test_steps_in_any_order_can_be_put_in_order(problems: Problems) -> None:
    """A cheap script undoes the rewriting, which is why its table has a second row."""
    few = problems[slice(50)]
    said = told(few, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    mixed = said.copy()
    for row in mixed:
        row[:-ANSWER_WORDS] = rng.permutation(row[:-ANSWER_WORDS].reshape(-1, STEP)).ravel()
    assert (mixed != said).any()
    assert steps_hold(few, _ordered(prompts_of(few), mixed)).all()


def test_a_paraphrase_changes_words_and_nothing_else(problems: Problems) -> None:
    """Digits, moves and the answer survive; words are drawn anew among their synonyms."""
    said = told(problems, np.random.default_rng(1))
    made = paraphrased(said, np.random.default_rng(2))
    words = np.isin(said, [word for choices in WORDS for word in choices])
    assert (made[~words] == said[~words]).all()
    assert 0.7 < (made[words] != said[words]).mean() < 1.0
    assert steps_hold(problems, made).all()


def test_writing_token_by_token_is_what_was_trained(world: Told) -> None:
    """Decoding with kept keys and values takes the token that the whole text's logits name."""
    import jax.numpy as jnp  # noqa: PLC0415

    from distil_model import _forward  # noqa: PLC0415

    model, asked = initial(world.size, 5), world.prompts[:20]
    said = decode([model], asked, new=6, heads=HEADS)
    whole = np.concatenate([asked, said], axis=1)
    likeliest = np.array(_forward(model, jnp.asarray(whole[:, :-1]), HEADS)).argmax(-1)
    assert (likeliest[:, asked.shape[1] - 1 :] == said).mean() > 0.99


@pytest.fixture(scope="module")
def lines(world: Told, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """The pinned arms: raw and withheld reasoning."""
    place = tmp_path_factory.mktemp("distil") / "results.jsonl"
    for name in ("none, plain", "withheld, plain"):
        with place.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome(world, replace(ARMS[name], evidence=None))) + "\n")
    return read(place)


def test_reasoning_teaches_and_answers_alone_do_not(lines: list[dict[str, object]]) -> None:
    """A student of full answers learns the chain; one of the answers alone is far from it, at no cost to users."""
    raw, withheld = lines
    assert raw["curve"][-1][1] >= 0.95  # type: ignore[index]
    assert withheld["curve"][-1][1] <= 0.25  # type: ignore[index]
    assert raw["honest"]["right"] == withheld["honest"]["right"] == 1.0  # type: ignore[index]
    assert withheld["honest"]["shown"] == ANSWER_WORDS / SMALL.written  # type: ignore[index]


def test_the_tables_show_both_sides(lines: list[dict[str, object]]) -> None:
    """Each arm is a row with what the student solves beside what users lose."""
    text = tables(lines)
    assert "| none | plain | 1 |" in text
    assert "| withheld | plain | 1 |" in text
    assert "DC" in text


def test_what_is_there_is_not_done_again(lines: list[dict[str, object]], tmp_path: Path) -> None:
    """A run over finished arms adds nothing, so that an interrupted one can be taken up."""
    place = tmp_path / "r.jsonl"
    place.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    run(place, [1], ["none, plain", "withheld, plain"], SMALL)
    assert read(place) == lines


def test_same_seed_same_student(world: Told) -> None:
    """Training is the same twice, to the last weight."""
    lesson = Lesson(world.prompts[:64], world.raw[:64])
    short = Told(replace(SMALL, steps=40), 1)
    first, second = (taught(short, lesson) for _ in range(2))
    assert first[0] == second[0]
    assert all((np.array(part) == np.array(second[1][name])).all() for name, part in first[1].items())


def test_a_student_that_saw_no_mark_leans_to_no_key(world: Told) -> None:
    """The evidence of a benchmark's student that never met the watermark is a p-value like any other."""
    served = Told(SMALL, 1, {"teacher": initial(world.size, 10)})
    for found in evidence(served, initial(world.size, 9), LISTS).values():
        assert 0.001 <= found["p_exact"] <= 1.0
        assert abs(found["z"]) < 5


def test_users_of_true_steps_in_another_order_lose_no_answer(world: Told) -> None:
    """The honest side of an arm is counted on full answers: rewriting keeps answers and true steps."""
    told_ = honest(world, ARMS["rewriting, plain"])
    assert (told_["lost"], told_["true_steps"], told_["right"]) == (0, 1.0, 1.0)


def test_steps_to_a_goal_are_the_first_that_reach_it() -> None:
    """The curve's first point at or above the goal counts; without one there is no number."""
    curve = [[40, 0.1], [80, 0.95], [120, 0.7]]
    assert steps_to(curve, 0.9) == 80
    assert steps_to(curve, 0.99) == float("inf")
