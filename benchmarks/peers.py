"""Published methods and a scan on the same traffic, judged by the same evaluation.

Usage: `python benchmarks/peers.py --corpora DIR [--seeds 9301 9302] [--rungs "base" "benign mix 0.8"] [--markdown]
[--json FILE]` on rungs of `ladder.py`, or `--traffic DIR ...` on directories that hold `truth/`. Needs the extra `bench`.
A method learns from one clean world, and its calibrated threshold flags at most a thousandth of the accounts of another;
`published` is the threshold of its authors. Of a method's variants the table shows one, chosen with the truth in hand, in the
method's favour: of those that hold the rate the one that finds most. `at best` is the recall at the threshold that flags a
thousandth of the legitimate accounts of the very world that is judged, which nobody could have set. The JSON holds all variants.
Intervals are those of Clopper and Pearson over the cases of all worlds of a rung.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ladder import Rung, rungs
from ladder import world as rung_world
from peers_table import HEAD, RATE, Result, best_of, line, summary
from revenuer.evaluate import evaluate
from rivals import (
    ENCODERS,
    METHODS,
    MIXES,
    Background,
    Encoder,
    Judge,
    Reading,
    Traffic,
    as_published,
    calibrated,
    read_traffic,
    write_findings,
)
from running import checked, conditions, measured, table, world

SCAN = "revenuer scan"
FOUND = 1
HERE = Path(__file__).parent
ON_VECTORS = ("PRADA", "SEAT", "MMD", "MMD windows")
REFERENCE, CALIBRATION = 500_000, 600_000  # added to a world's seed for the clean worlds beside it
RUNGS = ("benign mix 0", "base", "benign mix 0.8", "benign mix 0.9", "infrastructure shared")


@dataclass
class Bench:
    """What is kept between worlds: backgrounds by clean world, and what methods say of clean worlds."""

    arguments: argparse.Namespace
    backgrounds: dict[Path, Background] = field(default_factory=dict)
    judges: dict[tuple[str, Path], tuple[Judge, float]] = field(default_factory=dict)
    clean: dict[tuple[str, Path, Path], dict[str, float]] = field(default_factory=dict)

    def background(self, reference: Traffic) -> Background:
        """The clean world with its encoder."""
        if reference.place not in self.backgrounds:
            encoder = Encoder(ENCODERS[self.arguments.encoder](reference))
            encoder.vectors(reference)
            self.backgrounds[reference.place] = Background(reference, encoder)
        return self.backgrounds[reference.place]

    def judge(self, name: str, background: Background) -> tuple[Judge, float]:
        """A method that has learned, and the seconds that it took."""
        key = name, background.reference.place
        if key not in self.judges:
            started = time.perf_counter()
            self.judges[key] = METHODS[name](background), time.perf_counter() - started
        return self.judges[key]

    def calibrated(self, name: str, background: Background, clean: Traffic) -> dict[str, float]:
        """The threshold of each variant of a method."""
        key = name, background.reference.place, clean.place
        if key not in self.clean:
            readings = self.judge(name, background)[0](clean)
            self.clean[key] = {one.variant: calibrated(one.score, RATE) for one in readings}
        return self.clean[key]


@dataclass(frozen=True)
class Place:
    """A world to be judged on: its name in the table, its seed and its directory."""

    name: str
    seed: int
    traffic: Path


def judged(findings: Path, traffic: Path) -> Result:
    """The figures of the table from one findings directory."""
    found = evaluate(findings, traffic / "truth")
    rates = {
        "accounts": found.accounts.detection[0].recall,
        "false": found.accounts.false_positive_rate,
        "campaigns": found.campaigns.recall,
        "precise": found.campaigns.precision,
        "exchanges": found.exchanges.f1,
    }
    counts = {name: {"hits": rate.hits, "total": rate.total} for name, rate in rates.items()}
    ranking = found.accounts.detection[0].ranking
    at_best = {"positives": ranking.positives, "recall": ranking.tpr_at_fpr_001}
    return counts | {"workloads_flagged": found.accounts.groups_flagged, "at_best": at_best}


def scanned(place: Place) -> Result:
    """A scan by the command line."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "findings"
        run = checked(measured("scan", place.traffic, "--out", out, "--quiet"), 0, FOUND)
        figures = judged(out, place.traffic)
    return {"method": SCAN, "variant": "as shipped", "threshold": "as shipped", "seconds": run.wall} | figures


def answered(traffic: Traffic, reading: Reading, threshold: float) -> Result:
    """The figures of one reading at one threshold."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "findings"
        write_findings(traffic, reading, threshold, out)
        return judged(out, traffic.place)


def thresholds(reading: Reading, clean: dict[str, float]) -> Iterator[tuple[str, float]]:
    """The threshold of the authors where there is one, and the calibrated one."""
    if reading.published is not None:
        yield "published", reading.published
    if reading.variant in clean:
        yield "calibrated", clean[reading.variant]


def answers(bench: Bench, name: str, background: Background, clean: Traffic, traffic: Traffic) -> list[Result]:
    """All variants of one method on one world; its time is that of learning and of judging this world."""
    judge, learning = bench.judge(name, background)
    started = time.perf_counter()
    readings = judge(traffic)
    seconds = learning + time.perf_counter() - started
    least = bench.calibrated(name, background, clean)
    return [
        {"method": name, "variant": one.variant, "threshold": kind, "seconds": seconds} | answered(traffic, one, value)
        for one in readings
        for kind, value in thresholds(one, least)
    ]


def clean_world(arguments: argparse.Namespace, like: Traffic, seed: int) -> Traffic:
    """Legitimate traffic of about the size of a world (in steps, so that worlds may share it), under another seed."""
    exchanges, accounts = (
        max(step, round(n / step) * step) for n, step in ((len(like.account), 5_000), (len(like.ids), 500))
    )
    size = ("--exchanges", str(exchanges), "--accounts", str(accounts), "--seed", str(seed))
    corpora = ("--corpora", str(arguments.corpora)) if arguments.corpora else ()
    label = f"clean-{exchanges}-{accounts}-seed{seed}" + ("-corpora" if corpora else "")
    return read_traffic(world(arguments.cache, label, ("legitimate", *size, *corpora)))


def results(bench: Bench, place: Place) -> list[Result]:
    """Every method on one world; the vectors of its requests are made once and counted for each that uses them."""
    rows = [scanned(place)]
    traffic = read_traffic(place.traffic)
    background = bench.background(clean_world(bench.arguments, traffic, place.seed + REFERENCE))
    clean = clean_world(bench.arguments, traffic, place.seed + CALIBRATION)
    background.encoder.vectors(traffic)
    encoding = background.encoder.seconds[traffic.place]
    print(f"{place.name}, seed {place.seed}: vectors in {encoding:.0f} s", file=sys.stderr)
    if bench.arguments.protocol:
        print(protocol(place, as_published(background.encoder, traffic), markdown=bench.arguments.markdown), flush=True)
    for name in bench.arguments.methods:
        before = encoding if name in ON_VECTORS else 0.0
        rows += [row | {"seconds": row["seconds"] + before} for row in answers(bench, name, background, clean, traffic)]
        print(f"{place.name}, seed {place.seed}: {name} in {rows[-1]['seconds']:.0f} s", file=sys.stderr)
    background.encoder.kept.pop(traffic.place)
    return [{"world": place.name, "seed": place.seed} | row for row in rows]


def protocol(place: Place, found: dict[int, dict[float, float]], *, markdown: bool) -> str:
    """The table of MMD on windows of one stream."""
    head = ["window", *(f"{mix:.0%} extraction" for mix in MIXES)]
    rows = [[str(n), *(f"{share:.2f}" for share in shares.values())] for n, shares in found.items()]
    return f"\n{place.name}, seed {place.seed}: MMD on windows of one stream\n\n{table(head, rows, markdown=markdown)}"


def named(rung: Rung) -> str:
    """A rung as the command line calls it."""
    return f"{rung.factor} {rung.value}".strip()


def places(arguments: argparse.Namespace) -> list[Place]:
    """The worlds asked for, simulated where the cache lacks them."""
    if arguments.traffic:
        return [Place(path.name, 0, path) for path in arguments.traffic]
    asked = [(seed, rung) for seed in arguments.seeds for rung in rungs(seed) if named(rung) in arguments.rungs]
    return [
        Place(named(rung), seed, rung_world(rung, arguments.cache, corpora=arguments.corpora)) for seed, rung in asked
    ]


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[9301])
    known = list(dict.fromkeys(named(rung) for rung in rungs()))
    parser.add_argument("--rungs", nargs="+", default=list(RUNGS), choices=known, metavar="RUNG", help=", ".join(known))
    parser.add_argument("--traffic", type=Path, nargs="+", metavar="DIR", help="judge on these instead")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS), metavar="METHOD")
    parser.add_argument("--encoder", default="wordllama", choices=list(ENCODERS))
    parser.add_argument("--corpora", type=Path, help="texts for the worlds (default: the built-in generator)")
    parser.add_argument("--cache", type=Path, default=HERE / "work", help="where worlds are kept")
    parser.add_argument("--protocol", action="store_true", help="run MMD as its authors test it, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all variants there too")
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Simulate, run every method, print."""
    arguments = parsed()
    texts = "corpora" if arguments.corpora else "built-in generator"
    told = {"texts": texts, "encoder": arguments.encoder, "calibrated to": f"{RATE:g} of a clean world's accounts"}
    told |= {name: str(value) for name, value in conditions().items()}
    print("\n".join(f"{name}: {value}" for name, value in told.items()))
    bench = Bench(arguments)
    rows: list[Result] = []
    for place in places(arguments):
        rows += results(bench, place)
        if arguments.json:  # after each world: a run is long
            document = {"conditions": told, "rows": summary(rows), "runs": rows}
            arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for name, shown in best_of(summary(rows)).items():
        print(f"\n{'### ' if arguments.markdown else ''}{name}\n")
        print(table(HEAD, [line(row) for row in shown], markdown=arguments.markdown))


if __name__ == "__main__":
    main()
