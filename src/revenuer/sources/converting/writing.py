"""Batches as the files of a traffic directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import OutputError
from revenuer.sources.duplicates import duplicate_hashes, id_hashes

__all__ = ["ExchangeFiles", "SeenIds", "put_table"]

FILE_ROWS: Final = 500_000

U64 = npt.NDArray[np.uint64]


class SeenIds:
    """Which ids came before, at eight bytes an id: sorted runs, of which each is longer than all behind it."""

    def __init__(self) -> None:
        self._runs: list[U64] = []

    def repeated(self, ids: Any) -> npt.NDArray[np.bool_]:
        """Which of the ids came before, in this array or an earlier one; they count as seen afterwards. Shape (n,)."""
        hashes = id_hashes(ids)
        found = duplicate_hashes(hashes)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            found |= run[places] == hashes
        self._add(np.sort(hashes[~found]))
        return found

    def _add(self, run: U64) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)


class ExchangeFiles:
    """`exchanges/part-00000.parquet` and following, of at most about half a million rows each.

    Args:
        folder: the traffic directory.
        schema: the columns to write.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder, self._schema = folder / "exchanges", schema
        self._writer: Any = None
        self._files = self._rows = 0

    def write(self, batch: Any) -> None:
        """Append a batch.

        Raises:
            OutputError: the disk does not take it.
        """
        try:
            if self._writer is None:
                self._folder.mkdir(exist_ok=True)
                path = self._folder / f"part-{self._files:05d}.parquet"
                self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
                self._files, self._rows = self._files + 1, 0
            self._writer.write_batch(batch.select(self._schema.names))
        except OSError as error:
            raise OutputError(f"cannot be written: {error}", file=str(self._folder)) from error
        self._rows += len(batch)
        if self._rows >= FILE_ROWS:
            self.close()

    def close(self) -> None:
        """Complete the file that is open, if one is.

        Raises:
            OutputError: the disk does not take it.
        """
        if self._writer is None:
            return
        try:
            self._writer.close()
        except OSError as error:
            raise OutputError(f"cannot be written: {error}", file=str(self._folder)) from error
        self._writer = None


def put_table(folder: Path, name: str, table: pa.Table) -> None:
    """Write a side table such as `accounts.parquet`.

    Raises:
        OutputError: the disk does not take it.
    """
    path = folder / f"{name}.parquet"
    try:
        pq.write_table(table, path, compression="zstd")
    except OSError as error:
        raise OutputError(f"cannot be written: {error}", file=str(path)) from error
