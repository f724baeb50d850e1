"""Scenarios: which groups make a world, how large each is, and the function that simulates one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from revenuer.errors import ConfigError
from revenuer.simulate.archetypes import ARCHETYPES, Archetype
from revenuer.simulate.campaigns import Settings, campaign
from revenuer.simulate.legitimate import workload
from revenuer.simulate.output import Sink, publish, staging
from revenuer.simulate.population import ordinary
from revenuer.simulate.requests import Group
from revenuer.simulate.texts.corpora import Corpora
from revenuer.simulate.texts.generator import Generated
from revenuer.simulate.texts.pool import Texts
from revenuer.simulate.workloads import WORKLOADS, Workload
from revenuer.simulate.world import World

__all__ = ["Summary", "scenarios", "simulate"]

_CAMPAIGN: Final = 15_000  # extraction exchanges beyond which an archetype has a second campaign
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


@dataclass(frozen=True, slots=True)
class _Plan:
    """Shares of the traffic that are attacks and workloads, and which; the rest is ordinary."""

    text: str
    attacks: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    attack_share: float = 0.0
    workload_share: float = 0.0
    exchanges: int = 60_000


def _plans() -> dict[str, _Plan]:
    attacks, works = tuple(ARCHETYPES), tuple(WORKLOADS)
    trickiest = ("L1", "L4", "L5", "L7", "L8", "L11", "L14", "L19", "L23", "L24")
    plans = {
        "all": _Plan(
            "every archetype and every legitimate workload in an ordinary majority", attacks, works, 0.2, 0.26, 250_000
        ),
        "attacks": _Plan("every archetype in an ordinary majority", attacks, (), 0.22, 0.0, 250_000),
        "legitimate": _Plan(
            "no attack: every legitimate workload in an ordinary majority", (), works, 0.0, 0.32, 250_000
        ),
        "ordinary": _Plan("no attack and no workload: ordinary users alone"),
        "demo": _Plan(
            "a small world with four campaigns and the trickiest workloads",
            ("A1", "A4", "A5", "A12"),
            trickiest,
            0.2,
            0.25,
            20_000,
        ),
    }
    plans |= {a.id: _Plan(f"{a.title}, in an ordinary majority", (a.id,), (), 0.15, 0.0) for a in ARCHETYPES.values()}
    return plans | {
        w.id: _Plan(f"{w.title}, in an ordinary majority", (), (w.id,), 0.0, 0.15) for w in WORKLOADS.values()
    }


_PLANS: Final = _plans()


def scenarios() -> dict[str, str]:
    """Name of every scenario -> what it is, in one line."""
    return {name: plan.text for name, plan in _PLANS.items()}


def _attacks(plan: _Plan, exchanges: int, settings: Settings) -> Iterator[tuple[Archetype, int, int]]:
    """(archetype, number, extraction exchanges) of each campaign; with their cover they stay within half of the world."""
    kinds = [ARCHETYPES[name] for name in plan.attacks]
    total = sum(kind.share for kind in kinds)
    sizes = [exchanges * plan.attack_share * kind.share / total for kind in kinds]
    mixes = [settings.applied(kind).benign_mix for kind in kinds]
    carried = sum(size / (1 - mix) for size, mix in zip(sizes, mixes, strict=True))
    scale = min(1.0, 0.5 * exchanges / carried) if carried else 1.0
    for kind, size in zip(kinds, sizes, strict=True):
        # A large world holds several campaigns of a kind rather than one giant.
        count = max(1, round(size * scale / _CAMPAIGN))
        for number in range(1, count + 1):
            yield kind, number, max(40, round(size * scale / count))


def _workloads(world: World, plan: _Plan, exchanges: int) -> Iterator[tuple[Workload, int, int]]:
    """(workload, number, exchanges) of each instance: fewer in a small world, of uneven sizes."""
    total = sum(WORKLOADS[name].share for name in plan.workloads)
    for name in plan.workloads:
        kind = WORKLOADS[name]
        size = exchanges * plan.workload_share * kind.share / total
        count = max(1, min(kind.instances, round(size / 120)))
        weights = world.rng("instances", name).dirichlet([3.0] * count)
        for number, weight in enumerate(weights.tolist()):
            yield kind, number, max(20, round(size * weight))


def _groups(world: World, plan: _Plan, exchanges: int, accounts: int, settings: Settings) -> Iterator[Group]:
    """Every group of the world; the ordinary majority comes last and fills what is left."""
    spent, people = 0, 0
    for attack, number, size in _attacks(plan, exchanges, settings):
        group = campaign(world, attack, number, size, settings)
        spent, people = spent + len(group.requests.who), people + group.cohort.size
        yield group
    for kind, number, size in _workloads(world, plan, exchanges):
        group = workload(world, kind, number, size)
        spent, people = spent + len(group.requests.who), people + group.cohort.size
        yield group
    yield from ordinary(world, max(accounts - people, 20), max(exchanges - spent, 100))


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
    infrastructure: Literal["shared", "disjoint"] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write one world as a traffic directory with its truth: the same bytes for the same arguments.

    Args:
        scenario: a name of `scenarios()`.
        out: the directory to make; it may exist if it is empty.
        seed: of every random step.
        exchanges: how many in all (approximately); default by scenario.
        accounts: how many in all (approximately); default one for seventeen exchanges.
        corpora: texts and rhythms to use; default: the built-in generator.
        benign_mix: share of other traffic on attack accounts (0-0.98); default by archetype.
        paraphrase: share of attack requests whose frame is said anew (0-1); default by archetype.
        infrastructure: whether attack accounts share addresses, cards and devices; default by archetype.
        on_progress: called with (exchanges made, exchanges planned).

    Raises:
        ConfigError: an unknown scenario or an impossible number.
        InputError: the corpora cannot be read.
        OutputError: `out` cannot be written to.
    """
    plan = _checked(scenario, seed, (exchanges, accounts), benign_mix, paraphrase)
    wanted = exchanges or plan.exchanges
    with staging(out) as place:
        texts: Texts = Generated(seed)
        world = World(seed, Corpora(corpora, texts) if corpora is not None else texts)
        sink = Sink(world, wanted)
        campaigns = 0
        settings = Settings(benign_mix, paraphrase, infrastructure)
        for group in _groups(world, plan, wanted, accounts or wanted // _ACCOUNT_PER, settings):
            sink.add(group)
            campaigns += group.campaign is not None
            if on_progress:
                on_progress(min(sink.exchanges, wanted), wanted)
        publish(sink, place, out)
    return Summary(
        sink.exchanges, sum(sink.label_accounts.values()), campaigns, dict(sink.labels), dict(sink.label_accounts)
    )


def _checked(
    scenario: str, seed: int, sizes: tuple[int | None, int | None], benign_mix: float | None, paraphrase: float | None
) -> _Plan:
    exchanges, accounts = sizes
    if scenario not in _PLANS:
        raise ConfigError(f"no scenario '{scenario}'; there are {', '.join(_PLANS)}")
    if seed < 0:
        raise ConfigError("the seed must not be negative")
    if exchanges is not None and exchanges < 1_000:
        raise ConfigError("a world needs at least 1000 exchanges")
    if accounts is not None and accounts < 50:
        raise ConfigError("a world needs at least 50 accounts")
    if benign_mix is not None and not 0 <= benign_mix <= 0.98:
        raise ConfigError("the benign mix must lie between 0 and 0.98")
    if paraphrase is not None and not 0 <= paraphrase <= 1:
        raise ConfigError("the share of paraphrase must lie between 0 and 1")
    return _PLANS[scenario]
