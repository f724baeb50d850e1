"""How calibrated and how powerful the verifier is, and what the mark costs the teacher.

    python benchmarks/prove.py --out prove.jsonl [--arm ARM ...] [--fraction F ...] [--trials N] [--students N]

A made-up language (300 words, the next of which follows from one of the last two) is learnt by a teacher of counts. Students
are models of counts, and in `innocents`, `networks` and `canaries` perceptrons over four tokens in JAX (extra `distil`). Each result is
appended as it is found; what the file holds is not run again. At the end the tables of what the file holds are printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from prove_innocents import of_counts, of_network
from prove_loss import interval, of_answers, of_sums
from prove_tables import tables
from prove_world import World, closed
from revenuer.provenance.power_student import Mark, read
from revenuer.provenance.radioactivity import Leaning, Positions, leaning, null_keys, tabulate
from revenuer.provenance.scheme import GUMBEL, KGW, Scheme, Words

Row = dict[str, Any]
SCHEMES: Final = {"gumbel": GUMBEL, "kgw": KGW}
FRACTIONS: Final = (1.0, 0.2, 0.05, 0.0)
ANSWERS: Final = 1_000
ARMS: Final = ("calibration", "loss", "power", "innocents", "networks", "canaries")


def wanted(arm: str, asked: argparse.Namespace) -> list[Row]:
    """What names each line of an arm: an innocent, or a student of a share of marked answers."""
    if arm in {"calibration", "innocents"}:
        return [{"student": number} for number in range(asked.trials)]
    each = [{"fraction": share, "student": number} for share in asked.fraction for number in range(asked.students)]
    return each if arm == "canaries" else [{"scheme": name, **one} for one in each for name in SCHEMES]


def made(arm: str, world: World, line: Row) -> Row:
    """What one line of an arm found."""
    if arm == "calibration":
        return {"p": of_counts(world, line["student"])}
    if arm == "innocents":
        return {"p": of_network(world, line["student"])}
    if arm == "canaries":
        from prove_canaries import repeating  # noqa: PLC0415

        return repeating(world, line["fraction"], line["student"])
    test = _counts if arm == "power" else _network
    found = test(world, line["fraction"], SCHEMES[line["scheme"]], line["student"])
    return {
        "z": {kind: round(one.z, 2) for kind, one in found.items()},
        "p": {kind: one.p_upper for kind, one in found.items()},
    }


def _counts(world: World, fraction: float, scheme: Scheme, number: int) -> dict[str, Leaning]:
    """One student of counts: its answers, and its shares."""
    key, reference = null_keys(1, 5_000 + number), closed(world.unmarked)
    model = world.student(fraction, Mark(scheme, key), 300 + number)
    said = closed(world.answers(model, ANSWERS, 400 + number))
    pairs = {"closed": (said, reference), "open": (read(model, world.unmarked, 2), reference)}
    return {kind: _test(*pair, key, scheme, number) for kind, pair in pairs.items()}


def _network(world: World, fraction: float, scheme: Scheme, number: int) -> dict[str, Leaning]:
    """One perceptron: its answers, its weights, and its weights held against those of the model that was served."""
    from prove_networks import opened, shares, taught, written  # noqa: PLC0415

    key, plain = null_keys(1, 6_000 + number), world.unmarked
    texts = np.array(world.harvested(fraction, Mark(scheme, key), 600 + number))
    held = taught(texts, world.language.words, number)
    said = written(held, world.prompts(ANSWERS, 700 + number), world.language.length, number)
    weights, reference = opened(shares(held, plain), plain), closed(plain)
    pairs = {
        "closed": (closed(said), reference),
        "open": (weights, reference),
        "open, teacher read": (weights, read(world.teacher, plain, 2)),
    }
    return {kind: _test(*pair, key, scheme, number) for kind, pair in pairs.items()}


def _test(suspect: Positions, reference: Positions, key: Words, scheme: Scheme, number: int) -> Leaning:
    return leaning(tabulate(suspect, reference), key, scheme, null_keys(999, 9_000 + number))


def loss(world: World, keys: int) -> Iterator[Row]:
    """Paired by key: what the teacher gives to its own answers with a mark less without, and how often it is right."""
    for name, scheme in SCHEMES.items():
        for what, gaps in {"sums": of_sums(scheme, keys), "answers": of_answers(world, scheme, keys)}.items():
            second = "right" if what == "sums" else "distinct triples"
            for measure, gap in {"log-probability a token": gaps.likelihood, second: gaps.right}.items():
                mean, low, high = interval(gap)
                yield {
                    "scheme": name,
                    "of": what,
                    "keys": keys,
                    "measure": measure,
                    "gap": mean,
                    "low": low,
                    "high": high,
                }


def results(arm: str, world: World, asked: argparse.Namespace, done: list[Row]) -> Iterator[Row]:
    """Lines of an arm that are not there yet."""
    own = [line for line in done if line["arm"] == arm]
    if arm == "loss":
        yield from () if own else loss(world, asked.students)
        return
    for line in wanted(arm, asked):
        if not any(line.items() <= there.items() for there in own):
            yield {**line, **made(arm, world, line)}


def main() -> None:
    """Run what is not in the file yet, and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arm", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--fraction", nargs="+", type=float, default=FRACTIONS)
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    done = [json.loads(line) for line in asked.out.read_text().splitlines()] if asked.out.exists() else []
    world = World(asked.seed)
    for arm in asked.arm:
        for row in results(arm, world, asked, done):
            done.append({"arm": arm, "seed": asked.seed, **row})
            with asked.out.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
    for row in tables(done):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
