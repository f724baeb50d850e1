"""How common a thing is among the provider's own sign-ups, and what it is worth as evidence: one histogram a signal.

Evidence is a likelihood ratio against that histogram. With n sign-ups before, of which n_x fell into bin x,

    e(x) = 1 - bet + bet * alternative(x) / ((n_x + 1) / (n + 1)),

where the alternative is a stated distribution over the bins: uniform, as long as nothing is known (bins of counts are
powers of two, so this is the scale-free prior on how large a farm's share of a key is), and drawn towards what members of
confirmed campaigns showed when they signed up. For sign-ups that could change places the mean of e is at most 1, whatever
the alternative and the bet are: sum over x of (K_x / (n + 1)) * alternative(x) * (n + 1) / K_x <= 1, where K_x counts the new
sign-up too. So e is an e-value (Vovk and Wang 2021), and a product of k of them that are independent for honest people
reaches 1 / share for at most that share of them (Markov). The alternative decides what is found, never how often an honest
person is met.
"""

from __future__ import annotations

from math import log10
from typing import Final

__all__ = ["Base"]

# Sign-ups after which one counts half: a base follows the season, and keeps what is rare.
HALF_LIFE: Final = 100_000


class Base:
    """The histogram of one signal.

    Args:
        bins: how many.
        helps: the signal may only speak for the applicant: nothing but its last bin counts, and there the alternative is that
            farms show it as often as everybody, until members of campaigns say otherwise.
        fixed: shares of the bins where they are known beforehand, as those of a rank are; nothing is then learnt.
        half_life: sign-ups after which one counts half.
    """

    __slots__ = ("_fixed", "_members", "_step", "_weight", "bins", "helps", "seen")

    def __init__(
        self, bins: int, *, helps: bool = False, fixed: tuple[float, ...] = (), half_life: int = HALF_LIFE
    ) -> None:
        self.bins, self.helps, self._fixed = bins, helps, fixed
        self.seen = [0.0] * bins
        self._members = [0.0] * bins
        # instead of letting all past sign-ups shrink with each new one, the new one counts for more
        self._weight, self._step = 1.0, 2.0 ** (1.0 / half_life)

    def add(self, at: int) -> None:
        """One more sign-up in this bin, thought honest."""
        self.seen[at] += self._weight
        self._weight *= self._step
        if self._weight > 1e9:
            self.seen = [count / self._weight for count in self.seen]
            self._weight = 1.0

    def add_member(self, at: int) -> None:
        """One more sign-up in this bin of a member of a campaign."""
        self._members[at] += 1.0

    def share(self, at: int) -> float:
        """Share of sign-ups in this bin, the one that is looked at among them."""
        if self._fixed:
            return self._fixed[at]
        return (self.seen[at] / self._weight + 1.0) / (self.size + 1.0)

    def tail(self, at: int) -> float:
        """Share of sign-ups in this bin or one above, the one that is looked at among them."""
        if self._fixed:
            return sum(self._fixed[at:])
        return (sum(self.seen[at:]) / self._weight + 1.0) / (self.size + 1.0)

    @property
    def size(self) -> float:
        """How many sign-ups are remembered."""
        return sum(self.seen) / self._weight

    def worth(self, at: int, bet: float) -> float:
        """Log10 of the likelihood ratio of this bin.

        Args:
            at: the bin.
            bet: share of a farm's accounts of which the alternative holds, 0 to 1.
        """
        if self.helps:
            return self._help(at, bet)
        known = sum(self._members)
        alternative = (self._members[at] + 1.0) / (known + self.bins)
        return log10(1.0 - bet + bet * alternative / self.share(at))

    def _help(self, at: int, bet: float) -> float:
        if at != self.bins - 1:
            return 0.0
        base, prior = self.share(at), 10.0
        among = (self._members[at] + prior * base) / (sum(self._members) + prior)
        return min(0.0, log10(1.0 - bet + bet * among / base))
