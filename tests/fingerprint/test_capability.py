"""The capability model: shapes, calibrated outputs, bad input, and that it knows a plain request when it sees one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from revenuer.errors import InputError
from revenuer.fingerprint.capability import STRUCTURE, CapabilityModel, Scores
from revenuer.schema import CAPABILITIES
from revenuer.text import Tokens, tokenize


@pytest.fixture(scope="module")
def model() -> CapabilityModel:
    return CapabilityModel.load()


def tokens(*texts: str | None) -> Tokens:
    return tokenize(pa.array(texts, pa.string()))


def score(model: CapabilityModel, *texts: str | None, structure: list[list[float]] | None = None) -> Scores:
    columns = None if structure is None else np.array(structure, np.float32)
    return model.score(tokens(*texts), tokens(*[None] * len(texts)), columns)


def best(scores: Scores) -> list[str]:
    return [CAPABILITIES[i] for i in scores.probabilities.argmax(axis=1)]


def test_scores_have_one_row_per_exchange(model: CapabilityModel):
    """Each exchange gets a distribution over all capabilities and two probabilities."""
    scores = score(model, "Translate to German: hello", "", None)
    assert scores.probabilities.shape == scores.logits.shape == (3, len(CAPABILITIES))
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)
    for column in (scores.extraction, scores.elicitation):
        assert column.dtype == np.float32
        assert np.all((column >= 0) & (column <= 1))


def test_no_exchanges_give_no_scores(model: CapabilityModel):
    """An empty batch is not an error."""
    assert score(model).probabilities.shape == (0, len(CAPABILITIES))


@pytest.mark.parametrize(
    ("text", "capability"),
    [
        ("Please translate this sentence into French: the weather will be fine", "translation"),
        ("Write a Python function that merges two sorted lists", "coding"),
        ("i need a refund for my last order, it never arrived", "support"),
        ("Score both responses against the rubric from 1 to 10 and name the better one", "rubric_grading"),
    ],
)
def test_plain_requests_are_recognised(model: CapabilityModel, text: str, capability: str):
    """A request that names its task gets that capability."""
    assert best(score(model, text)) == [capability]


def known(**facts: float) -> list[list[float]]:
    """The structure of one exchange of which only these facts are known."""
    return [[facts.get(name, np.nan) for name in STRUCTURE]]


@pytest.mark.parametrize(
    ("fact", "for_it", "not_for_it"),
    [
        ({"images": 1.0}, "vision", "qa"),
        ({"images": 0.0}, "qa", "vision"),
        ({"tools": 3.0}, "tool_use", "qa"),
        ({"thinking": 1.0}, "reasoning", "qa"),
        ({"turn": 4.0}, "agentic_coding", "qa"),
        ({"output_tokens": 3.0}, "qa", "writing"),
        ({"output_tokens": 4000.0}, "writing", "qa"),
    ],
)
def test_structure_speaks_for_a_capability(
    model: CapabilityModel, fact: dict[str, float], for_it: str, not_for_it: str
):
    """Tools, images, reasoning, a follow-up and the length of the answer raise what they are usual for."""
    text = "What is shown here?"
    plain, seen = score(model, text), score(model, text, structure=known(**fact))
    added = (seen.logits - plain.logits)[0]
    assert added[CAPABILITIES.index(for_it)] > added[CAPABILITIES.index(not_for_it)]


def test_unknown_structure_adds_nothing(model: CapabilityModel):
    """A source that does not say how a request was made leaves the text to speak alone; so does an answer of usual length."""
    plain = score(model, "What is shown here?")
    for facts in ({}, {"tools": 0.0, "thinking": 0.0, "turn": 0.0, "output_tokens": 200.0}):
        np.testing.assert_array_equal(
            plain.logits, score(model, "What is shown here?", structure=known(**facts)).logits
        )


def test_mismatched_inputs_are_refused(model: CapabilityModel):
    """Prompts, systems and structure must speak of the same exchanges."""
    with pytest.raises(ValueError, match="as many"):
        model.score(tokens("a"), tokens("a", "b"))
    with pytest.raises(ValueError, match="as many"):
        score(model, "a", structure=[[0.0]])


def test_long_text_and_garbage_are_scored(model: CapabilityModel):
    """Fifty megabytes and random bytes get finite scores."""
    noise = np.random.default_rng(0).integers(0, 256, 4096, np.uint8).tobytes().decode("latin-1")
    scores = score(model, "word " * 10_000_000, noise, "\x00\x00", "🙂" * 1000)
    assert np.isfinite(scores.logits).all()
    assert np.isfinite(scores.elicitation).all()


def test_scores_do_not_depend_on_the_batch(model: CapabilityModel):
    """An exchange scored alone and among others gets the same logits."""
    texts = ["Write a poem about rain", "Solve x^2 = 9", "who was the first king of Spain"]
    together = score(model, *texts).logits
    alone = np.vstack([score(model, text).logits for text in texts])
    np.testing.assert_array_equal(together, alone)


def test_a_missing_model_names_the_file(tmp_path: Path):
    """Loading from a folder without weights is an error a person can act on."""
    with pytest.raises(InputError, match=r"capability\.npz"):
        CapabilityModel.load(tmp_path)


def test_a_broken_model_is_refused(tmp_path: Path):
    """A file that is no archive, or lacks arrays, is an InputError."""
    (tmp_path / "capability.npz").write_bytes(b"not a zip")
    with pytest.raises(InputError):
        CapabilityModel.load(tmp_path)
    np.savez_compressed(tmp_path / "capability.npz", grams=np.zeros(1, np.uint64))
    with pytest.raises(InputError):
        CapabilityModel.load(tmp_path)


def test_several_capabilities_may_hold():
    """All that are probable hold, the likeliest always, and a request for hidden reasoning beside any task."""
    logits = np.zeros((3, len(CAPABILITIES)), np.float32)
    logits[0, :2] = 10
    logits[1] = np.linspace(0, 0.01, len(CAPABILITIES))
    logits[2, CAPABILITIES.index("coding")] = 10
    held = Scores.from_logits(logits, np.array([0, 0, 0.9], np.float32)).holding()
    assert [[CAPABILITIES[i] for i in np.flatnonzero(row)] for row in held] == [
        list(CAPABILITIES[:2]),
        [CAPABILITIES[-1]],
        ["cot_elicitation", "coding"],
    ]
