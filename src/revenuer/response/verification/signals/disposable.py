"""A mailbox that is given away for minutes: careful people use one too, and farms more often."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal, always

__all__ = ["DISPOSABLE"]


def _read(facts: Facts, _history: History) -> int | None:
    return None if facts.mail_kind is None else int(facts.mail_kind == "disposable")


def _tell(facts: Facts, _history: History) -> str:
    return f"{facts.keys['domain']} gives mailboxes away for a short time"


DISPOSABLE: Final = (Signal("disposable", always("MAIL-DISPOSABLE"), "mail", 2, _read, _tell),)
