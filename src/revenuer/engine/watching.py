"""Spark jobs while they run: how far they are, when to give up, and their errors in one line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from revenuer.engine.base import OnPart
from revenuer.errors import EngineError

if TYPE_CHECKING:
    from pyspark import SparkContext

__all__ = ["gist", "told", "watched"]

# Seconds between two looks at how far a job is.
_LOOK: Final = 0.25
_GROUPS = count()
# The last line of a Python traceback.
_WORD: Final = re.compile(r"([a-z_]\w*\.)*[A-Z]\w*(Error|Exception)?: ")


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what Spark raises into an `EngineError` of one line."""
    from py4j.protocol import Py4JError  # noqa: PLC0415  an optional package
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (PySparkException, Py4JError, pa.ArrowException) as error:
        raise EngineError(f"{what}: {gist(error)}") from error


def gist(error: Exception) -> str:
    """One line of what Spark raises: what Python on a worker died of where that is told, else the first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if _WORD.match(line)]
    after = [lines[at + 1] for at, line in enumerate(lines[:-1]) if line == "Error from python worker:"]
    return next(iter([*after, *told, *lines, type(error).__name__]))[:300]


def watched(
    context: SparkContext, action: Callable[[], Any], tasks: int, on_part: OnPart | None, patience: float | None
) -> Any:
    """Run an action of `tasks` tasks and tell `on_part` how many are done.

    Args:
        context: to ask how far it is.
        action: runs the job.
        tasks: of its only stage.
        on_part: told tasks done and tasks in all.
        patience: seconds in which one task must have ended; None: any time.

    Raises:
        EngineError: none did.
    """
    group = f"revenuer-{next(_GROUPS)}"

    def run() -> Any:
        context.setJobGroup(group, "revenuer", interruptOnCancel=True)
        return action()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        try:
            _follow(context, group, future, tasks, on_part, patience)
        except BaseException:
            context.cancelJobGroup(group)
            raise
        return future.result()


def _follow(
    context: SparkContext,
    group: str,
    future: Future[Any],
    tasks: int,
    on_part: OnPart | None,
    patience: float | None,
) -> None:
    begin, said = monotonic(), 0
    while not wait([future], timeout=_LOOK).done:
        done = _done(context, group)
        if patience is not None and not done and monotonic() - begin > patience:
            raise EngineError(f"no worker has done anything within {patience:.0f} s: does the cluster have free ones?")
        if on_part is not None and said < done < tasks:
            said = done
            on_part(done, tasks)
    if on_part is not None and future.exception() is None:
        on_part(tasks, tasks)


def _done(context: SparkContext, group: str) -> int:
    """Tasks of a group's stages that have ended."""
    tracker = context.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(stage) for job in jobs if job is not None for stage in job.stageIds]
    return sum(stage.numCompletedTasks for stage in stages if stage is not None)
