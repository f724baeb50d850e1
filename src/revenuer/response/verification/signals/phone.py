"""A phone line on the Internet, by the operator's carrier look-up: never decisive, since many have no other."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal, always

__all__ = ["PHONE"]


def _read(facts: Facts, _history: History) -> int | None:
    return None if facts.phone_kind is None else int(facts.phone_kind == "voip")


def _tell(_facts: Facts, _history: History) -> str:
    return "the number is one of an Internet line"


PHONE: Final = (Signal("phone_kind", always("PHONE-VOIP"), "line", 2, _read, _tell),)
