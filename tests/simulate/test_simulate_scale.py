"""Large worlds: several makers, spools on disk, long prompts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer.errors import ConfigError, EngineError
from revenuer.schema import EXCHANGES
from revenuer.simulate import simulate
from revenuer.simulate.crew import crew, workers_for
from revenuer.simulate.material import SHARE, mean_of, with_material
from revenuer.simulate.orders import Order
from revenuer.simulate.settings import Settings
from revenuer.simulate.spool import TRUTH, Spool

ORDER = Order("demo", 3, 3_000, None, None, Settings(), None)


def _bytes(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


def _rows(prompts: list[str]) -> pa.Table:
    return pa.table({"prompt": prompts, "input_tokens": pa.array([10] * len(prompts), pa.int32())})


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    """One process and two write the same files, and leave nothing else behind."""
    for workers in (1, 2):
        simulate("demo", tmp_path / str(workers), seed=8, exchanges=3_000, prompt_bytes=600, workers=workers)
    assert _bytes(tmp_path / "1") == _bytes(tmp_path / "2")
    assert {p.name for p in (tmp_path / "2").iterdir()} == {
        "accounts.parquet", "consents.parquet", "enforcement.parquet", "exchanges", "releases.parquet", "truth",
    }  # fmt: skip


def test_small_worlds_and_corpora_are_made_in_one_process(tmp_path: Path) -> None:
    """Processes are started for large worlds only, and never with corpora, whose texts are dealt over the whole world."""
    large = Order("all", 0, 16_000_000, None, None, Settings(), None)
    assert workers_for(ORDER, None) == 1
    assert 1 <= workers_for(large, None) <= 8
    assert workers_for(large, 3) == 3
    assert workers_for(Order("all", 0, 16_000_000, None, tmp_path, Settings(), None), 3) == 1


def test_an_order_survives_json(tmp_path: Path) -> None:
    """What a process in need of an order is told gives the same order."""
    order = Order("A1+L2", 5, 9_000, 700, tmp_path, Settings(benign_mix=0.5, cover="lived"), 1_000)
    assert Order.heard(order.told()) == order
    assert Order.heard(ORDER.told()) == ORDER


def test_a_process_that_is_gone_is_reported(tmp_path: Path) -> None:
    """When a maker is killed, what asks it for more says so, and the others are ended."""
    (tmp_path / "exchanges").mkdir()
    children = Path("/proc/self/task") / str(os.getpid()) / "children"
    if not children.exists():
        pytest.skip("needs a kernel that lists children")
    others = set(children.read_text().split())  # of other tests: a database, a Spark
    with crew(ORDER, tmp_path, tmp_path, 2) as work:
        assert len(next(iter(work([{"job": 0}])))) == 1
        makers = set(children.read_text().split()) - others
        assert len(makers) == 2
        for maker in makers:
            os.kill(int(maker), signal.SIGKILL)
        with pytest.raises(EngineError, match="ended with code -9"):
            list(work([{"job": 1}, {"job": 2}]))
    assert not makers & set(children.read_text().split())


def test_what_the_disk_refuses_another_process_is_an_error_here(tmp_path: Path) -> None:
    """A maker that cannot write passes the reason on."""
    with crew(ORDER, tmp_path, tmp_path / "nowhere", 2) as work, pytest.raises(FileNotFoundError, match="No such file"):
        list(work([{"job": 0}]))


def test_spools_give_rows_back_by_slice_and_group(tmp_path: Path) -> None:
    """Whichever writer had a group, a slice comes back in the order of the groups, and its files are gone."""
    names = [name for name in EXCHANGES.names if name != "exchange_id"] + list(TRUTH)
    first, second = Spool(tmp_path, 0, 4), Spool(tmp_path, 1, 4)

    def group(words: list[str]) -> pa.Table:
        columns = {
            "prompt": words,
            "account_id": words,
            "ts": [0] * len(words),
            "truth_extraction": [False] * len(words),
        }
        columns["truth_capability"] = ["chat"] * len(words)
        return pa.table({name: columns.get(name, [None] * len(words)) for name in names})

    assert second.add(1, group(["a", "b", "c"]), np.array([0.1, 0.9, 1.0])) == {0: 1, 3: 2}
    assert first.add(2, group(["d"]), np.array([0.05])) == {0: 1}
    assert first.take(0)["prompt"].to_pylist() == ["a", "d"]
    assert second.take(3)["prompt"].to_pylist() == ["b", "c"]
    assert not list(tmp_path.iterdir())


def test_prompts_are_as_long_as_asked_for_and_spread(tmp_path: Path) -> None:
    """The mean is met within five percent; half of the prompts are as they would be, some are very long."""
    for name, target in (("plain", None), ("long", 1_000)):
        simulate("demo", tmp_path / name, seed=2, exchanges=6_000, prompt_bytes=target)
    plain, long = (pq.read_table(tmp_path / name / "exchanges") for name in ("plain", "long"))
    size = pc.binary_length(long["prompt"]).to_numpy()
    assert size.mean() == pytest.approx(1_000, rel=0.05)
    assert np.median(size) < 600
    assert np.quantile(size, 0.99) > 4_000
    same = np.array(plain["prompt"].to_pylist()) == np.array(long["prompt"].to_pylist())
    assert same.mean() == pytest.approx(1 - SHARE, abs=0.05)
    assert all(b.startswith(a) for a, b in zip(plain["prompt"].to_pylist(), long["prompt"].to_pylist(), strict=True))
    other = [name for name in EXCHANGES.names if name not in {"prompt", "input_tokens"}]
    assert plain.select(other).equals(long.select(other))
    assert (pc.subtract(long["input_tokens"], plain["input_tokens"]).to_numpy()[~same] > 0).all()


def test_the_same_words_come_with_the_same_material() -> None:
    """Material depends on the seed and the prompt alone, not on what stands around it."""
    several = with_material(_rows([f"question {n}" for n in range(200)]), 1, 900.0)["prompt"].to_pylist()
    alone = with_material(_rows(["question 77"]), 1, 900.0)["prompt"].to_pylist()
    assert several[77] == alone[0]
    assert several != with_material(_rows([f"question {n}" for n in range(200)]), 2, 900.0)["prompt"].to_pylist()


def test_material_shares_no_runs_of_words() -> None:
    """Runs of four words hardly ever stand in two materials, as in real texts: they must not look like a template."""
    texts = with_material(_rows([f"q{n}" for n in range(2_000)]), 1, 900.0)["prompt"].to_pylist()
    runs: dict[tuple[str, ...], int] = {}
    total = 0
    for text in texts:
        words = text.lower().split()[1:]
        for run in {tuple(words[at : at + 4]) for at in range(len(words) - 3)}:
            runs[run] = runs.get(run, 0) + 1
            total += 1
    assert total > 50_000
    assert max(runs.values()) < 20
    assert sum(count for count in runs.values() if count > 1) < 0.05 * total


def test_texts_that_are_long_enough_get_nothing() -> None:
    """Where prompts are longer on average than asked for, nothing is added."""
    assert mean_of(400, 500.0) == 0.0
    rows = _rows(["a", "b"])
    assert with_material(rows, 1, 0.0).equals(rows)


def test_busier_accounts_are_fewer_everywhere(tmp_path: Path) -> None:
    """With four times the exchanges an account there are about a quarter of the accounts, in attacks as in the majority."""
    usual, busy = (simulate("A4+L7", tmp_path / str(n), exchanges=9_000, per_account=n) for n in (17, 68))
    assert busy.exchanges == pytest.approx(9_000, rel=0.02)
    for label in ("A4", "L7", "ordinary"):
        assert busy.label_accounts[label] == pytest.approx(usual.label_accounts[label] / 4, rel=0.3)


def test_a_usual_number_of_exchanges_an_account_is_what_goes_without_saying(tmp_path: Path) -> None:
    """Seventeen exchanges an account give the same world as nothing said."""
    for name, count in (("said", 17), ("unsaid", None)):
        simulate("demo", tmp_path / name, exchanges=2_000, per_account=count)
    assert _bytes(tmp_path / "said") == _bytes(tmp_path / "unsaid")


@pytest.mark.parametrize(
    "options", [{"prompt_bytes": 0}, {"prompt_bytes": 16_001}, {"workers": 0}, {"per_account": 3}, {"per_account": 1e6}]
)
def test_lengths_and_processes_that_cannot_be_are_refused(tmp_path: Path, options: dict[str, float]) -> None:
    """A length or a number of processes that cannot be is refused before anything is written."""
    with pytest.raises(ConfigError):
        simulate("demo", tmp_path / "t", **options)
    assert not list(tmp_path.iterdir())
