"""From an engine's URL to the engine."""

from __future__ import annotations

from pathlib import Path

from revenuer.engine.base import Engine
from revenuer.engine.local import LocalEngine
from revenuer.engine.session import master_of

__all__ = ["check_engine", "connect"]


def check_engine(url: str) -> None:
    """Raise `ConfigError` for an engine's URL that names none; nothing is started."""
    if url != "local":
        master_of(url)


def connect(url: str, *, memory: str, threads: int | None = None, scratch: Path | None = None) -> Engine:
    """The engine that a URL names: `local`, `spark-local[CORES]`, or a Spark master such as `spark://HOST:PORT`.

    Args:
        url: of the engine.
        memory: of its tables on one machine, of the driver on a cluster.
        threads: of an engine on one machine; a cluster has its own.
        scratch: where its temporary files go; on a cluster a folder that all of it shares.

    Raises:
        ConfigError: the URL names no engine.
        EngineError: the engine cannot start.
        MissingExtraError: PySpark is not installed.
    """
    if url == "local":
        return LocalEngine(memory=memory, threads=threads, scratch=scratch)
    check_engine(url)
    from revenuer.engine.spark import SparkEngine  # noqa: PLC0415  an optional package

    return SparkEngine(url, memory=memory, scratch=scratch)
