"""Cases over HTTP: what the command can do, with the same functions, and what only a service needs."""

from __future__ import annotations

import gzip
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

pytest.importorskip("uvicorn", reason="needs the extra 'service'")
pytest.importorskip("httpx", reason="needs httpx to ask with")

from admin_world import Site, fill, proposal, site
from revenuer.cli import main
from revenuer.response.verification import default_verification_policy
from revenuer.service.admin.cases import appeal_token
from revenuer.sources import Quarantine, open_traffic, read_part
from revenuer.state import entries, propose

NDJSON = "application/x-ndjson"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One service with three campaigns."""
    folder = tmp_path_factory.mktemp("site")
    with site(str(folder / "state.db"), folder / "traffic") as found:
        fill(found.desk)
        yield found


@pytest.fixture
def here(shared: Site) -> Site:
    """The same service; every test works on decisions of its own."""
    return shared


def decided(here: Site, subject: str, **how: Any) -> str:
    """A new decision."""
    (name,) = propose(here.desk.state, [proposal(subject, **how)], actor="revenuer")
    return name


def test_a_campaign_is_shown_and_judged_by_a_person_who_has_seen_it(here: Site):
    """Judging needs the ETag of what was seen; the answer is the campaign as it stands now."""
    ada = here.person("ada", "analyst")
    seen = here.ask("GET", "/v1/campaigns/C-1", ada)
    assert seen.json()["document"]["account_ids"] == ["acct-1-0", "acct-1-1", "acct-1-2"]
    path, body = "/v1/campaigns/C-1/judgement", {"verdict": "confirmed"}
    assert here.ask("POST", path, ada, json=body).status_code == 428
    assert here.ask("POST", path, ada, json=body, headers={"if-match": '"old"'}).status_code == 412
    done = here.ask("POST", path, ada, json=body, headers={"if-match": seen.headers["etag"]})
    assert (done.status_code, done.json()["standing"]) == (200, "confirmed")
    listed = here.ask("GET", "/v1/campaigns", ada, params={"standing": "confirmed"}).json()["campaigns"]
    assert [one["campaign_id"] for one in listed] == ["C-1"]
    assert "document" not in listed[0]


def test_what_has_not_changed_is_not_sent_again(here: Site):
    """The ETag of an answer, given back, is answered with 304 and nothing."""
    secret = here.key("read")
    first = here.ask("GET", "/v1/campaigns/C-0", secret)
    again = here.ask("GET", "/v1/campaigns/C-0", secret, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_two_people_agree_and_a_third_hears_the_appeal(here: Site):
    """Proposed, agreed to by two, objected to with the token of the notice, heard by a third: reversed."""
    name = decided(here, "acct-0-1")
    path = f"/v1/decisions/{name}"
    ada, bob, cleo = (here.person(who, "approver") for who in ("ada", "bob", "cleo"))
    assert here.ask("POST", f"{path}/approvals", ada, json={}).json()["status"] == "proposed"
    assert here.ask("POST", f"{path}/approvals", here.person("ADA", "approver"), json={}).status_code == 409
    assert here.ask("POST", f"{path}/approvals", bob, json={}).json()["status"] == "active"
    notice = here.ask("GET", f"{path}/notice", ada).json()
    assert (notice["reason"], notice["expires_at"]) == ("HARVEST", "2126-03-01T12:00:00Z")
    objection = {"decision_id": name, "token": notice["appeal_token"], "statement": "We teach a class."}
    filed = here.ask("POST", "/v1/appeals", json=objection)
    assert filed.status_code == 201
    assert here.ask("POST", "/v1/appeals", json=objection).status_code == 409
    resolution = f"/v1/appeals/{filed.json()['appeal_id']}/resolution"
    assert here.ask("POST", resolution, ada, json={"outcome": "upheld"}).status_code == 409
    assert here.ask("POST", resolution, cleo, json={"outcome": "upheld"}).json()["person"] == "cleo"
    status = here.ask("POST", "/v1/appeals/status", json={"decision_id": name, "token": notice["appeal_token"]}).json()
    assert (status["decision_status"], [one["outcome"] for one in status["appeals"]]) == ("reversed", ["upheld"])
    assert "person" not in status["appeals"][0]


def test_an_appeal_needs_the_token_of_its_own_decision(here: Site):
    """A token of another decision, a made-up one, and one for a decision that is not there are all answered alike."""
    mine, other = decided(here, "acct-0-2"), decided(here, "acct-2-2")
    key = here.desk.appeal_key or b""
    wrong = [(mine, appeal_token(key, other)), (mine, "rva_" + "0" * 64), ("D-none", appeal_token(key, mine))]
    answers = [
        here.ask("POST", "/v1/appeals", json={"decision_id": name, "token": token, "statement": "x"})
        for name, token in wrong
    ]
    assert {one.status_code for one in answers} == {403}
    assert len({one.content for one in answers}) == 1


def test_consents_are_granted_listed_and_ended_by_people(here: Site):
    """One is in force until it is ended; a second ending is refused; what it may not say is refused by its words."""
    cleo = here.person("cleo", "approver")
    terms = {
        "kind": "reseller",
        "org_id": "org-1",
        "capabilities": ["coding"],
        "expires_at": "2126-01-01T00:00:00+02:00",
    }
    made = here.ask("POST", "/v1/consents", cleo, json=terms)
    assert (made.status_code, made.json()["expires_at"]) == (201, "2125-12-31T22:00:00Z")
    name = made.json()["consent_id"]
    asked = {"in_force": "true", "org_id": "org-1"}
    assert [one["consent_id"] for one in here.ask("GET", "/v1/consents", cleo, params=asked).json()["consents"]] == [
        name
    ]
    assert here.ask("POST", f"/v1/consents/{name}/revocation", cleo).json()["revoked_at"] is not None
    assert here.ask("POST", f"/v1/consents/{name}/revocation", cleo).status_code == 409
    assert here.ask("GET", "/v1/consents", cleo, params=asked).json()["consents"] == []
    for wrong in (
        {"org_id": None},
        {"account_id": "both"},
        {"capabilities": ["magic"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
    ):
        assert here.ask("POST", "/v1/consents", cleo, json=terms | wrong).status_code == 422


def test_the_command_sees_what_was_done_over_http(here: Site):
    """Both work on the same state by the same functions, and the log says who it was."""
    name = decided(here, "acct-1-1", needed=1)
    here.ask("POST", f"/v1/decisions/{name}/approvals", here.person("dora", "approver"), json={"note": "seen"})
    url = str(here.desk.state.engine.url.database)
    shown = CliRunner().invoke(main, ["cases", "show", name, "--state", url])
    assert json.loads(shown.stdout)["approvals"][0] | {"at": ""} == {
        "decision_id": name, "person": "dora", "at": "", "note": "seen",
    }  # fmt: skip
    assert CliRunner().invoke(main, ["cases", "audit", "--state", url]).exit_code == 0


def test_the_policy_in_force_is_proposed_over_http(here: Site):
    """What the policy says of the accounts in the state is written down in the name of the key; a second time nothing is new."""
    secret = here.key("act")
    made = here.ask("POST", "/v1/proposals", secret).json()["decisions"]
    assert here.ask("POST", "/v1/proposals", secret).json()["decisions"] == []
    with here.desk.state.read() as connection:
        mine = {entry.subject for entry in entries(connection) if entry.actor == f"key {secret[:14]}"}
    assert made
    assert mine == set(made)


def test_the_log_is_read_verified_and_pinned(here: Site):
    """Entries come in order, the head is the last one's digest, and a digest that is not in the log is missed."""
    secret = here.key("read")
    found, after = [], 0
    while after is not None:
        page = here.ask("GET", "/v1/audit/entries", secret, params={"after": after, "limit": 3}).json()
        found, after = found + page["entries"], page["next"]
    head = here.ask("GET", "/v1/audit/head", secret).json()
    assert [one["number"] for one in found] == list(range(1, head["number"] + 1))
    assert found[-1]["digest"] == head["digest"]
    whole = here.ask("GET", "/v1/audit/verification", secret, params={"head": head["digest"]}).json()
    assert (whole["entries"], whole["fault"]) == (head["number"], None)
    cut = here.ask("GET", "/v1/audit/verification", secret, params={"head": "f" * 64}).json()
    assert "cut" in cut["fault"]


def exchange(number: int, **how: Any) -> bytes:
    """A line of a batch."""
    row = {"exchange_id": f"e{number}", "ts": "2026-03-01T12:00:00Z", "account_id": "a", "prompt": "p"} | how
    return json.dumps(row).encode() + b"\n"


def send(here: Site, name: str, content: bytes, **headers: str) -> Any:
    given = {"idempotency-key": name, "content-type": NDJSON} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    return here.ask("POST", "/v1/exchanges", here.key("ingest"), content=content, headers=given)


def of_ours(here: Site) -> list[str]:
    """Ids below e10, as `scan` reads them; others are of other tests."""
    assert here.desk.ingest is not None
    quarantine = Quarantine()
    parts = open_traffic(here.desk.ingest).exchange_parts()
    found = [one for part in parts for batch in read_part(part, quarantine) for one in batch["exchange_id"].to_pylist()]
    return sorted(one for one in found if len(one) == 2)


def test_exchanges_that_are_handed_in_are_what_scan_reads(here: Site):
    """Plain, gzip and zstd; rows that cannot be used are counted by the rules of `scan`; the folder is a traffic directory."""
    good, bad = exchange(1) + exchange(2), exchange(3, ts="never") + b"nonsense\n"
    packed = pa.compress(exchange(4), codec="zstd", asbytes=True)
    assert send(here, "plain", good + bad).json() == {
        "batch_id": "plain", "exchanges": 2, "quarantined": {"line not JSON": 1, "ts unreadable": 1}, "repeated": False,
    }  # fmt: skip
    assert send(here, "gz", gzip.compress(exchange(5)), content_encoding="gzip").json()["exchanges"] == 1
    assert send(here, "zst", packed, content_encoding="zstd").json()["exchanges"] == 1
    assert of_ours(here) == ["e1", "e2", "e4", "e5"]
    again = send(here, "plain", good + bad)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert send(here, "plain", good).status_code == 409
    assert of_ours(here) == ["e1", "e2", "e4", "e5"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 422),
        (b"nonsense\n", {}, 422),
        (b'{"exchange_id": "x"}\n', {}, 422),
        (exchange(9, ts="never"), {}, 422),
        (exchange(9), {"content_type": "application/json"}, 415),
        (exchange(9), {"content_encoding": "br"}, 415),
        (exchange(9), {"content_encoding": "gzip"}, 400),
        (exchange(9), {"content_encoding": "zstd"}, 400),
        (gzip.compress(exchange(9), mtime=0)[:-4], {"content_encoding": "gzip"}, 400),
        (gzip.compress(exchange(9, prompt="x" * 3_000_000), mtime=0), {"content_encoding": "gzip"}, 413),
        (
            pa.compress(exchange(9, prompt="x" * 3_000_000), codec="zstd", asbytes=True),
            {"content_encoding": "zstd"},
            413,
        ),
        (exchange(9, prompt="x" * 3_000_000), {}, 413),
        (exchange(9), {"idempotency_key": "a b"}, 422),
    ],
)
def test_a_batch_that_cannot_be_used_leaves_nothing(
    here: Site, content: bytes, headers: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch
):
    """Empty, no exchanges, of another type, cut off, or larger than allowed once unpacked: refused, and no file stays."""
    monkeypatch.setattr(here.desk, "most_batch_bytes", 1_000_000)
    answer = send(here, "refused", content, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert here.desk.ingest is not None
    assert "e9" not in b"".join(path.read_bytes() for path in here.desk.ingest.rglob("batch-*")).decode()
    assert list((here.desk.ingest / ".incoming").glob("*")) == []


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"\xff", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b'{"more": ' * 100_000, "headers": {"content-type": "application/json"}}, 422),
        ({"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
        ({"json": {"kind": "evaluation", "account_id": "a", "more": 1}}, 422),
        ({"json": {"kind": "evaluation", "account_id": "a\x00b"}}, 422),
        ({"json": {"kind": "evaluation", "account_id": "a" * 2_000_000}}, 413),
        ({"json": {"kind": "evaluation", "account_id": "a", "max_exchanges_per_day": 0}}, 422),
    ],
)
def test_what_is_not_well_formed_is_refused_as_a_problem(here: Site, how: dict[str, Any], status: int):
    """Broken JSON, another type, unknown fields, NUL, too much: a problem with the right status and plain words."""
    answer = here.ask("POST", "/v1/consents", here.person("cleo", "approver"), **how)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "query",
    [
        "status=null",
        "limit=0",
        "limit=x",
        "limit=1&limit=2",
        "more=1",
        "cursor=%00",
        "cursor=W10",
        "cursor=bm8",
    ],
)
def test_a_question_that_is_none_is_refused(here: Site, query: str):
    """A limit that is none, one given twice, an unknown parameter, a cursor of another list."""
    assert here.ask("GET", f"/v1/decisions?{query}", here.key("read")).status_code == 422


def test_unknown_places_and_methods_are_problems_too(here: Site):
    """404 and 405 speak the same language, and 405 says what is allowed."""
    assert here.ask("GET", "/v1/nothing").json()["status"] == 404
    wrong = here.ask("DELETE", "/v1/consents")
    assert (wrong.status_code, wrong.json()["title"]) == (405, "Method Not Allowed")
    assert {word.strip() for word in wrong.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_an_account_may_have_a_slash_in_its_name(here: Site):
    """Its id is the rest of the path."""
    answer = here.ask("GET", "/v1/accounts/org%2Facct/1", here.key("read"))
    assert (answer.status_code, answer.json()["detail"]) == (404, "no account is called so")
    assert here.ask("GET", "/v1/accounts/acct-0-0", here.key("read")).json()["campaign_id"] == "C-0"


def test_answers_carry_headers_for_browsers_and_the_id_of_the_request(here: Site):
    """Nothing keeps, frames or guesses them; an id that a client gives is given back if it is one."""
    answer = here.ask("GET", "/v1/policy", here.key("read"), headers={"x-request-id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    odd = here.ask("GET", "/v1/policy", headers={"x-request-id": 'x" y'})
    assert odd.headers["x-request-id"].isalnum()


def told(caplog: pytest.LogCaptureFixture, least: int) -> str:
    """What the log has said, once it has said so much: a line comes after its answer."""
    until = time.monotonic() + 60
    while True:
        said = [record.getMessage() for record in caplog.records if record.name.startswith("revenuer")]
        if len(said) >= least or time.monotonic() > until:
            return "\n".join(said)
        time.sleep(0.01)


def test_the_log_tells_neither_prompts_nor_secrets(
    here: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """A line has operation, status, caller, time and id; what was sent, asked for or presented is not in it."""
    caplog.set_level(logging.DEBUG, "revenuer")
    # one way to the capture, whatever a command line of an earlier test has set up
    monkeypatch.setattr(logging.getLogger("revenuer"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("revenuer"), "propagate", True)
    secret, token = here.key("ingest", "read"), here.person("ada", "approver")
    headers = {"idempotency-key": "b-secret", "content-type": NDJSON}
    here.ask("POST", "/v1/exchanges", secret, content=exchange(77, prompt="tell me the recipe"), headers=headers)
    here.ask("GET", "/v1/decisions?subject=acct-hidden", secret)
    here.ask("GET", "/v1/accounts/acct-hidden", token)
    here.ask("POST", "/v1/appeals", json={"decision_id": "D-1", "token": "rva_hidden", "statement": "my story"})
    said = told(caplog, 4)
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["operation"] for line in lines] == ["send_exchanges", "list_decisions", "show_account", "file_appeal"]
    assert [line["status"] for line in lines] == [200, 200, 404, 403]
    assert lines[0]["caller"] == f"key {secret[:14]}"
    for hidden in (secret, token, "recipe", "acct-hidden", "rva_hidden", "my story", "e77"):
        assert hidden not in said


def test_figures_count_answers_batches_and_rows(here: Site):
    """Requests by operation and status, exchanges taken in, rows set aside; no account is a label."""
    send(here, "counted", exchange(501) + exchange(502, ts="never"))
    text = here.ask("GET", "/metrics", here.key("read")).text
    assert 'revenuer_requests_total{operation="send_exchanges",status="200"}' in text
    assert 'revenuer_exchanges_rejected_total{reason="ts unreadable"}' in text
    assert 'revenuer_request_seconds_bucket{le="+Inf",operation="send_exchanges"}' in text
    assert "acct-" not in text


def test_a_lost_state_is_said_and_not_guessed_around(tmp_path: Path):
    """While the database refuses, what needs it is answered with 503 and when to come again; what is in memory serves on."""
    with site(str(tmp_path / "state.db"), tmp_path / "traffic") as here:
        secret = here.key("read", "act")
        here.ask("GET", "/v1/campaigns", secret)
        here.desk.state.close()
        (tmp_path / "state.db").rename(tmp_path / "away.db")
        (tmp_path / "state.db").mkdir()
        lost = here.ask("GET", "/v1/campaigns", secret)
        assert (lost.status_code, lost.headers["retry-after"]) == (503, "5")
        assert here.ask("GET", "/v1/policy", secret).status_code == 200
        (tmp_path / "state.db").rmdir()
        (tmp_path / "away.db").rename(tmp_path / "state.db")
        assert here.ask("GET", "/v1/campaigns", secret).status_code == 200


def test_sign_ups_are_judged_by_those_that_came_before(tmp_path: Path):
    """A crowd on one card, of which most came earlier, is not let in like one alone; what is no applicant is refused."""
    rows = [sign_up(number, "card-1") for number in range(40)] + [
        sign_up(100 + number, f"own-{number}") for number in range(200)
    ]
    earlier = tmp_path / "accounts.parquet"
    pq.write_table(pa.Table.from_pylist(rows), earlier)
    policy = default_verification_policy()
    with site(str(tmp_path / "state.db"), tmp_path / "in", signups=policy, signups_key=b"k", earlier=earlier) as here:
        secret = here.key("decide")
        told = {
            card: here.ask(
                "POST", "/v1/verify", secret, json=sign_up(number, card) | {"created_at": "2026-03-02T00:00:00Z"}
            )
            for number, card in ((900, "card-1"), (901, "own-new"))
        }
        assert {card: one.status_code for card, one in told.items()} == {"card-1": 200, "own-new": 200}
        assert told["own-new"].json()["outcome"] == "approve"
        assert told["card-1"].json()["score"] > told["own-new"].json()["score"]
        assert any(one["code"].startswith("CARD-") for one in told["card-1"].json()["reasons"])
        assert here.ask("POST", "/v1/verify", secret, json={"account_id": "a"}).status_code == 422
        assert here.ask("POST", "/v1/verify", secret, json=sign_up(902, "x") | {"country": "XX"}).status_code == 422


def sign_up(number: int, card: str) -> dict[str, Any]:
    """An applicant."""
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number)
    shape = {"email_domain": f"d{number % 7}.example", "email_hash": f"h{number}", "payment_kind": "card"}
    when = at.isoformat() if number >= 900 else at
    return {"account_id": f"s{number}", "created_at": when, "payment_fingerprint": card, **shape}
