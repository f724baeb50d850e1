"""OpenTelemetry's wire formats: protobuf payloads as OTLP/JSON, OTLP/JSON as spans and log records."""

from revenuer.sources.otlp.records import CONTAINERS, attributes, is_payload, records
from revenuer.sources.otlp.wire import LOGS, TRACES, Message, decode

__all__ = ["CONTAINERS", "LOGS", "TRACES", "Message", "attributes", "decode", "is_payload", "records"]
