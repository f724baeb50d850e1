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
def _contrast(
    accounts: I64, sessions: I64, hours: I64, sketches: F64
) -> tuple[float, float, float, float, float, float]:
    """Sums over within-account cross-session pairs and over between-account pairs, each linear in rows.

    The number of pairs in a class is `sum over groups of size^2`; classes nest, so within minus same session is exact.
    Rows must be sorted by account, then session.
    """
    n, width = sketches.shape
    total = np.zeros(width)
    of_account = np.zeros(width)
    of_session = np.zeros(width)
    hour_total, hour_account, hour_session = np.zeros(24), np.zeros(24), np.zeros(24)
    within_cos = within_pairs = within_hour = 0.0
    account_cos = account_pairs = account_hour = 0.0
    for i in range(n):
        if i and sessions[i] != sessions[i - 1]:
            within_cos -= (of_session * of_session).sum()
            size = hour_session.sum()
            within_pairs -= size * size
            within_hour -= (hour_session * hour_session).sum()
            of_session[:] = 0.0
            hour_session[:] = 0.0
        if i and accounts[i] != accounts[i - 1]:
            account_cos += (of_account * of_account).sum()
            size = hour_account.sum()
            account_pairs += size * size
            account_hour += (hour_account * hour_account).sum()
            of_account[:] = 0.0
            hour_account[:] = 0.0
        for d in range(width):
            of_session[d] += sketches[i, d]
            of_account[d] += sketches[i, d]
            total[d] += sketches[i, d]
        hour_session[hours[i]] += 1
        hour_account[hours[i]] += 1
        hour_total[hours[i]] += 1
    within_cos -= (of_session * of_session).sum()
    size = hour_session.sum()
    within_pairs -= size * size
    within_hour -= (hour_session * hour_session).sum()
    account_cos += (of_account * of_account).sum()
    size = hour_account.sum()
    account_pairs += size * size
    account_hour += (hour_account * hour_account).sum()
    within_cos += account_cos
    within_pairs += account_pairs
    within_hour += account_hour
    between_cos = (total * total).sum() - account_cos
    between_pairs = float(n) * n - account_pairs
    between_hour = (hour_total * hour_total).sum() - account_hour
    return within_cos, within_pairs, within_hour, between_cos, between_pairs, between_hour


_NOTHING_TO_TELL: Final = Exchangeability(0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)


def exchangeability(
    accounts: I64,
    sessions: I64,
    hours: I64,
    items: I64,
    sketches: F64,
    *,
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
        sketches: unit vectors of what was asked, shape (n, width).
        lengths: logarithm of the length of what was asked, shape (n,); None: not known.
        turns: earlier messages of the conversation, shape (n,); None: not known.
        seed: of the permutations.
        permutations: how many.
    """
    if not len(accounts):
        return _NOTHING_TO_TELL
    order, accounts, sessions = _in_order(accounts, sessions)
    hours, sketches = hours[order], np.ascontiguousarray(sketches[order])
    rng = np.random.default_rng(seed)
    (content, hour, between, pairs), (content_sd, hour_sd) = _contrasted(
        rng, accounts, sessions, hours, sketches, permutations
    )
    talks = _Talks.of(accounts, sessions)
    length = talks.alike(None if lengths is None else talks.means(lengths[order]), rng, permutations)
    depth = talks.alike(None if turns is None else talks.most(turns[order]), rng, permutations)
    balances = _balances(rng, accounts, hours, permutations)
    repeats, spread = _repeats(accounts, items[order]), _spread(accounts)
    return Exchangeability(
        int(pairs), content, content_sd, hour, hour_sd, repeats, between, spread, *balances, *length, *depth
    )


def _in_order(accounts: I64, sessions: I64) -> tuple[npt.NDArray[np.intp], I64, I64]:
    """The requests by account, then session; and both in that order, counted from 0."""
    accounts = np.unique(accounts, return_inverse=True)[1].astype(np.int64)
    sessions = np.unique(sessions, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((sessions, accounts))
    return order, accounts[order], sessions[order]


def _contrasted(
    rng: np.random.Generator, accounts: I64, sessions: I64, hours: I64, sketches: F64, permutations: int
) -> tuple[list[float], list[float]]:
    """The four `_statistics` as observed, and the standard deviation of the first two under permutation."""
    observed = _statistics(accounts, sessions, hours, sketches)
    null = np.array([_permuted(rng, accounts, sessions, hours, sketches) for _ in range(permutations)])
    return observed.tolist(), null.std(axis=0, ddof=1).tolist()


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


def _statistics(accounts: I64, sessions: I64, hours: I64, sketches: F64) -> F64:
    """Content contrast, hour ratio, between-account cosine and number of within pairs."""
    wc, wp, wh, bc, bp, bh = _contrast(accounts, sessions, hours % 24, sketches)
    within = wc / wp if wp else 0.0
    between = bc / bp if bp else 0.0
    ratio = (wh / wp) / (bh / bp) if wp and bh else 1.0
    return np.array([within - between if wp and bp else 0.0, ratio, between, wp / 2])


def _permuted(rng: np.random.Generator, accounts: I64, sessions: I64, hours: I64, sketches: F64) -> F64:
    """The two statistics after dealing whole sessions to accounts at random."""
    firsts = np.flatnonzero(np.r_[True, sessions[1:] != sessions[:-1]])
    dealt = rng.permutation(accounts[firsts])[np.searchsorted(firsts, np.arange(len(accounts)), side="right") - 1]
    order = np.lexsort((sessions, dealt))
    return _statistics(dealt[order], sessions[order], hours[order], sketches[order])[:2]


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
    known = items != 0
    pairs = np.unique(np.stack([items[known], accounts[known]]), axis=1)
    _, inverse, holders = np.unique(pairs[0], return_inverse=True, return_counts=True)
    return float((holders[inverse] > 1).sum() / max(len(accounts), 1))
