"""Real texts and timing, where a directory of corpora lies beside the checkout: more tests run with it, none need it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from revenuer.evaluate import evaluate
from revenuer.scanning import scan
from revenuer.simulate import simulate

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"


@pytest.fixture(scope="module")
def corpora() -> Path:
    """The corpora, or no test of this module."""
    if not CORPORA.is_dir():
        pytest.skip("no corpora beside the checkout")
    return CORPORA


def scanned(corpora: Path, place: Path, scenario: str, seed: int) -> dict[str, Any]:
    """The evaluation of a scan of simulated traffic with real texts."""
    traffic, findings = place / scenario, place / f"{scenario}-findings"
    findings.mkdir()
    simulate(scenario, traffic, seed=seed, exchanges=40_000, corpora=corpora)
    scan(traffic, findings, seed=seed)
    return dict(json.loads(evaluate(findings, traffic / "truth").to_json()))


def test_campaigns_of_real_texts_are_found_and_their_neighbours_left_alone(corpora: Path, tmp_path: Path):
    """Most accounts that harvest are found among every workload, and at most one in a thousand others is flagged."""
    told = scanned(corpora, tmp_path, "all", 3)
    five = next(one["recall"] for one in told["accounts"]["detection"] if one["at_least"] == 5)
    assert five["value"] > 0.75
    assert told["accounts"]["false_positive_rate"]["value"] <= 1e-3
    assert told["exchanges"]["precision"]["value"] > 0.9


def test_real_texts_without_an_attack_accuse_nobody(corpora: Path, tmp_path: Path):
    """Twenty-four workloads in an ordinary majority, and no campaign."""
    told = scanned(corpora, tmp_path, "legitimate", 4)
    assert told["accounts"]["false_positive_rate"]["hits"] == 0
