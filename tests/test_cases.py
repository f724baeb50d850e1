"""A scan, its state, and the people who work with it, through the real command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from revenuer.cli import main
from revenuer.scan_state import accounts_found, keep_in_state
from revenuer.scanning import scan
from revenuer.simulate import simulate
from revenuer.state import open_state, record_scan, tables
from revenuer.summary import read_findings

NOON = "2026-03-01T12:00:00Z"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def done(*arguments: str | Path) -> str:
    """What a command prints that ends well."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("state") / "traffic"
    simulate("A1", place, seed=3, exchanges=3_000)
    return place


@pytest.fixture(scope="module")
def state(traffic: Path) -> str:
    """A state that a scan has written to."""
    url = str(traffic.parent / "state.db")
    found = run("scan", traffic, "--out", traffic.parent / "findings", "--state", url, "--memory", "1GB", "-q")
    assert found.exit_code == 1, found.output
    return url


def cases(state: str) -> Any:
    return json.loads(done("cases", "list", "--state", state, "--json"))


def test_a_scan_is_recorded_and_acted_on_by_people(state: str):
    """Propose, approve, appeal, resolve; the log tells of it all and is whole."""
    policy = Path(state).with_name("policy.toml")
    policy.write_text(done("policy", "default").replace('mode = "shadow"', 'mode = "enforce"'))
    done("cases", "propose", policy, "--state", state)
    waiting = [one for one in cases(state)["decisions"] if one["status"] == "proposed"]
    assert waiting
    name = waiting[0]["decision_id"]
    assert "active" in done("cases", "approve", name, "--state", state, "--by", "Ada", "--note", "plain")
    appeal = done("cases", "appeal", name, "--state", state, "--statement", "we grade essays").strip()
    refused = run("cases", "resolve", appeal, "--state", state, "--by", "ada", "--outcome", "denied")
    assert refused.exit_code == 2
    assert "somebody else" in refused.stderr
    done("cases", "resolve", appeal, "--state", state, "--by", "Grace", "--outcome", "upheld")
    assert json.loads(done("cases", "show", name, "--state", state))["status"] == "reversed"
    assert "1 of 1" in done("cases", "calibrate", "--state", state)
    campaign = cases(state)["campaigns"][0]["campaign_id"]
    done("cases", "judge", campaign, "--state", state, "--by", "Ada", "--verdict", "confirmed")
    consent = done("cases", "grant", "--state", state, "--by", "Ada", "--account", "a", "--kind", "evaluation").strip()
    done("cases", "revoke", consent, "--state", state, "--by", "Ada")
    assert "whole" in done("cases", "audit", "--state", state)
    assert run("cases", "audit", "--state", state, "--head", "0" * 63 + "1").exit_code == 1


def test_a_state_that_cannot_be_written_leaves_no_findings(traffic: Path, tmp_path: Path):
    """And it is told before the scan begins."""
    out = tmp_path / "findings"
    refused = run("scan", traffic, "--out", out, "--state", tmp_path / "nowhere" / "s.db", "-q")
    assert refused.exit_code == 2
    assert not out.exists()


def test_lines_that_others_send_too_are_marked_in_the_state(traffic: Path, tmp_path: Path):
    """An innocent account has made a task its own: the state says so, and the findings stay as they are."""
    place = tmp_path / "findings"
    place.mkdir()
    result = scan(traffic, place, memory="1GB")
    frame = next(one for one in result.campaigns[0].frames if not one.startswith("[system] "))
    innocent = next(one.account_id for one in accounts_found(place) if not one.flagged and one.risk == 0.0)
    told = {"account_id": [innocent] * 9, "prompt": [frame.replace("{…}", "this one")] * 9}
    batch = pa.table(told | {"exchange_id": [f"mine-{number}" for number in range(9)]}).to_batches()
    state = open_state(str(tmp_path / "state.db"))
    kept, _ = keep_in_state(result, place, state, at=NOON, batches=batch)
    with state.read() as connection:
        tasks = set(connection.execute(sa.select(tables.tasks.c.frame)).scalars())
    state.close()
    assert f"[common] {frame}" in tasks
    assert tasks - {f"[common] {frame}"} == {one for each in kept.campaigns for one in each.frames} - {frame}


def test_findings_carry_the_ids_that_stay(traffic: Path, tmp_path: Path):
    """Wherever a campaign is named: a state that knows it by another id gives it that one."""
    (tmp_path / "findings").mkdir()
    result = scan(traffic, tmp_path / "findings", memory="1GB")
    (found,) = result.campaigns
    state = open_state(str(tmp_path / "state.db"))
    earlier = replace(found, campaign_id="C-earlier", account_ids=found.account_ids[:-1])
    record_scan(state, [earlier], [], at=NOON)
    renamed, recorded = keep_in_state(result, tmp_path / "findings", state, at=NOON)
    state.close()
    assert recorded.ids == {found.campaign_id: "C-earlier"}
    assert [one.campaign_id for one in renamed.campaigns] == ["C-earlier"]
    campaigns, summary = read_findings(tmp_path / "findings")
    assert campaigns[0].campaign_id == "C-earlier"
    assert set(summary.campaigns) == {"C-earlier"}
    for name in ("accounts.parquet", "exchanges.parquet"):
        assert set(pq.read_table(tmp_path / "findings" / name)["campaign_id"].to_pylist()) == {None, "C-earlier"}
    for path in (tmp_path / "findings").iterdir():
        assert found.campaign_id.encode() not in path.read_bytes() or path.suffix == ".parquet"
    reasons = pq.read_table(tmp_path / "findings" / "accounts.parquet")["reasons"].to_pylist()
    assert {text for row in reasons for text in row if "serve" in text} != set()
    assert not any(found.campaign_id in text for row in reasons for text in row)


@pytest.mark.parametrize("arguments", [("cases", "list"), ("cases", "show", "C-1"), ("keys", "list")])
def test_a_state_that_is_not_there_is_not_made_by_looking(arguments: tuple[str, ...], tmp_path: Path):
    """A mistyped path is told, and no empty state is left behind."""
    pytest.importorskip("starlette", reason="keys need the extra 'service'")
    result = run(*arguments, "--state", tmp_path / "stat.db")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "stat.db: no such state" in result.output
    assert list(tmp_path.iterdir()) == []
