"""Which frames of campaigns are no tasks: lines that others send too, and what goes with a reseller's customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.findings import Campaign
from revenuer.response.found import read_found
from revenuer.response.tasks import COMMON, COVER, task_book
from revenuer.schema import FOUND_ACCOUNTS, FOUND_EXCHANGES
from revenuer.sources import Quarantine, open_traffic, read_part

__all__ = ["exchanges_before", "task_marks"]

_ACCOUNTS: Final = pa.schema([FOUND_ACCOUNTS.field(name) for name in ("account_id", "flagged", "risk")])
_EXCHANGES: Final = pa.schema([FOUND_EXCHANGES.field(name) for name in ("exchange_id", "extraction")])

# An account that sends a line so often has made it its own: a member of a campaign would have been flagged by then.
HABIT: Final = 3
# Accounts of less risk than this are taken to be innocent of what they were not flagged for; those in doubt do not count.
INNOCENT: Final = 0.25
# A line is common if this share of the requests that carry it comes from the innocent who have made it their own. Members
# that a scan has missed send a line once or twice each: of private lines they made up at most 4 % in development worlds.
HABITUAL: Final = 0.1
# Or if so many of the accounts that sent it are innocent ones: it tells less than a coin.
OUTSIDE: Final = 0.5
# A frame is a task if this share of the requests of flagged accounts that carry it serves extraction. Of long frames in
# development worlds it was none (prompts of a reseller's customers) or six tenths and more.
SERVES: Final = 0.25


@dataclass(slots=True)
class _Sent:
    """Of one frame: requests of each account that carry it, and of how many that is known to serve extraction."""

    requests: Counter[str] = field(default_factory=Counter)
    harvest: Counter[str] = field(default_factory=Counter)


def task_marks(findings: Path, campaigns: Sequence[Campaign], batches: Iterable[Any]) -> dict[str, str]:
    """The frames that are not tasks of everybody, with the mark that `told_apart` and `task_book` know them by.

    Args:
        findings: of a scan; its accounts and exchanges are read.
        campaigns: of the findings.
        batches: `schema.EXCHANGES` that the scan has seen.

    Raises:
        InputError: the findings cannot be read.
    """
    frames = sorted({frame for one in campaigns for frame in one.frames})
    if not frames:
        return {}
    rows = read_found(findings / "accounts.parquet", _ACCOUNTS).to_pylist()
    flagged = {row["account_id"]: row["flagged"] for row in rows if row["flagged"] or row["risk"] < INNOCENT}
    exchanges = read_found(findings / "exchanges.parquet", _EXCHANGES)
    harvest = exchanges.filter(exchanges["extraction"])["exchange_id"].combine_chunks()
    found = zip(frames, _sent(frames, batches, harvest), strict=True)
    marks = {frame: _mark(sent, flagged) for frame, sent in found}
    return {frame: mark for frame, mark in marks.items() if mark}


def exchanges_before(traffic: Path, until: int | None = None) -> Iterable[Any]:
    """Batches of the exchanges before a moment, microsecond since 1970; None: of all.

    Raises:
        InputError: the traffic cannot be read.
    """
    for part in open_traffic(traffic).exchange_parts():
        for batch in read_part(part, Quarantine()):
            yield batch if until is None else batch.filter(pc.less(batch["ts"].cast(pa.int64()), until))


def _sent(frames: Sequence[str], batches: Iterable[Any], harvest: Any) -> list[_Sent]:
    books = [(name, task_book([[one] for one in frames], system=name == "system")) for name in ("prompt", "system")]
    sent = [_Sent() for _ in frames]
    for batch in batches:
        names, serves = batch["account_id"].to_pylist(), pc.is_in(batch["exchange_id"], harvest).to_pylist()
        for column, book in books:
            if column not in batch.schema.names or not len(book.owners):
                continue
            text, frame, counts = book.held(batch[column])
            whole = counts >= np.abs(book.needed[frame])
            for row, owner in zip(text[whole].tolist(), book.owners[frame[whole]].tolist(), strict=True):
                sent[owner].requests[names[row]] += 1
                sent[owner].harvest[names[row]] += serves[row]
    return sent


def _mark(sent: _Sent, flagged: Mapping[str, bool]) -> str:
    """Accounts of which nothing is known do not count."""
    inside = [name for name in sent.requests if flagged.get(name)]
    if sum(sent.harvest[name] for name in inside) < SERVES * sum(sent.requests[name] for name in inside):
        return COVER
    outside = [sent.requests[name] for name in sent.requests if flagged.get(name) is False]
    every, habitual = sum(outside), sum(times for times in outside if times >= HABIT)
    every += sum(sent.requests[name] for name in inside)
    common = habitual >= HABITUAL * every or len(outside) >= OUTSIDE * (len(outside) + len(inside))
    return COMMON if outside and common else ""
