"""OpenTelemetry: what the SDK and its GenAI utilities send becomes exchanges, in old names and new."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from infrastructure import anything, exchanges, read
from telemetry import LogRecord, SpanKind, Status, StatusCode, Telemetry, TelemetryHandler, genai, telemetry

from revenuer.sources.formats.otel import OpenTelemetry
from revenuer.sources.otlp import LOGS, TRACES, decode

OTEL = OpenTelemetry()
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


@pytest.fixture
def made() -> Iterator[Telemetry]:
    """A fresh SDK."""
    with telemetry() as found:
        yield found


def found(made: Telemetry) -> list[dict[str, Any]]:
    """Exchanges in what the SDK would send."""
    spans, logs = made.payloads()
    return exchanges(OTEL, [decode(spans, TRACES), decode(logs, LOGS)])


def ask(made: Telemetry, **client: str) -> None:
    """One conversation of two turns with an image, as GenAI instrumentations report it today."""
    handler = TelemetryHandler(tracer_provider=made.tracers, logger_provider=made.loggers)
    server = made.tracers.get_tracer("server")
    with (
        server.start_as_current_span("POST /chat", kind=SpanKind.SERVER, attributes=client),
        handler.inference("aws.bedrock", request_model="large-1", conversation_id="talk-7") as call,
    ):
        call.system_instruction = [genai.Text("Be brief.")]
        call.input_messages = [
            genai.InputMessage("user", [genai.Text("What is a still?")]),
            genai.InputMessage("assistant", [genai.Text("A device.")]),
            genai.InputMessage("user", [genai.Text("And a revenuer?"), genai.Uri("image/png", "image", "http://a/b")]),
        ]
        call.output_messages = [
            genai.OutputMessage("assistant", [genai.Reasoning("hm"), genai.Text("An officer.")], finish_reason="stop")
        ]
        call.temperature, call.max_tokens, call.reasoning_level = 0.25, 300, "high"
        call.input_tokens, call.output_tokens = 40, 5


CLIENT = {"client.address": "203.0.113.9", "user_agent.original": "curl/8.9", "enduser.id": "acct-1"}
SAID = {
    "system": "Be brief.", "prompt": "And a revenuer?", "turn": 1, "images": 1, "response": "An officer.",
    "account_id": "acct-1", "session_id": "talk-7", "pathway": "bedrock", "model": "large-1", "ip": "203.0.113.9",
    "user_agent": "curl/8.9", "input_tokens": 40, "output_tokens": 5, "max_tokens": 300, "temperature": 0.25,
    "thinking": True, "status": "ok",
}  # fmt: skip


@pytest.mark.parametrize("where", ["SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"])
def test_current_names_are_read_wherever_content_is_recorded(
    made: Telemetry, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """One exchange with every column, whether content stands in the span, in its event or in both."""
    monkeypatch.setenv(CAPTURE, where)
    ask(made, **CLIENT)
    (exchange,) = found(made)
    trace = made.spans.get_finished_spans()[0]
    assert {name: exchange[name] for name in SAID} == SAID
    assert exchange["exchange_id"] == f"{trace.context.trace_id:032x}-{trace.context.span_id:016x}"
    assert exchange["ts"] == trace.start_time // 1_000


def test_without_recorded_content_an_exchange_has_no_prompt(made: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content is opt-in: the rest of the exchange is there for a scan without text."""
    monkeypatch.setenv(CAPTURE, "NO_CONTENT")
    ask(made, **CLIENT)
    (exchange,) = found(made)
    assert not {"prompt", "response", "system"} & exchange.keys()
    assert exchange["account_id"] == "acct-1"


def test_messages_as_log_events_are_joined_with_their_span(made: Telemetry) -> None:
    """Names of 1.28 to 1.36: gen_ai.system, and one log event for each message."""
    attributes = {
        "gen_ai.system": "openai",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "user.id": "u",
    }
    logger = made.loggers.get_logger("old")
    with made.tracers.get_tracer("old").start_as_current_span("chat m", attributes=attributes) as span:
        for at, (name, body) in enumerate(
            [
                ("gen_ai.system.message", {"content": "Be brief."}),
                ("gen_ai.user.message", {"content": "one"}),
                ("gen_ai.assistant.message", {"content": "ok"}),
                ("gen_ai.tool.message", {"content": "42", "id": "c"}),
                ("gen_ai.user.message", {"content": "two"}),
                ("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"content": "three"}}),
            ]
        ):
            logger.emit(LogRecord(event_name=name, body=body, timestamp=span.start_time + at))
    (exchange,) = found(made)
    assert (exchange["system"], exchange["prompt"], exchange["turn"]) == ("Be brief.", "two", 1)
    assert (exchange["response"], exchange["status"], exchange["pathway"]) == ("three", "ok", "first_party")


def test_a_batch_that_was_delivered_twice_counts_once(made: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporters repeat a batch whose answer was lost."""
    monkeypatch.setenv(CAPTURE, "EVENT_ONLY")
    ask(made, **CLIENT)
    spans, logs = (decode(data, kind) for data, kind in zip(made.payloads(), (TRACES, LOGS), strict=True))
    assert exchanges(OTEL, [spans, logs]) == exchanges(OTEL, [logs, spans, logs, spans])


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        (
            {},
            {
                "gen_ai.content.prompt": {"gen_ai.prompt": '[{"role": "user", "content": "two"}]'},
                "gen_ai.content.completion": {"gen_ai.completion": '[{"role": "assistant", "content": "three"}]'},
            },
        ),
        (
            {},
            {
                "gen_ai.user.message": {"gen_ai.event.content": '{"role": "user", "content": "two"}'},
                "gen_ai.choice": {"gen_ai.event.content": '{"message": {"content": "three"}, "finish_reason": "stop"}'},
            },
        ),
        (
            {
                "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "two",
                "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "three",
            },
            {},
        ),
        (
            {
                "openinference.span.kind": "LLM",
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.contents.0.message_content.type": "text",
                "llm.input_messages.0.message.contents.0.message_content.text": "two",
                "llm.output_messages.0.message.content": "three",
            },
            {},
        ),
        ({"input.value": '{"messages": [{"role": "user", "content": "two"}]}', "output.value": "three"}, {}),
    ],
    ids=["1.27 events", "span events", "numbered", "OpenInference", "whole bodies"],
)  # fmt: skip
def test_older_names_say_the_same(
    made: Telemetry, attributes: dict[str, str], events: dict[str, dict[str, str]]
) -> None:
    """Each earlier convention gives prompt and response."""
    about = {"llm.request.model" if "llm" in str(attributes) else "gen_ai.request.model": "m", "user.id": "u"}
    with made.tracers.get_tracer("old").start_as_current_span("call", attributes={**about, **attributes}) as span:
        for name, said in events.items():
            span.add_event(name, said)
    (exchange,) = found(made)
    assert (exchange["prompt"], exchange["response"], exchange["model"]) == ("two", "three", "m")


def test_a_framework_and_its_client_library_are_one_call(made: Telemetry) -> None:
    """Of nested spans of inference the outermost is the exchange, and what it does not know comes from within."""
    tracer = made.tracers.get_tracer("framework")
    asked = {"gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "two"}]}])}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    agent = {"gen_ai.operation.name": "invoke_agent", "enduser.id": "u"}
    with tracer.start_as_current_span("agent", attributes=agent):
        for _ in range(2):
            with tracer.start_as_current_span("outer", attributes=chat):
                tracer.start_span("inner", attributes={**chat, **asked, "gen_ai.usage.input_tokens": 7}).end()
    assert [(e["prompt"], e["input_tokens"], e["account_id"]) for e in found(made)] == [("two", 7, "u")] * 2


def test_account_credential_and_end_user_are_kept_apart(made: Telemetry) -> None:
    """A tenant is billed, its user is an end user, and of the key only a hash stays."""
    attributes = {
        "gen_ai.request.model": "m", "tenant.id": "acme", "user.id": "jo", "organization.id": "group",
        "http.request.header.authorization": ["Bearer sk-secret"],
    }  # fmt: skip
    made.tracers.get_tracer("x").start_span("chat", attributes=attributes).end()
    (exchange,) = found(made)
    assert (exchange["account_id"], exchange["end_user_id"], exchange["org_id"]) == ("acme", "jo", "group")
    assert len(exchange["credential_id"]) == 64


def test_a_key_stands_for_an_account_unless_it_is_a_passing_token(made: Telemetry) -> None:
    """Where nobody is named an API key is who is billed; a token of an hour would make many of one."""
    tracer = made.tracers.get_tracer("x")
    for number, key in enumerate(("Bearer sk-secret", "Bearer eyJhbGciOi.eyJzdWIi.c2ln")):
        attributes = {"gen_ai.request.model": f"m{number}", "http.request.header.authorization": [key]}
        tracer.start_span("chat", attributes=attributes).end()
    (exchange,) = found(made)
    assert exchange["account_id"] == exchange["credential_id"]
    assert exchange["model"] == "m0"


def test_errors_and_filters_show_in_the_status(made: Telemetry) -> None:
    """A failed span, a rate limit and a filtered answer are told apart."""
    tracer = made.tracers.get_tracer("x")
    for more in ({"error.type": "RateLimitError"}, {"gen_ai.response.finish_reasons": ["content_filter"]}, {}):
        span = tracer.start_span("chat", attributes={"gen_ai.request.model": "m", "user.id": "u", **more})
        span.set_status(Status(StatusCode.UNSET if more else StatusCode.ERROR, None if more else "it broke"))
        span.end()
    assert [exchange["status"] for exchange in found(made)] == ["rate_limited", "refused", "error"]


def test_a_call_of_nobody_is_rejected(made: Telemetry) -> None:
    """Without an account or a user there is nobody to judge."""
    made.tracers.get_tracer("x").start_span("chat", attributes={"gen_ai.request.model": "m"}).end()
    rows, rejected = read(OTEL, [decode(made.payloads()[0], TRACES)])
    assert (rows, rejected) == ([], ["names neither an account, nor a user, nor a key"])


def test_spans_that_call_no_model_are_no_exchanges(made: Telemetry) -> None:
    """Tools, embeddings, databases and web servers of the same traces leave nothing."""
    tracer = made.tracers.get_tracer("x")
    for attributes in (
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "clock"},
        {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e", "user.id": "u"},
        {"db.system": "postgresql"},
        CLIENT,
    ):
        tracer.start_span("other", attributes=attributes).end()
    assert found(made) == []


def test_events_without_any_span_are_exchanges_of_their_own(made: Telemetry) -> None:
    """Where only logs are shipped, each details event is an exchange."""
    messages = [{"role": "user", "parts": [{"type": "text", "content": "two"}]}]
    for _ in range(2):
        made.loggers.get_logger("x").emit(
            LogRecord(
                event_name="gen_ai.client.inference.operation.details",
                attributes={"gen_ai.request.model": "m", "user.id": "u", "gen_ai.input.messages": messages},
                timestamp=1_700_000_000_000_000_000,
            )
        )
    assert [(e["prompt"], e["ts"]) for e in found(made)] == [("two", 1_700_000_000_000_000)] * 2


NAMES = (
    "resourceSpans", "scopeSpans", "spans", "resourceLogs", "scopeLogs", "logRecords", "resource", "attributes", "key",
    "value", "stringValue", "arrayValue", "kvlistValue", "values", "intValue", "traceId", "spanId", "parentSpanId",
    "events", "body", "status", "code", "gen_ai.request.model", "gen_ai.input.messages", "startTimeUnixNano",
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(anything(NAMES))
def test_whatever_a_file_holds_nothing_but_a_rejection_is_raised(value: Any) -> None:
    """Shapes that no exporter makes are passed over."""
    payload = {"resourceSpans": [{"resource": value, "scopeSpans": [{"spans": [value]}, value]}, value]}
    for record in (payload, {"resourceLogs": value}, {"scopeLogs": [{"logRecords": [value]}]}):
        OTEL.matches(record)
        read(OTEL, [record])


@settings(max_examples=80, deadline=None)
@given(anything(("role", "parts", "content", "type", "message", "text", "finish_reason")))
def test_attributes_of_any_shape_are_survived(value: Any) -> None:
    """Messages, models, tools and states may be anything."""
    said = {"stringValue": json.dumps(value)}
    names = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
             "input.value", "output.value", "gen_ai.prompt.0.content", "user.id", "gen_ai.operation.name")  # fmt: skip
    plain = [{"key": "gen_ai.request.model", "value": {"stringValue": "m"}}, {"key": "user.id", "value": value}]
    for name in names:
        span = {"traceId": "a", "spanId": "b", "attributes": [*plain, {"key": name, "value": said}], "status": value,
                "events": [{"name": value, "attributes": [{"key": name, "value": said}]}]}  # fmt: skip
        read(OTEL, [{"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}])
