"""Macro-F1 on unseen public sources against how many own families and public sources the fast model learned from.

python benchmarks/learning_curve.py CORPORA [--draws 3] [--per-source 150] [--per-family 40] [--seed 0] [--picture FILE]

Every point is scored on the same rows, each by a model that saw nothing of its source (four rounds); what is left out
besides is drawn at random, each smaller draw within the larger. Few rows of each source keep it cheap, which costs little: .666 with
the defaults, where `revenuer train --measured` has .66.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from revenuer.fingerprint.capability import CapabilityModel
from revenuer.schema import CAPABILITIES
from revenuer.training.corpus import trainable
from revenuer.training.figures import groups, label_numbers, macro_f1, source_weights
from revenuer.training.leave_out import Round, folds, predict
from revenuer.training.train import Data, Recipe, fit_model, gather

I64 = npt.NDArray[np.int64]

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
ROUNDS = 4
AIM = 0.75

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 460, 300, 52, 24, 46
LOW, HIGH = 0.0, 0.8  # of the axis of macro-F1
# Okabe and Ito's colours, told apart by most eyes.
COLOURS = {"own families": "#d55e00", "own families alone": "#009e73", "public sources": "#0072b2"}
FONT = 'font-family="sans-serif" font-size="11" fill="#222222"'


class Point(NamedTuple):
    """What was kept of one kind, and the macro-F1 of each draw."""

    share: float
    kept: int
    values: tuple[float, ...]


def kinds(data: Data) -> dict[str, list[str]]:
    """Names of what can be left out: families of own rules, and public sources that may shape weights."""
    pairs = sorted(set(zip(data.sources.astype(str), data.rows["licence"].to_pylist(), strict=True)))
    own = sorted({source for source, _ in pairs if source.startswith("own:")})
    public = sorted({source for source, licence in pairs if source not in own and trainable(source, licence)})
    return {"own families": own, "public sources": public}


def predicted(data: Data, recipe: Recipe, absent: Sequence[str] = ()) -> I64:
    """Shape (rows,): the likeliest capability, by a model that saw nothing of a row's source and of `absent`."""
    names, rounds = data.sources.astype(str), []
    for fold in folds(data, ROUNDS):
        arrays = fit_model(data, recipe, fold | set(absent))
        held = np.isin(names, sorted(fold))
        rounds.append(Round(held, CapabilityModel._from_arrays(arrays)))  # noqa: SLF001 - the reader of the same arrays
    return predict(data, rounds).capability


def score(data: Data, found: I64, over: Sequence[int] | None = None) -> float:
    """Macro-F1 of public rows, over all capabilities that they have or over some."""
    public = groups(data).public
    weights = source_weights(data, public)[public]
    return macro_f1(label_numbers(data)[public], found[public], weights, over)


def curve(
    data: Data, recipe: Recipe, names: Sequence[str], draws: int, seed: int, absent: Sequence[str] = ()
) -> Iterator[Point]:
    """A point for each share of `names` that is kept; where nothing is drawn, one draw says all.

    `absent` is left out throughout; with nothing else to learn from there is no point at nought.
    """
    orders = [np.random.default_rng(seed + draw).permutation(len(names)) for draw in range(draws)]
    for share in SHARES[1:] if absent else SHARES:
        kept = round(share * len(names))
        used = orders if 0 < kept < len(names) else orders[:1]
        gone = [[*absent, *(names[at] for at in order[kept:])] for order in used]
        yield Point(share, kept, tuple(score(data, predicted(data, recipe, names)) for names in gone))


def all_curves(data: Data, recipe: Recipe, draws: int, seed: int) -> dict[str, list[Point]]:
    """Fewer own families beside all public sources and without any, and fewer public sources beside all families."""
    of = kinds(data)
    own, public = of["own families"], of["public sources"]
    return {
        "own families": list(curve(data, recipe, own, draws, seed)),
        "own families alone": list(curve(data, recipe, own, draws, seed, public)),
        "public sources": list(curve(data, recipe, public, draws, seed)),
    }


def classes(data: Data, recipe: Recipe) -> Iterator[str]:
    """F1 of each capability with everything trained on, and how many public sources it has, weakest first."""
    found, public = predicted(data, recipe), groups(data).public
    rows = []
    for number, name in enumerate(CAPABILITIES):
        mine = public & (data.labels == name)
        if mine.any():
            rows.append((score(data, found, [number]), name, len(set(data.sources[mine]))))
    yield "F1 (public sources measured on): " + ", ".join(f"{name} {f1:.2f} ({n})" for f1, name, n in sorted(rows))


def table(curves: dict[str, list[Point]]) -> Iterator[str]:
    """Markdown: one line a point, mean and range over draws."""
    yield "| kept | of | macro-F1, unseen public sources | range over draws |\n|---|---|---|---|"
    for name, points in curves.items():
        for point in points:
            low, high = min(point.values), max(point.values)
            yield f"| {point.kept} | {points[-1].kept} {name} | {np.mean(point.values):.3f} | {low:.3f} to {high:.3f} |"


def doubling(points: Sequence[Point]) -> float:
    """What macro-F1 gains when the number kept doubles: least squares on its logarithm over the points that keep any."""
    some = [point for point in points if point.kept]
    slope = np.polyfit([np.log2(point.kept) for point in some], [float(np.mean(point.values)) for point in some], 1)[0]
    return float(slope)


def _at(share: float, value: float) -> tuple[float, float]:
    high = (value - LOW) / (HIGH - LOW)
    return LEFT + share * (WIDTH - LEFT - 24), TOP + (1 - high) * (HEIGHT - TOP - BOTTOM)


def _axes() -> Iterator[str]:
    for value in np.arange(LOW, HIGH + 0.01, 0.1):
        x, y = _at(0, float(value))
        yield f'<path d="M{x:.1f} {y:.1f}H{_at(1, 0)[0]:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{x - 8:.1f}" y="{y:.1f}" dy="4" text-anchor="end">{value:.1f}</text>'
    for share in SHARES:
        x, y = _at(share, LOW)
        yield f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{share:.0%}</text>'
    x, y = _at(0, AIM)
    yield f'<path d="M{x:.1f} {y:.1f}H{_at(1, 0)[0]:.1f}" stroke="#666666" stroke-dasharray="4 4"/>'
    yield f'<text x="{_at(0.5, 0)[0]:.1f}" y="{HEIGHT - 10}" text-anchor="middle">share trained on</text>'
    yield f'<text x="{LEFT - 40}" y="{TOP - 10}">macro-F1, unseen public sources</text>'


def _line(name: str, points: Sequence[Point]) -> Iterator[str]:
    colour = COLOURS[name]
    means = [_at(point.share, float(np.mean(point.values))) for point in points]
    yield f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in means)}" stroke="{colour}" fill="none"/>'
    for point, (x, y) in zip(points, means, strict=True):
        ends = [_at(point.share, value)[1] for value in (min(point.values), max(point.values))]
        yield f'<path d="M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}" stroke="{colour}"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def picture(curves: dict[str, list[Point]]) -> str:
    """An SVG with a line for each kind, bars from the lowest to the highest draw, and the aim dashed."""
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>']
    lines += [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *_axes()]
    for number, (name, points) in enumerate(curves.items()):
        lines += _line(name, points)
        x, y = _at(1, LOW)
        label = f"{name} (all: {points[-1].kept})"
        place = f'x="{x:.1f}" y="{y - 12 - 15 * number:.1f}" text-anchor="end" fill="{COLOURS[name]}"'
        lines.append(f"<text {place}>{label}</text>")
    return "\n".join([*lines, "</svg>", ""])


def main() -> None:
    """Print the table, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--per-source", type=int, default=150)
    parser.add_argument("--per-family", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path)
    given: Any = parser.parse_args()
    began = time.process_time()
    recipe = Recipe(per_source=given.per_source, per_family=given.per_family)
    data = gather(given.corpora, recipe, given.seed, allowed_only=False)
    curves = all_curves(data, recipe, given.draws, given.seed)
    print("\n".join(table(curves)))
    print("\n".join(classes(data, recipe)))
    for name, points in curves.items():
        print(f"twice as many {name}: {doubling(points):+.3f}")
    print(f"{len(data.rows):,} rows; {time.process_time() - began:.0f} s of one core")
    if given.picture is not None:
        given.picture.write_text(picture(curves), encoding="utf-8")


if __name__ == "__main__":
    main()
