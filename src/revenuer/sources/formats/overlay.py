"""A known format of which a field map says some columns otherwise: who is billed differs from gateway to gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from revenuer.sources.formats.base import Format, Row
from revenuer.sources.formats.bodies import merged
from revenuer.sources.formats.mapped import MappedFormat

__all__ = ["Overlaid"]


class Overlaid:
    """Records are read as `base` reads them; columns that `mapped` finds something for take its value.

    Args:
        base: the format.
        mapped: the field map; of records that are joined it asks the first that has anything.
    """

    def __init__(self, base: Format, mapped: MappedFormat) -> None:
        self.base, self.mapped = base, mapped
        self.name, self.about = mapped.name, mapped.about

    def matches(self, record: dict[str, Any]) -> float:
        """As sure as the format is."""
        return self.base.matches(record)

    def split(self, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """As the format does."""
        return self.base.split(record)

    def key(self, record: dict[str, Any]) -> str | None:
        """As the format does."""
        return self.base.key(record)

    def rows(self, records: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """Rows of the format with the map's columns over them; the map's side tables come beside."""
        found = [row for record in records for row in self.mapped.rows([record])]
        over = next((row.values for row in found if row.table == "exchanges"), {})
        for row in self.base.rows(records):
            yield Row("exchanges", merged(row.values, over)) if row.table == "exchanges" else row
        yield from (row for row in found if row.table != "exchanges")
