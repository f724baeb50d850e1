"""One machine: DuckDB with a memory limit and spill for tables, threads over Arrow batches for kernels."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.engine.base import Kernel, OnPart, OnTold, Part, Reader, drain
from revenuer.errors import EngineError, reason

__all__ = ["LocalEngine"]


class LocalEngine:
    """DuckDB through Ibis for everything relational, numba kernels on a pool of threads for text.

    Args:
        memory: DuckDB's memory limit, such as `"2GB"`; it spills to disk beyond.
        threads: workers; all cores by default.
        scratch: where temporary files go; the system's place by default.

    Raises:
        EngineError: the limit cannot be understood, or the scratch place cannot be written to.
    """

    kind = "local"

    def __init__(self, *, memory: str = "2GB", threads: int | None = None, scratch: Path | None = None) -> None:
        self.threads = threads or os.cpu_count() or 1
        try:
            self._directory = tempfile.TemporaryDirectory(prefix="revenuer-", dir=scratch)
        except OSError as error:
            where = scratch or "the system's temporary folder"
            raise EngineError(f"the local engine cannot start in {where}: {reason(error)}") from error
        try:
            self._connection = ibis.duckdb.connect(
                threads=self.threads, memory_limit=memory, temp_directory=str(self._path("spill"))
            )
        except duckdb.Error as error:
            self._directory.cleanup()
            raise EngineError(f"the local engine cannot start: {error}") from error
        self._connection.raw_sql("SET TimeZone = 'UTC'")
        self._connection.raw_sql("SET preserve_insertion_order = false")
        # it would be drawn on the standard output, which belongs to what `--json` prints
        self._connection.raw_sql("SET enable_progress_bar = false")

    def _path(self, name: str) -> Path:
        return Path(self._directory.name) / name

    def map(
        self,
        name: str,
        parts: Sequence[Part],
        read: Reader[Part],
        kernel: Kernel,
        schema: pa.Schema,
        *,
        on_part: OnPart | None = None,
        on_told: OnTold | None = None,
    ) -> ir.Table:
        """See `Engine.map`."""
        place = self._path(name)
        place.mkdir()

        def run(task: tuple[int, Part]) -> Any:
            number, part = task
            with pq.ParquetWriter(place / f"part-{number:06d}.parquet", schema, compression="lz4") as writer:
                return drain(read(part), lambda batch: writer.write_batch(kernel(batch)))

        if not parts:
            pq.write_table(schema.empty_table(), place / "part-000000.parquet")
        for told in self._each(run, list(enumerate(parts)), on_part):
            if on_told is not None:
                on_told(told)
        return self.stored(name, place)

    def stored(self, name: str, place: Path) -> ir.Table:
        """A folder of Parquet files as table `name`, in the place of an earlier one."""
        return self._connection.read_parquet(str(place / "*.parquet"), table_name=name)

    def fold(
        self,
        parts: Sequence[Part],
        read: Reader[Part],
        kernel: Callable[[pa.RecordBatch, Any], None],
        zero: Callable[[], Any],
        add: Callable[[Any, Any], Any],
        *,
        on_part: OnPart | None = None,
    ) -> Any:
        """See `Engine.fold`."""
        states: dict[int, Any] = {}
        lock = threading.Lock()

        def run(part: Part) -> None:
            worker = threading.get_ident()
            with lock:
                state = states.setdefault(worker, None)
            if state is None:
                state = zero()
                with lock:
                    states[worker] = state
            for batch in read(part):
                kernel(batch, state)

        self._each(run, parts, on_part)
        total = zero()
        for state in states.values():
            total = add(total, state)
        return total

    def _each(self, run: Callable[[Any], Any], tasks: Sequence[Any], on_part: OnPart | None) -> list[Any]:
        """Run every task on the pool; the first error stops the rest and is raised."""
        results = []
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                for result in pool.map(run, tasks):
                    results.append(result)
                    if on_part is not None:
                        on_part(len(results), len(tasks))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return results

    def table(self, name: str, rows: pa.Table) -> ir.Table:
        """See `Engine.table`."""
        return self._create(name, ibis.memtable(rows))

    def _create(self, name: str, expression: ir.Table) -> ir.Table:
        # Under another name first: the expression may read the table that it replaces, and Ibis creates before it fills.
        # Dropped by hand: Ibis 12 with SQLGlot 30 writes a broken DROP, for `overwrite=True` too.
        fresh = f"{name} (fresh)"
        self._connection.raw_sql(f'DROP TABLE IF EXISTS "{fresh}"')
        self._connection.create_table(fresh, expression)
        self._connection.raw_sql(f'DROP TABLE IF EXISTS "{name}"')
        self._connection.raw_sql(f'ALTER TABLE "{fresh}" RENAME TO "{name}"')
        return self._connection.table(name)

    def persist(self, name: str, expression: ir.Table) -> ir.Table:
        """See `Engine.persist`."""
        try:
            return self._create(name, expression)
        except duckdb.Error as error:
            raise EngineError(f"table {name} could not be computed: {error}") from error

    def collect(self, expression: ir.Table) -> pa.Table:
        """See `Engine.collect`."""
        try:
            return expression.to_pyarrow()
        except duckdb.Error as error:
            raise EngineError(f"a table expression failed: {error}") from error

    def batches(self, expression: ir.Table, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """See `Engine.batches`."""
        # Not by Ibis, whose stream calls a method that DuckDB has deprecated
        try:
            cursor = self._connection.raw_sql(self._connection.compile(expression))
            yield from cursor.to_arrow_reader(rows)
        except duckdb.Error as error:
            raise EngineError(f"a table expression failed: {error}") from error

    def close(self) -> None:
        """See `Engine.close`."""
        self._connection.disconnect()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
