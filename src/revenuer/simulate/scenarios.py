"""Scenarios: which groups make a world, how large each is, and the function that simulates one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from revenuer.errors import ConfigError
from revenuer.simulate.crew import workers_for
from revenuer.simulate.orders import Order
from revenuer.simulate.output import publish, staging, writing
from revenuer.simulate.plans import plan_of, scenarios
from revenuer.simulate.settings import Cover, Infrastructure, Settings
from revenuer.simulate.writing import Progress, written

__all__ = ["Summary", "scenarios", "simulate"]

_BUSIEST: Final = 10_000  # exchanges of an account, on average: one in two minutes
_LONGEST: Final = 16_000  # bytes of a prompt, on average: a file of them still fits into memory


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
    per_account: float | None = None,
    prompt_bytes: int | None = None,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write one world as a traffic directory with its truth: the same bytes for the same arguments.

    Args:
        scenario: a name of `scenarios()`, or several joined by `+`.
        out: the directory to make; it may exist if it is empty.
        seed: of every random step.
        exchanges: how many in all (approximately); default by scenario.
        accounts: how many in all (approximately), which changes the majority; default by `per_account`.
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
        per_account: exchanges of an account, on average over campaigns, workloads and majority alike; default 17.
        prompt_bytes: mean length of the prompts, where they are not longer anyway; default as the texts have it.
        workers: processes at work at the same time, which changes no byte; default by cores and size, 1 with corpora.
        on_progress: called with (exchanges done, exchanges planned).

    Raises:
        ConfigError: an unknown scenario, an impossible number, or campaigns that do not fit into the world.
        InputError: the corpora cannot be read.
        OutputError: `out` cannot be written to.
    """
    plan = plan_of(scenario)
    size = plan.exchanges if exchanges is None else exchanges
    _check(seed, size, accounts)
    _check_scale(per_account, prompt_bytes, workers)
    settings = Settings(
        benign_mix, paraphrase, infrastructure, paraphrase_frames, account_prefix, cover, campaign_accounts, rate, campaign_days,
    ).checked()  # fmt: skip
    order = Order(scenario, seed, size, accounts, corpora, settings, prompt_bytes, per_account)
    return _written(order, out, workers_for(order, workers), on_progress or _silent)


def _written(order: Order, out: Path, workers: int, told: Progress) -> Summary:
    """Make the world and let it appear."""
    with staging(out) as place, writing(out):
        groups = written(order, place, workers, told)
        publish(place, out)
    labels: Counter[str] = Counter()
    accounts: Counter[str] = Counter()
    for group in groups:
        labels[group["label"]] += group["exchanges"]
        accounts[group["label"]] += group["accounts"]
    campaigns = sum(group["campaign"] is not None for group in groups)
    return Summary(labels.total(), accounts.total(), campaigns, dict(labels), dict(accounts))


def _silent(_done: int, _planned: int) -> None:
    """Nobody is told of the progress."""


def _check(seed: int, exchanges: int, accounts: int | None) -> None:
    if seed < 0:
        raise ConfigError("the seed must not be negative")
    if exchanges < 1_000:
        raise ConfigError("a world needs at least 1000 exchanges")
    if accounts is not None and accounts < 50:
        raise ConfigError("a world needs at least 50 accounts")
    if accounts is not None and accounts > exchanges:
        raise ConfigError(f"{exchanges:,} exchanges are too few for {accounts:,} accounts: each makes one or more")


def _check_scale(per_account: float | None, prompt_bytes: int | None, workers: int | None) -> None:
    if per_account is not None and not 4 <= per_account <= _BUSIEST:
        raise ConfigError(f"an account makes 4 to {_BUSIEST:,} exchanges on average")
    if prompt_bytes is not None and not 1 <= prompt_bytes <= _LONGEST:
        raise ConfigError(f"prompts are of 1 to {_LONGEST:,} bytes on average")
    if workers is not None and workers < 1:
        raise ConfigError("a world needs at least 1 worker")
