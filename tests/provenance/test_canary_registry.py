"""The register of canaries keeps what was written, and shows where it was changed."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import msgspec
import pytest

from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.provenance.registry import Canary, CanaryRegistry, Placing

GOOD = Canary(
    canary="start",
    kind="wording",
    variants=("to begin with", "first of all"),
    reviewed_by=("A. Reviewer",),
    created=dt.date(2026, 1, 1),
    expires=dt.date(2026, 6, 1),
    commitment="0" * 64,
)
PLACED = Placing(canaries=("start",), campaign="C1", day=dt.date(2026, 2, 1))


@pytest.fixture
def register(tmp_path: Path) -> CanaryRegistry:
    """One canary, placed twice."""
    made = CanaryRegistry(tmp_path / "canaries.jsonl")
    made.add(GOOD)
    made.add(PLACED)
    made.add(msgspec.structs.replace(PLACED, answers=3))
    return made


def test_what_was_added_is_there(register: CanaryRegistry) -> None:
    """Canaries and placings are read back, and placings of a campaign are counted."""
    assert register.canaries() == {"start": GOOD}
    assert register.placed("C1") == {"start": 4}
    assert register.placed("C2") == {}


@pytest.mark.parametrize("change", ["edit", "remove", "swap", "slip in"])
def test_a_changed_register_is_refused(change: str, register: CanaryRegistry) -> None:
    """A line that was edited, removed, moved or slipped in breaks the chain, and the error names the line."""
    lines = register.path.read_text(encoding="utf-8").splitlines(keepends=True)
    if change == "edit":
        lines[0] = lines[0].replace("first of all", "first of any")
    elif change == "remove":
        del lines[1]
    elif change == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    else:
        lines.insert(1, lines[1])
    register.path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=r"line [123]"):
        register.entries()
    with pytest.raises(InputError, match=r"line [123]"):
        register.add(PLACED)


def test_half_a_line_is_refused(register: CanaryRegistry) -> None:
    """An entry that was not written whole is not taken for one, nor written behind."""
    register.path.write_bytes(register.path.read_bytes()[:-5])
    with pytest.raises(InputError, match="within a line"):
        register.add(PLACED)


def test_writers_at_once_leave_one_chain(tmp_path: Path) -> None:
    """Entries of many writers follow one another."""
    register = CanaryRegistry(tmp_path / "r.jsonl")
    register.add(GOOD)
    threads = [threading.Thread(target=lambda: CanaryRegistry(register.path).add(PLACED)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert register.placed("C1") == {"start": 8}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"variants": ("only one",)}, "2 to 64"),
        ({"variants": ("twice", "twice")}, "each another"),
        ({"variants": ("art", "art work")}, "lies within"),
        ({"variants": ("fine", "two\nlines")}, "one line"),
        ({"kind": "name", "variants": ("ok", "not a name")}, "name of a variable"),
        ({"kind": "number", "variants": ("12", "17")}, "bare number"),
        ({"reviewed_by": (" ",)}, "nobody vouches"),
        ({"expires": dt.date(2025, 1, 1)}, "before it is created"),
        ({"canary": "no/name"}, "letters and digits"),
    ],
)
def test_a_canary_that_cannot_be_is_refused(change: dict[str, object], why: str, tmp_path: Path) -> None:
    """Variants have to be several, apart, reviewed and harmless to place; nothing is written otherwise."""
    register = CanaryRegistry(tmp_path / "r.jsonl")
    with pytest.raises(ConfigError, match=why):
        register.add(msgspec.structs.replace(GOOD, **change))
    assert register.path.read_bytes() == b""


def test_names_and_variants_are_used_once(register: CanaryRegistry) -> None:
    """Two canaries neither share a name nor a variant."""
    with pytest.raises(ConfigError, match=r"one of this name.*taken by start"):
        register.add(GOOD)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"canaries": ("other",)}, "no such canary"),
        ({"day": dt.date(2026, 7, 1)}, "expired"),
        ({"campaign": ""}, "proves nothing"),
        ({"canaries": ()}, "nothing was placed"),
    ],
)
def test_a_placing_that_cannot_be_is_refused(change: dict[str, object], why: str, register: CanaryRegistry) -> None:
    """Only live canaries can have been placed, and to somebody."""
    with pytest.raises(ConfigError, match=why):
        register.add(msgspec.structs.replace(PLACED, **change))


def test_a_register_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Reading needs a file, and writing a folder."""
    with pytest.raises(InputError, match="no such register"):
        CanaryRegistry(tmp_path / "none.jsonl").entries()
    with pytest.raises(OutputError, match="cannot be written"):
        CanaryRegistry(tmp_path / "nowhere" / "r.jsonl").add(GOOD)
