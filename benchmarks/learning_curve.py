"""Macro-F1 and calibration error on unseen sources against how many own families and public sources the fast model learned from.

python benchmarks/learning_curve.py CORPORA [--draws 3] [--per-source 150] [--per-family 40] [--seed 0] [--picture FILE]
    [--calibration-picture FILE]

Every point is scored on the same rows, each by a model that saw nothing of its source (four rounds); what is left out
besides is drawn at random, each smaller draw within the larger. Few rows of each source keep it cheap, which costs little: .666 with
the defaults, where `revenuer train --measured` has .66. The error is that of the likeliest capability over all rows, with each round
under the temperature that the others call for.
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
from revenuer.training.calibrate import calibrated, calibration_figures
from revenuer.training.corpus import trainable
from revenuer.training.figures import groups, label_numbers, macro_f1, source_weights
from revenuer.training.leave_out import Predictions, Round, folds, predict
from revenuer.training.train import Data, Recipe, fit_model, gather

I64 = npt.NDArray[np.int64]

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
ROUNDS = 4

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 460, 300, 52, 24, 46
# Okabe and Ito's colours, told apart by most eyes.
COLOURS = {"own families": "#d55e00", "own families alone": "#009e73", "public sources": "#0072b2"}
FONT = 'font-family="sans-serif" font-size="11" fill="#222222"'


class Point(NamedTuple):
    """What was kept of one kind, and the macro-F1 of each draw, or its calibration error."""

    share: float
    kept: int
    values: tuple[float, ...]


class Scale(NamedTuple):
    """What a picture's upright axis says, from where to where, in which steps, and what is aimed at."""

    title: str
    high: float
    step: float
    aim: float


F1 = Scale("macro-F1, unseen public sources", 0.8, 0.1, 0.75)
ERROR = Scale("calibration error, unseen sources", 0.32, 0.04, 0.03)


def kinds(data: Data) -> dict[str, list[str]]:
    """Names of what can be left out: families of own rules, and public sources that may shape weights."""
    pairs = sorted(set(zip(data.sources.astype(str), data.rows["licence"].to_pylist(), strict=True)))
    own = sorted({source for source, _ in pairs if source.startswith("own:")})
    public = sorted({source for source, licence in pairs if source not in own and trainable(source, licence)})
    return {"own families": own, "public sources": public}


def predicted(data: Data, recipe: Recipe, absent: Sequence[str] = ()) -> Predictions:
    """By models that saw nothing of a row's source and of `absent`."""
    names, rounds = data.sources.astype(str), []
    for fold in folds(data, ROUNDS):
        arrays = fit_model(data, recipe, fold | set(absent))
        held = np.isin(names, sorted(fold))
        rounds.append(Round(held, CapabilityModel._from_arrays(arrays)))  # noqa: SLF001 - the reader of the same arrays
    return predict(data, rounds)


def score(data: Data, found: I64, over: Sequence[int] | None = None) -> float:
    """Macro-F1 of public rows, over all capabilities that they have or over some."""
    public = groups(data).public
    weights = source_weights(data, public)[public]
    return macro_f1(label_numbers(data)[public], found[public], weights, over)


def error(data: Data, found: Predictions) -> float:
    """Calibration error over all rows, no row having a part in the temperature of its round."""
    return float(calibration_figures(data, calibrated(data, found)[0])["all"]["error"])


def curve(
    data: Data, recipe: Recipe, names: Sequence[str], draws: int, seed: int, absent: Sequence[str] = ()
) -> Iterator[tuple[Point, Point]]:
    """A point of F1 and one of error for each share of `names` that is kept; where nothing is drawn, one draw says all.

    `absent` is left out throughout; with nothing else to learn from there is no point at nought.
    """
    orders = [np.random.default_rng(seed + draw).permutation(len(names)) for draw in range(draws)]
    for share in SHARES[1:] if absent else SHARES:
        kept = round(share * len(names))
        used = orders if 0 < kept < len(names) else orders[:1]
        gone = [[*absent, *(names[at] for at in order[kept:])] for order in used]
        found = [predicted(data, recipe, names) for names in gone]
        yield (
            Point(share, kept, tuple(score(data, one.capability) for one in found)),
            Point(share, kept, tuple(error(data, one) for one in found)),
        )


def all_curves(data: Data, recipe: Recipe, draws: int, seed: int) -> dict[str, list[tuple[Point, Point]]]:
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
    found, public = predicted(data, recipe).capability, groups(data).public
    rows = []
    for number, name in enumerate(CAPABILITIES):
        mine = public & (data.labels == name)
        if mine.any():
            rows.append((score(data, found, [number]), name, len(set(data.sources[mine]))))
    yield "F1 (public sources measured on): " + ", ".join(f"{name} {f1:.2f} ({n})" for f1, name, n in sorted(rows))


def table(curves: dict[str, list[Point]], scale: Scale) -> Iterator[str]:
    """Markdown: one line a point, mean and range over draws."""
    yield f"| kept | of | {scale.title} | range over draws |\n|---|---|---|---|"
    for name, points in curves.items():
        for point in points:
            low, high = min(point.values), max(point.values)
            yield f"| {point.kept} | {points[-1].kept} {name} | {np.mean(point.values):.3f} | {low:.3f} to {high:.3f} |"


def doubling(points: Sequence[Point]) -> float:
    """What macro-F1 gains when the number kept doubles: least squares on its logarithm over the points that keep any."""
    some = [point for point in points if point.kept]
    slope = np.polyfit([np.log2(point.kept) for point in some], [float(np.mean(point.values)) for point in some], 1)[0]
    return float(slope)


def _at(share: float, value: float, scale: Scale) -> tuple[float, float]:
    return LEFT + share * (WIDTH - LEFT - 24), TOP + (1 - value / scale.high) * (HEIGHT - TOP - BOTTOM)


def _axes(scale: Scale) -> Iterator[str]:
    right = _at(1, 0, scale)[0]
    for value in np.arange(0, scale.high + scale.step / 10, scale.step):
        x, y = _at(0, float(value), scale)
        yield f'<path d="M{x:.1f} {y:.1f}H{right:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{x - 8:.1f}" y="{y:.1f}" dy="4" text-anchor="end">{value:{".1f" if scale is F1 else ".2f"}}</text>'
    for share in SHARES:
        x, y = _at(share, 0, scale)
        yield f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{share:.0%}</text>'
    x, y = _at(0, scale.aim, scale)
    yield f'<path d="M{x:.1f} {y:.1f}H{right:.1f}" stroke="#666666" stroke-dasharray="4 4"/>'
    yield f'<text x="{_at(0.5, 0, scale)[0]:.1f}" y="{HEIGHT - 10}" text-anchor="middle">share trained on</text>'
    yield f'<text x="{LEFT - 40}" y="{TOP - 10}">{scale.title}</text>'


def _line(name: str, points: Sequence[Point], scale: Scale) -> Iterator[str]:
    colour = COLOURS[name]
    means = [_at(point.share, float(np.mean(point.values)), scale) for point in points]
    yield f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in means)}" stroke="{colour}" fill="none"/>'
    for point, (x, y) in zip(points, means, strict=True):
        ends = [_at(point.share, value, scale)[1] for value in (min(point.values), max(point.values))]
        yield f'<path d="M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}" stroke="{colour}"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def picture(curves: dict[str, list[Point]], scale: Scale) -> str:
    """An SVG with a line for each kind, bars from the lowest to the highest draw, and the aim dashed."""
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>']
    lines += [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>', *_axes(scale)]
    # The names stand where the lines do not: F1 rises, and its lower corner is empty; an error falls.
    top = HEIGHT - BOTTOM - 12 if scale is F1 else TOP + 42
    for number, (name, points) in enumerate(curves.items()):
        lines += _line(name, points, scale)
        label = f"{name} (all: {points[-1].kept})"
        place = f'x="{WIDTH - 24}" y="{top - 15 * number}" text-anchor="end" fill="{COLOURS[name]}"'
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
    parser.add_argument("--calibration-picture", type=Path)
    given: Any = parser.parse_args()
    began = time.process_time()
    recipe = Recipe(per_source=given.per_source, per_family=given.per_family)
    data = gather(given.corpora, recipe, given.seed, allowed_only=False)
    both = all_curves(data, recipe, given.draws, given.seed)
    right, wrong = ({name: [pair[k] for pair in pairs] for name, pairs in both.items()} for k in (0, 1))
    print("\n".join([*table(right, F1), "", *table(wrong, ERROR)]))
    print("\n".join(classes(data, recipe)))
    for name, points in right.items():
        print(f"twice as many {name}: {doubling(points):+.3f}, error {doubling(wrong[name]):+.3f}")
    print(f"{len(data.rows):,} rows; {time.process_time() - began:.0f} s of one core")
    for path, curves, scale in ((given.picture, right, F1), (given.calibration_picture, wrong, ERROR)):
        if path is not None:
            path.write_text(picture(curves, scale), encoding="utf-8")


if __name__ == "__main__":
    main()
