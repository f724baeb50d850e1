"""A mailbox at a school or university that answered: a proof that helps, and whose absence is no evidence."""

from __future__ import annotations

from typing import Final

from revenuer.response.verification.facts import EARLIER, Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.signals.signal import Signal, always

__all__ = ["ACADEMIC"]

_ANSWERED: Final = frozenset({"academic_mail_loop", "institutional_sso", EARLIER})


def _read(facts: Facts, _history: History) -> int | None:
    return int(facts.mail_kind == "academic" and not facts.proofs.isdisjoint(_ANSWERED) and not facts.stopped)


def _tell(facts: Facts, _history: History) -> str:
    return f"a mailbox at {facts.keys['domain']} answered"


ACADEMIC: Final = (Signal("academic", always("ACADEMIC-MAIL"), "proof", 2, _read, _tell, helps=True),)
