"""The administration on both databases: what many do at once stands whole, and lists are read a page at a time."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra 'service'")
pytest.importorskip("httpx", reason="needs httpx to ask with")

from admin_world import Site, fill, proposal, site
from revenuer.state import entries, propose, verify_chain

CROWD = 8


def crowd(number: int, act: Any) -> list[Any]:
    """What comes of doing this many times at once."""
    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(act, range(number)))


def logged(here: Site) -> list[Any]:
    with here.desk.state.read() as connection:
        assert verify_chain(connection).fault is None
        return list(entries(connection))


def test_no_audit_entry_is_lost_among_many_writers(url: str, tmp_path: Path):
    """Of keys, consents and appeals made at once, each that was acknowledged has one entry of its caller, and the chain is whole."""
    with site(url, tmp_path / "traffic") as here:
        first = fill(here.desk, 12)
        admin, act = here.key("admin"), here.key("act")
        people = [here.person(f"person-{number}", "approver") for number in range(3)]

        def act_once(number: int) -> tuple[str, int, str]:
            if number % 3 == 0:
                answer = here.ask("POST", "/v1/keys", admin, json={"name": f"k{number}", "scopes": ["read"]})
                return "key.create", answer.status_code, answer.json()["key"]["key_id"]
            if number % 3 == 1:
                consent = {"kind": "evaluation", "account_id": f"acct-{number}"}
                answer = here.ask("POST", "/v1/consents", people[number % 3], json=consent)
                return "consent.grant", answer.status_code, answer.json()["consent_id"]
            path = f"/v1/decisions/{first[number // 3]}/appeals"
            answer = here.ask("POST", path, act, json={"statement": "It was not me."})
            return "appeal.open", answer.status_code, answer.json()["appeal_id"]

        done = crowd(36, act_once)
        assert {status for _, status, _ in done} == {201}
        found = Counter((entry.action, entry.subject) for entry in logged(here))
        assert all(found[action, subject] == 1 for action, _, subject in done)


def test_of_many_agreements_two_people_count(url: str, tmp_path: Path):
    """One person who agrees eight times at once is one; with the second the decision takes effect; the third comes too late."""
    with site(url, tmp_path / "traffic") as here:
        (name,) = fill(here.desk, 1)
        tokens = {who: here.person(who, "approver") for who in ("ada", "bob", "cleo")}
        path = f"/v1/decisions/{name}/approvals"
        alone = crowd(CROWD, lambda _: here.ask("POST", path, tokens["ada"], json={}).status_code)
        assert Counter(alone) == {200: 1, 409: CROWD - 1}
        assert here.ask("GET", f"/v1/decisions/{name}", tokens["ada"]).json()["status"] == "proposed"
        assert here.ask("POST", path, tokens["bob"], json={"note": "seen"}).json()["status"] == "active"
        assert here.ask("POST", path, tokens["cleo"], json={}).status_code == 409
        assert [entry.actor for entry in logged(here) if entry.action == "decision.approve"] == ["ada", "bob"]


def test_of_those_who_saw_the_same_one_changes_it(url: str, tmp_path: Path):
    """Eight people judge a campaign by the same ETag at once: one succeeds, the others are told to look again."""
    with site(url, tmp_path / "traffic") as here:
        fill(here.desk, 1)
        tokens = [here.person(f"p{number}", "analyst") for number in range(CROWD)]
        tag = here.ask("GET", "/v1/campaigns/C-0", tokens[0]).headers["etag"]

        def judge(number: int) -> int:
            headers = {"if-match": tag}
            body = {"verdict": "confirmed"}
            return here.ask(
                "POST", "/v1/campaigns/C-0/judgement", tokens[number], headers=headers, json=body
            ).status_code

        assert Counter(crowd(CROWD, judge)) == {200: 1, 412: CROWD - 1}
        assert len([entry for entry in logged(here) if entry.action == "campaign.judge"]) == 1


def test_a_batch_that_is_sent_many_times_at_once_is_taken_in_once(url: str, tmp_path: Path):
    """One of eight takes it in, the others are told that it was there; the folder holds it once."""
    with site(url, tmp_path / "traffic") as here:
        secret = here.key("ingest")
        line = {"exchange_id": "e", "ts": "2026-03-01T12:00:00Z", "account_id": "a", "prompt": "p"}
        headers = {"idempotency-key": "b-1", "content-type": "application/x-ndjson"}

        def send(_: int) -> Any:
            return here.ask("POST", "/v1/exchanges", secret, headers=headers, content=json.dumps(line) + "\n").json()

        told = crowd(CROWD, send)
        assert Counter(one["repeated"] for one in told) == {False: 1, True: CROWD - 1}
        assert len(list((tmp_path / "traffic" / "exchanges").iterdir())) == 1
        assert len([entry for entry in logged(here) if entry.action == "batch.take"]) == 1


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_hold_everything_once_and_in_order(url: str, tmp_path: Path, limit: int):
    """Following the cursors gives the whole list, whatever the size of a page, also with rows that came meanwhile."""
    with site(url, tmp_path / "traffic") as here:
        names = fill(here.desk, 7)
        secret = here.key("read")
        for path, part, key in (
            ("/v1/decisions", "decisions", "decision_id"),
            ("/v1/campaigns", "campaigns", "campaign_id"),
        ):
            found, cursor = [], {}
            while True:
                page = here.ask("GET", path, secret, params={"limit": limit, **cursor}).json()
                found += [one[key] for one in page[part]]
                assert len(page[part]) <= limit
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
            expected = sorted(names) if part == "decisions" else [f"C-{number}" for number in range(7)]
            assert found[:7] == expected
            propose(here.desk.state, [proposal(f"later-{part}", made_at="2026-03-02T00:00:00Z")], actor="t")
