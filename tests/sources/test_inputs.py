"""The files behind a traffic directory, by their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.sources import Inputs, open_traffic
from revenuer.summary import InputFile
from traffic_samples import put_parquet, rows


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The one file of a traffic directory."""
    put_parquet(tmp_path, rows(5))
    (tmp_path / "notes.txt").write_text("nobody reads this")
    return tmp_path / "exchanges.parquet"


def test_every_file_has_its_length_and_hash(log: Path):
    """Of the files that are read, and of no other."""
    found = Inputs(open_traffic(log.parent)).hashed()
    content = log.read_bytes()
    assert found == (InputFile("exchanges.parquet", len(content), hashlib.sha256(content).hexdigest()),)


def test_a_file_that_is_written_to_meanwhile_has_no_hash(log: Path):
    """Nobody can say which bytes were read; its length is that of now."""
    inputs = Inputs(open_traffic(log.parent))
    with log.open("ab") as stream:
        stream.write(b"x")
    assert inputs.hashed() == (InputFile("exchanges.parquet", log.stat().st_size, None),)


def test_a_file_that_goes_away_meanwhile_is_named(log: Path):
    """By its place in the traffic."""
    inputs = Inputs(open_traffic(log.parent))
    log.unlink()
    with pytest.raises(InputError, match=r"exchanges\.parquet: cannot be read any more"):
        inputs.hashed()
