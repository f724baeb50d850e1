"""A policy: a versioned TOML file that says what meets whom, and what has to happen first."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from revenuer.errors import ConfigError
from revenuer.schema import CAPABILITIES
from revenuer.toml_file import parse_toml, read_toml

__all__ = ["LADDER", "Policy", "Rule", "Rung", "When", "default_policy", "default_text", "load_policy", "policy_notes"]

Rung = Literal[
    "observe", "shape_rate", "verify", "withhold_reasoning", "summarise_reasoning", "suspend", "network_action"
]
LADDER: Final[tuple[Rung, ...]] = get_args(Rung)
# These alter what a customer is given, or close many accounts at once: never on one person's word.
TWO_PEOPLE: Final[tuple[Rung, ...]] = ("withhold_reasoning", "summarise_reasoning", "network_action")
ONE_PERSON: Final[tuple[Rung, ...]] = ("suspend",)
SCHEMA: Final = 1
LONGEST_DAYS: Final = 366
# After one task instead of two an honest account was met in a development world; see `SERVES_AFTER` of `decide`.
RESEMBLING: Final = (0, *range(2, 10))
DEFAULT_FILE: Final = "default_policy.toml"

Share = float
Standing = Literal["open", "confirmed", "dismissed"]


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions of a rule; those that are left out hold.

    Attributes:
        flagged: whether the account is flagged.
        confidence: least confidence of the campaign, of the account or of the task that the request carries.
        share: least estimated share of the account's exchanges that serve extraction.
        share_low: least lower bound of that share.
        task: whether the request carries a task of the campaign.
        task_hits: least number of earlier requests of the account, since the campaign was found, that carried one.
        capabilities: the campaign serves one of these by a tenth or more.
        standing: what people hold of the campaign.
        worded: whether tasks of the campaign are known, by which its requests can be told from an account's others.
    """

    flagged: bool | None = None
    confidence: Share | None = None
    share: Share | None = None
    share_low: Share | None = None
    task: bool | None = None
    task_hits: int | None = None
    capabilities: tuple[str, ...] | None = None
    standing: tuple[Standing, ...] | None = None
    worded: bool | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What meets whom, and how it is explained to them.

    Attributes:
        name: of the rule, for calibration and the log.
        reason: code that the one who is met is given.
        rung: of the ladder.
        scope: `account`: all requests; `request`: those that carry a task of a campaign.
        explanation: a sentence for the one who is met.
        when: conditions.
    """

    name: str
    reason: str
    rung: Rung
    explanation: str
    when: When
    scope: Literal["account", "request"] = "account"


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of a UTC day's exchanges that may meet more than observe."""

    above_observe: Share = 0.05


class Holdout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Share of accounts that is spared these rungs, to measure what the rungs cost."""

    share: Share = 0.0
    rungs: tuple[Rung, ...] = ()


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exchanges of an account each UTC day that pass under `shape_rate`, and what marks an account as a campaign's own.

    Whoever has sent something like `resembling_tasks` different tasks of a campaign serves it; 0: nobody does for that.
    """

    shape_rate_per_day: int = 20
    resembling_tasks: int = 0


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy as its file has it; see `docs/response.md`.

    `on_failure` says whether requests pass while nothing is known of anybody, or nothing can be written down.
    """

    schema: int
    version: str
    mode: Literal["shadow", "enforce"]
    rule: tuple[Rule, ...]
    expires: dict[Rung, int]
    approvals: dict[Rung, int] = {}
    budget: Budget = Budget()
    holdout: Holdout = Holdout()
    limits: Limits = Limits()
    on_failure: Literal["open", "closed"] = "open"

    def approvals_needed(self, rung: Rung) -> int:
        """How many people have to agree before a decision of this rung takes effect."""
        return self.approvals.get(rung, 0)


def load_policy(path: Path) -> Policy:
    """Read a policy.

    Raises:
        InputError: the file cannot be read, is no TOML, or holds what no policy holds; names the place.
        ConfigError: it holds what a policy must not say; see `_check`.
    """
    return _checked(read_toml(path, Policy, what="policy"), str(path))


def default_policy() -> Policy:
    """The policy that is shipped."""
    return _checked(parse_toml(default_text().encode(), Policy, name=DEFAULT_FILE, what="policy"), DEFAULT_FILE)


def default_text() -> str:
    """The file of the policy that is shipped."""
    return resources.files("revenuer.response").joinpath(DEFAULT_FILE).read_text(encoding="utf-8")


def _checked(policy: Policy, name: str) -> Policy:
    for fault in _faults(policy):
        raise ConfigError(f"{name}: {fault}")
    return policy


def _faults(policy: Policy) -> list[str]:
    """What a policy must not say."""
    faults = [] if policy.schema == SCHEMA else [f"schema {policy.schema}: this version reads schema {SCHEMA}"]
    faults += [] if policy.version.strip() else ["version: a policy without one cannot be named in a decision"]
    names = [rule.name for rule in policy.rule]
    faults += [f"rule {name}: there are two of this name" for name in sorted({n for n in names if names.count(n) > 1})]
    for rung in TWO_PEOPLE + ONE_PERSON:
        least = 2 if rung in TWO_PEOPLE else 1
        if policy.approvals_needed(rung) < least and any(rule.rung == rung for rule in policy.rule):
            faults.append(f"approvals.{rung}: {least} at least, since it cannot be undone by the one whom it meets")
    for share, place in (
        (policy.budget.above_observe, "budget.above_observe"),
        (policy.holdout.share, "holdout.share"),
    ):
        faults += [] if 0.0 <= share <= 1.0 else [f"{place}: {share} is no share"]
    faults += [] if policy.limits.shape_rate_per_day >= 0 else ["limits.shape_rate_per_day: must not be negative"]
    if policy.limits.resembling_tasks not in RESEMBLING:
        faults.append("limits.resembling_tasks: 0, or 2 to 9, since a single one is sent by chance")
    return faults + [fault for rule in policy.rule for fault in _rule_faults(policy, rule)]


def _rule_faults(policy: Policy, rule: Rule) -> list[str]:
    when, place = rule.when, f"rule {rule.name}"
    faults = [] if rule.reason.strip() and rule.explanation.strip() else [f"{place}: needs a reason and an explanation"]
    if rule.rung != "observe":
        if not 0 < policy.expires.get(rule.rung, 0) <= LONGEST_DAYS:
            faults.append(f"expires.{rule.rung}: 1 to {LONGEST_DAYS} days, since every decision ends")
        if when.confidence is None and when.standing is None:
            faults.append(f"{place}: needs a least confidence of the campaign, or what people hold of it")
    shares = {"confidence": when.confidence, "share": when.share, "share_low": when.share_low}
    faults += [f"{place}: {name} {s} is no share" for name, s in shares.items() if s is not None and not 0 <= s <= 1]
    if rule.rung in {"suspend", "network_action"} and (rule.scope != "account" or when.flagged is not True):
        faults.append(f"{place}: {rule.rung} takes flagged accounts only, and the whole of them")
    return faults + [f"{place}: no capability is called {w}" for w in when.capabilities or () if w not in CAPABILITIES]


def policy_notes(policy: Policy) -> list[str]:
    """What is allowed and yet worth a second look."""
    notes = ["mode is shadow: decisions are written down and nothing happens"] if policy.mode == "shadow" else []
    if not policy.holdout.share:
        notes.append("holdout.share is 0: what the rungs cost honest customers will not be measured")
    notes += [
        f"rule {rule.name}: {rule.rung} below a confidence of 0.9"
        for rule in policy.rule
        if LADDER.index(rule.rung) > LADDER.index("verify") and (rule.when.confidence or 1.0) < 0.9
    ]
    return notes
