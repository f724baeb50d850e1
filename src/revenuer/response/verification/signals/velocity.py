"""Sign-ups that come faster than their network, issuer, device, card or mail domain is used to; see `tempo`."""

from __future__ import annotations

from functools import partial
from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal
from revenuer.response.verification.tempo import SURPRISES, surprise_bin

__all__ = ["VELOCITY"]

# Kind of key, group, words.
_KINDS: Final = (
    ("net", "network", "this network (/24 or /48)"),
    ("asn", "network", "this autonomous system"),
    ("card_bin", "issuer", "cards of this issuer"),
    ("card", "identity", "this card"),
    ("device", "identity", "this device"),
    ("domain", "mail", "this mail domain"),
)


def _read(kind: str, facts: Facts, history: History) -> int | None:
    if kind == "domain" and (facts.mail_kind == "academic" or facts.org_id is not None):
        return None  # classes and firms on file are expected to come together
    decades = history.surprise(kind, facts)
    return None if decades is None else surprise_bin(decades)


def _tell(kind: str, words: str, facts: Facts, history: History) -> str:
    decades = history.surprise(kind, facts) or 0.0
    return f"sign-ups with {words} come in a burst that its own rate explains once in 10^{decades:.0f}"


VELOCITY: Final = tuple(
    Signal(
        f"{kind}_burst",
        f"{kind.upper().replace('_', '-')}-BURST",
        group,
        len(SURPRISES) + 1,
        partial(_read, kind),
        partial(_tell, kind, words),
    )
    for kind, group, words in _KINDS
)
