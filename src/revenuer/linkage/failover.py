"""Channel `timing`, facts about failover: a request that was turned away is asked again at once from another account.

Whoever is limited or refused tries again, from his own account. A pool tries the next account. The null is twofold: how
often members ask what was answered a second time elsewhere, and how often everybody else's failures are taken up so.
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
from revenuer.linkage.rates import evidence_of_p, fewer_later, positions

__all__ = ["Failovers", "failover_evidence", "find_failovers"]

I64 = npt.NDArray[np.int64]

STRONGEST: Final = 2.0
# How soon is at once, minutes.
AT_ONCE: Final = 10
# Tasks that the traffic asks more often are common, and shorter ones are no tasks: neither says who carries on what.
MOST_ASKED: Final = 12
LEAST_FREE: Final = 8
LEAST_ACCOUNTS: Final = 3
FAILED: Final = ("rate_limited", "refused", "error")


@dataclass(frozen=True, slots=True)
class Failovers:
    """Requests asked again at once from an account of another owner, one entry a pair; sorted by `first`.

    Attributes:
        first: index into the profiles of the account that asked first; `second` likewise.
        draw: of the first exchange; `again` of the second.
        failed: whether it was turned away.
        moved: whether the second took another pathway.
        wait: microseconds between them.
        turned_away: requests of each account that were turned away, shape (accounts,); `answered` likewise.
        taken_up: of the requests of each account that were turned away, those asked again so by anybody.
    """

    first: I64
    second: I64
    draw: I64
    again: I64
    failed: npt.NDArray[np.bool_]
    moved: npt.NDArray[np.bool_]
    wait: I64
    turned_away: I64
    answered: I64
    taken_up: I64


def find_failovers(engine: Engine, rows: ir.Table, profiles: Profiles) -> Failovers:
    """Find what is asked again at once elsewhere.

    Args:
        engine: runs the join; a task joins with at most `MOST_ASKED` others, so its cost is linear in exchanges.
        rows: fingerprints.
        profiles: tell the owners.
    """
    known = rows.filter(rows.status.notnull())
    by = engine.collect(
        known.group_by("account", failed=known.status.isin(FAILED)).agg(n=_.count()).order_by("account", "failed")
    )
    pairs = engine.collect(_pairs(engine, known, profiles))
    pairs = pairs.sort_by([("first", "ascending"), ("draw", "ascending"), ("again", "ascending")])
    place, away = profiles.index(by["account"].to_numpy()), by["failed"].to_numpy(zero_copy_only=False)
    first, failed = profiles.index(pairs["first"].to_numpy()), pairs["failed"].to_numpy(zero_copy_only=False)
    draw = pairs["draw"].to_numpy()
    once = np.unique(draw[failed], return_index=True)[1]
    # profiles are sorted by hash, so the order by hash is one by index
    return Failovers(
        first,
        profiles.index(pairs["second"].to_numpy()),
        draw,
        pairs["again"].to_numpy(),
        failed,
        pairs["moved"].to_numpy(zero_copy_only=False),
        _micros(pairs["later"]) - _micros(pairs["at"]),
        _counts(place[away], by["n"].to_numpy()[away], len(profiles)),
        _counts(place[~away], by["n"].to_numpy()[~away], len(profiles)),
        np.bincount(first[failed][once], minlength=len(profiles)),
    )


def _micros(column: pa.ChunkedArray) -> I64:
    """A timestamp column as microseconds since 1970."""
    values: I64 = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    return values


def _counts(place: I64, n: I64, size: int) -> I64:
    return np.bincount(place, weights=n, minlength=size).astype(np.int64)


def _pairs(engine: Engine, known: ir.Table, profiles: Profiles) -> ir.Table:
    """Pairs of alike requests of two owners within `AT_ONCE`."""
    owners = engine.table("failover_owners", pa.table({"owned": profiles.keys, "owner": profiles.entity}))
    tasks = known.filter((known.item != 0) & (known.free >= LEAST_FREE))
    rare = tasks.group_by("item").agg(asked=_.count())
    tasks = tasks.inner_join(rare.filter(rare.asked.between(2, MOST_ASKED)), "item")
    tasks = tasks.inner_join(owners, tasks.account == owners.owned)
    tasks = engine.persist(
        "rare_tasks",
        tasks.select("draw", "account", "owner", "item", "pathway", failed=_.status.isin(FAILED), at="ts"),
    )
    later = tasks.select("item", second="account", taker="owner", later="at", by="pathway", again="draw")
    joined = tasks.inner_join(later, "item")
    soon = (joined.later >= joined["at"]) & (joined.later <= joined["at"] + ibis.interval(minutes=AT_ONCE))
    follows = soon & (joined.owner != joined.taker) & (joined.draw != joined.again)
    moved = (joined.pathway != joined.by).fill_null(False)
    return joined.filter(follows).select(
        "draw", "again", "failed", "second", "at", "later", first="account", moved=moved
    )


def failover_evidence(found: Failovers, members: I64) -> Evidence | None:
    """How often the group's failed requests are asked again at once from another owner's account of the group.

    Weighed is the larger of two chances (Fisher's exact test, made an e-value): that what was answered is asked again
    as often, and that everybody else's failed requests are.

    Args:
        found: of the whole traffic.
        members: indices of the group's accounts.
    """
    held = positions(found.first, np.sort(members))
    held = held[np.isin(found.second[held], members)]
    failed = held[found.failed[held]]
    again, repeats = len(np.unique(found.draw[failed])), len(np.unique(found.draw[held[~found.failed[held]]]))
    accounts = np.unique(np.concatenate([found.first[failed], found.second[failed]]))
    if len(np.unique(found.first[failed])) < LEAST_ACCOUNTS:
        return None
    # a request that is itself the second of a pair is no chance for another one
    answered = int(found.answered[members].sum()) - len(np.unique(found.again[held]))
    away = int(found.turned_away[members].sum())
    rest = int(found.turned_away.sum()) - away
    elsewhere = int(found.taken_up.sum()) - int(found.taken_up[members].sum())
    chance = max(
        fewer_later((again, away), (min(repeats, answered), answered)), fewer_later((again, away), (elsewhere, rest))
    )
    strength = min(evidence_of_p(chance), STRONGEST)
    if strength <= 0.0:
        return None
    fact = (
        f"{again} of {away} requests that were turned away are asked again within {AT_ONCE} minutes from an account of another "
        f"owner in the group (in the middle after {_words(float(np.median(found.wait[failed])))}; "
        f"{found.moved[failed].mean():.0%} by another pathway); of {answered} others, {repeats}; of {rest} "
        f"turned away from everybody else, {elsewhere}"
    )
    return Evidence("timing", fact, strength, len(accounts))


def _words(wait: float) -> str:
    seconds = wait / 1_000_000
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
