"""Logs that keep requests and answers as the model APIs send them, one JSON object an exchange, with anything around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.base import RecordFormat, Rejected, Row
from revenuer.sources.formats.bodies import ASKED, Columns, merged, request_columns, response_columns
from revenuer.sources.formats.values import as_object, credential, first, header, pick, said, text, word

__all__ = ["AnthropicPairs", "OpenAIPairs"]

_REQUEST: Final = ("request.body", "request_body", "request", "req", "body", "params", "input")
_RESPONSE: Final = ("response.body", "response_body", "response", "resp", "completion", "output")
_REQUEST_HEADERS: Final = ("request.headers", "request_headers", "headers")
_RESPONSE_HEADERS: Final = ("response.headers", "response_headers")

_TIMES: Final = (
    "ts", "timestamp", "@timestamp", "time", "created_at", "request_time", "requested_at", "start_time", "started_at",
    "startTime", "datetime", "date", "request.timestamp", "request.time",
)  # fmt: skip
_CODES: Final = ("status_code", "response.status_code", "response.status", "response_status", "status")
_SURE: Final = 0.75
_LIKELY: Final = 0.55
_UNLIKELY: Final = 0.2

# What only one of the two APIs sends.
_CLAUDE_ANSWERS: Final = frozenset({"message"})
_OPENAI_ANSWERS: Final = frozenset({"chat.completion", "chat.completion.chunk", "text_completion", "response"})


class _Pairs(RecordFormat):
    """What the two have in common: bodies are read by what they hold, not by whose they are."""

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """One exchange an object that holds a request or an answer."""
        record = records[0]
        body, answer = _body(record), _answer(record)
        if body is None and answer is None:
            return
        if body is None:
            raise Rejected("without a request body")
        if _is_other_call(record, answer):
            return
        code = next((value for path in _CODES if isinstance(value := pick(record, path), int | str)), None)
        yield Row("exchanges", merged(response_columns(answer, code), request_columns(body), _around(record, answer)))


class OpenAIPairs(_Pairs):
    """Requests and answers in the words of OpenAI: chat completions, legacy completions, Responses."""

    name = "openai"
    about = "OpenAI-style requests and responses, one pair an object"

    def matches(self, record: dict[str, Any]) -> float:
        """Sure where the answer is OpenAI's; likely for any pair that is not plainly Anthropic's."""
        body, answer = _body(record), _answer(record)
        if body is None or _is_anthropic(record, body, answer):
            return _UNLIKELY if body is not None else 0.0
        sure = word(pick(answer, "object")) in _OPENAI_ANSWERS or isinstance(pick(answer, "choices"), list)
        return _SURE if sure else _LIKELY


class AnthropicPairs(_Pairs):
    """Requests and answers in the words of Anthropic's messages API."""

    name = "anthropic"
    about = "Anthropic-style messages requests and responses, one pair an object"

    def matches(self, record: dict[str, Any]) -> float:
        """Sure where request or answer has what only this API sends."""
        body, answer = _body(record), _answer(record)
        if body is None:
            return 0.0
        return _SURE if _is_anthropic(record, body, answer) else _UNLIKELY


def _body(record: dict[str, Any]) -> dict[str, Any] | None:
    """The request body: where logs usually keep it, or the object itself."""
    for path in _REQUEST:
        found = as_object(pick(record, path))
        if isinstance(found, dict) and _asks(found):
            return found
    return record if _asks(record) and not isinstance(record.get("input"), dict) else None


def _asks(body: dict[str, Any]) -> bool:
    return any(said(as_object(body.get(name))) for name in ASKED)


def _answer(record: dict[str, Any]) -> Any:
    return as_object(first(record, *_RESPONSE))


def _is_anthropic(record: dict[str, Any], body: dict[str, Any], answer: Any) -> bool:
    headers = first(record, *_REQUEST_HEADERS)
    model = text(body.get("model")) or ""
    return (
        word(pick(answer, "type")) in _CLAUDE_ANSWERS
        or said(header(headers, "anthropic-version"))
        or "anthropic_version" in body
        or (model.startswith("claude") and pick(answer, "choices") is None)
    )


def _is_other_call(record: dict[str, Any], answer: Any) -> bool:
    """Embeddings, moderation and the like ask no model for text."""
    url = text(first(record, "url", "path", "endpoint", "request.url", "request.path")) or ""
    return pick(answer, "object") == "list" or any(word in url for word in ("/embeddings", "/moderations", "/images"))


def _around(record: dict[str, Any], answer: Any) -> Columns:
    headers, replied = first(record, *_REQUEST_HEADERS), first(record, *_RESPONSE_HEADERS)
    org = text(first(record, "org_id", "organization_id", "organization"))
    org = org or text(header(headers, "openai-organization") or header(replied, "openai-organization"))
    org = org or text(header(replied, "anthropic-organization-id"))
    key = first(record, "credential_id", "api_key_id", "key_id", "api_key_hash", "api_key")
    key = credential(key or header(headers, "authorization", "x-api-key", "api-key"))
    account = text(first(record, "account_id", "account", "customer_id", "tenant_id", "project_id", "project"))
    account = account or text(header(headers, "openai-project")) or org
    forwarded = text(header(headers, "x-forwarded-for", "x-real-ip", "cf-connecting-ip"))
    name = text(first(record, "exchange_id", "request_id", "log_id"))
    return {
        "exchange_id": name
        or text(header(replied, "x-request-id", "request-id") or pick(answer, "id") or record.get("id")),
        "ts": first(record, *_TIMES) or first(answer, "created", "created_at"),
        "account_id": account or text(first(record, "workspace_id", "user_id")) or key,
        "org_id": org,
        "credential_id": key,
        "end_user_id": text(first(record, "end_user_id", "end_user")),
        "session_id": text(first(record, "session_id", "conversation_id", "thread_id")),
        "pathway": text(record.get("pathway")),
        "ip": text(first(record, "ip", "client_ip", "ip_address", "remote_addr")) or _leftmost(forwarded),
        "user_agent": text(record.get("user_agent") or header(headers, "user-agent")),
        "tls_fingerprint": text(first(record, "tls_fingerprint", "ja4", "ja3")),
    }


def _leftmost(addresses: str | None) -> str | None:
    """The client's own address in a list to which every proxy adds one."""
    return addresses.split(",")[0].strip() if addresses else None
