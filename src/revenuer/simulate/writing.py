"""A world from its order to files: jobs into the spool, and the spool, slice by slice, into place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from revenuer.schema import TRUTH_EXCHANGES
from revenuer.simulate.crew import Work, crew
from revenuer.simulate.maker import ID_BYTES, ROWS_PER_FILE, ids_file, truth_file
from revenuer.simulate.material import mean_of
from revenuer.simulate.orders import Job, Order, left, opening, rest
from revenuer.simulate.output import write_accounts, write_rest
from revenuer.simulate.spool import restored

__all__ = ["Progress", "written"]

Facts = dict[str, Any]
# Told (exchanges done, exchanges planned).
Progress = Callable[[int, int], None]

_MAKING: Final = 0.75  # of the time, about: the rest is writing


def written(order: Order, place: Path, workers: int, told: Progress) -> list[Facts]:
    """Write the world of an order into an empty directory; facts about its groups, in their order.

    Args:
        order: what was asked for.
        place: the directory.
        workers: makers at work at the same time; the bytes do not depend on it.
        told: called with the progress.
    """
    spool = place / "spool"
    for folder in (spool, place / "exchanges", place / "truth"):
        folder.mkdir()
    with crew(order, place, spool, workers) as work:
        groups = _groups(order, work, told)
        _exchanges(order, groups, work, (place, spool), told)
    write_accounts(place, spool, len(groups))
    write_rest(place, groups)
    spool.rmdir()
    return groups


def _groups(order: Order, work: Work, told: Progress) -> list[Facts]:
    """Make every group; the majority comes last and fills what is left."""
    jobs, campaigns = opening(order.streams(), order)
    found = list(_made(order, work, jobs, {}, (0, told)))
    sizes = [(group["accounts"], group["exchanges"]) for group in found]
    what = left(order, sizes[:campaigns], sizes[campaigns:])
    spent = sum(exchanges for _, exchanges in sizes)
    message = {"left": (what.number, what.accounts, what.exchanges)}
    return found + list(_made(order, work, rest(what), message, (spent, told)))


def _made(order: Order, work: Work, jobs: Sequence[Job], message: Facts, told: tuple[int, Progress]) -> Iterator[Facts]:
    """The groups of some jobs in their order; `told`: exchanges made before, and whom to tell."""
    done, tell = told
    facts: dict[int, list[Facts]] = {}
    # The largest first, so that hands end at about the same time; with one pair the order of the world, which corpora need.
    order_of = range(len(jobs)) if order.corpora else sorted(range(len(jobs)), key=lambda job: -jobs[job].size)
    for job, answer in zip(order_of, work({**message, "job": job} for job in order_of), strict=True):
        facts[job] = answer
        done += sum(group["exchanges"] for group in answer)
        tell(round(_MAKING * min(done, order.exchanges)), order.exchanges)
    for job in range(len(jobs)):
        yield from facts[job]


def _exchanges(order: Order, groups: Sequence[Facts], work: Work, places: tuple[Path, Path], told: Progress) -> None:
    """Write the exchanges by time, and the truth about them; `places`: of the traffic and of the spool."""
    place, spool = places
    rows: Counter[int] = Counter()
    for group in groups:
        rows.update(dict(group["rows"]))
    prompts = sum(group["prompt_bytes"] for group in groups) / rows.total()
    mean = mean_of(order.prompt_bytes or 0, prompts)
    messages, number = [], 0
    for part in sorted(rows):
        messages.append({"slice": part, "file": number, "mean": mean})
        number += -(-rows[part] // ROWS_PER_FILE)
    _ids(order, [rows[part] for part in sorted(rows)], spool)
    done, number = 0, 0
    with pq.ParquetWriter(place / "truth" / "exchanges.parquet", TRUTH_EXCHANGES) as truth:
        for files in work(messages):
            for file in files:
                truth.write_table(restored(truth_file(spool, number)))
                number, done = number + 1, done + file["exchanges"]
            share = done / rows.total()
            told(round((_MAKING + (1 - _MAKING) * share) * order.exchanges), order.exchanges)


def _ids(order: Order, slices: Sequence[int], spool: Path) -> None:
    """Chance for the ids of all exchanges in the order of the files: one stream, whoever writes them."""
    rng, number = order.streams().rng("exchange ids"), 0
    for rows in slices:
        for at in range(0, rows, ROWS_PER_FILE):
            ids_file(spool, number).write_bytes(rng.bytes(min(ROWS_PER_FILE, rows - at) * ID_BYTES))
            number += 1
