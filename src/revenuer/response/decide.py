"""What a policy says of a request: a pure function of standing, policy and facts.

Neither country, nationality, name, script nor language is among what it is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from revenuer.response.policy import LADDER, Policy, Rule, Rung

__all__ = [
    "ALLOWING",
    "AccountStanding",
    "CampaignStanding",
    "Decision",
    "Facts",
    "decide",
    "held_out",
    "rules_met",
    "served",
]

# A campaign serves a capability if this share of its extraction exchanges does.
SERVES: Final = 0.1
# An account has sent so many tasks of a campaign word for word before what only comes near one counts too. After a single one
# an honest account was met: its own template resembled one task, and an everyday phrase was another.
SERVES_AFTER: Final = 2
# Kinds of consent that allow harvesting. A reseller or gateway is known, which explains its shape, not its content.
ALLOWING: Final = ("licensed_distillation", "evaluation", "safety_research")


@dataclass(frozen=True, slots=True)
class CampaignStanding:
    """A campaign, as it stands.

    Attributes:
        campaign_id: that stays from scan to scan.
        confidence: 0 to 1.
        standing: `open`, `confirmed` or `dismissed`, which people say.
        capabilities: those that it serves, with their shares.
        worded: tasks of it are known, by which a request can be told.
    """

    campaign_id: str
    confidence: float
    standing: str
    capabilities: tuple[tuple[str, float], ...]
    worded: bool = True


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account, as the last scan found it; `campaign` is the one that it is flagged in."""

    account_id: str
    flagged: bool = False
    share: float = 0.0
    share_low: float = 0.0
    campaign: CampaignStanding | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one request.

    Attributes:
        task_of: the campaign of which it carries a task; of the campaigns that the account serves (`served`) it is enough that
            it comes near one.
        hits_of: the campaign of which earlier requests of the account, since it was found, carried tasks; `task_hits`: how many.
        consented: kinds of the consents that cover it.
        spent: whether the day's budget is used up.
        exempt: names of rules whose decisions on the account were reversed on appeal.
    """

    task_of: CampaignStanding | None = None
    hits_of: CampaignStanding | None = None
    task_hits: int = 0
    consented: tuple[str, ...] = ()
    spent: bool = False
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What meets the request.

    Attributes:
        rung: what the policy says, or `observe`.
        reason: code; `NONE` where no rule holds, `CONSENT`, `BUDGET` or `HOLDOUT` where one holds and gives way.
        rule: name of the rule, "" for none.
        would_be: rung that the rules say, whatever gave way.
        evidence: the observed facts that the rule rests on.
        effective: whether it happens: not in shadow.
        appeal: how the one who is met can object; "" where nothing meets them.
    """

    rung: Rung
    reason: str
    rule: str = ""
    would_be: Rung = "observe"
    evidence: tuple[tuple[str, float | int | str | bool], ...] = ()
    effective: bool = False
    appeal: str = ""


NOTHING: Final = Decision("observe", "NONE")
_APPEAL: Final = "quote the reason and the decision to the provider, who has to answer: revenuer cases appeal"


def decide(standing: AccountStanding, policy: Policy, facts: Facts, *, key: str = "") -> Decision:
    """What the policy says of a request: of the rules that hold, the one of the highest rung; the first of equals.

    Args:
        standing: of the account.
        policy: from `load_policy`.
        facts: of the request.
        key: secret of the hold-out, so that nobody can choose to be in it.
    """
    met = rules_met(standing, policy, facts)
    if not met:
        return NOTHING
    rule = max(met, key=lambda one: LADDER.index(one.rung))
    gives_way = _gives_way(standing, policy, facts, rule, key)
    evidence = _evidence(standing, facts)
    if gives_way:
        return Decision("observe", gives_way, rule.name, rule.rung, evidence)
    bites = policy.mode == "enforce" and rule.rung != "observe"
    return Decision(rule.rung, rule.reason, rule.name, rule.rung, evidence, bites, _APPEAL if bites else "")


def rules_met(standing: AccountStanding, policy: Policy, facts: Facts) -> list[Rule]:
    """The rules that hold, in the order of the policy."""
    return [rule for rule in policy.rule if rule.name not in facts.exempt and _holds(rule, standing, facts)]


def served(standing: AccountStanding, hits_of: CampaignStanding | None, task_hits: int) -> tuple[CampaignStanding, ...]:
    """The campaigns that an account serves by what is known: the one it is flagged in, and the one whose tasks it sent.

    Args:
        standing: of the account.
        hits_of: the campaign of which it sent tasks; see `Facts`.
        task_hits: how many.
    """
    sent = hits_of if task_hits >= SERVES_AFTER else None
    return tuple(one for one in (standing.campaign, sent) if one is not None)


def held_out(account_id: str, policy: Policy, key: str) -> bool:
    """Whether the account is in the hold-out: the same for as long as key and share are."""
    digest = hashlib.blake2b(
        account_id.encode(), key=key.encode()[:64], digest_size=8, person=b"revenuer-holdou"
    ).digest()
    return int.from_bytes(digest, "big") < policy.holdout.share * 2.0**64


def _gives_way(standing: AccountStanding, policy: Policy, facts: Facts, rule: Rule, key: str) -> str:
    if any(kind in ALLOWING for kind in facts.consented):
        return "CONSENT"
    if rule.rung in policy.holdout.rungs and held_out(standing.account_id, policy, key):
        return "HOLDOUT"
    return "BUDGET" if facts.spent and rule.rung != "observe" else ""


def _holds(rule: Rule, standing: AccountStanding, facts: Facts) -> bool:
    """Whether all conditions hold; those on a campaign hold of the one by which the rule is met."""
    when = rule.when
    if rule.scope == "request" and facts.task_of is None:
        return False
    if when.flagged is not None and when.flagged != standing.flagged:
        return False
    if when.task is not None and when.task != (facts.task_of is not None):
        return False
    least = ((when.share, standing.share), (when.share_low, standing.share_low), (when.task_hits, facts.task_hits))
    if any(wanted is not None and value < wanted for wanted, value in least):
        return False
    return any(one is not None and _campaign_holds(rule, one) for one in _campaigns(rule, standing, facts))


def _campaigns(rule: Rule, standing: AccountStanding, facts: Facts) -> tuple[CampaignStanding | None, ...]:
    """A rule on flagged accounts speaks of theirs, one on requests of the task's; one on neither of any."""
    if rule.when.flagged:
        return (standing.campaign,)
    if rule.scope == "request" or rule.when.task:
        return (facts.task_of,)
    return (facts.hits_of,) if rule.when.task_hits else (standing.campaign, facts.task_of)


def _campaign_holds(rule: Rule, campaign: CampaignStanding) -> bool:
    when = rule.when
    if campaign.standing not in (when.standing or ("open", "confirmed")):
        return False
    if when.confidence is not None and campaign.confidence < when.confidence:
        return False
    if when.worded is not None and campaign.worded != when.worded:
        return False
    return when.capabilities is None or _serves(campaign, when.capabilities)


def _serves(campaign: CampaignStanding, wanted: Collection[str]) -> bool:
    return any(name in wanted and share >= SERVES for name, share in campaign.capabilities)


def _evidence(standing: AccountStanding, facts: Facts) -> tuple[tuple[str, float | int | str | bool], ...]:
    campaign = facts.task_of or standing.campaign or facts.hits_of
    told: list[tuple[str, float | int | str | bool]] = [("flagged", standing.flagged), ("share", standing.share)]
    told += [("share_low", standing.share_low), ("task", facts.task_of is not None), ("task_hits", facts.task_hits)]
    return (*told, ("campaign", campaign.campaign_id), ("confidence", campaign.confidence)) if campaign else tuple(told)
