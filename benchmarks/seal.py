"""What the reasoning seal and the shaper cost, and how many of many altered or misdirected blocks open.

python benchmarks/seal.py [--blocks 5000] [--trials 400000] [--seed 1]

Times are of one thread, by block and by event; median and 99th percentile, since the machine may do other things meanwhile.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from revenuer.control.intervals import clopper_pearson
from revenuer.provenance import (
    Asker,
    Binding,
    Sealer,
    StreamShaper,
    Treatment,
    default_plan,
    new_ring,
    public_id,
    shaped_request,
)
from running import conditions, table

SIZES = (500, 2_000, 8_000, 24_000, 32_000)
NOW, LATER = 1_000_000, 1_000_600
FIELDS = tuple(field.name for field in dataclasses.fields(Binding))
BOUND = Binding("tenant", "account-7", "3f0c7a52-session", "big", "p" * 64, "t" * 32)


def microseconds(work: Callable[[], object], n: int) -> tuple[str, str]:
    """Median and 99th percentile of one call, after warming up."""
    for _ in range(min(n, 200)):
        work()
    took = np.empty(n)
    for at in range(n):
        begun = time.perf_counter()
        work()
        took[at] = time.perf_counter() - begun
    return f"{np.median(took) * 1e6:.1f}", f"{np.percentile(took, 99) * 1e6:.1f}"


def costs(sealer: Sealer, n: int, rng: random.Random) -> Iterator[tuple[str, ...]]:
    """Rows of what a block costs by the length of its reasoning."""
    for size in SIZES:
        payload = rng.randbytes(size)
        block = sealer.seal(payload, BOUND, expires=LATER)
        other = dataclasses.replace(BOUND, account="account-8")
        rows: dict[str, Callable[[], object]] = {
            "seal": lambda payload=payload: sealer.seal(payload, BOUND, expires=LATER),  # type: ignore[misc]
            "open": lambda block=block: sealer.open(block, BOUND, now=NOW),  # type: ignore[misc]
            "turn away": lambda block=block, other=other: sealer.open(block, other, now=NOW),  # type: ignore[misc]
            "public id": lambda block=block: public_id(block),  # type: ignore[misc]
        }
        for name, work in rows.items():
            yield (f"{name}, {size:,} bytes", *microseconds(work, n))


def shaping(sealer: Sealer, n: int) -> Iterator[tuple[str, ...]]:
    """Rows of what a request and an event of a stream cost."""
    turns: list[dict[str, Any]] = [
        {"role": ("user", "assistant")[at % 2], "content": "some words of a turn " * 40} for at in range(21)
    ]
    body = msgspec.json.encode({"model": "big", "messages": turns, "n": 9})
    plan, asker = default_plan(), Asker("account-7")
    times = microseconds(lambda: shaped_request("chat", body, asker, plan, sealer, now=NOW), max(n // 10, 50))
    yield (f"request of 21 turns, {len(body):,} bytes", *times)
    chunk = {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "word"}}]}
    event = b"data: " + msgspec.json.encode(chunk) + b"\n\n"
    stream = StreamShaper("chat", Treatment(plan.tier["base"], lambda _: "", "tags"))
    yield ("event of a chat stream", *microseconds(lambda: stream.feed(event), n))


def altered(block: str, other: str, rng: random.Random) -> str:
    """A block with bits flipped, cut, extended, or with parts of another of the same account."""
    raw, second = (bytearray(base64.b64decode(one[4:])) for one in (block, other))
    way = rng.randrange(4)
    at = rng.randrange(len(raw))
    if way == 0:
        for _ in range(rng.randint(1, 4)):
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    elif way == 1:
        raw = raw[:at]
    elif way == 2:
        raw += rng.randbytes(3 * rng.randint(1, 300))
    else:
        raw[at : at + rng.randint(1, 200)] = second[at : at + rng.randint(1, 200)]
    return "rv1." + base64.b64encode(raw).decode()


def misdirected(rng: random.Random) -> Binding:
    """A binding of which one to six fields differ, by a character or wholly."""
    fields = {name: getattr(BOUND, name) for name in rng.sample(FIELDS, rng.randint(1, len(FIELDS)))}
    new = {
        name: rng.choice([text[:-1], text + "0", text.upper() + "x", str(rng.random())])
        for name, text in fields.items()
    }
    return dataclasses.replace(BOUND, **new)


def attempts(sealer: Sealer, n: int, rng: random.Random) -> Iterator[tuple[str, ...]]:
    """Rows of what was tried and what opened."""
    block, other = (sealer.seal(rng.randbytes(600), BOUND, expires=LATER) for _ in range(2))
    ring = new_ring("x")
    foreign = Sealer(lambda: ring)
    tries: dict[str, Callable[[], tuple[str, Binding, int, Sealer]]] = {
        "altered": lambda: (altered(block, other, rng), BOUND, NOW, sealer),
        "misdirected": lambda: (block, misdirected(rng), NOW, sealer),
        "expired": lambda: (block, BOUND, LATER + rng.randrange(10**9), sealer),
        "another ring": lambda: (block, BOUND, NOW, foreign),
    }
    for name, make in tries.items():
        opened = tried = 0
        for _ in range(n // len(tries)):
            text, binding, now, by = make()
            if text in {block, other} and binding == BOUND and now < LATER and by is sealer:
                continue
            tried += 1
            opened += by.open(text, binding, now=now).payload is not None
        yield name, f"{tried:,}", f"{opened:,}", f"{clopper_pearson(opened, tried)[1]:.1e}"


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=5_000)
    parser.add_argument("--trials", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args()
    rng, ring = random.Random(asked.seed), new_ring("x")  # noqa: S311 - the seal's own randomness is the system's
    sealer = Sealer(lambda: ring, {"big": 2})
    print(conditions())
    head = ("what", "median, us", "99 %, us")
    print(table(head, [*costs(sealer, asked.blocks, rng), *shaping(sealer, asked.blocks)], markdown=asked.markdown))
    print()
    tried = [*attempts(sealer, asked.trials, rng)]
    print(table(("what was tried", "times", "opened", "at most (95 %)"), tried, markdown=asked.markdown))


if __name__ == "__main__":
    main()
