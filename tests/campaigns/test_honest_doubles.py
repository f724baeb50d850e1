"""Honest work at volume beside the harvest it resembles: the same kind of request, in one world, judged by one scan."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from revenuer.scanning import scan
from revenuer.simulate import simulate
from scan_worlds import flagged

LEAST = 120  # exchanges of a double: at volume
FOUND = 0.8  # of the accounts of an attack; some were banned before they had done much
# Judges, evaluations and moderation beside A1, which grades answers and rewrites what is sensitive; agents, exercises and
# made-up records beside A3 and A4, which harvest trajectories, code and instructions.
WORLDS = {
    "words": ("A1+L1+L2+L3+L4+L25", 9_000),
    "tasks": ("A3+A4+L6+L7+L13+L22+L26+L27", 10_000),
}
PAIRS = [
    ("words", "A1", "rubric_grading", ("L1", "L2", "L3", "L4")),
    ("words", "A1", "censorship_rewrite", ("L25",)),
    ("tasks", "A4", "general_instruction", ("L26", "L27")),
    ("tasks", "A3", "agentic_coding", ("L6", "L7", "L13", "L22")),
]


@dataclass(frozen=True)
class Judged:
    """A scanned world: accounts and exchanges by label, those flagged, and the capabilities of each attack's campaigns."""

    accounts: Counter[str]
    exchanges: Counter[str]
    flagged: Counter[str]
    named: dict[str, set[str]]


def judged(place: Path, scenario: str, exchanges: int) -> Judged:
    """Simulate and scan."""
    summary = simulate(scenario, place / "traffic", seed=1, exchanges=exchanges)
    (place / "findings").mkdir()
    scan(place / "traffic", place / "findings", memory="1GB", threads=1)
    names = flagged(place / "findings")
    rows = pq.read_table(place / "traffic" / "truth" / "accounts.parquet").to_pylist()
    label = {row["account_id"]: row["label"] for row in rows}
    named: dict[str, set[str]] = {}
    for one in json.loads((place / "findings" / "campaigns.json").read_text(encoding="utf-8"))["campaigns"]:
        whose = Counter(label[name] for name in one["account_ids"]).most_common(1)[0][0]
        named.setdefault(whose, set()).update(name for name, share in one["capabilities"].items() if share >= 0.05)
    accused = Counter(label[name] for name in names)
    return Judged(Counter(label.values()), Counter(summary.labels), accused, named)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    """Both worlds, each simulated and scanned once."""
    return {name: judged(tmp_path_factory.mktemp(name), *world) for name, world in WORLDS.items()}


@pytest.mark.parametrize(("world", "attack", "capability", "doubles"), PAIRS, ids=[pair[2] for pair in PAIRS])
def test_honest_doubles_are_told_from_the_harvest(
    scanned: dict[str, Judged], world: str, attack: str, capability: str, doubles: tuple[str, ...]
) -> None:
    """A harvest is found and named for what it takes, and nobody is flagged who does the same for an own product."""
    seen = scanned[world]
    assert seen.flagged[attack] >= FOUND * seen.accounts[attack] > 0
    assert capability in seen.named[attack]
    assert all(seen.exchanges[double] >= LEAST for double in doubles)
    assert {double: seen.flagged[double] for double in doubles} == dict.fromkeys(doubles, 0)


@pytest.mark.parametrize("world", WORLDS)
def test_nobody_else_is_flagged(scanned: dict[str, Judged], world: str) -> None:
    """Only accounts of attacks are flagged, the ordinary majority included."""
    assert {label for label in scanned[world].flagged if not label.startswith("A")} == set()
