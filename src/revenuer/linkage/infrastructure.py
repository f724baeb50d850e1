"""Channel `infrastructure`: addresses, networks and client builds that a group has to itself."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from revenuer.behaviour import Profiles
from revenuer.engine import Engine
from revenuer.findings import Evidence
from revenuer.linkage.sharing import shared_words, sharing

__all__ = ["Traces", "infrastructure_evidence", "traces"]

I64 = npt.NDArray[np.int64]

_KINDS = {
    "ip": ("client address", "client addresses"),
    "net": ("network", "networks"),
    "client": ("client build", "client builds"),
}


@dataclass(frozen=True, slots=True)
class Traces:
    """Which account was seen with what: one entry an account and value, by kind."""

    account: dict[str, I64]
    value: dict[str, I64]


def traces(engine: Engine, rows: ir.Table, profiles: Profiles) -> Traces:
    """Distinct (account, value) pairs of each kind of infrastructure."""
    account: dict[str, I64] = {}
    value: dict[str, I64] = {}
    for kind in _KINDS:
        seen = rows.filter(rows[kind] != 0).select("account", value=rows[kind]).distinct()
        table = engine.collect(seen.order_by(["account", ibis.asc("value")]))
        account[kind] = profiles.index(table["account"].to_numpy())
        value[kind] = table["value"].to_numpy()
    return Traces(account, value)


def infrastructure_evidence(found: Traces, profiles: Profiles, members: I64, *, seed: int) -> Evidence | None:
    """The strongest kind of shared infrastructure; address, network and client are correlated and count once."""
    best: Evidence | None = None
    for kind, words in _KINDS.items():
        s = sharing(found.account[kind], found.value[kind], members, profiles.entity, seed=seed)
        if s.strength > (best.strength if best else 0.0):
            best = Evidence("infrastructure", shared_words(s, *words), s.strength, s.tied)
    return best
