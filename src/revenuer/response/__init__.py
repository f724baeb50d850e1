"""Campaigns in, decisions out: a policy, what it says of a request, and what it would have done.

`proposing` and `calibration`, which work on a state, are imported by their names: they alone need the extra `state`.
"""

from revenuer.response.allowed import Allowed
from revenuer.response.common import exchanges_before, task_marks
from revenuer.response.decide import AccountStanding, CampaignStanding, Decision, Facts, decide, held_out, served
from revenuer.response.judged import Cut, Friction, Harvest, Judged, judge
from revenuer.response.policy import LADDER, Policy, Rule, When, default_policy, default_text, load_policy, policy_notes
from revenuer.response.replay import Met, Replay, as_micros, replay
from revenuer.response.resembling import Resembling
from revenuer.response.tasks import TaskBook, marked, resembling, task_book, task_kinds, told_apart
from revenuer.response.taught import standings

__all__ = [
    "LADDER",
    "AccountStanding",
    "Allowed",
    "CampaignStanding",
    "Cut",
    "Decision",
    "Facts",
    "Friction",
    "Harvest",
    "Judged",
    "Met",
    "Policy",
    "Replay",
    "Resembling",
    "Rule",
    "TaskBook",
    "When",
    "as_micros",
    "decide",
    "default_policy",
    "default_text",
    "exchanges_before",
    "held_out",
    "judge",
    "load_policy",
    "marked",
    "policy_notes",
    "replay",
    "resembling",
    "served",
    "standings",
    "task_book",
    "task_kinds",
    "task_marks",
    "told_apart",
]
