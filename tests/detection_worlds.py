"""Small worlds with known answers: planted frames, queues that accounts work through, customers with habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.schema import EXCHANGES

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

START = 1_772_442_000_000_000  # 2026-03-02 09:00 UTC, microseconds
HOUR = 3_600_000_000


def vocabulary(seed: int, size: int) -> list[str]:
    """Made-up words of five to nine letters."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return ["".join(rng.choice(letters, rng.integers(5, 10))) for _ in range(size)]


@dataclass(frozen=True)
class Planted:
    """Prompts of planted frames and of none.

    Attributes:
        prompts: the texts.
        frame: which frame each is an instance of, -1 for none.
        slots: what fills each one's slot, the whole text where there is no frame.
        frames: head and tail of each frame.
    """

    prompts: list[str]
    frame: I64
    slots: list[str]
    frames: list[tuple[str, str]]


def planted(seed: int, frames: int, each: int, random: int, *, head: int = 24, tail: int = 10) -> Planted:
    """Frames of `head` and `tail` words around a slot of 3 to 20 words, `each` instances, among `random` other texts."""
    rng = np.random.default_rng(seed)
    words = vocabulary(seed, 4_000)

    def some(count: int) -> str:
        return " ".join(rng.choice(words, count))

    kept = [(some(head), some(tail)) for _ in range(frames)]
    which = np.concatenate([np.repeat(np.arange(frames), each), np.full(random, -1)])
    slots = [some(rng.integers(3, 21) if frame >= 0 else rng.integers(20, 60)) for frame in which]
    prompts = [
        f"{kept[frame][0]}: {slot}. {kept[frame][1]}" if frame >= 0 else slot
        for frame, slot in zip(which, slots, strict=True)
    ]
    order = rng.permutation(len(which))
    return Planted([prompts[i] for i in order], which[order], [slots[i] for i in order], kept)


def exchanges(prompts: list[str | None], **columns: list[object]) -> pa.RecordBatch:
    """Exchanges with these prompts, other columns as given or null; ids, accounts and times are counted up."""
    count = len(prompts)
    values: dict[str, list[object]] = {
        "exchange_id": [f"x{number}" for number in range(count)],
        "ts": [START + number * 1_000_000 for number in range(count)],
        "account_id": [f"acct-{number % 7}" for number in range(count)],
        "prompt": list(prompts),
    } | columns
    arrays = [pa.array(values.get(field.name, [None] * count), field.type) for field in EXCHANGES]
    return pa.record_batch(arrays, schema=EXCHANGES)


class Asked(NamedTuple):
    """Requests as `exchangeability` takes them."""

    accounts: I64
    sessions: I64
    hours: I64
    items: I64
    sketches: F64


def unit(rows: F64) -> F64:
    """Each row at unit length."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def queue(seed: int, accounts: int = 60, requests: int = 900, *, width: int = 16) -> Asked:
    """One queue of distinct items with a day's rhythm, dealt to accounts at random, a session a request."""
    rng = np.random.default_rng(seed)
    day, hour = rng.integers(0, 20, requests), np.round(rng.normal(14, 4, requests)).astype(int) % 24
    return Asked(
        rng.integers(0, accounts, requests),
        np.arange(requests),
        day * 24 + hour,
        rng.permutation(requests) + 1,
        unit(rng.normal(size=(requests, width)) + 0.5),
    )


def customers(
    seed: int, accounts: int = 60, each: int = 15, *, taste: float = 1.0, habit: float = 3.0, width: int = 16
) -> Asked:
    """Customers with tastes of their own and hours of their own, `each` requests a customer."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(accounts), each)
    liked, favourite = rng.normal(size=(accounts, width)) * taste, rng.integers(0, 24, accounts)
    requests = len(account)
    hour = np.round(favourite[account] + rng.normal(0, habit, requests)).astype(int) % 24
    return Asked(
        account,
        np.arange(requests),
        rng.integers(0, 20, requests) * 24 + hour,
        rng.permutation(requests) + 1,
        unit(rng.normal(size=(requests, width)) + liked[account]),
    )
