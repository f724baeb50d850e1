"""An evaluation as a person sees it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from tiny_worlds import example

from revenuer.evaluate import Evaluation, evaluate, render


def printed(evaluation: Evaluation) -> str:
    stream = io.StringIO()
    render(evaluation, Console(file=stream, width=160, force_terminal=True, color_system=None))
    return stream.getvalue()


def test_every_archetype_workload_and_campaign_has_a_row(evaluated: Evaluation) -> None:
    """The tables name each label and campaign with its counts."""
    text = printed(evaluated)
    for name in ("A1", "A4", "L3", "ordinary", "A1-1", "A4-1", "K1", "K2"):
        assert name in text
    assert "3/4" in text
    assert "0.750 [0.194, 0.994]" in text


def test_tables_fit_a_narrow_terminal(evaluated: Evaluation) -> None:
    """At 80 columns nothing is cut short."""
    stream = io.StringIO()
    render(evaluated, Console(file=stream, width=80, color_system=None))
    lines = [line.split() for line in stream.getvalue().splitlines()]
    assert ["campaign", "accounts", "exchanges", "pieces", "Jaccard", "error", "pivots", "successions"] in lines
    assert ["campaign", "accounts", "legitimate", "mostly", "purity", "merges"] in lines
    assert "L3 (3 in K2)" in stream.getvalue()


def test_what_could_not_be_judged_is_said(tmp_path: Path) -> None:
    """Notes are printed below the tables."""
    findings, truth = example().write(tmp_path)
    (truth.parent / "releases.parquet").unlink()
    assert "pivots are not judged" in printed(evaluate(findings, truth))


def test_labels_from_files_stay_inert(tmp_path: Path) -> None:
    """Neither terminal escapes nor console markup in a label act."""
    world = example()
    hostile = "[bold]L3[/bold]\x1b[31m"
    people = [replace(p, label=hostile) if p.label == "L3" else p for p in world.people]
    text = printed(evaluate(*replace(world, people=people).write(tmp_path)))
    assert "[bold]L3[/bold]" in text
    assert "\x1b[31m" not in text
