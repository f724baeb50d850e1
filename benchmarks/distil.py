"""What safeguards take from a student that is trained on harvested answers, and what they cost whoever uses them honestly.

Usage: `python benchmarks/distil.py --out RESULTS.jsonl [--seeds 1 2 3 4 5] [--arms "withheld, plain" ...] [--tables]`. A small
GPT answers chains of five moves with its reasoning; another learns from 2,000 answers. Each arm of each seed is a line of
the results, appended when it is done; what is there already is not done again. `--tables` prints what there is, as Markdown.
One thread, no accelerator; about three minutes of a free core for a seed. Needs the extras `distil` and `provenance`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distil_arms import ARMS, Arm
from distil_model import Ids, Params, decode, initial, shares, train
from distil_tables import tables
from distil_task import answers_of, draw_problems, prompts_of, steps_hold
from distil_world import HEADS, KEY, Lesson, Plan, World, lesson_texts
from revenuer.provenance.radioactivity import Positions, leaning, null_keys, tabulate
from revenuer.provenance.scheme import Scheme

TEST_SEED = 1_000_000
SUSPECT_ANSWERS = 1_000
NULL_KEYS = 999
WINDOW = 2  # of all watermarks here
LEAST = 1e-3  # candidates below it are left out of what an open model tells


@dataclass(frozen=True)
class Point:
    """A student on its way: steps learnt and share of the test solved."""

    steps: int
    solved: float


def taught(world: World, lesson: Lesson) -> tuple[list[Point], Params]:
    """Train a student and test it on the way.

    Returns:
        The curve, and the weights at its end.
    """
    plan = world.plan
    test = draw_problems(plan.test, plan.chain, np.random.default_rng(TEST_SEED))
    asked, new = prompts_of(test), lesson.responses.shape[1]
    last = lesson.start if lesson.start is not None else initial(world.size, 100 + world.seed)
    course = train(
        last,
        lesson_texts(lesson.prompts, lesson.responses),
        heads=HEADS,
        steps=plan.steps * lesson.longer,
        every=plan.every,
        batch=plan.batch,
        rate=plan.rate,
        seed=world.seed,
    )
    curve = []
    for steps, last in course:
        answers = answers_of(decode([last], asked, new=new, heads=HEADS))
        curve.append(Point(steps, float((answers == test.answers).mean())))
    return curve, last


def positions(answers: Ids) -> Positions:
    """Each token behind the two before it; the first two have no context."""
    grams = np.lib.stride_tricks.sliding_window_view(answers.astype(np.int64), WINDOW + 1, axis=1)
    flat = grams.reshape(-1, WINDOW + 1)
    return Positions(flat[:, :WINDOW], flat[:, WINDOW], np.ones(len(flat)))


def opened(world: World, model: Params) -> Positions:
    """What a model whose weights are known expects at each token of plain answers."""
    plain = world.raw[:SUSPECT_ANSWERS]
    told = shares(model, world.prompts[:SUSPECT_ANSWERS], plain, HEADS)[:, WINDOW:].reshape(-1, world.size.vocabulary)
    rows, tokens = np.nonzero(told >= LEAST)
    contexts = positions(plain).contexts[rows]
    return Positions(contexts, tokens.astype(np.int64), told[rows, tokens].astype(np.float64))


def evidence(world: World, student: Params, scheme: Scheme) -> dict[str, dict[str, float]]:
    """How far the student leans to the key of the watermark.

    Returns:
        By its answers at temperature one to prompts that it has not seen; by its weights, beside plain answers; by its
        weights, beside those of the teacher.
    """
    asked = prompts_of(draw_problems(SUSPECT_ANSWERS, world.plan.chain, np.random.default_rng([world.seed, 8])))
    rng = np.random.default_rng([world.seed, 9])
    said = positions(decode([student], asked, new=world.plan.written, heads=HEADS, rng=rng))
    read_, plain = opened(world, student), positions(world.raw)
    pairs = {
        "closed": (said, plain),
        "open": (read_, plain),
        "open, teacher read": (read_, opened(world, world.teacher)),
    }
    found = {kind: leaning(tabulate(*pair), KEY, scheme, null_keys(NULL_KEYS, 11)) for kind, pair in pairs.items()}
    return {kind: {"z": one.z, "p_exact": one.p_exact, "p_tail": one.p_tail} for kind, one in found.items()}


def honest(world: World, arm: Arm) -> dict[str, float]:
    """What whoever asks the same gets: right answers, and true steps of those that are shown."""
    served, raw, problems = arm.served(world), world.raw, world.problems
    right, usual = (answers_of(one) == problems.answers for one in (served, raw))
    shown = world.plan.written if arm.seen is None else arm.seen
    return {
        "right": float(right.mean()),
        "right_without": float(usual.mean()),
        "lost": int((usual & ~right).sum()),
        "gained": int((right & ~usual).sum()),
        "true_steps": float(steps_hold(problems, served).mean()),
        "shown": shown / world.plan.written,
    }


def outcome(world: World, arm: Arm) -> dict[str, Any]:
    """One line of the results."""
    begun = time.process_time()
    lesson = arm.lesson(world)
    curve, student = taught(world, lesson)
    return {
        "arm": arm.name,
        "safeguard": arm.safeguard,
        "attacker": arm.attacker,
        "seed": world.seed,
        "rows": len(lesson.prompts),
        "curve": [[point.steps, point.solved] for point in curve],
        "honest": honest(world, arm),
        "evidence": evidence(world, student, arm.evidence) if arm.evidence else None,
        "cpu": round(time.process_time() - begun, 1),
    }


def read(place: Path) -> list[dict[str, Any]]:
    """Lines that are there."""
    if not place.exists():
        return []
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def run(place: Path, seeds: list[int], arms: list[str], plan: Plan) -> None:
    """Do what is missing and append it: the first arms of all seeds, then the others, seed after seed."""
    done = {(line["arm"], line["seed"]) for line in read(place)}
    shared: dict[str, Params] = {}
    worlds = {seed: World(plan, seed, shared) for seed in seeds}
    order = [(seed, name) for first in (True, False) for seed in seeds for name in arms if ARMS[name].first == first]
    for seed, name in order:
        if (name, seed) in done:
            continue
        line = outcome(worlds[seed], ARMS[name])
        with place.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{name}, seed {seed}: {line['curve'][-1][1]:.3f}, {line['cpu']:.0f} CPU-s", file=sys.stderr)


def main() -> None:
    """Read the command line, do the arms and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="results, a line for each arm and seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM")
    parser.add_argument("--tables", action="store_true", help="print the tables of what is there, and run nothing")
    arguments = parser.parse_args()
    if not arguments.tables:
        run(arguments.out, arguments.seeds, arguments.arms, Plan())
    print(tables(read(arguments.out)))


if __name__ == "__main__":
    main()
