"""Sign-ups that come faster than their network, issuer, device, card or mail domain is used to; see `tempo`."""

from __future__ import annotations

from functools import partial
from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal
from revenuer.response.verification.tempo import SURPRISES, surprise_bin

__all__ = ["VELOCITY"]

_WORDS: Final = {
    "net": "this network (/24 or /48)",
    "asn": "this autonomous system",
    "card_bin": "cards of this issuer",
    "card": "this card",
    "device": "this device",
    "domain": "this mail domain",
}
# Signals: name, group, kinds of key of which the most surprising counts.
_SIGNALS: Final = (
    ("net_burst", "network", ("net",)),
    ("asn_burst", "network", ("asn",)),
    ("issuer_burst", "issuer", ("card_bin",)),
    ("key_burst", "identity", ("device", "card")),
    ("domain_burst", "mail", ("domain",)),
)


def _surprises(kinds: tuple[str, ...], facts: Facts, history: History) -> dict[str, float]:
    found = {kind: history.surprise(kind, facts) for kind in kinds}
    return {kind: decades for kind, decades in found.items() if decades is not None}


def _read(kinds: tuple[str, ...], facts: Facts, history: History) -> int | None:
    if kinds == ("domain",) and (facts.mail_kind == "academic" or facts.org_id is not None):
        return None  # classes and firms on file are expected to come together
    found = _surprises(kinds, facts, history)
    return surprise_bin(max(found.values())) if found else None


def _code(kinds: tuple[str, ...], facts: Facts, history: History) -> str:
    found = _surprises(kinds, facts, history)
    return f"{max(found, key=found.__getitem__).upper().replace('_', '-')}-BURST"


def _tell(kinds: tuple[str, ...], facts: Facts, history: History) -> str:
    found = _surprises(kinds, facts, history)
    kind = max(found, key=found.__getitem__)
    return f"sign-ups with {_WORDS[kind]} come in a burst that its own rate explains once in 10^{found[kind]:.0f}"


VELOCITY: Final = tuple(
    Signal(name, partial(_code, kinds), group, len(SURPRISES) + 1, partial(_read, kinds), partial(_tell, kinds))
    for name, group, kinds in _SIGNALS
)
