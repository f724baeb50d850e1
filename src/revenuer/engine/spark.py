"""A Spark cluster: Python tasks for kernels, Spark SQL for large tables, one shared folder between its machines."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from revenuer.engine.base import Kernel, OnPart, OnTold, Part, Reader
from revenuer.engine.near import Near, leaves
from revenuer.engine.session import near_bytes, start
from revenuer.engine.tasks import (
    DONE,
    FoldJob,
    Job,
    MapJob,
    Outcome,
    ProbeJob,
    each_task,
    folded,
    outcomes,
    own_version,
)
from revenuer.engine.watching import told, watched
from revenuer.errors import EngineError

__all__ = ["SparkEngine"]

# Seconds within which a worker must have answered at the start.
_PATIENCE: Final = 120.0
# Pieces that a shuffle makes at least; Spark joins those that turn out small.
_LEAST_PARTITIONS: Final = 12
_UTC: Final = pa.timestamp("us", tz="UTC")


class SparkEngine:
    """Kernels as Python tasks over Arrow batches, everything relational as SQL that Ibis writes.

    Every stored table is a folder of Parquet files in the shared folder. That cuts lineages, and a worker that is lost
    takes nothing with it but what it was doing. Expressions over small tables are computed on the driver, see `Near`;
    those over large ones by Spark, which learns of a table when it first needs it.

    Args:
        url: of the master: `spark://HOST:PORT`, `yarn`, `k8s://...`, or `spark-local[CORES]` within this process.
        memory: of the driver's Java part, and of what the driver computes alone, such as `"4GB"`.
        scratch: a folder that the driver and all workers read and write under the same path; the system's place for
            temporary files by default, which will do where all run on one machine.

    Raises:
        ConfigError: the URL names no Spark master.
        MissingExtraError: PySpark is not installed.
        EngineError: Spark cannot start, or a worker lacks this version of revenuer or cannot use the folder.
    """

    kind = "spark"

    def __init__(self, url: str, *, memory: str = "4GB", scratch: Path | None = None) -> None:
        try:
            self._directory = tempfile.TemporaryDirectory(prefix="revenuer-", dir=scratch and scratch.absolute())
        except OSError as error:
            raise EngineError(f"the Spark engine cannot start: {error}") from error
        # workers may run as somebody else
        Path(self._directory.name).chmod(0o777)
        self.threads = os.cpu_count() or 1
        self._numbers = count()
        self._places: dict[str, Path] = {}
        self._unknown: dict[str, pa.Schema] = {}
        try:
            self._near = Near(memory=memory, scratch=Path(self._directory.name))
            self._session, self._ours = start(url, memory=memory)
        except BaseException:
            self._directory.cleanup()
            raise
        self._connection = ibis.pyspark.connect(self._session)
        try:
            self._near.most = near_bytes(self._session)
            self._probe()
            self._session.conf.set("spark.sql.shuffle.partitions", max(_LEAST_PARTITIONS, 3 * self._cores))
        except BaseException:
            self.close()
            raise

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
        place = self._place(name)
        made = self._run(MapJob(list(parts), read, kernel, schema, place), len(parts), on_part)
        for _file, note in made:
            if on_told is not None:
                on_told(note)
        files = [file for file, _note in made]
        if not files:
            pq.write_table(schema.empty_table(), place / "part-empty.parquet")
            files = ["part-empty.parquet"]
        for lost in {path.name for path in place.iterdir()} - set(files):
            (place / lost).unlink()
        return self._stored(name, place, schema)

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
        """See `Engine.fold`: one state a core, and of these one at a time in the driver's memory beside the sum."""
        place = self._place("states")
        tasks = min(self._cores, len(parts))
        total = zero()
        for file in self._run(FoldJob(list(parts), read, kernel, zero, tasks, place), tasks, on_part):
            total = add(total, folded(place / file))
        shutil.rmtree(place)
        return total

    def table(self, name: str, rows: pa.Table) -> ir.Table:
        """See `Engine.table`; its size on disk is known, so that a small one is sent to all and never shuffled."""
        place = self._place(name)
        pq.write_table(rows, place / "part.parquet")
        return self._stored(name, place, rows.schema)

    def persist(self, name: str, expression: ir.Table) -> ir.Table:
        """See `Engine.persist`."""
        place = self._place(name)
        schema = _schema(expression)
        if self._near.fits(expression):
            with pq.ParquetWriter(place / "part.parquet", schema, compression="lz4") as writer:
                for batch in self._near.batches(expression, schema):
                    writer.write_batch(batch)
        else:
            with told(f"table {name} could not be computed"):
                self._frame(expression).write.mode("overwrite").parquet(place.as_uri())
        return self._stored(name, place, schema)

    def collect(self, expression: ir.Table) -> pa.Table:
        """See `Engine.collect`."""
        schema = _schema(expression)
        operation = expression.op()
        if isinstance(operation, ops.DatabaseTable):
            return ds.dataset(self._places[operation.name], format="parquet").to_table().cast(schema)
        if self._near.fits(expression):
            return self._near.collect(expression, schema)
        with told("a table expression failed"):
            return self._frame(expression).toArrow().cast(schema)

    def batches(self, expression: ir.Table, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """See `Engine.batches`; by Spark it is computed once, then read file by file in the order of the expression."""
        if self._near.fits(expression):
            yield from _even(self._near.batches(expression, _schema(expression), rows), rows)
            return
        place = self._place("batches")
        with told("a table expression failed"):
            self._frame(expression).write.mode("overwrite").parquet(place.as_uri())
        files = sorted(place.glob("*.parquet"))
        yield from _even((batch for file in files for batch in pq.ParquetFile(file).iter_batches(rows)), rows)
        shutil.rmtree(place)

    def close(self) -> None:
        """See `Engine.close`."""
        self._near.close()
        if self._ours:
            self._session.stop()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _cores(self) -> int:
        """Cores of the workers that are there by now."""
        return int(self._session.sparkContext.defaultParallelism)

    def _place(self, name: str) -> Path:
        """A new folder; a table that is replaced may still be read while its successor is made."""
        place = Path(self._directory.name) / f"{next(self._numbers):04d}-{name}"
        place.mkdir()
        place.chmod(0o777)
        return place

    def _stored(self, name: str, place: Path, schema: pa.Schema) -> ir.Table:
        """The table of a folder, as Ibis would find it in Spark."""
        self._places[name], self._unknown[name] = place, schema
        self._near.learn(name, place)
        types = {name: dt.Timestamp() if of.is_timestamp() else of for name, of in ibis.schema(schema).items()}
        return ops.DatabaseTable(name, schema=types, source=self._connection, namespace=ops.Namespace()).to_expr()

    def _frame(self, expression: ir.Table) -> Any:
        """The expression as Spark computes it, its tables made known first."""
        from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415  an optional package

        for name in sorted({table.name for table in leaves(expression)} & self._unknown.keys()):
            schema = from_arrow_schema(self._unknown.pop(name))
            self._session.read.schema(schema).parquet(self._places[name].as_uri()).createOrReplaceTempView(name)
        return self._session.sql(self._connection.compile(expression))

    def _run(self, job: Job, tasks: int, on_part: OnPart | None = None, wait: float | None = None) -> list[Outcome]:
        """Run tasks 0 to `tasks` - 1 of a job on the workers; their outcomes in order."""
        if not tasks:
            return []
        from pyspark import cloudpickle  # noqa: PLC0415  an optional package
        from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415

        context = self._session.sparkContext
        packed = context.broadcast(cloudpickle.dumps(job))

        def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return each_task(cloudpickle.loads(packed.value), batches)

        frame = self._session.range(0, tasks, 1, tasks).mapInArrow(work, from_arrow_schema(DONE))
        with told("a task failed on a worker"):
            done = watched(context, frame.toArrow, tasks, on_part, wait)
        packed.destroy()
        return outcomes(done)

    def _probe(self) -> None:
        """Look whether every worker has this version and reads and writes in the shared folder."""
        place = self._place("probe")
        (place / "probe").write_bytes(b"seen")
        for host, version, trouble in self._run(ProbeJob(place), 2 * self._cores, wait=_PATIENCE):
            if version != own_version():
                raise EngineError(f"worker {host} has revenuer {version or 'none'}, this is {own_version()}")
            if trouble:
                raise EngineError(f"worker {host} cannot use the shared folder: {trouble}")


def _schema(expression: ir.Table) -> pa.Schema:
    """The Arrow schema of an expression; Ibis leaves out the zone of Spark's timestamps, which is UTC."""
    fields = expression.schema().to_pyarrow()
    return pa.schema([pa.field(f.name, _UTC if pa.types.is_timestamp(f.type) else f.type) for f in fields])


def _even(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `rows`, the last one shorter."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        while sum(map(len, held)) >= rows:
            whole = pa.Table.from_batches(held).combine_chunks().to_batches()[0]
            yield whole.slice(0, rows)
            held = [whole.slice(rows)]
    if sum(map(len, held)):
        yield from pa.Table.from_batches(held).combine_chunks().to_batches()
