"""What a signal is: a bin that a sign-up falls into, a reason code, and the group that it is capped with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History

__all__ = ["DEGREES", "Signal", "always", "degree_bin"]

# Bins of a count: 0, 1, 2, 3-4, 5-8, 9-16, more. With more bins a common key, which climbs through them while a history is
# young, would be the first in each of them.
DEGREES: Final = 7


class Signal(NamedTuple):
    """One signal.

    Attributes:
        name: of its base.
        code: of the reason; of a signal that looks at several keys the one that stands out.
        group: signals of one group see the same thing; the mean of their likelihood ratios counts.
        bins: how many.
        read: the bin of a sign-up, None where it is not known.
        tell: the observed fact, for the provider's people.
        helps: it may only speak for the applicant.
        fixed: shares of the bins, where they are known beforehand.
    """

    name: str
    code: Callable[[Facts, History], str]
    group: str
    bins: int
    read: Callable[[Facts, History], int | None]
    tell: Callable[[Facts, History], str]
    helps: bool = False
    fixed: tuple[float, ...] = ()


def always(code: str) -> Callable[[Facts, History], str]:
    """A code that is the same for everybody."""
    return lambda _facts, _history: code


def degree_bin(count: int) -> int:
    """The bin of a count."""
    return min((count - 1).bit_length() + 1, DEGREES - 1) if count > 0 else 0
