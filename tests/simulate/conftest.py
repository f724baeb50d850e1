"""Worlds that several tests look at, simulated once."""

from __future__ import annotations

import pytest
from simulate_world import Read, made


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Every archetype and workload in an ordinary majority, with the project's own texts."""
    return made(tmp_path_factory.mktemp("whole") / "traffic", "all", seed=5, exchanges=30_000)


@pytest.fixture(scope="session")
def banned(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """One campaign whose first pool is banned."""
    return made(tmp_path_factory.mktemp("banned") / "traffic", "A5", seed=6, exchanges=6_000)
