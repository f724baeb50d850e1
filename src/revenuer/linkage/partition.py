"""Channel `partition`: do accounts share out one task set?

Accounts fed from one queue are exchangeable: which account asked tells nothing about what was asked or when, and yet
exact items hardly repeat. Customers have habits: two of one customer's requests resemble each other, in topic and in
hour, more than requests of two customers do. The tests compare pairs within accounts with pairs between accounts and
take their null from permuting accounts over requests.

Pairs inside one session are left out: a session's requests resemble each other whoever sends them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

__all__ = [
    "PERMUTATIONS",
    "Exchangeability",
    "content_evidence",
    "exchangeability",
    "habit_evidence",
    "queue_evidence",
    "shape_evidence",
]

PERMUTATIONS: Final = 24
# Variance ratio below which accounts take turns.
TURNS: Final = 0.5

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Sketches = npt.NDArray[np.int8] | F64


class Exchangeability(NamedTuple):
    """Pairs within accounts against pairs between accounts, for a set of requests.

    Attributes:
        pairs: within-account pairs of different sessions: the power of the test.
        content: mean cosine of sketches within minus between; 0 for a queue, up to 1 for customers.
        content_sd: standard deviation of `content` under permutation.
        hour: how much more often two requests of one account fall into the same hour of day than two of different
            accounts; 1 for a queue.
        hour_sd: standard deviation of `hour` under permutation.
        repeats: exact items that recur on another account, as a share of requests.
        between: mean cosine of sketches between accounts: how much of one kind the requests are.
        spread: variance of requests an account beyond that of a random deal, over the squared mean; 0 for a random
            deal, above 1 for organic adoption.
        balance: variance of the hourly total over the summed variances of the accounts' hourly counts; 1 for accounts
            that do not heed each other, below for a load balancer, above for a common schedule.
        balance_null: the least `balance` among random rotations of the accounts' series against each other.
        length: how alike the conversations of one account are in the length of what is asked: intra-class correlation of
            its logarithm, 0 for a queue.
        length_sd: standard deviation of `length` under permutation.
        depth: the same for how long conversations go on; `depth_sd` likewise.
    """

    pairs: int
    content: float
    content_sd: float
    hour: float
    hour_sd: float
    repeats: float
    between: float
    spread: float
    balance: float
    balance_null: float
    length: float = 0.0
    length_sd: float = 0.0
    depth: float = 0.0
    depth_sd: float = 0.0


@nb.njit(cache=True, nogil=True)
def _by_talk(order: I64, starts: I64, hours: I64, sketches: Sketches) -> tuple[F64, F64, F64]:
    """Summed sketches, requests in each hour of day and requests of each conversation.

    Args:
        order: rows of `sketches`, conversation by conversation.
        starts: where in `order` each conversation begins.
        hours: in the same order.
        sketches: shape (n, width).
    """
    talks, width = len(starts), sketches.shape[1]
    sketch, hour, size = np.zeros((talks, width)), np.zeros((talks, 24)), np.zeros(talks)
    talk = -1
    for at in range(len(order)):
        if talk + 1 < talks and starts[talk + 1] == at:
            talk += 1
        for d in range(width):
            sketch[talk, d] += sketches[order[at], d]
        hour[talk, hours[at] % 24] += 1
        size[talk] += 1
    return sketch, hour, size


@nb.njit(cache=True, nogil=True)
def _within(owner: I64, owners: int, sketches: F64, hours: F64, sizes: F64) -> tuple[float, float, float]:
    """Sums over all pairs of requests that one owner made: cosines, pairs of the same hour of day, and pairs.

    Linear in conversations: the sum over pairs of an owner is the square of its summed sketches.
    """
    width = sketches.shape[1]
    sketch, hour, size = np.zeros((owners, width)), np.zeros((owners, 24)), np.zeros(owners)
    for talk in range(len(owner)):
        whose = owner[talk]
        for d in range(width):
            sketch[whose, d] += sketches[talk, d]
        for h in range(24):
            hour[whose, h] += hours[talk, h]
        size[whose] += sizes[talk]
    return (sketch * sketch).sum(), (hour * hour).sum(), (size * size).sum()


_NOTHING_TO_TELL: Final = Exchangeability(0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)


def exchangeability(
    accounts: I64,
    sessions: I64,
    hours: I64,
    items: I64,
    sketches: Sketches,
    *,
    unit: float = 1.0,
    lengths: F64 | None = None,
    turns: I64 | None = None,
    seed: int,
    permutations: int = PERMUTATIONS,
) -> Exchangeability:
    """Test a set of requests for exchangeability of accounts.

    Args:
        accounts: who asked, shape (n,), any integers.
        sessions: the conversation, shape (n,); distinct within and between accounts.
        hours: whole hours since the epoch, shape (n,).
        items: signature of what was asked, shape (n,), 0 for nothing left outside the frame.
        sketches: what was asked, shape (n, width), vectors of length `unit`.
        unit: how long they are.
        lengths: logarithm of the length of what was asked, shape (n,); None: not known.
        turns: earlier messages of the conversation, shape (n,); None: not known.
        seed: of the permutations.
        permutations: how many.
    """
    if not len(accounts):
        return _NOTHING_TO_TELL
    order, accounts, sessions = _in_order(accounts, sessions)
    hours, rng = hours[order], np.random.default_rng(seed)
    talks = _Talks.of(accounts, sessions)
    pairs = _Pairs.of(order, talks, hours, sketches, unit)
    (content, hour, between, compared), (content_sd, hour_sd) = pairs.contrasted(talks.account, rng, permutations)
    length = talks.alike(None if lengths is None else talks.means(lengths[order]), rng, permutations)
    depth = talks.alike(None if turns is None else talks.most(turns[order]), rng, permutations)
    balances = _balances(rng, accounts, hours, permutations)
    repeats, spread = _repeats(accounts, items[order]), _spread(accounts)
    return Exchangeability(
        int(compared), content, content_sd, hour, hour_sd, repeats, between, spread, *balances, *length, *depth
    )


def _in_order(accounts: I64, sessions: I64) -> tuple[npt.NDArray[np.intp], I64, I64]:
    """The requests by account, then session; and both in that order, counted from 0."""
    accounts = np.unique(accounts, return_inverse=True)[1].astype(np.int64)
    sessions = np.unique(sessions, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((sessions, accounts))
    return order, accounts[order], sessions[order]


def _spread(accounts: I64) -> float:
    counts = np.bincount(accounts).astype(np.float64)
    return float((counts.var() - counts.mean()) / max(counts.mean(), 1e-9) ** 2)


class _Talks(NamedTuple):
    """Conversations of sorted requests: where each begins, and whose it is."""

    starts: I64
    account: I64

    @classmethod
    def of(cls, accounts: I64, sessions: I64) -> _Talks:
        starts = np.flatnonzero(np.r_[True, sessions[1:] != sessions[:-1]])
        return cls(starts, accounts[starts])

    def means(self, values: F64) -> F64:
        """The mean of each conversation."""
        mean: F64 = np.add.reduceat(values, self.starts) / np.diff(np.r_[self.starts, len(values)])
        return mean

    def most(self, values: I64) -> F64:
        """The most of each conversation."""
        return np.maximum.reduceat(values, self.starts).astype(np.float64)

    def alike(self, value: F64 | None, rng: np.random.Generator, permutations: int) -> tuple[float, float]:
        """Intra-class correlation of conversations within accounts, and its standard deviation under permutation.

        Both are 0 where there is nothing to compare: values unknown, all equal, or no account with two conversations.
        """
        if value is None or len(value) < 3:
            return 0.0, 0.0
        spread = value.std()
        pairs = (np.bincount(self.account).astype(np.float64) * (np.bincount(self.account) - 1.0)).sum()
        if not spread > 0.0 or pairs <= 0.0:
            return 0.0, 0.0
        scaled = (value - value.mean()) / spread

        def correlation(account: I64) -> float:
            total = np.bincount(account, weights=scaled)
            return float(((total**2).sum() - (scaled**2).sum()) / pairs)

        null = [correlation(rng.permutation(self.account)) for _ in range(permutations)]
        return correlation(self.account), float(np.std(null, ddof=1))


class _Pairs(NamedTuple):
    """What pairs of requests are counted from, summed by conversation.

    Attributes:
        sketches: shape (conversations, width).
        hours: requests in each hour of day, shape (conversations, 24).
        sizes: requests, shape (conversations,).
        same: sums over pairs within a conversation, as `_within` gives them; they do not depend on whose it is.
        all: the same over all pairs.
    """

    sketches: F64
    hours: F64
    sizes: F64
    same: F64
    all: F64

    @classmethod
    def of(cls, order: I64, talks: _Talks, hours: I64, sketches: Sketches, unit: float) -> _Pairs:
        parts = _by_talk(order, talks.starts, hours, np.ascontiguousarray(sketches))
        parts[0][:] /= unit
        same = np.array([(part * part).sum() for part in parts])
        every = np.array([(part.sum(axis=0) ** 2).sum() for part in parts])
        return cls(parts[0], parts[1], parts[2], same, every)

    def statistics(self, account: I64) -> F64:
        """Content contrast, hour ratio, between-account cosine and number of within pairs, if conversations are so dealt."""
        of_account = np.array(_within(account, int(account.max()) + 1, self.sketches, self.hours, self.sizes))
        (wc, wh, wp), (bc, bh, bp) = of_account - self.same, self.all - of_account
        within = wc / wp if wp else 0.0
        between = bc / bp if bp else 0.0
        ratio = (wh / wp) / (bh / bp) if wp and bh else 1.0
        return np.array([within - between if wp and bp else 0.0, ratio, between, wp / 2])

    def contrasted(self, account: I64, rng: np.random.Generator, permutations: int) -> tuple[list[float], list[float]]:
        """The four statistics as observed, and the standard deviation of the first two under permutation."""
        # whole conversations are dealt to accounts at random
        null = np.array([self.statistics(rng.permutation(account))[:2] for _ in range(permutations)])
        return self.statistics(account).tolist(), null.std(axis=0, ddof=1).tolist()


def content_evidence(e: Exchangeability) -> float:
    """Log10 likelihood ratio of one queue against customers with habits, from what is asked and how volumes spread.

    Under a queue the contrast is zero up to sampling error and a small slack for what accounts differ in anyway. Under
    habits it may be of any of a range of sizes, none included: some customers differ in what they ask, few do not. So a
    queue can never be favoured by more than the reciprocal of that last share. Capped all the same, since pairs of one
    account are not independent.
    """
    content = _log_ratio(e.content, 0.0, e.content_sd, 0.012, _CONTENT_EFFECTS)
    spread = np.clip(0.5 - 0.5 * e.spread, -1.0, 0.3)
    return float(np.clip(content, -3.0, 1.0) + spread + shape_evidence(e))


def shape_evidence(e: Exchangeability) -> float:
    """The same from how long requests are and how long conversations go on; 0 where neither varies or is known."""
    length = _log_ratio(e.length, 0.0, e.length_sd, 0.02, _SHAPE_EFFECTS)
    depth = _log_ratio(e.depth, 0.0, e.depth_sd, 0.02, _SHAPE_EFFECTS)
    return float(np.clip(length, -1.5, 0.5) + np.clip(depth, -1.5, 0.5))


def habit_evidence(e: Exchangeability) -> float:
    """The same from when accounts ask: a common schedule, or one that deals out turns.

    Accounts that a balancer lets work in turn have hours of their own, as customers have, but their total is steadier
    than any rotation of their series against each other makes it: that, customers cannot know how to do.
    """
    habit = float(np.clip(_log_ratio(e.hour, 1.0, e.hour_sd, 0.1, _HOUR_EFFECTS), -3.0, 1.3))
    return max(habit, 1.0) if in_turn(e) else habit


def in_turn(e: Exchangeability) -> bool:
    """Whether the accounts' total is steadier than accounts that do not know of each other make it."""
    return e.balance < TURNS and e.balance < 0.7 * e.balance_null


def queue_evidence(e: Exchangeability) -> float:
    """Content and hours together, as log10 likelihood ratio of one queue against customers with habits."""
    return content_evidence(e) + habit_evidence(e)


# Effect sizes seen among customers with habits, and how common each is taken to be.
_CONTENT_EFFECTS: Final = ((0.0, 0.15), (0.03, 0.2), (0.08, 0.25), (0.15, 0.2), (0.3, 0.2))
_SHAPE_EFFECTS: Final = ((0.0, 0.25), (0.05, 0.2), (0.1, 0.2), (0.2, 0.2), (0.4, 0.15))
_HOUR_EFFECTS: Final = ((1.0, 0.05), (1.2, 0.1), (1.4, 0.3), (1.8, 0.35), (2.5, 0.2))


def _log_ratio(value: float, none: float, sd: float, slack: float, effects: tuple[tuple[float, float], ...]) -> float:
    """Log10 of the normal density at no effect over its mean over `effects`, (size, share) each."""
    if not np.isfinite(sd) or sd <= 0.0:
        return 0.0
    scale = np.hypot(sd, slack)

    def log_density(centre: float) -> float:
        return float(-0.5 * ((value - centre) / scale) ** 2)

    habits = np.logaddexp.reduce([np.log(share) + log_density(size) for size, share in effects])
    return float((log_density(none) - habits) / np.log(10))


def _balance(accounts: I64, hours: I64) -> float:
    """Variance of the total over the sum of variances, hour by hour over the span of the requests."""
    at = hours - hours.min()
    span = int(at.max()) + 1
    total = np.bincount(at, minlength=span).astype(np.float64)
    cells, counts = np.unique(accounts * span + at, return_counts=True)
    per_account = np.bincount(accounts).astype(np.float64)
    apart = (counts.astype(np.float64) ** 2).sum() / span - ((per_account / span) ** 2).sum()
    return float(total.var() / apart) if apart > 0 and len(cells) else 1.0


def _balances(rng: np.random.Generator, accounts: I64, hours: I64, permutations: int) -> tuple[float, float]:
    """The balance as observed, and the least among random rotations."""
    least = min(_balance(accounts, _rotated(rng, accounts, hours)) for _ in range(permutations))
    return _balance(accounts, hours), least


def _rotated(rng: np.random.Generator, accounts: I64, hours: I64) -> I64:
    """Each account's series shifted by a random number of hours, round the span: rhythms stay, turns are lost."""
    low = int(hours.min())
    span = (int(hours.max()) - low) // 24 * 24 + 24
    shift = rng.integers(0, span, int(accounts.max()) + 1)
    return low + (hours - low + shift[accounts]) % span


def _repeats(accounts: I64, items: I64) -> float:
    """Share of requests, repeats within an account counted once, whose item another account sends too."""
    known = items != 0
    order = np.lexsort((accounts[known], items[known]))
    item, account = items[known][order], accounts[known][order]
    new_item = np.r_[True, item[1:] != item[:-1]][: len(item)]
    once = new_item | np.r_[True, account[1:] != account[:-1]][: len(item)]
    holders = np.bincount(np.cumsum(new_item)[once]) if len(item) else np.zeros(0, np.int64)
    return float(holders[holders > 1].sum() / max(len(accounts), 1))
