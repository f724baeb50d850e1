"""Other traffic on the accounts of a pool: its customers' conversations, or camouflage made for the purpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.habits import browse, heavy_counts
from revenuer.simulate.identity import Cohort, Identity, enrol
from revenuer.simulate.requests import Requests
from revenuer.simulate.rhythm import queue_times
from revenuer.simulate.world import World, hex_ids

__all__ = ["Route", "camouflage", "customers", "lived"]

Floats = NDArray[np.float64]
# Times of conversations -> the account of the pool that serves each.
Route = Callable[[Floats], NDArray[np.int64]]


def customers(world: World, n: int, route: Route, *key: object, sticky: float = 0.0, named: bool = False) -> Requests:
    """`n` requests of many people, whose conversations are routed over a pool's accounts.

    Args:
        world: the setting.
        n: how many requests.
        route: which account serves a conversation that opens at a time.
        key: of the random stream.
        sticky: share of people who always come out on the same account.
        named: the pool passes on who its people are.
    """
    rng = world.rng("customers", *key)
    count = max(3, n // 12)
    people = enrol(world, Identity(), count, "customers", *key)
    requests = browse(world, people, heavy_counts(rng, count, n, sigma=1.2), "customers", *key)
    starts = np.flatnonzero(requests.turn == 0)
    served = route(requests.at[starts])
    person = requests.who[starts]
    home = served[np.unique(person, return_index=True)[1]]
    keeps = rng.random(count) < sticky
    if named:
        names = hex_ids(rng, count, "eu_", 12)
        requests.end_user = [names[p] for p in person[requests.session].tolist()]
    requests.who = np.where(keeps[person], home[person], served)[requests.session]
    return requests


def camouflage(world: World, n: int, route: Route, span: tuple[float, float], *key: object) -> Requests:
    """`n` single questions of every kind in the rhythm of a queue, so that the accounts look busy with other things."""
    rng, dice = world.rng("camouflage", *key), world.dice("camouflage", *key)
    at = queue_times(rng, n, span[0], span[1], swing=0.3, lumps=0.3)
    kinds = dice.choices(("chat", "qa", "writing", "coding", "translation"), k=n)
    texts = [world.texts.ordinary(kind).draw(dice)[0] for kind in kinds]
    zeros = np.zeros(n, dtype=np.int64)
    return Requests(
        route(at), at, np.arange(n), zeros, kinds, zeros.astype(bool),
        [t.prompt for t in texts], [t.system for t in texts], [t.response for t in texts],
    )  # fmt: skip


def lived(world: World, cohort: Cohort, n: int, terms: tuple[Floats, Floats], *key: object) -> Requests:
    """`n` requests as if each account had one owner: conversations with follow-ups, to a taste and at hours of its own.

    Args:
        world: the setting.
        cohort: the campaign's accounts.
        n: how many requests.
        terms: first and last second in which each account is in service.
        key: of the random stream.
    """
    rng = world.rng("lived", *key)
    weight = rng.lognormal(0, 0.6, cohort.size) * np.maximum(terms[1] - terms[0], 1.0)
    return browse(world, cohort, rng.multinomial(n, weight / weight.sum()), "lived", *key, span=terms)
