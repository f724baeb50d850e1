"""A device, card, phone number or mailbox on which other people have signed up before.

The degree is weighed by how rare it is: one in a bin that is full of sign-ups, such as that of a device model by the
thousand or of a library's machine, is worth nothing.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import DEGREES, Signal, degree_bin

__all__ = ["SHARING"]

_WORDS: Final = {"device": "this device", "card": "this card", "phone": "this phone number", "mailbox": "this mailbox"}


def _read(kind: str, facts: Facts, history: History) -> int | None:
    count = history.others(kind, facts)
    return None if count is None else degree_bin(count)


def _tell(kind: str, facts: Facts, history: History) -> str:
    return f"{history.others(kind, facts):,} others have signed up with {_WORDS[kind]} before"


SHARING: Final = tuple(
    Signal(f"{kind}_shared", f"{kind.upper()}-SHARED", "identity", DEGREES, partial(_read, kind), partial(_tell, kind))
    for kind in _WORDS
)
