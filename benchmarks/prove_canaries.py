"""Canaries in perceptrons: how often a student says what it was served, and how often the rank test finds it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from prove_networks import taught, written
from prove_world import BEGIN, World
from revenuer.provenance.canaries import CanaryPolicy, chosen, counted, key_commitment, place
from revenuer.provenance.canaries_rank import Scored, rank_test
from revenuer.provenance.registry import Canary
from revenuer.provenance.scheme import Ints

__all__ = ["repeating"]

CANARIES: Final = 30
VARIANTS: Final = 4
ANSWERS: Final = 1_000
KEY: Final = b"a secret of canaries"
TODAY: Final = dt.date(2026, 1, 1)
POLICY: Final = CanaryPolicy(
    schema=1, kinds=("wording",), campaigns=("*",), topics_never=(), most_each=2, approved_by=("benchmark",), expires=TODAY
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """What one campaign is served: each canary's variant."""

    campaign: str
    canaries: dict[str, Canary]
    served: dict[str, int]


def repeating(world: World, fraction: float, number: int) -> dict[str, Any]:
    """One student, and what the test says of its answers by themselves and beside those of the model that was served."""
    choices = _choices(world.language.words, number)
    plain = world.answers(world.teacher, world.harvest, 1_200 + number)
    rng = np.random.default_rng([number, 13])
    placed = np.array(
        [_placed(row, choices, rng) if at < fraction * len(plain) else row for at, row in enumerate(plain)]
    )
    held = taught(placed, world.language.words, 1_300 + number)
    said = written(held, world.prompts(ANSWERS, 1_400 + number), world.language.length, number)
    own, usual = _counts(said, choices), _counts(world.unmarked[:ANSWERS], choices)
    found = {"counts": own, "counts less the served model's": own - usual}
    reports = {name: rank_test(list(_scored(scores, choices))) for name, scores in found.items()}
    return {
        "fraction": fraction,
        "student": number,
        "changed": float((placed != plain).any(axis=1).mean()),
        "said as served": {name: _share(of, choices) for name, of in (
            ("harvest", _counts(placed, choices)), ("student", own), ("model that was served", usual))},
        "first": {name: report.first / CANARIES for name, report in reports.items()},
        "p": {name: report.p for name, report in reports.items()},
    }  # fmt: skip


def _choices(words: int, number: int) -> Choices:
    """Thirty canaries of four words each, none in two of them."""
    order = np.random.default_rng(14).permutation(words)[: CANARIES * VARIANTS].reshape(CANARIES, VARIANTS)
    bound = key_commitment(KEY)
    canaries = {
        f"c{at}": Canary(
            canary=f"c{at}", kind="wording", variants=tuple(_word(word) for word in row), reviewed_by=("benchmark",),
            created=TODAY, expires=TODAY, commitment=bound,
        )
        for at, row in enumerate(order)
    }  # fmt: skip
    campaign = f"student-{number}"
    return Choices(campaign, canaries, {name: chosen(one, campaign, KEY) for name, one in canaries.items()})


def _word(token: int) -> str:
    return f"w{token:03d}"


def _text(row: Ints) -> str:
    return " ".join(_word(token) for token in row)


def _placed(row: Ints, choices: Choices, rng: np.random.Generator) -> Ints:
    """The answer as it is served; its prompt stays. Each has another order of canaries, of which two fit in."""
    order = rng.permutation(list(choices.canaries))
    canaries = [choices.canaries[name] for name in order]
    served = place(_text(row[BEGIN:]), canaries, choices.campaign, KEY, POLICY, today=TODAY)
    return np.array([*row[:BEGIN], *(int(word[1:]) for word in served.text.split())])


def _counts(texts: Ints, choices: Choices) -> Ints:
    counts = counted((_text(row[BEGIN:]) for row in texts), choices.canaries)
    return np.array([counts[name] for name in choices.canaries])


def _share(counts: Ints, choices: Choices) -> float:
    """Of all that canaries' variants are said, those that are the served one."""
    served = np.array([choices.served[name] for name in choices.canaries])
    return float(counts[np.arange(len(counts)), served].sum() / counts.sum())


def _scored(scores: Ints, choices: Choices) -> Iterator[Scored]:
    for row, (name, one) in zip(scores, choices.canaries.items(), strict=True):
        yield Scored(name, one.kind, tuple(map(float, row)), choices.served[name])
