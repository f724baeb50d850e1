"""Campaigns that are known, and what their members looked like when they signed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import log10
from typing import Final, NamedTuple

from revenuer.response.verification.facts import Facts

__all__ = ["EXACT", "PLACES", "Cohort", "Confirmed", "Exact"]

# Keys that are somebody's own, and those that are a place.
EXACT: Final = ("card", "device", "mailbox", "phone")
PLACES: Final = ("net", "asn", "card_bin", "domain", "template")
# A key is a campaign's own if at least half of its owners are members (the rule of `linkage.sharing`).
OWN: Final = 0.5
# Fingerprints of devices are not unique: two members at least have to have been on one.
LEAST: Final[dict[str, int]] = {"device": 2}
# What is not known of a campaign's sign-ups is taken from everybody's: so many sign-ups' worth.
PRIOR: Final = 10.0

Cell = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A campaign that has been found.

    Attributes:
        campaign_id: of the findings or the state.
        members: its accounts.
        known_from: microsecond since 1970 from which it is known: no sign-up before is judged by it.
        by_people: a person has confirmed it; findings alone never deny.
    """

    campaign_id: str
    members: frozenset[str]
    known_from: int
    by_people: bool = False


class Exact(NamedTuple):
    """A key of a campaign's own: which kind, whose, and whether people have confirmed the campaign."""

    kind: str
    campaign_id: str
    by_people: bool


class _Book:
    """Sign-ups of the members of one campaign."""

    __slots__ = ("cells", "keys", "one", "waiting")

    def __init__(self, one: Confirmed) -> None:
        self.one = one
        self.cells: Counter[Cell] = Counter()
        self.keys: dict[tuple[str, str], set[str]] = {}
        self.waiting: list[dict[str, int]] = []


class Cohort:
    """Members' sign-ups, and everybody else's by cell: kind of mail, payment, plan, programme and network together.

    Args:
        confirmed: campaigns; of an account in several the first counts.
    """

    def __init__(self, confirmed: Iterable[Confirmed] = ()) -> None:
        self._books = [_Book(one) for one in confirmed]
        self._book_of: dict[str, _Book] = {}
        for book in self._books:
            for member in book.one.members:
                self._book_of.setdefault(member, book)
        self._base: Counter[Cell] = Counter()
        self._known: list[_Book] = []

    @staticmethod
    def cell(facts: Facts, mail_kind: str | None) -> Cell:
        """The cell of a sign-up."""
        return mail_kind, facts.payment_kind, facts.plan, facts.programme, facts.network_kind

    def advance(self, at: int) -> Iterator[dict[str, int]]:
        """Campaigns known by now count from now on; yields the bins of their members' sign-ups, each once."""
        self._known = [book for book in self._books if book.one.known_from <= at]
        for book in self._known:
            yield from book.waiting
            book.waiting.clear()

    def take(self, facts: Facts, owners: Mapping[str, str], bins: Mapping[str, int]) -> bool:
        """Remember a member's sign-up; whether its campaign is known by now, so that it is no part of the base."""
        book = self._book_of.get(facts.account_id)
        if book is None:
            return False
        book.cells[self.cell(facts, facts.mail_kind)] += 1
        for kind, value in facts.keys.items():
            book.keys.setdefault((kind, value), set()).add(owners[kind])
        book.waiting.append(dict(bins))
        return book.one.known_from <= facts.at

    def add_base(self, cell: Cell) -> None:
        """One more sign-up of nobody known."""
        self._base[cell] += 1

    def worth(self, facts: Facts, mail_kind: str | None, bet: float) -> float | None:
        """Log10 of how much likelier this cell is among members than among others; None while no campaign is known.

        The mean over campaigns: each is an e-value by the argument of `bases`, and so is the mean.
        """
        books = [book for book in self._known if book.cells]
        if not books:
            return None
        cell, private = self.cell(facts, mail_kind), self.cell(facts, facts.mail_kind)
        base = (self._base[cell] + 1.0) / (self._base.total() + 1.0)
        among = [(book.cells[private] + PRIOR * base) / (book.cells.total() + PRIOR) for book in books]
        return log10(1.0 - bet + bet * sum(among) / len(among) / base)

    def places(self, facts: Facts, mail_kind: str | None) -> int | None:
        """How many places of one known campaign a sign-up comes from, at most; None while none is known."""
        if not self._known:
            return None
        kinds = [kind for kind in PLACES if kind in facts.keys and not (kind == "domain" and mail_kind == "public")]
        return max(sum((kind, facts.keys[kind]) in book.keys for kind in kinds) for book in self._known)

    def exact(self, facts: Facts, owners: Mapping[str, str], others: Mapping[str, int]) -> Exact | None:
        """A key of this sign-up that is a known campaign's own, those confirmed by people first.

        Args:
            facts: of the sign-up; an account that is a member itself has its own case and is passed over.
            owners: kind of key to who answers for it there.
            others: kind of key to how many others have been on it.
        """
        found = [
            Exact(kind, book.one.campaign_id, book.one.by_people)
            for book in self._known
            if facts.account_id not in book.one.members
            for kind in EXACT
            if kind in facts.keys and _is_own(book, kind, facts.keys[kind], owners[kind], others[kind])
        ]
        return max(found, key=lambda one: one.by_people, default=None)


def _is_own(book: _Book, kind: str, value: str, owner: str, others: int) -> bool:
    members = len(book.keys.get((kind, value), set()) - {owner})
    return members >= LEAST.get(kind, 1) and members >= OWN * others
