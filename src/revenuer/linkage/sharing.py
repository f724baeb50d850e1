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

from revenuer.linkage.kept import kept

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


def sharing(account: I64 | None, value: I64, members: I64, owner: I64, *, seed: int) -> Sharing:
    """Measure sharing between owners within a group.

    What does not depend on the group is computed once and kept while the arrays live: they must not be written to.

    Args:
        account: index of the account, shape (edges,); an account may have several values. None: one edge an account.
        value: what it has, shape (edges,), 0 for unknown.
        members: indices of the group's accounts.
        owner: who answers for each account, shape (accounts,), any integers.
        seed: of the draws.
    """
    held = kept(_held, account, value, owner)
    inside = np.zeros(len(held.has), np.bool_)
    inside[held.of_account[members]] = True
    tied, values = _tied(held, np.flatnonzero(inside))
    known = int((held.has & inside).sum())
    expected = _expected(held, np.flatnonzero(held.has & ~inside), inside, known, np.random.default_rng(seed))
    return Sharing(tied, known, expected, values, _strength(tied, known, expected))


def shared_words(s: Sharing, one: str, many: str) -> str:
    """The sharing as a fact for people; `one` and `many` name the thing shared."""
    return (
        f"{s.tied} of {s.known} account owners share {s.values} {one if s.values == 1 else many} used mainly within this "
        f"group (of as many other owners: {s.expected:.1f})"
    )


class _Holdings(NamedTuple):
    """Who has what, one entry an owner and value.

    Attributes:
        starts: where the entries of each owner begin, and the last one's end, shape (owners + 1,).
        value: number of the value, shape (entries,).
        users: how many owners have each value, shape (values,).
        has: whether anything is known of an owner, shape (owners,).
        of_account: number of each account's owner, shape (accounts,).
    """

    starts: I64
    value: I64
    users: I64
    has: npt.NDArray[np.bool_]
    of_account: I64


def _held(account: I64 | None, value: I64, owner: I64) -> _Holdings:
    names, of_account = np.unique(owner, return_inverse=True)
    known = value != 0
    who = (of_account if account is None else of_account[account])[known]
    what = np.unique(value[known], return_inverse=True)[1]
    width = int(what.max(initial=0)) + 1
    who, what = np.divmod(np.unique(who * width + what), width)
    has = np.zeros(len(names), np.bool_)
    has[who] = True
    return _Holdings(np.searchsorted(who, np.arange(len(names) + 1)), what, np.bincount(what), has, of_account)


def _tied(held: _Holdings, owners: I64) -> tuple[int, int]:
    """Those of a few owners that share a value of their own, and how many such values there are.

    Its cost follows what these owners have, not what everybody has.
    """
    starts, ends = held.starts[owners], held.starts[owners + 1]
    lengths = ends - starts
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    who = np.repeat(np.arange(len(owners)), lengths)
    values, what, counts = np.unique(
        held.value[np.repeat(starts, lengths) + within], return_inverse=True, return_counts=True
    )
    own = (counts >= 2) & (counts >= OWN * held.users[values])
    tied = np.zeros(len(owners), np.bool_)
    tied[who[own[what]]] = True
    return int(tied.sum()), int(own.sum())


def _expected(held: _Holdings, pool: I64, inside: npt.NDArray[np.bool_], size: int, rng: np.random.Generator) -> float:
    """Tied owners among `size` owners of the pool, on average over draws."""
    if not len(pool) or not size:
        return 0.0
    if len(pool) <= size:  # a larger pool would tie as large a share at the least
        return _tied(held, np.flatnonzero(~inside))[0] * size / len(pool)
    return float(np.mean([_tied(held, rng.choice(pool, size, replace=False))[0] for _ in range(DRAWS)]))


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
