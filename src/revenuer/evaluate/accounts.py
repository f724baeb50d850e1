"""Account level: who was found, and who was wrongly flagged."""

from __future__ import annotations

from typing import Final

import numpy as np

from revenuer.evaluate.measures import (
    Bools,
    Codes,
    Estimate,
    average_precision,
    mean_estimate,
    proportion,
    rates_by_group,
    roc_auc,
    tpr_at_fpr,
)
from revenuer.evaluate.result import AccountLevel, AccusedGroup, Detection, Ranking
from revenuer.evaluate.world import Accounts, World

__all__ = ["account_level", "extraction_counts"]

ENOUGH: Final = 5  # extraction exchanges that make an account one that must be found
ACCUSED: Final = 3  # accounts of one label in one found campaign that make the label accused
ORDINARY: Final = "ordinary"
_FPR_LIMIT: Final = 1e-3


def extraction_counts(world: World) -> tuple[Codes, Codes] | None:
    """Exchanges and extraction exchanges of each true account (two arrays of n), or null without traffic."""
    if world.traffic is None:
        return None
    account = world.traffic.account
    inside, n = account >= 0, len(world.accounts.extraction)
    every = np.bincount(account[inside], minlength=n)
    extraction = np.bincount(account[inside & world.exchanges.extraction], minlength=n)
    return every.astype(np.int64), extraction.astype(np.int64)


def account_level(world: World) -> AccountLevel:
    """Recall, precision, false positives by workload, ranking, and the error of `extraction_share`."""
    accounts = world.accounts
    counts = extraction_counts(world)
    legitimate = accounts.legitimate
    judged = accounts.flagged & (legitimate | accounts.extraction)
    false = accounts.flagged & legitimate
    label = np.where(legitimate, accounts.label.codes, -1)
    by_label = rates_by_group(accounts.flagged, label, accounts.label.names)
    return AccountLevel(
        detection=_detections(accounts, counts),
        precision=proportion(int((judged & ~legitimate).sum()), int(judged.sum())),
        false_positive_rate=proportion(int(false.sum()), int(legitimate.sum())),
        false_positives=by_label,
        groups_flagged={name: rate.hits for name, rate in by_label.items() if rate.hits and name != ORDINARY},
        groups_accused=_accused(accounts),
        idle_flagged=int((accounts.flagged & ~judged).sum()),
        share_error=_share_error(accounts, counts, accounts.extraction),
        share_error_legitimate=_share_error(accounts, counts, legitimate),
    )


def _detections(accounts: Accounts, counts: tuple[Codes, Codes] | None) -> tuple[Detection, ...]:
    if counts is None:
        return (_detection(accounts, 1, accounts.extraction),)
    return tuple(_detection(accounts, least, counts[1] >= least) for least in (ENOUGH, 1))


def _detection(accounts: Accounts, at_least: int, wanted: Bools) -> Detection:
    hit = wanted & accounts.flagged
    by_campaign = rates_by_group(hit, np.where(wanted, accounts.campaign.codes, -1), accounts.campaign.names)
    return Detection(
        at_least=at_least,
        recall=proportion(int(hit.sum()), int(wanted.sum())),
        by_archetype=rates_by_group(hit, np.where(wanted, accounts.label.codes, -1), accounts.label.names),
        by_campaign=by_campaign,
        campaign_mean=mean_estimate(np.array([rate.value for rate in by_campaign.values()], dtype=np.float64)),
        ranking=_ranking(accounts, wanted),
    )


def _ranking(accounts: Accounts, wanted: Bools) -> Ranking:
    positive, negative = accounts.risk[wanted], accounts.risk[accounts.legitimate]
    return Ranking(
        positives=len(positive),
        negatives=len(negative),
        roc_auc=roc_auc(positive, negative),
        average_precision=average_precision(positive, negative),
        tpr_at_fpr_001=tpr_at_fpr(positive, negative, _FPR_LIMIT),
    )


def _accused(accounts: Accounts) -> tuple[AccusedGroup, ...]:
    """Legitimate labels with enough accounts in one found campaign, in the order of the campaigns."""
    inside = accounts.found.codes >= 0
    sizes = np.bincount(accounts.found.codes[inside], minlength=len(accounts.found.names))
    harmed = inside & accounts.legitimate
    pairs = np.stack([accounts.found.codes[harmed], accounts.label.codes[harmed]])
    distinct, counts = np.unique(pairs, axis=1, return_counts=True)
    return tuple(
        AccusedGroup(
            label=accounts.label.names[label],
            campaign_id=accounts.found.names[campaign],
            accounts=int(count),
            share_of_campaign=int(count) / int(sizes[campaign]),
        )
        for campaign, label, count in zip(*distinct.tolist(), counts.tolist(), strict=True)
        if count >= ACCUSED
    )


def _share_error(accounts: Accounts, counts: tuple[Codes, Codes] | None, of: Bools) -> Estimate | None:
    """Mean absolute error of `extraction_share` over the accounts `of` that made at least one exchange."""
    if counts is None:
        return None
    every, extraction = counts
    active = of & (every > 0)
    return mean_estimate(np.abs(accounts.share[active] - extraction[active] / every[active]))
