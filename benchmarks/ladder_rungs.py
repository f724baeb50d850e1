"""The rungs of the ladder: worlds of campaigns of one size, one factor at a time away from a common base."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

__all__ = ["ATTACKS", "Rung", "rungs"]

# A generic harvest, a proxy network, a low and slow one, and one that adapts.
ATTACKS = ("A2", "A4", "A6", "A12")
SMALLEST_WORLD = 30_000


@dataclass(frozen=True)
class Rung:
    """One world to be scanned, and the place it has on the ladder.

    Attributes:
        factor, value: what is varied, and to what.
        attacks: archetypes, one campaign each.
        accounts: of each campaign.
        rate: requests a day of each of these accounts, cover included.
        days: that each campaign runs.
        mix: share of cover in their traffic.
        paraphrase: share of requests said anew.
        frames: share of frames in several wordings.
        prefix: every account puts a text of its own in front.
        cover: what the cover is; None: by archetype.
        infrastructure: `shared` or `disjoint`.
        content: how much of the text the scan reads.
        seed: of the world.
    """

    factor: str
    value: str
    attacks: tuple[str, ...] = ATTACKS
    accounts: int = 300
    rate: float = 6
    days: float = 5
    mix: float = 0.5
    paraphrase: float = 0.5
    frames: float = 0.0
    prefix: bool = False
    cover: str | None = None
    infrastructure: str = "disjoint"
    content: str = "full"
    seed: int = 9301

    @property
    def exchanges(self) -> int:
        """Of the whole world: three times those of the campaigns' accounts."""
        wanted = 3 * len(self.attacks) * self.accounts * self.rate * self.days
        return max(SMALLEST_WORLD, ceil(wanted / 1_000) * 1_000)

    def arguments(self) -> tuple[str, ...]:
        """What `revenuer simulate` is called with."""
        numbers = {
            "--exchanges": self.exchanges,
            "--campaign-accounts": self.accounts,
            "--rate": self.rate,
            "--campaign-days": self.days,
            "--benign-mix": self.mix,
            "--paraphrase": self.paraphrase,
            "--paraphrase-frames": self.frames,
            "--infrastructure": self.infrastructure,
            "--seed": self.seed,
        }
        told = [str(part) for pair in numbers.items() for part in pair]
        told += ["--account-prefix"] if self.prefix else []
        told += ["--cover", self.cover] if self.cover else []
        return ("+".join((*self.attacks, "legitimate")), *told)


def rungs(seed: int = 9301) -> list[Rung]:
    """The whole ladder, easiest first within each factor; a step that is too large for one world stands in several."""
    base = Rung("base", "", seed=seed)
    pairs = (ATTACKS[:2], ATTACKS[2:])
    # With much cover a campaign needs time until an account has harvested anything to speak of.
    thin = [
        replace(base, factor="benign mix", value=str(mix), mix=mix, days=12, attacks=two)
        for mix in (0.9, 0.95)
        for two in pairs
    ]
    many = replace(base, factor="accounts", value="3000", accounts=3000, days=4.2)
    few = replace(base, accounts=30)
    return [
        base,
        replace(base, factor="benign mix", value="0", mix=0.0),
        replace(base, factor="benign mix", value="0.5"),
        replace(base, factor="benign mix", value="0.8", mix=0.8, days=10),
        *thin,
        *(replace(base, factor="paraphrase", value=str(share), paraphrase=share) for share in (0.0, 0.5, 1.0)),
        *(
            replace(base, factor="frames", value=f"{share} in several wordings", paraphrase=0.0, frames=share)
            for share in (0.5, 1.0)
        ),
        replace(base, factor="frames", value="behind prefixes", paraphrase=0.0, prefix=True),
        replace(base, factor="cover", value="by archetype"),
        replace(base, factor="cover", value="lived", cover="lived"),
        replace(base, factor="infrastructure", value="shared", infrastructure="shared"),
        replace(base, factor="infrastructure", value="disjoint"),
        replace(few, factor="accounts", value="30"),
        replace(base, factor="accounts", value="300"),
        replace(many, attacks=("A4",)),
        replace(many, attacks=("A12",)),
        # Three hundred busy accounts outgrow a world of this size: the busy ones are thirty, and the busiest one campaign.
        replace(few, factor="rate", value="6"),
        replace(few, factor="rate", value="60", rate=60),
        replace(few, factor="rate", value="600", rate=600, days=2, attacks=("A2",)),
        *(replace(base, factor="content", value=mode, content=mode) for mode in ("full", "sketch", "none")),
    ]
