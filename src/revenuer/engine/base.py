"""The engine's protocol: a few verbs that every engine offers, so that no other package knows which one runs.

A *part* is an independent unit of input: opaque, picklable, small. A *reader* turns a part into record batches, a
*kernel* one record batch into another. Both are plain callables without shared state, so an engine may run them in
threads here or in tasks on a cluster. What a reader has to tell about a part, it returns (as a generator does) when it
has yielded the last batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, Self, TypeVar

import ibis.expr.types as ir
import pyarrow as pa

__all__ = ["Engine", "Kernel", "OnPart", "OnTold", "Reader", "drain"]

Part = TypeVar("Part")
Reader = Callable[[Part], Iterator[pa.RecordBatch]]
Kernel = Callable[[pa.RecordBatch], pa.RecordBatch]
OnPart = Callable[[int, int], None]
OnTold = Callable[[Any], None]


class Engine(Protocol):
    """Where tables live and run.

    Attributes:
        kind: `local` or `spark`, as findings tell it.
        threads: what the process that asks may run side by side of its own.
    """

    kind: str
    threads: int

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
        """Run `kernel` over every batch of every part and keep the result as table `name` with `schema`.

        `on_told` gets what the reader returned of each part, in their order and once, however often a part was read.
        """
        ...

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
        """Let `kernel` fold every batch into a state made by `zero`, one a worker, and `add` the states up."""
        ...

    def table(self, name: str, rows: pa.Table) -> ir.Table:
        """A small table from the driver, usable in expressions beside the mapped ones."""
        ...

    def persist(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute the expression once and keep it as table `name`; cuts the lineage."""
        ...

    def collect(self, expression: ir.Table) -> pa.Table:
        """Compute the expression and bring it to the driver."""
        ...

    def batches(self, expression: ir.Table, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Compute the expression and stream it to the driver."""
        ...

    def close(self) -> None:
        """Release what the engine holds, its temporary files included."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def drain(batches: Iterator[pa.RecordBatch], take: Callable[[pa.RecordBatch], None]) -> Any:
    """Give every batch to `take`; returns what the iterator returned, None unless it is a generator that does."""
    while True:
        try:
            batch = next(batches)
        except StopIteration as end:
            return end.value
        take(batch)
