"""One machine against a Spark cluster of two workers on loopback: the same findings, at which cost, and who worked.

python benchmarks/spark.py TRAFFIC [TRAFFIC ...] [--out FOLDER] [--driver-bytes N]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cluster import Cluster
from watching import processor

SAME: Final = ("accounts.parquet", "campaigns.json", "exchanges.parquet")


class Stage(NamedTuple):
    """One stage of Spark: seconds of each worker in tasks, the longest task, and bytes that it shuffled."""

    name: str
    seconds: dict[str, float]
    tasks: int
    longest: float
    shuffled: int

    @property
    def skew(self) -> float:
        """The longest task over the mean one."""
        return self.longest * self.tasks / max(sum(self.seconds.values()), 1e-9)


class Spent(NamedTuple):
    """Seconds of a scan, its start included: on the clock, and of processors, a cluster's among them."""

    wall: float
    cpu: float


def measured(traffic: Path, out: Path, *, engine: str, scratch: Path, more: Mapping[str, str]) -> tuple[Spent, bool]:
    """What a whole scan took, and whether it found anything."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-c", "from revenuer.cli import main; main()", "scan", str(traffic), "--out", str(out)]
    began, before = time.monotonic(), processor(os.getpid())
    done = subprocess.run(  # noqa: S603
        [*command, "--engine", engine, "--scratch", str(scratch), "-q"],
        env={**os.environ, **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{engine}: {done.stderr[-2000:]}")
    return Spent(time.monotonic() - began, processor(os.getpid()) - before), done.returncode == 1


def digests(findings: Path) -> list[str]:
    """Hashes of the files that must not depend on the engine."""
    return [hashlib.sha256((findings / name).read_bytes()).hexdigest() for name in SAME]


def events(log: Path) -> Iterator[dict[str, Any]]:
    """What Spark wrote down of the last application, compressed or not."""
    for path in sorted(log.rglob("events_*")):
        data = path.read_bytes()
        if path.suffix == ".zstd":
            data = pa.CompressedInputStream(pa.py_buffer(data), "zstd").read()
        yield from map(json.loads, data.splitlines())


def stages(log: Path) -> list[Stage]:
    """All stages, the longest first."""
    names: dict[int, str] = {}
    tasks: dict[int, list[tuple[str, float, int]]] = {}
    for event in events(log):
        if event["Event"] == "SparkListenerStageCompleted":
            names[event["Stage Info"]["Stage ID"]] = event["Stage Info"]["Stage Name"]
        elif event["Event"] == "SparkListenerTaskEnd":
            info, metrics = event["Task Info"], event.get("Task Metrics") or {}
            spent = (info["Finish Time"] - info["Launch Time"]) / 1000
            shuffled = metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
            tasks.setdefault(event["Stage ID"], []).append((info["Executor ID"], spent, shuffled))
    made = [_stage(names.get(number, ""), done) for number, done in tasks.items()]
    return sorted(made, key=lambda stage: -sum(stage.seconds.values()))


def _stage(name: str, done: list[tuple[str, float, int]]) -> Stage:
    seconds: Counter[str] = Counter()
    for worker, spent, _shuffled in done:
        seconds[worker] += spent  # type: ignore[assignment]
    return Stage(
        name.split(" at ", maxsplit=1)[0],
        dict(seconds),
        len(done),
        max(one[1] for one in done),
        sum(one[2] for one in done),
    )


def compare(traffic: Path, folder: Path, more: Mapping[str, str]) -> None:
    """Scan one world with both engines, on the cluster with these settings, and print what it took."""
    rows = sum(pq.read_metadata(path).num_rows for path in sorted((traffic / "exchanges").glob("*.parquet")))
    log, scratch = folder / "events", folder / "shared"
    for place in (log, scratch):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    alone, found = measured(traffic, folder / "local", engine="local", scratch=scratch, more={})
    settings = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": log.as_uri(), **more}
    with Cluster(folder / "cluster", settings=settings) as cluster:
        there, _ = measured(traffic, folder / "spark", engine=cluster.url, scratch=scratch, more=cluster.environment)
    same = digests(folder / "local") == digests(folder / "spark")
    done = stages(log)
    print(f"{rows:,} exchanges, {'campaigns' if found else 'nothing'} found, findings {'equal' if same else 'DIFFER'}")
    print(f"wall: local {alone.wall:.1f} s, two workers {there.wall:.1f} s: {there.wall / alone.wall:.1f} times")
    print(f"CPU: local {alone.cpu:.1f} s; executors that have ended tell theirs as seconds in tasks alone")
    workers: Counter[str] = Counter()
    for stage in done:
        workers.update(stage.seconds)
    print(
        f"{len(done)} stages, {sum(stage.shuffled for stage in done) / 1e6:.1f} MB shuffled; seconds in tasks:", end=" "
    )
    print(", ".join(f"worker {name} {spent:.1f}" for name, spent in sorted(workers.items())))
    for stage in done[:12]:
        each = " + ".join(f"{spent:.1f}" for _worker, spent in sorted(stage.seconds.items()))
        print(
            f"  {stage.name[:28]:28s} {stage.tasks:3d} tasks {each:>14s} s, longest task {stage.skew:.1f} times the mean, "
            f"{stage.shuffled / 1e6:7.2f} MB shuffled"
        )


def main() -> None:
    """Compare on every world given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("traffic", type=Path, nargs="+", help="traffic directories with Parquet files")
    parser.add_argument("--out", type=Path, help="folder for findings, logs and temporary files")
    parser.add_argument(
        "--driver-bytes", type=int, help="tables up to which the driver computes alone; 0: Spark computes everything"
    )
    given = parser.parse_args()
    more = {} if given.driver_bytes is None else {"spark.revenuer.driver.bytes": str(given.driver_bytes)}
    with tempfile.TemporaryDirectory() as place:
        for traffic in given.traffic:
            compare(traffic.absolute(), (given.out or Path(place)).absolute(), more)


if __name__ == "__main__":
    main()
