"""Findings against truth: how good a scan is, with intervals."""

from revenuer.evaluate.evaluation import evaluate
from revenuer.evaluate.measures import Estimate, Proportion
from revenuer.evaluate.render import render
from revenuer.evaluate.result import (
    AccountLevel,
    AccusedGroup,
    CampaignLevel,
    CapabilityLevel,
    Detection,
    Evaluation,
    Events,
    ExchangeLevel,
    FoundCampaign,
    Inputs,
    Ranking,
    TrueCampaign,
)

__all__ = [
    "AccountLevel",
    "AccusedGroup",
    "CampaignLevel",
    "CapabilityLevel",
    "Detection",
    "Estimate",
    "Evaluation",
    "Events",
    "ExchangeLevel",
    "FoundCampaign",
    "Inputs",
    "Proportion",
    "Ranking",
    "TrueCampaign",
    "evaluate",
    "render",
]
