"""The verifier's benchmark: what a trial is, what its tables count, and that nothing is run twice."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from prove import results, wanted
from prove_innocents import of_counts
from prove_tables import tables
from prove_world import Language, World

ASKED = argparse.Namespace(trials=3, students=2, fraction=(1.0, 0.2))


@pytest.fixture(scope="module")
def world() -> World:
    """A language of eighty words, a small teacher and few answers."""
    return World(0, Language(words=80, tail=1.4), read=800, harvest=300, plain=200)


def test_a_trial_is_an_innocent_and_keys_of_its_own(world: World) -> None:
    """The same number gives the same exact p, by two schemes and two ways to look; another number gives others."""
    first = of_counts(world, 1)
    assert first == of_counts(world, 1)
    assert set(first) == {f"{name}, {kind}" for name in ("gumbel", "kgw") for kind in ("closed", "open, teacher read")}
    assert all(0.001 <= p <= 1.0 for p in first.values())
    assert first != of_counts(world, 2)


def test_what_the_file_holds_is_not_run_again(world: World) -> None:
    """Of three innocents two are there already, so one is left."""
    there = [{"arm": "calibration", "student": number, "p": {}} for number in (0, 2)]
    assert [row["student"] for row in results("calibration", world, ASKED, there)] == [1]
    full = [{"arm": "networks", **line, "p": {}} for line in wanted("networks", ASKED)]
    assert len(full) == 2 * 2 * 2
    assert not [*results("networks", world, ASKED, full)]


def test_tables_count_innocents_by_level_and_students_by_share() -> None:
    """With exact intervals: two of four accused at .05, none at .001; one of two students found."""
    accused = [{"arm": "calibration", "student": at, "p": {"closed": p}} for at, p in enumerate((0.05, 0.01, 0.2, 1.0))]
    found = [
        {"arm": "networks", "scheme": "kgw", "fraction": 0.2, "student": at, "z": {"open": z}, "p": {"open": p}}
        for at, (z, p) in enumerate(((3.0, 0.005), (1.0, 0.2)))
    ]
    rows = [*tables([*accused, *found])]
    assert [(row["level"], row["accused"], row["of"]) for row in rows[:3]] == [
        (0.05, 2, 4),
        (0.01, 1, 4),
        (0.001, 0, 4),
    ]
    assert rows[0]["low"] == pytest.approx(0.0676, abs=1e-3)
    assert (rows[3]["found"], rows[3]["of"], rows[3]["median_z"], rows[3]["kind"]) == (1, 2, 2.0, "open")
