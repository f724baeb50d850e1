"""The scenarios as data: which attacks and workloads make a world, and what share of it each part has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from revenuer.errors import ConfigError
from revenuer.simulate.archetypes import ARCHETYPES
from revenuer.simulate.workloads import WORKLOADS

__all__ = ["Plan", "plan_of", "scenarios"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Shares of the traffic that are attacks and workloads, and which; the rest is ordinary."""

    text: str
    attacks: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    attack_share: float = 0.0
    workload_share: float = 0.0
    exchanges: int = 60_000


def _plans() -> dict[str, Plan]:
    attacks, works = tuple(ARCHETYPES), tuple(w.id for w in WORKLOADS.values() if w.common)
    trickiest = ("L1", "L4", "L5", "L7", "L8", "L11", "L14", "L19", "L23", "L24")
    plans = {
        "all": Plan(
            "every archetype and every legitimate workload in an ordinary majority", attacks, works, 0.2, 0.26, 250_000
        ),
        "attacks": Plan("every archetype in an ordinary majority", attacks, (), 0.22, 0.0, 250_000),
        "legitimate": Plan(
            "no attack: every legitimate workload in an ordinary majority", (), works, 0.0, 0.32, 250_000
        ),
        "ordinary": Plan("no attack and no workload: ordinary users alone"),
        "demo": Plan(
            "a small world with four campaigns and the trickiest workloads",
            ("A1", "A4", "A5", "A12"),
            trickiest,
            0.2,
            0.25,
            20_000,
        ),
    }
    plans |= {a.id: Plan(f"{a.title}, in an ordinary majority", (a.id,), (), 0.15, 0.0) for a in ARCHETYPES.values()}
    return plans | {
        w.id: Plan(f"{w.title}, in an ordinary majority", (), (w.id,), 0.0, 0.15) for w in WORKLOADS.values()
    }


_PLANS: Final = _plans()


def scenarios() -> dict[str, str]:
    """Name of every scenario -> what it is, in one line."""
    return {name: plan.text for name, plan in _PLANS.items()}


def plan_of(scenario: str) -> Plan:
    """The plan of a scenario; names joined by `+` share one ordinary majority, with the larger share of each part.

    Raises:
        ConfigError: no scenario has such a name.
    """
    parts = scenario.split("+")
    for name in parts:
        if name not in _PLANS:
            raise ConfigError(f"no scenario '{name}'; there are {', '.join(_PLANS)}")
    plans = [_PLANS[name] for name in parts]
    return Plan(
        scenario,
        tuple(dict.fromkeys(attack for plan in plans for attack in plan.attacks)),
        tuple(dict.fromkeys(work for plan in plans for work in plan.workloads)),
        max(plan.attack_share for plan in plans),
        max(plan.workload_share for plan in plans),
        max(plan.exchanges for plan in plans),
    )
