"""Requests: what a tier may not ask for is clamped or left out, and named; all else keeps its bytes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shaping_worlds import ANN, NOW, PLAN, SEALER, chat_request, dumps, sent, shaped

from revenuer.errors import ConfigError, InputError
from revenuer.provenance import Asker, Family, default_plan, default_plan_text, load_plan, shaped_request

LIMITED = Asker("ann", tier="limited")
TRUSTED = Asker("ann", tier="trusted")


def asked(asker: Asker = ANN, family: Family = "chat", **settings: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The settings that reach the model, and those that are named as limited."""
    body = {"model": "big", "prompt": "x", **settings} if family == "completions" else chat_request(**settings)
    request = shaped(family, body, asker)
    gone = {"model", "messages", "prompt"}
    return {name: value for name, value in sent(request).items() if name not in gone}, request.limited


@pytest.mark.parametrize(
    "setting",
    [
        {"vllm_xargs": {"wm": "off"}},
        {"custom_logit_processor": "code"},
        {"custom_params": {"a": 1}},
        {"logits_processors": ["os.system"]},
        {"chat_template": "{{ x }}"},
        {"prompt_logprobs": 1},
        {"echo": True},
        {"return_token_ids": True},
        {"separate_reasoning": False},
        {"skip_special_tokens": False},
        {"extra_body": {"vllm_xargs": {"wm": "off"}}},
    ],
)
def test_what_only_the_operator_may_set_is_left_out(setting: dict[str, Any]):
    """In the body or in `extra_body`; the answer names it."""
    left, limited = asked(**setting)
    assert not json.dumps(left).count("wm")
    assert left in ({}, {"extra_body": {}})
    assert set(limited) == set(setting) - {"extra_body"} or limited == ("vllm_xargs",)


@pytest.mark.parametrize("name", ["echo", "vllm_xargs", "prompt_logprobs", "logit_bias"])
@pytest.mark.parametrize("nothing", [None, False, 0, {}])
def test_what_asks_for_nothing_is_not_named(name: str, nothing: Any):
    """Clients send defaults along; nobody is told of a limit that they did not meet."""
    assert asked(LIMITED, **{name: nothing})[1] == ()


@pytest.mark.parametrize(
    ("given_", "left", "limited"),
    [
        ({"n": 4}, {"n": 4}, ()),
        ({"n": 5}, {"n": 4}, ("n",)),
        ({"n": -1}, {"n": 4}, ("n",)),
        ({"n": "9"}, {"n": 4}, ("n",)),
        ({"n": 1e9}, {"n": 4}, ("n",)),
        ({"logprobs": True, "top_logprobs": 20}, {"logprobs": True, "top_logprobs": 5}, ("top_logprobs",)),
        ({"logprobs": True, "top_logprobs": -1}, {"logprobs": True, "top_logprobs": 5}, ("top_logprobs",)),
        ({"logprobs": True, "logit_bias": {"5": 1}}, {"logit_bias": {"5": 1}}, ("logprobs",)),
        ({"logprobs": True, "allowed_token_ids": [5]}, {"allowed_token_ids": [5]}, ("logprobs",)),
        ({"logprobs": True, "logit_bias": {}}, {"logprobs": True, "logit_bias": {}}, ()),
        ({"logit_bias": {"5": 1}}, {"logit_bias": {"5": 1}}, ()),
    ],
)
def test_numbers_are_clamped_and_bias_never_meets_logprobs(
    given_: dict[str, Any], left: dict[str, Any], limited: tuple[str, ...]
):
    """On the tier that everybody has; -1 asks for all there are."""
    assert asked(**given_) == (left, limited)


def test_a_limited_tier_gets_none_of_it():
    """And a trusted one all of it."""
    settings = {"n": 3, "logprobs": True, "top_logprobs": 3, "echo": True, "prompt_logprobs": 2}
    assert asked(LIMITED, **settings) == (
        {"n": 1},
        ("echo", "logprobs", "n", "prompt_logprobs", "top_logprobs"),
    )
    assert asked(TRUSTED, **settings) == (settings, ())


def test_completions_ask_by_number():
    """`logprobs` is a number there, and nought asks for those of the chosen tokens."""
    assert asked(family="completions", logprobs=100) == ({"logprobs": 5}, ("logprobs",))
    assert asked(family="completions", logprobs=-1) == ({"logprobs": 5}, ("logprobs",))
    assert asked(LIMITED, family="completions", logprobs=0) == ({}, ("logprobs",))


def test_the_responses_api_asks_by_a_list():
    """What is included besides stays."""
    wanted = ["message.output_text.logprobs", "reasoning.encrypted_content"]
    body = {"model": "big", "input": "x", "include": wanted, "top_logprobs": 3}
    request = shaped("responses", body, LIMITED)
    assert sent(request) == {"model": "big", "input": "x", "include": ["reasoning.encrypted_content"]}
    assert request.limited == ("logprobs", "top_logprobs")


def test_a_name_that_comes_twice_counts_once():
    """What was checked is what is sent."""
    body = b'{"model":"big","messages":[],"n":1,"n":100}'
    assert json.loads(shaped_request("chat", body, ANN, PLAN, SEALER, now=NOW).body)["n"] == 4
    assert shaped_request("chat", body, ANN, PLAN, SEALER, now=NOW).body.count(b'"n"') == 1


def test_what_nobody_looks_at_keeps_its_bytes():
    """White space, numbers and escapes of messages and tools are sent on as they came."""
    messages = b'[ {"role":"user" , "content":"\\u00e9 \\/ x"}, {"role":"assistant","content":"y","n":1.10} ]'
    body = b'{"model":"big","tools":[ 1E2 ],"messages":' + messages + b',"seed":12345678901234567890}'
    out = shaped_request("chat", body, ANN, PLAN, SEALER, now=NOW).body
    assert messages in out
    assert b'"tools":[ 1E2 ]' in out
    assert b"12345678901234567890" in out


def no_object(body: bytes) -> bool:
    """Whether the bytes are something else than a JSON object, as a few bytes can be by chance."""
    try:
        return not isinstance(json.loads(body), dict)
    except ValueError:
        return True


bodies = (
    st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(dumps)
).filter(no_object)


@given(bodies, st.sampled_from(["chat", "completions", "responses", "messages"]))
def test_a_body_that_is_no_object_is_refused(body: bytes, family: Family):
    """Whatever the bytes, the error says that they are no object."""
    with pytest.raises(InputError, match="JSON object"):
        shaped_request(family, body, ANN, PLAN, SEALER, now=NOW)


@pytest.mark.parametrize(
    ("text", "sent_on"),
    [
        (b"cut \\ud83d", b"cut \\ufffd"),
        (b"\\ude00\\\\ud83d", b"\\ufffd\\\\ud83d"),
        (b"\\ud83d\\ude00\\ud83d", b"\\ud83d\\ude00\\ufffd"),
    ],
)
def test_half_a_character_fails_no_request(text: bytes, sent_on: bytes):
    """Clients cut text between the halves of a character; whole ones and escaped backslashes stay."""
    body = b'{"model":"big","messages":[{"role":"user","content":"' + text + b'"}]}'
    assert b'"' + sent_on + b'"' in shaped_request("chat", body, ANN, PLAN, SEALER, now=NOW).body


@pytest.mark.parametrize("family", ["chat", "messages", "responses"])
@pytest.mark.parametrize("name", ["messages", "input", "tools", "n", "extra_body"])
def test_a_body_without_a_bottom_is_refused(family: Family, name: str):
    """Nesting that no parser follows is an error, not a crash."""
    for depth in (400, 100_000):
        body = b'{"model":"big","' + name.encode() + b'":' + b'[{"a":' * depth + b"1" + b"}]" * depth + b"}"
        with contextlib.suppress(InputError):
            assert shaped_request(family, body, ANN, PLAN, SEALER, now=NOW).body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["role", "content", "type", "reasoning_details", "data", "signature", "thinking", "text",
                         "encrypted_content", "assistant"]) | st.text(max_size=2), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
names = st.sampled_from(
    ["messages", "input", "system", "tools", "n", "logprobs", "top_logprobs", "logit_bias", "include", "extra_body",
     "prompt", "model", "thinking"]
)  # fmt: skip


@given(
    st.dictionaries(names, json_values, max_size=5), st.sampled_from(["chat", "completions", "responses", "messages"])
)
def test_any_object_is_shaped_or_refused(body: dict[str, Any], family: Family):
    """Fields of the wrong kind in any place are an error that names the fault, or pass to the model that refuses them."""
    with contextlib.suppress(InputError):
        assert isinstance(sent(shaped(family, body)), dict)


def test_the_plan_that_is_shipped_reads_as_printed(tmp_path: Any):
    """Its text, written to a file, is the same plan."""
    place = tmp_path / "plan.toml"
    place.write_text(default_plan_text())
    assert load_plan(place) == default_plan()
    assert set(default_plan().tier) == {"base", "limited", "trusted"}


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ('default_tier = "base"', 'default_tier = "x"', ConfigError, "default_tier x"),
        ("schema = 1", "schema = 2", ConfigError, "schema 2"),
        ('seal = "drop"', 'seal = "lenient"', InputError, "seal"),
        ("n = 4", "n = 0", InputError, "n"),
        ("n = 4", "m = 4", InputError, "m"),
        ("schema = 1", "schema = ", InputError, "TOML"),
    ],
)
def test_a_plan_that_is_none_is_refused(tmp_path: Any, old: str, new: str, error: type[Exception], said: str):
    """With what is wrong in it."""
    place = tmp_path / "plan.toml"
    place.write_text(default_plan_text().replace(old, new, 1))
    with pytest.raises(error, match=said):
        load_plan(place)
