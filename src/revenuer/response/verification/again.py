"""Accounts that exist are asked about again, by what came after their sign-up as well as by what came before.

At its sign-up the first account of a farm shares nothing with anybody yet. So the sign-ups are gone through twice, once
forwards and once from the last to the first, each time by its own bases, and of each group of signals the mean of
both likelihood ratios counts: each is an e-value for honest people, who could change places either way, and so is their
mean, however much the two have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from math import log10
from typing import Final

from revenuer.response.verification.applicant import Applicant
from revenuer.response.verification.desk import Desk
from revenuer.response.verification.facts import Facts
from revenuer.response.verification.judging import Weighed, weigh
from revenuer.response.verification.outcome import Outcome, Reason
from revenuer.response.verification.policy import OUTCOMES
from revenuer.response.verification.signals import SIGNALS

__all__ = ["ask_again"]

# What an account has done since is seen at the end, and by going through the sign-ups once.
USAGE: Final = "usage"
_USAGE_SIGNALS: Final = tuple(one for one in SIGNALS if one.group == USAGE)


def ask_again(new_desk: Callable[[], Desk], applicants: Sequence[Applicant]) -> list[Outcome]:
    """The outcome of each account now that all have signed up.

    Args:
        new_desk: makes a desk that knows nothing yet; its campaigns should be known from the beginning.
        applicants: in the order of time.
    """
    forwards, backwards = new_desk(), new_desk()
    facts = [forwards.facts(one) for one in applicants]
    before = [forwards.take(one) for one in facts]
    last = facts[-1].at if facts else 0
    forwards.history.advance(last + 1)
    after = [backwards.take(_mirrored(one, last)) for one in reversed(facts)][::-1]
    now = [weigh(one, forwards.history, forwards.policy, _USAGE_SIGNALS) for one in facts]
    joined = (_joined(*three) for three in zip(before, after, now, strict=True))
    return [forwards.concluded(one, weighed) for one, weighed in zip(facts, joined, strict=True)]


def _mirrored(facts: Facts, last: int) -> Facts:
    """The same sign-up in a time that runs backwards from the last one; what it did later has no place in that."""
    return replace(facts, at=2 * last - facts.at, drained_hours=None, bulk_hours=None)


def _joined(before: Weighed, after: Weighed, now: Weighed) -> Weighed:
    names = (before.groups.keys() | after.groups.keys()) - {USAGE}
    groups = {name: _mean(before.groups.get(name, 0.0), after.groups.get(name, 0.0)) for name in sorted(names)}
    if USAGE in now.groups:
        groups[USAGE] = now.groups[USAGE]
    reasons: dict[str, Reason] = {}
    for one in chain(before.reasons, after.reasons, (r for r in now.reasons if r.group == USAGE)):
        if one.code not in reasons or one.worth > reasons[one.code].worth:
            reasons[one.code] = one
    strongest = sorted(reasons.values(), key=lambda one: (-one.worth, one.code))
    least = max((before.least, after.least, now.least), key=OUTCOMES.index)
    rules = {one.code: one for one in (*before.rules, *after.rules, *now.rules)}
    return replace(before, groups=groups, reasons=tuple(strongest), rules=tuple(rules.values()), least=least)


def _mean(one: float, other: float) -> float:
    return log10((10.0**one + 10.0**other) / 2.0)
