"""Accounts against honest ones: p-values within strata of plan and volume, and the alarm over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.behaviour.unusual import BANDS, Unusual
from revenuer.control.alarm import Alarm, population_alarm
from revenuer.control.conformal import clean_p_values, conformal_p_values, resolution
from revenuer.control.strata import merge_strata

__all__ = ["Calibrated", "Stratum", "against_reference", "against_the_rest"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Accounts that are compared with each other.

    Attributes:
        name: plans and volume, in words.
        accounts: of the traffic; `calibration` are those that they are held against.
        resolution: the smallest p-value possible.
    """

    name: str
    accounts: int
    calibration: int
    resolution: float


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The accounts of a traffic held against honest ones.

    Attributes:
        p: p-value of each account that it is honest, shape (accounts,).
        strata: those that were compared.
        alarm: over all accounts; none without a reference, or with too small a one.
    """

    p: F64
    strata: tuple[Stratum, ...]
    alarm: Alarm | None


def against_reference(accounts: Unusual, reference: Unusual, *, seed: int) -> Calibrated:
    """P-values and alarm from the accounts of a clean period or cohort.

    Args:
        accounts: of the traffic that is scanned.
        reference: accounts that are taken for honest, scored in the same way.
        seed: of the alarm's simulated null distributions.
    """
    cells, parts = _cells(accounts, reference)
    strata, known = parts[cells[0]], parts[cells[1]]
    p = conformal_p_values(accounts.score, strata, reference.score, known)
    alarm = population_alarm(p, strata, clean_p_values(reference.score, known), known, reference.cluster, seed=seed)
    return Calibrated(p, _strata(accounts, reference, parts, strata, known), alarm)


def against_the_rest(accounts: Unusual, suspected: Bools) -> Calibrated:
    """P-values from the traffic's own accounts outside every queue; they are ranks, and there is no alarm.

    An account outside is held against the others outside. Their p-values are uniform whatever they did, and those of the
    suspected are of accounts that were chosen by what they did: neither can tell whether the whole holds a campaign.

    Args:
        accounts: of the traffic.
        suspected: members of a queue, shape (accounts,).
    """
    rest = accounts.only(~suspected)
    cells, parts = _cells(accounts, rest)
    strata, known = parts[cells[0]], parts[cells[1]]
    p = conformal_p_values(accounts.score, strata, rest.score, known)
    p[~suspected] = clean_p_values(rest.score, known)
    return Calibrated(p, _strata(accounts, rest, parts, strata, known), None)


Cells = tuple[tuple[I64, I64], tuple[I64, I64]]


def _cells(accounts: Unusual, calibration: Unusual) -> tuple[Cells, I64]:
    """Plan and band of both sets of accounts, and the stratum of each cell."""
    plans = np.unique(np.concatenate([accounts.plan, calibration.plan]).astype(str))
    tested, known = ((np.searchsorted(plans, one.plan.astype(str)), one.band) for one in (accounts, calibration))
    counts = np.zeros((len(plans), len(BANDS)), np.int64)
    np.add.at(counts, known, 1)
    return (tested, known), merge_strata(counts)


def _strata(accounts: Unusual, calibration: Unusual, parts: I64, strata: I64, known: I64) -> tuple[Stratum, ...]:
    plans = np.unique(np.concatenate([accounts.plan, calibration.plan]).astype(str))
    found = []
    for part in range(int(parts.max(initial=-1)) + 1):
        held = int((known == part).sum())
        plan, band = np.nonzero(parts == part)
        name = f"{_plans(plans, plan)}, {_volume(band)}"
        found.append(Stratum(name, int((strata == part).sum()), held, resolution(held)))
    return tuple(found)


MOST_NAMED: Final = 3


def _plans(plans: npt.NDArray[np.str_], chosen: I64) -> str:
    names = [str(plans[one]) or "unknown plan" for one in np.unique(chosen)]
    return " or ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} plans"


def _volume(bands: I64) -> str:
    low, after = BANDS[int(bands.min())], int(bands.max()) + 1
    if low == BANDS[0] and after == len(BANDS):
        return "any number of exchanges"
    return f"{low} exchanges or more" if after == len(BANDS) else f"{low} to {BANDS[after] - 1} exchanges"
