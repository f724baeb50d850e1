"""Abuse of programmes: grants again and again on one card or device, credits used up or traffic in bulk at once."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import DEGREES, Signal, always, degree_bin

__all__ = ["PROGRAMME"]

# Upper ends of the bins of a rank among earlier accounts: the fastest thousandth, hundredth, tenth, half, the rest.
_RANKS: Final = (0.001, 0.01, 0.1, 0.5)


def _rank_bin(rank: float) -> int:
    """0 for the slower half, 4 for the fastest thousandth."""
    return sum(rank <= end for end in _RANKS)


def _repeated(facts: Facts, history: History) -> int | None:
    return degree_bin(history.grants(facts)) if facts.programme else None


def _tell_repeated(facts: Facts, history: History) -> str:
    return f"{history.grants(facts):,} others were granted a programme on this card, device, number or mailbox"


def _linked(facts: Facts, history: History) -> int | None:
    if not facts.programme or not history.knows("drained"):
        return None
    hours = history.fastest(facts)
    return 0 if hours is None else _rank_bin(history.rank(hours, "drained"))


def _tell_linked(facts: Facts, history: History) -> str:
    return f"an earlier grant on one of these keys was used up within {history.fastest(facts) or 0.0:.1f} hours"


def _own(facts: Facts, history: History) -> int | None:
    hours = history.done(facts, "drained")
    return None if hours is None else _rank_bin(history.rank(hours, "drained"))


def _tell_own(facts: Facts, _history: History) -> str:
    return f"the grant was used up within {facts.drained_hours or 0.0:.1f} hours"


def _bulk(facts: Facts, history: History) -> int | None:
    hours = history.done(facts, "bulk")
    return None if hours is None else _rank_bin(history.rank(hours, "bulk"))


def _tell_bulk(facts: Facts, _history: History) -> str:
    return f"traffic in bulk came {facts.bulk_hours or 0.0:.1f} hours after the verification"


_BINS: Final = len(_RANKS) + 1
# A rank among those that could change places with one is uniform, so that these shares need not be learnt.
_UNIFORM: Final = (0.5, 0.4, 0.09, 0.009, 0.001)
PROGRAMME: Final = (
    Signal("grants", always("PROGRAMME-REPEATED"), "identity", DEGREES, _repeated, _tell_repeated),
    Signal("drained_before", always("PROGRAMME-DRAINED-BEFORE"), "usage", _BINS, _linked, _tell_linked),
    Signal("drained", always("PROGRAMME-DRAINED"), "usage", _BINS, _own, _tell_own, fixed=_UNIFORM),
    Signal("bulk", always("BULK-AT-ONCE"), "usage", _BINS, _bulk, _tell_bulk, fixed=_UNIFORM),
)
