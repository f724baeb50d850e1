"""What ways from prompts to groups of accounts cost, on the same rows in the same run.

Usage: `python benchmarks/peers_cost.py [--sizes 1000 5000 20000 100000] [--methods ...] [--limit 600] [--memory 8] [--markdown] [--json FILE]`.
Needs the extras `bench` and, for Spark, `spark`. Worlds are those of `scale.py`. Each method is a process of its own; its cost is the
processor time of the process and its descendants (Java among them) from the moment the rows are in memory to the groups. The cost of
a scan's text stages and linkage is taken from its own log and holds more: reading the files, every column, and the verdicts; the cost
of a whole scan is that of the process from start to end. A method that passes the limit of time or of memory is ended and told as not
finished, and larger sizes are not tried. Figures are appended to the results, where a later run with the same settings finds them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger import keep, kept
from rivals import read_traffic
from rivals.costs import METHODS, MMD, windows
from running import MIB, checked, conditions, measured, table, world
from scale_tables import exponent
from watching import Watch, processor

OURS, WHOLE = "revenuer: text and linkage", "revenuer: whole scan"
BEFORE, AFTER = "open traffic", "link accounts"  # the stage before the text stages, and the last that counts
SIZES = (1_000, 5_000, 20_000, 100_000)
CLEAN = 5_000  # exchanges of the clean world that MMD learns from
WARM = 2_000  # exchanges of the world that is scanned first, so that kernels are compiled when a scan is measured
FOUND = 1
GIB = 2**30
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Cost:
    """One method at one size.

    Attributes:
        method, size: which.
        cpu, wall: seconds; at least so many where it did not finish.
        peak: bytes.
        found: groups of accounts (MMD: accounts) that it ended with; None where it did not finish.
        ended: the limit that it passed, `time` or `memory`; empty where it finished.
    """

    method: str
    size: int
    cpu: float
    wall: float
    peak: int
    found: int | None
    ended: str = ""


def traffic_of(arguments: argparse.Namespace, scenario: str, size: int, seed: int) -> Path:
    """A world of the cache."""
    prompt_bytes, per_account = str(arguments.prompt_bytes), str(arguments.per_account)
    options = ["--seed", str(seed), "--exchanges", str(size), "--per-account", per_account]
    options += ["--prompt-bytes", prompt_bytes] if arguments.prompt_bytes else []
    name = f"{scenario}-{size}-seed{seed}-{per_account}-{prompt_bytes}"
    return world(arguments.cache, name, [scenario, *options])


def ours(traffic: Path, size: int) -> list[Cost]:
    """A scan: its stages from the first that reads text to the linkage, and the whole of it."""
    with tempfile.TemporaryDirectory() as folder:
        run = checked(measured("scan", traffic, "--out", Path(folder) / "f", "--json", "--verbose"), 0, FOUND)
    found = len(json.loads(run.output)["campaigns"])
    names = list(run.stages)
    counted = names[names.index(BEFORE) + 1 : names.index(AFTER) + 1]
    cpu, wall = (sum(told[name] for name in counted) for told in (run.stages_cpu, run.stages))
    return [Cost(OURS, size, cpu, wall, run.peak, found), Cost(WHOLE, size, run.cpu, run.wall, run.peak, found)]


def theirs(arguments: argparse.Namespace, method: str, traffic: Path, size: int) -> Cost:
    """A method in a process of its own, ended when it passes the limit."""
    clean = traffic_of(arguments, "legitimate", CLEAN, arguments.seed + 1)
    command = [sys.executable, "-W", "ignore", __file__, "--child", method, str(traffic), str(clean)]
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=said, stderr=errors, start_new_session=True)  # noqa: S603
        watch = Watch(child.pid).start()
        ended, spent = waited(child, watch, arguments.limit, arguments.memory * GIB)
        watch.stop()
        if ended:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return Cost(method, size, spent, time.perf_counter() - started, watch.peak, None, ended)
        if child.wait():
            errors.seek(0)
            sys.exit(f"{method}: {errors.read()[-2_000:]}")
        said.seek(0)
        told = json.loads(said.read().splitlines()[-1])
    return Cost(method, size, told["cpu"], told["wall"], watch.peak, told["found"])


def waited(child: subprocess.Popen[bytes], watch: Watch, limit: float, memory: float) -> tuple[str, float]:
    """Wait for the end of a child without taking it away; the limit that it passed, if any, and its processor time then."""
    spent = 0.0
    while not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if (spent := processor(child.pid)) > limit:
            return "time", spent
        if watch.peak > memory:
            return "memory", spent
        time.sleep(0.2)
    return "", spent


def child(method: str, traffic: Path, clean: Path) -> None:
    """Run one method here and print its cost."""
    work = windows(read_traffic(clean)) if method == MMD else METHODS[method]
    rows = read_traffic(traffic)
    rows.prompts  # noqa: B018 - reading them is not what is measured
    before, started = processor(os.getpid()), time.perf_counter()
    found = work(rows)
    print(json.dumps({"found": found, "wall": time.perf_counter() - started, "cpu": processor(os.getpid()) - before}))


def measure(arguments: argparse.Namespace, asked: dict[str, Any]) -> list[Cost]:
    """Every method at every size that is not known yet, smaller ones first."""
    known = [] if arguments.again else [Cost(**one) for one in kept(arguments.results, asked)]
    costs = {(one.method, one.size): one for one in known}
    if any((OURS, size) not in costs for size in arguments.sizes):
        ours(traffic_of(arguments, "all", WARM, arguments.seed), WARM)
    for size in sorted(arguments.sizes):
        for method in [OURS, *arguments.methods]:
            over = any(one.ended for one in costs.values() if one.method == method)
            if (method, size) in costs or over:
                continue
            traffic = traffic_of(arguments, "all", size, arguments.seed)
            for one in ours(traffic, size) if method == OURS else [theirs(arguments, method, traffic, size)]:
                costs[one.method, size] = one
                keep(arguments.results, asked, asdict(one))
                print(f"{one.method}, {size:,}: CPU {one.cpu:.1f} s", file=sys.stderr)
    return [one for one in costs.values() if one.size in arguments.sizes]


def show(costs: list[Cost], *, markdown: bool) -> str:
    """Processor time by method and size, and how often that of our text stages and linkage it is."""
    sizes = sorted({one.size for one in costs})
    own = {one.size: one.cpu for one in costs if one.method == OURS}
    head = [f"{size:,} exchanges" for size in sizes]
    spent, times = [], []
    for method in dict.fromkeys(one.method for one in costs):
        held = {one.size: one for one in costs if one.method == method}
        done = [one for one in held.values() if not one.ended]
        growth = exponent([one.size for one in done], [one.cpu for one in done])
        spent.append([method, *(told(held.get(size)) for size in sizes), f"{growth:.2f}"])
        times.append([method, *(ratio(held.get(size), own.get(size)) for size in sizes)])
    cpu = table(["CPU s", *head, "growth N^"], spent, markdown=markdown)
    return cpu + "\n\n" + table(["times " + OURS, *head], times, markdown=markdown)


def told(one: Cost | None) -> str:
    """Seconds and memory, or that it did not finish, or that it was not tried."""
    if one is None:
        return "-"
    return f"{f'ended by {one.ended}, > ' if one.ended else ''}{one.cpu:,.1f} ({one.peak / MIB:,.0f} MiB)"


def ratio(one: Cost | None, own: float | None) -> str:
    """How many times our cost."""
    if one is None or not own:
        return "-"
    return f"{'> ' if one.ended else ''}{one.cpu / own:,.1f}"


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    every = [*METHODS, MMD]
    parser.add_argument("--methods", nargs="*", default=every, choices=every, metavar="METHOD", help=", ".join(every))
    parser.add_argument("--limit", type=float, default=600.0, help="CPU seconds that a method may take")
    parser.add_argument("--memory", type=float, default=8.0, help="GiB that a method may hold, its children included")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-account", type=int, default=64, help="exchanges of an account, as of `simulate`")
    parser.add_argument("--prompt-bytes", type=int, default=1_000, help="as of `simulate`; 0: as the texts have it")
    parser.add_argument("--cache", type=Path, default=HERE / "work", help="where worlds are kept")
    parser.add_argument("--results", type=Path, default=HERE / "work" / "peers_cost.jsonl", metavar="FILE")
    parser.add_argument("--again", action="store_true", help="measure anew what the results hold")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("METHOD", "TRAFFIC", "CLEAN"), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure what is missing and print everything."""
    arguments = parsed()
    if arguments.child:
        child(arguments.child[0], Path(arguments.child[1]), Path(arguments.child[2]))
        return
    if shutil.which("java") is None:
        arguments.methods = [one for one in arguments.methods if "Spark" not in one]
    names = ("seed", "per_account", "prompt_bytes", "limit", "memory")
    asked, conditioned = {name: getattr(arguments, name) for name in names}, conditions()
    costs = measure(arguments, asked)
    print("\n".join(f"{name}: {value}" for name, value in (conditioned | asked).items()), end="\n\n")
    print(show(costs, markdown=arguments.markdown))
    if arguments.json:
        document = {"conditions": conditioned | asked, "costs": [asdict(one) for one in costs]}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
