"""The project's own text generator: grammars with large vocabularies, for worlds without corpora."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from revenuer.simulate.texts import Pool, Text
from revenuer.simulate.writing import spin

__all__ = ["Builtin"]

_SUBJECTS = "{tides|copper|bees|bridges|rivers|taxes|violins|glaciers|markets|vaccines|satellites|harvests|tunnels|rail timetables|ceramics|harbours|libraries|batteries|mushrooms|elections}"
_GRAMMAR = (
    "{How do|Why do|When did|Where do} "
    + _SUBJECTS
    + " {work|matter|fail|change|begin} {near|with|without|before|after} "
    + _SUBJECTS
    + "?"
)


class Builtin:
    """Pools made by grammar, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: dict[tuple[str, str], Pool] = {}

    def extraction(self, capability: str) -> Pool:
        """Task items of one capability."""
        return self._pool("extraction", capability)

    def ordinary(self, capability: str) -> Pool:
        """Ordinary requests of one capability."""
        return self._pool("ordinary", capability)

    def systems(self) -> Sequence[str]:
        """System prompts of products."""
        dice = random.Random(self._seed)  # noqa: S311
        return [f"You help the customers of a firm for {spin(_SUBJECTS, dice)}." for _ in range(400)]

    def curves(self) -> Sequence[object]:
        """None: nothing was measured."""
        return ()

    def _pool(self, kind: str, capability: str) -> Pool:
        if (kind, capability) not in self._made:
            dice = random.Random(f"{self._seed}{kind}{capability}")  # noqa: S311
            units = [(Text(spin(_GRAMMAR, dice), None, spin(_GRAMMAR, dice)),) for _ in range(2_000)]
            topics: dict[str, list[int]] = defaultdict(list)
            for number, unit in enumerate(units):
                topics[unit[0].prompt.split()[2]].append(number)
            self._made[kind, capability] = Pool(units, dict(topics))
        return self._made[kind, capability]
