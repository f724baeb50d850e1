"""Templates to queues, from grouping to membership."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from usage_worlds import Usage, beside, campaigns_with_cover, products, queues, shared_tasks, with_ordinary

from revenuer.behaviour import Profiles
from revenuer.campaigns.membership import UNSEEN, Membership
from revenuer.campaigns.queues import (
    CLEARLY_OWN,
    LEAST_ENTITIES,
    WIDELY_USED,
    Queue,
    _dealt_to,
    _joined,
    find_queues,
    suspects,
    without,
)
from revenuer.linkage.templates import KINDS, Requests, Templates
from strategies import templates_of


def profiles_of(usage: Usage) -> Profiles:
    """Accounts that answer for themselves and made no other exchanges."""
    accounts = len(usage.counts)
    nought = np.zeros(accounts, np.int64)
    words = np.full(accounts, "", object)
    made = usage.counts.sum(axis=1)
    return Profiles(np.arange(accounts), words, np.arange(accounts), made, nought, nought, made, nought, {}, words)


def found_in(usage: Usage, chosen: npt.NDArray[np.int64] | None = None) -> list[Queue]:
    every = np.arange(usage.counts.shape[1])
    return find_queues(templates_of(usage.counts), every if chosen is None else chosen, profiles_of(usage))


def as_sets(found: list[Queue]) -> set[frozenset[int]]:
    return {frozenset(queue.accounts.tolist()) for queue in found}


def planted(usage: Usage) -> set[frozenset[int]]:
    numbers = range(usage.account_queue.max() + 1)
    return {frozenset(np.flatnonzero(usage.account_queue == number).tolist()) for number in numbers}


def most_of_each(usage: Usage, found: list[Queue], least: int) -> bool:
    """Whether each planted queue has `least` of its accounts in a queue that holds nobody else."""
    return all(any(len(queue) >= least and queue <= whole for queue in as_sets(found)) for whole in planted(usage))


@pytest.mark.parametrize("seed", range(4))
def test_queues_with_half_their_traffic_ordinary_are_found(seed: int):
    """Accounts of each planted queue come out together, with the queue's own templates and nearly nobody else."""
    usage = with_ordinary(seed, queues(seed), ordinary=600, common=40, mix=0.5)
    chosen = np.flatnonzero(usage.template_queue >= 0)  # `suspects` leaves out what customers with habits share
    kept = [queue for queue in found_in(usage, chosen) if (usage.account_queue[queue.accounts] >= 0).mean() > 0.5]
    assert len(kept) == 4
    for queue in kept:
        number = int(usage.account_queue[queue.accounts].max())
        assert (usage.account_queue[queue.accounts] == number).sum() >= 39
        assert len(queue.accounts) <= 44
        assert (usage.template_queue[queue.templates] == number).mean() > 0.9


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("requests", [2.0, 4.0, 8.0])
def test_what_a_glue_template_joins_is_taken_apart_again(seed: int, requests: float):
    """A public template may join communities; all accounts but one or two come out in their own queues all the same."""
    usage = queues(seed)
    glue = np.random.default_rng(seed).poisson(requests, (len(usage.counts), 1))
    glued = Usage(np.hstack([usage.counts, glue]), usage.account_queue, np.append(usage.template_queue, -1))
    assert most_of_each(usage, found_in(beside(glued, products(seed, templates=80))), 38)


@pytest.mark.parametrize("seed", range(4))
def test_products_are_not_joined_into_queues(seed: int):
    """Each product may be a queue of its own customers; none holds those of two, a curious few aside."""
    usage = products(seed, templates=80, users=8)
    favourites = [usage.counts[queue.accounts].argmax(axis=1) for queue in found_in(usage)]
    shares = [np.bincount(favourite).max() / len(favourite) for favourite in favourites]
    assert min(shares) > 0.6
    assert np.mean(shares) > 0.95


def test_the_busiest_queue_comes_first_and_lists_its_busiest_template_first():
    """Queues and their templates are in order of requests, accounts in order of index."""
    found = found_in(beside(queues(3), products(3)))
    assert [int(queue.requests.sum()) for queue in found] == sorted(
        (int(q.requests.sum()) for q in found), reverse=True
    )
    for queue in found:
        assert queue.requests.tolist() == sorted(queue.requests.tolist(), reverse=True)
        assert (np.diff(queue.accounts) > 0).all()
        assert ((queue.purity >= 0) & (queue.purity <= 1)).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("common", [8.0, 15.0])
def test_campaigns_that_share_a_published_task_set_are_two_queues(seed: int, common: float):
    """Accounts of which up to half of the tasks are those of both go to the campaign whose own templates they use."""
    usage = with_ordinary(seed, shared_tasks(seed, 2, common), ordinary=1_500, common=40, mix=0.3, stray=0.0003)
    assert most_of_each(usage, found_in(usage, np.arange(39)), 28)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pool", [20, 80])
def test_cover_that_campaigns_take_from_one_public_source_glues_nobody(seed: int, pool: int):
    """Five campaigns, as many requests of a published collection as of tasks, and three hundred others who use it."""
    usage = campaigns_with_cover(seed, number=5, pool=pool)
    chosen = np.r_[0:60, usage.counts.shape[1] - pool : usage.counts.shape[1]]
    assert most_of_each(usage, found_in(usage, chosen), 38)


@pytest.mark.parametrize("seed", range(4))
def test_a_small_harvest_in_heavy_camouflage_is_a_queue_of_its_own(seed: int):
    """Members who send twenty times as much of what everybody sends are found by their few tasks, nobody with them."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((1_000, 28), np.int64)
    counts[:25, :8] = rng.poisson(0.75, (25, 8))
    counts[:, 8:] = rng.poisson(1.0, (1_000, 20))
    counts[:25, 8:] += rng.poisson(5.0, (25, 20))
    (queue,) = found_in(Usage(counts, np.zeros(0, np.int64), np.zeros(0, np.int64)))
    assert len(queue.accounts) >= 18
    assert set(queue.accounts.tolist()) <= set(range(25))
    assert set(queue.templates.tolist()) <= set(range(8))


@pytest.mark.parametrize(("outsiders", "expected"), [(0, 1), (80, 1), (160, 0)])
def test_a_queue_needs_templates_that_mostly_members_send(outsiders: int, expected: int):
    """Three requests of each template by forty members make a queue until more by strangers stand beside them."""
    counts = np.zeros((4_000, 5), np.int64)
    counts[:40, :4], counts[:, 4] = 3, 60
    strangers = np.arange(40, 40 + 4 * outsiders)
    counts[strangers, np.resize(np.arange(4), len(strangers))] = 1
    assert (120 / (120 + outsiders + UNSEEN) >= CLEARLY_OWN) == bool(expected)
    found = as_sets(found_in(Usage(counts, np.repeat([0, -1], [40, 3_960]), np.array([0, 0, 0, 0, -1])), np.arange(4)))
    assert found == {frozenset(range(40))} if expected else not found


def test_customers_templates_beside_the_tasks_are_the_queues_but_no_tasks():
    """What customers of a proxy send through its accounts is the queue's own; tasks are what reads like them."""
    usage = with_ordinary(0, queues(0, number=1), ordinary=800, common=40, mix=0.3, stray=0.0003)
    known = templates_of(usage.counts)
    scores = np.where(np.arange(len(known)) < 6, 0.95, 0.1)
    (queue,) = find_queues(replace(known, extraction=scores), np.arange(12), profiles_of(usage))
    assert sorted(queue.templates.tolist()) == list(range(12))
    assert sorted(queue.templates[queue.tasks].tolist()) == list(range(6))
    assert queue.reading > 0
    assert len(queue.accounts) >= 39
    (plain,) = find_queues(replace(known, extraction=np.full(len(known), 0.1)), np.arange(12), profiles_of(usage))
    assert plain.tasks.all()
    assert plain.reading < 0


@pytest.mark.parametrize("customers", [2, 6])
def test_customers_who_keep_to_one_template_of_a_queue_are_no_members(customers: int):
    """Accounts that send forty requests of one task and none of the eleven others have a habit, few or many of them."""
    habit = np.zeros((customers, 12), np.int64)
    habit[:, 0] = 40
    counts = np.vstack([queues(0, number=1).counts, habit, np.zeros((400, 12), np.int64)])
    counts = np.hstack([counts, np.full((len(counts), 1), 20)])
    found = as_sets(found_in(Usage(counts, counts[:, 0], counts[0]), np.arange(12)))
    assert frozenset(range(40)) in found
    assert not any(set(range(40, 40 + customers)) & queue for queue in found if 0 in queue)


def test_whoever_is_dealt_many_tasks_is_dealt_some_that_nobody_outside_knows():
    """Twenty requests of a queue's known tasks and none of its unknown ones are no member's; two may be."""
    counts = np.zeros((43, 10), np.int64)
    counts[:40] = 2
    counts[40:43, :5] = np.array([[4], [4], [0]])
    counts[42, :2] = 1
    counts[41, 9] = 1
    one = Membership(
        np.arange(43), np.ones(43), np.arange(10), np.full(10, 0.1), np.repeat([1e-3, 1e-5], 5), np.ones(10)
    )
    members = _dealt_to(templates_of(counts), one, np.ones(10, np.bool_))
    assert members.tolist() == [account for account in range(43) if account != 40]
    assert _dealt_to(templates_of(counts), one, np.zeros(10, np.bool_)).tolist() == []


def bare(wording: float) -> list[Queue]:
    """Forty accounts tied by wordings of this text score and forty by none; all eighty put tasks in one manner."""
    rng = np.random.default_rng(0)
    counts = np.zeros((600, 13), np.int64)
    counts[:40, :6] = rng.poisson(2.0, (40, 6))
    counts[:80, 6:12] = rng.poisson(3.0, (80, 6))
    counts[:, 12] = 20
    scores = np.where(np.arange(13) < 6, wording, 0.9)
    kind = np.where(np.arange(13) < 6, 0, KINDS.index("manner"))
    known = replace(templates_of(counts), kind=kind, extraction=scores)
    return find_queues(known, np.arange(12), profiles_of(Usage(counts, counts[:, 0], counts[0])))


def test_manner_links_only_accounts_that_no_wording_ties():
    """Who is tied by a wording stays with it; a manner that they share with others makes a queue of the others."""
    assert as_sets(bare(0.9)) == {frozenset(range(40)), frozenset(range(40, 80))}


def test_a_wording_that_reads_like_none_leaves_its_accounts_to_their_manner():
    """A template that is nobody's task does not hide what its users have in common beside it."""
    assert frozenset(range(80)) in as_sets(bare(0.1))


def learnt(accounts: range, own: range, rate: float | list[float] = 0.1) -> Membership:
    """A queue of these accounts that deals these templates."""
    n, rates = len(accounts), np.broadcast_to(np.asarray(rate, np.float64), len(own))
    nothing = np.full(len(own), 1e-6)
    return Membership(np.array(accounts), np.ones(n), np.array(own), rates, nothing, np.ones(len(own)))


def test_fragments_of_one_queue_are_joined():
    """Queues of which one holds most of the other, and which deal the same tasks, are one."""
    joined = _joined([learnt(range(30), range(10)), learnt(range(10, 42), range(10)), learnt(range(5), range(9))])
    assert [part.tolist() for part in joined] == [list(range(42))]


def test_campaigns_that_share_accounts_or_tasks_alone_are_not_joined():
    """The same accounts with other tasks, and other accounts with the same tasks, are queues of their own."""
    other_tasks = [learnt(range(30), range(10)), learnt(range(30), range(8, 18))]
    assert [part.tolist() for part in _joined(other_tasks)] == [list(range(30))] * 2
    other_accounts = [learnt(range(30), range(10)), learnt(range(20, 50), range(10))]
    assert [len(part) for part in _joined(other_accounts)] == [30, 30]
    rarely = [learnt(range(30), range(10), [0.5, *[0.001] * 9]), learnt(range(30), range(10), [0.001, *[0.1] * 9])]
    assert len(_joined(rarely)) == 2
    assert _joined([]) == []


def requests(users: int, each: int, *, habit: float) -> Requests:
    """Requests of one template by accounts whose subjects and hours are their own to the extent of their habit."""
    rng = np.random.default_rng(users)
    account = np.repeat(np.arange(users), each)
    n = len(account)
    subject = rng.normal(size=(users, 16))[account] * habit + rng.normal(size=(n, 16))
    own_hour = rng.integers(24, size=users)[account]
    hour = np.where(rng.random(n) < habit / (1 + habit), own_hour, rng.integers(24, size=n)) + 24 * np.arange(n)
    sketch = np.rint(127 * subject / np.linalg.norm(subject, axis=1, keepdims=True)).astype(np.int8)
    unique, none = np.arange(1, n + 1), np.zeros(n, np.int64)
    return Requests(none, account, unique, hour, unique, sketch, unique, none, np.zeros(n))


def one_template(users: int, **facts: float) -> Templates:
    known = templates_of(np.full((users, 1), 10))
    return replace(known, **{name: np.full(1, value, getattr(known, name).dtype) for name, value in facts.items()})


@pytest.mark.parametrize("users", [5, 60])
@pytest.mark.parametrize("habit", [0.0, 3.0])
def test_a_widely_used_template_of_customers_with_habits_is_no_suspect(users: int, habit: float):
    """What many use, each in their own way, links nobody; what few use is looked at in any case."""
    found = suspects(one_template(users), requests(users, 10, habit=habit), seed=0)
    assert found.tolist() == ([] if habit and users >= WIDELY_USED else [0])


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"extraction": 0.5}, []),
        ({"extraction": np.nan}, [0]),
        ({"novelty": 0.2}, []),
        ({"followups": 0.8}, []),
        ({"followups": 0.8, "kind": KINDS.index("system_frame")}, [0]),
        ({"entities": LEAST_ENTITIES - 1}, []),
    ],
)
def test_only_templates_that_may_put_tasks_are_suspects(facts: dict[str, float], expected: list[int]):
    """Several owners, new tasks each time, a text that reads so or is not known, and no talk that goes on and on."""
    nothing = requests(5, 10, habit=0.0)
    assert suspects(one_template(5), nothing, seed=0).tolist() == [0]
    assert suspects(one_template(5, **facts), nothing, seed=0).tolist() == expected


@pytest.mark.parametrize("seed", range(4))
def test_each_account_is_in_one_queue_at_most(seed: int):
    """Accounts that work for two campaigns fall to one of them."""
    usage = queues(seed, number=2)
    usage.counts[36:44] = np.random.default_rng(seed).poisson(1.2, (8, 24))
    found = found_in(beside(usage, products(seed, templates=60)))
    accounts = np.concatenate([queue.accounts for queue in found])
    assert len(np.unique(accounts)) == len(accounts)
    assert max(len(queue.accounts) for queue in found) <= 48


def test_without_leaves_out_accounts_with_their_posteriors():
    """The queue less some accounts has the same templates, and each of the rest its own odds."""
    queue = found_in(queues(0, number=2))[0]
    accounts = queue.accounts
    left = without(replace(queue, posterior=accounts / 100), np.arange(80) % 3 == 0)
    assert left.accounts.tolist() == [account for account in accounts.tolist() if account % 3]
    np.testing.assert_allclose(left.posterior, left.accounts / 100)
    np.testing.assert_array_equal(left.templates, queue.templates)
