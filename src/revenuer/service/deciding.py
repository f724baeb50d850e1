"""What meets a request: standing, decisions in force and the prompt, held against the policy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np

from revenuer.response import LADDER, CampaignStanding, Decision, Facts, Policy, Resembling, decide, served, task_book
from revenuer.response.decide import ALLOWING
from revenuer.service.asked import Answer, Ask, action_of
from revenuer.service.consented import Consented
from revenuer.service.frames import frame_book, nothing_known
from revenuer.service.memory import DAY, Line, Memory, summed
from revenuer.service.nearly import comes_near, likeness
from revenuer.service.table import Ruling, Table, account_key, seconds
from revenuer.state import Proposal

__all__ = ["Decider", "Known", "Outcome"]

Failing = Literal["open", "closed"]

_EARLIER: Final = "A decision on this account is in force."
_APPEAL: Final = "quote the reason and the decision to the provider, who has to answer"


class Outcome(NamedTuple):
    """An answer, and what has to be on disk before it is given; None: nothing."""

    answer: Answer
    line: Line | None = None


@dataclass(slots=True)
class Known:
    """What is known at the moment; whoever loads it puts it here.

    Attributes:
        table: None until it was loaded once.
        recent: decisions that changed since, by account; they count for those of the same id in the table.
        consented: consents in force.
        memory: what the service has seen.
    """

    table: Table | None = None
    recent: dict[str, dict[str, Ruling]] = field(default_factory=dict)
    consented: Consented = field(default_factory=Consented)
    memory: Memory = field(default_factory=Memory)

    def rulings(self, table: Table, account: str, key: int, now: int) -> list[Ruling]:
        """Decisions on an account that have not ended."""
        found = {one.decision_id: one for one in table.rulings.on(key)} | self.recent.get(account, {})
        return [one for one in found.values() if one.ends > now]


class Decider:
    """The policy at work.

    Args:
        policy: loaded.
        known: what is known; changes while it works.
        holdout_key: secret of the hold-out.
        failing: what meets requests while nothing is known.
    """

    def __init__(self, policy: Policy, known: Known, *, holdout_key: str = "", failing: Failing = "open") -> None:
        self.policy, self.known, self.holdout_key, self.failing = policy, known, holdout_key, failing
        self.enforces = policy.mode == "enforce"
        self.plain = Outcome(Answer(action="allow", rung="observe", reason="NONE", policy=policy.version))
        self._gated = tuple(rule for rule in policy.rule if policy.approvals_needed(rule.rung))
        self._explained = {rule.name: rule.explanation for rule in policy.rule}
        self._made: dict[tuple[str, str, str], tuple[str, int]] = {}
        self._resembling = Resembling(policy.limits.resembling_tasks)

    def decide(self, ask: Ask, now: int) -> Outcome:
        """Decide on a request.

        Args:
            ask: the request.
            now: second since 1970.
        """
        known, account = self.known, ask.account_id
        table = known.table
        known.memory.came(now)
        if table is None:
            return self.failed("STANDING-UNKNOWN")
        key = account_key(account)
        place, task, like = _looked(ask, key, table)
        if place < 0 and like is None and account not in known.memory.hits and account not in known.recent:
            known.consented.kinds(account, ask.org_id, now, ())
            return self.plain
        return self._weigh(ask, table, key, table.campaigns[task] if task >= 0 else None, like, now)

    def warm_up(self) -> None:
        """Compile what the first request would wait for."""
        nothing = nothing_known()
        nothing.look("", 0, np.empty(0, np.int64))
        filled = frame_book(task_book([["one two three four five six seven eight nine ten"]]))
        likeness(filled).look("one two three four five six seven", 0, np.empty(0, np.int64))

    def failed(self, reason: str) -> Outcome:
        """What meets a request of which nothing is known, or that cannot be written down."""
        if self.failing == "open" or not self.enforces:
            return Outcome(Answer(action="allow", rung="observe", reason=reason, policy=self.policy.version))
        told = "The service cannot decide at the moment."
        return Outcome(
            Answer(
                action="deny", rung="observe", reason=reason, policy=self.policy.version, effective=True,
                explanation=told, retry_after=5,
            )
        )  # fmt: skip

    def _weigh(
        self, ask: Ask, table: Table, key: int, task: CampaignStanding | None, like: tuple[int, int] | None, now: int
    ) -> Outcome:
        known, account, memory = self.known, ask.account_id, self.known.memory
        standing = table.standing(account, key)
        rulings = known.rulings(table, account, key, now)
        name, hits = memory.hits.get(account, ("", 0))
        hits_of = table.campaign(name) if hits else None
        own = self._like(account, table, like, now)
        if task is None:
            task = _near(ask, table, served(standing, hits_of, hits)) or own
        serves = {word for one in (task, standing.campaign, hits_of) if one for word, _ in one.capabilities}
        consented = known.consented.kinds(account, ask.org_id, now, serves)
        spent = memory.spent(self.policy.budget.above_observe)
        on_task = [one for one in table.of_campaign.get(task.campaign_id, ()) if one.ends > now] if task else []
        exempt = self._exempt(rulings, on_task)
        facts = Facts(task, hits_of, hits, consented, spent, exempt)
        decision = decide(standing, self.policy, facts, key=self.holdout_key)
        ruling = self._binding(rulings, decision, facts)
        return self._told(ask, decision, ruling, [*rulings, *on_task], task, now)

    def _like(self, account: str, table: Table, like: tuple[int, int] | None, now: int) -> CampaignStanding | None:
        """The campaign of the task that the request resembles, if the account has sent something like enough different ones."""
        if like is None:
            return None
        campaign = table.campaigns[like[0]]
        serves = self._resembling.serves(account, campaign.campaign_id, like[1], day=now // DAY, kinds=table.kinds)
        return campaign if serves else None

    def _exempt(self, rulings: Sequence[Ruling], on_task: Sequence[Ruling]) -> tuple[str, ...]:
        """Rules that do not hold for the account: reversed on appeal, or waiting for people to agree."""
        undone = [one.rule for one in rulings if one.status == "reversed"]
        undone += [one.rule for one in on_task if one.status == "reversed"]
        if not self.enforces:
            return tuple(undone)
        agreed = {(one.rule, one.rung) for one in rulings if one.status == "active"}
        on_requests = {(one.rule, one.rung) for one in on_task if one.status == "active"}
        for rule in self._gated:
            given = agreed | on_requests if rule.scope == "request" else agreed
            if (rule.name, rule.rung) not in given:
                undone.append(rule.name)
        return tuple(undone)

    def _binding(self, rulings: Sequence[Ruling], decision: Decision, facts: Facts) -> Ruling | None:
        """The decision in force that goes beyond what the policy says now: what people agreed to binds until it ends.

        What a policy alone has decided lasts as long as its reasons do: who is no longer flagged is free.
        """
        if not self.enforces or facts.spent or any(kind in ALLOWING for kind in facts.consented):
            return None
        active = [one for one in rulings if one.status == "active" and one.asked]
        highest = max(active, key=lambda one: LADDER.index(one.rung), default=None)
        if highest is None or LADDER.index(highest.rung) <= LADDER.index(decision.rung):
            return None
        return highest

    def _told(
        self, ask: Ask, decision: Decision, ruling: Ruling | None, there: Sequence[Ruling],
        task: CampaignStanding | None, now: int,
    ) -> Outcome:  # fmt: skip
        memory, account = self.known.memory, ask.account_id
        rung, rule, reason = (ruling or decision).rung, (ruling or decision).rule, (ruling or decision).reason
        within = True
        if rung == "shape_rate":
            memory.passed[account] = memory.passed.get(account, 0) + 1
            within = memory.passed[account] <= self.policy.limits.shape_rate_per_day
        above = rung != "observe" and not (rung == "shape_rate" and within)
        memory.above += above
        if task is not None:
            memory.hit(account, task.campaign_id)
        name, ends, made = "", 0, None
        if ruling is not None:
            name, ends = ruling.decision_id, ruling.ends
        elif rung != "observe":
            name, ends, made = self._named(ask, decision, there, now)
        bites = self.enforces and rung != "observe"
        answer = Answer(
            action=action_of(rung, within_rate=within) if bites else "allow",
            rung=rung, reason=reason, rule=rule, policy=self.policy.version, effective=bites,
            explanation=self._explained.get(rule, _EARLIER) if rung != "observe" else "",
            decision_id=name, expires_at=_time(ends) if ends else "", appeal=_APPEAL if bites else "",
            retry_after=DAY - now % DAY if bites and not within else 0,
        )  # fmt: skip
        if rung == "observe" and task is None:
            return Outcome(answer)
        since, memory.unwritten = memory.unwritten, 0
        carried = task.campaign_id if task else ""
        line = Line(now, account, rung, rule, reason, name, carried, above, since, ask.request_id or "", made)
        return Outcome(answer, line)

    def _named(
        self, ask: Ask, decision: Decision, there: Sequence[Ruling], now: int
    ) -> tuple[str, int, dict[str, Any] | None]:
        """Id and end of the decision: of the one that stands, or of a new one, which is given too."""
        status = "active" if self.enforces else "shadow"
        for one in there:
            if (one.rule, one.rung, one.status) == (decision.rule, decision.rung, status):
                return one.decision_id, one.ends, None
        account = ask.account_id
        name, ends = self._made.get((account, decision.rule, decision.rung), ("", 0))
        if ends > now:
            return name, ends, None
        made = self._proposal(ask, decision, now)
        ends = now + self.policy.expires[decision.rung] * DAY
        self._made[account, decision.rule, decision.rung] = made.identity(), ends
        return made.identity(), ends, _columns(made, status)

    def _proposal(self, ask: Ask, decision: Decision, now: int) -> Proposal:
        """A decision on the account that asked; what the request was is among its evidence, not what it said."""
        request = {"model": ask.model, "credential": ask.credential, "request": ask.request_id}
        evidence = dict(decision.evidence) | {name: value for name, value in request.items() if value}
        return Proposal(
            subject_kind="account", subject=ask.account_id, rung=decision.rung, rule=decision.rule,
            reason=decision.reason, evidence=evidence, policy=self.policy.version,
            approvals_needed=self.policy.approvals_needed(decision.rung), made_at=_time(now),
            expires_at=_time(now + self.policy.expires[decision.rung] * DAY), shadow=not self.enforces,
        )  # fmt: skip

    def recall(self, line: Line) -> None:
        """Take in a line of an earlier run that the state does not have yet."""
        memory = self.known.memory
        memory.learn(summed([line]), int(time.time()) // DAY)
        if line.made is not None:
            ends = seconds(line.made["expires_at"])
            self._made[line.account, line.rule, line.rung] = line.decision, ends

    def forget(self, account: str, rule: str, rung: str) -> None:
        """The state has taken a decision over that was made here."""
        self._made.pop((account, rule, rung), None)


def _looked(ask: Ask, key: int, table: Table) -> tuple[int, int, tuple[int, int] | None]:
    """Where the account stands, the campaign of which the request carries a task, and campaign and kind of one that it resembles.

    Most requests resemble nothing, and what carries a task resembles one: one look-up answers both.
    """
    place, frame = table.like_prompts.look(ask.prompt or "", key, table.keys)
    book, text = table.prompts, ask.prompt or ""
    task = book.look(text, key, table.keys)[1] if frame >= 0 else -1
    like = (int(book.owners[frame]), int(book.kinds[frame])) if frame >= 0 else None
    if task < 0 and ask.system and len(table.systems.owners):
        book, frame = table.systems, table.like_systems.look(ask.system, key, table.keys)[1]
        if frame >= 0:
            task = book.look(ask.system, key, table.keys)[1]
            like = like or (int(book.owners[frame]), int(book.kinds[frame]))
    return place, task, like


def _near(ask: Ask, table: Table, own: Sequence[CampaignStanding]) -> CampaignStanding | None:
    """The campaign that the account serves, if the request comes near one of its tasks."""
    for one in own:
        number = table.by_id[one.campaign_id]
        fields = ((table.prompts, ask.prompt), (table.systems, ask.system))
        if any(text and comes_near(book, text, number) for book, text in fields):
            return one
    return None


def _columns(made: Proposal, status: str) -> dict[str, Any]:
    columns: dict[str, Any] = msgspec.to_builtins(made)
    del columns["shadow"]
    return columns | {"decision_id": made.identity(), "status": status}


def _time(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
