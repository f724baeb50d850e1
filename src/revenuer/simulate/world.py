"""What every group of a simulated world shares: clock, random streams, models, networks and texts."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import default_rng  # now: numpy loads it at first use, and a Ctrl-C in that moment is lost
from numpy.typing import NDArray

from revenuer.simulate.catalogue import GATES, MODELS, NETWORK_KINDS
from revenuer.simulate.texts.grammar import statement
from revenuer.simulate.texts.lexicon import DOMAINS
from revenuer.simulate.texts.pool import Texts
from revenuer.simulate.texts.writing import Dice

__all__ = ["DAY", "START", "World", "hex_ids"]

DAY: Final = 86_400.0
START: Final = 1_788_739_200  # Monday 2026-09-07 00:00 UTC


def hex_ids(rng: np.random.Generator, n: int, prefix: str = "", width: int = 16) -> list[str]:
    """`n` random hexadecimal ids of `width` digits: the one generator of ids, whoever they are for."""
    digits = rng.bytes(n * (width // 2 + 1)).hex()
    step = 2 * (width // 2 + 1)
    return [prefix + digits[i : i + width] for i in range(0, n * step, step)]


def _within(rng: np.random.Generator, prefix: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A random address in each of these networks."""
    return (prefix << np.uint32(16)) | rng.integers(256, 65_280, len(prefix)).astype(np.uint32)


@dataclass(slots=True)
class World:
    """The setting of one simulation; every random step takes its stream from here by name.

    Args:
        seed: of the whole world.
        texts: what people write.
        days: length of the window.
    """

    seed: int
    texts: Texts
    days: float = 14.0
    networks: dict[str, NDArray[np.uint32]] = field(init=False)
    _bank: list[str] = field(init=False, default_factory=list)
    asns: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        rng = self.rng("networks")
        prefixes = rng.choice(np.arange(11 * 256, 223 * 256), sum(NETWORK_KINDS.values()), replace=False)
        self.networks, at = {}, 0
        for kind, n in NETWORK_KINDS.items():
            self.networks[kind] = prefixes[at : at + n].astype(np.uint32)
            at += n
        self.asns = np.zeros(65_536, dtype=np.int32)
        # One operator holds several networks: numbers are fewer than prefixes.
        self.asns[prefixes] = 1_000 + rng.integers(0, 60_000, 200)[rng.integers(0, 200, len(prefixes))]

    def rng(self, *key: object) -> np.random.Generator:
        """The numeric random stream of this name."""
        return default_rng([self.seed, zlib.crc32(repr(key).encode())])

    def dice(self, *key: object) -> random.Random:
        """The random stream of this name for text, where one draw at a time is faster."""
        return Dice(zlib.crc32(repr((self.seed, *key)).encode()) + (self.seed << 32))

    def sentences(self) -> list[str]:
        """A stock of sentences for answers that no corpus has."""
        if not self._bank:
            dice = self.dice("sentences")
            self._bank = [statement(dice.choice(tuple(DOMAINS.values())), dice) for _ in range(20_000)]
        return self._bank

    @property
    def length(self) -> float:
        """Seconds in the window."""
        return self.days * DAY

    def addresses(self, rng: np.random.Generator, kind: str, n: int) -> NDArray[np.uint32]:
        """`n` addresses in networks of one kind, popular networks first; some are gates that many people come through."""
        nets = self.networks[kind]
        weights = 1.0 / np.arange(1, len(nets) + 1)
        found = _within(rng, rng.choice(nets, n, p=weights / weights.sum()))
        count, share = GATES.get(kind, (1, 0.0))
        fixed = self.rng("gates", kind)
        gates = _within(fixed, fixed.choice(nets, count))
        through = rng.random(n) < share
        found[through] = gates[np.minimum(rng.exponential(count / 3, int(through.sum())), count - 1).astype(int)]
        return found

    def models(self, tier: NDArray[np.int64], at: NDArray[np.float64], delay: NDArray[np.float64]) -> NDArray[np.int64]:
        """Index into `MODELS` of the newest model of a tier that an adopter with this delay (days) has taken up."""
        chosen = np.zeros(len(at), dtype=np.int64)
        for code, name in enumerate(("small", "medium", "large")):
            for index, model in enumerate(MODELS):
                if model.tier == name:
                    first = model.day == min(m.day for m in MODELS if m.tier == name)
                    ready = (at / DAY >= model.day + delay) | first
                    chosen[(tier == code) & ready] = index
        return chosen
