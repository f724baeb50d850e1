"""What a gateway asks and what it is told, as JSON."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from revenuer.response.policy import Rung

__all__ = ["Action", "Answer", "Ask", "action_of"]

Action = Literal["allow", "limit", "verify", "withhold_reasoning", "summarise_reasoning", "deny"]

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Short = Annotated[str, msgspec.Meta(max_length=512)]


class Ask(msgspec.Struct):
    """A request that a gateway is about to pass on.

    Attributes:
        account_id: who is billed, as in the traffic that is scanned.
        org_id: organisation of the account; consents may be given to it.
        credential: API key or token, or better a digest of it.
        end_user_id: the customer's own user.
        model: that is asked for.
        prompt: newest user message.
        system: system prompt.
        request_id: the gateway's name for the request.
    """

    account_id: Name
    org_id: Short | None = None
    credential: Short | None = None
    end_user_id: Short | None = None
    model: Short | None = None
    prompt: str | None = None
    system: str | None = None
    request_id: Short | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do with it.

    Attributes:
        action: what the gateway has to do; `allow` unless a decision bites.
        rung: of the ladder, whether it bites or not.
        reason: code for the one who is met; `NONE` where nothing is known.
        policy: version of the policy.
        effective: whether it bites; never in shadow.
        rule: that was met.
        explanation: a sentence for the one who is met.
        decision_id: to be quoted in an appeal.
        expires_at: when the decision ends, RFC 3339.
        appeal: how to object.
        retry_after: seconds after which a limited account may come again.
    """

    action: Action
    rung: Rung
    reason: str
    policy: str
    effective: bool = False
    rule: str = ""
    explanation: str = ""
    decision_id: str = ""
    expires_at: str = ""
    appeal: str = ""
    retry_after: int = 0


_ACTIONS: Final[dict[Rung, Action]] = {
    "observe": "allow",
    "shape_rate": "limit",
    "verify": "verify",
    "withhold_reasoning": "withhold_reasoning",
    "summarise_reasoning": "summarise_reasoning",
    "suspend": "deny",
    "network_action": "deny",
}


def action_of(rung: Rung, *, within_rate: bool) -> Action:
    """What a rung that bites means for a gateway; within the rate `shape_rate` means nothing."""
    return "allow" if rung == "shape_rate" and within_rate else _ACTIONS[rung]
