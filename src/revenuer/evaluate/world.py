"""Findings, truth and traffic side by side: one row per true account, one per true exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.errors import InputError
from revenuer.evaluate import tables
from revenuer.evaluate.measures import Bools, Floats
from revenuer.evaluate.tables import Coded
from revenuer.evaluate.traffic import Traffic, find_traffic, read_traffic
from revenuer.findings import Pivot, Succession
from revenuer.schema import FINDINGS_SCHEMA_VERSION, FOUND_ACCOUNTS, FOUND_EXCHANGES, TRUTH_ACCOUNTS, TRUTH_EXCHANGES

__all__ = ["ABSENT", "Accounts", "Exchanges", "ListedCampaign", "World", "disagreements", "read_world"]

# The capability of an exchange that the findings do not list.
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class ListedCampaign:
    """The part of a campaign in `campaigns.json` that can be held against the truth."""

    campaign_id: str
    account_ids: tuple[str, ...]
    capabilities: dict[str, float]
    pivots: tuple[Pivot, ...] = field(default=())
    successions: tuple[Succession, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Document:
    campaigns: tuple[ListedCampaign, ...]
    schema: int = FINDINGS_SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Accounts:
    """Columns of n true accounts; `found` is the campaign the findings put each in (codes, -1: none)."""

    ids: pa.ChunkedArray
    label: Coded
    extraction: Bools
    campaign: Coded
    listed: Bools
    flagged: Bools
    risk: Floats
    share: Floats
    found: Coded

    @property
    def legitimate(self) -> Bools:
        """Accounts that neither extract nor belong to a campaign."""
        return ~self.extraction & (self.campaign.codes < 0)


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Columns of n true exchanges; the capability codes of truth and findings share one list of names."""

    extraction: Bools
    campaign: Coded
    capability: Coded
    listed: Bools
    marked: Bools
    found: Coded
    said: Coded


@dataclass(frozen=True, slots=True)
class World:
    """Everything an evaluation looks at; `traffic` is null when only findings and truth are at hand."""

    accounts: Accounts
    exchanges: Exchanges
    campaigns: tuple[ListedCampaign, ...]
    traffic: Traffic | None


def read_world(findings: Path, truth: Path, traffic: Path | None) -> World:
    """Read and align all tables.

    Raises:
        InputError: a file or column is missing or malformed, ids come twice, the truth is empty, or the findings
            speak of accounts, exchanges or campaigns that the truth does not know.
    """
    campaigns = _read_campaigns(findings / "campaigns.json")
    accounts = _read_accounts(findings / "accounts.parquet", truth / "accounts.parquet", campaigns)
    true_exchanges = _read_truth(truth / "exchanges.parquet", TRUTH_EXCHANGES, "exchange_id")
    exchanges = _read_exchanges(findings, truth, true_exchanges, accounts)
    place = find_traffic(truth, traffic)
    read = None if place is None else read_traffic(place, true_exchanges.column("exchange_id"), accounts.ids)
    if read is not None:
        _check_extraction(accounts, exchanges, read, truth / "accounts.parquet")
    return World(accounts, exchanges, campaigns, read)


def _check_extraction(accounts: Accounts, exchanges: Exchanges, traffic: Traffic, path: Path) -> None:
    """Refuse a truth that calls an account innocent and one of its exchanges extraction."""
    asking = traffic.account[exchanges.extraction & (traffic.account >= 0)]
    wrong = asking[~accounts.extraction[asking]]
    if len(wrong):
        row = int(wrong.min())
        message = f"{accounts.ids[row].as_py()!r} is no extraction account but made extraction exchanges"
        raise InputError(message, file=str(path), row=f"row {row}", column="extraction")


def _read_campaigns(path: Path) -> tuple[ListedCampaign, ...]:
    if not path.is_file():
        raise InputError("no such file", file=str(path))
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a list of campaigns: {error}", file=str(path)) from error
    if document.schema != FINDINGS_SCHEMA_VERSION:
        raise InputError(f"is of version {document.schema}, not {FINDINGS_SCHEMA_VERSION}", file=str(path))
    campaigns = document.campaigns
    ids = pa.chunked_array([pa.array([c.campaign_id for c in campaigns], pa.string())])
    tables.require_unique(ids, path, "campaign_id")
    return campaigns


def _read_truth(path: Path, schema: pa.Schema, key: str) -> pa.Table:
    table = tables.read_columns(path, schema, schema.names)
    if not table.num_rows:
        raise InputError("the truth is empty", file=str(path))
    tables.require_unique(table.column(key), path, key)
    return table


def _read_found(path: Path, schema: pa.Schema, names: list[str], wanted: pa.ChunkedArray) -> tuple[pa.Table, Bools]:
    """Rows of the findings in the order of `wanted`, null where absent, and which are there."""
    table = tables.read_columns(path, schema, names)
    tables.require_unique(table.column(names[0]), path, names[0])
    rows = tables.rows_of(wanted, table.column(names[0]), path, names[0])
    there = rows >= 0
    return table.take(pa.array(rows, mask=~there)), there


def _read_accounts(found_path: Path, true_path: Path, campaigns: tuple[ListedCampaign, ...]) -> Accounts:
    truth = _read_truth(true_path, TRUTH_ACCOUNTS, "account_id")
    ids = truth.column("account_id")
    names = ["account_id", "risk", "flagged", "campaign_id", "extraction_share"]
    found, there = _read_found(found_path, FOUND_ACCOUNTS, names, ids)
    return Accounts(
        ids=ids,
        label=tables.encode(truth.column("label")),
        extraction=tables.booleans(truth.column("extraction")),
        campaign=tables.encode(truth.column("campaign")),
        listed=there,
        flagged=tables.booleans(found.column("flagged")),
        risk=tables.numbers(pc.fill_null(found.column("risk"), 0.0), found_path, "risk"),
        share=tables.numbers(pc.fill_null(found.column("extraction_share"), 0.0), found_path, "extraction_share"),
        found=tables.code_against(
            found.column("campaign_id"),
            tuple(c.campaign_id for c in campaigns),
            found_path,
            "campaign_id",
            "campaigns.json",
        ),
    )


def _read_exchanges(findings: Path, truth: Path, true: pa.Table, accounts: Accounts) -> Exchanges:
    path = findings / "exchanges.parquet"
    names = ["exchange_id", "extraction", "capability", "campaign_id"]
    found, there = _read_found(path, FOUND_EXCHANGES, names, true.column("exchange_id"))
    said = pc.fill_null(found.column("capability"), ABSENT)
    capabilities = tables.encode(pa.chunked_array([*true.column("capability").chunks, *said.chunks])).names
    return Exchanges(
        extraction=tables.booleans(true.column("extraction")),
        campaign=tables.code_against(
            true.column("campaign"),
            accounts.campaign.names,
            truth / "exchanges.parquet",
            "campaign",
            "accounts.parquet",
        ),
        capability=tables.recode(true.column("capability"), capabilities),
        listed=there,
        marked=tables.booleans(found.column("extraction")),
        found=tables.code_against(
            found.column("campaign_id"), accounts.found.names, path, "campaign_id", "campaigns.json"
        ),
        said=tables.recode(said, capabilities),
    )


def disagreements(accounts: Accounts, campaigns: tuple[ListedCampaign, ...]) -> int:
    """Memberships that stand in only one of `campaigns.json` and `accounts.parquet`."""
    pairs = [(i, account) for i, c in enumerate(campaigns) for account in c.account_ids]
    listed = pa.array([account for _, account in pairs], pa.string())
    place = pc.fill_null(pc.index_in(listed, value_set=accounts.ids.combine_chunks()), -1)
    rows = np.asarray(place.to_numpy(zero_copy_only=False), dtype=np.int64)
    owner = np.array([i for i, _ in pairs], dtype=np.int64)
    agreed = int(((rows >= 0) & (accounts.found.codes[rows] == owner)).sum()) if len(rows) else 0
    return len(pairs) - agreed + int((accounts.found.codes >= 0).sum()) - agreed
