"""What appeals say of the rules: an appeal that was upheld is a false positive."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from revenuer.control import clopper_pearson
from revenuer.state import tables

__all__ = ["RuleErrors", "rule_errors"]


@dataclass(frozen=True, slots=True)
class RuleErrors:
    """One rule of one policy.

    Attributes:
        rule, policy: its name, and the version of the policy.
        decisions: that took effect, those reversed since among them.
        upheld, denied, open: appeals by outcome, one a decision; who was wrongly met and did not object is not counted.
        share, low, high: share of decisions that were reversed, with its exact interval at 95 %.
    """

    rule: str
    policy: str
    decisions: int
    upheld: int
    denied: int
    open: int
    share: float
    low: float
    high: float


def rule_errors(connection: sa.Connection) -> list[RuleErrors]:
    """Every rule with decisions that took effect or were appealed against; the most often wrong first."""
    decisions, appeals = tables.decisions, tables.appeals
    joined = sa.outerjoin(decisions, appeals, decisions.c.decision_id == appeals.c.decision_id)
    columns = (decisions.c.rule, decisions.c.policy, decisions.c.decision_id, decisions.c.status, appeals.c.outcome)
    outcomes: dict[tuple[str, str], dict[str, set[str]]] = {}
    for rule, policy, name, status, outcome in connection.execute(sa.select(*columns).select_from(joined)):
        told = outcomes.setdefault((rule, policy), {"made": set(), "upheld": set(), "denied": set(), "open": set()})
        if status in {"active", "reversed"}:
            told["made"].add(name)
        if outcome is not None:
            told[outcome].add(name)
    made = [_errors(rule, policy, told) for (rule, policy), told in outcomes.items() if any(told.values())]
    return sorted(made, key=lambda one: (-one.share, one.rule, one.policy))


def _errors(rule: str, policy: str, told: dict[str, set[str]]) -> RuleErrors:
    wrong, total = len(told["upheld"]), len(told["made"] | told["upheld"])
    low, high = clopper_pearson(wrong, total)
    share = wrong / total if total else 0.0
    return RuleErrors(rule, policy, total, wrong, len(told["denied"]), len(told["open"]), share, low, high)
