"""All signs of life of groups, gathered at once."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from life_worlds import HOUR, START, fingerprints, templates, world
from revenuer.campaigns.life import life_signs
from revenuer.linkage.groups import Group
from revenuer.schema import ENFORCEMENT, RELEASES

NEW = pa.Table.from_pylist(
    [{"model": "new", "released_at": datetime.fromtimestamp((START + 100 * HOUR) / 1e6, UTC)}], RELEASES
)


def test_a_group_with_two_signs_shows_both_and_its_neighbour_none():
    """Members replay each other's blocks and go over to a new model; the others do neither."""
    rng = np.random.default_rng(0)
    accounts = np.repeat(np.arange(100), 20)
    hours = np.tile(np.linspace(0, 200, 20), 100) + rng.uniform(0, 5, len(accounts))
    moved = (accounts < 20) & (hours > 100 + rng.uniform(1, 18, 100)[accounts])
    refs = [[int(a + 1) % 20 * 1_000 + 1] if a < 20 and h > 50 else [] for a, h in zip(accounts, hours, strict=True)]
    first = np.arange(len(accounts)) % 20 == 0
    columns = {
        "model": np.where(moved | ((accounts > 97) & (hours > 100)), "new", "old"),
        "refs": [r or ([int(a) * 1_000 + 1] if not f else []) for r, a, f in zip(refs, accounts, first, strict=True)],
        "issued": np.where(first, accounts * 1_000 + 1, 0),
        "session": np.where(accounts < 20, np.arange(len(accounts)) + 1_000, accounts + 1),
        "prompt_frame": np.where(accounts < 20, 7, 8),
    }
    groups = [Group(np.arange(20), np.array([0])), Group(np.arange(20, 40), np.array([1]))]
    with world(fingerprints(list(accounts), list(hours), **columns)) as w:
        signs = life_signs(w.engine, w.rows, w.profiles, templates([7, 8]), groups, NEW, ENFORCEMENT.empty_table())
        assert [one.channel for one in signs.evidence(0, seed=0)] == ["replay", "pivot"]
        assert signs.evidence(1, seed=0) == ()


def test_bare_traffic_shows_nothing():
    """Only accounts and times are known: no outcome, no model, no block, no task."""
    with world(fingerprints([0, 0, 1, 1], [0, 1, 2, 3], status=[None] * 4, model=[None] * 4)) as w:
        groups = [Group(np.arange(2), np.zeros(0, np.int64))]
        signs = life_signs(w.engine, w.rows, w.profiles, templates([]), groups, NEW, ENFORCEMENT.empty_table())
        assert signs.evidence(0, seed=0) == ()


def test_without_groups_there_are_no_signs():
    """And no error."""
    with world(fingerprints([0, 1], [0, 1])) as w:
        signs = life_signs(w.engine, w.rows, w.profiles, templates([]), [], NEW, ENFORCEMENT.empty_table())
        assert signs.groups == []
