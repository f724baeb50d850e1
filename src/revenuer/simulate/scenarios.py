"""Scenarios: which groups make a world, how large each is, and the function that simulates one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from revenuer.errors import ConfigError
from revenuer.simulate.archetypes import ARCHETYPES
from revenuer.simulate.campaigns import campaign
from revenuer.simulate.legitimate import workload
from revenuer.simulate.output import Sink, publish, staging
from revenuer.simulate.plans import Plan, plan_of, scenarios
from revenuer.simulate.population import ordinary
from revenuer.simulate.requests import Group
from revenuer.simulate.settings import Cover, Infrastructure, Settings
from revenuer.simulate.sizes import campaign_sizes
from revenuer.simulate.texts.corpora import Corpora
from revenuer.simulate.texts.generator import Generated
from revenuer.simulate.texts.pool import Texts
from revenuer.simulate.workloads import WORKLOADS, Workload
from revenuer.simulate.world import World

__all__ = ["Summary", "scenarios", "simulate"]

_ACCOUNT_PER: Final = 17  # exchanges for one account, when the number of accounts is not given


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written.

    Args:
        exchanges, accounts, campaigns: how many.
        labels: exchanges of each label.
        label_accounts: accounts of each label.
    """

    exchanges: int
    accounts: int
    campaigns: int
    labels: dict[str, int]
    label_accounts: dict[str, int]


def _workloads(world: World, plan: Plan, exchanges: int) -> Iterator[tuple[Workload, int, int]]:
    """(workload, number, exchanges) of each instance: fewer in a small world, of uneven sizes."""
    total = sum(WORKLOADS[name].share for name in plan.workloads)
    for name in plan.workloads:
        kind = WORKLOADS[name]
        size = exchanges * plan.workload_share * kind.share / total
        count = max(1, min(kind.instances, round(size / 120)))
        weights = world.rng("instances", name).dirichlet([3.0] * count)
        for number, weight in enumerate(weights.tolist()):
            yield kind, number, max(20, round(size * weight))


def _groups(world: World, plan: Plan, exchanges: int, accounts: int | None, settings: Settings) -> Iterator[Group]:
    """Every group of the world; the ordinary majority comes last and fills what is left."""
    spent, people = 0, 0
    kinds = [settings.applied(ARCHETYPES[name]) for name in plan.attacks]
    for size in campaign_sizes(kinds, plan.attack_share, exchanges, settings, world.days):
        group = campaign(world, size, settings.campaign_days)
        spent, people = spent + len(group.requests.who), people + group.cohort.size
        yield group
    # Campaigns of a size that was asked for come beside the world's other accounts, not in their place.
    extra, rest = (people, exchanges - spent) if settings.sized else (0, exchanges)
    everybody = accounts or extra + rest // _ACCOUNT_PER
    for kind, number, wanted in _workloads(world, plan, exchanges):
        group = workload(world, kind, number, wanted)
        spent, people = spent + len(group.requests.who), people + group.cohort.size
        yield group
    yield from ordinary(world, max(everybody - people, 20), max(exchanges - spent, 100))


def simulate(
    scenario: str,
    out: Path,
    *,
    seed: int = 0,
    exchanges: int | None = None,
    accounts: int | None = None,
    corpora: Path | None = None,
    benign_mix: float | None = None,
    paraphrase: float | None = None,
    infrastructure: Infrastructure | None = None,
    paraphrase_frames: float | None = None,
    account_prefix: bool = False,
    cover: Cover | None = None,
    campaign_accounts: int | None = None,
    rate: float | None = None,
    campaign_days: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write one world as a traffic directory with its truth: the same bytes for the same arguments.

    Args:
        scenario: a name of `scenarios()`, or several joined by `+`.
        out: the directory to make; it may exist if it is empty.
        seed: of every random step.
        exchanges: how many in all (approximately); default by scenario.
        accounts: how many in all (approximately); default one for seventeen exchanges.
        corpora: texts and rhythms to use; default: the built-in generator.
        benign_mix: share of other traffic on attack accounts (0-0.98); default by archetype.
        paraphrase: share of attack requests whose frame is said anew (0-1); default by archetype.
        infrastructure: whether attack accounts share addresses, cards and devices; default by archetype.
        paraphrase_frames: share of a campaign's frames that come in several wordings (0-1); default none.
        account_prefix: every attack account puts a text of its own before what it harvests with.
        cover: what the other traffic on attack accounts is; default by archetype.
        campaign_accounts: accounts of each campaign; default by its share of the traffic.
        rate: requests a day of each attack account, other traffic included; default by archetype.
        campaign_days: how long each campaign runs; default by archetype.
        on_progress: called with (exchanges made, exchanges planned).

    Raises:
        ConfigError: an unknown scenario, an impossible number, or campaigns that do not fit into the world.
        InputError: the corpora cannot be read.
        OutputError: `out` cannot be written to.
    """
    plan = plan_of(scenario)
    _check(seed, exchanges, accounts)
    settings = Settings(
        benign_mix,
        paraphrase,
        infrastructure,
        paraphrase_frames,
        account_prefix,
        cover,
        campaign_accounts,
        rate,
        campaign_days,
    ).checked()
    return _written(plan, out, (seed, exchanges or plan.exchanges, accounts, corpora), settings, on_progress)


def _written(
    plan: Plan,
    out: Path,
    world_of: tuple[int, int, int | None, Path | None],
    settings: Settings,
    on_progress: Callable[[int, int], None] | None,
) -> Summary:
    """Make the world and let it appear; `world_of`: seed, exchanges, accounts, corpora."""
    seed, wanted, accounts, corpora = world_of
    with staging(out) as place:
        texts: Texts = Generated(seed)
        world = World(seed, Corpora(corpora, texts) if corpora is not None else texts)
        sink = Sink(world, wanted)
        campaigns = 0
        for group in _groups(world, plan, wanted, accounts, settings):
            sink.add(group)
            campaigns += group.campaign is not None
            if on_progress:
                on_progress(min(sink.exchanges, wanted), wanted)
        publish(sink, place, out)
    return Summary(
        sink.exchanges, sum(sink.label_accounts.values()), campaigns, dict(sink.labels), dict(sink.label_accounts)
    )


def _check(seed: int, exchanges: int | None, accounts: int | None) -> None:
    if seed < 0:
        raise ConfigError("the seed must not be negative")
    if exchanges is not None and exchanges < 1_000:
        raise ConfigError("a world needs at least 1000 exchanges")
    if accounts is not None and accounts < 50:
        raise ConfigError("a world needs at least 50 accounts")
