"""The cost benchmarks measure whole process trees, keep their figures, and run each way from prompts to groups."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from revenuer.simulate import simulate

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from ledger import keep, kept
from peers_cost import OURS, Cost, show, waited
from rivals import Traffic, read_traffic
from rivals.costs import datasketch_batch, joined, shingles, tfidf
from scale_tables import Row, exponent, growths
from watching import PROC, Watch, moved, processor, resident

MIB = 2**20
linux = pytest.mark.skipif(not PROC.is_dir(), reason="needs /proc")
# A process whose child fills memory, spends processor time, writes, and then waits to be told to end.
BUSY = """
import subprocess, sys
inner = "import sys; held = bytearray(80 << 20); sum(range(5_000_000)); open(sys.argv[1], 'wb').write(held); print('ready', flush=True); sys.stdin.read()"
subprocess.run([sys.executable, "-c", inner, sys.argv[1]])
"""


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """A small world with campaigns."""
    place = tmp_path_factory.mktemp("cost") / "traffic"
    simulate("demo", place, seed=3, exchanges=2_000)
    return read_traffic(place)


@linux
def test_a_child_of_the_child_is_counted(tmp_path: Path) -> None:
    """Memory, processor time and bytes of a process are those of its descendants as well."""
    command = [sys.executable, "-c", BUSY, str(tmp_path / "out")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        watch = Watch(child.pid).start()
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert resident(child.pid) > 80 * MIB
        assert processor(child.pid) > 0.05
        assert moved(child.pid)[1] > 80 * MIB
        watch.stop()
        child.communicate()
    assert watch.peak > 80 * MIB
    assert watch.written > 80 * MIB


@linux
def test_who_passes_a_limit_is_told() -> None:
    """A process is waited for until its end, or until it has spent the processor time or the memory it may."""
    holds = "import time; held = bytearray(80 << 20); time.sleep(600)"
    for code, limit, memory, end in (
        ("pass", 60, 1e12, ""),
        ("while True: pass", 0.3, 1e12, "time"),
        (holds, 60, 60e6, "memory"),
    ):
        with subprocess.Popen([sys.executable, "-c", code]) as child:  # noqa: S603
            watch = Watch(child.pid).start()
            ended, spent = waited(child, watch, limit, memory)
            watch.stop()
            child.kill()
        assert ended == end
        assert spent > 0.3 or end != "time"
        assert watch.peak > memory or end != "memory"


def test_growth_is_the_exponent() -> None:
    """Costs that grow with a power of the size give that power; one size gives none."""
    sizes = [60_000, 250_000, 1_000_000]
    assert exponent(sizes, [n**1.2 for n in sizes]) == pytest.approx(1.2)
    assert np.isnan(exponent(sizes[:1], [1.0]))
    rows = [Row(n, n, 1, n, 1, 0.0, float(n), float(n) ** 1.5, n, {}, {}, 0, 0) for n in sizes]
    assert growths(rows)["all"]["cpu"] == pytest.approx(1.5)
    assert growths(rows)["from 250,000"]["wall"] == pytest.approx(1.0)


def test_figures_come_back_for_the_same_settings(tmp_path: Path) -> None:
    """What was kept under some settings is found under the same ones only."""
    ledger = tmp_path / "new" / "ledger.jsonl"
    assert kept(ledger, {"seed": 1}) == []
    keep(ledger, {"seed": 1}, {"size": 5})
    keep(ledger, {"seed": 2}, {"size": 6})
    keep(ledger, {"seed": 1}, {"size": 7})
    assert kept(ledger, {"seed": 1}) == [{"size": 5}, {"size": 7}]


def test_shingles_are_runs_of_four_words() -> None:
    """A text gives its runs of four words in lower case; a shorter one gives itself."""
    assert shingles("One two, three four FIVE") == [b"one two three four", b"two three four five"]
    assert shingles("hello there") == [b"hello there"]


def test_rival_ways_find_groups(traffic: Traffic) -> None:
    """Accounts of a world with campaigns are joined, those of one cluster with its first; noise joins nobody."""
    assert joined(np.array([0, -1, 0, 1, -1, 1]), np.array([7, 8, 9, 5, 6, 5])) == [(7, 9)]
    assert tfidf(traffic) >= 1
    pytest.importorskip("networkx")
    pytest.importorskip("datasketch")
    assert datasketch_batch(traffic) > 1


def test_the_table_tells_ratios_and_what_did_not_finish() -> None:
    """A method's cost stands as a multiple of ours, as a bound where it did not finish, and as nothing where it was not tried."""
    costs = [Cost(OURS, 1_000, 2.0, 1.0, MIB, 3), Cost("other", 1_000, 9.0, 9.0, MIB, 1)]
    costs += [
        Cost(OURS, 5_000, 4.0, 2.0, MIB, 3),
        Cost("other", 5_000, 600.0, 700.0, MIB, None, "time"),
        Cost("more", 1_000, 1.0, 1.0, MIB, 0),
    ]
    lines = show(costs, markdown=True).splitlines()
    assert "| other | 9.0 (1 MiB) | ended by time, > 600.0 (1 MiB) | nan |" in lines
    assert "| other | 4.5 | > 150.0 |" in lines
    assert "| more | 0.5 | - |" in lines
