"""What a text asks for: capability probabilities and an elicitation score for every exchange, from hashed features."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from revenuer.errors import InputError, reason
from revenuer.schema import CAPABILITIES, EXTRACTION_CAPABILITIES
from revenuer.text.features import score_rows
from revenuer.text.ngrams import FeatureTable
from revenuer.text.tokens import Tokens

__all__ = ["HOLDS", "STRUCTURE", "CapabilityModel", "Scores"]

F32 = npt.NDArray[np.float32]

# Columns of `structure`, in this order. NaN: the source does not say.
STRUCTURE: Final = ("tools", "images", "thinking", "turn", "output_tokens")

# Log-odds that an observed fact adds to a capability. Set by hand and few: what a simulation would teach about
# structure is an artefact of the simulation, and of public sources hardly one a capability says how long answers were.
# Nothing is concluded from a column that is 0 or missing, except that a source which counts images and counts none has
# none to look at.
_WITH_TOOLS: Final = {"tool_use": 1.5, "agentic_coding": 1.0, "computer_use": 1.0, "orchestration": 0.5}
_WITH_IMAGES: Final = {"vision": 2.5, "computer_use": 1.5}
_WITHOUT_IMAGES: Final = {"vision": -1.0}
_THINKING: Final = {"reasoning": 0.3, "cot_elicitation": 0.3, "trace_reconstruction": 0.3}
_FOLLOW_UP: Final = {"agentic_coding": 0.3, "computer_use": 0.3, "orchestration": 0.3, "chat": 0.3}
# answers of a word or two, and answers of several pages
_SHORT: Final = {
    "computer_use": 0.3,
    "tool_use": 0.3,
    "rubric_grading": 0.3,
    "qa": 0.3,
    "writing": -0.5,
    "coding": -0.5,
}
_LONG: Final = {"writing": 0.3, "coding": 0.3, "agentic_coding": 0.3, "qa": -0.5, "support": -0.5}

_SHORT_TOKENS: Final = 16
_LONG_TOKENS: Final = 1500

# Which kind of capability a text is of is learned from more sources than whether it is extraction at all, and transfers
# better: of the latter the model is the less sure.
_EXTRACTION_SLOPE: Final = np.float32(0.8)

# A capability is said to hold from this probability on. Of texts of families not seen half of what is said to hold does;
# from 0.05 on it would be a quarter, and from 0.3 on hardly any text would be said to ask for two things.
HOLDS: Final = np.float32(0.15)
# And hidden reasoning is asked for from this score on, whatever else is asked.
_ASKS: Final = np.float32(0.5)

# Log-odds of `other` where there is nothing to read. A text in a language that the model does not know has words: of it
# nothing is concluded.
_WORDLESS: Final = np.float32(4.0)

_FILE: Final = "capability.npz"


@dataclass(frozen=True, slots=True)
class Scores:
    """What the model says of n exchanges.

    Attributes:
        logits: shape (n, capabilities), float32, calibrated; average them over the exchanges of a frame.
        probabilities: shape (n, capabilities), float32, in the order of `schema.CAPABILITIES`; each row sums to 1.
        extraction: shape (n,), float32 in 0-1; how far the text reads as of an extraction capability rather than of the
            rest of life. It ranks texts and is no probability: what is ordinary in one traffic is not in another. It
            speaks of the text: a benchmark or a judge with such a text scores high too.
        elicitation: shape (n,), float32 in 0-1; how strongly the model is asked to lay open its own reasoning.
    """

    logits: F32
    probabilities: F32
    extraction: F32
    elicitation: F32

    @classmethod
    def from_logits(cls, logits: F32, elicitation: F32) -> Scores:
        """The probabilities that follow from calibrated logits, e.g. from a frame's mean."""
        extraction = _softmax(_EXTRACTION_SLOPE * logits)[:, : len(EXTRACTION_CAPABILITIES)].sum(axis=1)
        return cls(logits, _softmax(logits), np.minimum(extraction, np.float32(1)), elicitation)

    def holding(self) -> npt.NDArray[np.bool_]:
        """Shape (n, capabilities): which capabilities hold, the likeliest always among them.

        A text may ask for several things at once: each that is at least `HOLDS` probable holds, and `cot_elicitation` does
        where the text asks for hidden reasoning, whatever the task.
        """
        held: npt.NDArray[np.bool_] = self.probabilities >= HOLDS
        held[np.arange(len(held)), self.probabilities.argmax(axis=1)] = True
        held[:, CAPABILITIES.index("cot_elicitation")] |= self.elicitation >= _ASKS
        return held


def _softmax(logits: F32) -> F32:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    shares: F32 = shifted / shifted.sum(axis=1, keepdims=True)
    return shares


def _structure_logits(structure: F32) -> F32:
    """Shape (n, capabilities): what is known of a request besides its text adds; a missing value adds nothing."""
    tools, images, thinking, turn, length = structure.T
    facts = (
        (tools > 0, _WITH_TOOLS),
        (images > 0, _WITH_IMAGES),
        (images == 0, _WITHOUT_IMAGES),
        (thinking > 0, _THINKING),
        (turn > 0, _FOLLOW_UP),
        ((length > 0) & (length <= _SHORT_TOKENS), _SHORT),
        (length >= _LONG_TOKENS, _LONG),
    )
    added = np.zeros((len(structure), len(CAPABILITIES)), np.float32)
    for fact, weights in facts:
        for capability, weight in weights.items():
            added[fact, CAPABILITIES.index(capability)] += weight
    return added


@dataclass(frozen=True, slots=True)
class CapabilityModel:
    """A linear model over known n-grams, concepts and pairs of concepts, with its calibration.

    Attributes:
        table: the n-grams and concepts it knows.
        weights: shape (table.width, capabilities + 1), int8; the last column is elicitation.
        scale: shape (capabilities + 1,), float32; one weight step of each column, calibration included.
        bias: shape (capabilities + 1,), float32.
        digest: SHA-256 of the file it was read from, in hex; empty for a model that stands in no file.
    """

    table: FeatureTable
    weights: npt.NDArray[np.int8]
    scale: F32
    bias: F32
    digest: str = ""

    @classmethod
    def load(cls, path: Path | None = None) -> CapabilityModel:
        """Read a model from the folder `path`, or the packaged one.

        Raises:
            InputError: the file is missing or is not a model of this version.
        """
        file = path / _FILE if path is not None else resources.files("revenuer.fingerprint") / "weights" / _FILE
        try:
            content = file.read_bytes()
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                return replace(cls._from_arrays(dict(stored)), digest=hashlib.sha256(content).hexdigest())
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(f"is not a capability model: {reason(error)}", file=str(file)) from error

    @classmethod
    def _from_arrays(cls, stored: dict[str, Any]) -> CapabilityModel:
        table = FeatureTable.build(stored["grams"], stored["idf"], stored["lexicon"], stored["concepts"])
        if stored["weights"].shape != (table.width, len(CAPABILITIES) + 1):
            raise ValueError("weights and vocabulary do not belong together")
        return cls(table, np.ascontiguousarray(stored["weights"]), stored["scale"], stored["bias"])

    def score(
        self,
        prompt: Tokens,
        system: Tokens,
        structure: F32 | None = None,
        wordless: npt.NDArray[np.bool_] | None = None,
    ) -> Scores:
        """Score exchanges from the tokens of the newest user message and of the system prompt.

        Args:
            prompt: tokens of n messages.
            system: tokens of n system prompts; an exchange without one has an empty text.
            structure: shape (n, len(STRUCTURE)), NaN where unknown.
            wordless: shape (n,), whether the exchange holds no words at all, in any language.

        Raises:
            ValueError: the three do not speak of the same number of exchanges.
        """
        return Scores.from_logits(*self.judge(prompt, system, structure, wordless))

    def judge(
        self,
        prompt: Tokens,
        system: Tokens,
        structure: F32 | None = None,
        wordless: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[F32, F32]:
        """The logits and the elicitation of `score`, without what follows from the logits."""
        n = len(prompt.offsets) - 1
        if len(system.offsets) - 1 != n or (structure is not None and structure.shape != (n, len(STRUCTURE))):
            raise ValueError(f"prompt has {n} texts; system and structure must have as many")
        raw = score_rows(prompt, system, self.table, self.weights, self.scale) + self.bias
        logits = np.ascontiguousarray(raw[:, :-1])
        if structure is not None:
            logits += _structure_logits(structure)
        if wordless is not None:
            logits[wordless, CAPABILITIES.index("other")] += _WORDLESS
        elicitation = 1 / (1 + np.exp(-np.clip(raw[:, -1], -30, 30)))
        return logits, elicitation.astype(np.float32)
