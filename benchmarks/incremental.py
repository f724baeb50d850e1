"""What a day costs when the fingerprints of the days before are kept, against its share of a full scan.

Usage: `python benchmarks/incremental.py TRAFFIC [--work DIR] [--markdown]`. TRAFFIC is copied once with its last 24 hours in files
of their own. Three scans, each a process: with `--keep` of all but the last day, with `--keep` once that day has come, and without
`--keep` of everything. A scan of a small part goes first, so that compiling kernels is not measured.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from running import Run, checked, conditions, measured, table

FOUND = 1
LAST = timedelta(hours=24)


def parts_of(traffic: Path) -> list[Path]:
    """The files of exchanges."""
    return sorted((traffic / "exchanges").glob("*.parquet"))


def last_moment(parts: list[Path]) -> Any:
    """The time of the latest exchange."""
    return max(pc.max(pq.read_table(part, columns=["ts"])["ts"]).as_py() for part in parts)


def split(traffic: Path, before: Path, day: Path) -> tuple[int, int]:
    """Write the exchanges of the last day apart from the others; how many there are of each."""
    parts = parts_of(traffic)
    turn = pa.scalar(last_moment(parts) - LAST, pa.timestamp("us", tz="UTC"))
    counts = [0, 0]
    for part in parts:
        rows = pq.read_table(part)
        late = pc.greater(rows["ts"].cast(turn.type), turn)
        for number, (place, chosen) in enumerate(((before, rows.filter(pc.invert(late))), (day, rows.filter(late)))):
            place.mkdir(parents=True, exist_ok=True)
            if chosen.num_rows:
                pq.write_table(chosen, place / f"{place.name}-{part.name}", compression="zstd")
            counts[number] += chosen.num_rows
    return counts[0], counts[1]


def copied(traffic: Path, work: Path) -> tuple[Path, Path, int, int]:
    """The traffic without its last day, that day's files, and how many exchanges each of the two has."""
    place, day = work / "traffic", work / "day"
    shutil.copytree(traffic, place, ignore=shutil.ignore_patterns("exchanges", "truth"))
    return place, day, *split(traffic, place / "exchanges", day)


def scans(traffic: Path, work: Path) -> Iterator[tuple[str, int, Run]]:
    """Each scan with the number of exchanges that are new to it."""
    place, day, old, new = copied(traffic, work)

    def scanned(name: str, *options: str | Path) -> Run:
        out = work / name
        return checked(measured("scan", place, "--out", out, "--careful", "off", "--verbose", *options), 0, FOUND)

    scanned("warm")
    yield "all but the last day, nothing kept yet", old, scanned("first", "--keep", work / "kept")
    for part in sorted(day.iterdir()):
        part.rename(place / "exchanges" / part.name)
    yield "the last day, the others kept", new, scanned("then", "--keep", work / "kept")
    yield "everything, nothing kept", old + new, scanned("whole")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traffic", type=Path)
    parser.add_argument(
        "--work", type=Path, help="where copies, kept fingerprints and findings go (default: temporary)"
    )
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    if arguments.work is not None:
        arguments.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.work) as place:
        found = list(scans(arguments.traffic, Path(place)))
    print("\n".join(f"{name}: {value}" for name, value in conditions().items()), end="\n\n")
    _name, rows, whole = found[-1]
    lines = [
        [name, f"{new:,}", f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{run.cpu / (whole.cpu * new / rows):.1f}"]
        for name, new, run in found
    ]
    heads = ["scan", "new exchanges", "wall s", "CPU s", "CPU / share of the whole scan's"]
    print(table(heads, lines, markdown=arguments.markdown))
    stages = [[stage, *(f"{run.stages_cpu.get(stage, 0.0):.1f}" for _, _, run in found)] for stage in whole.stages_cpu]
    print("\n" + table(["CPU s by stage", *(name for name, _, _ in found)], stages, markdown=arguments.markdown))


if __name__ == "__main__":
    main()
