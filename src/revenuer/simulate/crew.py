"""Makers at work: one in this process, or several in processes of their own that are told what to do line by line."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, cast

from revenuer.errors import EngineError
from revenuer.simulate.maker import Maker
from revenuer.simulate.orders import Order

__all__ = ["Work", "crew", "main", "workers_for"]

Message = dict[str, Any]
Facts = list[dict[str, Any]]
# Messages in, answers out in the same order.
Work = Callable[[Iterable[Message]], Iterator[Facts]]

_ALONE: Final = 200_000  # exchanges below which starting processes costs more than it saves
_MOST: Final = 8  # processes, unless more are asked for: each holds a group in memory
_START: Final = (sys.executable, "-c", "from revenuer.simulate.crew import main; main()")


def workers_for(order: Order, wanted: int | None) -> int:
    """How many makers: as many as asked for, else one for each core if the world is large; one with corpora.

    Texts of corpora are dealt out over the whole world, so with them everything has to be made in order.
    """
    if order.corpora is not None:
        return 1
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if order.exchanges < _ALONE else min(cores, _MOST)


@contextmanager
def crew(order: Order, place: Path, spool: Path, workers: int) -> Iterator[Work]:
    """Makers for the block; those in other processes are gone when it ends, however it ends."""
    if workers == 1:
        maker = Maker(order, place, spool, 0)
        yield lambda messages: map(maker.do, messages)
        return
    hands: list[_Hand] = []
    free: queue.SimpleQueue[_Hand] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(workers)
    try:
        for number in range(workers):
            hands.append(_Hand(order, place, spool, number))
            free.put(hands[-1])
        yield lambda messages: pool.map(lambda message: _asked(free, message), messages)
    finally:
        for hand in hands:
            hand.end()
        pool.shutdown(cancel_futures=True)


def _asked(free: queue.SimpleQueue[_Hand], message: Message) -> Facts:
    hand = free.get()
    try:
        return hand.ask(message)
    finally:
        free.put(hand)


class _Hand:
    """A maker in a process of its own."""

    def __init__(self, order: Order, place: Path, spool: Path, number: int) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(  # noqa: S603
            _START, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        )
        self._in, self._out = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        self._tell({"order": order.told(), "place": str(place), "spool": str(spool), "hand": number})

    def _tell(self, message: Message) -> None:
        with suppress(BrokenPipeError):  # it has ended: `ask` says so
            self._in.write(json.dumps(message) + "\n")
            self._in.flush()

    def ask(self, message: Message) -> Facts:
        """Have it done.

        Raises:
            OSError: the disk would not have it.
            EngineError: the process ended.
        """
        self._tell(message)
        line = self._out.readline()
        if not line:
            code = self._process.wait()
            raise EngineError(f"a process that simulates ended with code {code}, perhaps for want of memory")
        answer: Any = json.loads(line)
        if isinstance(answer, dict):
            raise OSError(answer["errno"], answer["reason"])
        found: Facts = answer
        return found

    def end(self) -> None:
        """No more of it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            with suppress(BrokenPipeError):
                pipe.close()


def main() -> None:
    """A maker that reads messages from standard input until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: who started this one ends it
    line = sys.stdin.readline()
    if not line:  # who started this one was interrupted before saying what to do
        return
    told = json.loads(line)
    maker = Maker(Order.heard(told["order"]), Path(told["place"]), Path(told["spool"]), told["hand"])
    for line in sys.stdin:
        try:
            answer: Any = maker.do(json.loads(line))
        except OSError as error:
            answer = {"errno": error.errno, "reason": error.strerror or str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
