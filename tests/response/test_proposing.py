"""From a scan to decisions in a state, and from appeals back to the rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from revenuer.findings import Campaign
from revenuer.response import Policy, default_policy
from revenuer.response.calibration import rule_errors
from revenuer.response.policy import Holdout
from revenuer.response.proposing import propose_all
from revenuer.state import (
    AccountFound,
    State,
    appeal,
    approve,
    judge_campaign,
    listed,
    open_state,
    record_scan,
    resolve,
    tables,
)

NOON, LATER = "2026-03-01T12:00:00Z", "2026-03-05T12:00:00Z"
POLICY: Policy = msgspec.structs.replace(default_policy(), mode="enforce", holdout=Holdout())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """One campaign: a harvester, a member of whom less is certain, a reseller; and somebody who is not flagged."""
    opened = open_state(str(tmp_path / "state.db"))
    shares = {"harvester": (0.9, 0.7), "member": (0.6, 0.1), "reseller": (0.2, 0.05)}
    accounts = [AccountFound(name, "C-1", 0.9, True, share, low) for name, (share, low) in shares.items()]
    accounts.append(AccountFound("honest", None, 0.0, False, 0.0, None))
    campaign = Campaign(
        "C-1", 0.999, 3, 30, NOON, NOON, {"coding": 1.0}, {}, tuple(shares), ("Grade this: {…}",), (), ()
    )
    record_scan(opened, [campaign], accounts, at=NOON)
    yield opened
    opened.close()


def decided(state: State, status: str) -> dict[str, str]:
    """Subjects of the decisions of a status, with their rungs."""
    with state.read() as connection:
        rows = listed(connection, tables.decisions, ["decision_id"])
    return {row["subject"]: row["rung"] for row in rows if row["status"] == status}


def test_each_account_gets_the_decision_of_its_standing(state: State):
    """Suspension waits for a person, what needs none is active, whoever is not flagged has none; asked again, nothing new."""
    assert len(propose_all(state, POLICY, at=NOON)) == 4
    assert decided(state, "proposed") == {"harvester": "suspend"}
    assert decided(state, "active") == {"member": "verify", "reseller": "shape_rate", "C-1": "verify"}
    assert propose_all(state, POLICY, at=LATER) == []


def test_a_network_is_one_decision_of_two_people(state: State):
    """Once a person has confirmed the campaign; it names the accounts that it would close."""
    judge_campaign(state, "C-1", verdict="confirmed", person="a", at=NOON)
    propose_all(state, POLICY, at=NOON)
    with state.read() as connection:
        rows = [row for row in listed(connection, tables.decisions, ["decision_id"]) if row["rung"] == "network_action"]
    assert [row["subject"] for row in rows] == ["C-1"]
    assert rows[0]["approvals_needed"] == 2
    assert '"harvester member"' in rows[0]["evidence"]


def test_a_dismissed_campaign_meets_nobody(state: State):
    """Whatever the scan holds of it."""
    judge_campaign(state, "C-1", verdict="dismissed", person="a", at=NOON)
    assert propose_all(state, POLICY, at=NOON) == []


def test_in_shadow_decisions_are_written_down_only(state: State):
    """None waits, none is active."""
    propose_all(state, default_policy(), at=NOON)
    assert decided(state, "proposed") == decided(state, "active") == {}
    assert len(decided(state, "shadow")) == 4


def test_an_upheld_appeal_holds_against_the_next_version(state: State):
    """The rule that was wrong about an account does not meet it again under another name of the policy; others may."""
    propose_all(state, POLICY, at=NOON)
    with state.read() as connection:
        name = next(
            row["decision_id"]
            for row in listed(connection, tables.decisions, ["decision_id"])
            if row["subject"] == "harvester"
        )
    approve(state, name, person="a", at=NOON)
    with state.read() as connection:
        (before,) = [one for one in rule_errors(connection) if one.rule == "harvester"]
    assert (before.decisions, before.upheld, before.low) == (1, 0, 0.0)
    resolve(state, appeal(state, name, statement="no", at=NOON, actor="x"), outcome="upheld", person="b", at=NOON)
    propose_all(state, msgspec.structs.replace(POLICY, version="next"), at=LATER)
    assert decided(state, "proposed") == {}
    assert decided(state, "active")["harvester"] == "verify"
    with state.read() as connection:
        worst = rule_errors(connection)[0]
    assert (worst.rule, worst.decisions, worst.upheld, worst.open) == ("harvester", 1, 1, 0)
    assert worst.low < 0.05
    assert worst.high == 1.0
