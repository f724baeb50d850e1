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
    names, owner = np.unique(owner, return_inverse=True)
    held = _holdings(owner[account], value)
    inside = np.zeros(len(names), np.bool_)
    inside[owner[members]] = True
    has = np.zeros(len(names), np.bool_)
    has[held.owner] = True
    tied, values = _tied(held, inside)
    known = int((has & inside).sum())
    expected = _expected(held, np.flatnonzero(has & ~inside), inside, known, np.random.default_rng(seed))
    return Sharing(tied, known, expected, values, _strength(tied, known, expected))


def shared_words(s: Sharing, one: str, many: str) -> str:
    """The sharing as a fact for people; `one` and `many` name the thing shared."""
    return (
        f"{s.tied} of {s.known} account owners share {s.values} {one if s.values == 1 else many} used mainly within this "
        f"group (of as many other owners: {s.expected:.1f})"
    )


class _Holdings(NamedTuple):
    """Who has what, one entry an owner and value; `users` is how many owners have each value."""

    owner: I64
    value: I64
    users: I64


def _holdings(owner: I64, value: I64) -> _Holdings:
    known = value != 0
    owner, value = owner[known], np.unique(value[known], return_inverse=True)[1]
    width = int(value.max(initial=0)) + 1
    owner, value = np.divmod(np.unique(owner * width + value), width)
    return _Holdings(owner, value, np.bincount(value))


def _tied(held: _Holdings, inside: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Owners inside that share a value of their own, and how many such values there are."""
    rows = inside[held.owner]
    within = np.bincount(held.value[rows], minlength=len(held.users))
    own = (within >= 2) & (within >= OWN * held.users)
    return len(np.unique(held.owner[rows & own[held.value]])), int(own.sum())


def _expected(held: _Holdings, pool: I64, inside: npt.NDArray[np.bool_], size: int, rng: np.random.Generator) -> float:
    """Tied owners among `size` owners of the pool, on average over draws."""
    if not len(pool) or not size:
        return 0.0
    if len(pool) <= size:  # a larger pool would tie as large a share at the least
        return _tied(held, ~inside)[0] * size / len(pool)
    found = []
    for _ in range(DRAWS):
        drawn = np.zeros_like(inside)
        drawn[rng.choice(pool, size, replace=False)] = True
        found.append(_tied(held, drawn)[0])
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
    # ties come in pairs at the least: the count varies twice as much as a binomial one (quasi-likelihood)
    return float(min(gain / 2.0, STRONGEST))
