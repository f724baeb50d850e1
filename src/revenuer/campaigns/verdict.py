"""A verdict on a queue: summed evidence against the best innocent explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from revenuer.behaviour import Profiles
from revenuer.campaigns.innocent import STRONGEST_IDENTITY, Judged, judge
from revenuer.campaigns.observe import Observed
from revenuer.campaigns.queues import Queue
from revenuer.findings import Evidence
from revenuer.linkage.infrastructure import Traces, infrastructure_evidence
from revenuer.linkage.partition import content_evidence, habit_evidence
from revenuer.linkage.payment import payment_evidence
from revenuer.linkage.signup import signup_evidence
from revenuer.linkage.templates import Templates

__all__ = ["Verdict", "deliver"]

# Log10 odds from which a queue is called a campaign: 19 to 1.
ENOUGH: Final = 1.28
STRONGEST_TEMPLATE: Final = 1.0
STRONGEST_TEXT: Final = 1.0
LEAST_ENTITIES: Final = 5
LEAST_PER_ACCOUNT: Final = 2.0
# Pairs of one account's requests below which habits could not have been seen.
LEAST_PAIRS: Final = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a queue was found to be.

    Attributes:
        campaign: whether it is called a campaign.
        odds: log10 odds of a campaign against its best innocent explanation.
        evidence: observed facts, strongest first.
        explanations: the innocent hypotheses, best first.
        observed: all facts.
    """

    campaign: bool
    odds: float
    evidence: tuple[Evidence, ...]
    explanations: tuple[Judged, ...]
    observed: Observed

    @property
    def confidence(self) -> float:
        """The odds as a probability."""
        return float(1.0 / (1.0 + 10.0 ** -np.clip(self.odds, -12.0, 12.0)))


def deliver(
    queue: Queue, observed: Observed, templates: Templates, profiles: Profiles, found: Traces, *, seed: int
) -> Verdict:
    """Weigh a queue."""
    evidence = [_template(queue, templates, profiles), _partition(observed), _timing(observed), _content(observed)]
    # identity can add no more than its cap: where that would not be enough it need not be looked at
    if judge(observed, evidence)[0].odds + STRONGEST_IDENTITY >= ENOUGH:
        evidence += _identity(queue, profiles, found, seed)
    explanations = judge(observed, evidence)
    odds = explanations[0].odds
    evidence.sort(key=lambda e: (-e.strength, e.channel))
    enough = (
        observed.entities >= LEAST_ENTITIES
        and observed.per_account >= LEAST_PER_ACCOUNT
        and observed.test.pairs >= LEAST_PAIRS
    )
    return Verdict(enough and odds >= ENOUGH, float(odds), tuple(evidence), tuple(explanations), observed)


def _identity(queue: Queue, profiles: Profiles, found: Traces, seed: int) -> list[Evidence]:
    channels = (
        infrastructure_evidence(found, profiles, queue.accounts, seed=seed),
        payment_evidence(profiles, queue.accounts, seed=seed),
        signup_evidence(profiles, queue.accounts, seed=seed),
    )
    return [evidence for evidence in channels if evidence is not None]


def _template(queue: Queue, templates: Templates, profiles: Profiles) -> Evidence:
    users = templates.accounts[queue.templates]
    common = float(np.average(users, weights=queue.requests) / len(profiles))
    strength = float(np.clip(-np.log10(max(common, 1e-9)) - 1.0, 0.0, STRONGEST_TEMPLATE))
    fact = (
        f"{len(queue.accounts)} accounts send {len(queue.templates)} templates of which the usual one is known to "
        f"{common:.2%} of all accounts"
    )
    return Evidence("template", fact, strength, len(queue.accounts))


def _partition(o: Observed) -> Evidence:
    fact = (
        f"which account asks tells nothing about what is asked: similarity within accounts exceeds that between them by "
        f"{o.test.content:+.3f} (±{1.96 * o.test.content_sd:.3f}); {o.test.repeats:.1%} of tasks recur on another account"
    )
    if o.test.content > 0.02 + 2 * o.test.content_sd:
        fact = fact.replace("tells nothing about", "tells something about")
    return Evidence("partition", fact, content_evidence(o.test), o.accounts)


def _timing(o: Observed) -> Evidence:
    fact = (
        f"two requests of one account fall into the same hour of day {o.test.hour:.2f} times as often as two of "
        f"different accounts (±{1.96 * o.test.hour_sd:.2f}); 1 is a common schedule, customers have habits of 1.4 or more"
    )
    return Evidence("timing", fact, habit_evidence(o.test), o.accounts)


def _content(o: Observed) -> Evidence:
    share = min(max(o.extraction, 0.02), 0.98)
    text = np.clip(np.log10(share / (1.0 - share)), -STRONGEST_TEXT, STRONGEST_TEXT)
    asks = np.clip(np.log10(max(o.elicitation, 1e-3) / 0.05), 0.0, STRONGEST_TEXT)
    fact = f"the text asks for what trains a model with a score of {o.extraction:.2f}, for reasoning laid open with {o.elicitation:.2f}"
    return Evidence("content", fact, float(text + asks), o.accounts)
