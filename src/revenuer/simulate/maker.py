"""The two kinds of work that make a world: groups into the spool, and slices of the spool into files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.schema import EXCHANGES, TRUTH_EXCHANGES
from revenuer.simulate.assemble import accounts_table, exchanges_table
from revenuer.simulate.material import with_material
from revenuer.simulate.orders import Job, Left, Order, opening, rest
from revenuer.simulate.requests import Group
from revenuer.simulate.spool import TRUTH, Spool, kept, slices_of
from revenuer.simulate.world import World

__all__ = ["ID_BYTES", "ROWS_PER_FILE", "Maker", "accounts_file", "ids_file", "truth_file"]

ROWS_PER_FILE: Final = 50_000
ID_BYTES: Final = 11  # of chance for one exchange id


def accounts_file(spool: Path, group: int) -> Path:
    """Where the accounts of a group wait."""
    return spool / f"accounts-{group:06d}.arrow"


def ids_file(spool: Path, number: int) -> Path:
    """Where the random bytes of the exchange ids of a file wait."""
    return spool / f"ids-{number:06d}.bin"


def truth_file(spool: Path, number: int) -> Path:
    """Where the truth about the exchanges of a file waits."""
    return spool / f"truth-{number:06d}.arrow"


class Maker:
    """Does what messages say; messages and answers are plain JSON, so that a maker can live in another process.

    Args:
        order: the world.
        place: directory of the traffic, with `exchanges` in it.
        spool: directory for what is under way.
        hand: number of this maker, unlike any other's.
    """

    def __init__(self, order: Order, place: Path, spool: Path, hand: int) -> None:
        self._order, self._place, self._waiting = order, place, spool
        self._spool = Spool(spool, hand, slices_of(order.exchanges))

    @cached_property
    def _world(self) -> World:
        return self._order.world()

    @cached_property
    def _opening(self) -> list[Job]:
        return opening(self._order.streams(), self._order)[0]

    def do(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What the message asks for; facts about the groups or files that were made."""
        if "slice" in message:
            return self._slice(message["slice"], message["file"], message["mean"])
        jobs = rest(Left(*message["left"])) if "left" in message else self._opening
        job = jobs[message["job"]]
        return [self._group(number, group) for number, group in enumerate(job.make(self._world), job.number)]

    def _group(self, number: int, group: Group) -> dict[str, Any]:
        """Put a group into the spool."""
        table = exchanges_table(group, self._world, number)
        rows = self._spool.add(number, table, group.requests.at / self._world.length)
        harvests = np.zeros(group.cohort.size, dtype=bool)
        harvests[group.requests.who[group.requests.extraction]] = True
        accounts = accounts_table(group, self._world, number).append_column("extraction", pa.array(harvests))
        kept(accounts, accounts_file(self._waiting, number))
        ids = group.cohort.table["account_id"]
        return {
            "label": group.label, "campaign": group.campaign, "accounts": group.cohort.size, "exchanges": len(table),
            "rows": list(rows.items()), "prompt_bytes": pc.sum(pc.binary_length(table["prompt"])).as_py(),
            "enforcement": [(ids[row], at, action) for row, at, action in group.enforcement], "consents": group.consents,
        }  # fmt: skip

    def _slice(self, part: int, number: int, mean: float) -> list[dict[str, Any]]:
        """Write a slice of the window, by time, as files from `number` on."""
        table = self._spool.take(part)
        order = np.argsort(table.column("ts").cast(pa.int64()).to_numpy(), kind="stable")
        starts = range(0, len(order), ROWS_PER_FILE)
        for name, at in enumerate(starts, number):
            self._file(table.take(pa.array(order[at : at + ROWS_PER_FILE])), name, mean)
        return [{"exchanges": min(ROWS_PER_FILE, len(order) - at)} for at in starts]

    def _file(self, rows: pa.Table, number: int, mean: float) -> None:
        digits = ids_file(self._waiting, number).read_bytes().hex()
        ids_file(self._waiting, number).unlink()
        step = 2 * ID_BYTES
        ids = ["ex_" + digits[i : i + step - 2] for i in range(0, len(digits), step)]
        if self._order.prompt_bytes is not None:
            rows = with_material(rows, self._order.seed, mean)
        rows = rows.append_column("exchange_id", pa.array(ids))
        path = self._place / "exchanges" / f"part-{number:05d}.parquet"
        pq.write_table(rows.select(EXCHANGES.names).cast(EXCHANGES), path, compression="zstd")
        truth = rows.select(["exchange_id", *TRUTH]).rename_columns(["exchange_id", *TRUTH.values()])
        kept(truth.select(TRUTH_EXCHANGES.names).cast(TRUTH_EXCHANGES), truth_file(self._waiting, number))
