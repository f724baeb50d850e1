"""What a policy says of the accounts and campaigns in a state, written down as decisions for people to agree to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from revenuer.response.decide import AccountStanding, CampaignStanding, Decision, Facts, decide, rules_met
from revenuer.response.policy import Policy, Rule
from revenuer.state import Proposal, State, propose, tables

__all__ = ["propose_all"]


def propose_all(state: State, policy: Policy, *, at: str, actor: str = "revenuer", key: str = "") -> list[str]:
    """Decide on every flagged account, and on every campaign that a network action or a rule on requests meets.

    Decisions that stand are not made again.

    Args:
        state: open.
        policy: in mode `shadow` its decisions never take effect.
        at: now, RFC 3339.
        actor: for the audit log.
        key: secret of the hold-out.

    Returns:
        Ids of the new decisions.
    """
    with state.read() as connection:
        campaigns = _campaigns(connection)
        accounts = _accounts(connection, campaigns)
        exempt = _exempt(connection, at)
    found = [*_for_accounts(accounts, policy, exempt, at, key), *_for_campaigns(campaigns, accounts, policy, at)]
    return propose(state, found, actor=actor)


def _for_accounts(
    accounts: list[AccountStanding], policy: Policy, exempt: dict[str, tuple[str, ...]], at: str, key: str
) -> Iterator[Proposal]:
    for one in accounts:
        decision = decide(one, policy, Facts(exempt=exempt.get(one.account_id, ())), key=key)
        if decision.rung not in {"observe", "network_action"}:
            yield _proposal("account", one.account_id, decision, policy, at)


def _for_campaigns(
    campaigns: dict[str, CampaignStanding], accounts: list[AccountStanding], policy: Policy, at: str
) -> Iterator[Proposal]:
    """A network is one decision, not one an account: people see whom it meets before they agree."""
    for name, campaign in sorted(campaigns.items()):
        members = [one for one in accounts if one.campaign is not None and one.campaign.campaign_id == name]
        for rule in policy.rule:
            if rule.rung == "network_action":
                met = [one.account_id for one in members if rule in rules_met(one, policy, Facts())]
            elif rule.scope == "request":
                met = [""] if rule in rules_met(AccountStanding(""), policy, Facts(task_of=campaign)) else []
            else:
                met = []
            if met:
                yield _proposal("campaign", name, _of_campaign(rule, campaign, met), policy, at)


def _of_campaign(rule: Rule, campaign: CampaignStanding, met: list[str]) -> Decision:
    evidence = (
        ("confidence", campaign.confidence),
        ("standing", campaign.standing),
        ("accounts", " ".join(sorted(met))),
    )
    return Decision(rule.rung, rule.reason, rule.name, rule.rung, evidence)


def _proposal(kind: str, subject: str, decision: Decision, policy: Policy, at: str) -> Proposal:
    ends = datetime.fromisoformat(at) + timedelta(days=policy.expires[decision.rung])
    return Proposal(
        subject_kind=kind,
        subject=subject,
        rung=decision.rung,
        rule=decision.rule,
        reason=decision.reason,
        evidence=dict(decision.evidence),
        policy=policy.version,
        approvals_needed=policy.approvals_needed(decision.rung),
        made_at=at,
        expires_at=ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        shadow=policy.mode == "shadow",
    )


def _campaigns(connection: sa.Connection) -> dict[str, CampaignStanding]:
    merged = sa.select(tables.aliases.c.alias).where(tables.aliases.c.why == "merged")
    chosen = sa.select(tables.campaigns).where(tables.campaigns.c.campaign_id.not_in(merged))
    return {row.campaign_id: _campaign(row) for row in connection.execute(chosen)}


def _campaign(row: Any) -> CampaignStanding:
    document = json.loads(row.document)
    serves, worded = tuple(sorted(document["capabilities"].items())), bool(document["frames"])
    return CampaignStanding(row.campaign_id, row.confidence, row.standing, serves, worded)


def _accounts(connection: sa.Connection, campaigns: dict[str, CampaignStanding]) -> list[AccountStanding]:
    table = tables.accounts
    rows = connection.execute(sa.select(table).where(table.c.flagged).order_by(table.c.account_id))
    return [
        AccountStanding(
            row.account_id, True, row.extraction_share, row.share_low or 0.0, campaigns.get(row.campaign_id)
        )
        for row in rows
    ]


def _exempt(connection: sa.Connection, at: str) -> dict[str, tuple[str, ...]]:
    """Rules whose decisions were reversed, by account, until these would have expired, whatever the policy's version."""
    table = tables.decisions
    chosen = sa.select(table.c.subject, table.c.rule).where(table.c.status == "reversed", table.c.expires_at > at)
    found: dict[str, tuple[str, ...]] = {}
    for subject, rule in connection.execute(chosen):
        found[subject] = (*found.get(subject, ()), rule)
    return found
