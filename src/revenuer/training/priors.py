"""What a concept says of a capability before any row is seen: log-odds set by hand, from which training may depart.

Sources are few and each has its own wording, so a weight learned from them is half accident. A prior keeps the words
that name a capability speaking for it in sources that training has never met.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.schema import CAPABILITIES
from revenuer.text.ngrams import CONCEPTS
from revenuer.training.lexicon import lexicon

__all__ = ["CONCEPT_PRIOR", "ELICITATION_PAIRS", "ELICITATION_PRIOR", "concept_prior", "pair_prior"]

CONCEPT_PRIOR: Final[dict[str, dict[str, float]]] = {
    "reasoning": {"maths": 1.6, "exam": 0.8, "reason": 0.8},
    "cot_elicitation": {
        "stepwise": 0.9,
        "own_reasoning": 1.5,
        "your_reasoning": 0.5,
        "inline_tags": 1.2,
        "authority": 0.5,
        "reason": 0.3,
    },
    "trace_reconstruction": {"own_reasoning": 1.0, "unshown": 1.0, "trace_cleaning": 0.8, "replay": 0.6},
    "rubric_grading": {"judge": 1.8},
    "censorship_rewrite": {"sensitive": 1.6, "safe_answer": 1.0},
    "tool_use": {"api": 1.8},
    "agentic_coding": {"repository": 2.0, "code": 0.3},
    "orchestration": {"agents": 1.8},
    "coding": {"code": 2.4},
    "data_analysis": {"data": 1.6},
    "computer_use": {"browser": 1.6},
    "vision": {"image": 1.7},
    "general_instruction": {"instruct": 0.9, "selfgen": 1.3},
    "chat": {"chat": 1.2},
    "support": {"support": 1.4},
    "translation": {"translate": 2.2},
    "qa": {"question": 1.2, "explain_world": 0.4},
    "writing": {"writing": 1.4},
    "other": {},
}

ELICITATION_PRIOR: Final[dict[str, float]] = {
    "own_reasoning": 1.5,
    "your_reasoning": 0.3,
    "lay_open": 0.3,
    "verbatim": 0.5,
    "unshown": 0.4,
    "inline_tags": 1.0,
    "authority": 0.4,
    "thinking_language": 0.5,
    "trace_cleaning": 0.4,
    "replay": 0.4,
    "stepwise": -0.3,
    "teaching": -0.6,
    "quoting": -0.8,
    "progress": -0.6,
    "rationale_field": -0.6,
    "explain_world": -0.4,
}

# Two concepts close together say more than each: "print ... your reasoning" against "print" and "reasoning" apart.
ELICITATION_PAIRS: Final[dict[tuple[str, str], float]] = {
    ("lay_open", "own_reasoning"): 1.0,
    ("verbatim", "own_reasoning"): 1.0,
    ("unshown", "own_reasoning"): 0.8,
    ("inline_tags", "own_reasoning"): 0.8,
    ("authority", "own_reasoning"): 0.8,
    ("thinking_language", "own_reasoning"): 0.8,
    ("trace_cleaning", "own_reasoning"): 0.6,
    ("replay", "own_reasoning"): 0.8,
    ("replay", "lay_open"): 0.8,
    ("verbatim", "your_reasoning"): 0.8,
    ("lay_open", "your_reasoning"): 0.5,
    ("inline_tags", "your_reasoning"): 0.6,
    ("authority", "your_reasoning"): 0.5,
    ("stepwise", "your_reasoning"): -0.5,
    ("progress", "your_reasoning"): -0.8,
    ("teaching", "your_reasoning"): -0.6,
    ("quoting", "your_reasoning"): -0.6,
    ("unshown", "reason"): 0.6,
    ("quoting", "own_reasoning"): -0.6,
    ("progress", "own_reasoning"): -0.6,
    ("teaching", "own_reasoning"): -0.4,
}

F64 = npt.NDArray[np.float64]


def concept_prior() -> F64:
    """Shape (CONCEPTS, capabilities + 1): the last column is elicitation."""
    prior = np.zeros((CONCEPTS, len(CAPABILITIES) + 1))
    rows = {name: row for row, name in enumerate(lexicon())}
    for column, capability in enumerate(CAPABILITIES):
        for concept, weight in CONCEPT_PRIOR[capability].items():
            prior[rows[concept], column] = weight
    for concept, weight in ELICITATION_PRIOR.items():
        prior[rows[concept], -1] = weight
    return prior


def pair_prior() -> F64:
    """Shape (CONCEPTS**2, capabilities + 1): an ordered pair stands for both orders."""
    prior = np.zeros((CONCEPTS * CONCEPTS, len(CAPABILITIES) + 1))
    rows = {name: row for row, name in enumerate(lexicon())}
    for (one, other), weight in ELICITATION_PAIRS.items():
        for first, second in ((one, other), (other, one)):
            prior[rows[first] * CONCEPTS + rows[second], -1] = weight
    return prior
