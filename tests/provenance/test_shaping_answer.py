"""Whole answers: reasoning goes out sealed, whatever form it has, and nothing else changes."""

from __future__ import annotations

import json

import msgspec
import pytest
from shaping_worlds import (
    ANSWER,
    ARGUMENTS,
    NOTICE,
    PLAN,
    THINKING,
    THOUGHT,
    TRUSTED,
    Json,
    answered,
    calls,
    chat_answer,
    chat_request,
    chat_turn,
    dumps,
    responses_answer,
    shaped,
    text_item,
)

from revenuer.errors import InputError
from revenuer.provenance import Asker, shaped_answer
from revenuer.provenance.shaping_plan import Model
from revenuer.provenance.shaping_reasoning import Think

FIRST = msgspec.structs.replace(
    PLAN, tier={"base": msgspec.structs.replace(PLAN.tier["base"], summary="first_sentence")}
)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_chat_reasoning_leaves_sealed_and_the_rest_as_it_was(field: str):
    """Text, code and tool calls are the same to the byte, and no word of the reasoning is left."""
    message, request = chat_turn({field: THOUGHT, "content": ANSWER, "tool_calls": calls()})
    assert (message["content"], message["tool_calls"]) == (ANSWER, calls())
    assert message[field] == NOTICE
    assert "SECRET" not in json.dumps(message)
    kinds = [detail["type"] for detail in message["reasoning_details"]]
    assert kinds == ["reasoning.summary", "reasoning.encrypted"]
    assert request.headers() == {"x-features-limited": "reasoning=summary"}


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": THOUGHT, "content": ANSWER},
        {"reasoning": THOUGHT, "reasoning_details": [{"type": "reasoning.text", "text": THOUGHT}], "content": ANSWER},
        {"content": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}]},
        {"content": ANSWER, "thinking_blocks": [THINKING], "provider_specific_fields": {"thinking_blocks": [THINKING]}},
        {"content": ANSWER, "a_new_reasoning_field": {"steps": [THOUGHT]}},
        {"content": f"<think>{THOUGHT}</think>{ANSWER}"},
        {"content": f"\n<think>{THOUGHT}</think>{ANSWER}"},
        {"content": f"<think>{THOUGHT}"},
    ],
)
def test_no_form_of_reasoning_gets_through(message: Json):
    """Wherever servers put it, under whatever name; log-probabilities would spell it out and go too."""
    request = shaped("chat", chat_request(logprobs=True))
    logprobs = {"content": [{"token": "SECRET", "logprob": -0.1}]}
    answer = chat_answer(message, logprobs=logprobs) | {"prompt_token_ids": [1], "reasoning_trace": "SECRET"}
    out = answered("chat", request, answer)
    assert "SECRET" not in json.dumps(out)
    assert out["choices"][0]["logprobs"] is None
    assert "prompt_token_ids" not in out
    if ANSWER in json.dumps(message, ensure_ascii=False):
        assert ANSWER in json.dumps(out["choices"][0]["message"]["content"], ensure_ascii=False)


def test_a_message_without_reasoning_keeps_its_bytes():
    """Numbers, white space and fields that nobody knows."""
    message = b'{ "role":"assistant","content":"x",  "tool_calls":[ {"a":1.10} ],"reasoning_content":null,"new":1E2}'
    body = b'{"id":1,"choices":[{"index":0,"message":' + message + b',"finish_reason":"stop"}],"usage":{"a":1.0}}'
    assert shaped_answer("chat", body, shaped("chat", chat_request()).treatment) == body


@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [
        ("<think>a</think>b", "b", "a"),
        ("  <think>a</think>\n\nb", "  \n\nb", "a"),
        ("<think>a</think><think>b</think>c", "c", "ab"),
        ("x <think>a</think>", "x <think>a</think>", ""),
        ("<thin", "<thin", ""),
        ("<thinking>", "<thinking>", ""),
        ("<think>a</thin", "", "a</thin"),
        ("", "", ""),
    ],
)
def test_only_tags_at_the_beginning_open_reasoning(text: str, answer: str, thought: str):
    """An answer may speak of tags; however the text is cut, the parts are the same."""
    for cut in range(len(text) + 1):
        think = Think("tags")
        parts = [think.feed(text[:cut]), think.feed(text[cut:]), think.finish()]
        assert ("".join(part[0] for part in parts), "".join(part[1] for part in parts)) == (answer, thought)


def test_a_template_may_have_opened_the_tag():
    """Then content begins within it, and only its end is seen."""
    plan = msgspec.structs.replace(PLAN, model={"big": Model(think="opened")})
    request = shaped("chat", chat_request(), plan=plan)
    out = answered("chat", request, chat_answer({"content": f"{THOUGHT}</think>{ANSWER}"}))
    assert out["choices"][0]["message"]["content"] == ANSWER
    assert "SECRET" not in json.dumps(out)


def test_summaries_are_what_the_tier_says():
    """The model's own, the first sentence, or the notice."""
    upstream = {"reasoning_details": [{"type": "reasoning.summary", "summary": "In short."}], "reasoning": THOUGHT}
    assert chat_turn(upstream)[0]["reasoning"] == "In short."
    first = shaped("chat", chat_request(), plan=FIRST)
    assert chat_turn({"reasoning_content": THOUGHT}, first)[0]["reasoning_content"] == "SECRET one."
    assert chat_turn({"reasoning_content": "x" * 500}, first)[0]["reasoning_content"] == "x" * 200
    withheld = shaped("chat", chat_request(), Asker("ann", tier="limited"))
    assert chat_turn(upstream, withheld)[0]["reasoning"] == NOTICE
    assert withheld.headers() == {"x-features-limited": "reasoning=withhold"}


def test_a_trusted_tier_gets_the_answer_as_it_is():
    """Byte for byte, and no header speaks of limits."""
    request = shaped("chat", chat_request(), TRUSTED)
    body = dumps(chat_answer({"reasoning_content": THOUGHT, "content": f"<think>{ANSWER}"}))
    assert shaped_answer("chat", body, request.treatment) == body
    assert request.headers() == {}


def test_logprobs_are_rounded_and_cut():
    """To the decimals and alternatives of the tier, in each API's form; tokens and bytes stay."""
    token = {
        "token": "a",
        "logprob": -0.123456,
        "bytes": [97],
        "top_logprobs": [{"token": "b", "logprob": -1.98765}] * 9,
    }
    out = answered("chat", shaped("chat", chat_request()), chat_answer({"content": "a"}, logprobs={"content": [token]}))
    (got,) = out["choices"][0]["logprobs"]["content"]
    assert (got["logprob"], got["bytes"]) == (-0.12, [97])
    assert got["top_logprobs"] == [{"token": "b", "logprob": -1.99}] * 5
    tops = {str(n): -float(n) - 0.001 for n in range(9)}
    plain = {"tokens": ["a"], "token_logprobs": [-0.126, None], "top_logprobs": [tops, None], "text_offset": [0]}
    body = {"choices": [{"index": 0, "text": "a", "logprobs": plain, "finish_reason": "stop"}]}
    asked = shaped("completions", {"model": "big", "prompt": "x"})
    got = answered("completions", asked, body)["choices"][0]["logprobs"]
    assert got["token_logprobs"] == [-0.13, None]
    assert got["top_logprobs"] == [{str(n): -float(n) for n in range(6)}, None]
    limited = shaped("chat", chat_request(), Asker("ann", tier="limited"))
    out = answered("chat", limited, chat_answer({"content": "a"}, logprobs={"content": [token]}))
    assert out["choices"][0]["logprobs"] is None
    item = text_item("a")
    item["content"][0]["logprobs"] = [token]
    out = answered("responses", shaped("responses", {"model": "big", "input": "x"}), responses_answer(item))
    assert out["output"][0]["content"][0]["logprobs"][0]["logprob"] == -0.12


def test_an_answer_that_is_none_is_an_error():
    """So that the plan can say whether it passes."""
    for body in (b"", b"[]", b'{"choices":[1]}', b"<html>"):
        with pytest.raises(InputError):
            shaped_answer("chat", body, shaped("chat", chat_request()).treatment)


def test_arguments_of_calls_are_never_read():
    """A tool may have an argument that is called reasoning."""
    message, _ = chat_turn({"reasoning_content": THOUGHT, "content": None, "tool_calls": calls()})
    assert message["tool_calls"][0]["function"]["arguments"] == ARGUMENTS
