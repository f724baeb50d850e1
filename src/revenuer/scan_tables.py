"""The tables of findings: one row an account, one row an exchange."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.assemble import Assembled, Harvest
from revenuer.campaigns.queues import Queue
from revenuer.engine import Engine
from revenuer.schema import CAPABILITIES, FOUND_ACCOUNTS, FOUND_EXCHANGES

__all__ = ["write_accounts", "write_exchanges"]


# What an account can be at risk of that is not flagged: it ranks below every flagged one of equal evidence.
BELOW: Final = 0.5


def write_accounts(
    path: Path,
    profiles: Profiles,
    queues: list[Queue],
    assembled: list[Assembled],
    harvest: Harvest,
    *,
    judged: Iterable[tuple[Queue, float]],
    p_values: npt.NDArray[np.float64],
) -> int:
    """Write one row an account, sorted by id; returns how many are flagged.

    Args:
        path: where to.
        profiles: all accounts.
        queues: those called campaigns, by number.
        assembled: the campaigns.
        harvest: what each account made.
        judged: every queue with the confidence that it is a campaign: it ranks the accounts that are not flagged.
        p_values: of each account that it is honest, by its own requests alone.
    """
    risk = np.clip(_risks(len(profiles), queues, assembled, judged), 0.0, 1.0)
    campaign, reasons = _accused_of(profiles, assembled, harvest)
    flagged = np.array([name is not None for name in campaign], np.bool_)
    share = np.where(flagged, harvest.expected / np.maximum(profiles.exchanges, 1), 0.0)
    bounds = harvest.interval(np.arange(len(profiles)), profiles)
    order = np.argsort(profiles.ids.astype(str), kind="stable")
    table = pa.table(
        [
            pa.array(profiles.ids[order], pa.string()),
            pa.array(risk[order]),
            pa.array(flagged[order]),
            pa.array(campaign[order], pa.string()),
            pa.array(np.clip(share, 0.0, 1.0)[order]),
            *(pa.array(bound[order], mask=~flagged[order]) for bound in bounds),
            pa.array([reasons[i] for i in order], pa.list_(pa.string())),
            pa.array(p_values[order]),
        ],
        schema=FOUND_ACCOUNTS,
    )
    pq.write_table(table, path, compression="zstd")
    return int(flagged.sum())


def _risks(
    accounts: int, queues: list[Queue], assembled: list[Assembled], judged: Iterable[tuple[Queue, float]]
) -> npt.NDArray[np.float64]:
    """The risk of each account: in full for what its campaign flags, less for all others of a queue."""
    risk = np.zeros(accounts)
    for queue, confidence in judged:
        risk[queue.accounts] = BELOW * queue.posterior * confidence
    for one in assembled:
        queue = queues[one.number]
        member = np.isin(queue.accounts, one.flagged)
        risk[queue.accounts] = queue.posterior * one.campaign.confidence * np.where(member, 1.0, BELOW)
    return risk


def _accused_of(
    profiles: Profiles, assembled: list[Assembled], harvest: Harvest
) -> tuple[npt.NDArray[np.object_], list[list[str]]]:
    """The campaign of each account, None where it is not flagged, and the reasons."""
    campaign = np.full(len(profiles), None, object)
    reasons: list[list[str]] = [[] for _account in range(len(profiles))]
    for one in assembled:
        campaign[one.flagged] = one.campaign.campaign_id
        for account in one.flagged:
            reasons[account] = _reasons(one, int(harvest.extracted[account]), int(profiles.exchanges[account]))
    return campaign, reasons


def _reasons(one: Assembled, extracted: int, made: int) -> list[str]:
    """What of an account's exchanges serves its campaign, and the channels that speak for the campaign."""
    strongest = [evidence.channel for evidence in one.campaign.evidence if evidence.strength > 0.5]
    return [f"{extracted} of {made} exchanges serve {one.campaign.campaign_id}", *dict.fromkeys(strongest)]


def write_exchanges(engine: Engine, path: Path, scored: ir.Table, assembled: list[Assembled]) -> None:
    """Stream one row an exchange; an exchange of an account that is not flagged is never called extraction."""
    accused = engine.table("accused_of", _accused(assembled))
    labels = engine.table("labels", pa.table({"code": np.arange(len(CAPABILITIES)), "capability": list(CAPABILITIES)}))
    rows = scored.select("exchange_id", "draw", "account", "score", "extracts", "campaign", "named", "holds")
    on = [rows.campaign == accused.number, rows.account == accused.member]
    rows = rows.left_join(accused, on).join(labels, _.named == labels.code)
    chosen = rows.order_by(["draw", "exchange_id"]).select(
        "exchange_id",
        "score",
        extraction=_.extracts & _.campaign_id.notnull(),
        capability=_.capability,
        campaign_id=ibis.ifelse(_.extracts, _.campaign_id, ibis.null("string")),
        named=_.named,
        holds=_.holds,
    )
    with pq.ParquetWriter(path, FOUND_EXCHANGES, compression="zstd") as writer:
        for batch in engine.batches(chosen):
            columns = [batch.column(name) for name in FOUND_EXCHANGES.names[:-1]]
            columns.append(_capabilities(batch.column("named"), batch.column("holds")))
            writer.write_batch(pa.record_batch(columns, names=FOUND_EXCHANGES.names).cast(FOUND_EXCHANGES))


def _capabilities(named: pa.Array, holds: pa.Array) -> pa.Array:
    """Lists of the capabilities whose bits are set, the one that is named among them; null where nothing was read."""
    bits = pc.fill_null(holds, 0).to_numpy() | np.int32(1) << named.to_numpy().astype(np.int32)
    held = (bits[:, None] >> np.arange(len(CAPABILITIES), dtype=np.int32)) & 1
    offsets = np.concatenate([[0], np.cumsum(held.sum(axis=1))]).astype(np.int32)
    names = pa.array(CAPABILITIES).take(pa.array(np.nonzero(held)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), names, mask=holds.is_null())


def _accused(assembled: list[Assembled]) -> pa.Table:
    """Flagged accounts by the number of their queue, with the name of the campaign."""
    sizes = [len(one.keys) for one in assembled]
    return pa.table(
        {
            "number": np.repeat(np.array([one.number for one in assembled], np.int64), sizes),
            "member": np.concatenate([one.keys for one in assembled]) if assembled else np.zeros(0, np.int64),
            "campaign_id": pa.array([one.campaign.campaign_id for one in assembled for _key in one.keys], pa.string()),
        }
    )
