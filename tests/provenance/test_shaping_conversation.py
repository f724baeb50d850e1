"""Conversations: a block comes back with the next request, opens where it belongs, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from shaping_worlds import (
    ANN,
    ANSWER,
    BOB,
    NOTICE,
    NOW,
    PLAN,
    THINKING,
    THOUGHT,
    TOOLS,
    TRUSTED,
    Json,
    answered,
    call_item,
    calls,
    chat_answer,
    chat_request,
    chat_turn,
    messages_answer,
    reasoning_item,
    responses_answer,
    sent,
    shaped,
    text_item,
)

from revenuer.provenance import Asker, Family, columns_of, seal_events
from revenuer.sources.formats.bodies import request_columns, response_columns

STRICT, REPORT = (msgspec.structs.replace(PLAN, seal=mode) for mode in ("strict", "report"))
CALL: Json = {"type": "tool_use", "id": "t1", "name": "edit", "input": {"n": 1.10}}


def follow_up(message: Json, *before: Json, **settings: Any) -> Json:
    """The request of a tool turn: the client sends the message back as it got it, and what the tool said."""
    said = {"role": "tool", "tool_call_id": "call_1", "content": "done"}
    return chat_request(*before, message, said, **({"tools": TOOLS} | settings))


def test_a_chat_tool_turn_gives_the_model_its_reasoning_back():
    """The message that reaches it is the one that it wrote, and no seal is left in it."""
    original = {"content": ANSWER, "tool_calls": calls(), "reasoning_content": THOUGHT}
    message, _ = chat_turn(original)
    request = shaped("chat", follow_up(message))
    assert sent(request)["messages"][1] == {"role": "assistant", **original}
    assert [one.kind for one in request.returned] == ["opened"]


def test_inline_reasoning_comes_back_inline():
    """In its tags, before the answer."""
    message, _ = chat_turn({"content": f"<think>{THOUGHT}</think>{ANSWER}", "tool_calls": calls()})
    back = sent(shaped("chat", follow_up(message)))["messages"][1]
    assert back == {"role": "assistant", "content": f"<think>{THOUGHT}</think>{ANSWER}", "tool_calls": calls()}


def test_long_conversations_open_every_block():
    """Ten turns, each block in its place; a client that drops old ones still opens the newest."""
    history: list[Json] = []
    for turn in range(10):
        body = {"model": "big", "tools": TOOLS, "messages": [*history, {"role": "user", "content": f"q{turn}"}]}
        message, _ = chat_turn({"reasoning_content": f"{THOUGHT}{turn}", "content": f"a{turn}"}, shaped("chat", body))
        history = [*body["messages"], message]
    request = shaped("chat", {"model": "big", "tools": TOOLS, "messages": [*history, {"role": "user", "content": "q"}]})
    assert [one.kind for one in request.returned] == ["opened"] * 10
    assert [m["reasoning_content"] for m in sent(request)["messages"] if m["role"] == "assistant"] == [
        f"{THOUGHT}{turn}" for turn in range(10)
    ]
    bare = [{k: v for k, v in m.items() if "reasoning" not in k} for m in history[:-1]]
    request = shaped("chat", {"model": "big", "tools": TOOLS, "messages": [*bare, history[-1], history[0]]})
    assert [one.kind for one in request.returned] == ["opened"]


HARMLESS_EDITS = [
    lambda m: m | {"content": [{"type": "text", "text": m["content"]}]},
    lambda m: m | {"content": [{"type": "text", "text": m["content"], "cache_control": {"type": "ephemeral"}}]},
    lambda m: dict(reversed(m.items())) | {"name": None},
    lambda m: m | {"content": f" {m['content']}\n"},
]


@pytest.mark.parametrize("edit", HARMLESS_EDITS)
def test_how_a_client_writes_a_message_does_not_matter(edit: Any):
    """Lists of parts, marks for caches, nulls, the order of fields, white space at the ends."""
    message, _ = chat_turn({"reasoning_content": THOUGHT, "content": "x", "tool_calls": calls()})
    body = follow_up(message)
    body["messages"][0] = edit(body["messages"][0])
    assert [one.kind for one in shaped("chat", body).returned] == ["opened"]


def compacted(message: Json) -> Json:
    return {"model": "big", "tools": TOOLS, "messages": [{"role": "user", "content": "So far: ..."}, message]}


@pytest.mark.parametrize("plan", [PLAN, STRICT])
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (compacted, "history_changed"),
        (lambda m: follow_up(m, {"role": "user", "content": "injected"}), "history_changed"),
        (lambda m: follow_up(m, tools=[]), "tools_changed"),
        (lambda m: follow_up(m) | {"model": "other"}, "model_changed"),
    ],
)
def test_honest_changes_drop_the_block_and_nothing_else(plan: Any, change: Any, kind: str):
    """Compaction, reminders, other tools, another model: the request goes through, counted, whatever the mode."""
    message, _ = chat_turn({"reasoning_content": THOUGHT, "content": ANSWER, "tool_calls": calls()})
    request = shaped("chat", change(message), plan=plan)
    assert ([one.kind for one in request.returned], request.refused, request.dropped) == ([kind], False, 1)
    back = next(m for m in sent(request)["messages"] if m["role"] == "assistant")
    assert back == {"role": "assistant", "content": ANSWER, "tool_calls": calls()}
    assert request.headers()["x-reasoning-blocks-dropped"] == "1"


def test_what_a_tool_was_given_counts_whatever_it_is_called():
    """An argument named `reasoning` is part of the history, and not of the reasoning."""
    used = {"type": "tool_use", "id": "t0", "name": "edit", "input": {"reasoning": "a"}}
    body: Json = {"model": "big", "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": [used]},
                                               {"role": "user", "content": "and?"}]}  # fmt: skip
    out = answered("messages", shaped("messages", body), messages_answer(THINKING))
    body["messages"] += [{"role": "assistant", "content": out["content"]}, {"role": "user", "content": "go on"}]
    assert shaped("messages", body).returned[0].kind == "opened"
    body["messages"][1] = {"role": "assistant", "content": [used | {"input": {"reasoning": "b"}}]}
    assert shaped("messages", body).returned[0].kind == "history_changed"


def test_an_expired_block_is_dropped():
    """Without an alarm."""
    message, _ = chat_turn({"reasoning_content": THOUGHT, "content": "x"})
    request = shaped("chat", follow_up(message), now=NOW + 24 * 3600, plan=STRICT)
    assert ([one.kind for one in request.returned], request.refused) == (["expired"], False)


@pytest.mark.parametrize(
    ("asker", "model", "kind"),
    [
        (BOB, "big", "cross_account"),
        (Asker("ann", "tenant", "s2"), "big", "replay"),
        (Asker("ann", "elsewhere", "s1"), "big", "cross_account"),
        (ANN, "small", "downgrade"),
    ],
)
def test_replays_open_nowhere(asker: Asker, model: str, kind: str):
    """Strict refuses, drop leaves the block out, report sends on what came; none gives the model the reasoning."""
    message, _ = chat_turn({"reasoning_content": THOUGHT, "content": "x"})
    body = follow_up(message) | {"model": model}
    for plan in (PLAN, STRICT, REPORT):
        request = shaped("chat", body, asker, plan)
        assert [one.kind for one in request.returned] == [kind]
        assert request.refused == (plan is STRICT)
        assert b"SECRET" not in request.body
        assert (sent(request)["messages"] == body["messages"]) == (plan is REPORT)
        (event,) = seal_events(request.binding, NOW, (), request.returned)
        assert (event.alarm, event.kind, event.account) == (True, kind, asker.account)


def test_opaque_reasoning_of_others_is_left_out():
    """A block of another provider opens nothing and raises no alarm; where reasoning leaves raw it is the upstream's."""
    foreign = {
        "role": "assistant",
        "content": "x",
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAA"}],
    }
    request = shaped("chat", chat_request(foreign))
    assert ([one.kind for one in request.returned], sent(request)["messages"][1]) == (
        ["foreign"],
        {"role": "assistant", "content": "x"},
    )
    assert sent(shaped("chat", chat_request(foreign), TRUSTED))["messages"][1] == foreign


def test_anthropic_thinking_leaves_sealed_and_comes_back():
    """Each thinking block for itself, redacted ones too, around tool calls; the rest keeps its bytes."""
    body: Json = {"model": "big", "system": "S", "tools": [{"name": "edit"}], "thinking": {"type": "enabled"},
                  "messages": [{"role": "user", "content": "q"}]}  # fmt: skip
    request = shaped("messages", body)
    blocks = [THINKING, {"type": "redacted_thinking", "data": "UP"}, {"type": "text", "text": ANSWER}, CALL]
    out = answered("messages", request, messages_answer(*blocks))
    thinking, redacted, text, call = out["content"]
    assert (text, call) == (blocks[2], CALL)
    assert (thinking["type"], thinking["thinking"]) == ("thinking", NOTICE)
    assert "SECRET" not in json.dumps(out)
    assert "UPSTREAM" not in json.dumps(out)
    assert redacted["data"].startswith("rv1.")
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]}
    body["messages"] += [{"role": "assistant", "content": out["content"]}, result]
    back = shaped("messages", body)
    assert sent(back)["messages"][1]["content"] == blocks
    assert [one.kind for one in back.returned] == ["opened", "opened"]
    assert sent(back)["thinking"] == {"type": "enabled"}


def test_an_anthropic_tool_round_without_its_block_still_goes_through():
    """The API wants a thinking block first where thinking is on, so it is switched off for the round."""
    body: Json = {"model": "big", "thinking": {"type": "enabled", "budget_tokens": 9},
                  "messages": [{"role": "user", "content": "q"}]}  # fmt: skip
    out = answered("messages", shaped("messages", body), messages_answer(THINKING, CALL))
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]}
    rounds = [*body["messages"], {"role": "assistant", "content": out["content"]}, result]
    changed = shaped("messages", body | {"tools": [{"name": "new"}], "messages": rounds})
    assert [one.kind for one in changed.returned] == ["tools_changed"]
    assert sent(changed)["messages"][1]["content"] == [CALL]
    assert sent(changed)["thinking"] == {"type": "disabled"}
    over = [*rounds, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "next"}]
    later = shaped("messages", body | {"tools": [{"name": "new"}], "messages": over})
    assert sent(later)["thinking"] == body["thinking"]


def test_a_message_of_nothing_but_a_dropped_block_goes():
    """The API refuses a message without content."""
    body: Json = {"model": "big", "messages": [{"role": "user", "content": "q"}]}
    out = answered("messages", shaped("messages", body), messages_answer(THINKING))
    body["messages"] += [{"role": "assistant", "content": out["content"]}, {"role": "user", "content": "go on"}]
    assert [m["role"] for m in sent(shaped("messages", body, BOB))["messages"]] == ["user", "user"]
    assert len(sent(shaped("messages", body))["messages"]) == 3


def test_responses_reasoning_items_leave_sealed_and_come_back():
    """Around calls, with the upstream's own sealed content within ours; settings that echo stay."""
    body: Json = {"model": "big", "input": [{"role": "user", "content": "q"}]}
    items = [reasoning_item(), call_item(), reasoning_item(id="rs_2"), text_item()]
    out = answered("responses", shaped("responses", body), responses_answer(*items))
    assert (out["output"][1], out["output"][3]) == (call_item(), text_item())
    assert out["reasoning"] == {"effort": "high", "summary": "auto"}
    assert "SECRET" not in json.dumps(out)
    assert "UPSTREAM" not in json.dumps(out)
    assert out["output"][0]["summary"] == [{"type": "summary_text", "text": NOTICE}]
    result = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
    body["input"] += [*out["output"], result]
    back = shaped("responses", body)
    assert sent(back)["input"][1:5] == items
    lost = shaped("responses", body, BOB)
    assert [item.get("id") for item in sent(lost)["input"]] == [None] * 4
    assert lost.dropped == 2


def test_a_text_as_input_is_a_conversation_too():
    """The Responses API takes text where others take messages, and completions take nothing else."""
    out = answered("responses", shaped("responses", {"model": "big", "input": "q"}), responses_answer(reasoning_item()))
    asked = [{"role": "user", "content": "q"}, *out["output"], {"role": "user", "content": "and?"}]
    assert shaped("responses", {"model": "big", "input": asked}).returned[0].kind == "opened"
    body = {"choices": [{"index": 0, "text": f"<think>{THOUGHT}</think>{ANSWER}", "finish_reason": "stop"}]}
    out = answered("completions", shaped("completions", {"model": "big", "prompt": "q"}), body)
    assert out["choices"][0]["text"] == ANSWER
    assert "SECRET" not in json.dumps(out)


def test_logs_of_bodies_name_blocks_as_the_seal_does():
    """What `convert` makes of logged bodies is what the events say: both feed the channel `replay`."""
    message, first = chat_turn({"reasoning_content": THOUGHT, "content": "x", "tool_calls": calls()})
    events = seal_events(first.binding, NOW, first.issued, first.returned)
    issued = response_columns(chat_answer(message))["reasoning_issued"]
    assert columns_of(events) == {"reasoning_refs": None, "reasoning_issued": issued}
    body = follow_up(message)
    for asker in (ANN, BOB):
        second = shaped("chat", body, asker)
        told = columns_of(seal_events(second.binding, NOW, second.issued, second.returned))
        assert told["reasoning_refs"] == request_columns(body)["reasoning_refs"] == [issued]


@pytest.mark.parametrize(
    ("family", "answer", "body"),
    [
        ("messages", messages_answer(THINKING), {"model": "big", "messages": []}),
        ("responses", responses_answer(reasoning_item()), {"model": "big", "input": []}),
    ],
)
def test_logs_of_other_apis_name_blocks_alike(family: Family, answer: Json, body: Json):
    """A signature and encrypted content are blocks to `convert`."""
    request = shaped(family, body)
    out = answered(family, request, answer)
    assert response_columns(out)["reasoning_issued"] == request.issued[0]
