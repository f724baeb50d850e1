"""Streams: however the bytes are cut, the same comes out, the answer is whole, and no reasoning is in it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shaping_worlds import (
    ANN,
    ANSWER,
    ARGUMENTS,
    PLAN,
    THOUGHT,
    TOOLS,
    Json,
    call_item,
    chat_read,
    chat_request,
    chat_stream,
    chunk,
    data_of,
    events,
    messages_read,
    messages_stream,
    responses_stream,
    sent,
    shaped,
    text_item,
)

from revenuer.errors import InputError
from revenuer.provenance import Asker, Family, StreamShaper, Treatment
from revenuer.provenance.stream_events import Events

TRUSTED = Asker("ann", "tenant", "s1", "trusted")
STREAMS: dict[str, tuple[Family, bytes]] = {
    "reasoning_content": ("chat", chat_stream()),
    "reasoning": ("chat", chat_stream("reasoning")),
    "think tags": ("chat", chat_stream("")),
    "carriage returns": ("chat", chat_stream(end=b"\r\n\r\n")),
    "old carriage returns": ("chat", chat_stream(end=b"\r\r")),
    "thinking": ("messages", messages_stream()),
    "redacted": ("messages", messages_stream(redacted=True)),
    "responses": ("responses", responses_stream()),
}


def fixed(tier: str = "base") -> Treatment:
    """A treatment whose seal is the same each time, so that streams can be compared to the byte."""
    return Treatment(PLAN.tier[tier], lambda payload: f"rv1.{len(payload)}", "tags")


def through(family: Family, parts: Iterable[bytes], treatment: Treatment | None = None) -> list[bytes]:
    stream = StreamShaper(family, treatment or fixed())
    return [*(stream.feed(part) for part in parts), stream.finish()]


def whole(family: Family, stream: bytes, treatment: Treatment | None = None) -> bytes:
    return b"".join(through(family, [stream], treatment))


@pytest.mark.parametrize("name", STREAMS)
def test_every_cut_gives_the_same_bytes(name: str):
    """In one, byte by byte, and in two: at every single place of two streams, at many of the others."""
    family, stream = STREAMS[name]
    expected = whole(family, stream)
    assert b"".join(through(family, [bytes([byte]) for byte in stream])) == expected
    for at in range(1, len(stream), {"think tags": 1, "thinking": 1, "responses": 7}.get(name, 29)):
        assert b"".join(through(family, [stream[:at], stream[at:]])) == expected


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.floats(0, 1), max_size=12))
def test_any_cuts_give_the_same_bytes(name: str, places: list[float]):
    """Many at once, empty parts among them."""
    family, stream = STREAMS[name]
    cuts = [0, *sorted(int(place * len(stream)) for place in places), len(stream)]
    parts = [stream[a:b] for a, b in itertools.pairwise(cuts)]
    assert b"".join(through(family, parts)) == whole(family, stream)


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("tier", ["base", "limited"])
def test_no_reasoning_is_in_a_shaped_stream(name: str, tier: str):
    """Not a word of it, nor the upstream's own sealed block."""
    family, stream = STREAMS[name]
    out = whole(family, stream, fixed(tier))
    assert b"SECRET" not in out
    assert b"UPSTREAM" not in out


@pytest.mark.parametrize("name", STREAMS)
def test_nothing_waits_for_the_next_event(name: str):
    """What an event brings of the answer goes out with it; in all, no more bytes are held than the longest event."""
    family, stream = STREAMS[name]
    ends = [end for end in (b"\r\n\r\n", b"\r\r", b"\n\n") if end in stream]
    parts = [part + ends[0] for part in stream.split(ends[0])]
    told = 0
    for part, out in zip(parts, through(family, parts), strict=False):
        for text in filter(None, map(_said, data_of(part))):
            assert text in "".join(_strings([*data_of(out)]))
            told += 1
    assert told > 1


def _said(body: Json) -> str:
    """What an event says of the answer, where that can be told by the event alone."""
    if body.get("object") == "chat.completion.chunk" and body["choices"]:
        content = body["choices"][0]["delta"].get("content") or ""
        return content if content in ANSWER and "SECRET" not in content and len(content) > 4 else ""
    if body.get("type") == "content_block_delta":
        return str(body["delta"].get("text", ""))
    return str(body["delta"]) if body.get("type") == "response.output_text.delta" else ""


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(one)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "think tags", "carriage returns"])
def test_a_chat_client_reads_the_answer_whole(name: str):
    """Text and arguments to the byte, the notice, one block, and the usage behind."""
    family, stream = STREAMS[name]
    out = whole(family, stream)
    message = chat_read(out)
    assert message["content"] == ANSWER
    assert message["tool_calls"][0]["arguments"] == ARGUMENTS
    assert [detail["type"] for detail in message["reasoning_details"]] == ["reasoning.summary", "reasoning.encrypted"]
    assert message.get("reasoning_content", message.get("reasoning")) == PLAN.notice
    assert [*data_of(out)][-1]["usage"] == {"completion_tokens": 9}
    assert out.endswith(b"data: [DONE]\n\n")


def test_a_messages_client_reads_the_answer_whole():
    """Blocks keep their indices; a thinking block has a summary and a signature."""
    thinking, text, call = messages_read(whole("messages", messages_stream()))
    assert (text["text"], call["partial_json"]) == (ANSWER, ARGUMENTS)
    assert (thinking["type"], thinking["thinking"]) == ("thinking", PLAN.notice)
    assert thinking["signature"].startswith("rv1.")
    redacted, *_rest = messages_read(whole("messages", messages_stream(redacted=True)))
    assert redacted["data"].startswith("rv1.")


def test_a_responses_client_reads_the_answer_whole():
    """Numbers run without a gap, and the item of the stream is that of the whole at its end."""
    bodies = [*data_of(whole("responses", responses_stream(), shaped("responses", {"model": "big"}).treatment))]
    assert [body["sequence_number"] for body in bodies] == list(range(len(bodies)))
    assert "".join(body["delta"] for body in bodies if body["type"] == "response.output_text.delta") == ANSWER
    done = [body["item"] for body in bodies if body["type"] == "response.output_item.done"]
    assert done == bodies[-1]["response"]["output"]
    assert done[1:] == [text_item(), call_item()]
    assert done[0]["encrypted_content"].startswith("rv1.")


def chat_back(stream: bytes, tools: list[Json]) -> tuple[Json, list[str]]:
    first = shaped("chat", chat_request(tools=tools))
    got = chat_read(whole("chat", stream, first.treatment))
    calls = [
        {"id": "call_1", "type": "function", "function": {"name": "edit", **call}}
        for call in got["tool_calls"].values()
    ]
    message = got | {"tool_calls": calls}
    body = chat_request(message, {"role": "tool", "tool_call_id": "call_1", "content": "ok"}, tools=tools)
    second = shaped("chat", body)
    return sent(second)["messages"][1], [one.kind for one in second.returned]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_a_streamed_block_opens_in_the_next_turn(field: str):
    """With the reasoning put together from its pieces."""
    message, kinds = chat_back(chat_stream(field), TOOLS)
    assert kinds == ["opened"]
    assert message[field] == THOUGHT
    assert message["content"] == ANSWER
    assert "reasoning_details" not in message


def test_streamed_thinking_opens_in_the_next_turn():
    """With the upstream's own signature."""
    body: Json = {"model": "big", "messages": [{"role": "user", "content": "q"}]}
    blocks = messages_read(whole("messages", messages_stream(), shaped("messages", body).treatment))
    body["messages"] += [{"role": "assistant", "content": blocks[:2]}, {"role": "user", "content": "go on"}]
    back = sent(shaped("messages", body))["messages"][1]["content"]
    assert back[0] == {"type": "thinking", "thinking": THOUGHT, "signature": "UPSTREAM"}


@pytest.mark.parametrize("name", STREAMS)
def test_a_trusted_tier_gets_every_event_as_it_is(name: str):
    """But for the line ends, which are written in one way."""
    family, stream = STREAMS[name]
    out = whole(family, stream, shaped("chat", chat_request(), TRUSTED).treatment)
    assert [*data_of(out)] == [*data_of(stream)]
    assert out == stream or b"\r" in stream


def test_several_answers_are_kept_apart():
    """Each has reasoning, blocks and logs of its own."""
    bodies = []
    for name in ("reasoning_content", "content"):
        for index in (0, 1, 2):
            text = f"SECRET {index}" if name == "reasoning_content" else f"answer {index}"
            bodies.append(chunk({name: text}) | {"choices": [{"index": index, "delta": {name: text}}]})
    by_index: dict[int, list[Json]] = {}
    for body in data_of(whole("chat", events(*bodies))):
        for choice in body["choices"]:
            by_index.setdefault(choice["index"], []).append(choice["delta"])
    assert sorted(by_index) == [0, 1, 2]
    for index, (block, said) in by_index.items():
        assert block["reasoning_details"][1]["type"] == "reasoning.encrypted"
        assert said == {"content": f"answer {index}"}


def test_reasoning_between_pieces_of_an_answer_is_sealed_piece_by_piece():
    """Models think between calls; details are numbered on."""
    deltas = [{"reasoning_content": "SECRET a"}, {"content": "x"}, {"reasoning_content": "SECRET b"}, {"content": "y"}]
    message = chat_read(whole("chat", events(*map(chunk, deltas), chunk({}, "stop"))))
    assert message["content"] == "xy"
    assert [detail["index"] for detail in message["reasoning_details"]] == [0, 1, 2, 3]


def test_logprobs_of_reasoning_do_not_spell_it_out():
    """Chunks with reasoning go, and those of the answer behind it come without log-probabilities."""
    spelt = {"content": [{"token": "SECRET", "logprob": -0.123}]}
    deltas = [chunk({"reasoning_content": "SECRET"}, logprobs=spelt), chunk({"content": "x"}, logprobs=spelt)]
    out = whole("chat", events(*deltas))
    assert b"SECRET" not in out
    plain = [*data_of(whole("chat", events(chunk({"content": "x"}, logprobs=spelt))))]
    assert plain[0]["choices"][0]["logprobs"]["content"][0]["logprob"] == -0.12


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_breaks_off_gives_no_reasoning_away(name: str):
    """Cut anywhere: what was gathered comes out sealed, or not at all."""
    family, stream = STREAMS[name]
    for at in range(0, len(stream), 97):
        shaper = StreamShaper(family, fixed())
        out = shaper.feed(stream[:at])
        with contextlib.suppress(InputError):
            out += shaper.finish()
        assert b"SECRET" not in out


def test_a_stream_without_an_end_still_shows_its_block():
    """Where the connection closes after the reasoning."""
    message = chat_read(whole("chat", events(chunk({"reasoning_content": THOUGHT}), chunk({"reasoning_content": "."}))))
    assert message["reasoning_details"][1]["data"].startswith("rv1.")
    held = chat_read(whole("chat", events(chunk({"content": "<think"}))))
    assert held["content"] == "<think"


@pytest.mark.parametrize("body", [b"data: {\n\n", b"data: []\n\n", b'data: {"choices":[1]}\n\n', b"data: x"])
def test_an_event_that_is_none_is_an_error_or_passes(body: bytes):
    """As the plan has it."""
    with pytest.raises(InputError):
        whole("chat", body)
    stream = StreamShaper("chat", fixed(), lenient=True)
    assert stream.feed(body) + stream.finish() == body.removesuffix(b"\n\n") + b"\n\n"


def test_an_event_has_a_size():
    """What never ends is not gathered for ever."""
    stream = StreamShaper("chat", fixed(), most=1_000)
    assert stream.feed(b"data: x" * 140) == b""
    with pytest.raises(InputError, match="larger than"):
        stream.feed(b"data: x" * 10)


def read(parts: Iterable[bytes]) -> list[tuple[bytes, bytes | None]]:
    reader = Events()
    found = [event for part in parts for event in reader.feed(part)]
    return [(event.name, event.data) for event in [*found, *reader.finish()]]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_may_end_in_any_way(end: bytes):
    """Names, several lines of data, comments, and a last event without an empty line."""
    lines = [
        b"\xef\xbb\xbfevent: a",
        b"data: 1",
        b"data:2",
        b"",
        b": comment",
        b"",
        b"",
        b"id: 3",
        b"data",
        b"",
        b"data:  x",
    ]
    stream = end.join(lines)
    expected = [(b"a", b"1\n2"), (b"", None), (b"", b""), (b"", b" x")]
    assert read([stream]) == expected
    for at in range(len(stream)):
        assert read([stream[:at], stream[at:]]) == expected


json_texts = st.text(max_size=30)
deltas_ = st.fixed_dictionaries(
    {}, optional={"content": json_texts, "reasoning_content": json_texts.map(lambda text: f"SECRET{text}"),
                  "reasoning": st.none(), "role": st.just("assistant")}
)  # fmt: skip


@given(st.lists(deltas_, max_size=12), st.booleans())
def test_any_stream_keeps_its_answer(deltas: list[Json], finish: bool):  # noqa: FBT001
    """Whatever order pieces come in: all text that is not in think tags is there, and no reasoning."""
    bodies = [*map(chunk, deltas), *([chunk({}, "stop")] if finish else [])]
    out = whole("chat", events(*bodies), Treatment(PLAN.tier["base"], lambda _: "rv1.x", "none"))
    said = "".join(delta.get("content", "") for delta in deltas)
    assert chat_read(out)["content"] == said
    assert b"SECRET" not in out.replace(said.encode(), b"")


@given(st.binary(max_size=300), st.sampled_from(["chat", "responses", "messages"]))
def test_any_bytes_are_a_stream_or_an_error(stream: bytes, family: Family):
    """And nothing but what the shaper raises on purpose."""
    try:
        out = whole(family, stream)
    except InputError:
        return
    assert isinstance(out, bytes)


def test_asking_for_a_trusted_tier_changes_nothing_for_others():
    """Treatments are values of their own."""
    assert msgspec.structs.asdict(PLAN.tier["base"])["reasoning"] == "summary"
    assert shaped("chat", chat_request(), ANN).treatment.hides
    assert not shaped("chat", chat_request(), TRUSTED).treatment.hides
