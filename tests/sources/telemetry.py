"""Telemetry as the OpenTelemetry SDK makes it, and what of it goes over the wire."""

# ruff: noqa: E402 (what may be missing is asked for first)

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

for needed in ("opentelemetry.exporter.otlp.proto.http", "opentelemetry.util.genai"):
    pytest.importorskip(needed, reason="needs opentelemetry-exporter-otlp-proto-http and opentelemetry-util-genai")

from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.util.genai import types as genai
from opentelemetry.util.genai.handler import TelemetryHandler

__all__ = [
    "LogRecord",
    "SpanKind",
    "Status",
    "StatusCode",
    "Telemetry",
    "TelemetryHandler",
    "genai",
    "telemetry",
]


@dataclass
class Telemetry:
    """Providers that keep what they would send."""

    tracers: TracerProvider
    loggers: LoggerProvider
    spans: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    logs: InMemoryLogRecordExporter = field(default_factory=InMemoryLogRecordExporter)

    def payloads(self) -> tuple[bytes, bytes]:
        """Protobuf of all spans and of all log records so far."""
        return (
            encode_spans(self.spans.get_finished_spans()).SerializeToString(),
            encode_logs(self.logs.get_finished_logs()).SerializeToString(),
        )


@contextmanager
def telemetry(**resource: Any) -> Iterator[Telemetry]:
    """A fresh SDK whose resource carries these attributes."""
    about = Resource.create({"service.name": "gateway", **resource})
    made = Telemetry(TracerProvider(resource=about), LoggerProvider(resource=about))
    made.tracers.add_span_processor(SimpleSpanProcessor(made.spans))
    made.loggers.add_log_record_processor(SimpleLogRecordProcessor(made.logs))
    try:
        yield made
    finally:
        made.tracers.shutdown()
        made.loggers.shutdown()
