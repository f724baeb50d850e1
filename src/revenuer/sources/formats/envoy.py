"""Envoy's JSON access logs, with what Envoy AI Gateway adds to them: metadata only, since Envoy logs no bodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from revenuer.sources.formats.address import address, is_public
from revenuer.sources.formats.base import RecordFormat, Rejected, Row
from revenuer.sources.formats.bodies import status_of
from revenuer.sources.formats.keys import lasting
from revenuer.sources.formats.values import credential, first, text

__all__ = ["Envoy"]

Record = dict[str, Any]

# The format of an access log is written by whoever runs the proxy: these are names out of Envoy's and the gateways' own
# examples, in lower case and with dashes for underscores.
_ACCOUNT: Final = (
    "account.id", "account-id", "x-account-id", "tenant.id", "x-tenant-id", "x-customer-id", "x-consumer-id",
    "enduser.id", "user.id", "user-id", "x-user-id", "jwt-sub", "sub",
)  # fmt: skip
_END_USER: Final = ("enduser.id", "user.id", "user-id", "x-user-id", "end-user-id", "x-end-user-id")
_ORG: Final = ("organization.id", "org-id", "x-org-id", "x-organization-id")
_KEY: Final = ("api-key-id", "x-api-key-id", "x-api-key", "authorization")
_SESSION: Final = ("session.id", "session-id", "x-session-id", "agent-session-id", "gen-ai.conversation.id")
_MODEL: Final = (
    "gen-ai.request.model", "genai-model-name", "x-ai-eg-model", "gen-ai.response.model", "genai-response-model",
)  # fmt: skip
_READ: Final = (
    "gen-ai.usage.input-tokens", "genai-tokens-input", "genai-tokens-in", "llm-input-token", "llm-input-tokens",
)  # fmt: skip
_WRITTEN: Final = (
    "gen-ai.usage.output-tokens", "genai-tokens-output", "genai-tokens-out", "llm-output-token", "llm-output-tokens",
)  # fmt: skip
_FORWARDED: Final = ("x-forwarded-for", "x-envoy-external-address")
_PEER: Final = ("downstream-remote-address", "downstream-direct-remote-address", "downstream-address", "client.address")
_TLS: Final = ("tls-ja4-fingerprint", "ja4", "tls-ja3-fingerprint", "ja3")
_PROVIDER: Final = ("gen-ai.provider.name", "genai-backend-name", "genai-model-name-override")
_PATHWAYS: Final = (("bedrock", "bedrock"), ("vertex", "vertex"), ("azure", "azure"))


class Envoy(RecordFormat):
    """One entry for each request; without text, so for `--content none` only."""

    name = "envoy"
    about = "Envoy and Envoy AI Gateway JSON access logs (no text: for --content none)"

    def matches(self, record: Record) -> float:
        """By Envoy's own field names; its model and tokens make it sure."""
        known = {
            "response_flags",
            "upstream_cluster",
            "upstream_host",
            "downstream_remote_address",
            "upstream_local_address",
        }
        shared = len(known & record.keys())
        return 0.0 if shared < 2 else 0.95 if first(_fields(record), *_MODEL, *_READ) is not None else 0.6

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """One exchange for each entry that names a model or counts tokens; other routes of the gateway are none."""
        for record in records:
            fields = _fields(record)
            if first(fields, *_MODEL, *_READ, *_WRITTEN) is not None:
                yield Row("exchanges", _columns(fields))


def _fields(record: Record) -> Record:
    """Fields under one spelling of their names; Envoy writes "-" for what it does not know."""
    return {name.lower().replace("_", "-"): value for name, value in record.items() if value not in (None, "-", "")}


def _columns(fields: Record) -> dict[str, Any]:
    user, key = text(first(fields, *_END_USER)), first(fields, *_KEY)
    account = text(first(fields, *_ACCOUNT)) or lasting(key)
    if account is None:
        raise Rejected("names no account: the access log has to print a header or claim that does")
    provider = str(first(fields, *_PROVIDER)).lower()
    return {
        "exchange_id": text(first(fields, "x-request-id", "request-id", "stream-id")),
        "ts": first(fields, "start-time", "timestamp", "@timestamp", "time"),
        "account_id": account,
        "end_user_id": user if user != account else None,
        "org_id": text(first(fields, *_ORG)),
        "credential_id": credential(key),
        "session_id": text(first(fields, *_SESSION)),
        "pathway": next((pathway for part, pathway in _PATHWAYS if part in provider), None),
        "model": text(first(fields, *_MODEL)),
        "ip": _client(fields),
        "user_agent": text(first(fields, "user-agent", "user-agent.original")),
        "tls_fingerprint": text(first(fields, *_TLS)),
        "input_tokens": first(fields, *_READ),
        "output_tokens": first(fields, *_WRITTEN),
        "status": status_of(first(fields, "response-code", "status", "response-status")),
    }


def _client(fields: Record) -> str | None:
    """The peer as Envoy trusts it; where that is another proxy, what proxies said before, which clients can forge."""
    found = [text for name in (*_PEER, *_FORWARDED) if (text := address(first(fields, name)))]
    return next((text for text in found if is_public(text)), next(iter(found), None))
