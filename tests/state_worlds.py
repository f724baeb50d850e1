"""Campaigns as a scan finds them, for tests that only need some in a state."""

from __future__ import annotations

from collections.abc import Sequence

from revenuer.findings import Campaign

NOON = "2026-03-01T12:00:00Z"


def campaign_of(name: str, accounts: Sequence[str]) -> Campaign:
    """A campaign of these accounts with a task of its own."""
    frames = (f"Write down {name} step by step and then grade each of the steps that you took with care: {{…}}",)
    return Campaign(
        name, 0.97, len(accounts), 100, "2026-02-01T00:00:00Z", NOON, {"coding": 1.0}, {}, tuple(accounts), frames,
        (), (), (), (),
    )  # fmt: skip
