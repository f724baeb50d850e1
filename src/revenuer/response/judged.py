"""A replay held against the truth: harvest that was cut, friction that honest traffic met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.control import clopper_pearson
from revenuer.errors import InputError
from revenuer.response.replay import Replay
from revenuer.sources import Quarantine, open_traffic, read_part

__all__ = ["Cut", "Friction", "Judged", "judge"]

CLOSED = ("suspend", "network_action")


@dataclass(frozen=True, slots=True)
class Cut:
    """One archetype, from the moment on at which the policy acts.

    Attributes:
        label: of the truth.
        campaign: of the truth.
        harvest: extraction exchanges that came.
        stopped: those that got no answer; `closed`: because their account was closed, the others until they verify.
        share, low, high: cut of the harvest with its exact interval at 95 %.
        other: exchanges of its accounts that are no extraction; `other_met`: those of them that met more than observe.
    """

    label: str
    campaign: str
    harvest: int
    stopped: int
    closed: int
    share: float
    low: float
    high: float
    other: int
    other_met: int


@dataclass(frozen=True, slots=True)
class Friction:
    """One kind of honest accounts: exchanges that met more than observe, with the exact interval, and accounts closed."""

    label: str
    accounts: int
    exchanges: int
    met: int
    share: float
    low: float
    high: float
    suspended: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Archetypes, honest workloads, and these taken together."""

    campaigns: tuple[Cut, ...]
    workloads: tuple[Friction, ...]
    honest: Friction


def judge(result: Replay, traffic: Path, truth: Path) -> Judged:
    """Count by label what the replay did.

    Raises:
        InputError: the truth cannot be read.
    """
    accounts = {row["account_id"]: row for row in _table(truth / "accounts.parquet")}
    harvests = {row["exchange_id"] for row in _table(truth / "exchanges.parquet") if row["extraction"]}
    met = {one.exchange_id: one for one in result.met}
    counted: Counter[tuple[str, ...]] = Counter()
    members: dict[tuple[str, str], set[str]] = {}
    for name, account in _later(traffic, result.since):
        true = accounts.get(account, {"label": "unknown", "campaign": None})
        of = (true["label"], true["campaign"] or "")
        members.setdefault(of, set()).add(account)
        kind = "harvest" if name in harvests else "other"
        counted[*of, kind] += 1
        if name in met:
            counted[*of, kind, "met"] += 1
            counted[*of, kind, "stopped"] += met[name].stopped
            counted[*of, kind, "closed"] += met[name].rung in CLOSED
    closed = {one.account_id for one in result.met if one.rung in CLOSED}
    cuts = tuple(_cut(of, counted) for of in sorted(members, key=_natural) if of[1])
    honest = [of for of in sorted(members, key=_natural) if not of[1]]
    rows = tuple(_friction(of[0], [of], counted, members, closed) for of in honest)
    return Judged(cuts, rows, _friction("all honest", honest, counted, members, closed))


def _cut(of: tuple[str, str], counted: Counter[tuple[str, ...]]) -> Cut:
    harvest, stopped = counted[*of, "harvest"], counted[*of, "harvest", "stopped"]
    low, high = clopper_pearson(stopped, harvest)
    others = counted[*of, "other"], counted[*of, "other", "met"]
    share = stopped / harvest if harvest else 0.0
    return Cut(*of, harvest, stopped, counted[*of, "harvest", "closed"], share, low, high, *others)


def _friction(
    label: str,
    groups: list[tuple[str, str]],
    counted: Counter[tuple[str, ...]],
    members: dict[tuple[str, str], set[str]],
    closed: set[str],
) -> Friction:
    total = sum(counted[*of, kind] for of in groups for kind in ("harvest", "other"))
    met = sum(counted[*of, kind, "met"] for of in groups for kind in ("harvest", "other"))
    accounts = set().union(*(members[of] for of in groups))
    low, high = clopper_pearson(met, total)
    share = met / total if total else 0.0
    return Friction(label, len(accounts), total, met, share, low, high, len(accounts & closed))


def _later(traffic: Path, since: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for part in open_traffic(traffic).exchange_parts():
        for batch in read_part(part, Quarantine()):
            late = batch.filter(pa.compute.greater_equal(batch["ts"].cast(pa.int64()), since))
            found += zip(late["exchange_id"].to_pylist(), late["account_id"].to_pylist(), strict=True)
    return found


def _natural(of: tuple[str, str]) -> tuple[str, int, str]:
    """A2 before A10."""
    head = of[0].rstrip("0123456789")
    return head, int(of[0][len(head) :] or 0), of[1]


def _table(path: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {str(error).splitlines()[0]}", file=str(path)) from error
    return found
