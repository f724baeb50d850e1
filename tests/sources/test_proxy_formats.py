"""Logs of proxies: Kong with its AI plug-ins, Envoy and Envoy AI Gateway; and JSON that was cut off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from infrastructure import anything, exchanges, read

from revenuer.sources.formats.address import address
from revenuer.sources.formats.cut import as_far_as_it_goes
from revenuer.sources.formats.envoy import Envoy
from revenuer.sources.formats.kong import Kong

Record = dict[str, Any]

ASKED = {"model": "large-1", "temperature": 0.5, "messages": [{"role": "user", "content": "two"}]}
SAID = {"choices": [{"message": {"content": "three"}, "finish_reason": "stop"}]}


def entry(**ai: Any) -> Record:
    """An entry of Kong's http-log for a request that AI Proxy handled."""
    proxy = {
        "meta": {"request_model": "large-1", "provider_name": "bedrock", "plugin_id": "p"},
        "usage": {"prompt_tokens": 42, "completion_tokens": 7, "cost": 0},
        "payload": {"request": json.dumps(ASKED), "response": json.dumps(SAID)},
    }
    return {
        "started_at": 1_772_359_200_123,
        "client_ip": "203.0.113.7",
        "workspace_name": "default",
        "request": {"id": "k-1", "headers": {"user-agent": "sdk/1", "host": "gw"}, "tls": {"version": "TLSv1.3"}},
        "response": {"status": 200, "headers": {}},
        "latencies": {"request": 10},
        "consumer": {"id": "c-9", "custom_id": "acme", "username": "Acme"},
        "authenticated_entity": {"id": "key-3", "consumer_id": "c-9"},
        "ai": {"proxy": {**proxy, **ai}},
    }


def test_a_kong_entry_with_payloads_is_an_exchange() -> None:
    """Consumer, credential and address are Kong's; text, model and tokens the plug-in's."""
    (exchange,) = exchanges(Kong(), [entry()])
    assert len(exchange.pop("credential_id")) == 64
    assert exchange == {
        "exchange_id": "k-1", "ts": 1_772_359_200_123, "account_id": "acme", "org_id": "default", "pathway": "bedrock",
        "model": "large-1", "ip": "203.0.113.7", "user_agent": "sdk/1", "prompt": "two", "turn": 0, "images": 0,
        "tools": 0, "thinking": False, "temperature": 0.5, "response": "three", "input_tokens": 42, "output_tokens": 7,
        "status": "ok",
    }  # fmt: skip


def test_without_payloads_a_kong_entry_has_no_prompt() -> None:
    """Logging of payloads is off by default: what is left is for a scan without text."""
    (exchange,) = exchanges(Kong(), [entry(payload={})])
    assert "prompt" not in exchange
    assert exchange["input_tokens"] == 42


def test_older_kongs_name_things_otherwise() -> None:
    """Before 3.8 the request stood beside the plug-ins, and tokens were counted in the singular."""
    old = entry()
    old["ai"] = {
        "payload": {"request": json.dumps(ASKED)},
        "ai-proxy": {"meta": {"request_model": "m"}, "usage": {"prompt_token": 42, "completion_token": 7},
                     "payload": {"response": json.dumps(SAID)}},
    }  # fmt: skip
    (exchange,) = exchanges(Kong(), [old])
    assert (exchange["prompt"], exchange["response"], exchange["output_tokens"]) == ("two", "three", 7)


def test_routes_without_ai_are_no_exchanges_and_strangers_are_rejected() -> None:
    """Other routes of the gateway leave nothing; a route without authentication names nobody."""
    plain, nobody = entry(), entry()
    del plain["ai"], nobody["consumer"], nobody["authenticated_entity"]
    rows, rejected = read(Kong(), [plain, nobody])
    assert (rows, rejected) == ([], ["names no consumer: the route asks for no authentication"])


ACCESS = {
    "start_time": "2026-03-01T10:00:00.123Z", "method": "POST", "response_code": 200, "response_flags": "-",
    "upstream_host": "10.0.0.9:443", "upstream_cluster": "openai", "x-request-id": "e-1", "user-agent": "sdk/1",
    "downstream_remote_address": "203.0.113.7:51000", "x-user-id": "acme", "gen_ai.request.model": "large-1",
    "gen_ai.usage.input_tokens": 42, "gen_ai.usage.output_tokens": "7", "session.id": "-", "tls_ja4_fingerprint": "t13d",
}  # fmt: skip
SEEN = {
    "exchange_id": "e-1", "ts": "2026-03-01T10:00:00.123Z", "account_id": "acme", "model": "large-1", "ip": "203.0.113.7",
    "user_agent": "sdk/1", "tls_fingerprint": "t13d", "input_tokens": 42, "output_tokens": "7", "status": "ok",
}  # fmt: skip


def test_an_access_log_of_envoy_gives_everything_but_text() -> None:
    """Names as Envoy AI Gateway's examples have them, of now and of before."""
    old = {name: value for name, value in ACCESS.items() if not name.startswith("gen_ai")}
    old |= {"genai_model_name": "large-1", "genai_tokens_input": 42, "genai_tokens_output": "7"}
    assert exchanges(Envoy(), [ACCESS, old]) == [SEEN, SEEN]
    assert Envoy().matches(ACCESS) > 0.9


def test_behind_a_private_proxy_the_forwarded_address_counts() -> None:
    """The peer is believed unless it is a proxy of one's own."""
    behind = {**ACCESS, "downstream_remote_address": "10.1.2.3:80", "x-forwarded-for": "9.9.9.9, 10.1.2.3"}
    forged = {**ACCESS, "x-forwarded-for": "192.0.2.1", "downstream_remote_address": "8.8.8.8:51000"}
    assert [e["ip"] for e in exchanges(Envoy(), [behind, forged])] == ["9.9.9.9", "8.8.8.8"]


def test_requests_of_nobody_and_of_other_routes_are_told_apart() -> None:
    """An entry without a model is none of ours; one without an account is rejected with the way out."""
    rows, rejected = read(Envoy(), [{**ACCESS, "x-user-id": None}, {"start_time": "x", "upstream_host": "y"}])
    assert rows == []
    assert rejected == ["names no account: the access log has to print a header or claim that does"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.7", "203.0.113.7"), ("203.0.113.7:80", "203.0.113.7"), ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"), ("203.0.113.7, 10.0.0.1", "203.0.113.7"), ("203.0.113.***", None),
        ("lambda.amazonaws.com", None), ("", None), (None, None), (["203.0.113.7"], "203.0.113.7"), ([], None), (7, None),
    ],
)  # fmt: skip
def test_addresses_are_read_as_gateways_write_them(written: Any, meant: str | None) -> None:
    """With ports, in brackets, in lists; masked ones and names are none."""
    assert address(written) == meant


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_every_beginning_of_a_json_text_can_be_read(value: Record) -> None:
    """Wherever it was cut, what is read is an object, and whole text is read whole."""
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert all(isinstance(as_far_as_it_goes(text[:cut]), dict) for cut in range(1, len(text)))
        assert as_far_as_it_goes(text) == value


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('{"a": "begun', {"a": "begun"}), ('{"a": "b\\', {"a": "b"}), ('{"a": "b\\u00e', {"a": "b"}), ('{"a": 12', {}),
        ('{"a": 1, "b', {"a": 1}), ('{"a": 1, "b":', {"a": 1}), ('{"a": [1, {"c": tr', {"a": [1, {}]}),
        ('[{"a": 1}, ', [{"a": 1}]), ("no JSON", None), ("", None), ("7", None), ("}{", None), ('"text', None),
    ],
)  # fmt: skip
def test_only_what_was_written_whole_is_kept(text: str, meant: Any) -> None:
    """A value of text may end early; a number, a word or a name of a field may not."""
    assert as_far_as_it_goes(text) == meant


def test_a_tower_of_brackets_is_mended_no_further_than_its_first_floors() -> None:
    """Nesting does not exhaust the stack."""
    assert len(str(as_far_as_it_goes("[" * 100_000))) < 1_000


NAMES = (
    "ai", "proxy", "payload", "request", "response", "usage", "meta", "headers", "user-agent", "consumer", "id", "status",
    "start_time", "response_flags", "upstream_host", "x-user-id", "gen_ai.request.model", "messages", "content",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(value=anything(NAMES))
def test_whatever_a_proxy_writes_nothing_but_a_rejection_is_raised(value: Any) -> None:
    """Any field of an entry may be anything, and so may the entry."""
    for form, record in ((Kong(), entry()), (Envoy(), ACCESS)):
        whole = value if isinstance(value, dict) else {"x": value}
        for damaged in (whole, *({**record, name: value} for name in record)):
            form.matches(damaged)
            read(form, [damaged])
    read(Kong(), [entry(**{name: value}) for name in ("payload", "usage", "meta")])
