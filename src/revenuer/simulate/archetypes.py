"""The attack archetypes A1-A12 as data: sizes, aims, framing, timing, identities and reactions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from revenuer.simulate.identity import Identity

__all__ = ["ARCHETYPES", "DISJOINT", "SHARED", "Archetype"]

# Manufactured accounts on common infrastructure: sign-up waves, look-alike mail, few cards and devices.
SHARED: Final = Identity(
    created="burst",
    mail={"popular": 0.4, "disposable": 0.25, "alike": 0.35},
    payment={"card": 0.35, "virtual_card": 0.5, "none": 0.15},
    cards=6,
    devices=5,
    networks={"hosting": 0.6, "vpn": 0.4},
    shared_addresses=40,
    plan={"free": 0.05, "pro": 0.3, "max": 0.15, "api": 0.5},
    programme={"none": 0.85, "education": 0.07, "research": 0.03, "startup": 0.05},
    verified=0.35,
    clients={"sdk": 0.85, "web": 0.1, "agent": 0.05},
)
# Manufactured with care: own cards and devices, private residential addresses, spread sign-ups.
DISJOINT: Final = Identity(
    created="recent",
    mail={"popular": 0.8, "disposable": 0.06, "company": 0.14},
    payment={"card": 0.5, "virtual_card": 0.35, "none": 0.15},
    networks={"residential": 0.85, "mobile": 0.15},
    addresses=5.0,
    plan={"free": 0.15, "pro": 0.35, "max": 0.1, "api": 0.4},
    verified=0.45,
    clients={"sdk": 0.6, "web": 0.3, "agent": 0.1},
)
_MIXED_PATHS: Final = {
    "first_party": 0.4,
    "subscription": 0.2,
    "bedrock": 0.12,
    "vertex": 0.1,
    "azure": 0.05,
    "aggregator": 0.13,
}


@dataclass(frozen=True, slots=True)
class Archetype:
    """One way of harvesting.

    Args:
        id, title: of the archetype.
        share: of all extraction exchanges in the scenario `all`.
        per_account: mean extraction exchanges of an account over the window.
        aims: capability -> share.
        framing: how items are put: `around` (a frame in the prompt), `both` (and a system prompt), `system` (only that),
            `prefix` (one prefix for everything), `tongues` (in the language of the input), `relay` (as another product's
            sessions), `bare` (as they are).
        frames: frames in use for each capability.
        public: share of openings in a popular framework's prompt instead of an own frame.
        shared: default infrastructure (else disjoint).
        identity_shared, identity_disjoint: the two ways of making accounts.
        various: accounts differ in client and settings (else one script runs them all).
        benign_mix: share of other traffic on the accounts.
        cover: what that is: `customers` (many people's conversations), `made` (single questions from the queue) or `lived`
            (conversations of each account's own taste and hours).
        paraphrase: share of requests whose frame is said anew.
        swing, lumps: of the queue's rate.
        assignment: how the queue hands out tasks: `random`, `robin` or `quota`.
        start, end: of the campaign, as shares of the window.
        pivot: share of accounts that move to a new model within a day of its release.
        rolling: share of the accounts in service at a time; they come and go through the campaign (1: all stay).
        ban: (when, as share of the campaign; share of accounts banned), successors take over; None: no ban.
        reuse: share of items asked more than once.
        replay: share of requests that carry a reasoning block given out to another request of the campaign.
        probes: share of requests that try techniques before the harvest begins.
        loop: answers harvested go in again to be graded and cleaned.
        tongues: most items are in other languages than English.
        failover: share of requests that were turned away (429) and tried at once on another account.
        thinking: share of accounts that always ask for reasoning; -1: by habit.
        late: capability that the last third of the campaign is about.
        wordings: share of the campaign's frames that come in several wordings.
        prefixed: every account puts a text of its own before what it harvests with.
    """

    id: str
    title: str
    share: float
    per_account: float
    aims: dict[str, float]
    framing: str = "around"
    frames: int = 2
    public: float = 0.0
    shared: bool = True
    identity_shared: Identity = SHARED
    identity_disjoint: Identity = DISJOINT
    various: bool = False
    benign_mix: float = 0.05
    cover: str = "made"
    paraphrase: float = 0.0
    swing: float = 0.15
    lumps: float = 0.1
    assignment: str = "random"
    start: float = 0.05
    end: float = 0.98
    pivot: float = 0.3
    rolling: float = 1.0
    ban: tuple[float, float] | None = None
    reuse: float = 0.01
    replay: float = 0.0
    probes: float = 0.0
    loop: bool = False
    tongues: bool = False
    failover: float = 0.01
    thinking: float = -1.0
    late: str | None = None
    wordings: float = 0.0
    prefixed: bool = False


_ALL: Final = (
    Archetype(
        "A1", "small synchronised pool after reasoning, rubric grading and rewrites", 0.04, 60,
        {"cot_elicitation": 0.45, "rubric_grading": 0.35, "censorship_rewrite": 0.2}, framing="both",
        identity_shared=replace(SHARED, cards=20, shared_addresses=12), swing=0.3, lumps=0.8, assignment="robin", start=0.15, end=0.7,
    ),
    Archetype(
        "A2", "mixed plans and pathways, four capabilities, late turn to traces", 0.11, 40,
        {"tool_use": 0.25, "coding": 0.25, "data_analysis": 0.2, "computer_use": 0.2, "vision": 0.1}, various=True,
        identity_shared=replace(SHARED, pathway=_MIXED_PATHS, cards=4), identity_disjoint=replace(DISJOINT, pathway=_MIXED_PATHS),
        benign_mix=0.15, paraphrase=0.1, late="trace_reconstruction", rolling=0.5, public=0.1,
    ),
    Archetype(
        "A3", "high-volume agentic coding that moves to a new model within a day", 0.13, 120,
        {"agentic_coding": 0.6, "tool_use": 0.2, "orchestration": 0.2}, framing="system", pivot=0.9, thinking=0.5, failover=0.03, rolling=0.6,
    ),
    Archetype(
        "A4", "large proxy network, extraction a minority of its customers' traffic", 0.14, 9,
        {"reasoning": 0.3, "coding": 0.3, "general_instruction": 0.2, "agentic_coding": 0.2}, various=True,
        benign_mix=0.65, cover="customers", identity_shared=replace(SHARED, pathway=_MIXED_PATHS, cards=3, devices=2, shared_addresses=120),
        identity_disjoint=replace(DISJOINT, pathway=_MIXED_PATHS), paraphrase=0.1, ban=(0.5, 0.15), public=0.25,
    ),
    Archetype(
        "A5", "fixed inline-tag prompt, residential addresses, virtual cards, banned pool replaced", 0.18, 35,
        {"cot_elicitation": 0.5, "agentic_coding": 0.2, "coding": 0.3}, framing="prefix", shared=False,
        identity_shared=replace(SHARED, networks={"residential": 1.0}, payment={"virtual_card": 0.9, "card": 0.1}),
        identity_disjoint=replace(DISJOINT, created="burst", mail={"popular": 0.35, "disposable": 0.65}, payment={"virtual_card": 0.9, "card": 0.1}, cards=2),
        benign_mix=0.02, ban=(0.55, 0.95), pivot=0.6,
    ),
    Archetype(
        "A6", "low and slow: many accounts at a few requests a day", 0.06, 22,
        {"reasoning": 0.6, "general_instruction": 0.4}, shared=False, benign_mix=0.3, framing="bare", lumps=0.3, swing=0.4, start=0.0, end=1.0,
    ),
    Archetype(
        "A7", "few accounts at high rates, judging and cleaning traces in a loop", 0.07, 500,
        {"rubric_grading": 0.4, "trace_reconstruction": 0.3, "reasoning": 0.3}, benign_mix=0.02, assignment="quota", pivot=0.0, loop=True, start=0.3, end=0.6,
        identity_shared=replace(SHARED, cards=4, shared_addresses=6), failover=0.04, public=0.1,
    ),
    Archetype(
        "A8", "thousands of techniques tried, most refused, then the winner scaled", 0.06, 45,
        {"cot_elicitation": 0.8, "reasoning": 0.2}, probes=0.35, frames=1, rolling=0.7,
    ),
    Archetype(
        "A9", "reasoning blocks replayed across accounts and on weaker models", 0.05, 40,
        {"trace_reconstruction": 0.4, "reasoning": 0.6}, replay=0.45, thinking=1.0, benign_mix=0.1, rolling=0.7,
    ),
    Archetype(
        "A10", "another product's user sessions relayed", 0.06, 30,
        {"agentic_coding": 0.4, "coding": 0.3, "general_instruction": 0.3}, framing="relay", shared=False, benign_mix=0.1, swing=0.5, various=True, rolling=0.5,
    ),
    Archetype(
        "A11", "reasoning traces coerced in many languages", 0.04, 40,
        {"cot_elicitation": 0.7, "reasoning": 0.3}, framing="tongues", tongues=True, paraphrase=0.2, rolling=0.6,
    ),
    Archetype(
        "A12", "adaptive: paraphrase, jitter, disjoint infrastructure, failover", 0.06, 20,
        {"reasoning": 0.35, "cot_elicitation": 0.3, "data_analysis": 0.35}, shared=False, benign_mix=0.4, paraphrase=0.9, frames=3, various=True,
        lumps=0.4, swing=0.5, identity_disjoint=replace(DISJOINT, pathway=_MIXED_PATHS), start=0.0, end=1.0, failover=0.06, rolling=0.4, public=0.25,
    ),
)  # fmt: skip

ARCHETYPES: Final[dict[str, Archetype]] = {a.id: a for a in _ALL}
