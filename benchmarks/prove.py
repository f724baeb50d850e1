"""How calibrated and how powerful the verifier is, and what the mark costs the teacher.

    python benchmarks/prove.py --out prove.jsonl [--arm calibration|power|loss|networks] [--trials N] [--students N]

A made-up language (300 words, the next of which follows from one of the last two) is learnt by a teacher of counts. Students
are models of counts, and with `networks` perceptrons over four tokens in JAX (extra `distil`). Each result is appended as it
is found; an arm of which the file holds anything is not run again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from revenuer.control import clopper_pearson
from revenuer.provenance.power_student import Mark, NGram, likelihoods, read, sampled, train, write
from revenuer.provenance.radioactivity import Leaning, Positions, leaning, null_keys, statistics, tabulate
from revenuer.provenance.scheme import GUMBEL, KGW, Floats, Ints, Scheme, Words

WORDS: Final = 300
LENGTH: Final = 40
BEGIN: Final = 3
LEVELS: Final = (0.05, 0.01, 0.001)
SCHEMES: Final = {"gumbel": GUMBEL, "kgw": KGW}
FRACTIONS: Final = (1.0, 0.2, 0.05, 0.0)
HARVEST: Final = 3_000
ANSWERS: Final = 1_000


def language(count: int, seed: int) -> Ints:
    """Texts of the made-up language, shape (count, LENGTH)."""
    law, rng = np.random.default_rng(77), np.random.default_rng(seed)
    after = law.random((2, WORDS, WORDS)).argsort(axis=2)
    shares = np.cumsum(1 / np.arange(1, WORDS + 1) ** 1.6)
    texts = rng.integers(0, WORDS, (count, LENGTH))
    for at in range(2, LENGTH):
        rank = np.searchsorted(shares, rng.random(count) * shares[-1])
        which = rng.integers(0, 2, count)
        texts[:, at] = after[which, texts[np.arange(count), at - 1 - which], rank]
    return texts


class World:
    """A teacher, its unwatermarked answers, and students of it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.teacher = train(list(language(6_000, seed + 1)), BEGIN)
        self.plain = self.answers(self.teacher, ANSWERS, seed + 2)
        self.reference = sampled(self.plain, 2, BEGIN)

    def answers(self, model: NGram, count: int, seed: int, mark: Mark | None = None) -> Ints:
        """What a model says, marked or not."""
        return write(model, language(count, seed)[:, :BEGIN], LENGTH - BEGIN, seed, mark)

    def harvest(self, fraction: float, mark: Mark, seed: int) -> list[Ints]:
        """What a student is trained on, a share of it marked."""
        marked = round(HARVEST * fraction)
        whole = [*self.answers(self.teacher, HARVEST, seed, mark)[:marked]]
        return [*whole, *self.answers(self.teacher, HARVEST, seed)[marked:]]


def calibration(world: World, trials: int) -> Iterator[dict[str, Any]]:
    """Exact p of fresh keys on innocent models: of plain answers, of another key's, of fewer words of context."""
    for name, scheme in SCHEMES.items():
        p: list[float] = []
        for number in range(20):
            taught = world.answers(
                world.teacher, 500, 100 + number, Mark(scheme, null_keys(1, number)) if number % 2 else None
            )
            model = train(list(taught), 2 + number % 3 // 2)
            table = tabulate(sampled(world.answers(model, 20, 200 + number), 2, BEGIN), world.reference)
            for trial in range(trials // 40):
                drawn = statistics(table, null_keys(1_000, 10_000 * number + trial), scheme)
                p.append((1 + int((drawn[1:] >= drawn[0]).sum())) / 1_000)
        for level in LEVELS:
            hits = sum(one <= level for one in p)
            low, high = clopper_pearson(hits, len(p))
            yield {"scheme": name, "level": level, "trials": len(p), "accused": hits, "low": low, "high": high}


def power(world: World, students: int) -> Iterator[dict[str, Any]]:
    """Students of counts, closed and open."""
    for name, scheme in SCHEMES.items():
        for fraction in FRACTIONS:
            found: dict[str, list[Leaning]] = {"closed": [], "open-weight": []}
            for number in range(students):
                key = null_keys(1, 5_000 + number)
                model = train(world.harvest(fraction, Mark(scheme, key), 300 + number), BEGIN)
                seen = {
                    "closed": sampled(world.answers(model, ANSWERS, 400 + number), 2, BEGIN),
                    "open-weight": read(model, world.plain, 2),
                }
                for kind, suspect in seen.items():
                    found[kind].append(_test(world, suspect, key, scheme, number))
            for kind, tests in found.items():
                yield {"scheme": name, "fraction": fraction, "kind": kind, **_share(tests)}


def networks(world: World, students: int) -> Iterator[dict[str, Any]]:
    """Perceptrons, closed and open, one a key."""
    for number in range(students):
        for name, scheme in SCHEMES.items():
            for fraction in FRACTIONS[:2]:
                key = null_keys(1, 6_000 + number)
                texts = np.array(world.harvest(fraction, Mark(scheme, key), 600 + number))
                shares, said = _perceptron(texts, world.plain, language(ANSWERS, 700 + number)[:, :BEGIN], number)
                seen = {"closed": sampled(said, 2, BEGIN), "open-weight": _opened(shares, world.plain)}
                for kind, suspect in seen.items():
                    told = _test(world, suspect, key, scheme, number)
                    yield {
                        "scheme": name, "fraction": fraction, "kind": kind, "student": number,
                        "z": round(told.z, 2), "p": told.p_exact,
                    }  # fmt: skip


def _test(world: World, suspect: Positions, key: Words, scheme: Scheme, number: int) -> Leaning:
    return leaning(tabulate(suspect, world.reference), key, scheme, null_keys(199, 9_000 + number))


def _share(tests: list[Leaning]) -> dict[str, Any]:
    found = sum(test.p_exact <= 0.01 for test in tests)
    low, high = clopper_pearson(found, len(tests))
    z = float(np.median([test.z for test in tests]))
    return {"students": len(tests), "found": found, "low": low, "high": high, "median_z": round(z, 2)}


def loss(world: World, keys: int) -> Iterator[dict[str, Any]]:
    """Paired by key: log-probability a token that the teacher gives to its own answers with a mark less without."""
    for name, scheme in SCHEMES.items():
        rows = []
        for number in range(keys):
            with_it = world.answers(world.teacher, 200, 800 + number, Mark(scheme, null_keys(1, 7_000 + number)))
            without = world.answers(world.teacher, 200, 800 + number)
            told = [float(likelihoods(world.teacher, one, BEGIN).mean()) for one in (with_it, without)]
            rows.append([*told, _distinct(with_it), _distinct(without)])
        table = np.array(rows)
        gap = table[:, 0] - table[:, 1]
        error = float(gap.std(ddof=1) / np.sqrt(keys))
        yield {
            "scheme": name, "keys": keys, "marked": float(table[:, 0].mean()), "plain": float(table[:, 1].mean()),
            "gap": float(gap.mean()), "error": error, "distinct_marked": float(table[:, 2].mean()),
            "distinct_plain": float(table[:, 3].mean()),
        }  # fmt: skip


def _distinct(texts: Ints) -> float:
    grams = np.lib.stride_tricks.sliding_window_view(texts, 3, axis=1).reshape(-1, 3)
    return len(np.unique(grams, axis=0)) / len(grams)


def _opened(shares: Floats, texts: Ints) -> Positions:
    """Candidates of at least 2 % of a network, shape (positions, words), after the contexts of texts."""
    rows, tokens = np.nonzero(shares >= 0.02)
    contexts = np.lib.stride_tricks.sliding_window_view(texts[:, BEGIN - 2 :], 2, axis=1)[:, :-1].reshape(-1, 2)
    return Positions(contexts[rows], tokens.astype(np.int64), shares[rows, tokens].astype(np.float64))


def _perceptron(texts: Ints, plain: Ints, starts: Ints, seed: int, steps: int = 1_200) -> tuple[Floats, Ints]:
    """Train on texts; the shares it gives to what follows in `plain`, and answers to the starts."""
    import jax  # noqa: PLC0415
    from jax import numpy as jnp  # noqa: PLC0415

    reach, wide, hidden = 4, 32, 192
    roots = jax.random.split(jax.random.PRNGKey(seed), 3)
    weights = [
        jax.random.normal(roots[0], (WORDS + 1, wide)) * 0.3,
        jax.random.normal(roots[1], (reach * wide, hidden)) * (reach * wide) ** -0.5,
        jax.random.normal(roots[2], (hidden, WORDS)) * hidden**-0.5,
        jnp.zeros(WORDS),
    ]

    def logits(held: Any, seen: Any) -> Any:
        inside = jnp.tanh(held[0][seen].reshape(seen.shape[0], -1) @ held[1])
        return inside @ held[2] + held[3]

    def miss(held: Any, seen: Any, then: Any) -> Any:
        return -jnp.take_along_axis(jax.nn.log_softmax(logits(held, seen)), then[:, None], 1).mean()

    def windows(of: Ints) -> tuple[Ints, Ints]:
        padded = np.concatenate([np.full((len(of), reach), WORDS), of], axis=1)
        seen = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=1)[:, BEGIN:-1]
        return seen.reshape(-1, reach).copy(), of[:, BEGIN:].ravel()

    @jax.jit
    def fitted(held: Any, seen: Any, then: Any) -> Any:
        def step(state: Any, at: Any) -> Any:
            held, first, second = state
            pick = jax.random.randint(jax.random.fold_in(jax.random.PRNGKey(seed + 1), at), (256,), 0, len(then))
            slope = jax.grad(miss)(held, seen[pick], then[pick])
            first = [0.9 * a + 0.1 * b for a, b in zip(first, slope, strict=True)]
            second = [0.99 * a + 0.01 * b * b for a, b in zip(second, slope, strict=True)]
            size = 3e-3 * (1 - at / steps)
            moved = [
                one - size * (a / (1 - 0.9 ** (at + 1))) / (jnp.sqrt(b / (1 - 0.99 ** (at + 1))) + 1e-8)
                for one, a, b in zip(held, first, second, strict=True)
            ]
            return (moved, first, second), None

        nothing = [jnp.zeros_like(one) for one in held]
        return jax.lax.scan(step, (held, nothing, nothing), jnp.arange(steps))[0][0]

    @jax.jit
    def said(held: Any, begun: Any) -> Any:
        def step(seen: Any, at: Any) -> Any:
            word = jax.random.categorical(jax.random.fold_in(jax.random.PRNGKey(seed + 2), at), logits(held, seen))
            return jnp.concatenate([seen[:, 1:], word[:, None]], axis=1), word

        padded = jnp.concatenate([jnp.full((len(begun), reach - BEGIN), WORDS), begun], axis=1)
        return jax.lax.scan(step, padded, jnp.arange(LENGTH - BEGIN))[1].T

    held = fitted(weights, *windows(texts))
    shares = jax.nn.softmax(jax.jit(logits)(held, windows(plain)[0]))
    return np.asarray(shares, np.float64), np.concatenate([starts, np.asarray(said(held, starts), np.int64)], axis=1)


def main() -> None:
    """Run the arms that are not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arm", choices=["calibration", "power", "loss", "networks"], action="append")
    parser.add_argument("--trials", type=int, default=4_000)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    arms: dict[str, Iterator[dict[str, Any]]] = {}
    done = {json.loads(line)["arm"] for line in asked.out.read_text().splitlines()} if asked.out.exists() else set()
    world = World(asked.seed)
    arms["calibration"] = calibration(world, asked.trials)
    arms["loss"] = loss(world, asked.students)
    arms["power"] = power(world, asked.students)
    arms["networks"] = networks(world, asked.students)
    for arm in asked.arm or list(arms):
        if arm in done:
            continue
        for row in arms[arm]:
            line = json.dumps({"arm": arm, "seed": asked.seed, **row})
            print(line, flush=True)
            with asked.out.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
