"""Scans with weights of the user's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from revenuer.cli import main
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.simulate import simulate
from revenuer.summary import read_findings
from revenuer.training.train import Recipe, train

SMALL = Recipe(per_source=20, per_family=6, size=500, iterations=5)


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("traffic") / "world"
    simulate("ordinary", place, seed=5, exchanges=1000, accounts=100)
    return place


def test_findings_name_the_weights_that_made_them(traffic: Path, tmp_path: Path):
    """With --model the trained weights are used, and scan.json has the SHA-256 of their file; else of the packaged."""
    train(None, tmp_path / "weights", 0, SMALL)
    named = {}
    for name, more in (("own", ["--model", str(tmp_path / "weights")]), ("packaged", [])):
        arguments = ["scan", str(traffic), "--out", str(tmp_path / name), "-q", "--threads", "1", *more]
        assert CliRunner().invoke(main, arguments).exit_code == 0
        named[name] = read_findings(tmp_path / name)[1].settings["model"]
    own = hashlib.sha256((tmp_path / "weights" / "capability.npz").read_bytes()).hexdigest()
    assert named == {"own": own, "packaged": CapabilityModel.load().digest}
    assert own != named["packaged"]


def test_a_folder_without_weights_is_refused(traffic: Path, tmp_path: Path):
    """A wrong --model ends with exit code 2, the file named, nothing written."""
    arguments = ["scan", str(traffic), "--out", str(tmp_path / "found"), "--model", str(tmp_path), "-q"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "capability.npz" in result.stderr
    assert not (tmp_path / "found").exists()
