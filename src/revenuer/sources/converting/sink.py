"""Rows of a conversion on their way to disk: sampled, filled in, masked, validated, written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from revenuer.schema import EXCHANGES, TABLES, TableName
from revenuer.sources.content import unread
from revenuer.sources.converting.building import Builder
from revenuer.sources.converting.masking import Mask, masked
from revenuer.sources.converting.reading import Place
from revenuer.sources.converting.settings import ConvertSettings
from revenuer.sources.converting.writing import ExchangeFiles, SeenIds, put_table
from revenuer.sources.formats import Row
from revenuer.sources.formats.values import digest, text
from revenuer.sources.missing import Missing, missing_columns
from revenuer.sources.quarantine import Quarantine

__all__ = ["Sink"]

_SIDE: Final[tuple[TableName, ...]] = ("accounts", "consents")
_EMAILS: Final[tuple[Mask, ...]] = ("emails",)


class Sink:
    """Takes rows and writes the traffic directory.

    Args:
        folder: the directory.
        settings: what is kept, masked and filled in.
        quarantine: takes the counts.
    """

    def __init__(self, folder: Path, settings: ConvertSettings, quarantine: Quarantine) -> None:
        self._folder, self._settings, self._quarantine = folder, settings, quarantine
        left_out = unread("exchanges", settings.content)
        self._builder = Builder("exchanges", quarantine, left_out)
        self._files = ExchangeFiles(folder, pa.schema([field for field in EXCHANGES if field.name not in left_out]))
        self._seen, self._seen_rows, self._present = SeenIds(), SeenIds(), set[str]()
        self._side: dict[TableName, dict[str, tuple[dict[str, Any], Place]]] = {table: {} for table in _SIDE}
        self._side_present: dict[TableName, set[str]] = {}
        self.written = self.sampled_out = 0
        self.masked = Counter[str]()

    @property
    def accounts(self) -> int:
        """Rows of `accounts.parquet`."""
        return len(self._side["accounts"])

    @property
    def consents(self) -> int:
        """Rows of `consents.parquet`."""
        return len(self._side["consents"])

    def take(self, row: Row, place: Place, index: int) -> None:
        """Keep a row, or leave it out and count it.

        Args:
            row: the row.
            place: the object it comes from.
            index: which record of the object it comes from; names exchanges that have no id.
        """
        if row.table == "exchanges":
            self._take_exchange(dict(row.values), place, index)
        elif row.table in self._side:
            self._take_aside(row, place)

    def close(self) -> None:
        """Write what is still held, and the side tables."""
        self._flush()
        self._files.close()
        for table in _SIDE:
            self._close_side(table)

    def missing(self) -> tuple[Missing, ...]:
        """Columns and side tables that the source does not give, and what a scan cannot judge without them."""
        found = list(missing_columns("exchanges", self._present))
        for table in TABLES:
            if table != "exchanges":
                found += missing_columns(table, self._side_present.get(table))
        return tuple(found)

    def _take_exchange(self, values: dict[str, Any], place: Place, index: int) -> None:
        for name, constant in self._settings.constants.items():
            if values.get(name) in (None, ""):
                values[name] = constant
        if not self._settings.keeps(values):
            self.sampled_out += 1
            return
        self.masked.update(masked(values, self._settings.mask))
        if values.get("exchange_id") in (None, ""):
            values["exchange_id"] = digest(f"{place.words}\n{index}")[:32]
        self._builder.take(values, place)
        if self._builder.is_full:
            self._flush()

    def _flush(self) -> None:
        batch = self._without_repeated(self._builder.batch())
        if not len(batch):
            return
        self._present |= {name for name in batch.schema.names if batch.column(name).null_count < len(batch)}
        self._files.write(batch)
        self.written += len(batch)

    def _without_repeated(self, batch: Any) -> Any:
        """Rows that came before go; other requests under an id that came before get one of their own.

        Some gateways take the id from the client: nobody shall hide requests by naming them all alike.
        """
        ids = batch.column("exchange_id")
        keys = pc.binary_join_element_wise(
            ids, batch.column("ts").cast(pa.int64()).cast(pa.string()), batch.column("account_id"), "\x1f"
        )
        again, same = self._seen.repeated(ids), self._seen_rows.repeated(keys)
        self._quarantine.reject("exchange_id repeated", int(same.sum()))
        apart = again & ~same
        if apart.any():
            self._quarantine.note("exchange_id of several requests, which were told apart", int(apart.sum()))
            own = [
                f"{name}~{digest(key)[:16]}" if new else name
                for name, key, new in zip(ids.to_pylist(), keys.to_pylist(), apart, strict=True)
            ]
            batch = batch.set_column(0, batch.schema.field(0), pa.array(own, pa.string()))
        return batch.filter(pa.array(~same)) if same.any() else batch

    def _take_aside(self, row: Row, place: Place) -> None:
        """Side tables are small: one row an account, or an agreement; what was said first counts."""
        values = {name: value for name, value in row.values.items() if value is not None}
        if self._settings.sample_by == "account" and not self._settings.keeps(values):
            return
        self._mask_ids(values)
        kept, _ = self._side[row.table].setdefault(_identity(row.table, values), (values, place))
        for name, value in values.items():
            kept.setdefault(name, value)

    def _mask_ids(self, values: dict[str, Any]) -> None:
        if "emails" in self._settings.mask:
            masked(values, _EMAILS)

    def _close_side(self, table: TableName) -> None:
        builder = Builder(table, self._quarantine)
        for values, place in self._side[table].values():
            builder.take(values, place)
        batch = builder.batch()
        if len(batch):
            put_table(self._folder, table, pa.Table.from_batches([batch]))
            self._side_present[table] = {
                name for name in batch.schema.names if batch.column(name).null_count < len(batch)
            }


def _identity(table: TableName, values: dict[str, Any]) -> str:
    """What tells rows of a side table apart: accounts by their id, agreements by all that is single or a list."""
    if table == "accounts":
        return text(values.get("account_id")) or ""
    flat = {name: value if isinstance(value, list) else [value] for name, value in sorted(values.items())}
    return repr([(name, [text(item) for item in items]) for name, items in flat.items()])
