"""Campaigns, accounts and decisions: looked at, judged, proposed, agreed to."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from revenuer.errors import InputError
from revenuer.response.calibration import RuleErrors, rule_errors
from revenuer.response.proposing import propose_all
from revenuer.service.admin.endpoint import Answer, Call, Endpoint, changing
from revenuer.service.admin.pages import Name, Paged, Text, converted, page
from revenuer.service.answers import Refused
from revenuer.state import approve, judge_campaign, shown, tables

__all__ = ["ENDPOINTS", "appeal_token", "decision_shown"]

Standing = Literal["open", "confirmed", "dismissed"]
Status = Literal["shadow", "proposed", "active", "reversed"]


class Campaign(msgspec.Struct, frozen=True):
    """A campaign in a list."""

    campaign_id: str
    standing: Standing
    confidence: float
    first_seen: str
    last_seen: str
    scan_id: str


class Campaigns(msgspec.Struct, frozen=True):
    """A page of campaigns; `next` is the cursor of the page behind it."""

    campaigns: list[Campaign]
    next: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """A decision: what meets whom by which rule, the observed facts it rests on, and until when."""

    decision_id: str
    subject_kind: str
    subject: str
    rung: str
    rule: str
    reason: str
    evidence: dict[str, Any]
    policy: str
    status: Status
    approvals_needed: int
    made_at: str
    expires_at: str


class Decisions(msgspec.Struct, frozen=True):
    """A page of decisions; `next` is the cursor of the page behind it."""

    decisions: list[Decision]
    next: str | None = None


class Approval(msgspec.Struct, frozen=True):
    """A person's agreement."""

    decision_id: str
    person: str
    at: str
    note: str


class Appeal(msgspec.Struct, frozen=True):
    """An objection to a decision, and what came of it."""

    appeal_id: str
    decision_id: str
    statement: str
    made_at: str
    outcome: Literal["open", "upheld", "denied"]
    person: str | None = None
    closed_at: str | None = None


class DecisionWhole(Decision, frozen=True, kw_only=True):
    """A decision with who agreed and who objected."""

    approvals: list[Approval]
    appeals: list[Appeal]


class CampaignWhole(Campaign, frozen=True, kw_only=True):
    """A campaign with all that the last scan found of it (`campaigns.json`), and the decisions on it."""

    document: dict[str, Any]
    decisions: list[Decision]


class Account(msgspec.Struct, frozen=True):
    """The standing of an account that is or was flagged, and the decisions on it."""

    account_id: str
    campaign_id: str | None
    risk: float
    flagged: bool
    extraction_share: float
    share_low: float | None
    scan_id: str
    decisions: list[Decision]


class CampaignQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which campaigns: those of a standing."""

    standing: Standing | None = None


class DecisionQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which decisions: those of a status, those on a subject."""

    status: Status | None = None
    subject: Name | None = None


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a campaign is, in the eyes of a person."""

    verdict: Standing


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why one agrees."""

    note: Text | None = None


class Proposed(msgspec.Struct, frozen=True):
    """Ids of the decisions that were made; those that stood already are not among them."""

    decisions: list[str]


class Approved(msgspec.Struct, frozen=True):
    """A decision, and its status after the agreement."""

    decision_id: str
    status: Status


class Notice(msgspec.Struct, frozen=True):
    """What the one who is met is told, and the token with which they may object; None: no tokens are given out here."""

    decision_id: str
    reason: str
    explanation: str
    expires_at: str
    appeal_token: str | None


class Calibration(msgspec.Struct, frozen=True):
    """How often each rule was wrong, as far as appeals show."""

    rules: list[RuleErrors]


def campaigns(call: Call) -> Answer:
    """A page of them."""
    query: CampaignQuery = call.query
    where = [] if query.standing is None else [tables.campaigns.c.standing == query.standing]
    with call.desk.state.read() as connection:
        rows, behind = page(connection, tables.campaigns, ["campaign_id"], query, *where)
    return Answer(Campaigns([converted(row, Campaign) for row in rows], behind))


def campaign(call: Call) -> Answer:
    """One of them."""
    with call.desk.state.read() as connection:
        return Answer(_campaign(connection, call.path["campaign_id"]))


def judge(call: Call) -> Answer:
    """What a person holds of one."""
    name, wanted = call.path["campaign_id"], call.body
    with changing(call, lambda connection: _campaign(connection, name)) as state:
        judge_campaign(state, name, verdict=wanted.verdict, person=call.caller.name, at=call.at)
        with state.write() as connection:
            return Answer(_campaign(connection, name))


def account(call: Call) -> Answer:
    """An account that is or was flagged."""
    with call.desk.state.read() as connection:
        row = _shown(connection, "account", call.path["account_id"])
    return Answer(converted(row | {"decisions": [_decision(one) for one in row["decisions"]]}, Account))


def decisions(call: Call) -> Answer:
    """A page of them."""
    query: DecisionQuery = call.query
    asked = {"status": query.status, "subject": query.subject}
    where = [tables.decisions.c[name] == value for name, value in asked.items() if value is not None]
    with call.desk.state.read() as connection:
        rows, behind = page(connection, tables.decisions, ["made_at", "decision_id"], query, *where)
    return Answer(Decisions([_decision(row) for row in rows], behind))


def decision(call: Call) -> Answer:
    """One of them."""
    with call.desk.state.read() as connection:
        return Answer(decision_shown(connection, call.path["decision_id"]))


def proposals(call: Call) -> Answer:
    """What the policy in force says of all that the state holds."""
    desk = call.desk
    made = propose_all(desk.state, desk.policy, at=call.at, actor=call.caller.name, key=desk.holdout_key)
    return Answer(Proposed(made))


def approval(call: Call) -> Answer:
    """A person's agreement."""
    name, wanted = call.path["decision_id"], call.body
    with changing(call, lambda connection: decision_shown(connection, name)) as state:
        status = approve(state, name, person=call.caller.name, at=call.at, note=wanted.note or "")
    return Answer(Approved(name, status))  # type: ignore[arg-type]  # the state's word is one of ours


def notice(call: Call) -> Answer:
    """What the one who is met is told."""
    with call.desk.state.read() as connection:
        found = decision_shown(connection, call.path["decision_id"])
    told = {rule.name: rule.explanation for rule in call.desk.policy.rule}
    token = None if call.desk.appeal_key is None else appeal_token(call.desk.appeal_key, found.decision_id)
    why = told.get(found.rule, "a decision was made by a policy that is no longer in force")
    return Answer(Notice(found.decision_id, found.reason, why, found.expires_at, token))


def calibration(call: Call) -> Answer:
    """What appeals say of the rules."""
    with call.desk.state.read() as connection:
        return Answer(Calibration(rule_errors(connection)))


def appeal_token(key: bytes, decision_id: str) -> str:
    """The token with which whoever is met by a decision may object: nobody can make it without the key."""
    return "rva_" + hmac.new(key, f"appeal {decision_id}".encode(), sha256).hexdigest()


def decision_shown(connection: sa.Connection, name: str) -> DecisionWhole:
    """A decision with its approvals and appeals.

    Raises:
        Refused: 404 there is none.
    """
    row = _shown(connection, "decision", name)
    return converted(row, DecisionWhole)


def _campaign(connection: sa.Connection, name: str) -> CampaignWhole:
    row = _shown(connection, "campaign", name)
    return converted(row | {"decisions": [_decision(one) for one in row["decisions"]]}, CampaignWhole)


def _shown(connection: sa.Connection, kind: str, name: str) -> dict[str, Any]:
    try:
        row = shown(connection, name)
    except InputError as error:
        raise Refused(404, f"no {kind} is called so") from error
    if row["kind"] != kind:
        raise Refused(404, f"no {kind} is called so")
    return row


def _decision(row: dict[str, Any]) -> Decision:
    return converted(row | {"evidence": json.loads(row["evidence"])}, Decision)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1/campaigns", name="list_campaigns", summary="List campaigns.", handle=campaigns,
        scope="read", query=CampaignQuery, answer=Campaigns,
    ),
    Endpoint(
        method="GET", path="/v1/campaigns/{campaign_id}", name="show_campaign", summary="Show a campaign.",
        handle=campaign, scope="read", answer=CampaignWhole, fails=(404,),
    ),
    Endpoint(
        method="POST", path="/v1/campaigns/{campaign_id}/judgement", name="judge_campaign",
        summary="Say what a campaign is; later scans leave it.", handle=judge, scope="act", person=True,
        body=Judgement, answer=CampaignWhole, match="must", fails=(404,),
    ),
    Endpoint(
        method="GET", path="/v1/accounts/{account_id}", name="show_account",
        summary="Show an account that is or was flagged.", handle=account, scope="read", answer=Account, fails=(404,),
    ),
    Endpoint(
        method="GET", path="/v1/decisions", name="list_decisions", summary="List decisions, the oldest first.",
        handle=decisions, scope="read", query=DecisionQuery, answer=Decisions,
    ),
    Endpoint(
        method="GET", path="/v1/decisions/{decision_id}", name="show_decision",
        summary="Show a decision with its approvals and appeals.", handle=decision, scope="read",
        answer=DecisionWhole, fails=(404,),
    ),
    Endpoint(
        method="POST", path="/v1/proposals", name="propose_decisions",
        summary="Write down what the policy in force says of every flagged account.", handle=proposals, scope="act",
        answer=Proposed,
    ),
    Endpoint(
        method="POST", path="/v1/decisions/{decision_id}/approvals", name="approve_decision",
        summary="Agree to a decision; it takes effect with the last agreement that it needs.", handle=approval,
        scope="approve", person=True, body=Note, answer=Approved, match="may", fails=(404, 409),
    ),
    Endpoint(
        method="GET", path="/v1/decisions/{decision_id}/notice", name="show_notice",
        summary="Show what the one who is met is told, with the token for an appeal.", handle=notice, scope="act",
        answer=Notice, fails=(404,),
    ),
    Endpoint(
        method="GET", path="/v1/calibration", name="show_calibration",
        summary="Say of each rule how often an appeal against it was upheld.", handle=calibration, scope="read",
        answer=Calibration,
    ),
)  # fmt: skip
