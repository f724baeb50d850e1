"""A verdict on a queue: summed evidence against the best innocent explanation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from revenuer.behaviour import Profiles
from revenuer.campaigns.innocent import STRONGEST_IDENTITY, Judged, judge
from revenuer.campaigns.observe import Observed
from revenuer.campaigns.queues import Queue
from revenuer.findings import Evidence
from revenuer.linkage.infrastructure import Traces, infrastructure_evidence
from revenuer.linkage.partition import content_evidence, habit_evidence, in_turn
from revenuer.linkage.payment import payment_evidence
from revenuer.linkage.signup import signup_evidence
from revenuer.linkage.templates import Templates

__all__ = ["Verdict", "deliver"]

# Log10 odds from which a queue is called a campaign: 19 to 1.
ENOUGH: Final = 1.28
STRONGEST_TEMPLATE: Final = 1.0
STRONGEST_TEXT: Final = 1.0
# What a text can add to accounts that nothing says act as one.
TEXT_ALONE: Final = 1.0
STRONGEST_LIFE: Final = 3.0
# Customers of one product may be alike in the sizes of what they send: one in four is taken to be.
STRONGEST_SIZES: Final = 0.6
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
        hint: what of the odds is owed to peers' word.
    """

    campaign: bool
    odds: float
    evidence: tuple[Evidence, ...]
    explanations: tuple[Judged, ...]
    observed: Observed
    hint: float = 0.0

    @property
    def confidence(self) -> float:
        """The odds as a probability."""
        return float(1.0 / (1.0 + 10.0 ** -np.clip(self.odds, -12.0, 12.0)))


def deliver(
    queue: Queue,
    observed: Observed,
    templates: Templates,
    profiles: Profiles,
    found: Traces,
    *,
    signs: tuple[Evidence, ...] = (),
    hint: float = 0.0,
    seed: int,
) -> Verdict:
    """Weigh a queue.

    Args:
        queue: what is judged.
        observed: the facts about it.
        templates: of the traffic.
        profiles: of all accounts.
        found: the traces that accounts leave.
        signs: evidence of its life (`campaigns.life`).
        hint: log10 likelihood ratio of what peers say (`sharing.intel_prior`); it counts no more than the accounts' own conduct.
        seed: of every random step.
    """
    conduct = [_partition(observed), _timing(observed)]
    evidence = [_template(queue, templates, profiles), *conduct, _content(observed, conduct)]
    evidence += _capped(signs)
    # identity can add no more than its cap: where that would not be enough it need not be looked at
    if judge(observed, evidence)[0].odds + STRONGEST_IDENTITY >= ENOUGH:
        evidence += _identity(queue, profiles, found, seed)
    explanations = judge(observed, evidence)
    hint = min(hint, max(0.0, sum(one.strength for one in conduct)))
    odds = explanations[0].odds + hint
    evidence.sort(key=lambda e: (-e.strength, e.channel))
    enough = (
        observed.entities >= LEAST_ENTITIES
        and observed.per_account >= LEAST_PER_ACCOUNT
        and observed.test.pairs >= LEAST_PAIRS
    )
    return Verdict(enough and odds >= ENOUGH, float(odds), tuple(evidence), tuple(explanations), observed, hint)


def _capped(signs: tuple[Evidence, ...]) -> list[Evidence]:
    """Signs of life that weigh no more together than `STRONGEST_LIFE`: one operator's habits are one habit."""
    total = sum(max(sign.strength, 0.0) for sign in signs)
    scale = min(1.0, STRONGEST_LIFE / total) if total else 1.0
    return [replace(sign, strength=sign.strength * scale) if sign.strength > 0.0 else sign for sign in signs]


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
        f"{len(queue.accounts)} accounts use {len(queue.templates)} prompt templates; weighted by use, a template of these "
        f"is used by {common:.2%} of all accounts"
    )
    return Evidence("template", fact, strength, len(queue.accounts))


def _partition(o: Observed) -> Evidence:
    fact = (
        f"two requests of one account are alike by {round(o.test.content, 3) + 0.0:+.3f} (±{1.96 * o.test.content_sd:.3f}) more than two of "
        "different accounts: 0 is one list of tasks dealt out, customers with subjects of their own have 0.03 or more; "
        f"{o.test.repeats:.1%} of the tasks recur on another account"
    )
    if np.isnan(o.extraction):
        return _sizes(o)
    return Evidence("partition", fact, content_evidence(o.test), o.accounts)


def _sizes(o: Observed) -> Evidence:
    """The same where requests are known by their size alone, in which customers of one product may be alike too."""
    fact = (
        f"two requests of one account are alike in size by {round(o.test.content, 3) + 0.0:+.3f} "
        f"(±{1.96 * o.test.content_sd:.3f}) more than two of different accounts: 0 is one list of tasks dealt out, or one "
        "product; customers with sizes of their own have 0.03 or more"
    )
    return Evidence("partition", fact, min(content_evidence(o.test), STRONGEST_SIZES), o.accounts)


def _timing(o: Observed) -> Evidence:
    fact = (
        f"two requests of one account fall into the same hour of the day {o.test.hour:.2f} (±{1.96 * o.test.hour_sd:.2f}) "
        "times as often as two of different accounts: 1 is one schedule for all, customers with hours of their own have "
        "1.4 or more"
    )
    if in_turn(o.test):
        fact = (
            f"the accounts work in turn: their sum varies {o.test.balance:.2f} times as much from hour to hour as accounts "
            f"that do not know of each other make it; the same accounts, each shifted in time, {o.test.balance_null:.2f} times"
        )
    return Evidence("timing", fact, habit_evidence(o.test), o.accounts)


def _content(o: Observed, conduct: list[Evidence]) -> Evidence:
    """What is asked for: it adds to accounts that act as one, and says little of accounts that do not."""
    if np.isnan(o.extraction):
        return Evidence("content", "what is asked for is not known: no text was read", 0.0, o.accounts)
    asks = np.clip(np.log10(max(o.elicitation, 1e-3) / 0.05), 0.0, STRONGEST_TEXT)
    fact = (
        f"the text model gives the requests {o.extraction:.2f} of 1 for reading like training material, and "
        f"{o.elicitation:.2f} for asking that reasoning be laid open; templates that read as these do are "
        f"{_times(o.reading)} among a harvest's as among anybody's"
    )
    most = TEXT_ALONE + max(0.0, sum(one.strength for one in conduct))
    return Evidence("content", fact, float(min(o.reading + asks, most)), o.accounts)


def _times(odds: float) -> str:
    """A log10 likelihood ratio in words: how many times as likely, or as unlikely."""
    return f"{10.0 ** abs(odds):,.1f} times as {'likely' if odds >= 0.0 else 'unlikely'}"
