"""Spans and log records out of OTLP/JSON payloads, with attributes as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["CONTAINERS", "attributes", "is_payload", "records"]

# Payload key, its scopes, its records.
CONTAINERS: Final = (
    ("resourceSpans", "scopeSpans", "spans"),
    ("resourceLogs", "scopeLogs", "logRecords"),
)
_DEPTH: Final = 64


def is_payload(value: Any) -> bool:
    """Whether an object is an export of traces or logs, or one resource of such an export."""
    return isinstance(value, dict) and any(name in value for outer, inner, _ in CONTAINERS for name in (outer, inner))


def records(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Spans and log records, in order; what is no object where one should be is passed over.

    Yields:
        The fields of the span or log record; `attributes` and `resource` (its attributes) as plain values, `events`
        with plain attributes too, `body` of a log record plain, and `signal`: `span` or `log`.
    """
    for outer, inner, leaf in CONTAINERS:
        resources = payload.get(outer)
        alone = [payload] if inner in payload else []
        for resource in _objects(resources) if resources is not None else alone:
            about = attributes(resource.get("resource") or {})
            for scope in _objects(resource.get(inner)):
                for record in _objects(scope.get(leaf)):
                    yield _plain(record, about, "span" if leaf == "spans" else "log")


def attributes(holder: Any) -> dict[str, Any]:
    """Attributes of a resource, span, event or log record by name; the last of a name counts."""
    pairs = _objects(holder.get("attributes") if isinstance(holder, dict) else None)
    return {pair["key"]: _value(pair.get("value"), 0) for pair in pairs if isinstance(pair.get("key"), str)}


def _plain(record: dict[str, Any], resource: dict[str, Any], signal: str) -> dict[str, Any]:
    events = [{**event, "attributes": attributes(event)} for event in _objects(record.get("events"))]
    body = _value(record.get("body"), 0)
    own = {"attributes": attributes(record), "events": events, "body": body, "resource": resource, "signal": signal}
    return {**record, **own}


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _value(value: Any, depth: int) -> Any:
    """An AnyValue as the value it holds; None for an empty one, and for what is nested deeper than 64."""
    if not isinstance(value, dict) or depth > _DEPTH:
        return None
    if "arrayValue" in value:
        return [_value(item, depth + 1) for item in _objects(_values(value["arrayValue"]))]
    if "kvlistValue" in value:
        pairs = _objects(_values(value["kvlistValue"]))
        return {pair["key"]: _value(pair.get("value"), depth + 1) for pair in pairs if isinstance(pair.get("key"), str)}
    if "intValue" in value:
        return _integer(value["intValue"])
    return next(
        (value[kind] for kind in ("stringValue", "boolValue", "doubleValue", "bytesValue") if kind in value), None
    )


def _values(holder: Any) -> Any:
    return holder.get("values") if isinstance(holder, dict) else None


def _integer(value: Any) -> Any:
    """OTLP/JSON writes 64-bit integers as decimal text, some exporters as numbers."""
    whole = isinstance(value, str) and len(value) < 32 and value.removeprefix("-").isdecimal()
    return int(value) if whole else value
