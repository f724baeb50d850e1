"""A device, card, phone number or mailbox on which other people have signed up before.

One histogram of how many others were on the key that most were on, and of whether there is a second such key: what is common
among all sign-ups together, families for instance, is then no evidence, and nothing is counted twice. A bin that is full of
sign-ups, such as that of a device model by the thousand or of a library's machine, is worth nothing.
"""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import LINKS, History
from revenuer.response.verification.signals.signal import DEGREES, Signal, degree_bin

__all__ = ["SHARING"]

_WORDS: Final = {"device": "this device", "card": "this card", "phone": "this phone number", "mailbox": "this mailbox"}


def _counts(facts: Facts, history: History) -> dict[str, int]:
    found = {kind: history.others(kind, facts) for kind in LINKS}
    return {kind: count for kind, count in found.items() if count is not None}


def _read(facts: Facts, history: History) -> int | None:
    counts = _counts(facts, history)
    if not counts:
        return None
    degree = degree_bin(max(counts.values()))
    return 2 * degree - 1 + (sum(map(bool, counts.values())) > 1) if degree else 0


def _code(facts: Facts, history: History) -> str:
    counts = _counts(facts, history)
    return f"{max(counts, key=counts.__getitem__).upper()}-SHARED"


def _tell(facts: Facts, history: History) -> str:
    counts = _counts(facts, history)
    said = [f"{count:,} with {_WORDS[kind]}" for kind, count in counts.items() if count]
    return f"others have signed up before: {', '.join(said)}"


SHARING: Final = (Signal("ties", _code, "identity", 2 * DEGREES - 1, _read, _tell),)
