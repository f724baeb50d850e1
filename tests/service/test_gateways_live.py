"""Gateways ask a real server: in every form that they have, through hostile input, a lost database and a killed process."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_world import MEMBERS, NOON, PATIENCE, TASK, Gate, met_in, patiently, policy_text, recorded, serving

from revenuer.state import approve, open_state, verify_chain

HONEST = "How do I bake bread?"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A server on a state with a campaign."""
    folder = tmp_path_factory.mktemp("gate")
    recorded(str(folder / "state.db"))
    with serving(str(folder / "state.db"), folder, "--max-body", "1MB") as running:
        yield running


def test_an_answer_says_what_to_do_and_why(gate: Gate) -> None:
    """Action, reason, explanation, the decision's id and its end; nothing of that for who is not known."""
    met = gate.decide("acct-1", HONEST, request_id="r-1")
    assert (met["action"], met["rung"], met["rule"], met["effective"]) == ("verify", "verify", "member", True)
    assert met["reason"] == "CAMPAIGN-MEMBER-MIXED"
    assert met["decision_id"].startswith("D-")
    assert met["expires_at"] > NOON
    assert "verify" in met["explanation"]
    assert gate.decide("somebody", HONEST) == {
        "action": "allow",
        "rung": "observe",
        "reason": "NONE",
        "policy": "default-1",
    }


@pytest.mark.parametrize("path", ["/v1/authz", "/v1/authz/v1/chat/completions?x=1"])
def test_a_subrequest_is_answered_by_status_and_headers(gate: Gate, path: str) -> None:
    """Envoy, NGINX and ForwardAuth read 200 or 403 and our headers; a body that is passed on is read for tasks."""
    status, body, headers = gate.ask(path, headers={"x-revenuer-account": "somebody"})
    assert (status, body, headers["x-revenuer-action"]) == (200, b"", "allow")
    status, body, headers = gate.ask(path, headers={"x-revenuer-account": "acct-1"})
    assert (status, body, headers["x-revenuer-action"]) == (403, b"", "verify")
    assert headers["x-revenuer-decision"].startswith("D-")
    chat = {"model": "m", "messages": [{"role": "user", "content": TASK}]}
    status, _, headers = gate.ask(path, chat, {"x-revenuer-account": "reseller"})
    assert (status, headers["x-revenuer-reason"]) == (403, "CAMPAIGN-TASK")
    assert gate.ask(path, b'{"messages": [{"role": "us', {"x-revenuer-account": "reseller-2"})[0] == 200
    assert gate.ask(path)[2]["x-revenuer-reason"] == "NO-ACCOUNT"


def litellm(account: str, prompt: str, **more: Any) -> dict[str, Any]:
    """What LiteLLM's Generic Guardrail API sends."""
    return {
        "input_type": "request", "litellm_call_id": "call-1", "litellm_trace_id": None, "texts": [prompt], "images": None,
        "structured_messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}],
        "request_data": {"user_api_key_hash": "5e" * 32, "user_api_key_user_id": account},
        "model": "m", "tools": None, "additional_provider_specific_params": {}, **more,
    }  # fmt: skip


def test_litellm_is_told_to_block_or_not(gate: Gate) -> None:
    """The guardrail's words, with reason and decision for the client; answers of the model are none of our business."""
    path = "/beta/litellm_basic_guardrail_api"
    assert gate.ask(path, litellm("somebody", HONEST))[1] == {"action": "NONE"}
    said = gate.ask(path, litellm("acct-1", HONEST))[1]
    assert said["action"] == "BLOCKED"
    assert "CAMPAIGN-MEMBER-MIXED, decision D-" in said["blocked_reason"]
    assert gate.ask(path, litellm("reseller-3", TASK))[1]["action"] == "BLOCKED"
    assert gate.ask(path, litellm("acct-1", HONEST, input_type="response"))[1] == {"action": "NONE"}
    by_key = litellm("default_user_id", HONEST)
    by_key["request_data"]["user_api_key_team_id"] = "acct-1"
    assert gate.ask(path, by_key)[1]["action"] == "BLOCKED"


def test_portkey_gets_a_verdict(gate: Gate) -> None:
    """The webhook's verdict, by the account that the request's metadata names."""
    chat = {"json": {"model": "m", "messages": [{"role": "user", "content": HONEST}]}}
    said = {"eventType": "beforeRequestHook", "request": chat, "metadata": {"_user": "acct-1"}}
    answer = gate.ask("/v1/portkey", said)[1]
    assert (answer["verdict"], answer["data"]["reason"]) == (False, "CAMPAIGN-MEMBER-MIXED")
    assert gate.ask("/v1/portkey", said | {"metadata": {"_user": "somebody"}})[1]["verdict"] is True
    assert gate.ask("/v1/portkey", said | {"eventType": "afterRequestHook"})[1] == {"verdict": True}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"other":' + b"[" * 100_000, 400),
        (b'{"other":' + b'{"a":' * 50_000, 400),
        (b"[" * 100_000, 422),
        (b"null", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"account_id": ""}', 422),
        (b'{"account_id": 7}', 422),
        (b'{"account_id": "a", "prompt": {"a": 1}}', 422),
        (b'{"account_id": "' + b"a" * 600 + b'"}', 422),
        (b'{"account_id": "a", "prompt": "' + b"a" * 1_100_000 + b'"}', 413),
    ],
)
def test_what_is_no_question_is_refused(gate: Gate, body: bytes, status: int) -> None:
    """Malformed, mistyped, deep and huge bodies are answered with a problem that says what is wrong, and it goes on serving."""
    answered, said, headers = gate.ask("/v1/decide", body)
    assert (answered, said["status"], headers["content-type"]) == (status, status, "application/problem+json")
    assert said["detail"]
    assert gate.decide("somebody")["action"] == "allow"


@pytest.mark.parametrize(
    "account", ["acct-1\x00", "\u202eacct-1", "' OR 1=1 --", "\U0001f9ea", "\\ud800x", "a b", "../../etc/passwd"]
)
def test_no_name_is_too_strange(gate: Gate, account: str) -> None:
    """An account is a name and nothing else: one that is not known passes, whatever is in it."""
    body = b'{"account_id": "%s", "prompt": "x"}' % json.dumps(account)[1:-1].encode()
    assert gate.ask("/v1/decide", body)[1]["action"] == "allow"


def test_other_methods_and_paths_are_refused(gate: Gate) -> None:
    """What is not there is 404, what is not served so 405, both as problems."""
    assert gate.ask("/v1/decide")[0] == 405
    assert gate.ask("/v1/nothing")[0] == 404


def test_bytes_that_are_no_http_end_their_connection_alone(gate: Gate) -> None:
    """Rubbish, a cut-off request and a body without an end leave the server as it was."""
    head = b"POST /v1/decide HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    for rubbish in (b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", head + b"zz\r\n", head + b"5\r\n{"):
        with socket.create_connection(("127.0.0.1", gate.port), timeout=60) as connection:
            connection.sendall(rubbish)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4_096):
                pass
    assert gate.decide("somebody")["action"] == "allow"


def test_callers_present_the_token(tmp_path: Path) -> None:
    """With a token, who does not present it is refused everywhere; health stays open."""
    url = str(tmp_path / "state.db")
    with serving(url, tmp_path, environment={"REVENUER_SERVE_TOKEN": "s3cret"}) as gate:
        for path in ("/v1/decide", "/v1/portkey", "/beta/litellm_basic_guardrail_api"):
            assert gate.ask(path, {"account_id": "a"})[0] == 401
            assert gate.ask(path, {"account_id": "a"}, {"authorization": "Bearer wrong"})[0] == 401
        assert gate.ask("/v1/authz", headers={"x-revenuer-account": "a"})[:2] == (401, b"")
        # a gateway passes the client's own header on, and ours counts
        both = {"authorization": "Bearer the-client-s", "x-revenuer-key": "s3cret", "x-revenuer-account": "a"}
        assert gate.ask("/v1/authz", headers=both)[0] == 200
        assert gate.ask("/v1/decide", {"account_id": "a"}, {"x-api-key": "s3cret"})[0] == 200
        assert gate.ask("/healthz")[0] == 200


def test_a_change_of_the_state_shows(tmp_path: Path) -> None:
    """An approval by somebody else meets the next requests, without anybody telling the server."""
    url = str(tmp_path / "state.db")
    recorded(url)
    with serving(url, tmp_path) as gate:
        first = gate.decide("acct-1")
        assert first["action"] == "verify"
        state = open_state(url)
        from revenuer.response import load_policy  # noqa: PLC0415
        from revenuer.response.proposing import propose_all  # noqa: PLC0415

        propose_all(state, load_policy(tmp_path / "policy.toml"), at="2026-11-01T00:00:00Z")
        with state.read() as connection:
            wanted = "SELECT decision_id FROM decisions WHERE subject = 'acct-1' AND rung = 'suspend'"
            (name,) = connection.exec_driver_sql(wanted).scalars()
        approve(state, name, person="Ada", at="2026-11-01T00:00:00Z")
        state.close()
        patiently(lambda: gate.decide("acct-1").get("decision_id") == name)
        assert gate.decide("acct-1")["action"] == "deny"


def test_a_lost_database_changes_no_answer_and_loses_nothing(tmp_path: Path) -> None:
    """While the state is away answers stay right and decisions wait on disk; when it is back they arrive, once."""
    url, away = tmp_path / "state.db", tmp_path / "away"
    recorded(str(url))
    with serving(str(url), tmp_path) as gate:
        before = [gate.decide(one)["action"] for one in (*MEMBERS, "somebody")]
        away.mkdir()
        for path in tmp_path.glob("state.db*"):
            path.rename(away / path.name)
        patiently(lambda: gate.ask("/readyz")[1]["state_lost"])
        assert [gate.decide(one)["action"] for one in (*MEMBERS, "somebody")] == before
        assert [gate.decide("new", TASK)["action"] for _ in range(3)] == ["verify"] * 3
        assert gate.decide("new", HONEST)["reason"] == "CAMPAIGN-TASK-REPEATED"
        assert not url.exists()
        for path in away.iterdir():
            path.rename(tmp_path / path.name)
        patiently(lambda: not gate.ask("/readyz")[1]["state_lost"])
        assert gate.stop() == 0
    state = open_state(str(url))
    assert met_in(state) == 12
    with state.read() as connection:
        assert verify_chain(connection).fault is None
    state.close()


def test_a_request_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    """SIGTERM lets a gateway finish its body; what it is told is in the state when the process has ended."""
    url = str(tmp_path / "state.db")
    recorded(url)
    body = json.dumps({"account_id": "acct-1", "prompt": HONEST}).encode()
    head = f"POST /v1/decide HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\nexpect: 100-continue\r\n\r\n"
    with serving(url, tmp_path) as gate, socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENCE) as one:
        one.sendall(head.encode() + body[:5])
        assert one.recv(100).startswith(b"HTTP/1.1 100")  # the body is being waited for
        gate.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        one.sendall(body[5:])
        answer = b"".join(iter(lambda: one.recv(4_096), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["action"] == "verify"
        assert gate.process.wait(PATIENCE) == 0
    state = open_state(url)
    assert met_in(state) == 1
    state.close()


def test_a_killed_server_forgets_nothing(tmp_path: Path) -> None:
    """After kill -9 the next one knows the tasks that accounts sent and the decisions that were told; all reach the state."""
    url = str(tmp_path / "state.db")
    recorded(url)
    with serving(url, tmp_path) as gate:
        told = [gate.decide("newcomer", TASK)["decision_id"] for _ in range(3)]
        gate.stop(signal.SIGKILL)
    with serving(url, tmp_path) as again:
        met = again.decide("newcomer", HONEST)
        assert met["reason"] == "CAMPAIGN-TASK-REPEATED"
        assert again.decide("newcomer", TASK)["decision_id"] in {*told, met["decision_id"]}
        assert again.stop() == 0
    state = open_state(url)
    assert met_in(state) == 5
    with state.read() as connection:
        known = set(connection.exec_driver_sql("SELECT decision_id FROM decisions").scalars())
        assert {*told, met["decision_id"]} <= known
    state.close()


@pytest.mark.parametrize(("said", "options"), [("open", ("--fail", "closed")), ("closed", ())])
def test_without_a_state_it_serves_as_it_was_told(tmp_path: Path, said: str, options: tuple[str, ...]) -> None:
    """A database that cannot be reached at the start: not ready, everybody denied if the policy or `--fail` says `closed`."""
    (tmp_path / "state.db").mkdir()
    (tmp_path / "policy.toml").write_text(policy_text(**{'on_failure = "open"': f'on_failure = "{said}"'}))
    with serving(str(tmp_path / "state.db"), tmp_path, *options, ready=False) as gate:
        assert gate.ask("/readyz")[0] == 503
        answer = gate.decide("somebody")
        assert (answer["action"], answer["reason"]) == ("deny", "STANDING-UNKNOWN")
        (tmp_path / "state.db").rmdir()
        patiently(lambda: gate.ask("/readyz")[0] == 200)
        assert gate.decide("somebody")["action"] == "allow"


def test_shadow_lets_everybody_pass(tmp_path: Path) -> None:
    """In shadow every hook lets pass, and the decisions are written down as such."""
    url = str(tmp_path / "state.db")
    recorded(url)
    (tmp_path / "policy.toml").write_text(policy_text().replace('mode = "enforce"', 'mode = "shadow"'))
    with serving(url, tmp_path) as gate:
        answer = gate.decide("acct-1")
        assert (answer["action"], answer["rung"], answer.get("effective", False)) == ("allow", "suspend", False)
        assert gate.ask("/v1/authz", headers={"x-revenuer-account": "acct-1"})[0] == 200
        assert gate.stop() == 0
    state = open_state(url)
    with state.read() as connection:
        assert set(connection.exec_driver_sql("SELECT status FROM decisions").scalars()) == {"shadow"}
    state.close()
