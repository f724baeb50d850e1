"""Langfuse: exported observations, enriched or with their traces beside them, in the names of the API or of the export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.base import Row
from revenuer.sources.formats.bodies import Columns, merged, messages_in, request_columns, response_columns
from revenuer.sources.formats.values import as_object, credential, first, said, text

__all__ = ["Langfuse"]

_TRACE: Final = ("traceId", "trace_id")
_PRINCIPAL: Final = ("metadata.account_id", "metadata.user_api_key_user_id", "metadata.customer_id")
_KEY: Final = ("metadata.user_api_key_hash", "metadata.api_key_id", "metadata.credential_id")
_USER: Final = ("userId", "user_id")
_SESSION: Final = ("sessionId", "session_id")
_PROJECT: Final = ("projectId", "project_id")
_READ: Final = ("usageDetails.input", "usage_details.input", "usage.input", "promptTokens", "inputUsage")
_WRITTEN: Final = ("usageDetails.output", "usage_details.output", "usage.output", "completionTokens", "outputUsage")


class Langfuse:
    """Generations are exchanges; spans, events and scores are not. Traces say who asked, where observations do not."""

    name = "langfuse"
    about = "Langfuse exports of observations and traces (JSON, JSONL, CSV)"

    def matches(self, record: dict[str, Any]) -> float:
        """By the fields of an observation, a trace or a score, or of a page of them."""
        items = list(self.split(record))[:20]
        return sum(map(_likeness, items)) / len(items) if items else 0.0

    def split(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The items of a page of the API; a trace apart from the observations that it holds."""
        page = record.get("data")
        items = page if isinstance(page, list) and "meta" in record else [record]
        for item in items:
            if isinstance(item, dict):
                held = as_object(item.get("observations"))
                yield {name: value for name, value in item.items() if name != "observations"}
                yield from (one for one in held if isinstance(one, dict)) if isinstance(held, list) else ()

    def key(self, record: dict[str, Any]) -> str | None:
        """The trace that it is, or belongs to."""
        return text(first(record, *_TRACE) if _is_part(record) else record.get("id"))

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """One exchange a generation, with what its trace says of who asked."""
        trace: dict[str, Any] = next((record for record in records if not _is_part(record)), {})
        for record in records:
            if _is_part(record) and str(record.get("type")).upper() == "GENERATION":
                yield Row("exchanges", _exchange(record, trace))


def _exchange(record: dict[str, Any], trace: dict[str, Any]) -> Columns:
    settings = as_object(first(record, "modelParameters", "model_parameters"))
    asked = _asked(record.get("input"))
    body = asked if isinstance(asked, dict) and "messages" in asked else {"messages": _messages(asked)}
    answer = _message(record.get("output"))
    user = text(_either(record, trace, _USER))
    return merged(
        response_columns(answer),
        request_columns({**(settings if isinstance(settings, dict) else {}), **body}),
        {
            "exchange_id": text(record.get("id")),
            "ts": first(record, "startTime", "start_time"),
            "account_id": text(_either(record, trace, _PRINCIPAL)) or user,
            "org_id": text(_either(record, trace, _PROJECT)),
            "credential_id": credential(_either(record, trace, _KEY)),
            "end_user_id": user if _either(record, trace, _PRINCIPAL) is not None else None,
            "session_id": text(_either(record, trace, _SESSION)),
            "model": text(first(record, "model", "provided_model_name", "providedModelName", "internalModel")),
            "input_tokens": first(record, *_READ),
            "output_tokens": first(record, *_WRITTEN),
            "status": "error" if record.get("level") == "ERROR" else "ok",
        },
    )


def _asked(value: Any) -> Any:
    """What was asked; text that holds a body or messages as those."""
    held = as_object(value)
    return held if isinstance(held, dict) and "messages" in held else messages_in(value)


def _message(value: Any) -> Any:
    """The answer; a message alone, which is what most integrations keep of it, as the answer it was."""
    held = as_object(value)
    return {"choices": [{"message": held}]} if isinstance(held, dict) and "role" in held else value


def _messages(asked: Any) -> Any:
    """What was asked as messages: one message, a list of them, or text."""
    if isinstance(asked, dict):
        return [asked] if "role" in asked else first(asked, "input", "prompt", "query", "question", "contents")
    return asked


def _either(record: dict[str, Any], trace: dict[str, Any], paths: tuple[str, ...]) -> Any:
    found = first(record, *paths)
    return found if found is not None else first(trace, *paths)


def _is_part(record: dict[str, Any]) -> bool:
    """Whether it belongs to a trace: an observation or a score."""
    return any(said(record.get(name)) for name in _TRACE)


def _likeness(record: dict[str, Any]) -> float:
    if _is_part(record) and "id" in record:
        observation = ("startTime" in record or "start_time" in record) and "type" in record
        score = "value" in record and "name" in record
        return 0.95 if observation else 0.8 if score else 0.0
    trace = "id" in record and "timestamp" in record and any(name in record for name in (*_USER, *_SESSION))
    return 0.8 if trace and ("tags" in record or "environment" in record or "metadata" in record) else 0.0
