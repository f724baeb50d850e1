"""What `scan.json` holds: the traffic a scan looked at, what it could not judge, and the groups it cleared.

It stands beside `campaigns.json` and serves people and the report; no decision is taken from it. Every part may be
missing: sources differ in what they record, and a reader then says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from revenuer.errors import InputError
from revenuer.findings import Campaign
from revenuer.schema import FINDINGS_SCHEMA_VERSION

__all__ = [
    "CAMPAIGNS_FILE",
    "SUMMARY_FILE",
    "Alarm",
    "BanDay",
    "CampaignDetail",
    "CampaignSeries",
    "Cleared",
    "Control",
    "InputFile",
    "MissingColumn",
    "Network",
    "NetworkNode",
    "Quality",
    "Release",
    "ScanSummary",
    "Signups",
    "Standing",
    "Stratum",
    "Traffic",
    "TrafficSeries",
    "from_json",
    "read_findings",
    "to_json",
]

CAMPAIGNS_FILE: Final = "campaigns.json"
SUMMARY_FILE: Final = "scan.json"

Setting = str | int | float | bool | None
_T = TypeVar("_T")


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """How much was looked at. Times are RFC 3339 in UTC; `orgs` is null where the source names none."""

    exchanges: int = 0
    accounts: int = 0
    orgs: int | None = None
    first_seen: str | None = None
    last_seen: str | None = None
    pathways: dict[str, int] = {}
    models: dict[str, int] = {}


class MissingColumn(msgspec.Struct, frozen=True):
    """A column that the source does not have, and what could therefore not be judged."""

    table: str
    column: str
    consequence: str


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong with the input: rows set aside by reason, columns missing, and remarks."""

    quarantined: dict[str, int] = {}
    missing: tuple[MissingColumn, ...] = ()
    notes: tuple[str, ...] = ()


class Release(msgspec.Struct, frozen=True):
    """A model and when it became available."""

    model: str
    released_at: str


class BanDay(msgspec.Struct, frozen=True):
    """How many accounts met an enforcement action on a day (`YYYY-MM-DD`)."""

    day: str
    action: str
    accounts: int


class TrafficSeries(msgspec.Struct, frozen=True):
    """Exchanges per bucket over the whole traffic, and how many of them serve extraction."""

    start: str
    bucket_hours: int
    exchanges: tuple[int, ...]
    extraction: tuple[int, ...] = ()


class CampaignSeries(msgspec.Struct, frozen=True):
    """Exchanges per bucket of one campaign's accounts: those that serve extraction, and the others."""

    start: str
    bucket_hours: int
    extraction: tuple[int, ...]
    other: tuple[int, ...] = ()


class Signups(msgspec.Struct, frozen=True):
    """Accounts of a campaign by when they were made."""

    start: str
    bucket_days: int
    accounts: tuple[int, ...]


class NetworkNode(msgspec.Struct, frozen=True):
    """An account, or something accounts share (`frame`, `ip`, `payment`, `device`, `signup`, ...); `size` >= 0."""

    kind: str
    label: str
    size: float = 1.0


class Network(msgspec.Struct, frozen=True):
    """A sample of a campaign's graph: edges are (node, node, weight), `accounts_shown` how many accounts it holds."""

    nodes: tuple[NetworkNode, ...]
    edges: tuple[tuple[int, int, float], ...] = ()
    accounts_shown: int = 0


class CampaignDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What the report draws of one campaign beyond its findings.

    `hours` and `population_hours` are 24 shares by hour of day in UTC (or empty); `models` and `plans` are shares;
    `frame_counts` is aligned with `Campaign.frames` (or empty); `bare_tasks` counts requests without a template that
    the manner in which they are put ties to the campaign; `share_extraction` is the share of the accounts' exchanges
    that serve extraction, `share_extraction_low` and `share_extraction_high` a 95 % interval of it.
    """

    series: CampaignSeries | None = None
    hours: tuple[float, ...] = ()
    population_hours: tuple[float, ...] = ()
    models: dict[str, float] = {}
    plans: dict[str, float] = {}
    signups: Signups | None = None
    share_extraction: float | None = None
    share_extraction_low: float | None = None
    share_extraction_high: float | None = None
    frame_counts: tuple[int, ...] = ()
    bare_tasks: int = 0
    network: Network | None = None


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """A group that looked like a campaign and was found innocent: the hypothesis that explains it, and why."""

    name: str
    hypothesis: str
    why: str
    accounts: int = 0
    exchanges: int = 0
    orgs: int | None = None
    frames: tuple[str, ...] = ()
    confidence: float | None = None


class Stratum(msgspec.Struct, frozen=True):
    """Accounts alike in plan and volume, how many they are held against, and the smallest p-value that can come of it."""

    name: str
    accounts: int
    calibration: int
    resolution: float


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Whether more accounts are unusual than honest traffic explains, and how many more; see `control.alarm.Alarm`."""

    raised: bool
    level: float
    p_value: float
    statistic: float
    size: float
    low: float
    high: float
    threshold: float
    clusters: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a campaign fares among all queues of the scan.

    `log10_e` is its log10 likelihood ratio against the innocent explanation that comes closest, `log10_calibrated` the
    log10 e-value that innocent queues of simulated worlds make of it, `stands` whether e-BH leaves it at
    `Control.campaign_fdr`; the last two are null where no text was read.
    """

    log10_e: float
    log10_calibrated: float | None = None
    stands: bool | None = None


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """How often the scan's claims are wrong, and which of the guarantees hold.

    `named_by_p_values` is how many accounts p-values alone would name at `account_fdr`; null without a reference.
    `queue_log10_e` is the log10 likelihood ratio of each queue that was judged, largest queue first; `campaigns` says of
    the named ones, by id, whether they stand at `campaign_fdr`. `withheld` is how many more the odds alone would name,
    null where nothing else was asked for. `claimed` puts what is claimed of the campaigns in words.
    """

    calibration: str
    strata: tuple[Stratum, ...] = ()
    alarm: Alarm | None = None
    named_by_p_values: int | None = None
    account_fdr: float | None = None
    queue_log10_e: tuple[float, ...] = ()
    campaigns: dict[str, Standing] = {}
    campaign_fdr: float | None = None
    withheld: int | None = None
    claimed: str = ""
    holds: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()


class InputFile(msgspec.Struct, frozen=True):
    """A file that the scan read: its path within the traffic, its length and its SHA-256.

    `sha256` is null where the file was written to while the scan read it: nobody can say then what was read.
    """

    name: str
    bytes: int
    sha256: str | None


class ScanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `scan.json`."""

    schema: int = FINDINGS_SCHEMA_VERSION
    version: str = ""
    traffic: Traffic = Traffic()
    quality: Quality = Quality()
    releases: tuple[Release, ...] = ()
    enforcement: tuple[BanDay, ...] = ()
    series: TrafficSeries | None = None
    campaigns: dict[str, CampaignDetail] = {}
    cleared: tuple[Cleared, ...] = ()
    flagged_accounts: int | None = None
    control: Control | None = None
    settings: dict[str, Setting] = {}
    stages: dict[str, Setting] = {}
    inputs: tuple[InputFile, ...] = ()


@dataclass(frozen=True, slots=True)
class _CampaignsFile:
    schema: int
    campaigns: tuple[Campaign, ...]


def to_json(summary: ScanSummary) -> bytes:
    """The bytes of `scan.json`: indented, keys in the order of the fields, same value same bytes."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n"


def from_json(data: bytes | str, *, file: str = SUMMARY_FILE) -> ScanSummary:
    """Read what `to_json` wrote; unknown fields of later versions are passed over.

    Raises:
        InputError: the text is no JSON, or a field has another type; `file` names it.
    """
    return _decode(data, ScanSummary, file)


def read_findings(findings: Path) -> tuple[tuple[Campaign, ...], ScanSummary]:
    """Read `campaigns.json` and, where it is there, `scan.json` of a findings directory.

    Raises:
        InputError: no `campaigns.json`, one of another version, or one of the two cannot be read.
    """
    path, beside = findings / CAMPAIGNS_FILE, findings / SUMMARY_FILE
    document = _decode(_read(path), _CampaignsFile, str(path))
    if document.schema != FINDINGS_SCHEMA_VERSION:
        raise InputError(f"is of version {document.schema}, not {FINDINGS_SCHEMA_VERSION}", file=str(path))
    summary = from_json(_read(beside), file=str(beside)) if beside.is_file() else ScanSummary()
    return document.campaigns, summary


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error


def _decode(data: bytes | str, kind: type[_T], file: str) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(str(error), file=file) from error
