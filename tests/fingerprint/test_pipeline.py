"""Traffic to fingerprints, through the engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from detection_worlds import Planted, exchanges, planted
from revenuer.engine import LocalEngine
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.pipeline import Fingerprints, fingerprint
from revenuer.sources import open_traffic
from traffic_samples import put_parquet


@pytest.fixture(scope="module")
def world() -> Planted:
    return planted(31, frames=5, each=40, random=600)


@pytest.fixture(scope="module")
def model() -> CapabilityModel:
    return CapabilityModel.load()


@pytest.fixture
def traffic(world: Planted, tmp_path: Path) -> Path:
    """The world's prompts in three files."""
    whole = exchanges(world.prompts)
    for number, (start, end) in enumerate(((0, 100), (100, 101), (101, len(world.prompts)))):
        put_parquet(
            tmp_path / "traffic",
            pa.Table.from_batches([whole.slice(start, end - start)]),
            f"exchanges/{number}.parquet",
        )
    return tmp_path / "traffic"


def run(
    path: Path, model: CapabilityModel, told: list[tuple[str, int, int]] | None = None, threads: int = 2
) -> tuple[pa.Table, Fingerprints]:
    """Fingerprints of a traffic directory, in order of their ids."""
    with LocalEngine(threads=threads, scratch=path.parent) as engine:
        found = fingerprint(
            engine, open_traffic(path), model, lambda *stage: (told if told is not None else []).append(stage)
        )
        return engine.collect(found.rows).sort_by("exchange_id"), found


def test_every_exchange_gets_one_fingerprint_with_its_frame(traffic: Path, world: Planted, model: CapabilityModel):
    """Frames are mined over all files and every row is matched against them."""
    rows, found = run(traffic, model)
    order = np.argsort([f"x{number}" for number in range(len(world.prompts))])
    assert rows["exchange_id"].to_pylist() == sorted(f"x{number}" for number in range(len(world.prompts)))
    frame, truth = rows["prompt_frame"].to_numpy(), world.frame[order]
    assert set(frame.tolist()) == {0, *found.libraries["prompt"].ids.tolist()}
    assert len(found.libraries["prompt"].ids) == 5
    assert {len(set(frame[truth == number].tolist())) for number in range(5)} == {1}
    assert not frame[truth < 0].any()


def test_how_many_threads_run_changes_nothing(traffic: Path, model: CapabilityModel):
    """One worker and four give the same fingerprints."""
    one, four = (run(traffic, model, threads=threads)[0] for threads in (1, 4))
    assert one.equals(four)


def test_a_repeated_id_counts_once(traffic: Path, world: Planted, model: CapabilityModel):
    """Of several exchanges with one id the earliest stays, wherever it is filed, and the others are counted."""
    again = exchanges(
        ["a later text", "an earlier text", "a new text"],
        exchange_id=["x3", "x4", "new"],
        ts=[1_772_500_000_000_000, 1_500_000_000_000_000, 1_772_442_000_000_000],
    )
    put_parquet(traffic, pa.Table.from_batches([again]), "exchanges/again.parquet")
    rows, found = run(traffic, model)
    assert rows.num_rows == len(world.prompts) + 1
    free = dict(zip(rows["exchange_id"].to_pylist(), rows["prompt_bytes"].to_pylist(), strict=True))
    assert free["x3"] == len(world.prompts[3].encode())
    assert free["x4"] == len("an earlier text")
    assert found.quarantine.rejected["exchanges: exchange_id repeated"] == 2


def test_stages_are_told_in_order(traffic: Path, model: CapabilityModel):
    """Each stage counts its parts up to the last."""
    told: list[tuple[str, int, int]] = []
    run(traffic, model, told)
    assert list(dict.fromkeys(name for name, _, _ in told)) == [
        "count shingles",
        "sketch prompts",
        "mine frames",
        "fingerprint",
    ]
    assert [(done, of) for name, done, of in told if name == "fingerprint"] == [(1, 3), (2, 3), (3, 3)]


def test_the_least_traffic_is_enough(tmp_path: Path, model: CapabilityModel):
    """One exchange with the four required columns is fingerprinted; it has no frame."""
    put_parquet(
        tmp_path / "traffic",
        pa.Table.from_batches([exchanges(["hello there"])]).select(["exchange_id", "ts", "account_id", "prompt"]),
    )
    rows, found = run(tmp_path / "traffic", model)
    assert rows["prompt_frame"].to_pylist() == [0]
    assert len(found.libraries["prompt"].ids) == 0


def test_nothing_is_left_behind(traffic: Path, model: CapabilityModel):
    """A run that is over leaves the traffic and nothing else."""
    run(traffic, model)
    assert [path.name for path in traffic.parent.iterdir()] == ["traffic"]
