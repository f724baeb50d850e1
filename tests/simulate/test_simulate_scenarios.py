"""Traffic directories as a whole: files, schemas, labels, determinism, errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulate_world import Read

from revenuer.errors import ConfigError, InputError, OutputError
from revenuer.schema import CAPABILITIES, TABLES, TRUTH_ACCOUNTS, TRUTH_EXCHANGES, VALUES
from revenuer.simulate import scenarios, simulate


def test_files_have_the_schemas_of_the_contract(whole: Read) -> None:
    """Every file is written with exactly the contract's columns and types."""
    for part in sorted((whole.directory / "exchanges").glob("*.parquet")):
        assert pq.read_schema(part).equals(TABLES["exchanges"])
    for name in ("accounts", "releases", "enforcement", "consents"):
        assert pq.read_schema(whole.directory / f"{name}.parquet").equals(TABLES[name])
    assert pq.read_schema(whole.directory / "truth" / "accounts.parquet").equals(TRUTH_ACCOUNTS)
    assert pq.read_schema(whole.directory / "truth" / "exchanges.parquet").equals(TRUTH_EXCHANGES)


def test_rows_are_in_order_of_time_and_ids_are_unique(whole: Read) -> None:
    """Exchanges run through the files by time, and no id stands twice."""
    ts = whole.exchanges["ts"].cast(pa.int64()).to_numpy()
    assert (np.diff(ts) >= 0).all()
    assert len(set(whole.exchanges["exchange_id"].to_pylist())) == len(ts)
    assert len(set(whole.accounts["account_id"].to_pylist())) == len(whole.accounts)


def test_every_archetype_and_workload_is_there(whole: Read) -> None:
    """The scenario `all` holds A1-A12, L1-L24 and an ordinary majority of accounts."""
    labels = {f"A{n}" for n in range(1, 13)} | {f"L{n}" for n in range(1, 25)} | {"ordinary"}
    assert set(whole.summary.labels) == labels
    assert whole.summary.label_accounts["ordinary"] > len(whole.accounts) / 2
    assert whole.summary.campaigns == 12


def test_truth_agrees_with_itself(whole: Read) -> None:
    """Only attack accounts extract, an account extracts if one of its exchanges does, and campaigns stand where they should."""
    label, extraction, campaign = (whole.column(n) for n in ("label", "extraction", "campaign"))
    attack = np.array([str(v).startswith("A") for v in label])
    assert not (extraction & ~attack).any()
    assert all((c is None) != bool(e) for c, e in zip(campaign, extraction, strict=True))
    guilty = set(whole.column("account_id")[extraction.astype(bool)])
    rows = whole.accounts.select(["account_id", "extraction", "campaign", "label"]).to_pylist()
    assert guilty == {r["account_id"] for r in rows if r["extraction"]}
    assert all((r["campaign"] is None) != r["label"].startswith("A") for r in rows)


def test_extraction_is_a_fifth_of_the_traffic(whole: Read) -> None:
    """Between 15 and 25 percent of the exchanges of `all` serve extraction."""
    assert 0.15 <= whole.column("extraction").mean() <= 0.25


def test_words_are_those_of_the_contract(whole: Read) -> None:
    """Columns with a fixed vocabulary hold nothing else."""
    for column, table in (("pathway", whole.exchanges), ("status", whole.exchanges), ("payment_kind", whole.accounts)):
        assert set(table[column].to_pylist()) <= set(VALUES[column])
    for column in ("plan", "programme"):
        assert set(whole.accounts[column].to_pylist()) <= set(VALUES[column])
    assert set(whole.enforcement["action"].to_pylist()) <= set(VALUES["action"])
    assert set(whole.consents["kind"].to_pylist()) <= set(VALUES["kind"])
    assert set(whole.column("capability")) <= set(CAPABILITIES)


def test_accounts_exist_before_they_ask(whole: Read) -> None:
    """No account sends a request before it signed up."""
    created = dict(
        zip(
            whole.accounts["account_id"].to_pylist(),
            whole.accounts["created_at"].cast(pa.int64()).to_pylist(),
            strict=True,
        )
    )
    ts = whole.exchanges["ts"].cast(pa.int64()).to_pylist()
    assert all(created[a] <= t for a, t in zip(whole.column("account_id"), ts, strict=True))


def test_metadata_is_plausible(whole: Read) -> None:
    """Longer answers cost more tokens, reasoning costs extra, refusals and limits are what they say."""
    size = np.array([len(r or "") for r in whole.column("response")])
    tokens = whole.exchanges["output_tokens"].to_numpy()
    ok = (whole.column("status") == "ok") & ~whole.column("thinking").astype(bool)
    assert np.corrcoef(size[ok], tokens[ok])[0, 1] > 0.7
    assert tokens[whole.column("status") == "rate_limited"].max() == 0
    assert all(i is None or t for i, t in zip(whole.column("reasoning_issued"), whole.column("thinking"), strict=True))
    assert (tokens <= whole.exchanges["max_tokens"].to_numpy()).all()


def test_models_are_not_used_before_their_release(whole: Read) -> None:
    """A released model appears in the traffic only after its release, and then it does."""
    releases = {r["model"]: r["released_at"] for r in pq.read_table(whole.directory / "releases.parquet").to_pylist()}
    first: dict[str, object] = {}
    for model, ts in zip(whole.column("model"), whole.exchanges["ts"].to_pylist(), strict=True):
        first.setdefault(model, ts)
    assert set(first) == set(releases)
    assert all(first[m] >= releases[m] for m in first)


@pytest.mark.parametrize("scenario", ["legitimate", "ordinary", "L7"])
def test_null_worlds_have_no_extraction(tmp_path: Path, scenario: str) -> None:
    """Worlds without attacks have no campaign and no extraction exchange."""
    summary = simulate(scenario, tmp_path / "t", exchanges=3_000)
    truth = pq.read_table(tmp_path / "t" / "truth" / "exchanges.parquet")
    assert summary.campaigns == 0
    assert not any(truth["extraction"].to_pylist())


def _bytes(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*.parquet"))}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """A world is a function of its arguments, byte for byte, and another seed is another world."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate("demo", tmp_path / name, seed=seed, exchanges=3_000)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert _bytes(tmp_path / "a") != _bytes(tmp_path / "c")


def test_the_seed_of_hashes_does_not_matter(tmp_path: Path) -> None:
    """Two processes that hash strings in different ways write the same bytes."""
    call = "import sys; from pathlib import Path; from revenuer.simulate import simulate; simulate('L7', Path(sys.argv[1]), exchanges=1500)"
    for hashes in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hashes}
        subprocess.run([sys.executable, "-c", call, str(tmp_path / hashes)], check=True, env=environment)  # noqa: S603
    assert _bytes(tmp_path / "1") == _bytes(tmp_path / "2")


def test_sizes_are_kept(tmp_path: Path) -> None:
    """The numbers of exchanges and accounts asked for are met within a few percent."""
    summary = simulate("demo", tmp_path / "t", exchanges=5_000, accounts=600)
    assert summary.exchanges == pytest.approx(5_000, rel=0.05)
    assert summary.accounts == pytest.approx(600, rel=0.1)


def test_much_cover_does_not_burst_the_world(tmp_path: Path) -> None:
    """With a benign mix of 95 percent the harvest shrinks, not the ordinary majority."""
    summary = simulate("demo", tmp_path / "t", exchanges=8_000, benign_mix=0.95)
    assert summary.exchanges == pytest.approx(8_000, rel=0.05)
    assert summary.labels["ordinary"] > 0.1 * summary.exchanges


def test_progress_goes_up_to_the_whole(tmp_path: Path) -> None:
    """Progress is reported in rising numbers that end at the total."""
    seen: list[tuple[int, int]] = []
    simulate("demo", tmp_path / "t", exchanges=3_000, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (3_000, 3_000)


@pytest.mark.parametrize(
    "options",
    [
        {"exchanges": 10},
        {"accounts": 1},
        {"exchanges": 2_000, "accounts": 2_001},
        {"benign_mix": 1.0},
        {"paraphrase": 1.2},
        {"seed": -1},
    ],
)
def test_impossible_numbers_are_refused(tmp_path: Path, options: dict[str, float]) -> None:
    """A number that cannot be is refused before anything is written."""
    with pytest.raises(ConfigError):
        simulate("demo", tmp_path / "t", **options)
    assert not list(tmp_path.iterdir())


def test_unknown_scenarios_are_refused(tmp_path: Path) -> None:
    """An unknown name is refused, and the message lists the names there are."""
    with pytest.raises(ConfigError, match="legitimate"):
        simulate("A99", tmp_path / "t")


def test_directories_in_use_are_refused(tmp_path: Path) -> None:
    """A directory that holds something is left alone."""
    (tmp_path / "keep").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        simulate("demo", tmp_path, exchanges=3_000)
    assert [p.name for p in tmp_path.iterdir()] == ["keep"]


def test_places_that_cannot_be_written_to_are_named(tmp_path: Path) -> None:
    """A path below a file is refused as output, by its name."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="file/t"):
        simulate("demo", tmp_path / "file" / "t", exchanges=3_000)


def test_failures_leave_nothing_behind(tmp_path: Path) -> None:
    """When a world cannot be finished, neither the directory nor a half of it stays."""

    def stop(done: int, _: int) -> None:
        if done > 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate("demo", tmp_path / "t", exchanges=3_000, on_progress=stop)
    with pytest.raises(InputError, match="no such directory"):
        simulate("demo", tmp_path / "t", corpora=tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def test_scenarios_are_described() -> None:
    """Every scenario of the contract has a line that says what it is."""
    names = (
        {"all", "attacks", "legitimate", "ordinary", "demo"}
        | {f"A{n}" for n in range(1, 13)}
        | {f"L{n}" for n in range(1, 28)}
    )
    assert set(scenarios()) == names
    assert all(text and "\n" not in text for text in scenarios().values())
