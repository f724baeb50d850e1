"""Rows on their way from groups to slices of time: parts on disk, so that memory holds one group or one slice at a time."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.schema import EXCHANGES, TRUTH_EXCHANGES

__all__ = ["TRUTH", "Spool", "kept", "restored", "slices_of"]

# Columns of the truth that travel with an exchange, by their names in the truth's own table.
TRUTH: Final = {f"truth_{name}": name for name in TRUTH_EXCHANGES.names if name != "exchange_id"}
_SCHEMA: Final = pa.schema(
    [field for field in EXCHANGES if field.name != "exchange_id"]
    + [pa.field(name, TRUTH_EXCHANGES.field(own).type) for name, own in TRUTH.items()]
)
_ROWS: Final = 50_000  # in a slice, on average
_HEAD: Final = struct.Struct("<qqq")  # group, bytes of the part packed and unpacked
_PACKER: Final = pa.Codec("zstd", compression_level=1)


def slices_of(exchanges: int) -> int:
    """Slices of the window for a world of about so many exchanges."""
    return max(1, -(-exchanges // _ROWS))


class Spool:
    """Parts of one writer; every slice is a file to which groups are appended.

    Args:
        place: directory of all writers.
        hand: name of the writer.
        slices: into which the window is cut.
    """

    def __init__(self, place: Path, hand: int, slices: int) -> None:
        self._place, self._hand, self.slices = place, hand, slices

    def add(self, number: int, table: pa.Table, share: NDArray[np.float64]) -> dict[int, int]:
        """Put the rows of a group away; `share`: where in the window each lies (0-1). Rows of each slice."""
        part = np.floor(share * self.slices).astype(np.int64).clip(0, self.slices - 1)
        order = np.argsort(part, kind="stable")
        names, starts = np.unique(part[order], return_index=True)
        rows = np.split(order, starts[1:])
        for name, chosen in zip(names.tolist(), rows, strict=True):
            self._append(name, number, table.take(pa.array(chosen)))
        return {name: len(chosen) for name, chosen in zip(names.tolist(), rows, strict=True)}

    def _append(self, part: int, number: int, table: pa.Table) -> None:
        (batch,) = table.select(_SCHEMA.names).cast(_SCHEMA).combine_chunks().to_batches()
        raw = batch.serialize()
        packed = _PACKER.compress(raw)
        with (self._place / f"slice-{part:06d}.{self._hand}").open("ab") as file:
            file.write(_HEAD.pack(number, len(packed), len(raw)))
            file.write(packed)

    def take(self, part: int) -> pa.Table:
        """All rows of a slice, whoever wrote them, in the order of the groups; its files are gone then."""
        files = sorted(self._place.glob(f"slice-{part:06d}.*"))
        parts = [found for file in files for found in _parts(file)]
        for file in files:
            file.unlink()
        return pa.Table.from_batches([batch for _, batch in sorted(parts, key=lambda pair: pair[0])], _SCHEMA)


def _parts(file: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    with file.open("rb") as opened:
        while head := opened.read(_HEAD.size):
            number, packed, raw = _HEAD.unpack(head)
            data = _PACKER.decompress(opened.read(packed), raw)
            yield number, pa.ipc.read_record_batch(data, _SCHEMA)


def kept(table: pa.Table, path: Path) -> None:
    """Keep a small table for another process."""
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


def restored(path: Path) -> pa.Table:
    """What was kept there; the file is gone then."""
    with path.open("rb") as file:
        table = pa.ipc.open_file(file.read()).read_all()
    path.unlink()
    return table
