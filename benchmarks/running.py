"""What the benchmarks share: the command line as a measured child process, worlds kept in a cache, tables."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watching import Watch, processor

COMMAND = (sys.executable, "-c", "from revenuer.cli import main; main()")
LIBRARIES = ("revenuer", "numpy", "numba", "pyarrow", "duckdb", "ibis-framework")
# The command log says `revenuer: INFO: STAGE: N done` when a stage ends.
STAGE_LINE = "revenuer: INFO: "
MIB = 2**20


@dataclass(frozen=True)
class Run:
    """One command as the operating system saw it.

    Attributes:
        code: exit code.
        wall: seconds from start to end, imports included.
        cpu: user and system seconds of the process and its children.
        peak: largest resident memory of the process and its descendants together, bytes.
        stages: seconds from the end of the stage before (or the start) to the end of each stage.
        stages_cpu: processor seconds in the same stretches; zero where there is no `/proc`.
        read, written: bytes that it moved by system calls; zero where there is no `/proc`.
        output: standard output.
        errors: standard error, stage lines left out.
    """

    code: int
    wall: float
    cpu: float
    peak: int
    stages: dict[str, float]
    stages_cpu: dict[str, float]
    read: int
    written: int
    output: str
    errors: str


@dataclass
class _Stages:
    """Stage ends, read from the log while the command runs."""

    pid: int
    started: float
    spent: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        now = time.perf_counter()
        if not line.startswith(STAGE_LINE):
            self.other.append(line)
            return
        stage = line.removeprefix(STAGE_LINE).rsplit(":", 1)[0]
        spent = processor(self.pid)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self.started
        self.processor[stage] = self.processor.get(stage, 0.0) + spent - self.spent
        self.started, self.spent = now, spent


def measured(*arguments: str | Path) -> Run:
    """Run one command of `revenuer` in a process of its own and measure that process.

    The caller must stay small: a child's peak begins at what its parent held when it was started.
    """
    started = time.perf_counter()
    command = [*COMMAND, *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as result:  # a pipe that nobody empties would stop a child that says much
        child = subprocess.Popen(command, stdout=result, stderr=subprocess.PIPE, text=True)  # noqa: S603
        assert child.stderr is not None
        watch, stages = Watch(child.pid).start(), _Stages(child.pid, started)
        for line in child.stderr:
            stages.read(line.rstrip())
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        watch.stop()
        _pid, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        result.seek(0)
        output = result.read()
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB on Linux
    return Run(
        child.returncode,
        wall,
        usage.ru_utime + usage.ru_stime,
        max(usage.ru_maxrss * unit, watch.peak),
        stages.seconds,
        stages.processor,
        watch.read,
        watch.written,
        output,
        "\n".join(stages.other),
    )


def checked(run: Run, *fine: int) -> Run:
    """The run, if it ended with one of these codes (0 if none is given); else the benchmark ends with its message."""
    if run.code not in (fine or (0,)):
        sys.exit(f"exit code {run.code}: {run.errors or run.output}")
    return run


def world(cache: Path, name: str, options: Sequence[str | Path], *, fresh: bool = False) -> Path:
    """The traffic of this name in the cache, simulated with these arguments if it is not there."""
    place = cache / name
    if fresh:
        shutil.rmtree(place, ignore_errors=True)
    if not place.exists():
        cache.mkdir(parents=True, exist_ok=True)
        run = checked(measured("simulate", *options, "--out", place, "--quiet"))
        cost = f"{run.wall:.0f} s, CPU {run.cpu:.0f} s, peak {run.peak / MIB:,.0f} MiB"
        print(f"made {name} in {cost}", file=sys.stderr)
    return place


def input_bytes(traffic: Path) -> int:
    """Bytes of what a scan reads: everything but the truth."""
    files = (path for path in traffic.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files if "truth" not in path.relative_to(traffic).parts)


def conditions() -> dict[str, str | int | list[float]]:
    """Machine and versions: what a figure depends on besides the code."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0,
        "load": [round(value, 2) for value in os.getloadavg()],
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """A table as Markdown, or aligned for a terminal; the first column to the left, the others to the right."""
    if markdown:
        lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in (head, *rows)
    )
