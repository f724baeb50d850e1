"""The traffic of one group before ids and metadata: who asked what, when, in which conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.identity import Cohort

__all__ = ["Group", "Requests", "joined", "retried"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Requests:
    """Columns of equal length, one row a request.

    Args:
        who: row of the cohort.
        at: seconds from the start of the window.
        session: conversation number within the group; rows of one conversation stand together, in turn order.
        turn: earlier user messages.
        capability: name of the contract.
        extraction: whether the request serves an extraction campaign.
        system, prompt, response: texts.
        tools, images: how many.
        status: `ok`, `refused`, or empty: left to chance.
        thinking: 1 asked for, 0 not, -1 left to the account's habit.
        model: index of a model, or -1: by the account's adoption.
        end_user: the customer's own user.
        refs: reasoning block to send back: -1 none or left to the conversation, else a row of this group that got one.
    """

    who: NDArray[np.int64]
    at: NDArray[np.float64]
    session: NDArray[np.int64]
    turn: NDArray[np.int64]
    capability: list[str]
    extraction: NDArray[np.bool_]
    prompt: list[str]
    system: list[str | None]
    response: list[str | None]
    tools: NDArray[np.int64] = field(init=False)
    images: NDArray[np.int64] = field(init=False)
    thinking: NDArray[np.int64] = field(init=False)
    model: NDArray[np.int64] = field(init=False)
    refs: NDArray[np.int64] = field(init=False)
    status: list[str] = field(init=False)
    end_user: list[str | None] = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.who)
        self.tools = np.zeros(n, dtype=np.int64)
        self.images = np.zeros(n, dtype=np.int64)
        self.thinking = np.full(n, -1, dtype=np.int64)
        self.model = np.full(n, -1, dtype=np.int64)
        self.refs = np.full(n, -1, dtype=np.int64)
        self.status = [""] * n
        self.end_user = [None] * n


@dataclass(slots=True)
class Group:
    """Accounts, their requests, and the truth about them.

    Args:
        label: archetype, workload or `ordinary`.
        campaign: of the attack accounts, else None.
        cohort, requests: see there.
        enforcement: (row of the cohort, seconds from the start, action).
        consents: rows of the consents table, with `row` naming the cohort's row instead of an account.
    """

    label: str
    campaign: str | None
    cohort: Cohort
    requests: Requests
    enforcement: list[tuple[int, float, str]] = field(default_factory=list)
    consents: list[dict[str, object]] = field(default_factory=list)


def joined(parts: list[Requests]) -> Requests:
    """Several requests of the same cohort as one; conversations and references are renumbered."""
    sessions, refs, shift, row = [], [], 0, 0
    for part in parts:
        sessions.append(part.session + shift)
        refs.append(np.where(part.refs >= 0, part.refs + row, -1))
        shift += int(part.session.max(initial=-1)) + 1
        row += len(part.who)
    whole = Requests(
        np.concatenate([p.who for p in parts]),
        np.concatenate([p.at for p in parts]),
        np.concatenate(sessions),
        np.concatenate([p.turn for p in parts]),
        [c for p in parts for c in p.capability],
        np.concatenate([p.extraction for p in parts]),
        [t for p in parts for t in p.prompt],
        [t for p in parts for t in p.system],
        [t for p in parts for t in p.response],
    )
    for name in ("tools", "images", "thinking", "model"):
        setattr(whole, name, np.concatenate([getattr(p, name) for p in parts]))
    whole.refs = np.concatenate(refs)
    whole.status = [s for p in parts for s in p.status]
    whole.end_user = [e for p in parts for e in p.end_user]
    return whole


def retried(
    requests: Requests, rng: np.random.Generator, share: float, route: Callable[[Floats], Ints] | None = None
) -> list[Requests]:
    """First tries of a share of the single requests, turned away seconds before.

    Args:
        requests: those that went through in the end.
        rng: random stream.
        share: of the opening requests.
        route: the first try met a limit on the account that this names for its time; None: it was an error on the same.
    """
    rows = np.flatnonzero((requests.turn == 0) & (rng.random(len(requests.who)) < share))
    if not len(rows):
        return []
    wait = rng.lognormal(0.7, 0.7, len(rows)) if route else rng.lognormal(2.5, 0.9, len(rows))
    at = np.maximum(requests.at[rows] - wait, 0.0)
    first = Requests(
        route(at) if route else requests.who[rows],
        at,
        np.arange(len(rows)),
        np.zeros(len(rows), dtype=np.int64),
        [requests.capability[r] for r in rows],
        requests.extraction[rows],
        [requests.prompt[r] for r in rows],
        [requests.system[r] for r in rows],
        [None] * len(rows),
    )
    first.tools, first.images, first.thinking = requests.tools[rows], requests.images[rows], requests.thinking[rows]
    first.status = ["rate_limited" if route else "error"] * len(rows)
    return [first]
