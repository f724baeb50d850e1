"""Requests, answers and streams of three model APIs, and clients that read streams as the vendors' own do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from revenuer.provenance import (
    Asker,
    Family,
    Sealer,
    ShapedRequest,
    ShapingPlan,
    default_plan,
    new_ring,
    shaped_answer,
    shaped_request,
)

RING = new_ring("2026-01-01T00:00:00Z")
PLAN = default_plan()
SEALER = Sealer(lambda: RING, {"big": 2, "small": 1})
NOW = 1_000_000
ANN = Asker("ann", "tenant", "s1", "base")
BOB = Asker("bob", "tenant", "s2", "base")
TRUSTED = Asker("ann", "tenant", "s1", "trusted")
NOTICE = PLAN.notice

THOUGHT = "SECRET one. Then SECRET two, \u4e00 SECRET three.\nSo SECRET four."
# What an answer may hold, and none of it may change: code, tags, odd white space, odd numbers.
ANSWER = '  ```python\nprint("<think>not a thought</think>")\n```\r\n\tx\u00a0= 1.10 \u2028 \U0001f600</think>'
ARGUMENTS = '{"path": "a.py",  "n": 1.10, "reasoning": "SHOWN"}'
TOOLS = [{"type": "function", "function": {"name": "edit", "parameters": {"type": "object"}}}]

Json = dict[str, Any]
THINKING: Json = {"type": "thinking", "thinking": THOUGHT, "signature": "UPSTREAM"}


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def shaped(family: Family, body: Json, asker: Asker = ANN, plan: ShapingPlan = PLAN, now: int = NOW) -> ShapedRequest:
    return shaped_request(family, dumps(body), asker, plan, SEALER, now=now)


def sent(request: ShapedRequest) -> Json:
    found: Json = json.loads(request.body)
    return found


def chat_request(*more: Json, **settings: Any) -> Json:
    return {"model": "big", "messages": [{"role": "user", "content": "What is it?"}, *more], **settings}


def chat_answer(message: Json, **choice: Any) -> Json:
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "big",
        "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 7}},
    }


def answered(family: Family, request: ShapedRequest, answer: Json) -> Json:
    found: Json = json.loads(shaped_answer(family, dumps(answer), request.treatment))
    return found


def chat_turn(message: Json, request: ShapedRequest | None = None) -> tuple[Json, ShapedRequest]:
    """The message that a client is given."""
    request = request or shaped("chat", chat_request(tools=TOOLS))
    return answered("chat", request, chat_answer(message))["choices"][0]["message"], request


def calls(arguments: str = ARGUMENTS) -> list[Json]:
    return [{"id": "call_1", "type": "function", "function": {"name": "edit", "arguments": arguments}}]


def events(*bodies: Any, named: bool = False, end: bytes = b"\n\n") -> bytes:
    """Server-sent events as vendors write them; `named`: with the type as the event's name."""
    out = []
    for body in bodies:
        name = f"event: {body['type']}".encode() + end[: len(end) // 2] if named else b""
        out.append(name + b"data: " + dumps(body) + end)
    return b"".join(out)


def pieces(text: str, size: int = 40) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def chunk(delta: Json, finish: str | None = None, **choice: Any) -> Json:
    one = {"index": 0, "delta": delta, "finish_reason": finish, **choice}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "big", "choices": [one]}


def chat_stream(field: str = "reasoning_content", *, end: bytes = b"\n\n") -> bytes:
    """A stream of reasoning, text and a tool call; `field` empty: the reasoning stands in think tags."""
    think = [{"content": text} for text in pieces(f"<think>{THOUGHT}</think>")]
    thought = [{field: text} for text in pieces(THOUGHT)] if field else think
    said = [{"content": text} for text in pieces(ANSWER)]
    call = [{"tool_calls": [{"index": 0, "function": {"arguments": text}}]} for text in pieces(ARGUMENTS)]
    opened = {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "edit", "arguments": ""}}]}
    deltas = [{"role": "assistant", "content": ""}, *thought, *said, opened, *call]
    usage = {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": {"completion_tokens": 9}}
    return events(*map(chunk, deltas), chunk({}, "tool_calls"), usage, end=end) + b"data: [DONE]" + end


def data_of(stream: bytes) -> Iterable[Json]:
    """Bodies of the events of a stream, as a client reads them."""
    text = stream.decode().replace("\r\n", "\n").replace("\r", "\n")
    for event in text.split("\n\n"):
        lines = [line[5:].removeprefix(" ") for line in event.split("\n") if line.startswith("data:")]
        if lines and lines != ["[DONE]"]:
            yield json.loads("\n".join(lines))


def chat_read(stream: bytes) -> Json:
    """The message of a stream, put together as the OpenAI client does it."""
    message: Json = {"content": "", "tool_calls": {}}
    for body in data_of(stream):
        for choice in body["choices"]:
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    call = message["tool_calls"].setdefault(value[0]["index"], {"arguments": ""})
                    call["arguments"] += value[0]["function"]["arguments"]
                elif isinstance(value, str):
                    message[name] = message.get(name, "") + value
                elif isinstance(value, list):
                    message[name] = message.get(name, []) + value
    return message


def messages_answer(*blocks: Json) -> Json:
    return {"id": "m1", "type": "message", "role": "assistant", "model": "big", "content": list(blocks),
            "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 9}}  # fmt: skip


def messages_stream(*, redacted: bool = False) -> bytes:
    start = {"type": "message_start", "message": messages_answer()}
    if redacted:
        thinking = [{"type": "content_block_start", "index": 0,
                     "content_block": {"type": "redacted_thinking", "data": "SECRET"}}]  # fmt: skip
    else:
        opened = {"type": "thinking", "thinking": "", "signature": ""}
        thinking = [
            {"type": "content_block_start", "index": 0, "content_block": opened},
            *({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": text}}
              for text in pieces(THOUGHT)),
            {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "UPSTREAM"}},
        ]  # fmt: skip
    call = {"type": "tool_use", "id": "t1", "name": "edit", "input": {}}
    rest = [
        {"type": "content_block_stop", "index": 0},
        {"type": "ping"},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}}
          for text in pieces(ANSWER)),
        {"type": "content_block_stop", "index": 1},
        {"type": "content_block_start", "index": 2, "content_block": call},
        *({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": text}}
          for text in pieces(ARGUMENTS)),
        {"type": "content_block_stop", "index": 2},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]  # fmt: skip
    return events(start, *thinking, *rest, named=True)


def messages_read(stream: bytes) -> list[Json]:
    """Blocks of a stream, put together as the Anthropic client does it."""
    blocks: dict[int, Json] = {}
    for body in data_of(stream):
        if body["type"] == "content_block_start":
            blocks[body["index"]] = dict(body["content_block"])
        elif body["type"] == "content_block_delta":
            delta, block = body["delta"], blocks[body["index"]]
            name = next(name for name in delta if name != "type")
            block[name] = block.get(name, "") + delta[name]
    return [blocks[index] for index in sorted(blocks)]


def reasoning_item(**fields: Any) -> Json:
    return {"id": "rs_1", "type": "reasoning", "summary": [],
            "content": [{"type": "reasoning_text", "text": THOUGHT}], "encrypted_content": "UPSTREAM", **fields}  # fmt: skip


def text_item(text: str = ANSWER) -> Json:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def call_item() -> Json:
    return {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "edit", "arguments": ARGUMENTS}


def responses_answer(*items: Json) -> Json:
    return {"id": "resp_1", "object": "response", "status": "completed", "model": "big",
            "reasoning": {"effort": "high", "summary": "auto"}, "output": list(items)}  # fmt: skip


def responses_stream() -> bytes:
    opened = {"id": "rs_1", "type": "reasoning", "summary": []}
    at = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    text = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    bodies: list[Json] = [
        {"type": "response.created", "response": responses_answer()},
        {"type": "response.output_item.added", "output_index": 0, "item": opened},
        {"type": "response.content_part.added", **at, "part": {"type": "reasoning_text", "text": ""}},
        *({"type": "response.reasoning_text.delta", **at, "delta": piece} for piece in pieces(THOUGHT)),
        {"type": "response.reasoning_text.done", **at, "text": THOUGHT},
        {"type": "response.content_part.done", **at, "part": {"type": "reasoning_text", "text": THOUGHT}},
        {"type": "response.reasoning_summary_text.delta", **at, "delta": "SECRET summary"},
        {"type": "response.output_item.done", "output_index": 0, "item": reasoning_item()},
        {"type": "response.output_item.added", "output_index": 1, "item": text_item("")},
        *({"type": "response.output_text.delta", **text, "delta": piece, "logprobs": []} for piece in pieces(ANSWER)),
        {"type": "response.output_text.done", **text, "text": ANSWER, "logprobs": []},
        {"type": "response.output_item.done", "output_index": 1, "item": text_item()},
        {"type": "response.function_call_arguments.done", "item_id": "fc_1", "arguments": ARGUMENTS},
        {"type": "response.output_item.done", "output_index": 2, "item": call_item()},
        {"type": "response.completed", "response": responses_answer(reasoning_item(), text_item(), call_item())},
    ]
    numbered = [{**body, "sequence_number": number} for number, body in enumerate(bodies)]
    return events(*numbered, named=True)
