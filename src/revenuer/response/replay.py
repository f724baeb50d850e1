"""What a policy would have done to traffic that came after a scan: to whom, how often, at what cost."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from revenuer.errors import InputError
from revenuer.findings import Campaign
from revenuer.response.acting import DAY, Acting, Came, Met, Replay
from revenuer.response.allowed import Allowed
from revenuer.response.common import exchanges_before, task_marks
from revenuer.response.policy import Policy
from revenuer.response.taught import Carried, Taught, exchanges_seen, taught
from revenuer.sources import Quarantine, Traffic, open_traffic, read_part

__all__ = ["Met", "Replay", "as_micros", "replay"]

HOUR: Final = 3_600 * 1_000_000


def replay(
    policy: Policy,
    traffic: Path,
    findings: Sequence[Path],
    *,
    since: int | None = None,
    key: str = "",
    confirmed: float | None = None,
    agreeing: float = 0.0,
    verifying: float | None = None,
) -> Replay:
    """Let a policy act, as if it enforced, on the exchanges that came after the first of the findings.

    What a scan finds is known behind the last exchange that it has seen. Approvals are given. Nobody reacts: what is stopped
    is not tried again, and whoever has to verify stays away, unless `verifying` says otherwise.

    Args:
        policy: in whatever mode.
        traffic: a traffic directory; its consents hold.
        findings: of one scan or of several of ever more of the traffic, recorded in one state, so that ids stay.
        since: microsecond since 1970; None: behind the last exchange of the first findings.
        key: secret of the hold-out.
        confirmed: people confirm every campaign of at least this confidence; None: none.
        agreeing: hours that people take to agree to what a scan leads to.
        verifying: hours after which everybody whom a rule has verify has done so, harvesters too; None: nobody does.

    Raises:
        InputError: something cannot be read, or no exchange is left to act on.
    """
    opened = open_traffic(traffic)
    times, begun = _times(opened)
    ended = [(max((times.get(name, -1) for name in exchanges_seen(one)), default=-1) + 1, one) for one in findings]
    ended.sort()
    first = ended[0][0] if since is None else since
    places = [(first, ended[0][1]), *((max(at, first), one) for at, one in ended[1:])]
    scans = taught(places, confirmed=confirmed, marks=partial(_marks, traffic))
    allowed, verified = Allowed(opened.consents()), None if verifying is None else round(verifying * HOUR)
    acting = Acting(
        policy, scans, allowed, key=key, begun=begun, agreeing=round(agreeing * HOUR), verifying=verified
    )  # fmt: skip
    result = Replay(first)
    for came in _later(opened, first, scans):
        acting.act(came, result)
    if not result.exchanges:
        raise InputError(
            "no exchange comes after what the findings have seen: say from when on with --since", file=str(traffic)
        )
    result.displaced = acting.displaced(result.newcomers)
    result.days_over = [datetime.fromtimestamp(day * DAY / 1e6, UTC).date().isoformat() for day in sorted(acting.over)]
    return result


def _marks(traffic: Path, at: int, findings: Path, named: Sequence[Campaign]) -> dict[str, str]:
    """Of the frames of a scan, by the traffic until then."""
    return task_marks(findings, named, exchanges_before(traffic, at))


def _times(opened: Traffic) -> tuple[dict[str, int], Mapping[str, int]]:
    """When each exchange came, and when the first of each account did."""
    times: dict[str, int] = {}
    begun: dict[str, int] = {}
    for batch in _batches(opened):
        accounts = batch["account_id"].to_pylist()
        for name, ts, account in zip(batch["exchange_id"].to_pylist(), _micros(batch), accounts, strict=True):
            times[name] = ts
            begun[account] = min(ts, begun.get(account, ts))
    return times, begun


def _later(opened: Traffic, first: int, scans: Sequence[Taught]) -> list[Came]:
    """The exchanges from `first` on, in the order of time."""
    rows: list[Came] = []
    for batch in _batches(opened):
        late = batch.filter(pc.greater_equal(batch["ts"].cast(pa.int64()), first))
        ids, accounts = (late[name].to_pylist() for name in ("exchange_id", "account_id"))
        orgs = late["org_id"].to_pylist() if "org_id" in late.schema.names else [None] * len(late)
        rows += map(Came, _micros(late), ids, accounts, orgs, *zip(*_tasks(late, scans), strict=True))
    return sorted(rows, key=lambda came: (came.ts, came.exchange_id))


def _tasks(batch: Any, scans: Sequence[Taught]) -> list[Carried]:
    """What each row carries of the campaigns that were known when it came."""
    latest = [bisect_right([scan.at for scan in scans], ts) - 1 for ts in _micros(batch)]
    found = [Carried()] * len(latest)
    for number in set(latest):
        rows = [row for row, at in enumerate(latest) if at == number]
        for row, one in zip(rows, scans[number].tasks(batch.take(pa.array(rows))), strict=True):
            found[row] = one
    return found


def _batches(opened: Traffic) -> Iterator[Any]:
    for part in opened.exchange_parts():
        yield from read_part(part, Quarantine())


def _micros(batch: Any) -> list[int]:
    found: list[int] = batch["ts"].cast(pa.int64()).to_pylist()
    return found


def as_micros(text: str) -> int:
    """A time of the command line.

    Raises:
        InputError: it is no time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text}: expected a time such as 2026-03-01T00:00:00Z") from error
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1_000_000)
