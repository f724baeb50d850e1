"""Campaigns in, decisions out: a policy, what it says of a request, and what it would have done."""

from revenuer.response.allowed import Allowed
from revenuer.response.calibration import RuleErrors, rule_errors
from revenuer.response.decide import AccountStanding, CampaignStanding, Decision, Facts, decide, held_out
from revenuer.response.judged import Cut, Friction, Judged, judge
from revenuer.response.policy import LADDER, Policy, Rule, When, default_policy, default_text, load_policy, policy_notes
from revenuer.response.proposing import propose_all
from revenuer.response.replay import Met, Replay, as_micros, replay, standings
from revenuer.response.tasks import TaskBook, task_book

__all__ = [
    "LADDER",
    "AccountStanding",
    "Allowed",
    "CampaignStanding",
    "Cut",
    "Decision",
    "Facts",
    "Friction",
    "Judged",
    "Met",
    "Policy",
    "Replay",
    "Rule",
    "RuleErrors",
    "TaskBook",
    "When",
    "as_micros",
    "decide",
    "default_policy",
    "default_text",
    "held_out",
    "judge",
    "load_policy",
    "policy_notes",
    "propose_all",
    "replay",
    "rule_errors",
    "standings",
    "task_book",
]
