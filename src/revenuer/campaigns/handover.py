"""Channel `succession`, weighed: whether a group's work goes on when accounts of it are banned.

Customers who are banned stop, and the group is smaller by what they sent. A pool replaces them: volume comes back
within hours, through accounts that were quiet before, in the same frames, with the tasks that were not yet done. All of
it is held against what the same group does around moments without a ban.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from revenuer.behaviour import Profiles
from revenuer.campaigns.times import DAY, micros
from revenuer.engine import Engine
from revenuer.findings import Evidence
from revenuer.linkage.groups import Group
from revenuer.linkage.rates import evidence_of_p, positions
from revenuer.text.tokens import hash_strings

__all__ = ["WAVE", "Handovers", "Served", "ban_waves", "bans_of", "find_handovers", "succession_evidence"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STRONGEST: Final = 2.0
STRONGEST_VOLUME: Final = 1.3
# Volume that stays away speaks against a pool, but not much: harvesters may give up.
WEAKEST: Final = -0.5
# What successors do otherwise than those they succeed leaves little of a succession.
STRONGEST_BROKEN: Final = 0.5
WAVE: Final = 3
WAVE_GAP: Final = DAY
# How long before and after a wave is looked at, and at least.
WINDOW: Final = 2 * DAY
SHORTEST: Final = DAY // 2
LEAST_REQUESTS: Final = 20
# Share of the volume that must be banned for its return to be seen.
LEAST_BANNED: Final = 0.05
DRAWS: Final = 99
LEAST_DRAWS: Final = 20
# Spread of the log ratio of volumes where the group has no quiet times to read it off, and at least.
UNKNOWN_SPREAD: Final = 0.4
LEAST_SPREAD: Final = 0.1
FREEDOM: Final = 4
REPEATED: Final = 0.3
SAME_FRAMES: Final = 0.5


class Served(NamedTuple):
    """A group's own requests, by time: account (index into the profiles), microseconds since 1970, item and frame."""

    account: I64
    at: I64
    item: I64
    frame: I64


@dataclass(frozen=True, slots=True)
class Handovers:
    """Groups with waves of bans.

    Attributes:
        waves: of each such group, by its number: (account indices, microseconds) of each wave.
        number: of the group, shape (requests,), sorted; `served` is aligned with it, by time within a group.
    """

    waves: dict[int, list[tuple[I64, I64]]]
    number: I64
    served: Served


def bans_of(profiles: Profiles, enforcement: pa.Table) -> tuple[I64, I64]:
    """Accounts that were banned and made exchanges, and when, by time: indices into the profiles, microseconds."""
    bans = enforcement.filter(pc.equal(enforcement["action"], "ban"))
    hashed = hash_strings(pa.array(bans["account_id"].to_pylist(), pa.string()))
    held = np.isin(hashed, profiles.keys)
    who, at = profiles.index(hashed[held]), micros(bans["ts"])[held]
    order = np.lexsort((who, at))
    return who[order], at[order]


def ban_waves(at: I64) -> list[I64]:
    """Positions of bans (sorted by time), grouped where gaps are at most `WAVE_GAP`, groups of `WAVE` or more."""
    if not len(at):
        return []
    cuts = np.flatnonzero(np.diff(at) > WAVE_GAP) + 1
    return [part for part in np.split(np.arange(len(at)), cuts) if len(part) >= WAVE]


def find_handovers(
    engine: Engine, grouped: ir.Table, profiles: Profiles, groups: list[Group], enforcement: pa.Table
) -> Handovers:
    """Collect the own requests of those groups of which a wave of accounts was banned.

    Args:
        engine: runs the filter.
        grouped: as `linkage.groups.group_rows` gives it for `groups`.
        profiles: name the accounts.
        groups: the groups.
        enforcement: `schema.ENFORCEMENT`.
    """
    who, at = bans_of(profiles, enforcement)
    waves = {}
    for number, group in enumerate(groups):
        mine = np.isin(who, group.accounts)
        found = [(who[mine][wave], at[mine][wave]) for wave in ban_waves(at[mine])]
        if found:
            waves[number] = found
    told = grouped.filter(grouped.own & grouped.number.isin(list(waves) or [-1]))
    table = engine.collect(told.select("number", "account", "ts", "item", "prompt_frame", "draw"))
    table = table.sort_by([(name, "ascending") for name in ("number", "ts", "draw")])
    served = Served(
        profiles.index(table["account"].to_numpy()),
        micros(table["ts"]),
        table["item"].to_numpy(),
        table["prompt_frame"].to_numpy(),
    )
    return Handovers(waves, table["number"].to_numpy(), served)


def succession_evidence(found: Handovers, profiles: Profiles, number: int, *, seed: int) -> Evidence | None:
    """What the most telling wave of bans of a group shows; None without one that can be read.

    Args:
        found: of all groups.
        profiles: tell the owners.
        number: of the group.
        seed: of the moments without a ban that it is held against.
    """
    waves = found.waves.get(number, [])
    rows = positions(found.number, np.array([number]))
    served = Served(*(column[rows] for column in found.served))
    told = [
        evidence
        for place, (who, at) in enumerate(waves)
        if (evidence := _of_wave(served, profiles.entity, who, at, np.random.default_rng([seed, number, place])))
    ]
    return max(told, key=lambda one: one.strength, default=None)


def _of_wave(served: Served, owner: I64, who: I64, at: I64, rng: np.random.Generator) -> Evidence | None:
    begin, end = int(at.min()), int(at.max())
    window = min(WINDOW, begin - int(served.at[0]), int(served.at[-1]) - end) if len(served.at) else 0
    if window < SHORTEST:
        return None
    around = _Around(served, window, end - begin)
    before, after = around.sides(begin)
    banned = np.isin(served.account[before], who)
    share = float(banned.mean()) if len(before) else 0.0
    if len(before) < LEAST_REQUESTS or share < LEAST_BANNED:
        return None
    fresh = around.fresh(begin) & ~np.isin(owner[served.account[after]], owner[who])
    successors = np.unique(served.account[after][fresh])
    quiet = around.quiet_times(begin, rng)
    # some of the banned would have stopped anyway
    missed = share * (float(np.mean([around.going_on(t) for t in quiet])) if quiet else 1.0)
    volume = _volume(len(before), len(after), missed, [tuple(map(len, around.sides(t))) for t in quiet])
    chance = _chance(float(fresh.mean()) if len(fresh) else 0.0, [float(around.fresh(t).mean()) for t in quiet])
    if len(np.unique(owner[successors])) < WAVE:
        strength = min(volume, 0.0)
    else:
        strength = min(volume + evidence_of_p(chance), STRONGEST)
    alike, again = _continuity(served, before[banned], after[fresh])
    if alike < SAME_FRAMES or again > REPEATED:
        strength = min(strength, STRONGEST_BROKEN)
    if strength == 0.0:
        return None
    fact = (
        f"{len(who)} accounts that made {share:.0%} of the group's requests are banned; in the {_days(window)} after, the "
        f"group makes {len(after) / len(before):.0%} as many requests as before, {fresh.mean() if len(fresh) else 0:.0%} of "
        f"them by {len(successors)} accounts that were quiet before (around {len(quiet)} moments without a ban as large a "
        f"share in {chance:.0%}); their frames are {alike:.0%} the same and {again:.0%} of their tasks repeat"
    )
    return Evidence("succession", fact, float(strength), len(successors))


def _days(window: int) -> str:
    return f"{window / DAY:.1f} days"


class _Around(NamedTuple):
    """What happens within `window` before and after a moment that lasts `gap`."""

    served: Served
    window: int
    gap: int

    def sides(self, begin: int) -> tuple[I64, I64]:
        """Positions of the requests before and after."""
        bounds = [begin - self.window, begin, begin + self.gap + 1, begin + self.gap + self.window]
        a, b, c, d = np.searchsorted(self.served.at, bounds)
        return np.arange(a, b), np.arange(c, d)

    def fresh(self, begin: int) -> Bools:
        """Of the requests after, which are made by accounts that made none in the window before."""
        before, after = self.sides(begin)
        quiet: Bools = ~np.isin(self.served.account[after], self.served.account[before])
        return quiet if len(quiet) else np.zeros(1, np.bool_)

    def going_on(self, begin: int) -> float:
        """Share of the requests before that are made by accounts that make some after."""
        before, after = self.sides(begin)
        return float(np.isin(self.served.account[before], self.served.account[after]).mean()) if len(before) else 1.0

    def quiet_times(self, begin: int, rng: np.random.Generator) -> list[int]:
        """Moments of the group's life whose windows lie within it and do not meet the wave; none if they are few."""
        low, high = int(self.served.at[0]) + self.window, int(self.served.at[-1]) - self.window - self.gap
        if high <= low:
            return []
        drawn = rng.integers(low, high, 4 * DRAWS)
        kept = drawn[np.abs(drawn - begin) > self.window + self.gap][:DRAWS]
        return [int(t) for t in kept] if len(kept) >= LEAST_DRAWS else []


def _volume(before: int, after: int, missed: float, quiet: list[tuple[int, ...]]) -> float:
    """Log10 likelihood of the volume after a wave if it is made up for, over that if the banned are simply missing.

    The log ratio of volumes has its mean and spread read off quiet times, which overlap: it is given the tails of a
    Student distribution with four degrees of freedom.
    """
    ratios = np.array([math.log((b + 0.5) / (a + 0.5)) for a, b in quiet])
    mean = float(ratios.mean()) if len(ratios) else 0.0
    noise = math.sqrt(1.0 / (before + 0.5) + 1.0 / (after + 0.5))
    spread = max(float(ratios.std()) if len(ratios) else UNKNOWN_SPREAD, noise, LEAST_SPREAD)
    seen, missing = math.log((after + 0.5) / (before + 0.5)), math.log(max(1.0 - missed, 0.02))
    gain = stats.t.logpdf(seen, FREEDOM, mean, spread) - stats.t.logpdf(seen, FREEDOM, mean + missing, spread)
    return float(np.clip(gain / math.log(10.0), WEAKEST, STRONGEST_VOLUME))


def _chance(seen: float, quiet: list[float]) -> float:
    """Share of quiet times around which as much is made by accounts that were quiet before; 1 without any."""
    return (1.0 + sum(one >= seen for one in quiet)) / (1.0 + len(quiet))


def _continuity(served: Served, banned: I64, fresh: I64) -> tuple[float, float]:
    """Overlap of frames between the banned and their successors, and the share of successors' tasks that repeat.

    The overlap is that of the two distributions (Bhattacharyya); requests without a frame are one more kind.
    """
    if not len(banned) or not len(fresh):
        return 0.0, 0.0
    names, kind = np.unique(served.frame, return_inverse=True)
    p, q = (np.bincount(kind[rows], minlength=len(names)) / len(rows) for rows in (banned, fresh))
    items, done = served.item[fresh], served.item[banned]
    known = items != 0
    return float(np.sqrt(p * q).sum()), float(np.isin(items[known], done).mean()) if known.any() else 0.0
