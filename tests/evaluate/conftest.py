"""The example world, evaluated once."""

from __future__ import annotations

import pytest
from tiny_worlds import example

from revenuer.evaluate import Evaluation, evaluate


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The evaluation of `tiny_worlds.example`."""
    return evaluate(*example().write(tmp_path_factory.mktemp("example")))
