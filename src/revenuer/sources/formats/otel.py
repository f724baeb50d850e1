"""OpenTelemetry GenAI: spans and events of inference, joined by trace, from OTLP/JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from revenuer.sources.formats.base import Rejected, Row
from revenuer.sources.formats.bodies import status_of
from revenuer.sources.formats.keys import lasting
from revenuer.sources.formats.otel_content import asked_columns, numbered, said_columns
from revenuer.sources.formats.otel_trace import Call, calls, moment, speaks_of_models
from revenuer.sources.formats.values import as_object, credential, first, header, integer, text
from revenuer.sources.otlp import is_payload, records

__all__ = ["OpenTelemetry"]

Record = dict[str, Any]

_KEPT: Final = (
    "signal", "traceId", "spanId", "parentSpanId", "name", "eventName", "startTimeUnixNano", "timeUnixNano",
    "observedTimeUnixNano", "events", "body", "resource", "status",
)  # fmt: skip

# Attribute names by column; the first that says something counts.
_ACCOUNT: Final = ("account.id", "tenant.id", "customer.id", "metadata.user_api_key_user_id")
_USER: Final = (
    "enduser.id", "user.id", "user.hash", "enduser.pseudo.id", "metadata.user_api_key_end_user_id", "gen_ai.user",
    "gen_ai.request.user", "llm.user", "traceloop.association.properties.user_id", "langfuse.user.id",
)  # fmt: skip
_ORG: Final = ("organization.id", "org.id", "metadata.user_api_key_org_id", "metadata.user_api_key_team_id")
_SESSION: Final = (
    "gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id", "langfuse.session.id",
)  # fmt: skip
_KEY: Final = ("metadata.user_api_key_hash", "api_key.id", "credential.id")
_KEY_HEADERS: Final = ("http.request.header.authorization", "http.request.header.x-api-key")
_MODEL: Final = ("gen_ai.request.model", "llm.request.model", "llm.model_name", "gen_ai.response.model")
_READ: Final = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens", "llm.token_count.prompt",
)  # fmt: skip
_WRITTEN: Final = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
    "llm.token_count.completion",
)  # fmt: skip
_MAX_TOKENS: Final = ("gen_ai.request.max_tokens", "llm.request.max_tokens", "llm.invocation_parameters.max_tokens")
_TEMPERATURE: Final = (
    "gen_ai.request.temperature", "llm.request.temperature", "llm.invocation_parameters.temperature",
)  # fmt: skip
_THOUGHT: Final = ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens")
_EFFORT: Final = ("gen_ai.request.reasoning.level", "gen_ai.request.reasoning_effort", "llm.request.reasoning_effort")
_TOOLS: Final = ("gen_ai.tool.definitions", "gen_ai.request.tools")
_NUMBERED_TOOLS: Final = ("llm.request.functions", "llm.tools")
_REASON: Final = ("gen_ai.response.finish_reasons.0", "gen_ai.response.finish_reason", "llm.response.finish_reason")
_CODE: Final = ("http.response.status_code", "http.status_code")
_PROVIDER: Final = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
_PATHWAYS: Final = (
    (("aws", "amazon", "bedrock"), "bedrock"),
    (("gcp.vertex", "vertex"), "vertex"),
    (("az.", "azure"), "azure"),
    (("openrouter",), "aggregator"),
    (("anthropic", "cohere", "deepseek", "gcp.gemini", "gemini", "mistral", "moonshot", "openai", "x_ai", "xai"),
     "first_party"),
)  # fmt: skip


class OpenTelemetry:
    """Spans of inference, their events, and what the spans around them know of the client."""

    name = "otel"
    about = "OpenTelemetry GenAI spans and log events as OTLP/JSON (collector's file exporter, `revenuer receive`)"

    def matches(self, record: Record) -> float:
        """Payloads are unmistakable; whether they speak of models is seen when they are read."""
        return 0.95 if is_payload(record) else 0.0

    def split(self, record: Record) -> Iterator[Record]:
        """Spans and log records that concern an exchange, without what is not used of them."""
        for found in records(record):
            if speaks_of_models(found):
                yield {name: found[name] for name in _KEPT if found.get(name)} | {"attributes": found["attributes"]}

    def key(self, record: Record) -> str | None:
        """The trace."""
        return text(record.get("traceId"))

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One exchange for each outermost call of a model in a trace."""
        fault: Rejected | None = None
        for call in calls(records):
            try:
                row = Row("exchanges", _columns(call))
            except Rejected as reason:
                fault = reason
            else:
                yield row
        if fault is not None:
            raise fault


def _columns(call: Call) -> dict[str, Any]:
    own, both = call.attributes, {**call.around, **call.attributes}
    user, account, key = text(first(both, *_USER)), text(first(both, *_ACCOUNT)), _key(both)
    billed = account or user or lasting(key)
    if billed is None:
        raise Rejected("names neither an account, nor a user, nor a key")
    asked, said = asked_columns(own, call.events), said_columns(own, call.events)
    return {
        **asked,
        **{name: said.get(name) for name in ("response", "reasoning_issued")},
        "exchange_id": _exchange_id(call.start),
        "ts": (moment(call.start) // 1_000) or None,
        "account_id": billed,
        "end_user_id": user if account is not None else asked.get("end_user_id"),
        "org_id": text(first(both, *_ORG)),
        "credential_id": credential(key),
        "session_id": text(first(both, *_SESSION)) or asked.get("session_id"),
        "ip": text(first(both, "client.address", "http.client_ip")),
        "user_agent": text(first(both, "user_agent.original", "http.user_agent")),
        "tls_fingerprint": text(first(both, "tls.client.ja4", "tls.client.ja3")),
        **_settings(own, asked),
        "status": _status(own, call.start) or said.get("status") or "ok",
    }


def _exchange_id(start: Record) -> str | None:
    """Trace and span; a record without both gets an id of its place."""
    ids = text(start.get("traceId")), text(start.get("spanId"))
    return f"{ids[0]}-{ids[1]}" if ids[0] and ids[1] else None


def _settings(own: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """What the attributes say; where they do not, what the body of the request says."""
    said = {
        "model": text(first(own, *_MODEL)),
        "pathway": _pathway(first(own, *_PROVIDER)),
        "input_tokens": first(own, *_READ),
        "output_tokens": first(own, *_WRITTEN),
        "max_tokens": first(own, *_MAX_TOKENS),
        "temperature": first(own, *_TEMPERATURE),
        "tools": _tools(own),
        "thinking": _thinks(own),
    }
    return {name: asked.get(name) if value is None else value for name, value in said.items()}


def _thinks(own: dict[str, Any]) -> bool | None:
    """Asked for by a level of effort, or seen by the tokens it took."""
    level = first(own, *_EFFORT)
    return level not in ("none", "disabled") if level is not None else bool(integer(first(own, *_THOUGHT))) or None


def _tools(own: dict[str, Any]) -> int | None:
    listed = as_object(first(own, *_TOOLS))
    return (
        len(listed) if isinstance(listed, list) else sum(len(numbered(own, name)) for name in _NUMBERED_TOOLS) or None
    )


def _status(own: dict[str, Any], start: Record) -> str | None:
    state = start.get("status")
    state = state if isinstance(state, Mapping) else {}
    failed = state.get("code") in (2, "STATUS_CODE_ERROR")
    error = first(own, "error.type", "exception.type") or (failed and (state.get("message") or "error")) or None
    return status_of(first(own, *_CODE), first(own, *_REASON), error)


def _key(both: dict[str, Any]) -> Any:
    """The key as it was recorded: an id or hash of it, or a captured header."""
    return first(both, *_KEY) or next((value for name in _KEY_HEADERS if (value := header(both, name))), None)


def _pathway(provider: Any) -> str | None:
    name = provider.lower() if isinstance(provider, str) else ""
    return next((pathway for prefixes, pathway in _PATHWAYS if name.startswith(prefixes)), None)
