"""What was wrong with the rows: counted by reason, with the first few places of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["EXAMPLES_KEPT", "Example", "Quarantine"]

EXAMPLES_KEPT: Final = 3

Example = tuple[int, int, str]


@dataclass
class Quarantine:
    """Counts of rows set aside, values repaired and peculiarities noted; one per reader, then summed with `+`.

    No text of the traffic enters it: reasons are ours, examples are places. A sum does not depend on the order in
    which parts were read.

    Args:
        rejected: reason to rows that were lost; a row is counted once, under its first fault.
        repaired: reason to optional values that were taken as unknown, or read in spite of a wrong type.
        noted: reason to values that were kept as they are although unexpected.
        examples: reason to its first places, as (part, row, words).
    """

    rejected: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def reject(self, reason: str, count: int = 1, examples: Iterable[Example] = ()) -> None:
        """Count rows that are lost for a reason."""
        self._count(self.rejected, reason, count, examples)

    def repair(self, reason: str, count: int = 1, examples: Iterable[Example] = ()) -> None:
        """Count values that were bad in a row that was kept."""
        self._count(self.repaired, reason, count, examples)

    def note(self, reason: str, count: int = 1, examples: Iterable[Example] = ()) -> None:
        """Count values that are unexpected and kept."""
        self._count(self.noted, reason, count, examples)

    @property
    def rows(self) -> int:
        """How many rows were lost."""
        return self.rejected.total()

    def counts(self) -> dict[str, int]:
        """Reason to lost rows, most frequent first, ties by name."""
        return dict(_ranked(self.rejected))

    def notes(self) -> tuple[str, ...]:
        """One sentence per reason, with a place for each row or value that was bad."""
        return (
            *(self._sentence("set aside", "row", reason, n) for reason, n in _ranked(self.rejected)),
            *(self._sentence("repaired", "value", reason, n) for reason, n in _ranked(self.repaired)),
            *(self._sentence("kept", "value", reason, n) for reason, n in _ranked(self.noted)),
        )

    def __add__(self, other: Quarantine) -> Quarantine:
        examples = {
            reason: _first([*self.examples.get(reason, ()), *other.examples.get(reason, ())])
            for reason in sorted(self.examples.keys() | other.examples.keys())
        }
        return Quarantine(
            self.rejected + other.rejected, self.repaired + other.repaired, self.noted + other.noted, examples
        )

    def _count(self, counter: Counter[str], reason: str, count: int, examples: Iterable[Example]) -> None:
        if count <= 0:
            return
        counter[reason] += count
        places = _first([*self.examples.get(reason, ()), *examples])
        if places:
            self.examples[reason] = places

    def _sentence(self, verb: str, noun: str, reason: str, count: int) -> str:
        places = self.examples.get(reason, ())
        where = f" (first: {places[0][2]})" if places else ""
        return f"{count:,} {noun}{'' if count == 1 else 's'} {verb}: {reason}{where}"


def _first(examples: list[Example]) -> list[Example]:
    return sorted(set(examples))[:EXAMPLES_KEPT]


def _ranked(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
