"""Local parts of one shape (`a9999`) that come to one mail domain in a burst, against that domain's own habit.

The surprise of a template among its domain's recent sign-ups is what a drop of their entropy consists of. Shapes know runs
of letters in any script, digits and signs, so that no name changes one.
"""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal, always
from revenuer.response.verification.tempo import SURPRISES, surprise_bin

__all__ = ["TEMPLATE"]


def _read(facts: Facts, history: History) -> int | None:
    if history.mail_kind(facts) in {"private", "academic"}:
        return None  # an institution makes its addresses by one rule
    decades = history.surprise("template", facts)
    return None if decades is None else surprise_bin(decades)


def _tell(facts: Facts, history: History) -> str:
    decades = history.surprise("template", facts) or 0.0
    domain, _, shape = facts.keys["template"].partition(" ")
    return f"addresses of the shape {shape} at {domain} come in a burst that their own rate explains once in 10^{decades:.0f}"


TEMPLATE: Final = (Signal("mail_template", always("MAIL-TEMPLATE"), "mail", len(SURPRISES) + 1, _read, _tell),)
