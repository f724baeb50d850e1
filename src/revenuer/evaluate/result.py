"""What an evaluation says, as typed values; every field is defined in `docs/evaluate.md`."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from revenuer.evaluate.measures import Estimate, Proportion

__all__ = [
    "AccountLevel",
    "AccusedGroup",
    "CampaignLevel",
    "CapabilityLevel",
    "Detection",
    "Evaluation",
    "Events",
    "ExchangeLevel",
    "FoundCampaign",
    "Inputs",
    "Ranking",
    "TrueCampaign",
]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was compared, and what of it could not be."""

    accounts: int
    exchanges: int
    accounts_absent: int
    exchanges_absent: int
    membership_disagreements: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well `risk` sorts extraction accounts above legitimate ones."""

    positives: int
    negatives: int
    roc_auc: float | None
    average_precision: float | None
    tpr_at_fpr_001: float | None


@dataclass(frozen=True, slots=True)
class Detection:
    """Recall over accounts with at least `at_least` extraction exchanges."""

    at_least: int
    recall: Proportion
    by_archetype: dict[str, Proportion]
    by_campaign: dict[str, Proportion]
    campaign_mean: Estimate
    ranking: Ranking


@dataclass(frozen=True, slots=True)
class AccusedGroup:
    """A legitimate label of which three or more accounts stand in one found campaign."""

    label: str
    campaign_id: str
    accounts: int
    share_of_campaign: float


@dataclass(frozen=True, slots=True)
class AccountLevel:
    """Accounts: who was found, and who was wrongly flagged."""

    detection: tuple[Detection, ...]
    precision: Proportion
    false_positive_rate: Proportion
    false_positives: dict[str, Proportion]
    groups_flagged: dict[str, int]
    groups_accused: tuple[AccusedGroup, ...]
    idle_flagged: int
    share_error: Estimate | None
    share_error_legitimate: Estimate | None


@dataclass(frozen=True, slots=True)
class CapabilityLevel:
    """The capability given to true extraction exchanges."""

    accuracy: Proportion
    macro_f1: float | None
    f1: dict[str, float]
    confusion: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class ExchangeLevel:
    """Exchanges: which were marked as extraction, and what they were said to be after."""

    precision: Proportion
    recall: Proportion
    f1: Proportion
    by_archetype: dict[str, Proportion]
    campaign_mean: Estimate
    false_positive_rate: Proportion
    false_positives: dict[str, Proportion] | None
    capability: CapabilityLevel


@dataclass(frozen=True, slots=True)
class Events:
    """Pivots or successions: how many of the true ones were reported, and how many reported ones are not true."""

    found: Proportion
    spurious: int


@dataclass(frozen=True, slots=True)
class TrueCampaign:
    """One true campaign and what became of it in the findings."""

    campaign: str
    label: str
    accounts: int
    exchanges: int
    attributed: Proportion
    fragments: int
    best_match: str | None
    jaccard: float
    capability_error: float | None
    pivots: Proportion | None
    successions: Proportion | None


@dataclass(frozen=True, slots=True)
class FoundCampaign:
    """One found campaign and what it really holds."""

    campaign_id: str
    accounts: int
    legitimate: int
    main_campaign: str | None
    purity: float | None
    merged: int


@dataclass(frozen=True, slots=True)
class CampaignLevel:
    """Campaigns: matched by the accounts they share."""

    recall: Proportion
    precision: Proportion
    fragmented: int
    merges: int
    weighted_purity: Proportion
    mean_jaccard: float | None
    adjusted_rand: float | None
    capability_error: Estimate
    attributed: Proportion
    pivots: Events | None
    successions: Events | None
    true_campaigns: tuple[TrueCampaign, ...]
    found_campaigns: tuple[FoundCampaign, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Findings against truth at three levels."""

    schema: int
    inputs: Inputs
    accounts: AccountLevel
    exchanges: ExchangeLevel
    campaigns: CampaignLevel

    def to_json(self) -> bytes:
        """The whole evaluation as indented JSON (UTF-8), the same bytes for the same input."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)
