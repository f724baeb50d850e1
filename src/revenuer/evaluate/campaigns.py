"""Campaign level: true and found campaigns matched by the accounts they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from revenuer.evaluate.events import (
    EventLists,
    Matched,
    match_events,
    named_pivots,
    named_successions,
    true_pivots,
    true_successions,
)
from revenuer.evaluate.exchanges import campaign_labels
from revenuer.evaluate.measures import (
    Bools,
    Codes,
    Floats,
    Proportion,
    adjusted_rand,
    mean_estimate,
    proportion,
    total_variation,
)
from revenuer.evaluate.result import CampaignLevel, FoundCampaign, TrueCampaign
from revenuer.evaluate.world import Accounts, Exchanges, ListedCampaign, World

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
    def pieces(self) -> Bools:
        """Which found campaigns (columns) hold more than 5 % of which true ones (rows)."""
        pieces: Bools = self.table > PART * self.extraction[:, None]
        return pieces

    @property
    def jaccard(self) -> Floats:
        """Shared accounts over all accounts of the two."""
        union = self.extraction[:, None] + self.sizes[None, :] - self.table
        shared: Floats = self.table / np.maximum(union, 1)
        return shared


def campaign_level(world: World) -> CampaignLevel:
    """Fragments, merges, purity, agreement, profile error, pivots and successions."""
    overlap = _overlap(world.accounts)
    pivots = _matched(true_pivots(world), tuple(map(named_pivots, world.campaigns)), overlap)
    successions = _matched(true_successions(world), tuple(map(named_successions, world.campaigns)), overlap)
    true = _true_campaigns(world, overlap, pivots, successions)
    found = tuple(_found_campaign(world.accounts, overlap, j) for j in range(len(world.campaigns)))
    wanted = world.accounts.extraction & (world.accounts.campaign.codes >= 0)
    errors = [c.capability_error for c in true if c.capability_error is not None]
    return CampaignLevel(
        recall=_recall(overlap),
        precision=_precision(overlap),
        fragmented=sum(c.fragments > 1 for c in true),
        merges=sum(c.merged > 1 for c in found),
        weighted_purity=proportion(int(overlap.table.max(axis=0, initial=0).sum()), int(overlap.sizes.sum())),
        mean_jaccard=float(np.mean([c.jaccard for c in true])) if true else None,
        adjusted_rand=adjusted_rand(world.accounts.campaign.codes[wanted], world.accounts.found.codes[wanted]),
        capability_error=mean_estimate(np.array(errors, dtype=np.float64)),
        attributed=_attributed(world, world.exchanges.extraction),
        pivots=None if pivots is None else pivots.overall,
        successions=None if successions is None else successions.overall,
        true_campaigns=true,
        found_campaigns=found,
    )


def _matched(true: EventLists | None, named: EventLists, overlap: _Overlap) -> Matched | None:
    return None if true is None else match_events(true, named, overlap.pieces)


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


def _attributed(world: World, of: Bools) -> Proportion:
    """Exchanges `of` the truth (n, mask) that the findings mark as extraction and put in a campaign."""
    return proportion(int((of & world.exchanges.marked & (world.exchanges.found.codes >= 0)).sum()), int(of.sum()))


def _true_campaigns(
    world: World, overlap: _Overlap, pivots: Matched | None, successions: Matched | None
) -> tuple[TrueCampaign, ...]:
    labels = campaign_labels(world.accounts)
    return tuple(
        _true_campaign(
            world,
            overlap,
            i,
            label=world.accounts.label.names[labels[i]],
            pivots=None if pivots is None else pivots.by_campaign[i],
            successions=None if successions is None else successions.by_campaign[i],
        )
        for i in np.flatnonzero(overlap.extraction).tolist()
    )


def _true_campaign(
    world: World, overlap: _Overlap, i: int, *, label: str, pivots: Proportion | None, successions: Proportion | None
) -> TrueCampaign:
    jaccard = overlap.jaccard[i]
    best = int(jaccard.argmax()) if jaccard.size and jaccard.max() > 0 else None
    of = world.exchanges.extraction & (world.exchanges.campaign.codes == i)
    return TrueCampaign(
        campaign=world.accounts.campaign.names[i],
        label=label,
        accounts=int(overlap.extraction[i]),
        exchanges=int(of.sum()),
        attributed=_attributed(world, of),
        fragments=int(overlap.pieces[i].sum()),
        best_match=None if best is None else world.campaigns[best].campaign_id,
        jaccard=0.0 if best is None else float(jaccard[best]),
        capability_error=None if best is None else _capability_error(world.exchanges, of, world.campaigns[best]),
        pivots=pivots,
        successions=successions,
    )


def _capability_error(exchanges: Exchanges, of: Bools, match: ListedCampaign) -> float | None:
    """Total variation between the true shares of the exchanges `of` a campaign (n, mask) and those of its match."""
    if not of.any():
        return None
    names = exchanges.capability.names
    counts = np.bincount(exchanges.capability.codes[of], minlength=len(names))
    return total_variation(dict(zip(names, (counts / counts.sum()).tolist(), strict=True)), match.capabilities)


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
