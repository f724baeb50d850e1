"""Kong's http-log and file-log entries, with what its AI plug-ins add to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from revenuer.sources.formats.address import address
from revenuer.sources.formats.base import RecordFormat, Rejected, Row
from revenuer.sources.formats.bodies import merged, request_columns, response_columns
from revenuer.sources.formats.cut import as_far_as_it_goes
from revenuer.sources.formats.values import credential, first, header, text

__all__ = ["Kong"]

Record = dict[str, Any]

_ACCOUNT: Final = ("consumer.custom_id", "consumer.id", "consumer.username", "authenticated_entity.consumer_id")
_PROXIES: Final = ("proxy", "ai-proxy", "ai-proxy-advanced")
_READ: Final = ("usage.prompt_tokens", "usage.prompt_token", "usage.input_tokens")
_WRITTEN: Final = ("usage.completion_tokens", "usage.completion_token", "usage.output_tokens")
_PATHWAYS: Final = {"bedrock": "bedrock", "gemini": "vertex", "azure": "azure"}


class Kong(RecordFormat):
    """One entry for each request; text only where the AI plug-in was told to log payloads."""

    name = "kong"
    about = "Kong http-log and file-log entries, with AI Proxy statistics and payloads"

    def matches(self, record: Record) -> float:
        """By the parts of an entry that Kong always writes."""
        parts = ("request", "response", "latencies")
        whole = all(isinstance(record.get(part), dict) for part in parts) and "started_at" in record
        return 0.0 if not whole else 0.97 if "ai" in record else 0.9

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One exchange for each entry that an AI plug-in handled; other routes of the gateway are none."""
        for record in records:
            spoken = _statistics(record.get("ai"))
            if spoken is not None:
                yield Row("exchanges", _columns(record, spoken))


def _statistics(ai: Any) -> Mapping[str, Any] | None:
    """What the proxying plug-in logged, else the first that did; before 3.8 the request stood beside it."""
    if not isinstance(ai, Mapping):
        return None
    plugins = {
        name: part for name, part in ai.items() if isinstance(part, Mapping) and ("usage" in part or "meta" in part)
    }
    found = next((plugins[name] for name in _PROXIES if name in plugins), next(iter(plugins.values()), None))
    return None if found is None else {"outer": ai.get("payload"), **found}


def _columns(record: Record, spoken: Mapping[str, Any]) -> dict[str, Any]:
    account = text(first(record, *_ACCOUNT)) or text(first(record, "authenticated_entity.id"))
    if account is None:
        raise Rejected("names no consumer: the route asks for no authentication")
    headers = first(record, "request.headers")
    asked = request_columns(_body(first(spoken, "payload.request", "outer.request")))
    said = response_columns(
        _body(first(spoken, "payload.response", "outer.response")), first(record, "response.status")
    )
    counted = {"input_tokens": first(spoken, *_READ), "output_tokens": first(spoken, *_WRITTEN)}
    return {
        **asked,
        **merged(said, counted),
        "exchange_id": text(first(record, "request.id")) or text(header(headers, "x-kong-request-id", "x-request-id")),
        "ts": record.get("started_at"),
        "account_id": account,
        "org_id": text(record.get("workspace_name")) or text(record.get("workspace")),
        "credential_id": credential(first(record, "authenticated_entity.id")),
        "pathway": _PATHWAYS.get(str(first(spoken, "meta.provider_name")).lower()),
        "model": text(first(spoken, "meta.request_model", "meta.response_model")) or asked.get("model"),
        "ip": address(record.get("client_ip")),
        "user_agent": text(header(headers, "user-agent")),
        "tls_fingerprint": text(header(headers, "x-ja4", "x-ja4-fingerprint")),
    }


def _body(value: Any) -> Any:
    """Payloads are logged as text, and cut off where they are long."""
    return (as_far_as_it_goes(value) or value) if isinstance(value, str) else value
