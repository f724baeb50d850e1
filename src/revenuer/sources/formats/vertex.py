"""Vertex AI's request-response logs, as exported from BigQuery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from revenuer.sources.formats.base import RecordFormat, Rejected, Row
from revenuer.sources.formats.bodies import merged, request_columns, response_columns
from revenuer.sources.formats.values import as_object, first, pick, text

__all__ = ["Vertex"]

Record = dict[str, Any]

# Labels are what callers attach to a request to tell who it is billed to.
_ACCOUNT_LABELS: Final = ("account_id", "account", "customer_id", "customer", "tenant_id", "tenant")
_USER_LABELS: Final = ("user_id", "user", "end_user_id", "end_user")


class Vertex(RecordFormat):
    """Rows of the table that request-response logging fills, for Gemini and for partners' models."""

    name = "vertex"
    about = "Vertex AI request-response logs (BigQuery export as JSON or Parquet)"

    def matches(self, record: Record) -> float:
        """By the columns of the table."""
        whole = "full_request" in record and "logging_time" in record
        old = {"request_payload", "response_payload", "logging_time", "endpoint"} <= record.keys()
        return 0.98 if whole else 0.9 if old else 0.0

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One exchange for each row."""
        for record in records:
            yield Row("exchanges", _columns(record))


def _columns(record: Record) -> dict[str, Any]:
    request, response = (
        _body(record, "full_request", "request_payload"),
        _body(record, "full_response", "response_payload"),
    )
    labels = pick(request, "labels")
    project = _part(text(first(request, "model")) or "", "projects") or _part(
        text(record.get("endpoint")) or "", "projects"
    )
    account = text(first(labels, *_ACCOUNT_LABELS)) or project
    if account is None:
        raise Rejected("names neither an account nor a project")
    asked, said = request_columns(request), response_columns(response)
    return {
        **asked,
        **merged({"status": "ok"}, said),
        "exchange_id": text(record.get("request_id")),
        "ts": _utc(record.get("logging_time")),
        "account_id": account,
        "org_id": project,
        "end_user_id": text(first(labels, *_USER_LABELS)) or asked.get("end_user_id"),
        "pathway": "vertex",
        "model": _model(record) or asked.get("model"),
    }


def _body(record: Record, whole: str, pieces: str) -> Any:
    """The body; tables of custom endpoints hold a list of JSON texts instead."""
    found = as_object(record.get(whole))
    listed = record.get(pieces)
    return found if found is not None or not isinstance(listed, list) else as_object(next(iter(listed), None))


def _model(record: Record) -> str | None:
    """`publishers/google/models/NAME`, or the model that is deployed on an endpoint."""
    name = text(record.get("model")) or text(record.get("deployed_model_id"))
    return None if name is None else _part(name, "models") or name


def _part(path: str, name: str) -> str | None:
    steps = path.split("/")
    return next((value for step, value in pairwise(steps) if step == name and value), None)


def _utc(value: Any) -> Any:
    """BigQuery writes a zone's name, which RFC 3339 does not know."""
    return f"{value.removesuffix(' UTC')}+00:00" if isinstance(value, str) and value.endswith(" UTC") else value
