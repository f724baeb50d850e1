"""Training: only permitted rows, the same bytes again, and figures that mean what they say."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.errors import InputError, OutputError
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.schema import CAPABILITIES
from revenuer.text import tokenize
from revenuer.training.corpus import licence_allowed, read_corpora
from revenuer.training.lexicon import lexicon, lexicon_arrays
from revenuer.training.measure import area_under_curve, folds, macro_f1
from revenuer.training.reliability import caught_at, reliability
from revenuer.training.texts import _OWN_TASK, elicitation_rows, task_rows
from revenuer.training.train import Recipe, fit_model, gather, train

SMALL = Recipe(per_source=20, per_family=6, size=500, iterations=5)


def write_corpora(folder: Path, licences: list[str]) -> Path:
    """Two small corpora with one source per licence."""
    for name, capability in (("extraction", "coding"), ("ordinary", "chat")):
        rows = [(f"{name}-{i}", licence, f"text {i} {j}") for i, licence in enumerate(licences) for j in range(4)]
        source, licence, prompt = zip(*rows, strict=True)
        columns = {"source": source, "licence": licence, "capability": [capability] * len(rows)}
        columns |= {"system": [None] * len(rows), "prompt": prompt}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize(
    "licence",
    [
        "CC BY-NC 4.0 (data), Apache-2.0 (code)",
        "none stated in the repository",
        "not stated in the repository (WMT test sets: research use)",
        "GPL-3.0 (repository)",
        "apache",
        "",
    ],
)
def test_rows_without_a_permitted_licence_are_left_out(tmp_path: Path, licence: str):
    """A non-commercial, unstated or copyleft licence keeps every row of its source out of training."""
    rows = read_corpora(write_corpora(tmp_path, [licence, "MIT"]), per_source=10, seed=0)
    assert set(rows["licence"].to_pylist()) == {"MIT"}
    assert set(rows["source"].to_pylist()) == {"extraction-1", "ordinary-1"}


def test_closed_rows_can_be_read_for_evaluation(tmp_path: Path):
    """Asked for all rows, the reader gives those of every licence, at most so many of a source."""
    rows = read_corpora(write_corpora(tmp_path, ["GPL-3.0", "MIT"]), per_source=3, seed=0, allowed_only=False)
    assert len(rows) == 4 * 3


def test_closed_sources_are_never_trained_on(tmp_path: Path):
    """Each round of measurement leaves every source of a closed licence out."""
    data = gather(write_corpora(tmp_path, ["GPL-3.0", "MIT"]), SMALL, 0, allowed_only=False)
    rounds = folds(data, 3)
    assert all({"extraction-0", "ordinary-0"} <= fold for fold in rounds)
    assert set().union(*rounds) == set(data.sources)


def test_a_missing_corpus_names_the_file(tmp_path: Path):
    """A folder without the corpora is an error that says which file is missing."""
    with pytest.raises(InputError, match=r"extraction\.parquet"):
        read_corpora(tmp_path, per_source=1, seed=0)


def test_a_corpus_without_a_column_names_it(tmp_path: Path):
    """A corpus that lacks a column is refused by the column's name."""
    pq.write_table(pa.table({"source": ["a"]}), tmp_path / "extraction.parquet")
    with pytest.raises(InputError, match="column capability"):
        read_corpora(tmp_path, per_source=1, seed=0)


def test_training_twice_gives_the_same_bytes(tmp_path: Path):
    """Same rows and same seed write the same two files."""
    for name in ("one", "two"):
        train(None, tmp_path / name, 3, SMALL)
    for file in ("capability.npz", "card.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_trained_model_loads_and_scores(tmp_path: Path):
    """What training writes is what the scorer reads, without any corpus."""
    card = train(None, tmp_path, 0, SMALL)
    model = CapabilityModel.load(tmp_path)
    texts = tokenize(pa.array(["Translate to German: hello"]))
    assert model.score(texts, tokenize(pa.array([""]))).probabilities.shape == (1, len(CAPABILITIES))
    assert card.rows == sum(n for source in card.sources.values() for n in source["rows"].values())


def test_an_unwritable_place_is_an_output_error(tmp_path: Path):
    """A file where the folder should be is reported as such."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        train(None, tmp_path / "file", 0, SMALL)


def test_a_source_left_out_teaches_nothing():
    """Without its family, a model is fitted on the other rows alone."""
    data = gather(None, SMALL, 0)
    full, part = (fit_model(data, SMALL, leave) for leave in (frozenset(), frozenset({"own:coding:function"})))
    assert not np.array_equal(full["weights"], part["weights"])


def test_every_capability_has_texts_of_its_own():
    """The project's own rules cover all capabilities, each in at least two families."""
    rows = pa.concat_tables([task_rows(2, 0)[0], elicitation_rows(2, 0)[0]])
    pairs = set(zip(rows["capability"].to_pylist(), rows["source"].to_pylist(), strict=True))
    for capability in CAPABILITIES:
        assert len([source for label, source in pairs if label == capability]) >= 2


def test_a_task_keeps_its_name_in_a_frame_that_asks_for_reasoning():
    """Some tasks stand in a frame that asks for hidden reasoning: of kinds that are an aim in themselves, and no others."""
    rows, asked = task_rows(40, 3)
    kinds = {label for label, asks in zip(rows["capability"].to_pylist(), asked, strict=True) if asks}
    assert kinds == {name for name in CAPABILITIES if name in _OWN_TASK}
    assert 0.02 < np.mean(asked) < 0.2


def test_calibration_error_is_the_mean_gap():
    """Probabilities that come true as often as they say have none; a sure mistake has all."""
    sure, fair = np.array([1.0, 1.0], np.float32), np.array([0.5, 0.5], np.float32)
    hits, half = np.zeros(2), np.array([0.0, 1.0])
    assert reliability(sure, hits, np.ones(2))["error"] == 1.0
    assert reliability(fair, half, np.ones(2))["error"] == 0.0
    assert reliability(fair, half, np.ones(2))["bins"] == [[0.5, 0.5, 1.0]]


def test_caught_at_a_rate_lets_no_more_than_the_rate_through():
    """The threshold is the least that so many ordinary texts exceed at most."""
    ordinary = np.arange(100, dtype=np.float32) / 100
    asking = np.array([0.97, 0.985, 1.0, 0.2], np.float32)
    assert caught_at(asking, ordinary, 0.0, np.ones(4)) == {"threshold": 0.99, "caught": 0.25}
    assert caught_at(asking, ordinary, 0.02, np.ones(4))["caught"] == 0.5


def test_rules_leave_no_slot_open():
    """Every rule expands completely: no `#name#` of a grammar stays in a text."""
    texts = task_rows(30, 1)[0]["prompt"].to_pylist() + elicitation_rows(30, 1)[0]["prompt"].to_pylist()
    words = {f"#{name}#" for name in ("topic", "problem", "trace", "show", "whole", "sentence", "passage", "name")}
    assert not [text for text in texts if any(word in text for word in words)]


def test_lexicon_entries_have_one_concept_each():
    """An entry's hash stands once in the table, and every concept has entries."""
    hashes, concepts = lexicon_arrays()
    assert len(set(hashes.tolist())) == len(hashes)
    assert set(concepts.tolist()) == set(range(len(lexicon())))


def test_shipped_card_names_permitted_rows_only():
    """The card beside the packaged weights lists no source outside the allow-list."""
    card = json.loads((resources.files("revenuer.fingerprint") / "weights" / "card.json").read_text())
    assert card["sources"]
    assert all(licence_allowed(source["licence"]) for source in card["sources"].values())


def test_packaged_weights_are_small():
    """Weights and card together stay under a megabyte."""
    folder = resources.files("revenuer.fingerprint") / "weights"
    assert sum(len(file.read_bytes()) for file in folder.iterdir() if file.is_file()) < 1_000_000


def test_area_under_curve_counts_ties_as_half():
    """The weighted AUC agrees with counting pairs by hand."""
    positive, negative = np.array([0.9, 0.5], np.float32), np.array([0.5, 0.1], np.float32)
    assert area_under_curve(positive, negative, np.ones(2), np.ones(2)) == 3.5 / 4
    assert area_under_curve(positive, negative, np.array([1.0, 0]), np.ones(2)) == 1


def test_macro_f1_weighs_classes_alike():
    """A class with few rows counts as much as one with many."""
    found = np.array([CAPABILITIES.index(name) for name in ("coding", "coding", "coding", "coding")])
    truth = np.array([CAPABILITIES.index(name) for name in ("coding", "coding", "coding", "chat")])
    value = macro_f1(truth, found, np.ones(4))
    assert value == pytest.approx((6 / 7 + 0) / 2)
