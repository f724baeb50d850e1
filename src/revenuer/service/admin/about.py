"""What the service says of itself: the policy in force, its figures, and the description of its API."""

from __future__ import annotations

from typing import Any

import msgspec

from revenuer.response import Policy, policy_notes
from revenuer.service.admin.endpoint import Answer, Call, Endpoint
from revenuer.service.metrics import METRICS_TYPE

__all__ = ["ENDPOINTS"]


class PolicyShown(msgspec.Struct, frozen=True):
    """The policy in force, and what about it is worth a second look."""

    policy: Policy
    notes: list[str]


def policy(call: Call) -> Answer:
    """The policy in force."""
    return Answer(PolicyShown(call.desk.policy, policy_notes(call.desk.policy)))


def metrics(call: Call) -> Answer:
    """All figures."""
    return Answer(call.desk.metrics.text())


def described(call: Call) -> Answer:
    """The API."""
    return Answer(call.desk.description)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1/policy", name="show_policy", summary="Show the policy in force.", handle=policy,
        scope="read", answer=PolicyShown,
    ),
    Endpoint(
        method="GET", path="/metrics", name="metrics", summary="Figures for Prometheus.", handle=metrics,
        scope="read", answer=str, media=METRICS_TYPE,
    ),
    Endpoint(
        method="GET", path="/openapi.json", name="describe", summary="This description, OpenAPI 3.1.",
        handle=described, scope=None, answer=dict[str, Any],
    ),
)  # fmt: skip
