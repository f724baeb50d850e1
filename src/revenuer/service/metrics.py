"""What a service says of itself to Prometheus: never a label by account, and only labels whose values we choose."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from revenuer.errors import MissingExtraError

try:
    from prometheus_client import CollectorRegistry, Metric, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.registry import Collector
except ImportError as error:
    raise MissingExtraError("metrics", "service") from error

__all__ = ["METRICS_TYPE", "Metrics"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Tally:
    """Answers of one operation: how many by status, how many within each time, and the sum of the times."""

    __slots__ = ("seconds", "statuses", "within")

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.within = [0] * (len(_SECONDS) + 1)
        self.seconds = 0.0


class Metrics(Collector):
    """Counts of one service. Answers are counted by the thread that answers, so that a count costs no lock."""

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}
        self._rows: Counter[str] = Counter()
        self._ingested = 0
        self._decisions: Callable[[], Mapping[tuple[str, str], int]] = dict
        self._watched: dict[str, Callable[[], float]] = {}

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count an answer to an operation of the API, or to `other`."""
        tally = self._tallies.get(operation)
        if tally is None:
            tally = self._tallies[operation] = _Tally()
        tally.statuses[status] += 1
        tally.within[bisect_left(_SECONDS, seconds)] += 1
        tally.seconds += seconds

    def ingested(self, exchanges: int, set_aside: Mapping[str, int]) -> None:
        """Count a batch; the reasons are the quarantine's."""
        self._ingested += exchanges
        self._rows.update(set_aside)

    def count_decisions(self, counts: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Ask for decisions by rung and reason whenever somebody looks; both words are a policy's."""
        self._decisions = counts

    def watch(self, what: str, value: Callable[[], float]) -> None:
        """Ask for a number whenever somebody looks: the age of a table, the length of a queue."""
        self._watched[what] = value

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """All of it, as its library wants it."""
        tallies = sorted(self._tallies.copy().items())
        yield _requests(tallies)
        yield _times(tallies)
        decisions = CounterMetricFamily(
            "revenuer_decisions", "Decisions, by rung and reason.", labels=["rung", "reason"]
        )
        for (rung, reason), number in sorted(dict(self._decisions()).items()):
            decisions.add_metric([rung, reason], number)
        yield decisions
        yield CounterMetricFamily("revenuer_exchanges_ingested", "Exchanges taken in.", value=self._ingested)
        rows = CounterMetricFamily("revenuer_exchanges_rejected", "Rows set aside, by reason.", labels=["reason"])
        for reason, number in sorted(self._rows.copy().items()):
            rows.add_metric([reason], number)
        yield rows
        watched = GaugeMetricFamily("revenuer_service", "What the service holds; ages are seconds.", labels=["what"])
        for what, value in sorted(self._watched.items()):
            watched.add_metric([what], value())
        yield watched

    def describe(self) -> list[Metric]:
        """Nothing: what there is to count shows when it is counted."""
        return []


def _requests(tallies: list[tuple[str, _Tally]]) -> Metric:
    found = CounterMetricFamily(
        "revenuer_requests", "Answers, by operation and status.", labels=["operation", "status"]
    )
    for operation, tally in tallies:
        for status, number in sorted(tally.statuses.copy().items()):
            found.add_metric([operation, str(status)], number)
    return found


def _times(tallies: list[tuple[str, _Tally]]) -> Metric:
    found = HistogramMetricFamily("revenuer_request_seconds", "Time to the answer.", labels=["operation"])
    bounds = [*(str(bound) for bound in _SECONDS), "+Inf"]
    for operation, tally in tallies:
        summed = list(itertools.accumulate(tally.within))
        found.add_metric([operation], list(zip(bounds, summed, strict=True)), tally.seconds)
    return found
