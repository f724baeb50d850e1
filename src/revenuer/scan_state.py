"""A scan's findings, put into the state, and given the ids that the state knows their campaigns by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.findings import Campaign, campaigns_document
from revenuer.output import write_atomically
from revenuer.report import render_report
from revenuer.response import marked, task_marks
from revenuer.scanning import ScanResult
from revenuer.state import AccountFound, Recorded, State, record_scan
from revenuer.summary import CAMPAIGNS_FILE, SUMMARY_FILE, ScanSummary, to_json

__all__ = ["accounts_found", "keep_in_state"]


def keep_in_state(
    result: ScanResult, place: Path, state: State, *, at: str, batches: Iterable[Any] = ()
) -> tuple[ScanResult, Recorded]:
    """Record findings in the state, in one transaction, and rewrite them with the ids that stay.

    Args:
        result: of the scan.
        place: where its findings are written, before they are put where they were asked for.
        state: open.
        at: now, RFC 3339.
        batches: the exchanges that were scanned, which tell the frames that are no tasks of everybody; they are marked in the state.

    Returns:
        The result with the ids that stay, and what recording did.
    """
    # the names that frames go by where no text is kept are those of this scan alone
    readable = result.summary.settings.get("content", "full") == "full"
    campaigns = [one if readable else replace(one, frames=()) for one in result.campaigns]
    marks = task_marks(place, campaigns, batches)
    kept = [replace(one, frames=marked(one.frames, marks)) for one in campaigns]
    recorded = record_scan(state, kept, accounts_found(place), at=at)
    changed = {old: new for old, new in recorded.ids.items() if old != new}
    if not changed:
        return result, recorded
    renamed = tuple(_renamed(one, changed) for one in result.campaigns)
    summary = _renamed_summary(result.summary, changed)
    _write(place, renamed, summary, changed)
    return ScanResult(renamed, result.flagged_accounts, summary), recorded


def accounts_found(findings: Path) -> list[AccountFound]:
    """The accounts of findings as the state takes them."""
    names = ["account_id", "campaign_id", "risk", "flagged", "extraction_share", "extraction_share_low"]
    rows = pq.read_table(findings / "accounts.parquet", columns=names).to_pylist()
    return [AccountFound(*(row[name] for name in names)) for row in rows]


def _renamed(campaign: Campaign, ids: Mapping[str, str]) -> Campaign:
    return replace(campaign, campaign_id=ids.get(campaign.campaign_id, campaign.campaign_id))


def _renamed_summary(summary: ScanSummary, ids: Mapping[str, str]) -> ScanSummary:
    details = {ids.get(name, name): detail for name, detail in summary.campaigns.items()}
    control = summary.control
    if control is not None:
        told = {ids.get(name, name): one for name, one in control.campaigns.items()}
        control = msgspec.structs.replace(control, campaigns=told)
    return msgspec.structs.replace(summary, campaigns=details, control=control)


def _write(place: Path, campaigns: tuple[Campaign, ...], summary: ScanSummary, ids: Mapping[str, str]) -> None:
    document = msgspec.json.format(msgspec.json.encode(campaigns_document(campaigns)), indent=1) + b"\n"
    write_atomically(place / CAMPAIGNS_FILE, document)
    write_atomically(place / SUMMARY_FILE, to_json(summary))
    write_atomically(place / "report.html", render_report(campaigns, summary).encode())
    for name in ("accounts.parquet", "exchanges.parquet"):
        _rewrite(place / name, ids)


def _rewrite(path: Path, ids: Mapping[str, str]) -> None:
    """The table with other campaign ids, batch by batch; the sentences that name a campaign follow."""
    fresh = path.with_name(f".{path.name}.partial")
    with pq.ParquetFile(path) as old, pq.ParquetWriter(fresh, old.schema_arrow, compression="zstd") as writer:
        for batch in old.iter_batches():
            writer.write_batch(_replaced(batch, ids))
    fresh.replace(path)


def _replaced(batch: Any, ids: Mapping[str, str]) -> Any:
    for name in {"campaign_id", "reasons"} & set(batch.schema.names):
        number, column = batch.schema.get_field_index(name), batch[name]
        texts = column if name == "campaign_id" else column.values
        told = _with_ids(texts, ids)
        made = told if name == "campaign_id" else pa.ListArray.from_arrays(column.offsets, told)
        batch = batch.set_column(number, batch.schema.field(number), made)
    return batch


def _with_ids(texts: Any, ids: Mapping[str, str]) -> Any:
    """All ids at once, so that two campaigns may take each other's."""
    marks = {old: f"\x00{number}\x00" for number, old in enumerate(ids)}
    for old, mark in marks.items():
        texts = pc.replace_substring(texts, old, mark)
    for old, mark in marks.items():
        texts = pc.replace_substring(texts, mark, ids[old])
    return texts
