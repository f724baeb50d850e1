"""What people agree to after each scan, and from when until when it binds: a replay's picture of the cases in a state."""

from __future__ import annotations

from typing import Final, NamedTuple

from revenuer.response.decide import ALLOWING, AccountStanding, Decision, Facts, rules_met
from revenuer.response.policy import LADDER, Policy, Rule
from revenuer.response.taught import Taught

__all__ = ["Agreed"]

_DAY: Final = 86_400 * 1_000_000


class _Ruling(NamedTuple):
    """A decision, in force between two moments."""

    decision: Decision
    begins: int
    ends: int


class Agreed:
    """Decisions that a scan leads to and that need people, who all agree.

    Args:
        policy: its rules with approvals are meant.
        takes: microseconds from a scan until they have agreed.
    """

    def __init__(self, policy: Policy, takes: int = 0) -> None:
        self._policy, self._takes = policy, takes
        self._gated = [rule for rule in policy.rule if policy.approvals_needed(rule.rung)]
        self._accounts: dict[str, dict[str, _Ruling]] = {}
        self._campaigns: dict[tuple[str, str], int] = {}

    def learn(self, scan: Taught) -> None:
        """Propose and agree to what a scan leads to; what stands is agreed to again and ends later."""
        at = scan.at + self._takes
        for account, standing in scan.known.items():
            for rule in rules_met(standing, self._policy, Facts()):
                if rule in self._gated:
                    self._rule(account, standing, rule, at)
        for rule in self._gated:
            for one in scan.campaigns if rule.scope == "request" else ():
                if rule in rules_met(AccountStanding(""), self._policy, Facts(task_of=one)):
                    self._campaigns.setdefault((one.campaign_id, rule.name), at)

    def waiting(self, account: str, task: str, ts: int) -> tuple[str, ...]:
        """Names of the rules that do not hold yet for a request, because people have not agreed."""
        there = self._accounts.get(account, {})
        begun = {name: one.begins for name, one in there.items()}
        begun |= {rule.name: self._campaigns.get((task, rule.name), ts + 1) for rule in self._of_requests()}
        return tuple(rule.name for rule in self._gated if begun.get(rule.name, ts + 1) > ts)

    def binding(self, account: str, ts: int, facts: Facts, decision: Decision) -> Decision:
        """The decision in force that goes beyond what the policy says now, or that; as the service has it."""
        if facts.spent or any(kind in ALLOWING for kind in facts.consented):
            return decision
        rulings = [one for name, one in self._accounts.get(account, {}).items() if name not in facts.exempt]
        there = [one.decision for one in rulings if one.begins <= ts < one.ends]
        return max([decision, *there], key=lambda one: LADDER.index(one.rung))

    def _of_requests(self) -> list[Rule]:
        return [rule for rule in self._gated if rule.scope == "request"]

    def _rule(self, account: str, standing: AccountStanding, rule: Rule, at: int) -> None:
        evidence = (("share", standing.share), ("share_low", standing.share_low))
        decision = Decision(rule.rung, rule.reason, rule.name, rule.rung, evidence, effective=True)
        there = self._accounts.setdefault(account, {})
        begins = there[rule.name].begins if rule.name in there else at
        there[rule.name] = _Ruling(decision, begins, at + self._policy.expires[rule.rung] * _DAY)
