"""What earlier sign-ups have shown: keys and who was on them, how fast they came, and how common each signal is."""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from revenuer.response.verification.bases import Base
from revenuer.response.verification.confirmed import Cohort, Confirmed
from revenuer.response.verification.facts import Facts
from revenuer.response.verification.tempo import Rate, surprise

__all__ = ["LINKS", "TEMPOS", "History", "Trace"]

# Kinds of key whose sharing ties people together, and kinds whose tempo is watched.
LINKS: Final = ("mailbox", "phone", "device", "card")
PERSONAL: Final = frozenset({"mailbox", "phone", "device"})
TEMPOS: Final = ("net", "asn", "card_bin", "card", "device", "domain", "template")
# Owners remembered of one key: beyond it a key is common whatever more may come.
MANY: Final = 1_024
HOUR: Final = 3_600_000_000
# How fast credits were used up, and how soon traffic came in bulk.
Pace = Literal["drained", "bulk"]
# A mail domain is taken for one where anybody gets a mailbox if so many came from networks that mostly are their own:
# staff and classes sign up from a few networks. Nobody gains by it: people there answer for themselves alone.
PUBLIC_FROM: Final = 20


class Trace:
    """One key: who has been on it, how fast they came, how many of them asked for a programme."""

    __slots__ = ("grants", "owners", "rate")

    def __init__(self) -> None:
        self.owners: set[str] = set()
        self.grants: set[str] = set()
        self.rate = Rate()


class _Crowd:
    """All keys of one kind together."""

    __slots__ = ("begun", "keys", "rate")

    def __init__(self, at: int) -> None:
        self.rate, self.keys, self.begun = Rate(), 0, at


@dataclass(slots=True)
class _Domain:
    accounts: int = 0
    nets: set[str] = field(default_factory=set)
    public: bool = False


class History:
    """The past, as far as it is used; it grows by `learn`, in the order of time, and is otherwise only read.

    Args:
        bases: one histogram a signal, by the signal's name.
        confirmed: campaigns that are or will become known.
    """

    def __init__(self, bases: Mapping[str, Base], confirmed: Iterable[Confirmed] = ()) -> None:
        self.bases = dict(bases)
        self.cohort = Cohort(confirmed)
        self.latest = 0
        self._traces: dict[tuple[str, str], Trace] = {}
        self._crowds: dict[str, _Crowd] = {}
        self._domains: dict[str, _Domain] = {}
        self._paces: dict[Pace, list[float]] = {"drained": [], "bulk": []}
        self._fastest: dict[tuple[str, str], float] = {}
        self._pending: list[tuple[int, int, Pace, float, tuple[tuple[str, str], ...]]] = []
        self._learnt = 0

    def trace(self, kind: str, facts: Facts) -> Trace | None:
        """What is known of the key of this kind that a sign-up has; None for none, or nothing."""
        value = facts.keys.get(kind)
        return self._traces.get((kind, value)) if value else None

    def owner(self, facts: Facts, kind: str) -> str:
        """Who answers for a sign-up on a key of this kind: all of one academic domain, or of one organisation, are one.

        So are all of one private mail domain, but not on what is a person's: a firm shares cards and networks, and whoever
        registers a domain of their own does not thereby get a device for any number of accounts.
        """
        mail = self.mail_kind(facts)
        if mail == "academic" or (mail == "private" and kind not in PERSONAL):
            return f"domain {facts.keys['domain']}"
        return f"org {facts.org_id}" if facts.org_id else f"account {facts.account_id}"

    def mail_kind(self, facts: Facts) -> str | None:
        """The kind of mail domain; one that people of many networks use is public, whatever the lists say."""
        if facts.mail_kind != "private":
            return facts.mail_kind
        known = self._domains.get(facts.keys["domain"])
        return "public" if known and known.public else "private"

    def others(self, kind: str, facts: Facts) -> int | None:
        """How many other owners have been on the key of this kind; None without a key."""
        if kind not in facts.keys:
            return None
        trace = self.trace(kind, facts)
        return 0 if trace is None else len(trace.owners) - (self.owner(facts, kind) in trace.owners)

    def surprise(self, kind: str, facts: Facts) -> float | None:
        """Decades of surprise at the tempo of the key of this kind; None without a key."""
        if kind not in facts.keys:
            return None
        crowd = self._crowds.get(kind)
        trace = self.trace(kind, facts)
        if crowd is None or trace is None:
            return 0.0
        return surprise(trace.rate, crowd.rate, crowd.keys, crowd.begun, max(facts.at, self.latest))

    def grants(self, facts: Facts) -> int:
        """How many other owners were granted a programme on one key of this sign-up, at most."""
        traces = ((kind, self.trace(kind, facts)) for kind in LINKS)
        return max((len(one.grants - {self.owner(facts, kind)}) for kind, one in traces if one), default=0)

    def knows(self, what: Pace) -> bool:
        """Whether anything is known of this pace of any earlier account."""
        return bool(self._paces[what])

    def rank(self, hours: float, what: Pace) -> float:
        """Share of the accounts whose pace is known that were at least as fast; the one that is asked about is among them."""
        known = self._paces[what]
        return max(bisect_right(known, hours), 1) / max(len(known), 1)

    def done(self, facts: Facts, what: Pace) -> float | None:
        """Hours after which the account had used its credits up, or made traffic in bulk; None if that is yet to come."""
        hours = facts.drained_hours if what == "drained" else facts.bulk_hours
        return hours if hours is not None and facts.at + int(hours * HOUR) < self.latest else None

    def fastest(self, facts: Facts) -> float | None:
        """Hours in which the fastest earlier grant on one of the keys was used up; None if none was."""
        found = (self._fastest.get((kind, value)) for kind, value in facts.keys.items() if kind in LINKS)
        return min((hours for hours in found if hours is not None), default=None)

    def advance(self, at: int) -> None:
        """Take in what has become known until now: credits used up, campaigns found."""
        self.latest = max(self.latest, at)
        while self._pending and self._pending[0][0] <= at:
            _when, _number, what, hours, keys = heapq.heappop(self._pending)
            insort(self._paces[what], hours)
            for key in keys if what == "drained" else ():
                self._fastest[key] = min(hours, self._fastest.get(key, hours))
        for bins in self.cohort.advance(at):
            for name, at_bin in bins.items():
                self.bases[name].add_member(at_bin)

    def learn(self, facts: Facts, bins: Mapping[str, int], clean: Iterable[str]) -> None:
        """Remember a sign-up once it is judged.

        Args:
            facts: of it; `advance` has been told of its time.
            bins: the bin of each signal, as judged.
            clean: names of signals whose base it may enter: nothing outside their group speaks against it.
        """
        owners = {kind: self.owner(facts, kind) for kind in facts.keys}
        if not self.cohort.take(facts, owners, bins):
            for name in clean:
                self.bases[name].add(bins[name])
            self.cohort.add_base(self.cohort.cell(facts, self.mail_kind(facts)))
        for kind, value in facts.keys.items():
            self._remember(kind, value, facts, owners[kind])
        self._later(facts)
        self._domain(facts)

    def _remember(self, kind: str, value: str, facts: Facts, owner: str) -> None:
        trace = self._traces.get((kind, value))
        crowd = self._crowds.get(kind) or self._crowds.setdefault(kind, _Crowd(facts.at))
        if trace is None:
            trace = self._traces[kind, value] = Trace()
            crowd.keys += 1
        counted = owner not in trace.owners
        if kind == "domain":  # a class or a firm on file is known to come in bursts
            counted = facts.mail_kind != "academic" and facts.org_id is None
        if counted and kind in TEMPOS:
            trace.rate.add(self.latest)
            crowd.rate.add(self.latest)
        if kind in LINKS and len(trace.owners) < MANY:
            trace.owners.add(owner)
            trace.grants |= {owner} if facts.programme else set()
        elif len(trace.owners) < MANY:
            trace.owners.add(owner)

    def _later(self, facts: Facts) -> None:
        """What the account does next is known when it has done it."""
        keys = tuple((kind, value) for kind, value in facts.keys.items() if kind in LINKS)
        paces: tuple[tuple[Pace, float | None], ...] = (("drained", facts.drained_hours), ("bulk", facts.bulk_hours))
        for what, hours in paces:
            if hours is not None and hours >= 0:
                self._learnt += 1
                heapq.heappush(self._pending, (facts.at + int(hours * HOUR), self._learnt, what, hours, keys))

    def _domain(self, facts: Facts) -> None:
        if facts.mail_kind != "private" or "net" not in facts.keys:
            return
        known = self._domains.setdefault(facts.keys["domain"], _Domain())
        if known.public:
            return
        known.accounts += 1
        known.nets.add(facts.keys["net"])
        known.public = known.accounts >= PUBLIC_FROM and 2 * len(known.nets) > known.accounts
        if known.public:
            known.nets.clear()
