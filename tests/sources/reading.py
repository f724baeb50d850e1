"""Reading a whole traffic directory in tests."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from revenuer.schema import EXCHANGES
from revenuer.sources import Quarantine, open_traffic, read_part


def read_all(folder: Path, *, strict: bool = False) -> tuple[pa.Table, Quarantine]:
    """Every good exchange of a directory, and what was wrong with the others."""
    quarantine = Quarantine()
    parts = open_traffic(folder, strict=strict).exchange_parts()
    batches = [batch for part in parts for batch in read_part(part, quarantine)]
    return pa.Table.from_batches(batches, EXCHANGES), quarantine


def ids(table: pa.Table) -> list[str]:
    """The exchange ids, in order."""
    return table["exchange_id"].to_pylist()
