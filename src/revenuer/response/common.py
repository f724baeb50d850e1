"""Which tasks of campaigns others send too: public lines, which say nothing of whoever sends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.findings import Campaign
from revenuer.response.tasks import task_book
from revenuer.sources import Quarantine, open_traffic, read_part

__all__ = ["common_tasks", "exchanges_before"]

# An account that sends a line so often has made it its own: a member of a campaign would have been flagged by then.
HABIT: Final = 3
# Accounts of less risk than this are taken to be innocent of what they were not flagged for; those in doubt do not count.
INNOCENT: Final = 0.25
# A line is common if this share of the requests that carry it comes from the innocent who have made it their own. Members
# that a scan has missed send a line once or twice each: of private lines they made up at most 4 % in development worlds.
HABITUAL: Final = 0.1
# Or if so many of the accounts that sent it are innocent ones: it tells less than a coin.
OUTSIDE: Final = 0.5


def common_tasks(
    campaigns: Sequence[Campaign], accounts: Iterable[tuple[str, bool, float]], batches: Iterable[Any]
) -> frozenset[str]:
    """Frames that the accounts which a scan found innocent send as well.

    Args:
        campaigns: of the findings.
        accounts: of the findings: id, whether it is flagged, risk.
        batches: `schema.EXCHANGES` that the scan has seen.
    """
    frames = sorted({frame for one in campaigns for frame in one.frames})
    if not frames:
        return frozenset()
    standing = {name: flagged for name, flagged, risk in accounts if flagged or risk < INNOCENT}
    sent = _sent(frames, batches)
    return frozenset(frame for frame, of in zip(frames, sent, strict=True) if _common(of, standing))


def exchanges_before(traffic: Path, until: int | None = None) -> Iterable[Any]:
    """Batches of the exchanges before a moment, microsecond since 1970; None: of all.

    Raises:
        InputError: the traffic cannot be read.
    """
    for part in open_traffic(traffic).exchange_parts():
        for batch in read_part(part, Quarantine()):
            yield batch if until is None else batch.filter(pc.less(batch["ts"].cast(pa.int64()), until))


def _sent(frames: Sequence[str], batches: Iterable[Any]) -> list[Counter[str]]:
    """Of each frame, how many requests of each account carry it."""
    books = [(name, task_book([[one] for one in frames], system=name == "system")) for name in ("prompt", "system")]
    sent: list[Counter[str]] = [Counter() for _ in frames]
    for batch in batches:
        names = batch["account_id"].to_pylist()
        for column, book in books:
            if column not in batch.schema.names or not len(book.owners):
                continue
            text, frame, counts = book.held(batch[column])
            whole = counts >= np.abs(book.needed[frame])
            for row, owner in zip(text[whole].tolist(), book.owners[frame[whole]].tolist(), strict=True):
                sent[owner][names[row]] += 1
    return sent


def _common(sent: Counter[str], flagged: dict[str, bool]) -> bool:
    """Whether a line is common, by how often each account sent it; accounts of which nothing is known do not count."""
    times = {name: number for name, number in sent.items() if name in flagged}
    outside = [number for name, number in times.items() if not flagged[name]]
    habitual = sum(number for number in outside if number >= HABIT)
    return bool(outside) and (habitual >= HABITUAL * sum(times.values()) or len(outside) >= OUTSIDE * len(times))
