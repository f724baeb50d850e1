"""Decisions go from hand to hand, and the log tells of every step."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from state_samples import LATER, NOON, campaign, found, people

from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.state import (
    Consent,
    Proposal,
    State,
    appeal,
    append,
    approve,
    consents_at,
    entries,
    grant,
    in_force,
    judge_campaign,
    open_state,
    propose,
    record_scan,
    resolve,
    revoke,
    shown,
    utc,
    verify_chain,
)

END = "2026-04-01T00:00:00Z"


def proposal(rung: str = "suspend", needed: int = 2, *, shadow: bool = False) -> Proposal:
    facts = {"confidence": 0.97}
    return Proposal("account", "acct-1", rung, "members", "R-1", facts, "v1", needed, NOON, END, shadow)


def bound(state: State, at: str = LATER) -> list[str]:
    with state.read() as connection:
        return [row["decision_id"] for row in in_force(connection, at)]


def actions(state: State) -> list[str]:
    with state.read() as connection:
        return [entry.action for entry in entries(connection)]


@pytest.fixture
def decision(state: State) -> str:
    (name,) = propose(state, [proposal()], actor="policy")
    return name


def test_two_people_are_two_people(state: State, decision: str):
    """The same person under another spelling is one; the second makes it active."""
    assert bound(state) == []
    assert approve(state, decision, person="Ada Byron", at=NOON) == "proposed"
    with pytest.raises(InputError, match="another person"):
        approve(state, decision, person=" ada  BYRON ", at=NOON)
    assert bound(state) == []
    assert approve(state, decision, person="Grace", at=NOON) == "active"
    assert bound(state) == [decision]
    assert actions(state) == ["decision.propose", "decision.approve", "decision.approve"]


def test_a_decision_ends_by_itself(state: State, decision: str):
    """Past its expiry it binds nobody and can no longer be approved."""
    for person in ("a", "b"):
        approve(state, decision, person=person, at=NOON)
    assert bound(state, END) == []
    with pytest.raises(InputError, match="active"):
        approve(state, decision, person="c", at=NOON)


def test_what_stands_is_not_decided_again(state: State, decision: str):
    """Nor is what an appeal has reversed, until it would have expired."""
    assert propose(state, [proposal()], actor="policy") == []
    resolve(
        state,
        appeal(state, decision, statement="we grade essays", at=NOON, actor="acct-1"),
        outcome="upheld",
        person="x",
        at=LATER,
    )
    assert propose(state, [proposal()], actor="policy") == []


def test_a_decision_in_shadow_never_binds(state: State):
    """It is written down, and there is nothing to approve."""
    (name,) = propose(state, [proposal(needed=0, shadow=True)], actor="policy")
    assert bound(state) == []
    with pytest.raises(InputError, match="shadow"):
        approve(state, name, person="a", at=NOON)


def test_an_upheld_appeal_reverses_at_once(state: State, decision: str):
    """It is heard by somebody who did not approve the decision."""
    for person in ("a", "b"):
        approve(state, decision, person=person, at=NOON)
    name = appeal(state, decision, statement="we grade essays", at=LATER, actor="acct-1")
    with pytest.raises(InputError, match="open already"):
        appeal(state, decision, statement="again", at=LATER, actor="acct-1")
    with pytest.raises(InputError, match="somebody else"):
        resolve(state, name, outcome="denied", person="A", at=LATER)
    assert bound(state) == [decision]
    resolve(state, name, outcome="upheld", person="c", at=LATER)
    assert bound(state) == []
    with pytest.raises(InputError, match="upheld"):
        resolve(state, name, outcome="denied", person="c", at=LATER)
    with state.read() as connection:
        assert [one["outcome"] for one in shown(connection, decision)["appeals"]] == ["upheld"]


def test_what_a_person_says_of_a_campaign_outlasts_scans(state: State):
    """A scan that sees it again changes what is observed, not what was decided."""
    record_scan(state, [campaign("C-1", people(0, 6))], found(people(0, 6), "C-1"), at=NOON)
    judge_campaign(state, "C-1", verdict="dismissed", person="a", at=NOON)
    record_scan(state, [campaign("C-2", people(0, 9))], [], at=LATER)
    with state.read() as connection:
        assert shown(connection, "C-1")["standing"] == "dismissed"
        with pytest.raises(InputError, match="nothing in the state"):
            shown(connection, "C-404")


@pytest.mark.parametrize(
    "text", ["yesterday", "", "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"]
)
def test_what_is_no_time_is_refused(text: str):
    """Nor is one that its zone leads beyond the years that there are."""
    with pytest.raises(InputError, match="expected a time such as"):
        utc(text)


def test_a_consent_holds_until_it_ends(state: State):
    """By its expiry, or by being revoked."""
    one = grant(state, Consent(None, "acct-1", "evaluation", ("coding",), 100, END), person="a", at=NOON)
    grant(state, Consent("org-1", None, "gateway"), person="a", at=NOON)
    with state.read() as connection:
        assert len(consents_at(connection, NOON)) == 2
        assert [consent.kind for consent in consents_at(connection, END)] == ["gateway"]
    revoke(state, one, person="a", at=LATER)
    with state.read() as connection:
        assert len(consents_at(connection, "2026-03-02T12:00:01Z")) == 1
    with pytest.raises(InputError, match="in force"):
        revoke(state, one, person="a", at=LATER)
    with pytest.raises(InputError, match="one organisation or one account"):
        grant(state, Consent("org-1", "acct-1", "gateway"), person="a", at=NOON)


def test_the_database_refuses_to_change_the_log(state: State):
    """Neither change nor removal, by whoever uses the tables."""
    propose(state, [proposal()], actor="policy")
    for statement in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(OutputError, match="append-only"), state.write() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "harm", ["UPDATE audit SET actor = 'nobody' WHERE number = 2", "DELETE FROM audit WHERE number = 2"]
)
def test_a_log_that_was_changed_by_force_is_found_out(state: State, harm: str):
    """By who took the triggers away: the chain names the entry."""
    with state.write() as connection:
        for number in range(4):
            append(connection, at=NOON, actor="a", action="x", subject=str(number), detail={"né": number})
    with state.read() as connection:
        assert verify_chain(connection).fault is None
    remove = (
        ["DROP TRIGGER audit_update", "DROP TRIGGER audit_delete"]
        if state.engine.dialect.name == "sqlite"
        else ["DROP TRIGGER audit_kept ON audit"]
    )
    with state.write() as connection:
        for statement in [*remove, harm]:
            connection.exec_driver_sql(statement)
    with state.read() as connection:
        assert "entry 2" in str(verify_chain(connection).fault)


def test_a_log_that_was_cut_is_found_out_by_its_head(state: State):
    """The chain alone cannot tell: a head that was kept elsewhere can."""
    with state.write() as connection:
        head = append(connection, at=NOON, actor="a", action="x", subject="1", detail={})
    with state.read() as connection:
        assert verify_chain(connection, head).fault is None
        assert "cut" in str(verify_chain(connection, "f" * 64).fault)


def test_a_place_that_is_no_state_is_refused(tmp_path: Path):
    """With one line: a file of something else, a URL of something else, a folder that is not there."""
    (tmp_path / "notes.txt").write_text("not a database, and long enough to be looked at as one" * 20)
    for place, error in (
        (str(tmp_path / "notes.txt"), OutputError),
        (str(tmp_path / "nowhere" / "s.db"), InputError),
        ("mysql://host/name", ConfigError),
        ("sqlite://", ConfigError),
    ):
        with pytest.raises(error):
            open_state(place)


def test_a_state_of_a_later_version_is_refused(url: str):
    """What a later version keeps there is not to be written over."""
    opened = open_state(url)
    with opened.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(OutputError, match="later version"):
        open_state(url)
