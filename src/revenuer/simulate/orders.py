"""All that a world is a function of, and the jobs that make it, each of which needs no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from revenuer.simulate.archetypes import ARCHETYPES
from revenuer.simulate.campaigns import campaign
from revenuer.simulate.legitimate import workload
from revenuer.simulate.plans import Plan, plan_of
from revenuer.simulate.population import Batch, batches, majority
from revenuer.simulate.requests import Group
from revenuer.simulate.settings import Settings
from revenuer.simulate.sizes import Size, campaign_sizes
from revenuer.simulate.texts.corpora import Corpora
from revenuer.simulate.texts.generator import Generated
from revenuer.simulate.texts.pool import Texts
from revenuer.simulate.workloads import WORKLOADS, Workload
from revenuer.simulate.world import World

__all__ = ["Job", "Left", "Order", "left", "opening", "rest"]

_ACCOUNT_PER: Final = 17  # exchanges for one account, when the number of accounts is not given


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for; see `simulate`."""

    scenario: str
    seed: int
    exchanges: int
    accounts: int | None
    corpora: Path | None
    settings: Settings
    prompt_bytes: int | None
    per_account: float | None = None

    @property
    def density(self) -> float:
        """How much more an account sends than where nothing was said about it."""
        return 1.0 if self.per_account is None else self.per_account / _ACCOUNT_PER

    def world(self) -> World:
        """The setting.

        Raises:
            InputError: the corpora cannot be read.
        """
        texts: Texts = Generated(self.seed)
        return World(self.seed, texts if self.corpora is None else Corpora(self.corpora, texts))

    def streams(self) -> World:
        """The setting without its corpora: enough for random streams and sizes."""
        return World(self.seed, Generated(self.seed))

    @property
    def plan(self) -> Plan:
        """What makes the world."""
        return plan_of(self.scenario)

    def told(self) -> dict[str, Any]:
        """The order in terms of JSON."""
        return asdict(self) | {"corpora": None if self.corpora is None else str(self.corpora)}

    @classmethod
    def heard(cls, told: dict[str, Any]) -> Self:
        """The order from what `told` gives."""
        corpora = None if told["corpora"] is None else Path(told["corpora"])
        return cls(**told | {"corpora": corpora, "settings": Settings(**told["settings"])})


@dataclass(frozen=True, slots=True)
class Job:
    """Makes a group or two.

    Args:
        number: of the first of them in the world; it names their random streams.
        size: exchanges, about.
        make: the groups of a setting.
    """

    number: int
    size: int
    make: Callable[[World], Sequence[Group]]


@dataclass(frozen=True, slots=True)
class Left:
    """What campaigns and workloads leave to the ordinary majority: its first group, its accounts, its exchanges."""

    number: int
    accounts: int
    exchanges: int


def opening(world: World, order: Order) -> tuple[list[Job], int]:
    """The jobs of campaigns and workloads, and how many campaigns there are.

    Raises:
        ConfigError: campaigns that do not fit into the world.
    """
    plan, settings = order.plan, order.settings
    usual = [settings.applied(ARCHETYPES[name]) for name in plan.attacks]
    kinds = [replace(kind, per_account=kind.per_account * order.density) for kind in usual]
    sizes = list(campaign_sizes(kinds, plan.attack_share, order.exchanges, settings, world.days))
    made = [Job(number, size.exchanges, _campaign(size, settings)) for number, size in enumerate(sizes, 1)]
    works = enumerate(_workloads(world, order), len(made) + 1)
    return made + [Job(number, which[2], _workload(*which)) for number, which in works], len(made)


def _campaign(size: Size, settings: Settings) -> Callable[[World], list[Group]]:
    return lambda world: [campaign(world, size, settings.campaign_days)]


def _workload(kind: Workload, instance: int, exchanges: int) -> Callable[[World], list[Group]]:
    return lambda world: [workload(world, kind, instance, exchanges)]


def _workloads(world: World, order: Order) -> Iterator[tuple[Workload, int, int]]:
    """(workload, number, exchanges) of each instance: fewer in a small world, of uneven sizes."""
    plan = order.plan
    total = sum(WORKLOADS[name].share for name in plan.workloads)
    for name in plan.workloads:
        kind = replace(WORKLOADS[name], per_account=WORKLOADS[name].per_account * order.density)
        size = order.exchanges * plan.workload_share * kind.share / total
        count = max(1, min(kind.instances, round(size / 120)))
        weights = world.rng("instances", name).dirichlet([3.0] * count)
        for number, weight in enumerate(weights.tolist()):
            yield kind, number, max(20, round(size * weight))


def left(order: Order, campaigns: Sequence[tuple[int, int]], workloads: Sequence[tuple[int, int]]) -> Left:
    """What is left after campaigns and workloads of so many (accounts, exchanges)."""
    accounts, spent = (sum(part) for part in zip((0, 0), *campaigns, strict=True))
    # Campaigns of a size that was asked for come beside the world's other accounts, not in their place.
    extra, others = (accounts, order.exchanges - spent) if order.settings.sized else (0, order.exchanges)
    everybody = order.accounts or extra + int(others // (order.per_account or _ACCOUNT_PER))
    accounts, spent = (sum(part) for part in zip((accounts, spent), *workloads, strict=True))
    number = len(campaigns) + len(workloads) + 1
    return Left(number, max(everybody - accounts, 20), max(order.exchanges - spent, 100))


def rest(what: Left) -> list[Job]:
    """The jobs of the ordinary majority."""
    return [
        Job(what.number + 2 * batch.number, batch.exchanges, _majority(batch))
        for batch in batches(what.accounts, what.exchanges)
    ]


def _majority(batch: Batch) -> Callable[[World], list[Group]]:
    return lambda world: majority(world, batch)
