"""What a policy would have done to traffic that came after a scan: to whom, how often, at what cost."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.errors import InputError
from revenuer.findings import Campaign
from revenuer.response.allowed import Allowed
from revenuer.response.decide import AccountStanding, CampaignStanding, Decision, Facts, decide
from revenuer.response.policy import LADDER, Policy
from revenuer.response.tasks import task_book
from revenuer.schema import FOUND_ACCOUNTS
from revenuer.sources import Quarantine, Traffic, open_traffic, read_part
from revenuer.summary import read_findings

__all__ = ["Met", "Replay", "replay", "standings"]

COLUMNS: Final = ("exchange_id", "ts", "account_id", "org_id", "prompt", "system")
DAY: Final = 86_400 * 1_000_000
# Below this many exchanges a day is too young for a share of it to mean anything.
LEAST_OF_DAY: Final = 1_000
STOPS: Final = ("verify", "suspend", "network_action")


@dataclass(frozen=True, slots=True)
class Met:
    """What met one exchange: `stopped`: it got no answer, at least not until its account had verified."""

    exchange_id: str
    account_id: str
    ts: int
    rung: str
    rule: str
    reason: str
    stopped: bool


@dataclass(slots=True)
class Replay:
    """What came of it.

    Attributes:
        since: microsecond since 1970 from which on the policy acts.
        exchanges: how many came then.
        rungs: exchanges by rung. Below `verify` they were answered.
        reasons: exchanges by reason code, those that gave way among them.
        rules: accounts that each rule met.
        met: every exchange for which the rung is above observe; of `shape_rate` those beyond the rate.
        newcomers: by campaign, tasks sent by accounts that had made no exchange before `since`.
        displaced: `newcomers` by day, held against the campaign's extraction exchanges by day before `since`; at most 1.
        days_over: days on which the budget was spent.
    """

    since: int
    exchanges: int = 0
    rungs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    rules: dict[str, set[str]] = field(default_factory=dict)
    met: list[Met] = field(default_factory=list)
    newcomers: Counter[str] = field(default_factory=Counter)
    displaced: dict[str, float] = field(default_factory=dict)
    days_over: list[str] = field(default_factory=list)


def replay(policy: Policy, traffic: Path, findings: Path, *, since: int | None = None, key: str = "") -> Replay:
    """Let a policy act, as if it enforced, on the exchanges that the findings have not seen.

    Approvals count as given. Nobody reacts: what is stopped is not tried again, and what is verified stays away.

    Args:
        policy: in whatever mode.
        traffic: a traffic directory; its consents hold.
        findings: of a scan of the traffic that came before.
        since: microsecond since 1970; None: behind the last exchange of the findings.
        key: secret of the hold-out.

    Raises:
        InputError: something cannot be read, or no exchange is left to act on.
    """
    opened = open_traffic(traffic)
    campaigns, _ = read_findings(findings)
    seen = _column(findings / "exchanges.parquet", "exchange_id")
    first, known = _since(opened, seen, since)
    acting = _Acting(policy, campaigns, standings(findings, campaigns), Allowed(opened.consents()), key, known)
    result = Replay(first)
    for row in _later(opened, first, acting):
        acting.act(row, result)
    if not result.exchanges:
        raise InputError(
            "no exchange comes after what the findings have seen: say from when on with --since", file=str(traffic)
        )
    days = max((acting.latest - first) / DAY, 1.0)
    result.displaced = {one.campaign_id: _displaced(one, result.newcomers[one.campaign_id] / days) for one in campaigns}
    result.days_over = [datetime.fromtimestamp(day * DAY / 1e6, UTC).date().isoformat() for day in sorted(acting.over)]
    return result


def _displaced(campaign: Campaign, by_day: float) -> float:
    """Volume that moved to new accounts, as a share of what the campaign made a day while it was seen."""
    seen = datetime.fromisoformat(campaign.last_seen) - datetime.fromisoformat(campaign.first_seen)
    before = campaign.exchanges / max(seen.total_seconds() / 86_400, 1.0)
    return min(by_day / before, 1.0) if before else 0.0


def standings(findings: Path, campaigns: tuple[Campaign, ...]) -> dict[str, AccountStanding]:
    """The standing of every account that the findings flag.

    Raises:
        InputError: `accounts.parquet` cannot be read.
    """
    by_id = {one.campaign_id: _standing(one) for one in campaigns}
    table = _read(findings / "accounts.parquet", FOUND_ACCOUNTS.names)
    return {
        row["account_id"]: AccountStanding(
            row["account_id"],
            flagged=True,
            share=row["extraction_share"],
            share_low=row.get("extraction_share_low") or 0.0,
            campaign=by_id.get(row["campaign_id"]),
        )
        for row in table.to_pylist()
        if row["flagged"]
    }


def _standing(campaign: Campaign) -> CampaignStanding:
    return CampaignStanding(
        campaign.campaign_id, campaign.confidence, "open", tuple(sorted(campaign.capabilities.items()))
    )


@dataclass(slots=True)
class _Row:
    ts: int
    exchange_id: str
    account_id: str
    org_id: str | None
    task: int

    def __lt__(self, other: _Row) -> bool:
        return (self.ts, self.exchange_id) < (other.ts, other.exchange_id)


class _Acting:
    """A policy at work, exchange by exchange in the order of time."""

    def __init__(
        self,
        policy: Policy,
        campaigns: tuple[Campaign, ...],
        known: Mapping[str, AccountStanding],
        allowed: Allowed,
        key: str,
        before: frozenset[str],
    ) -> None:
        self.policy, self.known, self.allowed, self.key, self.before = policy, known, allowed, key, before
        self.campaigns = [_standing(one) for one in campaigns]
        frames = [one.frames for one in campaigns]
        self.books = {"prompt": task_book(frames), "system": task_book(frames, system=True)}
        self.hits: dict[str, tuple[CampaignStanding, int]] = {}
        self.passed: Counter[tuple[str, int]] = Counter()
        self.of_day: Counter[int] = Counter()
        self.above: Counter[int] = Counter()
        self.over: set[int] = set()
        self.latest = 0

    def tasks(self, batch: Any) -> list[int]:
        """The campaign of which each row carries a task in its prompt or system prompt, -1 for none."""
        carried = self.books["prompt"].carried(batch["prompt"])
        if "system" in batch.schema.names and len(self.books["system"].owners):
            system = self.books["system"].carried(batch["system"])
            carried = pc.if_else(pa.array(carried >= 0), carried, system).to_numpy(zero_copy_only=False)
        return [int(number) for number in carried]

    def act(self, row: _Row, result: Replay) -> None:
        """Decide on one exchange and write down what came of it."""
        day = row.ts // DAY
        self.of_day[day] += 1
        self.latest = max(self.latest, row.ts)
        result.exchanges += 1
        task = self.campaigns[row.task] if row.task >= 0 else None
        standing = self.known.get(row.account_id, AccountStanding(row.account_id))
        decision = decide(standing, self.policy, self._facts(row, day, standing, task), key=self.key)
        stopped = decision.rung in STOPS or (decision.rung == "shape_rate" and self._too_many(row, day))
        if decision.reason == "BUDGET":
            self.over.add(day)
        self._count(row, decision, result, stopped=stopped)
        if task is not None:
            first, number = self.hits.get(row.account_id, (task, 0))
            self.hits[row.account_id] = first, number + 1
            if row.account_id not in self.before:
                result.newcomers[task.campaign_id] += 1

    def _facts(self, row: _Row, day: int, standing: AccountStanding, task: CampaignStanding | None) -> Facts:
        of, hits = self.hits.get(row.account_id, (None, 0))
        serves = {name for one in (task, standing.campaign, of) if one for name, _ in one.capabilities}
        consented = self.allowed.kinds(row.account_id, row.org_id, row.ts, serves)
        spent = self.above[day] >= self.policy.budget.above_observe * max(self.of_day[day], LEAST_OF_DAY)
        return Facts(task, of, hits, consented, spent)

    def _too_many(self, row: _Row, day: int) -> bool:
        self.passed[row.account_id, day] += 1
        return self.passed[row.account_id, day] > self.policy.limits.shape_rate_per_day

    def _count(self, row: _Row, decision: Decision, result: Replay, *, stopped: bool) -> None:
        result.rungs[decision.rung] += 1
        result.reasons[decision.reason] += 1
        # under a limit on its rate an account notices nothing until it goes beyond
        if decision.rung == LADDER[0] or (decision.rung == "shape_rate" and not stopped):
            return
        self.above[row.ts // DAY] += 1
        result.rules.setdefault(decision.rule, set()).add(row.account_id)
        met = Met(row.exchange_id, row.account_id, row.ts, decision.rung, decision.rule, decision.reason, stopped)
        result.met.append(met)


def _since(opened: Traffic, seen: frozenset[str], since: int | None) -> tuple[int, frozenset[str]]:
    """From when on the policy acts, and the accounts that had made an exchange before."""
    times: list[tuple[int, str]] = []
    last = -1
    for batch in _batches(opened):
        for name, ts, account in zip(
            batch["exchange_id"].to_pylist(), _micros(batch), batch["account_id"].to_pylist(), strict=True
        ):
            times.append((ts, account))
            last = max(last, ts) if name in seen else last
    first = last + 1 if since is None else since
    return first, frozenset(account for ts, account in times if ts < first)


def _later(opened: Traffic, first: int, acting: _Acting) -> Iterator[_Row]:
    """The exchanges from `first` on, in the order of time."""
    rows: list[_Row] = []
    for batch in _batches(opened):
        late = batch.filter(pc.greater_equal(batch["ts"].cast(pa.int64()), first))
        names = ("exchange_id", "account_id")
        ids, accounts = (late[name].to_pylist() for name in names)
        orgs = late["org_id"].to_pylist() if "org_id" in late.schema.names else [None] * len(late)
        rows += map(_Row, _micros(late), ids, accounts, orgs, acting.tasks(late))
    heapq.heapify(rows)
    while rows:
        yield heapq.heappop(rows)


def _batches(opened: Traffic) -> Iterator[Any]:
    for part in opened.exchange_parts():
        yield from read_part(part, Quarantine())


def _micros(batch: Any) -> list[int]:
    found: list[int] = batch["ts"].cast(pa.int64()).to_pylist()
    return found


def _column(path: Path, name: str) -> frozenset[str]:
    return frozenset(_read(path, [name])[name].to_pylist())


def _read(path: Path, names: list[str]) -> Any:
    try:
        present = set(pq.read_schema(path).names)
        return pq.read_table(path, columns=[name for name in names if name in present])
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {str(error).splitlines()[0]}", file=str(path)) from error


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
