"""Helicone: exported requests with their bodies (`npx @helicone/export --include-body`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.base import RecordFormat, Row
from revenuer.sources.formats.bodies import Columns, merged, request_columns, response_columns
from revenuer.sources.formats.values import as_object, credential, first, header, pick, text

__all__ = ["Helicone"]

_PROPERTIES: Final = ("request_properties", "properties")
_USER: Final = ("request_user_id", "helicone_user", "user_id")
_PRINCIPAL: Final = ("account_id", "account-id", "customer_id", "organization_id")
_KEY: Final = ("auth_hash", "key_hash", "helicone_api_key_id", "helicone_proxy_key_id", "key_name")


class Helicone(RecordFormat):
    """One exchange a request; the country that Helicone adds is not read."""

    name = "helicone"
    about = "Helicone request exports (JSONL, JSON, CSV)"

    def split(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The requests of an answer of the query API, or the object itself."""
        page = record.get("data")
        yield from (item for item in page if isinstance(item, dict)) if isinstance(page, list) else (record,)

    def matches(self, record: dict[str, Any]) -> float:
        """By names that no other log has together."""
        record = next(self.split(record), {})
        if not {"request_created_at", "request_id"} <= record.keys():
            return 0.0
        return 0.95 if any(name in record for name in ("response_created_at", "helicone_user", *_PROPERTIES)) else 0.6

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """Bodies that lie behind a signed address are not fetched: such a row has no prompt."""
        record = records[0]
        answer = response_columns(_body(record, "response"), first(record, "response_status", "status"))
        yield Row("exchanges", merged(answer, request_columns(_body(record, "request")), _around(record)))


def _body(record: dict[str, Any], side: str) -> Any:
    return as_object(first(record, f"{side}_body", f"signed_body.{side}"))


def _around(record: dict[str, Any]) -> Columns:
    properties = first(record, *_PROPERTIES)
    principal = text(next((value for name in _PRINCIPAL if (value := header(properties, name)) is not None), None))
    user = text(first(record, *_USER))
    key = credential(first(record, *_KEY))
    return {
        "exchange_id": text(record.get("request_id")),
        "ts": record.get("request_created_at"),
        "account_id": principal or user or key,
        "org_id": text(first(record, "organization_id", "helicone_org_id")),
        "credential_id": key,
        "end_user_id": user if principal is not None else None,
        "session_id": text(header(properties, "helicone-session-id")),
        "model": text(first(record, "request_model", "model_override", "model")),
        "input_tokens": pick(record, "prompt_tokens"),
        "output_tokens": pick(record, "completion_tokens"),
    }
