"""What peers' indicators add to the odds of a queue: little, less each day, and never enough on their own.

The cap follows from the verdict: a queue is called a campaign at log10 odds of 1.28, and the innocent explanation that
starts furthest from the campaign's end is the reseller's, at +0.6. A hint of at most 0.6 takes a queue without any
evidence of its own to 1.2 there and to -1.4 or less against every other explanation: short of a verdict, whatever
peers say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from revenuer.sharing.intel_store import OWN, Held
from revenuer.sharing.times import time_of

__all__ = ["INTEL_CAP", "STRENGTH", "Hit", "intel_prior", "weight"]

# Log10 likelihood ratio that all of peers' indicators together can add.
INTEL_CAP: Final = 0.6
# What one channel of one peer's campaign can add when it is fresh, sure and trusted. How a campaign spreads over the
# day, and what its accounts looked like at sign-up, fit too many others: they are shown to people and count for nothing.
STRENGTH: Final[Mapping[str, float]] = {"template": 0.4, "network": 0.3, "domain": 0.2, "timing": 0.0, "signup": 0.0}
_DISAGREE: Final = ("disagree", "strongly-disagree")
_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A peer's indicator that something of a queue matches, and what it is worth now."""

    source: str
    campaign: str
    channel: str
    indicator: str
    worth: float


def weight(held: Held, at: datetime) -> float:
    """What an indicator is worth at a time, 0 to 1: trust, confidence, age, and doubts.

    Agreement adds nothing, since a peer could invent any number of friends; each source that disagrees halves it, and
    our own disagreement ends it. Before `valid_from` it counts as fresh: clocks differ.
    """
    one = held.indicator
    if one.revoked or at >= time_of(one.valid_until) or held.opinions.get(OWN) in _DISAGREE:
        return 0.0
    days = max((at - time_of(one.valid_from)).total_seconds() / _DAY_SECONDS, 0.0)
    doubts = sum(opinion in _DISAGREE for source, opinion in held.opinions.items() if source != OWN)
    return float(held.trust * one.confidence * 0.5 ** (days / one.half_life_days + doubts))


def intel_prior(hits: Iterable[Hit]) -> float:
    """Log10 likelihood ratio that peers' indicators add to a queue.

    Of one peer's campaign each channel counts once, by its strongest indicator; of several peers or campaigns the one
    that says most counts, not their sum: a peer can come under many names, and can copy.

    The verdict takes no more of it than the accounts' own conduct weighs, so it says nothing of accounts that do not act
    as one.

    Args:
        hits: what of the queue matches.

    Returns:
        between 0 and `INTEL_CAP`.
    """
    best: dict[tuple[str, str], dict[str, float]] = {}
    for hit in hits:
        channels = best.setdefault((hit.source, hit.campaign), {})
        channels[hit.channel] = max(channels.get(hit.channel, 0.0), STRENGTH[hit.channel] * min(hit.worth, 1.0))
    said = max((sum(channels.values()) for channels in best.values()), default=0.0)
    return min(said, INTEL_CAP)
