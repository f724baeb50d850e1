"""From templates to queues: who works through one list of tasks together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from revenuer.behaviour import Profiles
from revenuer.campaigns.communities import communities
from revenuer.campaigns.components import components
from revenuer.campaigns.membership import (
    LEAST_REQUESTS,
    Membership,
    Usage,
    compete,
    converge,
    own_templates,
    spread_evidence,
    usage_of,
)
from revenuer.campaigns.tasks import read, tasklike
from revenuer.linkage.partition import queue_evidence
from revenuer.linkage.templates import KINDS, Requests, Templates

__all__ = ["LEAST_ENTITIES", "Queue", "find_queues", "heard_too", "suspects", "without"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

LEAST_ENTITIES: Final = 4
LEAST_ACCOUNTS: Final = 4
# Log10 likelihood ratio of a queue below which a template is plainly its users' own product and links nobody.
PLAINLY_INNOCENT: Final = -0.7
# Natural log likelihood ratio below which a member keeps to a template by habit: a hundred and fifty to one.
BY_HABIT: Final = -5.0
# Owners from which a template is looked at so: what fewer use draws in nobody, and one template of theirs is little.
WIDELY_USED: Final = 12
# Share of a template's requests that members make, from which it is clearly the queue's own.
CLEARLY_OWN: Final = 0.5
# Member rate over population rate from which a template is unknown outside the queue, and how improbable it may be that
# a member was dealt none of those.
UNKNOWN_OUTSIDE: Final = 300.0
LEAST_LUCK: Final = 0.02
# Log10 likelihood ratio of tasks from which a worded queue ties its accounts.
TIES: Final = 1.0
# Share of a task's requests that members make, from which it is hardly anybody else's.
PRIVATE: Final = 0.75
# Permutations of that test, which is run on every template and only has to see the plain cases.
QUICK: Final = 8
# Share of the smaller of two queues that lies in the other, and overlap of what they deal (Bhattacharyya), from which
# they are one.
SAME_ACCOUNTS: Final = 0.5
SAME_TASKS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Queue:
    """Accounts that work through one list of tasks, whoever they are and whatever for.

    Attributes:
        accounts: indices into the profiles, sorted.
        posterior: of each account's membership, aligned with `accounts`.
        templates: indices of the templates that are the queue's own, most requests first.
        purity: share of the members' requests of each template that exceeds the population's rate.
        inside: share of all requests of each template that members make.
        requests: of each template, by members.
        worth: probability of each template to be a task, not what the members' customers send.
        reading: log10 likelihood ratio of tasks against any templates, from how they read.
        once: those of the accounts that were taken in for a single task (`campaigns.singles`).
    """

    accounts: I64
    posterior: F64
    templates: I64
    purity: F64
    inside: F64
    requests: I64
    worth: F64
    reading: float
    once: I64 = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def tasks(self) -> npt.NDArray[np.bool_]:
        """Which of the templates are tasks; all of them where none is."""
        held: npt.NDArray[np.bool_] = self.worth >= 0.5
        return held if held.any() else np.ones(len(held), np.bool_)

    @property
    def private(self) -> npt.NDArray[np.bool_]:
        """Which of the tasks hardly anybody else sends; all tasks where none is."""
        held: npt.NDArray[np.bool_] = self.tasks & (self.inside >= PRIVATE)
        return held if held.any() else self.tasks


def suspects(templates: Templates, requests: Requests, *, seed: int, threads: int = 1) -> I64:
    """Templates that several owners use, that may be tasks and are not plainly the product of customers with habits.

    A template that accounts of a proxy share with the genuine customers behind them, a published persona say, would
    otherwise draw every user of it into the proxy's queue.
    """
    chosen = np.flatnonzero((templates.entities >= LEAST_ENTITIES) & tasklike(templates))

    def suspect(template: int) -> bool:
        if templates.entities[template] < WIDELY_USED:
            return True
        test = requests.test(requests.of(np.array([template])), seed=seed, permutations=QUICK)
        return queue_evidence(test) > PLAINLY_INNOCENT

    with ThreadPoolExecutor(threads) as pool:
        kept = np.fromiter(pool.map(suspect, chosen.tolist()), np.bool_, len(chosen))
    return chosen[kept]


def find_queues(templates: Templates, chosen: I64, profiles: Profiles) -> list[Queue]:
    """All queues that work through the chosen templates, largest first; most of them are innocent.

    Bare tasks tie accounts by the manner in which they are put. The manner is the account's, whatever it sends, so it is
    looked at only among accounts that no wording ties.
    """
    manner = templates.kind[chosen] == KINDS.index("manner")
    worded = _find(templates.only(chosen[~manner]), chosen[~manner], profiles)
    tied = np.zeros(len(profiles), np.bool_)
    for queue in worded:
        tied[queue.accounts] |= queue.reading >= TIES
    bare = _find(templates.only(chosen[manner]).without(tied), chosen[manner], profiles)
    return _settled(worded + bare)


def _find(usable: Templates, chosen: I64, profiles: Profiles) -> list[Queue]:
    """The queues that templates of one sort tie."""
    usage = usage_of(usable, profiles.exchanges)
    groups = communities(usable, chosen, len(profiles))
    found = _whole(converge(usage, start) for start in _starts(usage, groups))
    parts = [part for held in _joined(found) for part in _parts(usage, usable, held)]
    # one campaign may have come out of two groups, of which one had to be split first
    found = _whole(compete(usage, _joined([_as_it_is(usage, part) for part in parts])))
    queues = [_queue(usable, one) for one in found]
    rest = [np.setdiff1d(one.accounts, queue.accounts) for one, queue in zip(found, queues, strict=True)]
    again = _whole(compete(usage, [queue.accounts for queue in queues] + rest))
    return [_queue(usable, one) for one in again]


def _parts(usage: Usage, usable: Templates, members: I64) -> list[I64]:
    """The queues that a set of accounts holds: what is rare in the set may be the own task of a part of it."""
    parts = components(usable, own_templates(usage, members)[0], members)
    if len(parts) < 2:
        return parts
    return [smaller for part in parts for smaller in _parts(usage, usable, part)]


def _as_it_is(usage: Usage, members: I64) -> Membership:
    """A set of accounts as the queue that it is, without learning who else belongs."""
    return Membership(members, np.ones(len(members)), *own_templates(usage, members))


def _starts(usage: Usage, groups: list[I64]) -> Iterator[I64]:
    """For each group of templates the accounts that sent more than one request of it, if they are a few."""
    for group in groups:
        users = _users(usage, group)
        if len(users) >= LEAST_ACCOUNTS:
            yield users


def _whole(found: Iterable[Membership]) -> list[Membership]:
    """Those that are queues; of those that came out the same, the first."""
    kept = {one.accounts.tobytes(): one for one in found if len(one.accounts) >= LEAST_ACCOUNTS and len(one.own)}
    return list(kept.values())


def _users(usage: Usage, group: I64) -> I64:
    """Accounts with more than one request of a group of templates, and no smaller share of it than everybody."""
    made = np.asarray(usage.columns[:, group].sum(axis=1)).ravel()
    # a heavy account strays into anything: whoever uses the group less than everybody does is no one to start from
    usual = made.sum() / max(usage.exchanges.sum(), 1.0)
    return np.flatnonzero((made >= LEAST_REQUESTS) & (made >= usual * usage.exchanges))


def _joined(found: list[Membership]) -> list[I64]:
    """The accounts of queues of which one holds most of the other and deals the same tasks."""
    if not found:
        return []
    size = np.array([len(one.accounts) for one in found])
    held = _stacked([(one.accounts, np.ones(len(one.accounts))) for one in found])
    common = (held @ held.T).toarray() / np.maximum(np.minimum.outer(size, size), 1)
    tasks = _stacked([(one.own, np.sqrt(one.rate / max(one.rate.sum(), 1e-12))) for one in found])
    same = (common > SAME_ACCOUNTS) & ((tasks @ tasks.T).toarray() > SAME_TASKS)
    _, label = sparse.csgraph.connected_components(sparse.csr_matrix(same), directed=False)
    return [
        np.unique(np.concatenate([one.accounts for one, of in zip(found, label, strict=True) if of == number]))
        for number in np.unique(label)
    ]


def _stacked(rows: list[tuple[I64, F64]]) -> sparse.csr_matrix:
    """One row for each pair of columns and values."""
    row = np.repeat(np.arange(len(rows)), [len(columns) for columns, _values in rows])
    columns = np.concatenate([columns for columns, _values in rows])
    return sparse.csr_matrix((np.concatenate([values for _columns, values in rows]), (row, columns)))


def _settled(queues: list[Queue]) -> list[Queue]:
    """Each account in the one queue that its tasks are of, by reading and size; largest queue first."""
    order = sorted(range(len(queues)), key=lambda i: (-_merit(queues[i]), int(queues[i].accounts.min(initial=0))))
    taken: set[int] = set()
    kept = []
    for number in order:
        queue = queues[number]
        queue = without(queue, np.isin(np.arange(int(queue.accounts.max(initial=0)) + 1), list(taken)))
        if len(queue.accounts) >= LEAST_ACCOUNTS and len(queue.templates):
            taken.update(queue.accounts.tolist())
            kept.append(queue)
    return sorted(kept, key=lambda queue: (-int(queue.requests.sum()), int(queue.accounts[0])))


def _merit(queue: Queue) -> float:
    """Expected requests that are tasks."""
    return float((queue.worth * queue.requests).sum()) if queue.reading > 0.0 else 0.0


def heard_too(
    templates: Templates, heard: Templates, profiles: Profiles, queues: list[Queue], sure: list[I64]
) -> list[Queue]:
    """The same queues with the accounts that do their tasks in other words.

    Args:
        templates: of the traffic.
        heard: the same, with the levels of voices (`campaigns.wording`) as further templates behind them.
        profiles: of all accounts.
        queues: those to look at.
        sure: for each the accounts that send one of its tasks and mean it: only they may join.
    """
    known = len(templates)
    tasks = [queue.templates[queue.tasks] for queue in queues]
    chosen = np.concatenate([*tasks, np.arange(known, len(heard))])
    usable = heard.only(np.unique(chosen))
    found = compete(usage_of(usable, profiles.exchanges), [queue.accounts for queue in queues])
    # no account leaves the queue that it is in for another's words
    tied = np.concatenate([queue.accounts for queue in queues])
    may = [np.setdiff1d(users, tied) for users in sure]
    return [_with_accounts(usable, *one) for one in zip(found, queues, may, strict=True)]


def _with_accounts(usable: Templates, one: Membership, queue: Queue, sure: I64) -> Queue:
    """A queue with its members as they are now known; those it had stay."""
    members = _dealt_to(usable, one, np.ones(len(one.own), np.bool_)) if len(one.own) else queue.accounts[:0]
    members = np.intersect1d(members, sure)
    posterior = dict(zip(one.accounts.tolist(), one.posterior.tolist(), strict=True))
    posterior |= dict(zip(queue.accounts.tolist(), queue.posterior.tolist(), strict=True))
    accounts = np.union1d(members, queue.accounts)
    inside = np.isin(usable.edge_account, accounts)
    made = np.bincount(
        usable.edge_template[inside], weights=usable.edge_exchanges[inside], minlength=len(usable)
    ).astype(np.int64)
    known = np.isin(queue.templates, usable.edge_template)
    return replace(
        queue,
        accounts=accounts,
        posterior=np.array([posterior[account] for account in accounts.tolist()]),
        requests=np.where(known, made[queue.templates], queue.requests),
    )


def without(queue: Queue, excluded: npt.NDArray[np.bool_]) -> Queue:
    """The queue less the accounts for which `excluded` (shape (accounts,)) holds."""
    kept = ~excluded[queue.accounts]
    return replace(queue, accounts=queue.accounts[kept], posterior=queue.posterior[kept])


def _dealt_to(templates: Templates, one: Membership, tasks: npt.NDArray[np.bool_]) -> I64:
    """Members who send the queue's tasks, and send them as the queue deals them and not one of them by habit.

    Only templates that are clearly the queue's and read like tasks are counted: what a proxy's customers send through
    its accounts is theirs, with habits and all.
    """
    own, members = one.own[tasks], one.accounts
    if not len(own) or not len(members):
        return members[:0]
    excess = (one.rate - one.base)[tasks]
    share = excess / excess.sum()
    ratio = spread_evidence(templates, own, share, members)
    accounts = int(templates.edge_account.max(initial=0)) + 1
    sent = _sent(templates, own, accounts)[members]
    hidden = one.lift[tasks] >= UNKNOWN_OUTSIDE
    unknown = _sent(templates, own[hidden], accounts)[members]
    # whoever is dealt many tasks is dealt some that nobody outside knows
    luck = np.where(unknown > 0, 1.0, (1.0 - share[hidden].sum()) ** sent)
    return members[(ratio > BY_HABIT) & (sent >= LEAST_REQUESTS) & (luck >= LEAST_LUCK)]


def _sent(templates: Templates, chosen: I64, accounts: int) -> F64:
    """Requests of the chosen templates by each account."""
    inside = np.isin(templates.edge_template, chosen)
    made = templates.edge_exchanges[inside].astype(np.float64)
    return np.bincount(templates.edge_account[inside], weights=made, minlength=accounts).astype(np.float64)


def _queue(templates: Templates, one: Membership) -> Queue:
    held = one.purity >= CLEARLY_OWN
    own = one.own[held]
    reading = read(templates, own)
    tasks = np.zeros(len(one.own), np.bool_)
    tasks[held] = (reading.worth >= 0.5) if (reading.worth >= 0.5).any() else True
    members = _dealt_to(templates, one, tasks)
    inside = np.isin(templates.edge_account, members)
    column = templates.edge_template[inside]
    requests = np.bincount(column, weights=templates.edge_exchanges[inside], minlength=len(templates)).astype(np.int64)
    order = np.lexsort((own, -requests[own]))
    return Queue(
        accounts=members,
        posterior=one.posterior[np.isin(one.accounts, members)],
        templates=own[order],
        purity=(1.0 - 1.0 / one.lift)[held][order],
        inside=one.purity[held][order],
        requests=requests[own[order]],
        worth=reading.worth[order],
        reading=reading.evidence,
    )
