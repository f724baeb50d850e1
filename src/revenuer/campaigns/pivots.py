"""Channel `pivot`: a group takes up a newly released model faster than others who used the same models before.

The unit is the owner, who takes a model up once, however many requests follow: a test on requests would take one
enthusiast for a crowd.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _
from scipy import stats
from scipy.special import logsumexp

from revenuer.behaviour import Profiles
from revenuer.campaigns.times import micros
from revenuer.engine import Engine
from revenuer.findings import Evidence
from revenuer.linkage.rates import evidence_of_p, positions

__all__ = ["Adoption", "alarm_after", "find_adoptions", "pivot_evidence"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STRONGEST: Final = 2.0
# One switch for everybody is what the vendor of a client does.
STRONGEST_SWITCH: Final = 0.5
# Share of the owners' steps on either side of a switch that must be on its side.
SWITCHED: Final = 0.9
BEFORE_DAYS: Final = 7
STEP_HOURS: Final = 6
STEPS: Final = 8
FIRST_DAY: Final = 24 // STEP_HOURS
LEAST_ADOPTERS: Final = 3
FACTOR: Final = 2.0
# Odds ratios that the sequential test bets on, and the level of its alarm: 1000 steps to a false one on average.
ODDS: Final = (3.0, 10.0, 30.0)
ALARM: Final = 1e-3


class Takers(NamedTuple):
    """When units (owners) took a model up, one entry a unit.

    Attributes:
        unit: owner, shape (units,), sorted.
        prior: code of the model it used most in the week before, 0 for none.
        first: step in which most of its requests asked for the new model for the first time; `STEPS` for never.
        active: whether it asked anything, shape (units, `STEPS`).
        mostly: whether most of that asked for the new model, likewise.
    """

    unit: I64
    prior: I64
    first: I64
    active: Bools
    mostly: Bools


class Tally(NamedTuple):
    """Owners that could take a model up and that did, by window and earlier model; shape (1 + `STEPS`, codes).

    Window 0 is the first day; window 1 + t is step t, of owners that had not taken the model up before it.
    """

    could: I64
    took: I64

    def less(self, other: Tally) -> Tally:
        """What is left without `other`."""
        return Tally(self.could - other.could, self.took - other.took)


@dataclass(frozen=True, slots=True)
class Adoption:
    """How one released model was taken up.

    Attributes:
        model: its name.
        everybody: all owners, over all their requests; `tally` counts them.
        number: of the group, shape (entries,), sorted; `groups` is aligned with it.
        groups: owners within groups, over the group's own requests alone.
    """

    model: str
    everybody: Takers
    tally: Tally
    number: I64
    groups: Takers


def find_adoptions(
    engine: Engine, rows: ir.Table, grouped: ir.Table, profiles: Profiles, releases: pa.Table
) -> list[Adoption]:
    """Count who used which model around each release; the cost is linear in the exchanges of those days.

    Args:
        engine: runs the aggregation.
        rows: fingerprints.
        grouped: as `linkage.groups.group_rows` gives it.
        profiles: tell the owners.
        releases: `schema.RELEASES`; one that nobody in the traffic used is left out.
    """
    owner = np.unique(profiles.entity, return_inverse=True)[1]
    everybody, own = rows.mutate(number=ibis.literal(0)), grouped.filter(grouped.own)
    begin, end = int(profiles.first.min(initial=0)), int(profiles.last.max(initial=0))
    found = []
    for model, at in zip(releases["model"].to_pylist(), micros(releases["released_at"]).tolist(), strict=True):
        # releases of past years cost no look at the traffic
        counted = engine.collect(_counted(everybody, at)) if begin <= at <= end else None
        if counted is None or model not in set(counted["model"].to_pylist()):
            continue
        codes = {name: code for code, name in enumerate(sorted(set(counted["model"].to_pylist())), start=1)}
        takers = _takers(counted, profiles, owner, codes, model)[1]
        groups = _takers(engine.collect(_counted(own, at)), profiles, owner, codes, model)
        found.append(Adoption(model, takers, _tally(takers, len(codes) + 1), *groups))
    return found


def _counted(rows: ir.Table, released: int) -> ir.Table:
    """Requests by group, account, model and step; step -1 is the week before."""
    begin, second = released // 1_000_000, rows.ts.epoch_seconds()
    near = rows.filter((second >= begin - BEFORE_DAYS * 86_400) & (second < begin + STEPS * STEP_HOURS * 3_600))
    step = ((near.ts.epoch_seconds() - begin) / (STEP_HOURS * 3_600.0)).floor().cast("int64").clip(lower=-1)
    return near.group_by("number", "account", model=_.model.fill_null(""), step=step).agg(n=_.count())


def _takers(counted: pa.Table, profiles: Profiles, owner: I64, codes: dict[str, int], model: str) -> tuple[I64, Takers]:
    """Numbers of groups, and the owners of each; `owner` of every profile."""
    who = owner[profiles.index(counted["account"].to_numpy())]
    width = len(profiles) + 1
    keys, place = np.unique(counted["number"].to_numpy().astype(np.int64) * width + who, return_inverse=True)
    code = np.array([codes[name] for name in counted["model"].to_pylist()], np.int64)
    step, n = counted["step"].to_numpy(), counted["n"].to_numpy()

    def table(rows: Bools, column: I64, size: int) -> I64:
        cells = np.bincount(place[rows] * size + column[rows], weights=n[rows], minlength=len(keys) * size)
        return cells.astype(np.int64).reshape(len(keys), size)

    made, past = table(step >= 0, step, STEPS), table(step < 0, code, len(codes) + 1)
    mostly = 2 * table((step >= 0) & (code == codes[model]), step, STEPS) > made
    first = np.where(mostly.any(axis=1), mostly.argmax(axis=1), STEPS)
    return keys // width, Takers(keys % width, past.argmax(axis=1), first, made > 0, mostly)


def _tally(takers: Takers, codes: int) -> Tally:
    """Count owners by window and earlier model."""
    windows = [(takers.active[:, :FIRST_DAY].any(axis=1), takers.first < FIRST_DAY)]
    windows += [(takers.active[:, t] & (takers.first >= t), takers.first == t) for t in range(STEPS)]
    could = [np.bincount(takers.prior[counted], minlength=codes) for counted, _ in windows]
    took = [np.bincount(takers.prior[counted & did], minlength=codes) for counted, did in windows]
    return Tally(np.array(could), np.array(took))


def pivot_evidence(adoptions: list[Adoption], number: int) -> Evidence | None:
    """The release whose model a group took up most surprisingly fast.

    Within the first day, Fisher's exact test on the group's sum, conditional on how many owners with the same earlier
    model took the new one up (strata convolved), times the number of releases, made an e-value.

    Args:
        adoptions: of all releases.
        number: of the group.
    """
    told = [one for adoption in adoptions if (one := _of_release(adoption, number, len(adoptions))) is not None]
    return max(told, key=lambda one: (one.strength, one.fact), default=None)


def _of_release(adoption: Adoption, number: int, releases: int) -> Evidence | None:
    takers = _rows(adoption.groups, positions(adoption.number, np.array([number])))
    codes = adoption.tally.could.shape[1]
    group = _tally(takers, codes)
    total, took = int(group.could[0].sum()), int(group.took[0].sum())
    if took < LEAST_ADOPTERS:
        return None
    members = _rows(adoption.everybody, np.searchsorted(adoption.everybody.unit, takers.unit))
    others = adoption.tally.less(_tally(members, codes))
    expected = float((group.could[0] * others.took[0] / np.maximum(others.could[0], 1)).sum())
    if took < FACTOR * expected:
        return None
    switch = _one_switch(takers)
    strength = evidence_of_p(min(1.0, _conditional(group, others, 0) * releases))
    strength = min(strength, STRONGEST_SWITCH if switch else STRONGEST)
    if strength <= 0.0:
        return None
    fact = (
        f"within a day of its release {took} of {total} account owners of the group that are active have gone over to "
        f"{adoption.model}; of as many others who used the same models before {expected:.1f} would have"
        f"{_alarm_words(alarm_after(group, others))}"
        f"{'; all in one go, as when the vendor of a client switches' if switch else ''}"
    )
    return Evidence("pivot", fact, strength, took)


def _alarm_words(hours: int | None) -> str:
    if hours is None:
        return ""
    days = STEP_HOURS / ALARM / 24
    return (
        f"; a sequential test that gives a false alarm once in {days:.0f} days or less often gives one after {hours} h"
    )


def _rows(takers: Takers, rows: I64) -> Takers:
    t = takers
    return Takers(t.unit[rows], t.prior[rows], t.first[rows], t.active[rows], t.mostly[rows])


def _nulls(group: Tally, others: Tally, window: int) -> list[tuple[int, F64]]:
    """For each earlier model of the group, takers in it, and log chances of 0, 1, ... of them given the margins."""
    nulls = []
    for code in np.flatnonzero(group.could[window]):
        size, took = int(group.could[window, code]), int(group.took[window, code])
        population, takers = size + int(others.could[window, code]), took + int(others.took[window, code])
        nulls.append((took, stats.hypergeom.logpmf(np.arange(size + 1), population, takers, size)))
    return nulls


def _conditional(group: Tally, others: Tally, window: int) -> float:
    """Chance of as many takers in the group or more."""
    total, took = np.ones(1), 0
    for hits, null in _nulls(group, others, window):
        total, took = np.convolve(total, np.exp(null)), took + hits
    return float(min(1.0, total[took:].sum()))


def alarm_after(group: Tally, others: Tally) -> int | None:
    """Hours from the release to the alarm of an e-detector, rounded up to a step; None if there is none.

    M_t = L_t (1 + M_{t-1}), averaged over the odds ratios bet on, alarm at 1 / `ALARM`: then the average run length to
    a false alarm is 1 / `ALARM` steps or more (Shin, Ramdas and Rinaldo 2024, "E-detectors"). L_t is the likelihood
    ratio of the takers among those who had not yet taken the model up, given the margins of the step: its expectation
    is one where the group goes over at everybody's pace.
    """
    detectors = np.zeros(len(ODDS))
    for step in range(STEPS):
        nulls = _nulls(group, others, 1 + step)
        detectors = np.array([_bet(nulls, odds) for odds in ODDS]) * (1.0 + detectors)
        if detectors.mean() >= 1.0 / ALARM:
            return (step + 1) * STEP_HOURS
    return None


def _bet(nulls: list[tuple[int, F64]], odds: float) -> float:
    """Likelihood ratio of one step: takers weighted by the odds ratio, over what that is on average under the null."""
    gain = sum(took * math.log(odds) - logsumexp(null + np.arange(len(null)) * math.log(odds)) for took, null in nulls)
    return math.exp(min(gain, 300.0))


def _one_switch(group: Takers) -> bool:
    """Whether all went over in the same step: before it the old, after it the new, and hardly an exception.

    Looked at are owners of the earlier models that anybody left: a client's users on another model stay there.
    """
    left = _rows(group, np.flatnonzero((group.prior > 0) & np.isin(group.prior, group.prior[group.first < STEPS])))
    return any(_switched(left, step) for step in range(STEPS - 1))


def _switched(group: Takers, step: int) -> bool:
    """Whether a switch in `step` explains what the owners ask for before it and in the two steps after it."""
    steps = np.arange(STEPS)
    early = group.mostly[group.active & (steps < step)]
    late = group.mostly[group.active & (steps > step) & (steps <= step + 2)]
    return len(late) > 0 and late.mean() >= SWITCHED and (not len(early) or early.mean() <= 1.0 - SWITCHED)
