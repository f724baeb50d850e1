"""The records of one trace: which spans are calls of a model, what lies within each and what around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from revenuer.sources.formats.otel_content import event_name, is_content

__all__ = ["Call", "calls", "moment", "speaks_of_models"]

Record = dict[str, Any]

_PREFIXES: Final = ("gen_ai.", "llm.", "openinference.")
_CLIENT: Final = ("client.address", "user_agent.original", "http.client_ip", "http.user_agent", "enduser.id", "user.id")
_DETAILS: Final = "gen_ai.client.inference.operation.details"
_OPERATION: Final = ("gen_ai.operation.name", "llm.request.type", "openinference.span.kind")
_MODEL: Final = ("gen_ai.request.model", "llm.request.model", "llm.model_name")
# Operations that ask a model for text; agents, tools, embeddings and retrieval hold others or none.
_INFERENCE: Final = frozenset({"chat", "generate_content", "text_completion", "completion", "responses", "LLM"})
_TIMES: Final = ("startTimeUnixNano", "timeUnixNano", "observedTimeUnixNano")
_HIGHEST: Final = 64


class Call(NamedTuple):
    """A call of a model, put together.

    Args:
        start: the span, or the log record where there is no span.
        attributes: what the call says of itself, calls within it and details in log records filling the gaps.
        around: what the spans that contain it say, the nearest first, and beneath them the resource.
        events: messages, as span events and log records in the order of their times.
    """

    start: Record
    attributes: dict[str, Any]
    around: dict[str, Any]
    events: list[Record]


def speaks_of_models(record: Mapping[str, Any]) -> bool:
    """Whether a span or log record (as `otlp.records` gives it) is of an exchange or tells who sent one."""
    names = record["attributes"]
    about = any(name.startswith(_PREFIXES) for name in names) or is_content(event_name(record))
    return about or (record["signal"] == "span" and any(name in names for name in _CLIENT))


def calls(records: Sequence[Record]) -> Iterator[Call]:
    """Each outermost call of a model in a trace once, in the order in which they stand.

    A framework's span and the client library's span within it are one call. Log records belong to the call in whose
    span they were written; details that no such span claims are a call of their own.
    """
    spans = {_id(record): record for record in records if record.get("signal") == "span"}
    logs = _without_repeats(record for record in records if record.get("signal") == "log")
    owner = {spanned: _outermost(spans, spanned) for spanned in spans}
    inside: dict[str | None, list[str]] = {}
    for spanned, call in owner.items():
        inside.setdefault(call, []).append(spanned)
    told: dict[str, list[Record]] = {}
    for log in logs:
        told.setdefault(owner.get(_id(log)) or f"log {_id(log)}", []).append(log)
    for call, members in inside.items():
        if call is not None:
            yield _call(spans, call, [call, *(spanned for spanned in members if spanned != call)], told.pop(call, []))
    for orphans in told.values():
        yield from _untraced(spans, orphans)


def moment(record: Record) -> int:
    """When a record begins, in nanoseconds since 1970; 0 where it does not say."""
    said = (str(record.get(name) or "") for name in _TIMES)
    return next((int(value) for value in said if value.strip("0") and _is_number(value)), 0)


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 20


def _id(record: Record) -> str:
    return str(record.get("spanId"))


def _without_repeats(logs: Iterator[Record]) -> list[Record]:
    """Log records in the order of their times; one that was delivered twice counts once."""
    ordered = sorted(logs, key=moment)
    return [log for index, log in enumerate(ordered) if log not in ordered[max(0, index - 8) : index]]


def _outermost(spans: dict[str, Record], spanned: str) -> str | None:
    """The outermost call of a model among a span and those that contain it."""
    chain = [spanned, *_above(spans, spanned)]
    return next((found for found in reversed(chain) if _asks_a_model(spans[found]["attributes"])), None)


def _above(spans: dict[str, Record], spanned: str) -> list[str]:
    """Ids of the spans that contain one, the nearest first; at most 64, and never in a circle."""
    chain: list[str] = []
    parent = str(spans.get(spanned, {}).get("parentSpanId"))
    while parent in spans and parent not in chain and parent != spanned and len(chain) < _HIGHEST:
        chain.append(parent)
        parent = str(spans[parent].get("parentSpanId"))
    return chain


def _asks_a_model(attributes: Mapping[str, Any]) -> bool:
    """By the operation; where none is named, a model that was asked for tells."""
    said = next((attributes[name] for name in _OPERATION if attributes.get(name)), None)
    return said in tuple(_INFERENCE) if said is not None else any(attributes.get(name) for name in _MODEL)


def _call(spans: dict[str, Record], call: str, members: list[str], logs: list[Record]) -> Call:
    own = [spans[spanned] for spanned in members]
    events = next((found for span in own if (found := _messages(span.get("events") or []))), [])
    details = [event for span in own for event in span.get("events") or [] if event_name(event) == _DETAILS]
    told = [*reversed(logs), *reversed(details), *reversed(own)]
    return Call(own[0], _merged(told), _around(spans, call, own[0]), events or _messages(logs))


def _untraced(spans: dict[str, Record], logs: list[Record]) -> Iterator[Call]:
    """Calls that only log records tell of: each with details is one, and messages under one span are one."""
    details = [log for log in logs if event_name(log) == _DETAILS]
    for log in details:
        yield Call(log, log["attributes"], _around(spans, _id(log), log), [])
    messages = _messages(logs)
    if messages and not details:
        yield Call(messages[0], _merged(reversed(logs)), _around(spans, _id(logs[0]), logs[0]), messages)


def _messages(events: list[Record]) -> list[Record]:
    return [event for event in sorted(events, key=moment) if is_content(event_name(event))]


def _around(spans: dict[str, Record], call: str, start: Record) -> dict[str, Any]:
    own = [call] if call in spans else []
    outside = [spans[spanned]["attributes"] for spanned in (*own, *_above(spans, call))]
    merged = dict(start.get("resource") or {})
    for attributes in reversed(outside):
        merged |= attributes
    return merged


def _merged(records: Iterator[Record] | Sequence[Record]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for record in records:
        merged |= record["attributes"]
    return merged
