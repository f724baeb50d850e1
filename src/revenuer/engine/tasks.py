"""What a Spark worker runs: parts to Parquet files, parts to partial states, and a look at where it stands."""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.engine.base import Kernel, Reader, drain
from revenuer.errors import RevenuerError

__all__ = ["DONE", "FoldJob", "Job", "MapJob", "Outcome", "ProbeJob", "each_task", "folded", "outcomes", "own_version"]

# What a task sends back: small, whatever it made.
DONE = pa.schema([("task", pa.int64()), ("outcome", pa.binary())])
Outcome = Any
Job = Callable[[int], Outcome]


@dataclass(frozen=True)
class MapJob:
    """Task n reads part n and writes what the kernel makes of it as one Parquet file of `place`.

    The file bears the number of the attempt: what a lost worker left half written is never taken for a result.
    """

    parts: Sequence[Any]
    read: Reader[Any]
    kernel: Kernel
    schema: pa.Schema
    place: Path

    def __call__(self, task: int) -> tuple[str, Any]:
        """The file, and what the reader returned."""
        path = self.place / f"part-{task:06d}-{_attempt()}.parquet"
        with pq.ParquetWriter(path, self.schema, compression="lz4") as writer:
            told = drain(self.read(self.parts[task]), lambda batch: writer.write_batch(self.kernel(batch)))
        return path.name, told


@dataclass(frozen=True)
class FoldJob:
    """Task n folds every `tasks`-th part into one state and writes it, packed, as one file of `place`."""

    parts: Sequence[Any]
    read: Reader[Any]
    kernel: Callable[[pa.RecordBatch, Any], None]
    zero: Callable[[], Any]
    tasks: int
    place: Path

    def __call__(self, task: int) -> str:
        """The file."""
        state = self.zero()
        for part in self.parts[task :: self.tasks]:
            for batch in self.read(part):
                self.kernel(batch, state)
        path = self.place / f"state-{task:06d}-{_attempt()}"
        with pa.CompressedOutputStream(str(path), "lz4") as file:
            pickle.dump(state, file, protocol=5)
        return path.name


@dataclass(frozen=True)
class ProbeJob:
    """A worker's name and version, and whether it reads and writes in `place`."""

    place: Path

    def __call__(self, task: int) -> tuple[str, str, str]:
        """Host, version, and what is wrong with the place (empty: nothing)."""
        try:
            (self.place / f"seen-{task}").write_bytes((self.place / "probe").read_bytes())
        except OSError as error:
            return socket.gethostname(), own_version(), str(error)
        return socket.gethostname(), own_version(), ""


def folded(path: Path) -> Any:
    """The state that a `FoldJob` wrote."""
    with pa.CompressedInputStream(str(path), "lz4") as file:
        return pickle.load(file)  # noqa: S301  written by our own task


def each_task(job: Job, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Run a job for each task number of the batches, and yield `DONE`.

    An error of the project's own is a result: the driver raises it as it is, where Spark would try again in vain.
    """
    for batch in batches:
        for task in batch.column(0).to_pylist():
            outcome = pickle.dumps(_outcome(job, task))
            yield pa.record_batch([pa.array([task]), pa.array([outcome])], schema=DONE)


def outcomes(done: pa.Table) -> list[Outcome]:
    """Outcomes in order of their tasks.

    Raises:
        RevenuerError: what the first task that failed raised.
    """
    ordered = [pickle.loads(packed) for packed in done.sort_by("task")["outcome"].to_pylist()]  # noqa: S301
    for outcome in ordered:
        if isinstance(outcome, RevenuerError):
            raise outcome
    return ordered


def own_version() -> str:
    """The version of revenuer that is installed where this runs; empty where it runs without being installed."""
    try:
        return metadata.version("revenuer")
    except metadata.PackageNotFoundError:
        return ""


def _outcome(job: Job, task: int) -> Outcome:
    try:
        return job(task)
    except RevenuerError as error:
        return error


def _attempt() -> int:
    from pyspark import TaskContext  # noqa: PLC0415  an optional package

    context = TaskContext.get()
    return context.taskAttemptId() if context is not None else 0
