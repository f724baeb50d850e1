"""How good the careful model is on sources it has never seen: python benchmarks/careful.py --corpora DIR [--cache DIR]."""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path
from typing import Any

import click

from revenuer.fingerprint.encoder import encoder
from revenuer.training.measure_careful import measure_careful

TIMED = [
    f"Write a short note on topic {n}, for a reader who has little time and wants to know why. " * 6 for n in range(200)
]


@click.command()
@click.option("--corpora", required=True, type=click.Path(path_type=Path))
@click.option("--cache", type=click.Path(path_type=Path), help="Folder that keeps vectors for the next run.")
@click.option("--seed", default=0, show_default=True)
@click.option("--curve/--no-curve", default=True, show_default=True)
@click.option("--json", "place", type=click.Path(path_type=Path), help="Write all figures there.")
def main(*, corpora: Path, cache: Path | None, seed: int, curve: bool, place: Path | None) -> None:
    """Print macro-F1 of the fast model, the careful one and both, sources left out in four rounds."""
    found = measure_careful(corpora, seed, cache=cache, curve=curve)
    if place is not None:
        place.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{found['rows']:,} rows, {found['frames']:,} frames; {speed():,.0f} texts of 500 characters a CPU second")
    print(f"{platform.machine()}, Python {platform.python_version()}; mixture {found['mixture']}")
    for cut in ("natural", "cut"):
        for name, figures in found[cut].items():
            print(f"{cut:8} {name:8} " + "  ".join(told(unit, figures[unit]) for unit in figures))
    print("F1 by capability, texts of others (fast, careful, fused):")
    for capability in found["classes"]["fast"]:
        print(f"  {capability:22}" + " ".join(f"{found['classes'][name][capability]:.2f}" for name in found["classes"]))
    for kind, points in found.get("curve", {}).items():
        print(f"share of {kind} trained on: " + ", ".join(f"{share:.0%} {value:.3f}" for share, value in points))


def told(unit: str, figures: dict[str, Any]) -> str:
    """Public and own figure of one unit, with the interval over sources."""
    parts = [
        f"{name} {one['value']:.3f} [{one['interval'][0]:.2f}, {one['interval'][1]:.2f}]"
        for name, one in figures.items()
    ]
    return f"{unit}: {', '.join(parts)};"


def speed() -> float:
    """Texts a second of one core."""
    model = encoder().model
    model.encode(TIMED[:2])
    start = time.process_time()
    model.encode([text[:500] for text in TIMED])
    return len(TIMED) / (time.process_time() - start)


if __name__ == "__main__":
    main()
