"""How much an account's requests read like harvesting: a number for every account, in a queue or not.

The score of an account looks at its own exchanges alone and at constants that were fixed beforehand. So it is the same in
whatever traffic the account stands, and scores of another period can calibrate it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from ibis import _

from revenuer.behaviour.profiles import Profiles
from revenuer.control.evalues import STAKES
from revenuer.engine import Engine

__all__ = ["BANDS", "Unusual", "unusual"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# Mean text score that the bets are against: that of simulated honest traffic.
USUAL: Final = 0.3
# Least exchanges of each band of volume.
BANDS: Final = (1, 4, 10, 30, 100, 1_000)
MILLION: Final = 1_000_000
KINDS: Final = ("prompt_frame", "system_frame", "system_text")


@dataclass(frozen=True, slots=True)
class Unusual:
    """Accounts as conformal p-values need them; every array has shape (accounts,).

    Attributes:
        score: natural log of the capital of bets that the account's exchanges read like harvesting, see `unusual`.
        band: of volume, index into `BANDS`.
        plan: in words, empty where unknown.
        cluster: what it is likely to stand or fall with: the template of most of its requests, or else its owner.
    """

    score: F64
    band: I64
    plan: npt.NDArray[np.object_]
    cluster: I64

    def only(self, chosen: npt.NDArray[np.bool_]) -> Unusual:
        """The accounts for which `chosen` holds."""
        return Unusual(self.score[chosen], self.band[chosen], self.plan[chosen], self.cluster[chosen])


def unusual(engine: Engine, rows: ir.Table, profiles: Profiles) -> Unusual:
    """Score every account.

    The score is the capital, over several stakes, of bets that the text scores x of an account exceed `USUAL`: the mean
    of the products of 1 + s (x - USUAL) / USUAL, as in `control.evalues.Bets`. x is the mean of the scores for reading
    like training material and for asking that reasoning be laid open.

    Args:
        engine: runs the aggregation.
        rows: fingerprints.
        profiles: of all accounts with an exchange.
    """
    made = engine.collect(_bets(rows)).sort_by("account")
    logs = np.stack([made[_name(stake)].to_numpy() for stake in range(len(STAKES))], axis=1) / MILLION
    top = logs.max(axis=1)
    return Unusual(
        score=top + np.log(np.exp(logs - top[:, None]).mean(axis=1)),
        band=np.searchsorted(BANDS, profiles.exchanges, "right") - 1,
        plan=profiles.plans,
        cluster=_clusters(engine, rows, profiles),
    )


def _name(stake: int) -> str:
    return f"bet_{stake}"


def _bets(rows: ir.Table) -> ir.Table:
    """Log capital of each stake, in whole millionths: a sum of floats depends on the order of rows."""
    # where text is not read nothing is bet
    x = sum(rows[name].cast("float64").fill_null(USUAL) for name in ("extraction", "elicitation")) / 2.0
    gain = (x - USUAL) / USUAL
    bets = {_name(at): ((1.0 + stake * gain).ln() * MILLION).round().cast("int64") for at, stake in enumerate(STAKES)}
    return rows.select(account=rows.account, **bets).group_by("account").agg(**{name: _[name].sum() for name in bets})


def _clusters(engine: Engine, rows: ir.Table, profiles: Profiles) -> I64:
    """The template of half of an account's requests or more, the least hash of several; else its owner."""
    used = [
        rows.filter(rows[kind] != 0).group_by(account=rows.account, template=rows[kind]).agg(n=_.count())
        for kind in KINDS
    ]
    edges = engine.collect(ibis.union(*used))
    account, template = profiles.index(edges["account"].to_numpy()), edges["template"].to_numpy()
    chief = 2 * edges["n"].to_numpy() >= profiles.exchanges[account]
    order = np.lexsort((template[chief], account[chief]))
    cluster = profiles.entity.copy()
    # the last assignment of a place wins, so the least hash is written last
    cluster[account[chief][order][::-1]] = template[chief][order][::-1]
    return cluster
