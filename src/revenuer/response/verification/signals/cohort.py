"""Sign-ups from the places where members of a known campaign signed up: network, issuer, mail domain, template."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.confirmed import PLACES
from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal, always

__all__ = ["COHORT"]


def _read(facts: Facts, history: History) -> int | None:
    return history.cohort.places(facts, history.mail_kind(facts))


def _tell(facts: Facts, history: History) -> str:
    return f"{history.cohort.places(facts, history.mail_kind(facts))} of its places are those of a known campaign's sign-ups"


COHORT: Final = (Signal("cohort_places", always("COHORT-PLACES"), "cohort", len(PLACES) + 1, _read, _tell),)
