"""What scans have taught by the time of a request: campaigns with every task they had, and the accounts flagged last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from revenuer.errors import InputError
from revenuer.findings import Campaign
from revenuer.response.decide import AccountStanding, CampaignStanding
from revenuer.response.found import read_found
from revenuer.response.tasks import I64, TaskBook, marked, task_book
from revenuer.schema import FOUND_ACCOUNTS, FOUND_EXCHANGES
from revenuer.summary import CAMPAIGNS_FILE, read_findings

__all__ = ["Carried", "Taught", "exchanges_seen", "standings", "taught"]

NOTHING: Final = ""
_SEEN: Final = pa.schema([FOUND_EXCHANGES.field("exchange_id")])


class Carried(NamedTuple):
    """What a request has of campaigns.

    Attributes:
        task: the campaign of which it carries a task in prompt or system prompt, "" for none.
        near: those to a task of which it comes near.
        like: campaign and kind of the first task that it resembles; None: none.
    """

    task: str = NOTHING
    near: frozenset[str] = frozenset()
    like: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Taught:
    """What is known from a moment on.

    Attributes:
        at: that moment, microsecond since 1970.
        campaigns: known by then, those of the last scan first, strongest first.
        known: accounts that the last scan to see them has flagged.
        prompts, systems: every task that the campaigns were ever found with; owners are numbers of `campaigns`.
        named: the last scan's campaigns as it found them.
        kinds: of all tasks.
    """

    at: int
    campaigns: tuple[CampaignStanding, ...]
    known: Mapping[str, AccountStanding]
    prompts: TaskBook
    systems: TaskBook
    named: tuple[Campaign, ...]
    kinds: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        kinds = frozenset[int]((*self.prompts.kinds.tolist(), *self.systems.kinds.tolist()))
        object.__setattr__(self, "kinds", kinds)

    def tasks(self, batch: Any) -> list[Carried]:
        """What each row carries."""
        carried: list[I64] = []
        near: list[list[frozenset[int]]] = []
        like: list[list[tuple[int, int] | None]] = []
        for book, name in ((self.prompts, "prompt"), (self.systems, "system")):
            if name in batch.schema.names and len(book.owners):
                carried.append(book.carried(batch[name]))
                near.append(book.near(batch[name]))
                like.append(book.resembled(batch[name]))
        return [
            self._named([one[row] for one in carried], [one[row] for one in near], [one[row] for one in like])
            for row in range(batch.num_rows)
        ]

    def _named(self, carried: list[int], near: list[frozenset[int]], like: list[tuple[int, int] | None]) -> Carried:
        """Ids for numbers; the prompt's task goes before the system prompt's."""
        ids = [one.campaign_id for one in self.campaigns]
        task = next((ids[number] for number in carried if number >= 0), NOTHING)
        first = next(((ids[one[0]], one[1]) for one in like if one), None)
        return Carried(task, frozenset(ids[number] for number in frozenset[int]().union(*near)), first)


Marks = Callable[[int, Path, tuple[Campaign, ...]], Mapping[str, str]]


def _no_marks(*_found: object) -> dict[str, str]:
    """Where there is no traffic to look at."""
    return {}


def taught(
    scans: Sequence[tuple[int, Path]], *, confirmed: float | None = None, marks: Marks = _no_marks
) -> list[Taught]:
    """What scans teach one after another, as a state that each was recorded in would hold it.

    A campaign keeps the tasks and accounts keep the standing that an earlier scan gave them until a later one says otherwise.
    Campaigns are told apart by their ids.

    Args:
        scans: from when on each is known, and its findings, in the order of time.
        confirmed: people have confirmed every campaign of at least this confidence; None: none.
        marks: `task_marks` of a scan by its moment, findings and campaigns.

    Raises:
        InputError: findings cannot be read, or a campaign's time is none.
    """
    made: list[Taught] = []
    frames: dict[str, dict[str, None]] = {}
    known: dict[str, AccountStanding] = {}
    standing: dict[str, CampaignStanding] = {}
    for at, place in scans:
        named, _ = read_findings(place)
        _check_times(named, str(place / CAMPAIGNS_FILE))
        latest = {one.campaign_id: _held(_standing(one), confirmed) for one in named}
        standing = latest | {name: one for name, one in standing.items() if name not in latest}
        told = marks(at, place, named)
        for one in named:
            frames.setdefault(one.campaign_id, {}).update(dict.fromkeys(marked(one.frames, told)))
        known = _updated(known, _accounts(place), standing)
        texts = [tuple(frames[name]) for name in standing]
        books = task_book(texts), task_book(texts, system=True)
        made.append(Taught(at, tuple(standing.values()), known, *books, named))
    return made


def standings(findings: Path, campaigns: tuple[Campaign, ...]) -> dict[str, AccountStanding]:
    """The standing of every account that the findings flag.

    Raises:
        InputError: `accounts.parquet` cannot be read.
    """
    return _updated({}, _accounts(findings), {one.campaign_id: _standing(one) for one in campaigns})


def exchanges_seen(findings: Path) -> list[str]:
    """Ids of the exchanges that a scan has seen.

    Raises:
        InputError: `exchanges.parquet` cannot be read.
    """
    found: list[str] = read_found(findings / "exchanges.parquet", _SEEN)["exchange_id"].to_pylist()
    return found


def _check_times(campaigns: Sequence[Campaign], file: str) -> None:
    for one in campaigns:
        for column, time in (("first_seen", one.first_seen), ("last_seen", one.last_seen)):
            try:
                datetime.fromisoformat(time)
            except ValueError:
                raise InputError(f"{one.campaign_id}: {time!r} is no time", file=file, column=column) from None


def _standing(campaign: Campaign) -> CampaignStanding:
    serves = tuple(sorted(campaign.capabilities.items()))
    return CampaignStanding(campaign.campaign_id, campaign.confidence, "open", serves, bool(campaign.frames))


def _held(one: CampaignStanding, confirmed: float | None) -> CampaignStanding:
    return one if confirmed is None or one.confidence < confirmed else replace(one, standing="confirmed")


def _accounts(findings: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_found(findings / "accounts.parquet", FOUND_ACCOUNTS).to_pylist()
    return rows


def _updated(
    known: Mapping[str, AccountStanding], rows: list[dict[str, Any]], campaigns: Mapping[str, CampaignStanding]
) -> dict[str, AccountStanding]:
    """Standing after a scan: what it says of the accounts that it has seen, and what was known of the others."""
    seen = {row["account_id"] for row in rows}
    kept = {name: _of(one, campaigns) for name, one in known.items() if name not in seen}
    return kept | {row["account_id"]: _account(row, campaigns) for row in rows if row["flagged"]}


def _of(one: AccountStanding, campaigns: Mapping[str, CampaignStanding]) -> AccountStanding:
    """The account with its campaign as it stands now."""
    return one if one.campaign is None else replace(one, campaign=campaigns[one.campaign.campaign_id])


def _account(row: Mapping[str, Any], campaigns: Mapping[str, CampaignStanding]) -> AccountStanding:
    return AccountStanding(
        row["account_id"],
        flagged=True,
        share=row["extraction_share"],
        share_low=row.get("extraction_share_low") or 0.0,
        campaign=campaigns.get(row.get("campaign_id") or NOTHING),
    )
