"""Results of the distillation benchmark as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from revenuer.control import clopper_pearson
from running import table

__all__ = ["steps_to", "tables"]

Line = dict[str, Any]
BASE = "none, plain"


def steps_to(curve: Sequence[Sequence[float]], goal: float) -> float:
    """Steps after which a student solves this share for the first time; infinite if it does not."""
    return next((steps for steps, solved in curve if solved >= goal), float("inf"))


def spread(values: Sequence[float]) -> str:
    """Mean and 95 % interval by Student's t over seeds; a single seed has no interval."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.3f}"
    half = float(student_t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return f"{mean:.3f} [{max(0.0, mean - half):.3f}, {min(1.0, mean + half):.3f}]"


def _median_steps(lines: Sequence[Line]) -> str:
    middle = float(np.median([steps_to(line["curve"], 0.9) for line in lines]))
    return f"{middle:.0f}" if np.isfinite(middle) else "never"


def _row(lines: Sequence[Line], base: dict[int, float]) -> list[str]:
    """An arm over its seeds; DE beside the plain student of the same seeds."""
    finals = [line["curve"][-1][1] for line in lines]
    paired = [final / base[line["seed"]] for final, line in zip(finals, lines, strict=True) if base.get(line["seed"])]
    cost = [1.0 - line["honest"]["right"] / line["honest"]["right_without"] for line in lines]
    true = float(np.mean([line["honest"]["true_steps"] for line in lines]))
    return [
        lines[0]["safeguard"],
        lines[0]["attacker"],
        str(len(lines)),
        f"{np.mean([line['rows'] for line in lines]):,.0f}",
        spread(finals),
        _median_steps(lines),
        f"{np.mean(paired):.2f}" if paired else "-",
        f"{np.mean(cost):.3f}",
        f"{true:.2f} of {np.mean([line['honest']['shown'] for line in lines]):.0%}",
    ]


HEAD = (
    "safeguard",
    "attacker",
    "seeds",
    "rows",
    "student solves [95 %]",
    "steps to 90 %",
    "DE",
    "DC",
    "true steps, of the text shown",
)
EVIDENCE_HEAD = ("served", "attacker", "suspect", "seeds", "z, median", "found at .01 [95 %]")


def tables(lines: Sequence[Line]) -> str:
    """Usefulness to the student beside the cost to users, and evidence, as Markdown."""
    arms = {line["arm"]: [one for one in lines if one["arm"] == line["arm"]] for line in lines}
    base = {line["seed"]: float(line["curve"][-1][1]) for line in arms.get(BASE, [])}
    found = [[line for line in own if line["evidence"]] for own in arms.values()]
    rows = [_row(own, base) for own in arms.values()]
    evidence = [_evidence(own, kind) for own in found if own for kind in own[0]["evidence"]]
    parts = [table(HEAD, rows, markdown=True), table(EVIDENCE_HEAD, evidence, markdown=True)]
    return "\n\n".join(parts)


def _evidence(lines: Sequence[Line], kind: str) -> list[str]:
    tests = [line["evidence"][kind] for line in lines]
    found = sum(test["p_exact"] <= 0.01 for test in tests)
    low, high = clopper_pearson(found, len(tests))
    return [
        lines[0]["safeguard"],
        lines[0]["attacker"],
        kind,
        str(len(lines)),
        f"{np.median([test['z'] for test in tests]):.1f}",
        f"{found} [{low:.3f}, {high:.3f}]",
    ]
