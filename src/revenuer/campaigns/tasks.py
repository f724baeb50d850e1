"""Which of a queue's own templates are tasks, and which belong to the customers whose traffic runs beside them.

A queue is a mixture of both, of unknown proportion: under a harvest a share of its templates reads like training
material, under an innocent explanation its templates read like any. The text model's odds, divided by what they are on
average for templates that are nobody's tasks, are an e-value of each template.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from revenuer.linkage.templates import KINDS, Templates

__all__ = ["Reading", "read", "tasklike"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# Mean odds of templates that innocent accounts share: what the odds are divided by.
USUAL_ODDS: Final = 2.0
# The same for system prompts: a product's persona reads more like a task than what people ask it.
USUAL_ODDS_OF_SYSTEM: Final = 4.0
MOST_ODDS: Final = 12.0
# Shares of a queue's templates that may be tasks.
SHARES: Final = (0.1, 0.3, 0.6, 0.9)
# The most that a template is worth that does not read like a task.
UNLIKE: Final = 0.45
# Templates of one author are not independent: together they say no more.
STRONGEST: Final = 3.0
# Distinct fillings over requests: tasks of a queue differ, a prompt that is sent word for word has its text alone to
# speak for it.
NOVEL: Final = 0.45
# Text score from which a template may be a task at all.
TASKLIKE: Final = 0.55
# A wording that mostly goes on with a conversation is not how tasks are put.
MOST_FOLLOWUPS: Final = 0.5
_SYSTEM: Final = [KINDS.index(name) for name in ("system_frame", "system_text")]


class Reading(NamedTuple):
    """How the own templates of a queue read.

    Attributes:
        evidence: log10 likelihood ratio of a harvest against any templates, of all together; NaN where no text is known.
        worth: probability of each to be a task, shape (own,).
    """

    evidence: float
    worth: F64


def tasklike(templates: Templates) -> npt.NDArray[np.bool_]:
    """Which templates may be tasks, shape (templates,); all where no text is known."""
    known = ~(templates.extraction < TASKLIKE) & (templates.novelty >= NOVEL)
    opens = (templates.followups < MOST_FOLLOWUPS) | (templates.kind != KINDS.index("prompt_frame"))
    both: npt.NDArray[np.bool_] = known & opens
    return both


def read(templates: Templates, own: I64) -> Reading:
    """Read the own templates of one queue (indices)."""
    score = templates.extraction[own]
    if np.isnan(score).all():
        return Reading(float("nan"), np.ones(len(own)))
    score = np.nan_to_num(score, nan=0.5)
    odds = np.minimum(score / np.maximum(1.0 - score, 1e-9), np.where(templates.novelty[own] < NOVEL, 1.0, MOST_ODDS))
    spoken = np.isin(templates.kind[own], _SYSTEM)
    value = np.maximum(odds, 0.1) / np.where(spoken, USUAL_ODDS_OF_SYSTEM, USUAL_ODDS)
    each = np.array([np.log(1.0 - share + share * value).sum() for share in SHARES])
    total = float((np.logaddexp.reduce(each) - np.log(len(SHARES))) / np.log(10.0))
    weight = np.exp(each - np.logaddexp.reduce(each))
    worth = sum(w * share * value / (1.0 - share + share * value) for w, share in zip(weight, SHARES, strict=True))
    # what reads less like a task than most templates do is none, whatever it stands beside
    worth = np.where(value < 1.0, np.minimum(worth, UNLIKE), worth)
    return Reading(float(np.clip(total, -STRONGEST, STRONGEST)), worth)
