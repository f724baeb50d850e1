"""LiteLLM: the payload that its callbacks get (`StandardLoggingPayload`), and rows of its table `LiteLLM_SpendLogs`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.base import RecordFormat, Row
from revenuer.sources.formats.bodies import Columns, merged, request_columns, response_columns, status_of
from revenuer.sources.formats.values import as_object, credential, digest, first, pick, said, text

__all__ = ["LiteLLM", "LiteLLMSpendLogs", "litellm_account"]

# Calls that ask no language model for text.
_OTHER_CALLS: Final = re.compile(
    r"embed|moderat|rerank|image|speech|transcri|file|batch|fine_?tun|vector|mcp|ocr|video|search|health", re.IGNORECASE
)
# What stands for text that the proxy was told not to log.
_REDACTED: Final = "redacted-by-litellm"
# The proxy's own user and key, which stand for nobody.
_NOBODY: Final = frozenset({"default_user_id", "litellm-proxy-budget", "litellm_proxy_master_key", "None"})

# Whose platform answered, where that is one of the pathways.
_PATHWAYS: Final = {"bedrock": "bedrock", "vertex": "vertex", "azure": "azure", "openrouter": "aggregator"}

_USER: Final = ("metadata.user_api_key_user_id",)
_TEAM: Final = ("metadata.user_api_key_team_id",)


class LiteLLM(RecordFormat):
    """JSON Lines of `standard_logging_object`, as custom callbacks and the bucket loggers write them."""

    name = "litellm"
    about = "LiteLLM StandardLoggingPayload (callbacks, S3, GCS)"

    def matches(self, record: dict[str, Any]) -> float:
        """By names that no other log has together."""
        record = _payload(record)
        marks = ("call_type", "startTime", "model_parameters", "hidden_params", "metadata")
        return sum(mark in record for mark in marks) / len(marks)

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """One exchange a call, and what the key's metadata knows of its user."""
        record = _payload(records[0])
        if _OTHER_CALLS.search(text(record.get("call_type")) or ""):
            return
        settings = as_object(record.get("model_parameters"))
        asked = {**(settings if isinstance(settings, dict) else {}), "messages": record.get("messages")}
        yield from _rows(
            record,
            merged(_request(asked), _answer(record)),
            {
                "exchange_id": text(first(record, "id", "litellm_call_id")),
                "account_id": _name(record, *_USER, *_TEAM),
                "org_id": _name(record, "metadata.user_api_key_org_id", *_TEAM),
                "credential_id": _key(record, "metadata.user_api_key_hash"),
                "end_user_id": _name(record, "end_user", "metadata.user_api_key_end_user_id"),
                # where there is no field for it, the trace is what the client called its session
                "session_id": text(record.get("session_id" if "session_id" in record else "trace_id")),
            },
        )


class LiteLLMSpendLogs(RecordFormat):
    """Rows of the spend table; prompts stand in `proxy_server_request`, and only where the proxy stores them."""

    name = "litellm-spend"
    about = "LiteLLM_SpendLogs (table export: JSON, CSV, Parquet)"

    def matches(self, record: dict[str, Any]) -> float:
        """By columns that only this table has."""
        marks = ("request_id", "call_type", "api_key", "startTime", "spend", "completionStartTime")
        return sum(mark in record for mark in marks) / len(marks)

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """One exchange a row."""
        record = records[0]
        if _OTHER_CALLS.search(text(record.get("call_type")) or ""):
            return
        body = as_object(first(record, "proxy_server_request.body", "proxy_server_request"))
        asked = body if isinstance(body, dict) else {"messages": as_object(record.get("messages"))}
        yield from _rows(
            record,
            merged(_request(asked), _answer(record)),
            {
                "exchange_id": text(record.get("request_id")),
                "account_id": _name(record, "user", *_USER, "team_id"),
                "org_id": _name(record, "organization_id", "metadata.user_api_key_org_id", "team_id"),
                "credential_id": _key(record, "api_key", "metadata.user_api_key"),
                "end_user_id": _name(record, "end_user"),
                "session_id": text(record.get("session_id")),
            },
        )


def litellm_account(metadata: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Account, organisation and credential of a request, as a scan of the same proxy's log names them.

    Args:
        metadata: of the request, its fields `user_api_key_...`.
    """
    record = {"metadata": metadata}
    key = _key(record, "metadata.user_api_key_hash")
    org = _name(record, "metadata.user_api_key_org_id", *_TEAM)
    return _name(record, *_USER, *_TEAM) or key, org, key


def _payload(record: dict[str, Any]) -> dict[str, Any]:
    """Callbacks that write all they get have the payload one level down."""
    inner = record.get("standard_logging_object")
    return inner if isinstance(inner, dict) else record


def _rows(record: dict[str, Any], said_in_bodies: Columns, people: Columns) -> Iterator[Row]:
    people["account_id"] = people["account_id"] or people["credential_id"]
    yield Row("exchanges", merged(said_in_bodies, people, _around(record)))
    mail = text(pick(record, "metadata.user_api_key_user_email"))
    if mail is not None and people["account_id"] == _name(record, *_USER):
        domain = mail.rpartition("@")[2].lower()
        facts = {"org_id": people["org_id"], "email_domain": domain, "email_hash": digest(mail.lower())}
        yield Row("accounts", {"account_id": people["account_id"], **facts})


def _around(record: dict[str, Any]) -> Columns:
    return {
        "ts": first(record, "startTime", "created_at"),
        "model": text(first(record, "model_group", "model")),
        "pathway": _pathway(record),
        "ip": text(first(record, "requester_ip_address", "metadata.requester_ip_address")),
        "user_agent": text(first(record, "user_agent", "metadata.user_agent")),
        "input_tokens": record.get("prompt_tokens"),
        "output_tokens": record.get("completion_tokens"),
    }


def _pathway(record: dict[str, Any]) -> str | None:
    provider = text(record.get("custom_llm_provider")) or ""
    return next((pathway for name, pathway in _PATHWAYS.items() if provider.startswith(name)), None)


def _request(asked: dict[str, Any]) -> Columns:
    columns = request_columns(asked)
    return {**columns, "prompt": None, "system": None} if columns.get("prompt") == _REDACTED else columns


def _answer(record: dict[str, Any]) -> Columns:
    """The answer, and how the call went: the proxy knows failures, the answer refusals."""
    failed = first(record, "status", "metadata.status") == "failure"
    columns = response_columns(record.get("response"), None if failed else 200)
    if columns.get("response") == _REDACTED:
        columns["response"] = None
    if pick(record, "status_fields.guardrail_status") == "guardrail_intervened":
        columns["status"] = "refused"
    return {**columns, "status": _failure(record)} if failed else columns


def _failure(record: dict[str, Any]) -> str:
    error = first(record, "error_information", "metadata.error_information")
    words = {
        "code": pick(error, "error_code"),
        "type": pick(error, "error_class"),
        "message": pick(error, "error_message") or record.get("error_str"),
    }
    return status_of(words["code"], None, words) or "error"


def _name(record: dict[str, Any], *paths: str) -> str | None:
    names = (text(pick(record, path)) for path in paths)
    return next((name for name in names if said(name) and name not in _NOBODY), None)


def _key(record: dict[str, Any], *paths: str) -> str | None:
    return credential(_name(record, *paths))
