"""The smallest campaign that a scan finds, as accounts against extraction exchanges of an account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ladder_rungs import Rung

__all__ = ["smallest"]

Result = dict[str, Any]

HARVESTS = (3.0, 10.0, 30.0)
SIZES = (8, 16, 32, 64, 128, 256)
LARGEST = 2_600  # extraction exchanges of a campaign that a small world holds
DAYS = 5.0
ENOUGH = 0.8


def smallest(
    base: Rung,
    judge: Callable[[Rung], Result],
    harvests: Sequence[float] = HARVESTS,
    sizes: Sequence[int] = SIZES,
) -> list[Result]:
    """For each number of extraction exchanges an account, the first size whose mean recall over campaigns is four fifths.

    Args:
        base: what all campaigns have in common.
        judge: evaluation of a scan of a rung's world.
        harvests: extraction exchanges of an account.
        sizes: accounts of a campaign, rising.
    """
    return [_search(base, judge, harvest, sizes) for harvest in harvests]


def _search(base: Rung, judge: Callable[[Rung], Result], harvest: float, sizes: Sequence[int]) -> Result:
    tried: dict[int, float] = {}
    for accounts in sizes:
        if accounts * harvest > LARGEST:
            break
        rate = harvest / (1 - base.mix) / DAYS
        document = judge(replace(base, value=f"{accounts} x {harvest:g}", accounts=accounts, rate=rate, days=DAYS))
        # Recall over accounts with one extraction exchange or more: of thin campaigns few accounts have five.
        tried[accounts] = _recall(document)
        if tried[accounts] >= ENOUGH:
            break
    last = list(tried)[-1]
    found = last if tried[last] >= ENOUGH else None
    return {
        "harvest": harvest,
        "accounts": found,
        "told": f"{found} accounts, {found * harvest:,.0f} exchanges" if found else f"none up to {last} accounts",
        "tried": ", ".join(f"{accounts} ({share:.2f})" for accounts, share in tried.items()),
    }


def _recall(document: Result) -> float:
    """Mean over campaigns of the share of their harvesting accounts that is flagged; a scan that failed found nobody."""
    return (
        float(document["accounts"]["detection"][1]["campaign_mean"]["mean"] or 0.0) if "accounts" in document else 0.0
    )
