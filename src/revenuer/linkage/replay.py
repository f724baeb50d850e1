"""Channel `replay`: reasoning blocks that come back from somebody else than the one they were given to.

A block that comes back in its own conversation is how reasoning is meant to work, also where a pool carries one
conversation over several accounts. A block of one owner in another conversation of another owner is a replay. A block of
an owner's own other conversation may be a session resumed: heavy honest users do it, so it is marked and weighs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.engine import Engine
from revenuer.findings import Evidence
from revenuer.linkage.rates import binomial_gain, positions

__all__ = ["FOREIGN", "OWN", "RESUMED", "Returned", "find_returned", "mark_replays", "replay_evidence"]

I64 = npt.NDArray[np.int64]

STRONGEST: Final = 3.0
LEAST_OWNERS: Final = 3
# How a block comes back: in its own conversation, in another one of its owner, or in another one of another owner.
OWN, RESUMED, FOREIGN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Returned:
    """Blocks that came back and whose issue was seen, counted by pair of accounts; sorted by `sender`.

    Attributes:
        rows: table of `draw` (exchange) and `how` it carries a block: `FOREIGN`, `RESUMED` or `OWN`.
        sender: index into the profiles of the account that sent blocks back, shape (pairs,).
        issuer: index of the account they were given to.
        how: `FOREIGN`, `RESUMED` or `OWN`.
        n: blocks.
        owners: how many owners sent any block back; `foreign_owners` of these a foreign one.
    """

    rows: ir.Table
    sender: I64
    issuer: I64
    how: I64
    n: I64
    owners: int
    foreign_owners: int


def find_returned(engine: Engine, rows: ir.Table, profiles: Profiles) -> Returned:
    """Look up every returned block's issue; blocks given out before the traffic begins are unknown and left out.

    Args:
        engine: runs the join, whose cost is linear in blocks.
        rows: fingerprints.
        profiles: tell the owners; accounts of one owner are one.
    """
    blocks = engine.persist("returned_blocks", _blocks(engine, rows, profiles))
    counted = engine.collect(blocks.group_by("account", "issuer", "how").agg(n=_.count()))
    counted = counted.sort_by([(name, "ascending") for name in ("account", "issuer", "how")])
    sender, how = profiles.index(counted["account"].to_numpy()), counted["how"].to_numpy()
    owner = profiles.entity[sender]
    return Returned(
        engine.persist("returned", blocks.group_by("draw").agg(how=_.how.max())),
        sender,
        profiles.index(counted["issuer"].to_numpy()),
        how,
        counted["n"].to_numpy(),
        len(np.unique(owner)),
        len(np.unique(owner[how == FOREIGN])),
    )


def _blocks(engine: Engine, rows: ir.Table, profiles: Profiles) -> ir.Table:
    """One row a returned block: exchange, sender, issuer, and how it came back."""
    owners = engine.table("owners", pa.table({"owned": profiles.keys, "owner": profiles.entity}))
    given = rows.filter(rows.issued != 0).group_by(block=rows.issued)
    # what was given out twice tells of no one
    given = given.agg(issuer=_.account.min(), of_session=_.session.min(), issues=_.count())
    sent = rows.filter(rows.refs.length() > 0).select("draw", "account", "session", block=rows.refs.unnest())
    pairs = sent.inner_join(given.filter(given.issues == 1), "block")
    pairs = pairs.inner_join(owners.rename(sends="owner"), pairs.account == owners.owned).drop("owned")
    pairs = pairs.inner_join(owners.rename(got="owner"), pairs.issuer == owners.owned).drop("owned")
    known = (pairs.session != 0) & (pairs.of_session != 0)
    elsewhere = ibis.ifelse(known, pairs.session != pairs.of_session, pairs.account != pairs.issuer)
    how = ibis.ifelse(elsewhere, ibis.ifelse(pairs.sends != pairs.got, FOREIGN, RESUMED), OWN)
    return pairs.select("draw", "account", "issuer", how=how.cast("int64"))


def mark_replays(rows: ir.Table, returned: Returned) -> ir.Table:
    """The rows with a column `replays`: whether the exchange carries a block of another owner's conversation."""
    marks = returned.rows.rename(marked="draw")
    joined = rows.left_join(marks, rows.draw == marks.marked)
    return joined.mutate(replays=joined.how.fill_null(OWN) == FOREIGN).drop("marked", "how")


def replay_evidence(returned: Returned, profiles: Profiles, members: I64) -> Evidence | None:
    """How many owners of a group send blocks of each other back, against everybody else's habit.

    Owners are counted and not blocks, since one script in one household would make many. The null is the share of all
    other owners who ever sent back a block of anybody else's conversation.

    Args:
        returned: of the whole traffic.
        profiles: tell the owners.
        members: indices of the group's accounts.
    """
    held = positions(returned.sender, np.sort(members))
    foreign = held[returned.how[held] == FOREIGN]
    among = foreign[np.isin(returned.issuer[foreign], members)]
    tied, ever, known = (len(np.unique(profiles.entity[returned.sender[rows]])) for rows in (among, foreign, held))
    others, rest = returned.foreign_owners - ever, returned.owners - known
    gain = binomial_gain(tied, known, (others + 0.5) / (rest + 1.0))
    if tied < LEAST_OWNERS or gain <= 0.0:
        return None
    fact = (
        f"{tied} of the {known} account owners who send reasoning blocks back send one that was given to another owner of "
        f"the group in another conversation ({int(returned.n[among].sum())} blocks); of everybody else {others} of {rest} "
        "ever send one of another owner"
    )
    return Evidence("replay", fact, float(min(gain, STRONGEST)), len(np.unique(returned.sender[among])))
