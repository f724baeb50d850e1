"""Standing, decisions and frames as a few arrays: a million accounts in the memory of one process.

Accounts are found by a 64-bit hash of their id, under a secret that each process draws anew: that an account which
is not in the table is taken for one of a million that are happens once in 10^13 look-ups, and nobody can aim at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from revenuer.response import LADDER, AccountStanding, CampaignStanding
from revenuer.response.policy import Rung
from revenuer.service.frames import FrameBook, nothing_known
from revenuer.service.nearly import Likeness, likeness

__all__ = [
    "Accounts",
    "Ruling",
    "Rulings",
    "Table",
    "account_key",
    "accounts_of",
    "put_into",
    "renumbered",
    "rulings_of",
    "seconds",
]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

STATUSES: Final = ("proposed", "active", "shadow", "reversed")
_ID_DIGITS: Final = 12
_HEX: Final = 16


class Ruling(NamedTuple):
    """A decision of the state, as far as it matters for a request; `ends` in seconds since 1970, `asked`: people had to agree."""

    decision_id: str
    rung: Rung
    rule: str
    reason: str
    status: str
    ends: int
    asked: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """Flagged accounts, by ascending hash: estimated share of extraction, its lower bound, number of the campaign."""

    keys: I64
    share: F64
    share_low: F64
    campaign: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Rulings:
    """Decisions, by ascending hash of the account that each is on.

    Attributes:
        keys: shape (rulings,); an account may have several.
        ids: the twelve hexadecimal digits of the id, as a number.
        words: numbers of rung, rule, reason and status, and whether people had to agree, shape (rulings, 5).
        ends: second since 1970.
        rules, reasons: the words.
    """

    keys: I64
    ids: I64
    words: npt.NDArray[np.int32]
    ends: I64
    rules: tuple[str, ...]
    reasons: tuple[str, ...]

    def at(self, place: int) -> Ruling:
        """One of them."""
        rung, rule, reason, status, asked = (int(word) for word in self.words[place])
        name = f"D-{int(self.ids[place]):0{_ID_DIGITS}x}"
        words = LADDER[rung], self.rules[rule], self.reasons[reason], STATUSES[status]
        return Ruling(name, *words, int(self.ends[place]), bool(asked))

    def on(self, key: int) -> list[Ruling]:
        """Those on an account."""
        first, last = (int(np.searchsorted(self.keys, key, side)) for side in ("left", "right"))
        return [self.at(place) for place in range(first, last)]


@dataclass(frozen=True, slots=True)
class Table:
    """All that a decision rests on, at one number of the audit log.

    Attributes:
        accounts, rulings: by hash.
        campaigns: by number.
        by_id: number of a campaign; of one that was merged, of the other.
        of_campaign: decisions on whole campaigns.
        prompts, systems: their frames.
        keys: hashes of the accounts of which anything is known, ascending, once each.
        like_prompts, like_systems: what resembles the frames; `kinds`: of all of them.
    """

    accounts: Accounts
    rulings: Rulings
    campaigns: tuple[CampaignStanding, ...] = ()
    by_id: Mapping[str, int] = field(default_factory=dict)
    of_campaign: Mapping[str, Sequence[Ruling]] = field(default_factory=dict)
    prompts: FrameBook = field(default_factory=nothing_known)
    systems: FrameBook = field(default_factory=nothing_known)
    keys: I64 = field(init=False)
    like_prompts: Likeness = field(init=False)
    like_systems: Likeness = field(init=False)
    kinds: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", _once(self.accounts.keys, self.rulings.keys))
        object.__setattr__(self, "like_prompts", likeness(self.prompts))
        object.__setattr__(self, "like_systems", likeness(self.systems))
        kinds = frozenset[int]((*self.prompts.kinds.tolist(), *self.systems.kinds.tolist()))
        object.__setattr__(self, "kinds", kinds)

    def standing(self, account_id: str, key: int) -> AccountStanding:
        """Of an account."""
        accounts = self.accounts
        row = int(np.searchsorted(accounts.keys, key))
        if row == len(accounts.keys) or int(accounts.keys[row]) != key:
            return AccountStanding(account_id)
        number = int(accounts.campaign[row])
        campaign = self.campaigns[number] if number >= 0 else None
        share, low = float(accounts.share[row]), float(accounts.share_low[row])
        return AccountStanding(account_id, flagged=True, share=share, share_low=low, campaign=campaign)

    def campaign(self, campaign_id: str) -> CampaignStanding | None:
        """A campaign by its id, under whatever name it stood."""
        number = self.by_id.get(campaign_id)
        return None if number is None else self.campaigns[number]


def _once(one: I64, other: I64) -> I64:
    """What stands in one of two ascending arrays, once each; a merge, where `np.union1d` hashes and sorts a million anew."""
    both = np.concatenate([one, other])
    both.sort(kind="stable")
    return both[np.flatnonzero(np.diff(both, prepend=both[:1] - 1))]


def account_key(account_id: str) -> int:
    """The hash of an account in this process: SipHash under the secret that Python draws when it starts."""
    return hash(account_id)


def seconds(time: str) -> int:
    """Second since 1970 of a time as the state keeps it."""
    return int(datetime.fromisoformat(time).timestamp())


def accounts_of(parts: Sequence[Sequence[npt.NDArray[Any]]]) -> Accounts:
    """Flagged accounts in any order, in parts: of each the columns of `Accounts` (campaign -1: none)."""
    kinds = (np.int64, np.float64, np.float64, np.int32)
    columns = [np.concatenate([np.empty(0, kind), *(part[at] for part in parts)]) for at, kind in enumerate(kinds)]
    order = np.argsort(columns[0], kind="stable")
    return Accounts(*(column[order] for column in columns))


def renumbered(accounts: Accounts, places: Sequence[int]) -> Accounts:
    """The same accounts, where campaign `n` now has the number `places[n]`."""
    if list(places) == list(range(len(places))):
        return accounts
    moved = np.append(np.asarray(places, np.int32), np.int32(-1))  # -1, no campaign, is the last
    return replace(accounts, campaign=moved[accounts.campaign])


def put_into(accounts: Accounts, newer: Accounts, seen: I64) -> Accounts:
    """The accounts with newer ones in their place; `seen` are the keys of all that were looked at, flagged or not."""
    keys = np.sort(seen)
    first, end = (np.searchsorted(accounts.keys, keys, side) for side in ("left", "right"))
    gone = first[end > first]
    at = np.searchsorted(np.delete(accounts.keys, gone), newer.keys)
    return Accounts(
        *(
            np.insert(np.delete(getattr(accounts, name), gone), at, getattr(newer, name))
            for name in ("keys", "share", "share_low", "campaign")
        )
    )


def rulings_of(rows: Iterable[tuple[str, Ruling]]) -> Rulings:
    """Decisions, each with the account that it is on."""
    rules: dict[str, int] = {}
    reasons: dict[str, int] = {}
    ladder = {rung: number for number, rung in enumerate(LADDER)}
    kind = [("key", np.int64), ("id", np.int64), ("words", np.int32, (5,)), ("ends", np.int64)]
    found = np.fromiter(
        (
            (
                account_key(account), int(one.decision_id.removeprefix("D-"), base=_HEX),
                (ladder[one.rung], rules.setdefault(one.rule, len(rules)),
                 reasons.setdefault(one.reason, len(reasons)), STATUSES.index(one.status), one.asked),
                one.ends,
            )
            for account, one in rows
        ),
        dtype=kind,
    )  # fmt: skip
    found = found[np.argsort(found["key"], kind="stable")]
    keys, ids, words, ends = (np.ascontiguousarray(found[name]) for name in ("key", "id", "words", "ends"))
    return Rulings(keys, ids, words, ends, tuple(rules), tuple(reasons))
