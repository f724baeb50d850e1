"""Exchange level: which exchanges were marked as extraction, and what they were said to be after."""

from __future__ import annotations

import numpy as np

from revenuer.evaluate.measures import Codes, Estimate, Proportion, f1_of, mean_estimate, proportion, rates_by_group
from revenuer.evaluate.result import CapabilityLevel, ExchangeLevel
from revenuer.evaluate.world import Accounts, Exchanges, World

__all__ = ["campaign_labels", "exchange_level"]


def campaign_labels(accounts: Accounts) -> Codes:
    """The label of each true campaign (codes by campaign): the one that most of its accounts carry."""
    inside = accounts.campaign.codes >= 0
    table = np.zeros((len(accounts.campaign.names), len(accounts.label.names)), dtype=np.int64)
    np.add.at(table, (accounts.campaign.codes[inside], accounts.label.codes[inside]), 1)
    return table.argmax(axis=1) if table.size else np.zeros(0, dtype=np.int64)


def exchange_level(world: World) -> ExchangeLevel:
    """Precision, recall and F1 of the marks, recall by archetype, false marks by label, capability confusion."""
    exchanges = world.exchanges
    true, marked = exchanges.extraction, exchanges.marked
    hits, misses, false = int((true & marked).sum()), int((true & ~marked).sum()), int((~true & marked).sum())
    return ExchangeLevel(
        precision=proportion(hits, hits + false),
        recall=proportion(hits, hits + misses),
        f1=f1_of(hits, misses, false),
        by_archetype=_recall_by_archetype(world),
        campaign_mean=_campaign_mean(world),
        false_positive_rate=proportion(false, int((~true).sum())),
        false_positives=_false_positives(world),
        capability=_capability(exchanges),
    )


def _recall_by_archetype(world: World) -> dict[str, Proportion]:
    exchanges = world.exchanges
    labels = np.append(campaign_labels(world.accounts), -1)  # the last stands for no campaign
    archetype = np.where(exchanges.extraction, labels[exchanges.campaign.codes], -1)
    return rates_by_group(exchanges.marked, archetype, world.accounts.label.names)


def _campaign_mean(world: World) -> Estimate:
    """Recall averaged over true campaigns, each counting once however much it harvested."""
    exchanges = world.exchanges
    campaign = np.where(exchanges.extraction, exchanges.campaign.codes, -1)
    rates = rates_by_group(exchanges.marked, campaign, exchanges.campaign.names)
    return mean_estimate(np.array([rate.value for rate in rates.values()], dtype=np.float64))


def _false_positives(world: World) -> dict[str, Proportion] | None:
    """Marked among exchanges that are no extraction, by label of their account; null without traffic."""
    if world.traffic is None:
        return None
    labels = np.append(world.accounts.label.codes, -1)
    group = np.where(world.exchanges.extraction, -1, labels[world.traffic.account])
    return rates_by_group(world.exchanges.marked, group, world.accounts.label.names)


def _capability(exchanges: Exchanges) -> CapabilityLevel:
    """Confusion over true extraction exchanges; F1 is averaged over the capabilities that the truth holds."""
    names = exchanges.capability.names
    true = exchanges.capability.codes[exchanges.extraction]
    said = exchanges.said.codes[exchanges.extraction]
    table = np.bincount(true * len(names) + said, minlength=len(names) ** 2).reshape(len(names), len(names))
    held = np.flatnonzero(table.sum(axis=1))
    f1 = {names[i]: float(2 * table[i, i] / (table[i].sum() + table[:, i].sum())) for i in held}
    return CapabilityLevel(
        accuracy=proportion(int(np.trace(table)), len(true)),
        macro_f1=float(np.mean(list(f1.values()))) if f1 else None,
        f1=f1,
        confusion={names[i]: {names[j]: int(table[i, j]) for j in np.flatnonzero(table[i])} for i in held},
    )
