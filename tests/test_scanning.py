"""Whole scans of simulated worlds: what is found, what is left alone, and that the same traffic gives the same bytes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import msgspec
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer.errors import ConfigError
from revenuer.evaluate import Evaluation, evaluate
from revenuer.findings import Alternative, Campaign, Evidence, Pivot, Succession
from revenuer.scanning import ScanResult, scan
from revenuer.schema import CAPABILITIES, CHANNELS, FOUND_ACCOUNTS, FOUND_EXCHANGES
from revenuer.simulate import simulate
from revenuer.summary import read_findings
from scan_worlds import (
    FINDINGS,
    as_json_lines,
    bare,
    digests,
    exchanges_of,
    flagged,
    moved_abroad,
    until,
)
from traffic_samples import put_parquet, rows

SEEDS = (4, 5)


class World(NamedTuple):
    """Traffic with a scan of it."""

    traffic: Path
    findings: Path
    result: ScanResult


def scanned(traffic: Path, findings: Path, **how: Any) -> World:
    findings.mkdir()
    return World(traffic, findings, scan(traffic, findings, memory="1GB", **({"threads": 2} | how)))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worlds")


@pytest.fixture(scope="module")
def worlds(place: Path) -> list[World]:
    """Two small worlds with four campaigns and the trickiest workloads each."""
    for seed in SEEDS:
        simulate("demo", place / f"demo{seed}", seed=seed, exchanges=12_000)
    return [scanned(place / f"demo{seed}", place / f"found{seed}") for seed in SEEDS]


@pytest.fixture(scope="module")
def world(worlds: list[World]) -> World:
    return worlds[0]


@pytest.fixture(scope="module")
def evaluations(worlds: list[World]) -> list[Evaluation]:
    return [evaluate(world.findings, world.traffic / "truth") for world in worlds]


@pytest.fixture(scope="module")
def quiet(place: Path) -> Path:
    """Ordinary users alone."""
    simulate("ordinary", place / "quiet", seed=6, exchanges=8_000)
    return place / "quiet"


def truth(traffic: Path) -> dict[str, str]:
    table = pq.read_table(traffic / "truth" / "accounts.parquet")
    return dict(zip(table["account_id"].to_pylist(), table["label"].to_pylist(), strict=True))


def half_of(accounts: list[str], seed: int) -> list[str]:
    return np.random.default_rng(seed).permutation(sorted(accounts))[: len(accounts) // 2].tolist()


def test_campaigns_are_found_and_legitimate_groups_are_not(evaluations: list[Evaluation]):
    """At least four of five true campaigns are found, and no group of customers stands among them."""
    recalls = [one.campaigns.recall for one in evaluations]
    assert sum(recall.hits for recall in recalls) >= 0.8 * sum(recall.total for recall in recalls)
    for one in evaluations:
        assert one.accounts.groups_accused == ()
        assert set(one.accounts.groups_flagged) <= {"A1", "A4", "A5", "A12"}
        assert (one.accounts.precision.value or 0) > 0.95
        assert (one.exchanges.precision.value or 0) > 0.85
        assert (one.exchanges.recall.value or 0) > 0.6


def test_tables_are_in_the_schema_of_findings(world: World):
    """Names, types, order and what may be null, exactly; every account and every exchange once."""
    accounts, found = (pq.read_table(world.findings / name) for name in ("accounts.parquet", "exchanges.parquet"))
    assert accounts.schema.remove_metadata() == FOUND_ACCOUNTS
    assert found.schema.remove_metadata() == FOUND_EXCHANGES
    seen = exchanges_of(world.traffic)
    assert sorted(found["exchange_id"].to_pylist()) == sorted(seen["exchange_id"].to_pylist())
    assert accounts["account_id"].to_pylist() == sorted(set(seen["account_id"].to_pylist()))
    for shares in (accounts["risk"], accounts["extraction_share"], found["score"]):
        assert 0 <= pc.min(shares).as_py() <= pc.max(shares).as_py() <= 1
    assert set(found["capability"].to_pylist()) <= set(CAPABILITIES)
    assert {path.name for path in world.findings.iterdir()} == set(FINDINGS)


def test_campaigns_are_in_the_schema_of_findings(world: World):
    """Fields, types, channels and shares as they are written down, strongest campaign first."""
    document = msgspec.json.decode((world.findings / "campaigns.json").read_bytes())
    assert document["schema"] == 1
    parts: dict[str, type] = {
        "evidence": Evidence,
        "alternatives": Alternative,
        "pivots": Pivot,
        "successions": Succession,
    }
    for raw in document["campaigns"]:
        assert list(raw) == list(get_type_hints(Campaign))
        for name, kind in parts.items():
            assert all(list(part) == list(get_type_hints(kind)) for part in raw[name])
        assert raw["account_ids"] == sorted(raw["account_ids"])
        assert raw["accounts"] == len(raw["account_ids"])
        assert {evidence["channel"] for evidence in raw["evidence"]} <= set(CHANNELS)
        assert sum(raw["capabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert sum(raw["pathways"].values()) == pytest.approx(1, abs=1e-3)
        assert raw["alternatives"]
        assert raw["frames"]
        for moment in (raw["first_seen"], raw["last_seen"]):
            assert datetime.fromisoformat(moment).utcoffset() is not None
    confidences = [raw["confidence"] for raw in document["campaigns"]]
    assert confidences == sorted(confidences, reverse=True)


def test_tables_campaigns_and_summary_agree(world: World):
    """A flagged account stands in the campaign that names it; counts are the same wherever they are given."""
    campaigns, summary = read_findings(world.findings)
    assert campaigns == world.result.campaigns
    accounts = pq.read_table(world.findings / "accounts.parquet").to_pylist()
    assert {one["account_id"]: one["campaign_id"] for one in accounts if one["campaign_id"]} == {
        account: campaign.campaign_id for campaign in campaigns for account in campaign.account_ids
    }
    for one in accounts:
        assert one["flagged"] == bool(one["campaign_id"]) == bool(one["reasons"])
        assert one["flagged"] or one["extraction_share"] == 0
        low, high = one["extraction_share_low"], one["extraction_share_high"]
        assert 0 <= low <= one["extraction_share"] <= high <= 1 if one["flagged"] else low is high is None
    assert world.result.flagged_accounts == summary.flagged_accounts == sum(one["flagged"] for one in accounts)
    assert summary.traffic.accounts == len(accounts)
    assert set(summary.campaigns) == {campaign.campaign_id for campaign in campaigns}


def test_extraction_stands_in_a_campaign_and_nowhere_else(world: World):
    """Every exchange called extraction has its campaign, is of one of its accounts, and is counted there."""
    found = pq.read_table(world.findings / "exchanges.parquet")
    assert found["extraction"].equals(pc.is_valid(found["campaign_id"]))
    who = exchanges_of(world.traffic).select(["exchange_id", "account_id"])
    marked = found.filter(found["extraction"]).select(["exchange_id", "campaign_id"]).join(who, "exchange_id")
    counted = marked.group_by("campaign_id").aggregate([("exchange_id", "count")]).to_pylist()
    assert {one["campaign_id"]: one["exchange_id_count"] for one in counted} == {
        campaign.campaign_id: campaign.exchanges for campaign in world.result.campaigns
    }
    members = {account for campaign in world.result.campaigns for account in campaign.account_ids}
    assert set(marked["account_id"].to_pylist()) == members


def test_threads_repetition_and_the_truth_change_nothing(world: World, place: Path):
    """A second scan, with one thread, of the traffic without its truth, gives the same bytes in every file."""
    alone = place / "alone"
    alone.mkdir()
    for path in world.traffic.iterdir():
        if path.name != "truth":
            (alone / path.name).symlink_to(path)
    again = scanned(alone, place / "again", threads=1)
    assert digests(again.findings) == digests(world.findings)


def told_of_exchanges(findings: Path) -> dict[str, object]:
    """What findings hold, without the hashes of the files that were read."""
    return {**digests(findings), "scan.json": msgspec.structs.replace(read_findings(findings)[1], inputs=())}


def test_json_lines_give_the_findings_of_parquet(world: World, place: Path):
    """Byte for byte, the hashes of the files aside: the same exchanges are the same traffic, whatever they are kept in."""
    lines = scanned(as_json_lines(world.traffic, place / "lines"), place / "found_lines")
    assert told_of_exchanges(lines.findings) == told_of_exchanges(world.findings)


def test_the_files_that_were_read_are_named_with_their_hashes(world: World):
    """All of the traffic, exchanges and tables beside them, and nothing of its truth."""
    read = sorted(path for path in world.traffic.rglob("*.parquet") if "truth" not in path.parts)
    expected = [(p.relative_to(world.traffic).as_posix(), hashlib.sha256(p.read_bytes()).hexdigest()) for p in read]
    assert [(one.name, one.sha256) for one in world.result.summary.inputs] == sorted(expected)


def test_the_required_columns_are_enough(world: World, place: Path):
    """With prompts, times and accounts alone campaigns are still found, nobody else is flagged, and gaps are told."""
    found = scanned(bare(world.traffic, place / "bare"), place / "found_bare")
    labels = truth(world.traffic)
    assert len(found.result.campaigns) >= 2
    accused = [account for account in flagged(found.findings) if not labels[account].startswith("A")]
    assert len(accused) <= 0.05 * len(flagged(found.findings))
    assert {"ip", "session_id", "model"} <= {missing.column for missing in found.result.summary.quality.missing}


def test_a_campaign_keeps_its_name_as_it_grows(world: World, place: Path):
    """A scan that sees a fifth more of the same traffic calls the campaigns that were known by their names."""
    times = exchanges_of(world.traffic)["ts"].to_pylist()
    earlier = scanned(until(world.traffic, place / "early", times[int(len(times) / 1.2)]), place / "found_early")
    known, now = (
        {campaign.campaign_id: set(campaign.account_ids) for campaign in one.result.campaigns}
        for one in (earlier, world)
    )
    assert len(known) >= 3
    assert set(known) <= set(now)
    for name, accounts in known.items():
        assert len(accounts & now[name]) > 0.8 * len(accounts)


def test_a_repeated_id_stands_once_in_the_findings(world: World, place: Path):
    """A gateway that logs a third of its requests twice names the same campaigns, and no exchange is listed twice."""
    again = place / "repeated"
    shutil.copytree(world.traffic, again)
    table = pq.ParquetDataset(world.traffic / "exchanges").read()
    pq.write_table(table.take(np.arange(0, len(table), 3)), again / "exchanges" / "zz-again.parquet")
    found = scanned(again, place / "found-repeated")
    ids = pq.read_table(found.findings / "exchanges.parquet")["exchange_id"].to_pylist()
    assert len(ids) == len(set(ids))
    assert sorted(ids) == sorted(table["exchange_id"].to_pylist())
    # frames are mined from the log as it stands, repeats and all: a member at the border may come or go
    changed = flagged(found.findings) ^ flagged(world.findings)
    assert len(changed) <= len(flagged(world.findings)) / 50
    assert {one.campaign_id for one in found.result.campaigns} == {one.campaign_id for one in world.result.campaigns}


def test_ordinary_traffic_flags_nobody(quiet: Path, place: Path):
    """No campaign, no account, no exchange."""
    found = scanned(quiet, place / "found_quiet")
    assert found.result.campaigns == ()
    assert flagged(found.findings) == set()
    table = pq.read_table(found.findings / "exchanges.parquet")
    assert not pc.any(table["extraction"]).as_py()
    assert table["campaign_id"].null_count == len(table)


def test_language_alone_flags_nobody(quiet: Path, place: Path):
    """Where a half of ordinary people write in one script and a half in another, nobody is flagged."""
    half = half_of(list(truth(quiet)), 1)
    found = scanned(moved_abroad(quiet, place / "mixed", half), place / "found_mixed")
    assert flagged(found.findings) == set()


def test_script_suffix_and_country_change_no_verdict(world: World, place: Path):
    """Half of the people write in other letters, with other mail suffixes, from other countries: none is judged anew.

    Attack accounts at the border of a pool may come to stand on its other side, since what is usual has shifted.
    """
    labels = truth(world.traffic)
    half = half_of([account for account, label in labels.items() if label == "ordinary"], 2)
    found = scanned(moved_abroad(world.traffic, place / "abroad", half), place / "found_abroad")
    now, before = flagged(found.findings), flagged(world.findings)
    changed = now ^ before
    assert {labels[account][0] for account in changed} <= {"A"}
    assert len(changed) <= 0.05 * len(before)
    assert {one.campaign_id for one in found.result.campaigns} == {one.campaign_id for one in world.result.campaigns}


@pytest.mark.parametrize("count", [1, 5, 200])
def test_little_traffic_is_scanned_and_clears_everybody(tmp_path: Path, count: int):
    """A handful of exchanges, of a handful of accounts, is no campaign and no error."""
    found = scanned(put_parquet(tmp_path / "traffic", rows(count)), tmp_path / "findings")
    assert found.result.campaigns == ()
    assert len(pq.read_table(found.findings / "exchanges.parquet")) == count


def test_an_engine_that_is_not_known_is_refused(tmp_path: Path):
    """Before anything is read."""
    with pytest.raises(ConfigError, match="spark://nowhere"):
        scan(tmp_path / "nowhere", tmp_path, engine="spark://nowhere")


def test_stages_are_told_in_order(tmp_path: Path):
    """Each from its start to its end, so that a person sees how far a scan is."""
    told: list[tuple[str, int, int]] = []
    tell: Callable[[str, int, int], None] = lambda *stage: told.append(stage)  # noqa: E731
    scanned(put_parquet(tmp_path / "traffic", rows(30)), tmp_path / "findings", on_stage=tell)
    names = list(dict.fromkeys(name for name, _done, _of in told))
    assert names[-1] == "write report"
    for name in names:
        done = [(at, of) for stage, at, of in told if stage == name]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]
