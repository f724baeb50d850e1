"""What there is to observe about a queue: the facts that hypotheses, innocent or not, are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.partition import Exchangeability
from revenuer.linkage.templates import KINDS, Requests, Templates
from revenuer.text.tokens import hash_strings

__all__ = ["Observed", "observe"]

I64 = npt.NDArray[np.int64]

_EDUCATION = int(hash_strings(pa.array(["education"]))[0])


@dataclass(frozen=True, slots=True)
class Observed:
    """Facts about a queue; NaN where the traffic does not tell.

    Attributes:
        accounts: members.
        entities: organisations (or accounts without one) behind them.
        largest: share of the accounts that belong to the largest organisation.
        templates: templates of the queue's own.
        per_template: requests of the queue's tasks by members over how many tasks there are.
        per_account: requests of the queue's templates by each account, median.
        dedication: share of the members' exchanges that use the queue's templates.
        test: exchangeability of the members; `repeats` is NaN where no item is known.
        extraction: mean text score of the templates.
        elicitation: mean elicitation score of the templates.
        reading: log10 likelihood ratio of tasks against any templates, from how they read.
        followups: share of requests that continue a conversation.
        novelty: distinct items over requests with an item.
        one_network: share of the accounts seen on the network that most of them share.
        education: share of the accounts in an education programme.
        peak: how concentrated the requests are in hours of day: 1 for the clock round, 24 for one hour.
        span_days: days from the first request of the queue to the last.
        consented: share of the members' exchanges that consents cover, which left before anything was linked.
    """

    accounts: int
    entities: int
    largest: float
    templates: int
    per_template: float
    per_account: float
    dedication: float
    test: Exchangeability
    extraction: float
    elicitation: float
    reading: float
    followups: float
    novelty: float
    one_network: float
    education: float
    peak: float
    span_days: float
    consented: float


def observe(
    queue: Queue,
    templates: Templates,
    requests: Requests,
    profiles: Profiles,
    found: Traces,
    *,
    consented: npt.NDArray[np.float64],
    seed: int,
) -> Observed:
    """Observe one queue."""
    tasks = queue.templates[queue.tasks]
    rows = requests.of(np.sort(tasks), queue.accounts)
    entities = np.unique(profiles.entity[queue.accounts], return_counts=True)[1]
    weight = np.maximum(queue.requests[queue.tasks], 1)
    items = requests.item[rows][requests.item[rows] != 0]
    hours = requests.hour[rows]
    return Observed(
        accounts=len(queue.accounts),
        entities=len(entities),
        largest=float(entities.max() / len(queue.accounts)),
        templates=len(tasks),
        per_template=float(queue.requests[queue.tasks].mean()) if len(tasks) else float("nan"),
        per_account=_per_account(queue.accounts, tasks, templates),
        dedication=float(min(1.0, weight.sum() / max(profiles.exchanges[queue.accounts].sum(), 1))),
        test=_tested(requests.test(rows, seed=seed), items),
        extraction=float(np.average(templates.extraction[tasks], weights=weight)),
        elicitation=float(np.average(templates.elicitation[tasks], weights=weight)),
        followups=float((requests.turn[rows] > 0).mean()) if len(rows) else float("nan"),
        novelty=len(np.unique(items)) / len(items) if len(items) else float("nan"),
        one_network=_one_network(found, queue.accounts),
        education=_share(profiles.signup["programme"][queue.accounts], _EDUCATION),
        peak=_peak(hours),
        span_days=float((hours.max() - hours.min()) / 24.0) if len(rows) else float("nan"),
        reading=queue.reading,
        consented=float(consented[queue.accounts].mean()),
    )


def _tested(test: Exchangeability, items: I64) -> Exchangeability:
    """The test; where no item is known it is not known either what recurs."""
    return test if len(items) else test._replace(repeats=float("nan"))


def _per_account(accounts: I64, tasks: I64, templates: Templates) -> float:
    """Median requests of the queue's templates by each member, all of them, not those that were sampled.

    An exchange has at most one template of each kind, so the most used kind counts no exchange twice.
    """
    own = np.zeros(len(templates), np.bool_)
    own[tasks] = True
    used = np.flatnonzero(own[templates.edge_template])
    held = used[np.isin(templates.edge_account[used], accounts)]
    place = np.searchsorted(accounts, templates.edge_account[held])
    cell = place * len(KINDS) + templates.kind[templates.edge_template[held]]
    size = len(accounts) * len(KINDS)
    made = np.bincount(cell, weights=templates.edge_exchanges[held], minlength=size)
    return float(np.median(made.reshape(-1, len(KINDS)).max(axis=1)))


def _one_network(found: Traces, members: I64) -> float:
    """Share of the members seen on the network most of them use; NaN where addresses are unknown."""
    held = np.isin(found.account["net"], members)
    if not held.any():
        return float("nan")
    return float(np.unique(found.value["net"][held], return_counts=True)[1].max() / len(members))


def _share(values: I64, wanted: int) -> float:
    known = values != 0
    return float((values[known] == wanted).mean()) if known.any() else float("nan")


def _peak(hours: I64) -> float:
    """24 times the Simpson index of the hour of day, freed of the bias of small numbers."""
    counts = np.bincount(hours % 24, minlength=24).astype(np.float64)
    n = counts.sum()
    return float(24.0 * (counts * (counts - 1)).sum() / max(n * (n - 1), 1.0))
