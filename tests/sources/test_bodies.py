"""Bodies of every model API that is known: what is asked, shown, set and answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from revenuer.sources.formats.bodies import merged, request_columns, response_columns, status_of
from revenuer.sources.formats.values import credential, digest, first, header, pick

Record = dict[str, Any]

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
CLAUDE_IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}


@pytest.mark.parametrize(
    ("body", "system", "prompt", "turn", "images"),
    [
        ({"messages": [{"role": "user", "content": "a"}]}, None, "a", 0, 0),
        ({"messages": [{"role": "developer", "content": "s"}, {"role": "user", "content": ["a", IMAGE]}]}, "s", "a", 0, 1),
        ({"messages": [{"role": "user", "content": [CLAUDE_IMAGE]}]}, None, None, 0, 1),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "t"}]}, None, "a", 0, 0),
        ({"messages": [{"role": "assistant", "content": "only"}]}, None, None, None, 0),
        ({"input": "a", "instructions": "s"}, "s", "a", 0, 0),
        ({"input": '{"grade": ["this"]}'}, None, '{"grade": ["this"]}', 0, 0),
        ({"messages": json.dumps([{"role": "user", "content": "a"}])}, None, "a", 0, 0),
        ({"prompt": "a"}, None, "a", 0, 0),
        ({"prompt": ["a", "b"]}, None, "b", 1, 0),
        (
            {"contents": [{"role": "user", "parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png"}}]}],
             "systemInstruction": {"parts": [{"text": "s"}]}},
            "s", "a", 0, 1,
        ),
        (
            {"messages": [{"role": "user", "content": [{"text": "a"}, {"image": {"format": "png"}}]}],
             "system": [{"text": "s"}, {"text": "t"}]},
            "s\nt", "a", 0, 1,
        ),
        ({"messages": [{"role": "user", "parts": [{"type": "text", "content": "a"}]}]}, None, "a", 0, 0),
        ({"anthropic_version": "b", "prompt": "\n\nHuman: a\n\nAssistant:"}, None, "\n\nHuman: a\n\nAssistant:", 0, 0),
    ],
)  # fmt: skip
def test_what_is_asked(body: Record, system: str | None, prompt: str | None, turn: int | None, images: int) -> None:
    """System text, newest message of the user, turns before it and images, in each API's shape."""
    found = request_columns(body)
    assert (found.get("system"), found.get("prompt") or None) == (system, prompt)
    assert (found.get("turn"), found.get("images")) == (turn, images)


@pytest.mark.parametrize(
    ("body", "thinking"),
    [
        ({"model": "m"}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning": {"effort": "low", "summary": "auto"}}, True),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"thinking": {"type": "adaptive"}}, True),
        ({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}, False),
        ({"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}, True),
        ({"enable_thinking": True}, True),
        ({"enable_thinking": False}, False),
    ],
)
def test_whether_reasoning_is_asked_for(body: Record, thinking: bool) -> None:  # noqa: FBT001
    """Switches, efforts and budgets."""
    assert request_columns(body)["thinking"] is thinking


@pytest.mark.parametrize(
    ("body", "tools"),
    [
        ({"tools": [{}, {}]}, 2),
        ({"functions": [{}]}, 1),
        ({"tools": [{"functionDeclarations": [{}, {}, {}]}]}, 3),
        ({"toolConfig": {"tools": [{"toolSpec": {}}]}}, 1),
        ({"model": "m"}, 0),
    ],
)
def test_how_many_tools_are_offered(body: Record, tools: int) -> None:
    """Declarations within a tool count one by one."""
    assert request_columns(body)["tools"] == tools


def test_settings_are_unknown_where_a_log_keeps_messages_alone() -> None:
    """No tools and no temperature is something else than not knowing."""
    assert not {"tools", "thinking", "temperature"} & request_columns({"messages": [], "system": "s"}).keys()


@pytest.mark.parametrize(
    ("body", "end_user", "session"),
    [
        ({"user": "u"}, "u", None),
        ({"safety_identifier": "s", "user": "u"}, "s", None),
        ({"metadata": {"user_id": "user_1_account_2_session_3-4"}}, "user_1_account_2", "3-4"),
        ({"metadata": {"user_id": '{"account_uuid": "a", "session_id": "s"}'}}, "a", "s"),
        ({"metadata": {"user_id": "plain_session"}}, "plain_session", None),
        ({"conversation": "c"}, None, "c"),
        ({"conversation": {"id": "c"}}, None, "c"),
    ],
)
def test_who_asks_within_an_account(body: Record, end_user: str | None, session: str | None) -> None:
    """Clients that put both into one field are taken at their word."""
    found = request_columns(body)
    assert (found["end_user_id"], found["session_id"]) == (end_user, session)


SEALED_REQUESTS = [
    {
        "role": "assistant",
        "content": [{"type": "thinking", "signature": "A"}, {"type": "redacted_thinking", "data": "B"}],
    },
    {"type": "reasoning", "encrypted_content": "A"},
    {"role": "assistant", "content": "x", "thinking_blocks": [{"type": "thinking", "signature": "A"}]},
    {"role": "assistant", "content": "x", "reasoning_details": [{"type": "reasoning.encrypted", "data": "A"}]},
    {"role": "model", "parts": [{"text": "x", "thoughtSignature": "A"}]},
    {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "x", "signature": "A"}}}]},
]


@pytest.mark.parametrize("message", SEALED_REQUESTS)
def test_reasoning_that_is_sent_back_is_known_by_its_hash(message: Record) -> None:
    """A block has one name, in whichever API's words it comes, given out or sent back."""
    refs = request_columns({"messages": [message, {"role": "user", "content": "go on"}]})["reasoning_refs"]
    assert refs[0] == digest("A")
    assert response_columns({"type": "message", "content": [{"type": "thinking", "signature": "A"}]})[
        "reasoning_issued"
    ] == digest("A")


SSE = "\n".join(
    f"event: e\ndata: {json.dumps(event)}\n"
    for event in (
        {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 5, "output_tokens": 1}}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "He"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "llo"}},
        {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "A"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    )
)
CHUNKS = [
    {"object": "chat.completion.chunk", "choices": [{"delta": {"role": "assistant", "content": "He"}}]},
    {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "llo"}, "finish_reason": "stop"}]},
    {"object": "chat.completion.chunk", "choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}},
]
RESPONSE_EVENTS = [
    {"type": "response.output_text.delta", "delta": "He"},
    {"type": "response.completed", "response": {
        "object": "response", "status": "completed", "usage": {"input_tokens": 5, "output_tokens": 7},
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}]}},
]  # fmt: skip
GEMINI = [
    {"candidates": [{"content": {"parts": [{"text": "He"}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "llo"}]}, "finishReason": "STOP"}],
     "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 4, "thoughtsTokenCount": 3}},
]  # fmt: skip
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 5, "outputTokens": 7},
}


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 4}}},
        {"choices": [{"text": "Hello", "finish_reason": "stop"}], "usage": {"prompt_tokens": 5, "completion_tokens": 7}},
        {"type": "message", "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
         "usage": {"input_tokens": 1, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 1, "output_tokens": 7}},
        CONVERSE, json.dumps(CONVERSE), SSE, CHUNKS, json.dumps(CHUNKS), RESPONSE_EVENTS, GEMINI,
        "\n\n".join(f"data: {json.dumps(chunk)}" for chunk in CHUNKS) + "\n\ndata: [DONE]\n",
    ],
)  # fmt: skip
def test_what_is_answered(body: Any) -> None:
    """Text and tokens, whole or as a stream; tokens out of a cache are tokens read."""
    found = response_columns(body)
    assert (found["response"], found["input_tokens"], found["output_tokens"]) == ("Hello", 5, 7)
    assert found["status"] == "ok"


def test_an_answer_that_is_json_stays_text() -> None:
    """Structured output is what the model said, not a body."""
    for text in ('{"grade": 4, "why": "short"}', '[{"a": 1}]', "[DONE]", "data"):
        assert response_columns(text, 200) == {"response": text, "status": "ok"}


def test_calls_of_tools_stand_for_text_that_is_not_there() -> None:
    """An answer that only calls tools names them."""
    called = {"choices": [{"message": {"content": None, "tool_calls": [{"function": {"name": "look"}}]}}]}
    assert response_columns(called)["response"] == "look"
    claude = {"type": "message", "content": [{"type": "tool_use", "name": "look"}, {"type": "tool_use", "name": "act"}]}
    assert response_columns(claude)["response"] == "look\nact"


@pytest.mark.parametrize(
    ("code", "reason", "error", "status"),
    [
        (200, None, None, "ok"),
        ("200", "stop", None, "ok"),
        (None, None, None, None),
        (429, None, None, "rate_limited"),
        (None, None, {"type": "rate_limit_error"}, "rate_limited"),
        (400, None, {"code": "content_policy_violation"}, "refused"),
        (200, "content_filter", None, "refused"),
        (200, "refusal", None, "refused"),
        (200, "SAFETY", None, "refused"),
        (400, None, {"type": "invalid_request_error", "message": "no"}, "error"),
        (503, None, None, "error"),
        (None, "failed", None, "error"),
        (None, None, "overloaded", "error"),
    ],
)
def test_how_it_ended(code: Any, reason: Any, error: Any, status: str | None) -> None:
    """HTTP status, reason and error, in the words of each API, to one of four."""
    assert status_of(code, reason, error) == status


def test_what_is_said_last_counts() -> None:
    """Nothing said unsays nothing."""
    assert merged({"a": 1, "b": 2}, {"a": None, "b": 3}) == {"a": 1, "b": 3}


def test_paths_lead_through_dots_lists_and_text() -> None:
    """The longest key that is there counts; JSON within text is read on the way."""
    record = {"a.b": {"c": [10, {"d": 0}]}, "a": {"b": {"e": 5}}, "t": '{"u": [{"v": "w"}]}', "n": None}
    assert pick(record, "a.b.c.1.d") == 0
    assert pick(record, "a.b.e") == 5
    assert pick(record, "t.u.0.v") == "w"
    assert [pick(record, path) for path in ("a.b.c.9", "a.b.c.x", "n.a", "z", "a.b.c.1.d.e")] == [None] * 5
    assert first({"x": "", "y": [], "z": 0}, "x", "y", "z") == 0


def test_keys_have_one_name() -> None:
    """With or without its scheme, in a header of any case; what is hashed already stays."""
    assert credential("Bearer sk-1") == credential("sk-1") == digest("sk-1")
    assert credential(digest("sk-1")) == digest("sk-1")
    assert credential(None) is None
    for headers in (
        {"X-Api-Key": "k"},
        [["x-api-key", "k"]],
        [{"name": "X-API-KEY", "value": "k"}],
        '{"x-api-key": ["k"]}',
    ):
        assert header(headers, "x-api-key") == "k"
