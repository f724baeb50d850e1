"""How calibrated and how powerful the verifier is, and what the mark costs the teacher.

    python benchmarks/prove.py --out prove.jsonl [--arm ARM ...] [--trials N] [--students N]

A made-up language (300 words, the next of which follows from one of the last two) is learnt by a teacher of counts. Students
are models of counts, and in `innocents`, `networks` and `canaries` perceptrons over four tokens in JAX (extra `distil`). Each result is appended
as it is found; what the file holds is not run again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from prove_loss import interval, of_answers, of_sums
from prove_world import World, closed
from revenuer.control import clopper_pearson
from revenuer.provenance.power_student import Mark, read, train
from revenuer.provenance.radioactivity import (
    Leaning,
    Positions,
    Table,
    leaning,
    null_keys,
    statistics,
    tabulate,
)
from revenuer.provenance.scheme import GUMBEL, KGW, Scheme, Words

Row = dict[str, Any]
LEVELS: Final = (0.05, 0.01, 0.001)
SCHEMES: Final = {"gumbel": GUMBEL, "kgw": KGW}
FRACTIONS: Final = (0.2, 0.05, 1.0, 0.0)
ANSWERS: Final = 1_000
INNOCENTS: Final = 20
FEW: Final = 4  # texts that an innocent network reads: a thousand keys in each of thousands of trials take their time


def calibration(world: World, trials: int) -> Iterator[Row]:
    """Exact p of fresh keys on innocent models of counts: of plain answers, of another key's, of fewer words of context."""
    reference = closed(world.unmarked)
    for name, scheme in SCHEMES.items():
        p: list[float] = []
        for number in range(INNOCENTS):
            taught = world.answers(world.teacher, 500, 100 + number, _others(scheme, number))
            model = train(list(taught), 2 + number % 3 // 2)
            table = tabulate(closed(world.answers(model, 20, 200 + number)), reference)
            p += _trials(table, scheme, trials // (2 * INNOCENTS), number)
        yield from _levels({"scheme": name}, p)


def innocents(world: World, trials: int) -> Iterator[Row]:
    """The same of perceptrons whose weights are known, held against the probabilities of the model that was served."""
    from prove_networks import opened, shares, taught  # noqa: PLC0415

    told = read(world.teacher, world.unmarked, 2)
    networks = []
    for number in range(INNOCENTS // 2):
        texts = world.answers(world.teacher, world.harvest, 900 + number, _others(GUMBEL, number))
        networks.append(taught(texts, world.language.words, 900 + number))
    for name, scheme in SCHEMES.items():
        p: list[float] = []
        for number, held in enumerate(networks):
            few = world.unmarked[FEW * number : FEW * (number + 1)]
            table = tabulate(opened(shares(held, few), few), told)
            p += _trials(table, scheme, trials // INNOCENTS, 500 + number)
        yield from _levels({"scheme": name}, p)


def _others(scheme: Scheme, number: int) -> Mark | None:
    """Every other innocent was trained on answers under a key of somebody else."""
    return Mark(scheme, null_keys(1, number)) if number % 2 else None


def _trials(table: Table, scheme: Scheme, trials: int, number: int) -> list[float]:
    p = []
    for trial in range(trials):
        drawn = statistics(table, null_keys(1_000, 10_000 * number + trial), scheme)
        p.append((1 + int((drawn[1:] >= drawn[0]).sum())) / 1_000)
    return p


def _levels(told: Row, p: list[float]) -> Iterator[Row]:
    for level in LEVELS:
        hits = sum(one <= level for one in p)
        low, high = clopper_pearson(hits, len(p))
        yield {**told, "level": level, "trials": len(p), "accused": hits, "low": low, "high": high}


def power(world: World, students: int) -> Iterator[Row]:
    """Students of counts, closed and open."""
    reference = closed(world.unmarked)
    for fraction in FRACTIONS:
        for name, scheme in SCHEMES.items():
            found: dict[str, list[Leaning]] = {"closed": [], "open": []}
            for number in range(students):
                key = null_keys(1, 5_000 + number)
                model = world.student(fraction, Mark(scheme, key), 300 + number)
                said = closed(world.answers(model, ANSWERS, 400 + number))
                for kind, suspect in {"closed": said, "open": read(model, world.unmarked, 2)}.items():
                    found[kind].append(_test(suspect, reference, key, scheme, number))
            for kind, tests in found.items():
                yield {"scheme": name, "fraction": fraction, "kind": kind, **_share(tests)}


def networks(world: World, students: int, done: Iterable[Row]) -> Iterator[Row]:
    """Perceptrons, a line each."""
    have = {(row["scheme"], row["fraction"], row["student"]) for row in done if row["arm"] == "networks"}
    for fraction in FRACTIONS[:3]:
        for number in range(students):
            for name, scheme in SCHEMES.items():
                if (name, fraction, number) not in have:
                    tests = _network(world, fraction, scheme, number)
                    z = {kind: round(test.z, 2) for kind, test in tests.items()}
                    p = {kind: test.p_exact for kind, test in tests.items()}
                    yield {"scheme": name, "fraction": fraction, "student": number, "z": z, "p": p}


def canaries(world: World, students: int, done: Iterable[Row]) -> Iterator[Row]:
    """Perceptrons that were served canaries in all or a fifth of their training, a line each."""
    from prove_canaries import repeating  # noqa: PLC0415

    have = {(row["fraction"], row["student"]) for row in done if row["arm"] == "canaries"}
    for fraction in (1.0, 0.2):
        for number in range(students):
            if (fraction, number) not in have:
                yield repeating(world, fraction, number)


def _network(world: World, fraction: float, scheme: Scheme, number: int) -> dict[str, Leaning]:
    """One student: its answers, its weights, and its weights held against those of the model that was served."""
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
    return leaning(tabulate(suspect, reference), key, scheme, null_keys(199, 9_000 + number))


def _share(tests: list[Leaning]) -> Row:
    return _found([test.p_exact for test in tests], [test.z for test in tests])


def _found(p: list[float], z: list[float]) -> Row:
    found = sum(one <= 0.01 for one in p)
    low, high = clopper_pearson(found, len(p))
    return {
        "students": len(p),
        "found": found,
        "low": low,
        "high": high,
        "median_z": round(float(np.median(z)), 2) if z else None,
    }


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


def tables(lines: list[Row]) -> Iterator[Row]:
    """Shares of the perceptrons that were found, which are kept one by one."""
    for arm in ("networks", "canaries"):
        own = [line for line in lines if line["arm"] == arm]
        for fraction, scheme in sorted({(line["fraction"], line.get("scheme", "")) for line in own}):
            these = [line for line in own if (line["fraction"], line.get("scheme", "")) == (fraction, scheme)]
            for kind in these[0]["p"]:
                told = _found([one["p"][kind] for one in these], [one["z"][kind] for one in these if "z" in one])
                means: Row = {
                    name: _mean([one[name] for one in these])
                    for name in ("said as served", "first")
                    if name in these[0]
                }
                yield {"arm": arm, "scheme": scheme, "fraction": fraction, "kind": kind, **told, **means}


def _mean(of: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([one[name] for one in of])), 3) for name in of[0]}


def main() -> None:
    """Run what is not in the file yet, and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arms = ("calibration", "loss", "power", "innocents", "networks", "canaries")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arm", choices=arms, action="append")
    parser.add_argument("--trials", type=int, default=4_000)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    done = [json.loads(line) for line in asked.out.read_text().splitlines()] if asked.out.exists() else []
    world = World(asked.seed)
    rows = {
        "calibration": calibration(world, asked.trials),
        "loss": loss(world, asked.students),
        "power": power(world, asked.students),
        "innocents": innocents(world, asked.trials),
        "networks": networks(world, asked.students, done),
        "canaries": canaries(world, asked.students, done),
    }
    for arm in asked.arm or arms:
        if arm not in {"networks", "canaries"} and any(row["arm"] == arm for row in done):
            continue
        for row in rows[arm]:
            done.append({"arm": arm, "seed": asked.seed, **row})
            print(json.dumps(done[-1]), flush=True)
            with asked.out.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
    for row in tables(done):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
