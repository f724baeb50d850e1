"""What of a cluster's tables is small: the driver computes it sooner than Spark plans it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.engine.local import LocalEngine

__all__ = ["Near", "leaves"]


def leaves(expression: ir.Table) -> set[ops.DatabaseTable]:
    """The stored tables that an expression reads."""
    return set(expression.op().find(ops.DatabaseTable))


class Near:
    """Expressions over small stored tables, computed on the driver by the tables of one machine.

    Attributes:
        most: bytes on disk that the tables of an expression may have in all; 0, as it begins: none is computed here.

    Args:
        memory: limit of what is computed here, such as `"4GB"`; it spills to `scratch` beyond.
        scratch: a folder for temporary files.

    Raises:
        EngineError: the limit cannot be understood, or the folder cannot be written to.
    """

    def __init__(self, *, memory: str, scratch: Path) -> None:
        self.most = 0
        self._engine = LocalEngine(memory=memory, scratch=scratch)
        self._known: dict[str, tuple[ir.Table, int]] = {}

    def learn(self, name: str, place: Path) -> None:
        """Know a table, or what replaces it, by its folder of Parquet files."""
        size = sum(path.stat().st_size for path in place.glob("*.parquet"))
        self._known.pop(name, None)
        if size <= self.most:
            self._known[name] = self._engine.stored(name, place), size

    def fits(self, expression: ir.Table) -> bool:
        """Whether the expression reads little enough."""
        names = {table.name for table in leaves(expression)}
        return names <= self._known.keys() and sum(self._known[name][1] for name in names) <= self.most

    def collect(self, expression: ir.Table, schema: pa.Schema) -> pa.Table:
        """Compute an expression that fits; raises `EngineError` where that fails."""
        return self._engine.collect(self._here(expression)).cast(schema)

    def batches(self, expression: ir.Table, schema: pa.Schema, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """The same as a stream."""
        for batch in self._engine.batches(self._here(expression), rows):
            yield _typed(batch, schema)

    def close(self) -> None:
        """Release what is held."""
        self._engine.close()

    def _here(self, expression: ir.Table) -> ir.Table:
        """The same expression over the driver's tables."""
        here = {table: self._known[table.name][0].op() for table in leaves(expression)}
        return expression.op().replace(here).to_expr()


def _typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The columns in the types that the expression has; whole seconds come from DuckDB with their fractions."""
    options = [pc.CastOptions(field.type, allow_float_truncate=True) for field in schema]
    columns = [pc.cast(column, options=option) for column, option in zip(batch.columns, options, strict=True)]
    return pa.record_batch(columns, schema=schema)
