"""How much more a set of owners shares a thing than owners at large do: the null of every identity channel.

The unit is the owner, a declared organisation or an account without one: an organisation that pays for all its
accounts with one card shares nothing. A value counts as the group's own if most of the owners that have it are in the group: a carrier's gateway, an
office, a TLS fingerprint of thousands are not. The share of the group that such values tie together is held against
groups of the same size drawn from the rest of the population, so a thing that is common weighs nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Sharing", "shared_words", "sharing"]

I64 = npt.NDArray[np.int64]

DRAWS: Final = 20
OWN: Final = 0.5
STRONGEST: Final = 3.0


class Sharing(NamedTuple):
    """What a group shares of one kind of thing.

    Attributes:
        tied: owners in the group that share a value of the group's own with another owner in it.
        known: owners in the group of whom the thing is known.
        expected: tied owners among as many owners of the rest of the population, on average.
        values: values shared.
        strength: log10 likelihood ratio, from 0 to 3.
    """

    tied: int
    known: int
    expected: float
    values: int
    strength: float


def sharing(account: I64, value: I64, members: I64, owner: I64, *, seed: int) -> Sharing:
    """Measure sharing between owners within a group.

    Args:
        account: index of the account, shape (edges,); an account may have several values.
        value: what it has, shape (edges,), 0 for unknown.
        members: indices of the group's accounts.
        owner: who answers for each account, shape (accounts,), any integers.
        seed: of the draws.
    """
    known = value != 0
    names, owner = np.unique(owner, return_inverse=True)
    accounts, members = len(names), np.unique(owner[members])
    account, value = owner[account[known]], np.unique(value[known], return_inverse=True)[1]
    pairs = np.unique(account * (int(value.max(initial=0)) + 1) + value)
    account, value = np.divmod(pairs, int(value.max(initial=0)) + 1)
    users = np.bincount(value)
    inside = np.zeros(accounts, np.bool_)
    inside[members] = True
    tied, values = _tied(account, value, users, inside)
    has = np.zeros(accounts, np.bool_)
    has[account] = True
    have = int((has & inside).sum())
    pool = np.flatnonzero(has & ~inside)
    expected = _expected(account, value, users, pool, have, accounts, np.random.default_rng(seed))
    return Sharing(tied, have, expected, values, _strength(tied, have, expected))


def shared_words(s: Sharing, one: str, many: str) -> str:
    """The sharing as a fact for people; `one` and `many` name the thing shared."""
    return (
        f"{s.tied} of {s.known} account owners share {s.values} {one if s.values == 1 else many} used mainly within this "
        f"group (of as many other owners: {s.expected:.1f})"
    )


def _tied(account: I64, value: I64, users: I64, inside: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Accounts inside that share a value of their own, and how many such values there are."""
    held = inside[account]
    within = np.bincount(value[held], minlength=len(users))
    own = (within >= 2) & (within >= OWN * users)
    return len(np.unique(account[held & own[value]])), int(own.sum())


def _expected(
    account: I64, value: I64, users: I64, pool: I64, size: int, accounts: int, rng: np.random.Generator
) -> float:
    """Tied accounts among `size` accounts of the pool, drawn by value so that what they share comes along."""
    if len(pool) <= size or not size:
        return 0.0
    found = []
    for _ in range(DRAWS):
        inside = np.zeros(accounts, np.bool_)
        inside[rng.choice(pool, size, replace=False)] = True
        found.append(_tied(account, value, users, inside)[0])
    return float(np.mean(found))


def _strength(tied: int, known: int, expected: float) -> float:
    """Log10 of the binomial likelihood of the observed share over that of the expected one, capped."""
    if tied < 2 or not known:
        return 0.0
    base = min(max((expected + 0.5) / (known + 1.0), 1e-6), 1 - 1e-6)
    share = min(max(tied / known, 1e-6), 1 - 1e-6)
    if share <= base:
        return 0.0
    gain = tied * np.log10(share / base) + (known - tied) * np.log10((1 - share) / (1 - base))
    return float(min(gain, STRONGEST))
