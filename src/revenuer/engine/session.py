"""A Spark session from an engine's URL: what is set unless the cluster's own defaults say otherwise."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from revenuer.engine.watching import gist
from revenuer.errors import ConfigError, EngineError, MissingExtraError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["is_spark", "master_of", "near_bytes", "start"]

_MASTERS: Final = re.compile(r"spark://[^/\s]+:\d+(,[^/\s]+:\d+)*|yarn|k8s://\S+")
_LOCAL: Final = re.compile(r"spark-local(?:\[(\d+)\])?")

# Largest table, bytes on disk, that every worker gets whole instead of being shuffled.
_BROADCAST: Final = 32 << 20
# A filter on row numbers up to this many keeps but these of each group before the shuffle.
_FIRST_OF_GROUP: Final = 20_000
# Largest tables, bytes on disk, that the driver reads alone: about where two cores need as long as Spark needs to plan.
_NEAR: Final = 512 << 20
_NEAR_SETTING: Final = "spark.revenuer.driver.bytes"
_ALWAYS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
_UNLESS_SET: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.maxResultSize": "0",
    "spark.python.daemon.module": "revenuer.engine.daemon",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.sql.autoBroadcastJoinThreshold": str(_BROADCAST),
    "spark.sql.optimizer.windowGroupLimitThreshold": str(_FIRST_OF_GROUP),
}


def is_spark(url: str) -> bool:
    """Whether an engine's URL names a Spark master."""
    return bool(_MASTERS.fullmatch(url) or _LOCAL.fullmatch(url))


def master_of(url: str) -> str:
    """The Spark master that an engine's URL names.

    Raises:
        ConfigError: it names none.
    """
    alone = _LOCAL.fullmatch(url)
    if alone:
        return f"local[{alone[1] or '*'}]"
    if _MASTERS.fullmatch(url):
        return url
    raise ConfigError(f"--engine {url}: expected local, spark-local or the URL of a cluster (spark://HOST:PORT)")


def start(url: str, *, memory: str) -> tuple[SparkSession, bool]:
    """Start a session, or open one beside that which runs already, whatever its master.

    Args:
        url: as `master_of` takes it.
        memory: of the driver's Java part, such as `"4GB"`.

    Returns:
        the session, and whether Spark was started for it.

    Raises:
        ConfigError: the URL names no master.
        MissingExtraError: PySpark is not installed.
        EngineError: there is no Java, or the master does not answer.
    """
    master = master_of(url)
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415  an optional package
        from pyspark import SparkConf  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"--engine {url}", "spark") from error
    running = SparkSession.getActiveSession()
    if running is not None:
        return running.newSession(), False
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        raise EngineError(f"--engine {url}: Spark needs Java 17 or 21, and there is none (JAVA_HOME)")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setMaster(master).setAppName("revenuer")
    given = _given()
    wanted = {**_UNLESS_SET, "spark.driver.memory": _java_size(memory)}
    for name, value in {**{n: v for n, v in wanted.items() if n not in given}, **_ALWAYS}.items():
        conf.set(name, value)
    try:
        return SparkSession.builder.config(conf=conf).getOrCreate(), True
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        raise EngineError(f"{url}: Spark cannot start: {gist(error)}") from error


def near_bytes(session: SparkSession) -> int:
    """Bytes on disk of the tables of an expression up to which the driver computes it alone.

    Raises:
        ConfigError: the cluster's setting is no whole number.
    """
    given = str(session.conf.get(_NEAR_SETTING, str(_NEAR)))
    if not given.isdecimal():
        raise ConfigError(f"{_NEAR_SETTING} {given}: expected a whole number of bytes")
    return int(given)


def _given() -> set[str]:
    """Names of the settings in the cluster's `spark-defaults.conf`."""
    home = os.environ.get("SPARK_CONF_DIR") or os.path.join(os.environ.get("SPARK_HOME", ""), "conf")  # noqa: PTH118
    try:
        lines = (Path(home) / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return {re.split(r"[\s=:]", line.strip(), maxsplit=1)[0] for line in lines}


def _java_size(memory: str) -> str:
    """A size in bytes as Java understands it: whole mebibytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B", memory, re.IGNORECASE)
    if found is None:
        raise ConfigError(f"--memory {memory}: expected a size such as 4GB")
    base = 1024 if found[3] else 1000
    size = float(found[1]) * base ** ("KMGT".find(found[2].upper()) + 1 if found[2] else 0)
    return f"{max(int(size) >> 20, 512)}m"
