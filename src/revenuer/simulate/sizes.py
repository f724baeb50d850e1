"""How large each campaign of a world is: by its share of the traffic, or by the accounts and the rate that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from revenuer.errors import ConfigError
from revenuer.simulate.archetypes import Archetype
from revenuer.simulate.settings import Settings

__all__ = ["Size", "campaign_sizes"]

_CAMPAIGN: Final = 15_000  # extraction exchanges beyond which an archetype has a second campaign
_HALF: Final = 1 / 2  # of the world, at most, is traffic of attack accounts
_THIRD: Final = 1 / 3  # the same where most of that is cover, or where the size is asked for
_THINNEST: Final = 8.0  # extraction exchanges that an account of a shrunk campaign still makes
_FEWEST: Final = 6  # accounts of a campaign


@dataclass(frozen=True, slots=True)
class Size:
    """One campaign: its archetype with the settings applied, its number, extraction exchanges and accounts."""

    kind: Archetype
    number: int
    exchanges: int
    accounts: int


def campaign_sizes(
    kinds: Sequence[Archetype], share: float, exchanges: int, settings: Settings, days: float
) -> list[Size]:
    """The campaigns of a world.

    Args:
        kinds: archetypes, settings applied.
        share: of the world that is extraction, where nothing else is asked for.
        exchanges: of the whole world.
        settings: of all campaigns.
        days: length of the window.

    Raises:
        ConfigError: what was asked for does not fit into the world.
    """
    if settings.campaign_accounts is not None and settings.rate is not None:
        return _asked(kinds, exchanges, settings.campaign_accounts, settings, days)
    return list(_shared(kinds, share, exchanges, settings, days))


def _asked(kinds: Sequence[Archetype], exchanges: int, accounts: int, settings: Settings, days: float) -> list[Size]:
    """Accounts x rate x days, of which the mix leaves the harvest."""
    totals = [accounts * _each(kind, settings, days) for kind in kinds]
    if sum(totals) > exchanges * _THIRD:
        raise ConfigError(
            f"{len(kinds)} campaign(s) of {accounts:,} accounts at {settings.rate:g} requests a day make {sum(totals):,.0f} exchanges, "
            f"more than a third of a world of {exchanges:,}: ask for {_thousands(sum(totals) / _THIRD):,} exchanges or more, "
            "for fewer accounts or days, or for a lower rate"
        )
    sizes = [
        Size(kind, 1, round(total * (1 - kind.benign_mix)), accounts) for kind, total in zip(kinds, totals, strict=True)
    ]
    for size in sizes:
        if size.exchanges < accounts:
            raise ConfigError(
                f"{size.kind.id}: {accounts:,} accounts would share {size.exchanges:,} harvested exchanges, less than one each: "
                "ask for a higher rate, more days or a lower benign mix"
            )
    return sizes


def _shared(
    kinds: Sequence[Archetype], share: float, exchanges: int, settings: Settings, days: float
) -> Iterator[Size]:
    """Every kind's share of the extraction; large shares are split, and cover shrinks the harvest."""
    total = sum(kind.share for kind in kinds)
    sizes = [exchanges * share * kind.share / total for kind in kinds]
    carried = sum(size / (1 - kind.benign_mix) for size, kind in zip(sizes, kinds, strict=True))
    heavy = settings.sized or (settings.benign_mix or 0) > _HALF
    bound = (_THIRD if heavy else _HALF) * exchanges
    scale = min(1.0, bound / carried) if carried else 1.0
    for kind, size in zip(kinds, sizes, strict=True):
        # A large world holds several campaigns of a kind rather than one giant.
        count = max(1, round(size * scale / _CAMPAIGN))
        harvest = max(40, round(size * scale / count))
        thinned = scale if heavy else 1.0
        accounts = _accounts(kind, harvest, exchanges, settings, (days, thinned))
        for number in range(1, count + 1):
            yield Size(kind, number, harvest, accounts)


def _accounts(kind: Archetype, harvest: int, exchanges: int, settings: Settings, how: tuple[float, float]) -> int:
    """Accounts of a campaign that harvests this much; `how`: days of the window, and what is left of the usual harvest."""
    days, scale = how
    if settings.campaign_accounts is not None:
        wanted = settings.campaign_accounts
        if harvest < 2 * wanted:
            raise ConfigError(
                f"{kind.id}: a world of {exchanges:,} exchanges leaves it {harvest:,} to harvest, too few for {wanted:,} accounts: "
                f"ask for {_thousands(exchanges * 2 * wanted / harvest):,} exchanges or more, fewer accounts or a lower benign mix"
            )
        return wanted
    if settings.rate is not None:
        total = harvest / (1 - kind.benign_mix)
        accounts = round(total / _each(kind, settings, days))
        if accounts < _FEWEST:
            raise ConfigError(
                f"{kind.id}: a world of {exchanges:,} exchanges leaves it {total:,.0f}, not enough for {_FEWEST} accounts at "
                f"{settings.rate:g} a day: ask for {_thousands(exchanges * _FEWEST * _each(kind, settings, days) / total):,} exchanges "
                "or more, fewer days or a lower rate"
            )
        return accounts
    # What cover takes, each account harvests less; only what is then too thin to be worth an account has fewer of them.
    return max(_FEWEST, round(harvest / min(kind.per_account, max(_THINNEST, kind.per_account * scale))))


def _each(kind: Archetype, settings: Settings, days: float) -> float:
    """Requests of one account over the campaign at the rate that was asked for."""
    lasts = settings.campaign_days or (min(kind.end, 0.998) - kind.start) * days
    return (settings.rate or 0.0) * lasts


def _thousands(value: float) -> int:
    return ceil(value / 1_000) * 1_000
