"""What meets a request: the policy, what people have agreed to, and what the service has seen itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway_world import FRAME, MEMBERS, NOON, SYSTEM_FRAME, TASK, campaign, found, policy, policy_text, recorded

from revenuer.response.proposing import propose_all
from revenuer.service.asked import Answer, Ask
from revenuer.service.deciding import Decider, Known
from revenuer.service.ledger import Ledger
from revenuer.service.memory import DAY
from revenuer.service.refreshing import Refresher
from revenuer.state import (
    AccountFound,
    Consent,
    appeal,
    approve,
    grant,
    judge_campaign,
    open_state,
    record_scan,
    resolve,
    revoke,
)

NOW = 1_800_000_000
AT = "2027-01-15T08:00:00Z"


class Desk:
    """A decider that follows a state, turn by turn."""

    def __init__(self, folder: Path, text: str | None = None, *, failing: str = "open") -> None:
        self.url = str(folder / "state.db")
        self.state = open_state(self.url)
        self.decider = Decider(policy(folder, text), Known(), failing=failing)  # type: ignore[arg-type]
        self.ledger = Ledger(folder / "journal", rotate_seconds=0.0)
        self.refresher = Refresher(self.url, self.decider, self.ledger, lambda step, *given: step(*given))

    def read(self) -> None:
        """Take in what the state says now."""
        self.refresher.read()

    def ask(self, account: str, prompt: str = "", *, now: int = NOW, **more: str) -> Answer:
        """What is answered."""
        return self.decider.decide(Ask(account, prompt=prompt, **more), now).answer

    def rungs(self, account: str, prompt: str = "", **more: str) -> tuple[str, str, str]:
        """Action, rung and reason."""
        answer = self.ask(account, prompt, **more)
        return answer.action, answer.rung, answer.reason

    def close(self) -> None:
        """End its thread and give back its connections."""
        self.ledger.close()
        self.state.close()
        if self.refresher.state is not None:
            self.refresher.state.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk on a state in which a scan has flagged the members of a campaign."""
    made = Desk(tmp_path)
    recorded(made.url)
    made.read()
    yield made
    made.close()


def desk_with(folder: Path, text: str, share: float = 0.8) -> Desk:
    """A desk with a policy of its own."""
    made = Desk(folder, text)
    recorded(made.url, share=share)
    made.read()
    return made


def proposed(desk: Desk, subject: str, rung: str) -> str:
    """The decision of this rung on a subject, which people have to agree to."""
    propose_all(desk.state, desk.decider.policy, at=AT)
    with desk.state.read() as connection:
        rows = connection.exec_driver_sql("SELECT decision_id, subject, rung FROM decisions").all()
    return next(row[0] for row in rows if (row[1], row[2]) == (subject, rung))


def test_who_is_not_known_passes(desk: Desk) -> None:
    """An account that no scan has flagged meets nothing, and nothing is written down."""
    outcome = desk.decider.decide(Ask("somebody", prompt="How do I bake bread?"), NOW)
    assert (outcome.answer.action, outcome.answer.reason, outcome.line) == ("allow", "NONE", None)


def test_a_rung_that_needs_people_waits_for_them(desk: Desk) -> None:
    """A flagged account has to verify until a person has agreed to its suspension, and is then denied under that decision."""
    assert desk.rungs("acct-1") == ("verify", "verify", "CAMPAIGN-MEMBER-MIXED")
    name = proposed(desk, "acct-1", "suspend")
    desk.read()
    assert desk.rungs("acct-1")[0] == "verify"
    approve(desk.state, name, person="Ada", at=AT)
    desk.read()
    answer = desk.ask("acct-1")
    assert (answer.action, answer.rung, answer.decision_id, answer.effective) == ("deny", "suspend", name, True)
    assert desk.ask("acct-2").action == "verify"


def test_a_network_is_closed_for_those_whom_people_saw(desk: Desk) -> None:
    """After two agreed all accounts listed are denied; one that joins later is not."""
    with desk.state.read() as connection:
        (campaign_id,) = connection.exec_driver_sql("SELECT campaign_id FROM campaigns").scalars()
    judge_campaign(desk.state, campaign_id, verdict="confirmed", person="Ada", at=AT)
    name = proposed(desk, campaign_id, "network_action")
    approve(desk.state, name, person="Ada", at=AT)
    desk.read()
    assert desk.rungs("acct-1")[0] == "verify"
    approve(desk.state, name, person="Grace", at=AT)
    desk.read()
    assert {desk.ask(one).decision_id for one in MEMBERS} == {name}
    recorded(desk.url, (*MEMBERS, "acct-5"), at=AT)
    desk.read()
    assert [desk.ask(one).action for one in (*MEMBERS, "acct-5")] == ["deny"] * 4 + ["verify"]


def test_a_task_is_met_and_the_rest_passes(desk: Desk) -> None:
    """A request with a campaign's task has to verify, in its prompt or its system prompt; others of the account pass."""
    assert desk.rungs("reseller", "How do I bake bread?")[0] == "allow"
    assert desk.rungs("reseller", TASK) == ("verify", "verify", "CAMPAIGN-TASK")
    system = SYSTEM_FRAME.removeprefix("[system] ").replace("{…}", "strictly")
    assert desk.rungs("other", "How do I bake bread?", system=system)[2] == "CAMPAIGN-TASK"
    assert desk.rungs("reseller", "How do I bake bread?")[0] == "allow"
    assert desk.rungs("reseller", FRAME.split()[0])[0] == "allow"


def test_a_task_that_was_met_leaves_the_account_s_other_requests_alone(desk: Desk) -> None:
    """Also when the decision on the request stands in the state, what carries no task passes."""
    outcome = desk.decider.decide(Ask("reseller", prompt=TASK), int(time.time()))
    assert outcome.line is not None
    written(desk, outcome.line)
    assert desk.ask("reseller", "How do I bake bread?", now=int(time.time())).action == "allow"
    assert desk.ask("reseller", TASK, now=int(time.time())).decision_id == outcome.answer.decision_id


def test_half_a_task_meets_who_serves_the_campaign(tmp_path: Path) -> None:
    """A flagged account, or one that has sent two tasks of it word for word; nobody else."""
    half = "Grade the following answer against the rubric and explain every error: the sky is green"
    desk = desk_with(tmp_path, policy_text(), share=0.2)
    assert desk.rungs(MEMBERS[0], "How do I bake bread?")[1] == "shape_rate"
    assert desk.rungs(MEMBERS[0], half) == ("verify", "verify", "CAMPAIGN-TASK")
    for _ in range(2):
        assert desk.rungs("customer", half)[1] == "observe"
        desk.ask("customer", TASK)
    assert desk.rungs("customer", half) == ("verify", "verify", "CAMPAIGN-TASK")
    desk.close()


def test_two_tasks_in_other_words_mark_a_stranger(tmp_path: Path) -> None:
    """Three fifths of one task meet nobody, however often; of a second one they do, unless the policy leaves that out."""
    one = "Grade the following answer against the rubric and explain every point, please: the sky is green"
    other = "You are a patient marker who writes every step of the reasoning, kindly"
    (tmp_path / "on").mkdir()
    (tmp_path / "off").mkdir()
    desk = desk_with(tmp_path / "on", policy_text())
    asked = [desk.rungs("customer", one)[1], desk.rungs("customer", one)[1], desk.rungs("customer", system=other)[1]]
    assert asked == ["observe", "observe", "verify"]
    assert desk.rungs("customer", one) == ("verify", "verify", "CAMPAIGN-TASK")
    assert desk.rungs("customer", "How do I bake bread?")[0] == "allow"
    desk.close()
    desk = desk_with(tmp_path / "off", policy_text().replace("resembling_tasks = 2", "resembling_tasks = 0"))
    assert {desk.rungs("customer", one)[1], desk.rungs("customer", system=other)[1]} == {"observe"}
    desk.close()


def test_a_campaign_without_tasks_is_met_account_by_account(tmp_path: Path) -> None:
    """Where no wording tells its requests from others, whoever is flagged has to verify, whatever the share."""
    desk = Desk(tmp_path)
    record_scan(desk.state, [campaign(frames=())], found(MEMBERS, 0.2), at=NOON)
    desk.read()
    assert desk.rungs(MEMBERS[0], "How do I bake bread?") == ("verify", "verify", "CAMPAIGN-MEMBER-UNWORDED")
    assert desk.rungs("stranger", "How do I bake bread?")[0] == "allow"
    desk.close()


def test_tasks_again_and_again_meet_the_account(desk: Desk) -> None:
    """From the fourth request on, whatever it says, an account that has sent three tasks has to verify."""
    for _ in range(3):
        desk.ask("newcomer", TASK)
    assert desk.rungs("newcomer", "How do I bake bread?") == ("verify", "verify", "CAMPAIGN-TASK-REPEATED")


def test_a_dismissed_campaign_meets_nobody(desk: Desk) -> None:
    """Once a person has dismissed the campaign, its accounts and its tasks pass."""
    with desk.state.read() as connection:
        (campaign_id,) = connection.exec_driver_sql("SELECT campaign_id FROM campaigns").scalars()
    judge_campaign(desk.state, campaign_id, verdict="dismissed", person="Ada", at=AT)
    desk.read()
    assert {desk.rungs("acct-1")[0], desk.rungs("other", TASK)[0]} == {"allow"}


def test_a_consent_lets_pass_until_it_ends(desk: Desk) -> None:
    """A consent of the account or of its organisation gives way, counted by day, until it is revoked."""
    consent = Consent("acme", None, "evaluation", max_exchanges_per_day=2)
    name = grant(desk.state, consent, person="Ada", at=NOON)
    desk.read()
    assert [desk.rungs("acct-1", org_id="acme")[2] for _ in range(3)] == ["CONSENT", "CONSENT", "CAMPAIGN-MEMBER-MIXED"]
    assert desk.ask("acct-1", org_id="acme", now=NOW + DAY).reason == "CONSENT"
    revoke(desk.state, name, person="Ada", at=NOON)
    desk.read()
    assert desk.ask("acct-1", org_id="acme", now=NOW + 2 * DAY).reason == "CAMPAIGN-MEMBER-MIXED"


def test_an_upheld_appeal_frees_the_account(desk: Desk) -> None:
    """What the service decided can be appealed by the id it gave; upheld, that rule no longer meets the account."""
    outcome = desk.decider.decide(Ask("acct-1"), int(time.time()))
    assert outcome.line is not None
    written(desk, outcome.line)
    case = appeal(desk.state, outcome.answer.decision_id, statement="not me", at=NOON, actor="acct-1")
    resolve(desk.state, case, outcome="upheld", person="Ada", at=NOON)
    desk.read()
    now = int(time.time())
    assert desk.ask("acct-1", now=now).rule == "suspected"
    assert desk.ask("acct-2", now=now).rule == "member"


def written(desk: Desk, line: object) -> None:
    """Bring a line into the state the way it goes: by a file."""
    asyncio.run(desk.ledger.keep(line))  # type: ignore[arg-type]
    desk.refresher.write()
    desk.read()


def test_the_same_decision_keeps_its_id(desk: Desk) -> None:
    """Requests under one decision name one id, before and after it has reached the state, which gets it once."""
    first = desk.decider.decide(Ask("acct-1"), NOW)
    assert first.line is not None
    again = desk.decider.decide(Ask("acct-1"), NOW + 60)
    assert (first.line.made is not None, again.line.made if again.line else 0) == (True, None)
    written(desk, first.line)
    assert {first.answer.decision_id} == {again.answer.decision_id, desk.ask("acct-1", now=NOW + 120).decision_id}


def test_shadow_meets_nobody_and_says_what_it_would_do(tmp_path: Path) -> None:
    """In shadow every action is allow, whatever rung the policy says."""
    desk = desk_with(tmp_path, policy_text().replace('mode = "enforce"', 'mode = "shadow"'))
    answer = desk.ask("acct-1")
    assert (answer.action, answer.rung, answer.effective) == ("allow", "suspend", False)
    desk.close()


def test_a_rate_is_a_number_of_requests_a_day(tmp_path: Path) -> None:
    """Under `shape_rate` the day's first requests pass, the next are limited until the day ends."""
    desk = desk_with(tmp_path, policy_text().replace("shape_rate_per_day = 20", "shape_rate_per_day = 2"), share=0.2)
    answers = [desk.ask("acct-1") for _ in range(3)]
    assert [one.action for one in answers] == ["allow", "allow", "limit"]
    assert answers[2].retry_after == DAY - NOW % DAY
    assert desk.ask("acct-1", now=NOW + DAY).action == "allow"
    desk.close()


def test_a_spent_budget_lets_pass(tmp_path: Path) -> None:
    """When the share of the day's requests that may be met is used up, the next one passes and says why."""
    desk = desk_with(tmp_path, policy_text().replace("above_observe = 0.5", "above_observe = 0.003"))
    assert [desk.ask("acct-1").reason for _ in range(4)][-2:] == ["CAMPAIGN-MEMBER-MIXED", "BUDGET"]
    desk.close()


def test_a_decision_ends(desk: Desk) -> None:
    """Past its end an approved decision binds nobody."""
    name = proposed(desk, "acct-1", "suspend")
    approve(desk.state, name, person="Ada", at=AT)
    desk.read()
    assert desk.ask("acct-1").action == "deny"
    assert desk.ask("acct-1", now=NOW + 31 * DAY).action == "verify"


@pytest.mark.parametrize(("failing", "action"), [("open", "allow"), ("closed", "deny")])
def test_before_anything_is_known_the_setting_decides(tmp_path: Path, failing: str, action: str) -> None:
    """Until a state was read once, requests pass or do not, as was asked for."""
    desk = Desk(tmp_path, failing=failing)
    assert desk.rungs("acct-1") == (action, "observe", "STANDING-UNKNOWN")
    desk.close()


def test_a_new_scan_changes_who_is_met(desk: Desk) -> None:
    """Accounts that a scan adds are met, those that it no longer flags pass, whatever the policy had decided before."""
    outcome = desk.decider.decide(Ask("acct-3"), int(time.time()))
    assert outcome.line is not None
    written(desk, outcome.line)
    recorded(desk.url, ("acct-3", "acct-4", "acct-5", "acct-6"), at=AT)
    desk.read()
    assert [desk.ask(f"acct-{n}").action for n in (3, 4, 5, 6)] == ["verify"] * 4
    free = AccountFound("acct-3", None, 0.1, False, 0.0, None)
    record_scan(desk.state, [campaign()], [free, *found(("acct-4",))], at="2027-02-01T00:00:00Z")
    desk.read()
    assert [desk.ask(f"acct-{n}").action for n in (3, 4, 1)] == ["allow", "verify", "verify"]


def test_what_was_decided_on_people_s_word_outlasts_a_scan(desk: Desk) -> None:
    """An approved suspension still binds after a later scan was read."""
    name = proposed(desk, "acct-1", "suspend")
    approve(desk.state, name, person="Ada", at=AT)
    desk.read()
    recorded(desk.url, (*MEMBERS, "acct-9"), at=AT)
    desk.read()
    assert desk.ask("acct-1").decision_id == name
