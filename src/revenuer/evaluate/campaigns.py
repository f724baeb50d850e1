"""Campaign level: true and found campaigns matched by the accounts they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from revenuer.evaluate.events import (
    match_pivots,
    match_successions,
    sum_events,
    true_pivots,
    true_successions,
)
from revenuer.evaluate.exchanges import campaign_labels
from revenuer.evaluate.measures import (
    Codes,
    Floats,
    Proportion,
    adjusted_rand,
    mean_estimate,
    proportion,
    total_variation,
)
from revenuer.evaluate.result import CampaignLevel, Events, FoundCampaign, TrueCampaign
from revenuer.evaluate.world import Accounts, ListedCampaign, World

__all__ = ["campaign_level"]

PART: Final = 0.05  # of a true campaign's extraction accounts that a found campaign must hold to count as a piece


@dataclass(frozen=True, slots=True)
class _Overlap:
    """Accounts by true campaign (rows) and found campaign (columns): `table`, `pieces` where it is > 5 % of the row.

    `extraction` counts the extraction accounts of each true campaign, `legitimate` the innocent ones in each found one.
    """

    table: Codes
    extraction: Codes
    legitimate: Codes

    @property
    def sizes(self) -> Codes:
        """Accounts of each found campaign; those of attackers that did not extract yet are left out."""
        sizes: Codes = self.table.sum(axis=0) + self.legitimate
        return sizes

    @property
    def pieces(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Which found campaigns hold more than 5 % of which true ones."""
        return self.table > PART * self.extraction[:, None]

    @property
    def jaccard(self) -> Floats:
        """Shared accounts over all accounts of the two."""
        union = self.extraction[:, None] + self.sizes[None, :] - self.table
        shared: Floats = self.table / np.maximum(union, 1)
        return shared


def campaign_level(world: World) -> CampaignLevel:
    """Fragments, merges, purity, agreement, profile error, pivots and successions."""
    overlap = _overlap(world.accounts)
    true = _true_campaigns(world, overlap)
    found = _found_campaigns(world.accounts, overlap)
    wanted = world.accounts.extraction & (world.accounts.campaign.codes >= 0)
    errors = [c.capability_error for c in true if c.capability_error is not None]
    main = overlap.table.max(axis=0, initial=0)
    return CampaignLevel(
        recall=_recall(overlap),
        precision=_precision(overlap),
        fragmented=sum(c.fragments > 1 for c in true),
        merges=sum(c.merged > 1 for c in found),
        weighted_purity=proportion(int(main.sum()), int(overlap.sizes.sum())),
        mean_jaccard=float(np.mean([c.jaccard for c in true])) if true else None,
        adjusted_rand=adjusted_rand(world.accounts.campaign.codes[wanted], world.accounts.found.codes[wanted]),
        capability_error=mean_estimate(np.array(errors, dtype=np.float64)),
        attributed=_attributed(world, None),
        pivots=_summed([c.pivots for c in true]),
        successions=_summed([c.successions for c in true]),
        true_campaigns=true,
        found_campaigns=found,
    )


def _overlap(accounts: Accounts) -> _Overlap:
    rows, columns = len(accounts.campaign.names), len(accounts.found.names)
    table = np.zeros((rows, columns), dtype=np.int64)
    wanted = accounts.extraction & (accounts.campaign.codes >= 0)
    both = wanted & (accounts.found.codes >= 0)
    np.add.at(table, (accounts.campaign.codes[both], accounts.found.codes[both]), 1)
    innocent = accounts.legitimate & (accounts.found.codes >= 0)
    return _Overlap(
        table=table,
        extraction=np.bincount(accounts.campaign.codes[wanted], minlength=rows).astype(np.int64),
        legitimate=np.bincount(accounts.found.codes[innocent], minlength=columns).astype(np.int64),
    )


def _recall(overlap: _Overlap) -> Proportion:
    """True campaigns of which at least half of the extraction accounts stand in found campaigns."""
    exists = overlap.extraction > 0
    held = overlap.table.sum(axis=1)
    return proportion(int((exists & (2 * held >= overlap.extraction)).sum()), int(exists.sum()))


def _precision(overlap: _Overlap) -> Proportion:
    """Found campaigns of which more than half of the accounts extract."""
    attackers = overlap.table.sum(axis=0)
    return proportion(int((attackers > overlap.legitimate).sum()), len(attackers))


def _attributed(world: World, campaign: int | None) -> Proportion:
    """Extraction exchanges (of one true campaign) that the findings mark and put in a campaign."""
    of = world.exchanges.extraction
    if campaign is not None:
        of = of & (world.exchanges.campaign.codes == campaign)
    return proportion(int((of & world.exchanges.marked & (world.exchanges.found.codes >= 0)).sum()), int(of.sum()))


def _true_campaigns(world: World, overlap: _Overlap) -> tuple[TrueCampaign, ...]:
    labels = campaign_labels(world.accounts)
    begins = _begins(world)
    return tuple(
        _true_campaign(world, overlap, i, world.accounts.label.names[labels[i]], begins)
        for i in np.flatnonzero(overlap.extraction).tolist()
    )


def _true_campaign(world: World, overlap: _Overlap, i: int, label: str, begins: Codes | None) -> TrueCampaign:
    jaccard = overlap.jaccard[i]
    best = int(jaccard.argmax()) if jaccard.size and jaccard.max() > 0 else None
    attributed = _attributed(world, i)
    listed = tuple(world.campaigns[j] for j in np.flatnonzero(overlap.pieces[i]).tolist())
    return TrueCampaign(
        campaign=world.accounts.campaign.names[i],
        label=label,
        accounts=int(overlap.extraction[i]),
        exchanges=attributed.total,
        attributed=attributed,
        fragments=len(listed),
        best_match=None if best is None else world.campaigns[best].campaign_id,
        jaccard=0.0 if best is None else float(jaccard[best]),
        capability_error=None if best is None else _capability_error(world, i, world.campaigns[best]),
        pivots=_pivots(world, i, listed),
        successions=_successions(world, i, listed, begins),
    )


def _capability_error(world: World, campaign: int, match: ListedCampaign) -> float | None:
    exchanges = world.exchanges
    of = exchanges.extraction & (exchanges.campaign.codes == campaign)
    if not of.any():
        return None
    counts = np.bincount(exchanges.capability.codes[of], minlength=len(exchanges.capability.names))
    shares = (counts / counts.sum()).tolist()
    return total_variation(dict(zip(exchanges.capability.names, shares, strict=True)), match.capabilities)


def _pivots(world: World, campaign: int, listed: tuple[ListedCampaign, ...]) -> Events | None:
    if world.traffic is None or world.traffic.releases is None:
        return None
    of = world.exchanges.extraction & (world.exchanges.campaign.codes == campaign)
    return match_pivots(true_pivots(world.traffic, of, world.traffic.releases), listed)


def _begins(world: World) -> Codes | None:
    """First exchange of every account (n, microseconds)."""
    if world.traffic is None:
        return None
    begins = np.full(len(world.accounts.extraction), np.iinfo(np.int64).max, dtype=np.int64)
    known = world.traffic.account >= 0
    np.minimum.at(begins, world.traffic.account[known], world.traffic.at[known])
    return begins


def _successions(
    world: World, campaign: int, listed: tuple[ListedCampaign, ...], begins: Codes | None
) -> Events | None:
    if world.traffic is None or world.traffic.bans is None or begins is None:
        return None
    members = np.flatnonzero(world.accounts.campaign.codes == campaign)
    waves = true_successions(begins, members, world.traffic.bans)
    ids = world.accounts.ids
    return match_successions([frozenset(ids[row].as_py() for row in sorted(banned)) for banned, _ in waves], listed)


def _summed(parts: list[Events | None]) -> Events | None:
    events = [part for part in parts if part is not None]
    return sum_events(events) if events else None


def _found_campaigns(accounts: Accounts, overlap: _Overlap) -> tuple[FoundCampaign, ...]:
    return tuple(_found_campaign(accounts, overlap, j) for j in range(len(accounts.found.names)))


def _found_campaign(accounts: Accounts, overlap: _Overlap, j: int) -> FoundCampaign:
    column, size = overlap.table[:, j], int(overlap.sizes[j])
    main = int(column.argmax()) if column.size and column.max() > 0 else None
    return FoundCampaign(
        campaign_id=accounts.found.names[j],
        accounts=size,
        legitimate=int(overlap.legitimate[j]),
        main_campaign=None if main is None else accounts.campaign.names[main],
        purity=int(column.max(initial=0)) / size if size else None,
        merged=int(overlap.pieces[:, j].sum()),
    )
