"""A table of sign-ups, judged in the order of time as if each had just come; and what came of it, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.control.intervals import clopper_pearson
from revenuer.errors import InputError, reason
from revenuer.response.verification.applicant import Applicant
from revenuer.response.verification.desk import Desk
from revenuer.response.verification.outcome import Outcome
from revenuer.response.verification.policy import OUTCOMES

__all__ = ["Share", "SignUps", "Tally", "outcomes_table", "read_signups", "tally", "verify_all"]

_FIELDS: Final = tuple(field.name for field in msgspec.structs.fields(Applicant))
_NEEDED: Final = ("account_id", "created_at")


class SignUps(msgspec.Struct, frozen=True):
    """Sign-ups in the order of time.

    Attributes:
        applicants: those that can be judged.
        set_aside: why others cannot, and how many.
        missing: columns that are not there, so that what rests on them says nothing.
    """

    applicants: tuple[Applicant, ...]
    set_aside: dict[str, int]
    missing: tuple[str, ...]


class Share(msgspec.Struct, frozen=True):
    """A count, its share, and the exact 95 % interval of the share."""

    count: int
    share: float
    low: float
    high: float


class Tally(msgspec.Struct, frozen=True):
    """What came of a table.

    Attributes:
        signups: how many were judged.
        outcomes: by outcome.
        programmes: the same by programme.
        reasons: how many sign-ups each reason code was given to, of those that met more than `approve`.
    """

    signups: int
    outcomes: dict[str, Share]
    programmes: dict[str, dict[str, Share]]
    reasons: dict[str, int]


def read_signups(path: Path) -> SignUps:
    """Read a table of sign-ups: the contract's `accounts.parquet`, with whatever other fields of `Applicant` it has.

    Raises:
        InputError: the file cannot be read, lacks `account_id` or `created_at`, or a value is of the wrong kind;
            names column and row.
    """
    try:
        table = pq.ParquetFile(path)
        present = [name for name in _FIELDS if name in table.schema_arrow.names]
        _check_columns(table.schema_arrow, path)
        rows = list(_rows(table, present))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(path)) from error
    aside: Counter[str] = Counter()
    found: dict[str, Applicant] = {}
    for number, row in enumerate(rows):
        lacking = next((name for name in _NEEDED if row[name] is None), None)
        if lacking:
            aside[f"{lacking} is null"] += 1
        elif row["account_id"] in found:
            aside["account_id repeated"] += 1
        else:
            found[row["account_id"]] = _applicant(row, number, path)
    ordered = sorted(found.values(), key=lambda one: (one.created_at, one.account_id))
    return SignUps(tuple(ordered), dict(aside), tuple(name for name in _FIELDS if name not in present))


def verify_all(desk: Desk, applicants: Iterable[Applicant]) -> Iterator[Outcome]:
    """The outcome of each sign-up, given those before it alone."""
    for one in applicants:
        yield desk.verify(one)


def tally(applicants: Iterable[Applicant], outcomes: Iterable[Outcome]) -> Tally:
    """Count outcomes, by programme too, with intervals that take sign-ups for independent."""
    by_programme: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    for one, outcome in zip(applicants, outcomes, strict=True):
        by_programme.setdefault(one.programme or "none", Counter())[outcome.outcome] += 1
        if outcome.outcome != "approve":
            reasons.update({reason.code for reason in outcome.reasons})
    every = sum(by_programme.values(), Counter())
    return Tally(
        every.total(),
        _shares(every),
        {name: _shares(counts) for name, counts in sorted(by_programme.items())},
        dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def outcomes_table(outcomes: Iterable[Outcome]) -> pa.Table:
    """One row a sign-up, in the order of time; what is told to people stands in `explanation`, and no key in any column."""
    rows = [
        {
            "account_id": one.account_id,
            "outcome": one.outcome,
            "score": one.score,
            "reasons": [reason.code for reason in one.reasons],
            "facts": [reason.fact for reason in one.reasons],
            "alternatives": [way.name for way in one.alternatives],
            "explanation": one.explanation,
            "appeal": one.appeal,
            "expires_at": one.expires_at,
            "policy": one.policy,
            "effective": one.effective,
        }
        for one in outcomes
    ]
    return pa.Table.from_pylist(rows, schema=_OUT)


_OUT: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("outcome", pa.string()),
        ("score", pa.float64()),
        ("reasons", pa.list_(pa.string())),
        ("facts", pa.list_(pa.string())),
        ("alternatives", pa.list_(pa.string())),
        ("explanation", pa.string()),
        ("appeal", pa.string()),
        ("expires_at", pa.string()),
        ("policy", pa.string()),
        ("effective", pa.bool_()),
    ]
)


def _shares(counts: Counter[str]) -> dict[str, Share]:
    total = counts.total()
    return {name: Share(counts[name], counts[name] / total, *clopper_pearson(counts[name], total)) for name in OUTCOMES}


def _check_columns(schema: Any, path: Path) -> None:
    for name in _NEEDED:
        if name not in schema.names:
            raise InputError("is missing: sign-ups are judged in the order of time", file=str(path), column=name)
    kind = schema.field("created_at").type
    if not pa.types.is_timestamp(kind):
        raise InputError(f"is {kind}: expected a timestamp in UTC", file=str(path), column="created_at")


def _rows(table: Any, present: list[str]) -> Iterator[dict[str, Any]]:
    stamp = pa.timestamp("us", tz="UTC")
    for batch in table.iter_batches(columns=present):
        at = batch.schema.names.index("created_at")
        yield from batch.set_column(at, "created_at", batch.column(at).cast(stamp, safe=False)).to_pylist()


def _applicant(row: dict[str, Any], number: int, path: Path) -> Applicant:
    try:
        return msgspec.convert(row, Applicant)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$.")
        column = place.rstrip("`").partition("[")[0] or None
        raise InputError(message, file=str(path), row=f"row {number}", column=column) from error
