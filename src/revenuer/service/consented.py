"""Consents while the service runs: who may harvest what, counted by day."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from revenuer.service.table import seconds
from revenuer.state import Consent

__all__ = ["Consented"]

DAY = 86_400


class Consented:
    """The consents in force, and how much of each was used today; counts outlast a change of the consents."""

    def __init__(self) -> None:
        self.terms: dict[tuple[str, str], list[Consent]] = {}
        self._used: dict[Consent, int] = {}
        self._day = 0

    def put(self, consents: Sequence[Consent]) -> None:
        """Replace what is in force."""
        terms: dict[tuple[str, str], list[Consent]] = {}
        for one in consents:
            party = ("account_id", one.account_id) if one.account_id is not None else ("org_id", one.org_id or "")
            terms.setdefault(party, []).append(one)
        self.terms = terms

    def kinds(self, account_id: str, org_id: str | None, now: int, serves: Collection[str]) -> tuple[str, ...]:
        """Kinds of the consents that cover a request, as `response.Allowed` has it.

        Args:
            account_id: who asks.
            org_id: for whom.
            now: second since 1970.
            serves: capabilities that the request may serve; a consent for some covers it if it names one of these.
        """
        if not self.terms:
            return ()
        parties = (("account_id", account_id), ("org_id", org_id or ""))
        terms = [one for party in parties for one in self.terms.get(party, ())]
        return tuple(sorted({one.kind for one in terms if self._covers(one, now, serves)}))

    def _covers(self, terms: Consent, now: int, serves: Collection[str]) -> bool:
        if terms.expires_at is not None and now > seconds(terms.expires_at):
            return False
        if terms.capabilities is not None and not set(terms.capabilities) & set(serves):
            return False
        if now // DAY != self._day:
            self._day = now // DAY
            self._used.clear()
        used = self._used[terms] = self._used.get(terms, 0) + 1
        return terms.max_exchanges_per_day is None or used <= terms.max_exchanges_per_day
