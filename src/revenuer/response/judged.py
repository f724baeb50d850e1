"""A replay held against the truth: harvest that was cut, friction that honest traffic met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.control import clopper_pearson
from revenuer.errors import InputError, reason
from revenuer.response.acting import Met, Replay
from revenuer.sources import Quarantine, open_traffic, read_part

__all__ = ["Cut", "Friction", "Harvest", "Judged", "judge"]

CLOSED = ("suspend", "network_action")


@dataclass(frozen=True, slots=True)
class Harvest:
    """Extraction exchanges of a campaign from a moment on.

    Attributes:
        came: how many.
        stopped: those that got no answer; `closed`: because their account was closed, the others until they verify.
        share, low, high: cut of the harvest with its exact interval at 95 %, which takes exchanges as independent.
        passed: why the others passed, see `Replay.passed`; `UNKNOWN` where nothing was known of account and text.
    """

    came: int
    stopped: int
    closed: int
    share: float
    low: float
    high: float
    passed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """One campaign of the truth.

    Attributes:
        label: archetype.
        campaign: of the truth.
        whole: its harvest from the moment on at which the policy acts.
        found_at: microsecond since 1970 from which on a scan had named a campaign mostly of its accounts; None: no scan did.
        later: its harvest since then.
        other: exchanges of its accounts that are no extraction; `other_met`: those of them that met more than observe.
    """

    label: str
    campaign: str
    whole: Harvest
    found_at: int | None
    later: Harvest
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
    found = _found(result, {name: row["campaign"] for name, row in accounts.items()})
    met = {one.exchange_id: one for one in result.met}
    counted: Counter[tuple[str, ...]] = Counter()
    members: dict[tuple[str, str], set[str]] = {}
    for name, ts, account in _later(traffic, result.since):
        true = accounts.get(account, {"label": "unknown", "campaign": None})
        of = (true["label"], true["campaign"] or "")
        members.setdefault(of, set()).add(account)
        kinds = ["harvest" if name in harvests else "other"]
        kinds += ["later"] if name in harvests and ts >= found.get(of[1], ts + 1) else []
        for kind in kinds:
            counted.update((*of, kind, *what) for what in _became(met.get(name), result.passed.get(name, "UNKNOWN")))
    closed = {one.account_id for one in result.met if one.rung in CLOSED}
    cuts = tuple(_cut(of, counted, found.get(of[1])) for of in sorted(members, key=_natural) if of[1])
    honest = [of for of in sorted(members, key=_natural) if not of[1]]
    rows = tuple(_friction(of[0], [of], counted, members, closed) for of in honest)
    return Judged(cuts, rows, _friction("all honest", honest, counted, members, closed))


def _found(result: Replay, campaign_of: dict[str, str | None]) -> dict[str, int]:
    """When each true campaign was first most of one that a scan named."""
    found: dict[str, int] = {}
    for at, names in result.named:
        of = Counter(campaign_of.get(name) for name in names)
        for campaign, number in of.items():
            if campaign is not None and 2 * number > len(names):
                found[campaign] = min(at, found.get(campaign, at))
    return found


def _became(met: Met | None, why: str) -> list[tuple[str, ...]]:
    """What is counted of an exchange."""
    if met is None:
        return [(), ("passed", why)]
    kinds = [(), ("met",), ("stopped",), ("closed",)]
    return [kind for kind, holds in zip(kinds, (True, True, met.stopped, met.rung in CLOSED), strict=True) if holds]


def _cut(of: tuple[str, str], counted: Counter[tuple[str, ...]], found_at: int | None) -> Cut:
    whole, later = (_harvest((*of, kind), counted) for kind in ("harvest", "later"))
    return Cut(*of, whole, found_at, later, counted[*of, "other"], counted[*of, "other", "met"])


def _harvest(of: tuple[str, ...], counted: Counter[tuple[str, ...]]) -> Harvest:
    came, stopped = counted[of], counted[*of, "stopped"]
    low, high = clopper_pearson(stopped, came)
    passed = {key[-1]: number for key, number in sorted(counted.items()) if key[:-1] == (*of, "passed")}
    return Harvest(came, stopped, counted[*of, "closed"], stopped / came if came else 0.0, low, high, passed)


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


def _later(traffic: Path, since: int) -> Iterator[tuple[str, int, str]]:
    """Id, microsecond and account of the exchanges from a moment on."""
    for part in open_traffic(traffic).exchange_parts():
        for batch in read_part(part, Quarantine()):
            late = batch.filter(pa.compute.greater_equal(batch["ts"].cast(pa.int64()), since))
            columns = (late["exchange_id"], late["ts"].cast(pa.int64()), late["account_id"])
            yield from zip(*(column.to_pylist() for column in columns), strict=True)


def _natural(of: tuple[str, str]) -> tuple[str, int, str]:
    """A2 before A10."""
    head = of[0].rstrip("0123456789")
    return head, int(of[0][len(head) :] or 0), of[1]


def _table(path: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(path)) from error
    return found
