"""What matching costs: keyed hashes, and private set intersection with what goes over the wire.

    python benchmarks/matching.py --asked 24000 --held 1000000 --common 1200

Both sides are made up: networks and mail addresses by number. CPU seconds are those of this process, so other work on the
machine hardly counts; bytes are those of the messages.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from revenuer.sharing.matching import common, keyed, read_list, write_list
from revenuer.sharing.matching_items import canonical, read_items, write_items
from revenuer.sharing.matching_keys import GroupKey
from revenuer.sharing.psi import new_answerer, new_asker

KEY = GroupKey("bench", "2026-11-01", "2026-12-01", bytes(range(32)))


def made(first: int, count: int) -> list[tuple[str, str]]:
    """Kinds and values that differ from number to number: a fifth networks, the rest mail addresses."""
    numbers = range(first, first + count)
    return [("network", f"{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}.7") if n % 5 == 0 else ("mail", f"User.{n}+x@Example.org") for n in numbers]  # fmt: skip


class Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what the block spends."""
        begun = time.process_time()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - begun


def by_key(asked: list[tuple[str, str]], held: list[tuple[str, str]], folder: Path) -> dict[str, object]:
    """Normalise, write, read, hash and compare as `revenuer match hash` and `compare` do; the smaller list travels."""
    clock = Clock()
    with clock.step("normalise and write"):
        write_items(folder / "asked.csv", {canonical(*one) for one in asked})
        write_items(folder / "held.csv", {canonical(*one) for one in held})
    with clock.step("read the smaller, hash and write it"):
        write_list(folder / "hashes", keyed(read_items(folder / "asked.csv"), KEY), KEY)
    with clock.step("read the larger"):
        items = read_items(folder / "held.csv")
    with clock.step("hash the larger"):
        mine = keyed(items, KEY)
    with clock.step("read the list and compare"):
        found = common(mine, read_list(folder / "hashes").hashes)
    matching = sum(seconds for name, seconds in clock.spent.items() if name != "normalise and write")
    told = {"common": len(found), "bytes over the wire": (folder / "hashes").stat().st_size}
    return told | {"cpu_s": clock.spent, "cpu_s of matching": matching}


def by_intersection(folder: Path) -> dict[str, object]:
    """Set-up once, then request, answer and reveal; needs the lists that `by_key` wrote."""
    clock = Clock()
    asked, held = read_items(folder / "asked.csv"), read_items(folder / "held.csv")
    answerer, asker = new_answerer(), new_asker()
    with clock.step("set-up (once)"):
        set_up = answerer.set_up(held, most_asked=len(asked))
    with clock.step("request"):
        request = asker.request(asked)
    with clock.step("answer"):
        answer = answerer.answer(request)
    with clock.step("reveal"):
        found = asker.reveal(asked, set_up, answer)
    after = sum(seconds for name, seconds in clock.spent.items() if name != "set-up (once)")
    wire = {"set-up (once)": len(set_up), "request": len(request), "answer": len(answer)}
    told: dict[str, object] = {"common": len(found), "bytes": wire, "bytes after set-up": len(request) + len(answer)}
    return told | {"cpu_s": clock.spent, "cpu_s after set-up": after}


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=24_000)
    parser.add_argument("--held", type=int, default=1_000_000)
    parser.add_argument("--common", type=int, default=1_200)
    parser.add_argument(
        "--no-psi", action="store_true", help="leave private set intersection out: its set-up takes minutes"
    )
    given = parser.parse_args()
    asked, held = made(0, given.asked), made(given.asked - given.common, given.held)
    with tempfile.TemporaryDirectory() as name:
        told = {"asked": given.asked, "held": given.held, "keyed": by_key(asked, held, Path(name))}
        told |= {} if given.no_psi else {"psi": by_intersection(Path(name))}
    assert all(told[way]["common"] == given.common for way in ("keyed", "psi") if way in told)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
