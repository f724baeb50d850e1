"""Protobuf payloads of OTLP: read as protobuf's own runtime reads them, and refused where it refuses."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.sources.otlp import LOGS, TRACES, decode, records

json_format = pytest.importorskip("google.protobuf.json_format", reason="needs opentelemetry-proto")
trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
logs_service = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")
common = pytest.importorskip("opentelemetry.proto.common.v1.common_pb2")

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    st.one_of(
        st.builds(lambda text: common.AnyValue(string_value=text), TEXT),
        st.builds(lambda flag: common.AnyValue(bool_value=flag), st.booleans()),
        st.builds(lambda number: common.AnyValue(int_value=number), st.integers(-(2**63), 2**63 - 1)),
        st.builds(lambda number: common.AnyValue(double_value=number), st.floats()),
        st.builds(lambda raw: common.AnyValue(bytes_value=raw), st.binary(max_size=9)),
    ),
    lambda inner: st.one_of(
        st.builds(
            lambda values: common.AnyValue(array_value=common.ArrayValue(values=values)), st.lists(inner, max_size=3)
        ),
        st.builds(
            lambda pairs: common.AnyValue(kvlist_value=common.KeyValueList(values=_pairs(pairs))),
            st.dictionaries(TEXT, inner, max_size=3),
        ),
    ),
    max_leaves=8,
)
NANOS = st.integers(0, 2**64 - 1)


def _pairs(values: dict[str, Any]) -> list[Any]:
    return [common.KeyValue(key=key, value=value) for key, value in values.items()]


@st.composite
def traces(draw: st.DrawFn) -> Any:
    """An export of one span with events and any attributes."""
    request = trace_service.ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.extend(_pairs(draw(st.dictionaries(TEXT, VALUES, max_size=3))))
    span = resource.scope_spans.add().spans.add(
        trace_id=draw(st.binary(max_size=16)),
        span_id=draw(st.binary(max_size=8)),
        parent_span_id=draw(st.binary(max_size=8)),
        name=draw(TEXT),
        start_time_unix_nano=draw(NANOS),
        end_time_unix_nano=draw(NANOS),
        trace_state="left=out",
        dropped_attributes_count=3,
    )
    span.attributes.extend(_pairs(draw(st.dictionaries(TEXT, VALUES, max_size=4))))
    span.status.code = draw(st.integers(0, 2))
    span.events.add(name=draw(TEXT), time_unix_nano=draw(NANOS))
    return request


@st.composite
def logs(draw: st.DrawFn) -> Any:
    """An export of one log record with any body."""
    request = logs_service.ExportLogsServiceRequest()
    record = (
        request.resource_logs.add()
        .scope_logs.add()
        .log_records.add(time_unix_nano=draw(NANOS), event_name=draw(TEXT), trace_id=draw(st.binary(max_size=16)))
    )
    record.body.CopyFrom(draw(VALUES))
    record.attributes.extend(_pairs(draw(st.dictionaries(TEXT, VALUES, max_size=4))))
    return request


def plain(payload: dict[str, Any]) -> str:
    """Spans and log records in one text, in which NaN equals itself; without fields that nobody reads."""
    unread = {"traceState", "droppedAttributesCount"}
    return repr([{key: record[key] for key in sorted(record) if key not in unread} for record in records(payload)])


def as_google_has_it(request: Any) -> dict[str, Any]:
    """OTLP/JSON by protobuf's runtime, which knows neither hexadecimal ids nor enumerations as numbers by itself."""
    found: dict[str, Any] = json_format.MessageToDict(request, use_integers_for_enums=True)
    for outer, inner, leaf in (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords")):
        made = getattr(request, {"resourceSpans": "resource_spans", "resourceLogs": "resource_logs"}[outer], ())
        for resource, raw in zip(found.get(outer, ()), made, strict=True):
            record = resource[inner][0][leaf][0]
            source = (raw.scope_spans[0].spans if leaf == "spans" else raw.scope_logs[0].log_records)[0]
            for name, field in (("traceId", "trace_id"), ("spanId", "span_id"), ("parentSpanId", "parent_span_id")):
                if name in record:
                    record[name] = getattr(source, field).hex()
    return found


@settings(max_examples=80, deadline=None)
@given(traces())
def test_spans_are_read_as_protobuf_reads_them(request: Any) -> None:
    """All kinds of value, nested ones included."""
    assert plain(decode(request.SerializeToString(), TRACES)) == plain(as_google_has_it(request))


@settings(max_examples=80, deadline=None)
@given(logs())
def test_log_records_are_read_as_protobuf_reads_them(request: Any) -> None:
    """Body and attributes of any kind."""
    assert plain(decode(request.SerializeToString(), LOGS)) == plain(as_google_has_it(request))


@settings(max_examples=150, deadline=None)
@given(traces(), st.integers(0, 400), st.integers(0, 255))
def test_damaged_payloads_are_refused_or_read_and_never_break(request: Any, at: int, byte: int) -> None:
    """A byte that is wrong, or an end that comes too early, is a ValueError or another reading."""
    data = bytearray(request.SerializeToString())
    data[at % len(data)] = byte
    for damaged in (bytes(data), bytes(data[: at % len(data)])):
        with suppress(ValueError):
            assert all("attributes" in record for record in records(decode(damaged, TRACES)))


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\xff\xff\xff\xff\x7f",  # a length that no payload has
        b"\x0a" + b"\xff" * 11,  # a number without an end
        b"\x0b\x00",  # a group, which proto3 does not know
        b"\x00\x00",  # field zero
        b"\x0a",
        b"<html>no protobuf</html>",
    ],
)
def test_what_is_no_protobuf_is_refused(data: bytes) -> None:
    """Lengths beyond the end, endless numbers, groups and other formats are ValueErrors."""
    with pytest.raises(ValueError, match=r"cut off|protobuf|number"):
        decode(data, TRACES)


def test_nesting_has_an_end() -> None:
    """A value within a value within a value, ten thousand times, is refused before the stack is gone."""
    value = _field(1, b"x")
    for _ in range(10_000):
        value = _field(5, _field(1, value))
    with pytest.raises(ValueError, match="nested too deep"):
        decode(_field(1, _field(2, _field(2, _field(9, _field(2, value))))), TRACES)


def test_many_empty_messages_are_refused_before_memory_is_gone() -> None:
    """Two bytes on the wire make an object: more than a million of them are no telemetry."""
    spans = b"\x12\x00" * 1_200_000
    with pytest.raises(ValueError, match="too many"):
        decode(_field(1, _field(2, spans)), TRACES)


def test_fields_of_other_versions_are_passed_over() -> None:
    """Unknown fields of every wire type stand between known ones."""
    unknown = b"\xf8\x07\x96\x01" + b"\xfa\x07\x02hi" + b"\xfd\x07" + struct.pack("<f", 1) + b"\xf9\x07" + bytes(8)
    span = unknown + _field(5, b"name") + unknown
    (found,) = records(decode(_field(1, _field(2, _field(2, span))), TRACES))
    assert found["name"] == "name"
