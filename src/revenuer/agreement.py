"""How far findings and model agree with the people who reviewed a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from revenuer.control import wilson
from revenuer.errors import InputError
from revenuer.labels_sheet import Reviewed
from revenuer.schema import CAPABILITIES
from revenuer.training.reliability import reliability

__all__ = ["Agreement", "Share", "agreement", "labels"]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the reviewed rows, weighted by the exchanges they stand for.

    `low` and `high` are a 95 % interval (Wilson 1927, with Kish's effective number of rows); `rows` is how many there are.
    """

    share: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a review says of the findings and of the model.

    Attributes:
        rows: rows of the sheet, and `reviewed` how many of them name a capability.
        found: share whose found capability is among those that the reviewer names; `by_capability` the same for each that
            was found: its precision.
        model: share whose likeliest capability by the model is among them.
        named: share of the capabilities that the model says hold which the reviewer names too; `missed_none` share of rows
            in which the model names all that the reviewer does.
        reliability: of the likeliest capability's probability: `error`, and `bins` of [mean said, share true, share].
        elicitation: share of rows on which reviewer and model agree whether hidden reasoning is asked for; None where the
            reviewer never says.
    """

    rows: int
    reviewed: int
    found: Share
    model: Share
    named: Share
    missed_none: Share
    elicitation: Share | None = None
    by_capability: dict[str, Share] = field(default_factory=dict)
    reliability: dict[str, Any] = field(default_factory=dict)


def agreement(sheet: Sequence[Reviewed], *, file: str | None = None) -> Agreement:
    """Hold a sheet that came back against what findings and model say.

    Raises:
        InputError: no row names a capability; names `file`.
    """
    seen = [row for row in sheet if row.capabilities]
    if not seen:
        raise InputError("no row names a capability yet", file=file, column="capability")
    right = [one.row.model_capability in one.capabilities for one in seen]
    weights = np.array([one.row.weight for one in seen])
    said = np.array([one.row.model_probability for one in seen], np.float32)
    told = [(one.row.weight, one.elicitation == (one.row.model_elicitation >= 0.5)) for one in sheet if _told(one)]
    named = [(one.row.weight, name in one.capabilities) for one in seen for name in one.row.model_capabilities]
    found = {name: [one for one in seen if one.row.found_capability == name] for name in CAPABILITIES}
    return Agreement(
        rows=len(sheet),
        reviewed=len(seen),
        found=_found(seen),
        model=_share([(one.row.weight, hit) for one, hit in zip(seen, right, strict=True)]),
        named=_share(named),
        missed_none=_share([(o.row.weight, set(o.capabilities) <= set(o.row.model_capabilities)) for o in seen]),
        elicitation=_share(told) if told else None,
        by_capability={name: _found(rows) for name, rows in found.items() if rows},
        reliability=reliability(said, np.array(right, np.float64), weights),
    )


def labels(sheet: Sequence[Reviewed], source: str) -> list[dict[str, Any]]:
    """The reviewed rows as labels to train on, of the source `source`."""
    return [
        {
            "prompt": one.row.prompt,
            "system": one.row.system or None,
            "capability": list(one.capabilities),
            "elicitation": one.elicitation,
            "source": source,
            "licence": None,
        }
        for one in sheet
        if one.capabilities
    ]


def _told(one: Reviewed) -> bool:
    return one.elicitation is not None


def _found(rows: Sequence[Reviewed]) -> Share:
    return _share([(one.row.weight, one.row.found_capability in one.capabilities) for one in rows])


def _share(rows: Sequence[tuple[float, bool]]) -> Share:
    weights, hits = np.array([weight for weight, _ in rows]), np.array([hit for _, hit in rows])
    if not weights.sum():
        weights = np.ones(len(rows))
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    share = float(weights @ hits / weights.sum())
    low, high = wilson(share * effective, effective)
    return Share(round(share, 3), round(low, 3), round(high, 3), len(rows))
