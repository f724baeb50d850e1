"""What gateways ask: our own `/v1/decide`, and the forms in which they ask by themselves. All are views of one decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from revenuer.service.answers import JSON, Receive, Refused, Scope, Send, header, reply
from revenuer.service.asked import Answer, Ask
from revenuer.service.bodies import decoded, whole
from revenuer.sources.formats.bodies import request_columns
from revenuer.sources.formats.litellm import litellm_account
from revenuer.sources.formats.values import text

if TYPE_CHECKING:
    from revenuer.service.app import Service

__all__ = ["AUTHZ", "DECIDE", "LITELLM", "OUTCOME", "PORTKEY", "Guardrail", "Webhook", "asks", "hot_routes"]

DECIDE: Final = "/v1/decide"
AUTHZ: Final = "/v1/authz"
LITELLM: Final = "/beta/litellm_basic_guardrail_api"
PORTKEY: Final = "/v1/portkey"
# Where a scope holds what was decided already, for a caller who was let in.
OUTCOME: Final = "revenuer.outcome"

Hot = Callable[[Scope, Receive, Send], Awaitable[None]]

_LONGEST: Final = 512
_PASSING: Final = ("allow", "withhold_reasoning", "summarise_reasoning")
_encode: Final = msgspec.json.Encoder().encode


class Guardrail(msgspec.Struct):
    """What LiteLLM's Generic Guardrail API sends, as far as it is read."""

    input_type: str = "request"
    request_data: dict[str, Any] = {}
    structured_messages: list[Any] | None = None
    texts: list[str] | None = None
    model: str | None = None
    litellm_call_id: str | None = None


class Webhook(msgspec.Struct, rename="camel"):
    """What Portkey's webhook sends, as far as it is read."""

    event_type: str = "beforeRequestHook"
    request: dict[str, Any] = {}
    metadata: dict[str, Any] | None = None


asks: Final = msgspec.json.Decoder(Ask)
_guardrails: Final = msgspec.json.Decoder(Guardrail)
_webhooks: Final = msgspec.json.Decoder(Webhook)


def hot_routes(service: Service) -> dict[str, Hot]:
    """The routes that are asked for every request to a model, by path."""
    return {DECIDE: _decide(service), AUTHZ: _authz(service), LITELLM: _litellm(service), PORTKEY: _portkey(service)}


def _decide(service: Service) -> Hot:
    plain = _encode(service.decider.plain.answer)
    start = {"type": "http.response.start", "status": 200, "headers": [JSON, _length(plain)]}
    end = {"type": "http.response.body", "body": plain}

    async def decide(scope: Scope, receive: Receive, send: Send) -> None:
        outcome = scope.get(OUTCOME)
        if outcome is None:
            outcome = await service.decide(decoded(asks, await _posted(service, scope, receive)))
        else:
            outcome = await service.kept(outcome)
        if outcome is service.decider.plain:
            await send(start)
            await send(end)
            return
        await reply(send, 200, _encode(outcome.answer))

    return decide


def _authz(service: Service) -> Hot:
    """Status and headers, no body: Envoy's ext_authz over HTTP, NGINX's auth_request, ForwardAuth."""

    async def authz(scope: Scope, receive: Receive, send: Send) -> None:
        service.guard(scope["headers"], "decide")
        # auth_request knows no 429: there it is asked for another status
        throttled = 403 if b"throttled=403" in scope["query_string"].split(b"&") else 429
        answer = await _answered(service, await _ask_of_headers(service, scope, receive))
        status = 200 if answer.action in _PASSING else throttled if answer.action == "limit" else 403
        await reply(send, status, b"", _told(answer))

    return authz


def _litellm(service: Service) -> Hot:
    async def litellm(scope: Scope, receive: Receive, send: Send) -> None:
        said = decoded(_guardrails, await _posted(service, scope, receive))
        if said.input_type == "response":
            await reply(send, 200, b'{"action":"NONE"}')
            return
        answer = await _answered(service, _ask_of_litellm(said))
        told = (
            {"action": "NONE"} if answer.action in _PASSING else {"action": "BLOCKED", "blocked_reason": _why(answer)}
        )
        await reply(send, 200, _encode(told))

    return litellm


def _portkey(service: Service) -> Hot:
    async def portkey(scope: Scope, receive: Receive, send: Send) -> None:
        said = decoded(_webhooks, await _posted(service, scope, receive))
        if said.event_type != "beforeRequestHook":
            await reply(send, 200, b'{"verdict":true}')
            return
        answer = await _answered(service, _ask_of_portkey(said))
        await reply(send, 200, _encode({"verdict": answer.action in _PASSING, "data": answer}))

    return portkey


async def _posted(service: Service, scope: Scope, receive: Receive) -> bytes:
    service.guard(scope["headers"], "decide")
    if scope["method"] != "POST":
        raise Refused(405, "only POST is served here", [(b"allow", b"POST")])
    return await whole(scope, receive, service.most_bytes)


async def _answered(service: Service, ask: Ask | None) -> Answer:
    """Who does not say who asks is treated like one of whom nothing can be known."""
    return (service.decider.failed("NO-ACCOUNT") if ask is None else await service.decide(ask)).answer


async def _ask_of_headers(service: Service, scope: Scope, receive: Receive) -> Ask | None:
    """The account in a header that the gateway sets, and the prompt where the gateway passes the body on."""
    headers = scope["headers"]
    account = _plain(header(headers, b"x-revenuer-account"))
    if account is None:
        return None
    passed_on = header(headers, b"content-length") not in {b"", b"0"} or header(headers, b"transfer-encoding")
    body = await whole(scope, receive, service.most_bytes) if passed_on else b""
    asked = _columns(body) if body else {}
    return Ask(
        account,
        org_id=_plain(header(headers, b"x-revenuer-org")),
        credential=_plain(header(headers, b"x-revenuer-credential")),
        model=asked.get("model"),
        prompt=asked.get("prompt"),
        system=asked.get("system"),
        request_id=_plain(header(headers, b"x-request-id")),
    )


def _columns(body: bytes) -> dict[str, Any]:
    """The texts of a body of whichever model API; what is none, or was cut off, says nothing."""
    try:
        return request_columns(msgspec.json.decode(body))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {}


def _ask_of_litellm(said: Guardrail) -> Ask | None:
    account, org, credential = litellm_account(said.request_data)
    asked = request_columns({"messages": said.structured_messages}) if said.structured_messages else {}
    if not asked and said.texts:
        asked = {"prompt": said.texts[-1]}
    if account is None:
        return None
    return Ask(
        account[:_LONGEST],
        org_id=org,
        credential=credential,
        end_user_id=text(said.request_data.get("user_api_key_end_user_id")),
        model=said.model,
        prompt=asked.get("prompt"),
        system=asked.get("system"),
        request_id=said.litellm_call_id,
    )


def _ask_of_portkey(said: Webhook) -> Ask | None:
    """Portkey knows no accounts: the request's metadata has to name one, `_user` being its own word for it."""
    known = said.metadata or {}
    account = text(known.get("account_id")) or text(known.get("_user"))
    if not account:
        return None
    asked = request_columns(said.request.get("json"))
    return Ask(
        account[:_LONGEST],
        org_id=text(known.get("org_id")),
        model=asked.get("model"),
        prompt=asked.get("prompt"),
        system=asked.get("system"),
        request_id=text(known.get("request_id")),
    )


def _plain(value: bytes) -> str | None:
    """Text of a header; None where there is none.

    Raises:
        Refused: 400 it is too long for a name.
    """
    if len(value) > _LONGEST:
        raise Refused(400, f"a name in a header is longer than {_LONGEST} bytes")
    return value.decode("utf-8", "replace").strip() or None


def _why(answer: Answer) -> str:
    """What the one who is met reads."""
    ends = f", until {answer.expires_at}" if answer.expires_at else ""
    quoted = f"{answer.reason}, decision {answer.decision_id}{ends}" if answer.decision_id else answer.reason
    return f"{answer.explanation} ({quoted})"


def _told(answer: Answer) -> list[tuple[bytes, bytes]]:
    """The answer as headers."""
    said = {
        b"x-revenuer-action": answer.action,
        b"x-revenuer-reason": answer.reason,
        b"x-revenuer-decision": answer.decision_id,
        b"x-revenuer-expires": answer.expires_at,
        b"retry-after": str(answer.retry_after or ""),
    }
    return [(name, _header_safe(value)) for name, value in said.items() if value]


def _header_safe(value: str) -> bytes:
    """A reason code is whatever a policy calls it; a header takes printable ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in value).encode()


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)
