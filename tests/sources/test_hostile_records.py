"""Records that are meant to break something: no format may stumble, and nothing of them is acted on."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_logs import (
    Record,
    claude_answer,
    claude_request,
    converted,
    facts,
    helicone,
    langfuse_observation,
    langfuse_trace,
    litellm,
    litellm_spend,
    openai_answer,
    openai_request,
    pair,
    put_lines,
    responses_answer,
    responses_request,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from infrastructure import anything, read

from revenuer.sources.formats import FORMATS, Format
from revenuer.sources.formats.bodies import request_columns, response_columns

FACT = facts(1)[0]
SAMPLES: dict[str, list[Record]] = {
    "litellm": [litellm(FACT)],
    "litellm-spend": [litellm_spend(FACT)],
    "openai": [
        pair(FACT, openai_request(FACT), openai_answer(FACT)),
        pair(FACT, responses_request(FACT), responses_answer(FACT)),
    ],
    "openai-batch": [
        {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": openai_request(FACT)},
        {"custom_id": "a", "id": "b", "response": {"status_code": 200, "body": openai_answer(FACT)}, "error": None},
    ],
    "anthropic": [pair(FACT, claude_request(FACT), claude_answer(FACT))],
    "anthropic-batch": [
        {"custom_id": "a", "params": claude_request(FACT)},
        {"custom_id": "a", "result": {"type": "succeeded", "message": claude_answer(FACT)}},
    ],
    "langfuse": [langfuse_observation(FACT), langfuse_trace(FACT)],
    "helicone": [helicone(FACT)],
}
OURS: dict[str, Format] = {form.name: form for form in FORMATS if form.name in SAMPLES}

DEEP: Any = json.loads('{"content": [' * 400 + "1" + "]}" * 400)
DEEPER: Any = "x"
for _name in ("type", "content", "text", "message", "error") * 180:
    DEEPER = {_name: DEEPER}
HOSTILE: list[Any] = [
    None, True, -1, 0, 10**30, 1e308, float("nan"), float("-inf"), "", "\x00", "x" * 200_000, "{", '{"a": [', "[" * 5_000,
    "<script>alert(1)</script>", "\x1b[31mred\x1b]0;title\x07", '=HYPERLINK("http://x")', "\ud800", "data: {\n\ndata: [",
    [], {}, [None], [[[]]], {"type": None}, {"content": {"content": {}}}, [{"role": 5}, 7, "x"], {"choices": [5]}, DEEP, DEEPER,
    {"output": {"message": 3}}, [{"delta": {"tool_calls": 7}}], {"choices": [{"delta": {"tool_calls": {}}}]},
]  # fmt: skip


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


NAMES = tuple(sorted({name for samples in SAMPLES.values() for sample in samples for name in _names(sample)}))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key at which something could be replaced."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield value, key
        yield from _places(inner)


def spoilt(sample: Record, hostile: Any) -> Iterator[Record]:
    """The sample with one of its values replaced, each in turn."""
    count = sum(1 for _ in _places(sample))
    for index in range(count):
        fresh = copy.deepcopy(sample)
        holder, key = list(_places(fresh))[index]
        holder[key] = hostile
        yield fresh


@pytest.mark.parametrize("name", OURS)
def test_no_value_in_any_place_breaks_a_format(name: str) -> None:
    """Each value of a good record is replaced by each hostile one; the only complaint is a rejection."""
    form = OURS[name]
    for sample in SAMPLES[name]:
        for hostile in HOSTILE:
            for record in spoilt(sample, hostile):
                assert 0 <= form.matches(record) <= 1
                read(form, [record, *SAMPLES[name]])


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=40)
@given(data=st.data())
def test_no_object_breaks_a_format(name: str, data: st.DataObject) -> None:
    """Objects of any shape, made of the names that formats look for, are read, rejected or passed over."""
    record = data.draw(st.dictionaries(st.sampled_from(NAMES), anything(NAMES), max_size=6))
    assert 0 <= OURS[name].matches(record) <= 1
    read(OURS[name], [record])


@settings(max_examples=100)
@given(anything(NAMES))
def test_no_value_breaks_the_reading_of_bodies(value: Any) -> None:
    """Bodies come from clients: whatever they are, columns come out."""
    assert isinstance(request_columns(value), dict)
    assert isinstance(response_columns(value, value), dict)
    assert isinstance(response_columns([value, value]), dict)


def test_a_whole_log_of_spoilt_records_is_converted(tmp_path: Path) -> None:
    """What is left of spoilt records is valid traffic, and every record is accounted for."""
    chosen = random.Random(3)  # noqa: S311
    records = [record for hostile in HOSTILE for record in spoilt(SAMPLES["openai"][0], hostile)]
    records = [litellm(FACT), *chosen.sample(records, 400)]
    rows, conversion = converted(put_lines(tmp_path / "a.jsonl", records), tmp_path / "out", format_name="openai")
    assert len(rows) == conversion.rows.written
    counted = conversion.rows.written + sum(conversion.quarantined.values()) + conversion.rows.passed_over
    assert counted == conversion.rows.objects + conversion.quarantined.get("line nested too deep", 0)


def test_markup_and_formulas_are_data(tmp_path: Path) -> None:
    """Prompts are kept to the letter: what is drawn of them later is made inert there."""
    texts = ["<b>&lt;</b>", "=cmd|' /C calc'!A0", "\x1b[2J\x07", "line\r\nline\u2028line\x00end", "{{7*7}} ${jndi:x}"]
    records = [
        pair({**fact, "prompt": text}, openai_request({**fact, "prompt": text}), {})
        for fact, text in zip(facts(5), texts, strict=True)
    ]
    rows, _ = converted(put_lines(tmp_path / "a.jsonl", records), tmp_path / "out")
    assert [row["prompt"] for row in rows] == texts


def test_clocks_that_are_off_cost_their_row(tmp_path: Path) -> None:
    """Times before there was anything to log, after the end of time, or that are none, are set aside by reason."""
    times = ["2026-03-02T09:00:00+05:30", "1999-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", 10**22]
    records = [
        {**pair(fact, openai_request(fact), {}), "timestamp": time} for fact, time in zip(facts(5), times, strict=True)
    ]
    rows, conversion = converted(put_lines(tmp_path / "a.jsonl", records), tmp_path / "out")
    assert [row["ts"].isoformat() for row in rows] == ["2026-03-02T03:30:00+00:00"]
    assert conversion.quarantined == {"ts unreadable": 2, "ts before 2015": 1, "ts in the future": 1}


def test_huge_texts_are_kept_whole(tmp_path: Path) -> None:
    """A prompt of eight megabytes is a prompt."""
    fact = {**FACT, "prompt": "word " * 1_600_000}
    rows, _ = converted(put_lines(tmp_path / "a.jsonl", [pair(fact, openai_request(fact), {})]), tmp_path / "out")
    assert rows[0]["prompt"] == fact["prompt"]
