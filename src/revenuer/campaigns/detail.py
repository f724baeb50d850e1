"""What the report draws of a campaign: when, with which models, on which plans, signed up when."""

from __future__ import annotations

from typing import Any, Final, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.campaigns.life import Hours
from revenuer.campaigns.times import DAY, HOUR, micros, rfc3339
from revenuer.summary import CampaignSeries, Signups

__all__ = ["InTime", "drawn_in_time", "plan_shares", "shares", "signups"]

I64 = npt.NDArray[np.int64]

SIGNUP_BUCKET_DAYS: Final = 7
BUCKET_HOURS: Final = (1, 3, 6, 12, 24, 72, 168, 10**6)
MOST_BUCKETS: Final = 400


class InTime(TypedDict):
    """The fields of `CampaignDetail` that tell when and with what."""

    series: CampaignSeries
    hours: tuple[float, ...]
    population_hours: tuple[float, ...]
    models: dict[str, float]


def drawn_in_time(series: pa.Table, hours: Hours, number: int) -> InTime:
    """A campaign over time.

    Args:
        series: exchanges `n` of its accounts by `hour` and whether each `extracts`.
        hours: of all campaigns and of everybody else.
        number: of the campaign.
    """
    extracts = series["extracts"].to_numpy(zero_copy_only=False).astype(bool)
    at, n = micros(series["hour"]), series["n"].to_numpy()
    own, rest = hours.of(number), hours.others
    return InTime(
        series=_series(at, n, extracts),
        hours=_clock(at[extracts], n[extracts]),
        population_hours=_clock(rest.hour, rest.n),
        models=_shares_of(own.model, own.n),
    )


def plan_shares(plans: npt.NDArray[np.object_]) -> dict[str, float]:
    """Share of accounts on each plan that is known."""
    return _shares_of(plans, np.ones(len(plans), np.int64))


def shares(counted: pa.Table, column: str) -> dict[Any, float]:
    """Shares of the counts `n` by value, largest first, ties by value."""
    total = max(sum(counted["n"].to_pylist()), 1)
    pairs = zip(counted[column].to_pylist(), counted["n"].to_pylist(), strict=True)
    return {value: round(n / total, 6) for value, n in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))}


def signups(created: I64) -> Signups | None:
    """Accounts by week of sign-up; None where none is known."""
    created = created[created > 0]
    if not len(created):
        return None
    start = int(created.min()) // DAY * DAY
    counts = np.bincount((created - start) // (SIGNUP_BUCKET_DAYS * DAY))
    return Signups(rfc3339(start), SIGNUP_BUCKET_DAYS, tuple(counts.tolist()))


def _shares_of(words: npt.NDArray[np.object_], n: I64) -> dict[str, float]:
    table = pa.table({"word": words.astype(str), "n": n}).group_by("word").aggregate([("n", "sum")])
    return {word: share for word, share in shares(table.rename_columns(["word", "n"]), "word").items() if word}


def _series(at: I64, n: I64, extracts: npt.NDArray[np.bool_]) -> CampaignSeries:
    """Counts in buckets of a few hours, at most about 400 of them."""
    start, end = int(at.min()), int(at.max()) + HOUR
    bucket = next(hours for hours in BUCKET_HOURS if (end - start) <= hours * HOUR * MOST_BUCKETS)
    place = (at - start) // (bucket * HOUR)
    size = int(place.max()) + 1
    counts = [np.bincount(place[rows], weights=n[rows], minlength=size).astype(int) for rows in (extracts, ~extracts)]
    return CampaignSeries(rfc3339(start), bucket, tuple(counts[0].tolist()), tuple(counts[1].tolist()))


def _clock(at: I64, n: I64) -> tuple[float, ...]:
    counts = np.bincount(at // HOUR % 24, weights=n, minlength=24)
    return tuple(np.round(counts / max(counts.sum(), 1), 6).tolist())
