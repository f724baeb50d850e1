"""Elicitation scored on what is asked of the model: quoted, fenced and tool-returned text is somebody else's words."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.text.tokens import tokenize

__all__ = ["DOUBTFUL", "asked_elicitation", "without_quotes"]

F32 = npt.NDArray[np.float32]

DOUBTFUL: Final = 0.3  # a lower score is not worth a second look

# A quotation shorter than this is a word that is named, and belongs to the sentence around it.
_QUOTED: Final = (
    r"(?s)```.*?```",
    r"(?s)<(?:tool_result|function_results|document|quote|log)[^>]*>.*?</(?:tool_result|function_results|document|quote|log)>",
    r"(?m)^\s*>.*$",
    r"\"[^\"\n]{12,}\"",
    r"“[^”]{12,}”",
    r"«[^»]{12,}»",
    r"„[^“”]{12,}[“”]",
    r"「[^」]{6,}」",
    r"(?:^|[\s(:])'[^'\n]{12,}'",
)
_LEAST_TOKENS: Final = 6  # what remains must still be a request, or the quotation was the request


def without_quotes(texts: pa.Array) -> pa.Array:
    """Each text without quotations, fenced blocks, quoted lines and tool results; a null stays null."""
    for pattern in _QUOTED:
        texts = pc.replace_substring_regex(texts, pattern, " ")
    return texts


def asked_elicitation(model: CapabilityModel, prompts: pa.Array, elicitation: F32) -> F32:
    """Lower `elicitation` where it came from a quotation.

    Texts that score at least `DOUBTFUL` are scored once more without what they quote, and the lower score counts; where
    hardly anything remains the first score stands. Quoting one's own request would therefore hide it only if something
    else is asked beside it.

    Args:
        model: scores the texts again; system prompts are left aside.
        prompts: shape (n,), the newest user messages.
        elicitation: shape (n,), as `CapabilityModel.score` gave it.
    """
    doubtful = np.flatnonzero(elicitation >= DOUBTFUL)
    if len(doubtful) == 0:
        return elicitation
    tokens = tokenize(without_quotes(prompts.take(pa.array(doubtful))))
    empty = tokenize(pa.nulls(len(doubtful), pa.string()))
    again = model.score(tokens, empty).elicitation
    enough = np.diff(tokens.offsets) >= _LEAST_TOKENS
    result = elicitation.copy()
    result[doubtful] = np.where(enough, np.minimum(elicitation[doubtful], again), elicitation[doubtful])
    return result
