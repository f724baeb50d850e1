"""What a service says of itself to Prometheus: never a label by account, and only labels whose values we choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from revenuer.errors import MissingExtraError

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
    from prometheus_client.core import CounterMetricFamily
    from prometheus_client.registry import Collector
except ImportError as error:
    raise MissingExtraError("metrics", "service") from error

__all__ = ["METRICS_TYPE", "Metrics"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one service, in a registry of their own. Any number of threads may count."""

    def __init__(self) -> None:
        self._registry = here = CollectorRegistry()
        self._requests = Counter(
            "revenuer_requests", "Requests answered, by operation and status.", ["operation", "status"], registry=here
        )
        self._seconds = Histogram(
            "revenuer_request_seconds",
            "Time to the answer, by operation.",
            ["operation"],
            buckets=_SECONDS,
            registry=here,
        )
        self._decisions: Callable[[], Mapping[tuple[str, str], int]] = dict
        here.register(_Decisions(self._decisions_now))
        self._ingested = Counter("revenuer_exchanges_ingested", "Exchanges taken in.", registry=here)
        self._rejected = Counter("revenuer_exchanges_rejected", "Rows set aside, by reason.", ["reason"], registry=here)
        self._gauge = Gauge(
            "revenuer_state", "What the service holds, by what it is: ages in seconds.", ["what"], registry=here
        )

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count an answer to an operation of the API, or to `other`."""
        self._requests.labels(operation, str(status)).inc()
        self._seconds.labels(operation).observe(seconds)

    def count_decisions(self, counts: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Ask for decisions by rung and reason whenever somebody looks; both words are a policy's."""
        self._decisions = counts

    def _decisions_now(self) -> Mapping[tuple[str, str], int]:
        return dict(self._decisions())

    def ingested(self, exchanges: int, set_aside: dict[str, int]) -> None:
        """Count a batch; the reasons are the quarantine's."""
        self._ingested.inc(exchanges)
        for reason, number in set_aside.items():
            self._rejected.labels(reason).inc(number)

    def watch(self, what: str, value: Callable[[], float]) -> None:
        """Ask for a number whenever somebody looks: the age of a table, the length of a queue."""
        self._gauge.labels(what).set_function(value)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Decisions(Collector):
    """Counts that are kept elsewhere, since the hot path counts in a plain dictionary."""

    def __init__(self, counts: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """As Prometheus wants them."""
        family = CounterMetricFamily("revenuer_decisions", "Decisions, by rung and reason.", labels=["rung", "reason"])
        for (rung, reason), number in sorted(self._counts().items()):
            family.add_metric([rung, reason], number)
        yield family

    def describe(self) -> list[Metric]:
        """Nothing: there is nothing to count yet when this is asked."""
        return []
