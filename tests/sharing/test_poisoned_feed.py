"""The worst feed that a peer could send, held against whole scans."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from revenuer.simulate import simulate
from two_providers import World, poisoned_store, scanned


@pytest.fixture
def poisoned(tmp_path: Path) -> tuple[World, Path, Path]:
    """A campaign among honest customers, and a feed by which all of it is one campaign's; the secret of the feed."""
    key = tmp_path / "key"
    key.write_bytes(b"the secret of this test")
    simulate("A5+legitimate", tmp_path / "world", seed=31, exchanges=4_000)
    return World.of(tmp_path / "world"), poisoned_store(tmp_path / "world", tmp_path, key), key


def test_nobody_honest_is_flagged_for_a_poisoned_feed(poisoned: tuple[World, Path, Path], tmp_path: Path):
    """Sure, fresh, wholly trusted and under the right secret, it is seen, weighs as much as it may, and flags nobody honest."""
    world, store, key = poisoned
    without = scanned(world.place, tmp_path / "without")
    found = scanned(world.place, tmp_path / "with", intel=store, intel_key=key)
    honest = world.honest()
    assert not honest & set(without["flagged"])
    assert not honest & set(found["flagged"])
    (seen,) = found["intel"]["sightings"]
    assert seen["owners"] > 50
    assert found["flagged"]
    assert max(one["added"] for one in found["intel"]["campaigns"].values()) > 0.5
