"""A policy at work on traffic, exchange by exchange in the order of time, while scans teach it and people agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from revenuer.findings import Campaign
from revenuer.response.agreed import Agreed
from revenuer.response.allowed import Allowed
from revenuer.response.decide import AccountStanding, CampaignStanding, Decision, Facts, decide, served
from revenuer.response.policy import LADDER, Policy
from revenuer.response.resembling import Resembling
from revenuer.response.taught import Taught

__all__ = ["DAY", "Acting", "Came", "Met", "Replay"]

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
        passed: exchanges that were answered although something was known of their account or text, by id, and why: `CONSENT`,
            `HOLDOUT`, `BUDGET`, `RATE` (within the rate), or `NO-RULE`.
        named: from when on each scan was known, and the accounts of each of its campaigns.
        newcomers: by campaign, tasks sent by accounts that had made no exchange before the campaign was known.
        displaced: `newcomers` by day, held against the campaign's exchanges by day when it was first known; at most 1.
        days_over: days on which the budget was spent.
    """

    since: int
    exchanges: int = 0
    rungs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    rules: dict[str, set[str]] = field(default_factory=dict)
    met: list[Met] = field(default_factory=list)
    passed: dict[str, str] = field(default_factory=dict)
    named: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    newcomers: Counter[str] = field(default_factory=Counter)
    displaced: dict[str, float] = field(default_factory=dict)
    days_over: list[str] = field(default_factory=list)


class Came(NamedTuple):
    """An exchange; `task`, `near` and `like` as in `Carried`."""

    ts: int
    exchange_id: str
    account_id: str
    org_id: str | None
    task: str
    near: frozenset[str] = frozenset()
    like: tuple[str, int] | None = None


class Acting:
    """The policy, what it knows, and what it remembers.

    Args:
        policy: in whatever mode; it acts as if it enforced.
        scans: what they teach, in the order of time.
        allowed: consents.
        key: secret of the hold-out.
        begun: microsecond of each account's first exchange.
        agreeing: microseconds that people take to agree to what a scan leads to.
        verifying: microseconds until whoever has to verify has done so, which reverses the decision as an upheld appeal does;
            None: nobody does.
    """

    def __init__(
        self, policy: Policy, scans: Sequence[Taught], allowed: Allowed, *, key: str, begun: Mapping[str, int],
        agreeing: int = 0, verifying: int | None = None,
    ) -> None:  # fmt: skip
        self.policy, self.allowed, self.key, self.begun = policy, allowed, key, begun
        self.agreed, self.verifying = Agreed(policy, agreeing), verifying
        self.resembling = Resembling(policy.limits.resembling_tasks)
        self.asked: dict[tuple[str, str], int] = {}
        self.kinds: frozenset[int] = frozenset()
        self.scans = list(reversed(scans))
        self.known: Mapping[str, AccountStanding] = {}
        self.campaigns: dict[str, CampaignStanding] = {}
        self.found: dict[str, tuple[int, Campaign]] = {}
        self.hits: dict[str, tuple[str, int]] = {}
        self.rated: Counter[tuple[str, int]] = Counter()
        self.of_day: Counter[int] = Counter()
        self.above: Counter[int] = Counter()
        self.over: set[int] = set()
        self.latest = 0

    def act(self, came: Came, result: Replay) -> None:
        """Decide on one exchange and write down what came of it."""
        while self.scans and self.scans[-1].at <= came.ts:
            self._learn(self.scans.pop(), result)
        day = came.ts // DAY
        self.of_day[day] += 1
        self.latest = max(self.latest, came.ts)
        result.exchanges += 1
        standing = self.known.get(came.account_id, AccountStanding(came.account_id))
        like = self._like(came)
        came = came._replace(task=came.task or self._own(came, standing) or like)
        facts = self._facts(came, day, standing)
        decision = decide(standing, self.policy, facts, key=self.key)
        decision = self.agreed.binding(came.account_id, came.ts, facts, decision)
        stopped = decision.rung in STOPS or (decision.rung == "shape_rate" and self._too_many(came, day))
        if decision.reason == "BUDGET":
            self.over.add(day)
        self._count(came, decision, standing, result, stopped=stopped)
        if came.task:
            self._hit(came, result)

    def displaced(self, newcomers: Mapping[str, int]) -> dict[str, float]:
        """Volume that moved to new accounts, as a share of what each campaign made a day while it was seen."""
        return {
            name: _displaced(one, newcomers.get(name, 0) / max((self.latest - at) / DAY, 1.0))
            for name, (at, one) in self.found.items()
        }

    def _learn(self, scan: Taught, result: Replay) -> None:
        self.known, self.kinds = scan.known, scan.kinds
        self.campaigns = {one.campaign_id: one for one in scan.campaigns}
        self.agreed.learn(scan)
        for one in scan.named:
            self.found.setdefault(one.campaign_id, (scan.at, one))
            result.named.append((scan.at, one.account_ids))

    def _own(self, came: Came, standing: AccountStanding) -> str:
        """The campaign that the account serves, if the request comes near one of its tasks."""
        name, hits = self.hits.get(came.account_id, ("", 0))
        own = served(standing, self.campaigns.get(name), hits) if came.near else ()
        return next((one.campaign_id for one in own if one.campaign_id in came.near), "")

    def _like(self, came: Came) -> str:
        """The campaign of the task that the request resembles, if the account has sent something like enough different ones."""
        if came.like is None:
            return ""
        name, kind = came.like
        serves = self.resembling.serves(came.account_id, name, kind, day=came.ts // DAY, kinds=self.kinds)
        return name if serves else ""

    def _facts(self, came: Came, day: int, standing: AccountStanding) -> Facts:
        task = self.campaigns.get(came.task)
        name, hits = self.hits.get(came.account_id, ("", 0))
        of = self.campaigns.get(name)
        serves = {word for one in (task, standing.campaign, of) if one for word, _ in one.capabilities}
        consented = self.allowed.kinds(came.account_id, came.org_id, came.ts, serves)
        spent = self.above[day] >= self.policy.budget.above_observe * max(self.of_day[day], LEAST_OF_DAY)
        waiting = self.agreed.waiting(came.account_id, came.task, came.ts)
        return Facts(task, of, hits, consented, spent, (*waiting, *self._verified(came)))

    def _verified(self, came: Came) -> list[str]:
        """Rules that hold no more for the account, since it has verified, until the decision ends that asked for it."""
        if self.verifying is None:
            return []
        ends = self.policy.expires.get("verify", 0) * DAY
        rules = [rule.name for rule in self.policy.rule if rule.rung == "verify"]
        asked = [(name, self.asked.get((came.account_id, name), -ends)) for name in rules]
        return [name for name, at in asked if at + self.verifying <= came.ts < at + ends]

    def _ask(self, came: Came, rule: str) -> None:
        """Remember since when a rule has the account verify."""
        at = self.asked.get((came.account_id, rule))
        if at is None or came.ts >= at + self.policy.expires["verify"] * DAY:
            self.asked[came.account_id, rule] = came.ts

    def _too_many(self, came: Came, day: int) -> bool:
        self.rated[came.account_id, day] += 1
        return self.rated[came.account_id, day] > self.policy.limits.shape_rate_per_day

    def _count(
        self, came: Came, decision: Decision, standing: AccountStanding, result: Replay, *, stopped: bool
    ) -> None:
        result.rungs[decision.rung] += 1
        result.reasons[decision.reason] += 1
        # under a limit on its rate an account notices nothing until it goes beyond
        if decision.rung == LADDER[0] or (decision.rung == "shape_rate" and not stopped):
            self._pass(came, decision, standing, result)
            return
        self.above[came.ts // DAY] += 1
        result.rules.setdefault(decision.rule, set()).add(came.account_id)
        if decision.rung == "verify":
            self._ask(came, decision.rule)
        about = came.exchange_id, came.account_id, came.ts
        result.met.append(Met(*about, decision.rung, decision.rule, decision.reason, stopped))

    def _pass(self, came: Came, decision: Decision, standing: AccountStanding, result: Replay) -> None:
        if decision.rung == "shape_rate":
            result.passed[came.exchange_id] = "RATE"
        elif decision.reason in {"CONSENT", "HOLDOUT", "BUDGET"}:
            result.passed[came.exchange_id] = decision.reason
        elif standing.flagged or came.task:
            result.passed[came.exchange_id] = "NO-RULE"

    def _hit(self, came: Came, result: Replay) -> None:
        first, number = self.hits.get(came.account_id, (came.task, 0))
        self.hits[came.account_id] = first, number + 1
        if self.begun[came.account_id] >= self.found[came.task][0]:
            result.newcomers[came.task] += 1


def _displaced(campaign: Campaign, by_day: float) -> float:
    seen = datetime.fromisoformat(campaign.last_seen) - datetime.fromisoformat(campaign.first_seen)
    before = campaign.exchanges / max(seen.total_seconds() / 86_400, 1.0)
    return min(by_day / before, 1.0) if before else 0.0
