"""Measuring: nothing is tested on what its model has seen, and figures mean what they say."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from revenuer.cli import main
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.schema import CAPABILITIES
from revenuer.training.calibrate import calibrated, temperature
from revenuer.training.diagram import diagram
from revenuer.training.figures import accuracy, f1_figure, groups, with_interval
from revenuer.training.leave_out import Predictions, Round, frames, predict, source_rounds, template_rounds
from revenuer.training.measure import _balanced, report
from revenuer.training.noise import LOGS, STRINGS
from revenuer.training.train import Data, Recipe, gather, train

SMALL = Recipe(per_source=20, per_family=2, size=300, iterations=3)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small corpora: two sources a side, one of a closed licence, languages and templates among them."""
    folder = tmp_path_factory.mktemp("corpora")
    for name, capability in (("extraction", "coding"), ("ordinary", "chat")):
        rows = [
            {
                "source": f"{name}-{licence}",
                "licence": licence,
                "capability": capability,
                "system": None,
                "prompt": f"Please {name} in one template of this source, number {i % 3} with words {chr(97 + i) * 3}",
                "lang": ("en", "fi", None)[i % 3],
                "proxy": i % 2 == 0,
            }
            for licence in ("MIT", "GPL-3.0")
            for i in range(20)
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def data(corpora: Path) -> Data:
    return gather(corpora, SMALL, 0, allowed_only=False)


@pytest.fixture(scope="module")
def figures(data: Data) -> dict[str, object]:
    return report(data, SMALL, 0)


def read_svg(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  (made here)


def test_every_source_is_left_out_once(data: Data):
    """Each permitted row is scored by one round, whose sources it trained nothing on; closed rows by all."""
    rounds = source_rounds(data, SMALL, 2)
    times = np.sum([one.held for one in rounds], axis=0)
    closed = np.array([licence == "GPL-3.0" for licence in data.rows["licence"].to_pylist()])
    assert set(times[~closed]) == {1}
    assert set(times[closed]) == {2}
    for one in rounds:
        assert not set(data.sources[one.held]) & set(data.sources[~one.held])


def test_a_template_is_never_on_both_sides(data: Data):
    """Rows of one frame and source stand on one side of a round; closed rows on neither."""
    rounds = template_rounds(data, SMALL, 2)
    assert (frames(data)[["MIT" in str(source) for source in data.sources]] >= 0).all()
    for name in ("extraction-MIT", "ordinary-MIT"):
        assert {one.held[data.sources == name].mean() for one in rounds} == {0.0, 1.0}
    closed = np.array([licence == "GPL-3.0" for licence in data.rows["licence"].to_pylist()])
    assert not any(one.held[closed].any() for one in rounds)
    assert (predict(data, rounds).round[closed] == -1).all()


def test_balanced_texts_are_words_only():
    """Case, punctuation, markup and length beyond 400 characters are gone; words of any script stay."""
    texts = pa.chunked_array([["# Write,\n\n**Now**: `x`", "да ЭХ! " * 200]])
    first, second = _balanced(texts, 0).to_pylist()
    assert first.split() == ["write", "now", "x"]
    assert set(second.split()) <= {"да", "эх", "д", "э"}
    assert 150 <= len(second) <= 404


def said(logits: np.ndarray, rounds: np.ndarray) -> Predictions:
    blank = np.zeros(len(logits), np.float32)
    return Predictions(logits.astype(np.float32), logits.argmax(axis=1), blank, blank, rounds)


def test_the_temperature_undoes_what_was_done(data: Data):
    """Logits that are three times too sure are found to be so, and no round calibrates itself."""
    rng = np.random.default_rng(0)
    truth = np.array([CAPABILITIES.index(label) for label in data.labels])
    logits = rng.normal(size=(len(truth), len(CAPABILITIES)))
    logits[np.arange(len(truth)), truth] += rng.normal(1.0, 1.0, len(truth))
    rounds = np.arange(len(truth)) % 2
    every = np.ones(len(truth), bool)
    one = temperature(data, said(logits, rounds), every)
    assert temperature(data, said(3 * logits, rounds), every) == pytest.approx(3 * one, rel=1e-3)
    spoilt = np.where((rounds == 0)[:, None], 50 * logits, logits)
    _, each = calibrated(data, said(spoilt, rounds))
    assert each[0] == pytest.approx(temperature(data, said(logits, rounds), rounds == 1), rel=1e-3)


def test_an_interval_is_over_sources():
    """Figures that differ between two sources have a wide interval, however many rows there are."""
    sources = np.array(["a"] * 500 + ["b"] * 500, object)
    hit = np.array([1.0] * 500 + [0.0] * 500)
    figure = with_interval(lambda w: float(w @ hit / w.sum()) if w.any() else float("nan"), np.ones(1000), sources)
    assert figure == {"value": 0.5, "interval": [0.0, 1.0], "sources": 2}


def test_genuine_rows_are_judged_apart(data: Data):
    """Macro-F1 over genuine capabilities leaves the classes of others out, but not their rows."""
    kinds = groups(data)
    wrong = np.zeros((len(data.rows), len(CAPABILITIES)))
    wrong[:, CAPABILITIES.index("coding")] = 1
    found = said(wrong, np.zeros(len(wrong), np.int64))
    figure = f1_figure(data, found, kinds.genuine | kinds.ordinary, kinds.genuine)
    assert figure["classes"] == 1
    assert figure["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert f1_figure(data, found, kinds.labelled) == {}


def test_accuracy_has_an_interval():
    """The Wilson interval of seven in ten, by the textbook."""
    assert accuracy(np.arange(10) < 7) == {"rows": 10, "accuracy": 0.7, "interval": [0.397, 0.892]}


def test_all_kinds_of_figures_are_there(figures: dict[str, dict[str, dict[str, dict[str, object]]]]):
    """Sources and templates, natural and balanced, genuine and proxy apart, languages, sets of capabilities."""
    for left_out in ("by_source", "by_template"):
        for texts in ("natural", "balanced"):
            assert set(figures[left_out][texts]["macro_f1"]) == {"public", "genuine", "proxy", "own"}
            assert {"public", "genuine", "proxy"} <= set(figures[left_out][texts]["extraction"])
    assert set(figures["languages"]) == {"en", "fi"}
    assert set(figures["reliability"]) == {"all", "public"}
    assert set(figures["several"]) == {"single", "pairs"}
    assert set(figures["nothing"]) == {*STRINGS, *(kind.replace("_", " ") for kind in LOGS)}
    assert all(figures["nothing"][kind]["likeliest"] == 1 for kind in ("empty", "marks", "hexadecimal"))


def test_the_measured_command_writes_card_page_and_diagram(tmp_path: Path, figures: dict[str, object]):
    """Figures stand in the card, on its page and in a picture; the temperature that was found calibrates the weights."""
    for name, temperature_found in (("one", 1.0), ("two", 2.0)):
        metrics = figures | {"calibration": {"temperature": temperature_found, "of_each_round": []}}
        train(None, tmp_path / name, 0, SMALL, metrics=metrics)
    one, two = (CapabilityModel.load(tmp_path / name) for name in ("one", "two"))
    np.testing.assert_allclose(one.scale[:-1], 2 * two.scale[:-1], rtol=1e-6)
    assert one.scale[-1] == two.scale[-1]
    page = (tmp_path / "one" / "model-card.md").read_text()
    assert "| public rows | 0." in page
    assert "| fi | `extraction-MIT` |" in page
    assert read_svg((tmp_path / "one" / "reliability.svg").read_text()).tag.endswith("svg")


def test_the_diagram_shows_each_bin():
    """One point for each bin, where its figures say, and the larger the more weight it has."""
    root = read_svg(diagram({"a": {"error": 0.1, "bins": [[0.25, 0.5, 0.2], [0.75, 1.0, 0.8]]}}))
    small, large = root.findall(".//{*}circle")
    assert (float(large.get("cx", 0)) - float(small.get("cx", 0))) == pytest.approx(160)
    assert (float(small.get("cy", 0)) - float(large.get("cy", 0))) == pytest.approx(160)
    assert float(large.get("r", 0)) == pytest.approx(2 * float(small.get("r", 0)), abs=0.1)


def test_training_replaces_weights_only_when_told_to(tmp_path: Path):
    """A folder that holds weights is left alone without --force."""
    (tmp_path / "capability.npz").write_bytes(b"mine")
    result = CliRunner().invoke(main, ["train", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert (tmp_path / "capability.npz").read_bytes() == b"mine"


def test_a_round_scores_the_rows_it_holds(data: Data):
    """Rows that no round holds have no prediction."""
    model = source_rounds(data, SMALL, 2)[0].model
    held = np.zeros(len(data.rows), bool)
    held[3] = True
    found = predict(data, [Round(held, model)])
    assert found.round.tolist().count(0) == 1
    assert not found.logits[~held].any()
    assert json.dumps(found.round.tolist()[:4]) == "[-1, -1, -1, 0]"
