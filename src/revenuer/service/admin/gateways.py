"""What gateways ask, as lines of the same table: described here, served by the hot path."""

from __future__ import annotations

from typing import Any

import msgspec

from revenuer.service.admin.endpoint import Endpoint
from revenuer.service.asked import Answer, Ask
from revenuer.service.hooks import AUTHZ, DECIDE, LITELLM, PORTKEY, Guardrail, Webhook

__all__ = ["ENDPOINTS"]


class Guarded(msgspec.Struct, frozen=True):
    """What LiteLLM is told: `NONE`, or `BLOCKED` and why."""

    action: str
    blocked_reason: str | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What Portkey is told."""

    verdict: bool
    data: Answer | None = None


class Alive(msgspec.Struct, frozen=True):
    """That the process answers."""

    status: str


ENDPOINTS = (
    Endpoint(
        method="POST", path=DECIDE, name="decide", summary="Say what meets a request that is about to be passed on.",
        scope="decide", key_only=True, body=Ask, answer=Answer,
    ),
    Endpoint(
        method="GET", path=AUTHZ, name="authz", scope="decide", key_only=True, answer=None, fails=(400, 408, 413),
        summary="The same by headers, for ext_authz, auth_request and ForwardAuth; any method does.",
    ),
    Endpoint(
        method="POST", path=LITELLM, name="litellm", summary="The same for LiteLLM's Generic Guardrail API.",
        scope="decide", key_only=True, body=Guardrail, answer=Guarded,
    ),
    Endpoint(
        method="POST", path=PORTKEY, name="portkey", summary="The same for Portkey's webhook.", scope="decide",
        key_only=True, body=Webhook, answer=Verdict,
    ),
    Endpoint(
        method="GET", path="/healthz", name="health", summary="That the process answers.", scope=None, answer=Alive,
    ),
    Endpoint(
        method="GET", path="/readyz", name="ready", scope=None, answer=dict[str, Any],
        summary="Whether the state was read, and how long ago; 503 before that.",
    ),
)  # fmt: skip
