"""What a policy would have done, on traffic small enough to count by hand."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from revenuer.cli import main
from revenuer.errors import InputError
from revenuer.findings import Campaign, campaigns_document
from revenuer.response import as_micros, default_policy, judge, replay
from revenuer.response.policy import Budget, Holdout
from revenuer.schema import CONSENTS, EXCHANGES, FOUND_ACCOUNTS, FOUND_EXCHANGES, TRUTH_ACCOUNTS, TRUTH_EXCHANGES

START = datetime(2026, 3, 1, tzinfo=UTC)
TASK = "Grade the answer below against the rubric, name every point that you take off, and end with the sum: {…}"
POLICY = msgspec.structs.replace(default_policy(), holdout=Holdout(), budget=Budget(1.0))
# account: exchanges a day with the task, and without
PLAN = {
    "harvester": (6, 0),
    "reseller": (2, 4),
    "newcomer": (5, 1),
    "honest": (0, 5),
    "unlucky": (1, 4),
    "licensed": (6, 0),
}


def exchanges() -> list[dict[str, Any]]:
    """Two days; the newcomer comes on the second."""
    made: list[dict[str, Any]] = []
    for day in range(2):
        for account, (tasks, others) in PLAN.items():
            if account == "newcomer" and day == 0:
                continue
            for number in range(tasks + others):
                prompt = (
                    TASK.replace("{…}", f"essay {number}") if number < tasks else f"What is {number} plus {number}?"
                )
                name = f"{account}-{day}-{number}"
                ts = START + timedelta(days=day, minutes=len(made))
                made.append({"exchange_id": name, "ts": ts, "account_id": account, "prompt": prompt})
    return made


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Traffic, the findings of its first day, and the truth."""
    rows = exchanges()
    for folder in ("traffic", "findings", "truth"):
        (tmp_path / folder).mkdir()
    put(tmp_path / "traffic" / "exchanges.parquet", rows, EXCHANGES)
    consent = {"account_id": "licensed", "kind": "licensed_distillation", "max_exchanges_per_day": 4}
    put(tmp_path / "traffic" / "consents.parquet", [consent], CONSENTS)
    found = {"harvester": 0.9, "reseller": 0.2, "licensed": 0.9}
    put(tmp_path / "findings" / "accounts.parquet", [flagged(name, found.get(name)) for name in PLAN], FOUND_ACCOUNTS)
    seen = [found_exchange(row) for row in rows if "-0-" in row["exchange_id"]]
    put(tmp_path / "findings" / "exchanges.parquet", seen, FOUND_EXCHANGES)
    first, last = "2026-03-01T00:00:00Z", "2026-03-01T23:00:00Z"
    campaign = Campaign("C-1", 0.999, 3, 14, first, last, {"rubric_grading": 1.0}, {}, tuple(found), (TASK,), (), ())
    (tmp_path / "findings" / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document((campaign,))))
    attack = {"harvester", "newcomer", "reseller"}
    put(tmp_path / "truth" / "accounts.parquet", [label(name, attack) for name in PLAN], TRUTH_ACCOUNTS)
    put(tmp_path / "truth" / "exchanges.parquet", [true(row, attack) for row in rows], TRUTH_EXCHANGES)
    return tmp_path


def put(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def found_exchange(row: dict[str, Any]) -> dict[str, Any]:
    task = row["prompt"].startswith("Grade")
    return {"exchange_id": row["exchange_id"], "score": 0.5, "extraction": task, "capability": "other"}


def flagged(name: str, share: float | None) -> dict[str, Any]:
    shares = {"extraction_share": share or 0.0, "extraction_share_low": None if share is None else share - 0.1}
    campaign = None if share is None else "C-1"
    return {
        "account_id": name,
        "risk": 0.9,
        "flagged": share is not None,
        "campaign_id": campaign,
        "reasons": [],
        **shares,
    }


def label(name: str, attack: set[str]) -> dict[str, Any]:
    campaign = "A1-1" if name in attack else None
    return {
        "account_id": name,
        "label": "A1" if campaign else "ordinary",
        "extraction": bool(campaign),
        "campaign": campaign,
    }


def true(row: dict[str, Any], attack: set[str]) -> dict[str, Any]:
    harvest = row["account_id"] in attack and row["prompt"].startswith("Grade")
    return {"exchange_id": row["exchange_id"], "extraction": harvest, "capability": "other", "campaign": None}


def met(world: Path, **how: Any) -> dict[str, list[str]]:
    """The rungs that each account's exchanges met, in order."""
    found: dict[str, list[str]] = {}
    for one in replay(POLICY, world / "traffic", [world / "findings"], **how).met:
        found.setdefault(one.account_id, []).append(one.rung)
    return found


def test_each_is_met_as_the_policy_says(world: Path):
    """Harvest is stopped, a reseller's customers pass, a consent holds up to its volume, an honest account is left alone."""
    assert met(world) == {
        "harvester": ["suspend"] * 6,
        "reseller": ["verify"] * 2,  # its tasks; its other requests pass
        "newcomer": ["verify"] * 6,  # its tasks, and by then the account
        "unlucky": ["verify"],
        "licensed": ["suspend"] * 2,  # what goes beyond the volume agreed on
    }


def test_a_line_that_an_innocent_account_has_made_its_own_is_no_task_of_others(world: Path):
    """The scan saw it sent three times and thought nothing of it: it and whoever is new may go on; who serves may not."""
    rows = exchanges()
    mine = [
        row | {"account_id": "regular", "exchange_id": f"regular-{n}"}
        for n, row in enumerate(rows)
        if "harvester-" in row["exchange_id"]
    ]
    put(world / "traffic" / "exchanges.parquet", [*rows, *mine], EXCHANGES)
    told = [flagged(name, 0.9 if name == "harvester" else None) for name in PLAN] + [
        flagged("regular", None) | {"risk": 0.0}
    ]
    put(world / "findings" / "accounts.parquet", told, FOUND_ACCOUNTS)
    assert met(world) == {"harvester": ["suspend"] * 6}


def test_it_acts_after_what_the_findings_have_seen(world: Path):
    """Or from a moment that is given; where nothing comes after, it says so."""
    result = replay(POLICY, world / "traffic", [world / "findings"])
    assert result.exchanges == sum(map(sum, PLAN.values()))
    whole = replay(POLICY, world / "traffic", [world / "findings"], since=as_micros("2026-03-01"))
    assert whole.exchanges == len(exchanges())
    with pytest.raises(InputError, match="--since"):
        replay(POLICY, world / "traffic", [world / "findings"], since=as_micros("2027-03-01T00:00:00Z"))


def test_what_moved_to_new_accounts_is_told(world: Path):
    """Tasks of accounts that came after the scan, by day, against the campaign's volume before."""
    result = replay(POLICY, world / "traffic", [world / "findings"])
    assert result.newcomers == {"C-1": 5}
    assert 0.33 < result.displaced["C-1"] < 0.36


def test_a_replay_is_judged_by_the_truth(world: Path):
    """Harvest cut and friction are counted exactly, with intervals that hold them."""
    result = replay(POLICY, world / "traffic", [world / "findings"])
    judged = judge(result, world / "traffic", world / "truth")
    (cut,) = judged.campaigns
    assert (cut.whole.came, cut.whole.stopped, cut.whole.closed, cut.other, cut.other_met) == (13, 13, 6, 5, 1)
    assert cut.whole.low < cut.whole.share == 1.0
    assert cut.whole.passed == {}
    assert (judged.honest.accounts, judged.honest.exchanges, judged.honest.met, judged.honest.suspended) == (
        3,
        16,
        3,
        1,
    )
    assert judged.honest.low < 3 / 16 < judged.honest.high


def rescanned(world: Path) -> list[Path]:
    """Findings of the first day in which the harvester is not flagged, and those of the fixture, half a day later."""
    first = world / "first"
    shutil.copytree(world / "findings", first)
    rows = [flagged(name, None) for name in PLAN]
    put(first / "accounts.parquet", rows, FOUND_ACCOUNTS)
    (first / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document(())))
    names = ("-0-", "harvester-1")
    seen = [found_exchange(row) for row in exchanges() if any(name in row["exchange_id"] for name in names)]
    put(world / "findings" / "exchanges.parquet", seen, FOUND_EXCHANGES)
    return [world / "findings", first]  # in whatever order they are given


def test_a_later_scan_is_known_when_it_has_seen_its_traffic(world: Path):
    """Until then what the earlier one found holds, and a campaign's later harvest begins when a scan has named it."""
    findings = rescanned(world)
    result = replay(POLICY, world / "traffic", findings)
    names = {one.account_id for one in result.met}
    assert names == {"reseller", "newcomer", "unlucky", "licensed"}
    (cut,) = judge(result, world / "traffic", world / "truth").campaigns
    assert (cut.whole.came, cut.whole.stopped, cut.whole.passed) == (13, 7, {"UNKNOWN": 6})
    assert cut.found_at is not None
    assert cut.found_at > result.since
    assert (cut.later.came, cut.later.stopped) == (7, 7)


def test_what_an_earlier_scan_found_stays_until_a_later_one_sees_the_account(world: Path):
    """A campaign that the last scan does not name keeps its tasks; who is seen and not flagged is free but for what people agreed to."""
    empty = world / "empty"
    shutil.copytree(world / "findings", empty)
    (empty / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document(())))
    put(empty / "accounts.parquet", [flagged(name, None) for name in PLAN], FOUND_ACCOUNTS)
    both = replay(POLICY, world / "traffic", [world / "findings", empty]).met
    assert {one.account_id: one.rung for one in both} == {
        "harvester": "suspend", "licensed": "suspend", "reseller": "verify", "newcomer": "verify", "unlucky": "verify",
    }  # fmt: skip


def test_people_take_their_time(world: Path):
    """Before they have agreed an account is met by what needs nobody; who confirms campaigns closes networks."""
    slow = replay(POLICY, world / "traffic", [world / "findings"], agreeing=48)
    assert {one.rung for one in slow.met} == {"verify"}
    sure = replay(POLICY, world / "traffic", [world / "findings"], confirmed=0.99)
    assert {one.rung for one in sure.met if one.account_id == "harvester"} == {"network_action"}


def test_a_task_in_other_words_is_met_where_the_account_serves_the_campaign(world: Path):
    """Half of a task's words meet a flagged account, and nobody else."""
    rows = exchanges()
    half = "Grade the answer below against the rubric, name every point that you see fit. Then the sum. Essay 7"
    for row in rows:
        if row["exchange_id"] in {"reseller-1-5", "honest-1-3"}:
            row["prompt"] = half
    put(world / "traffic" / "exchanges.parquet", rows, EXCHANGES)
    names = {one.exchange_id for one in replay(POLICY, world / "traffic", [world / "findings"]).met}
    assert "reseller-1-5" in names
    assert "honest-1-3" not in names


def test_two_tasks_in_other_words_mark_a_stranger(world: Path):
    """Of three fifths of one task nobody is met, nor of the same again; of two different ones from the second on."""
    second = "Solve the problem step by step, check each of your steps twice, and only then write the result down: {…}"
    document = json.loads((world / "findings" / "campaigns.json").read_text())
    document["campaigns"][0]["frames"].append(second)
    (world / "findings" / "campaigns.json").write_text(json.dumps(document))
    one = "Grade the answer below against the rubric, name every point that you take off, please. Essay 7"
    other = "Solve the problem step by step, check each of your steps twice, and only then tell me: 2+2"
    sent = {"honest-1-0": one, "honest-1-1": one, "honest-1-2": other, "honest-1-3": one, "unlucky-1-1": other}
    rows = [row | {"prompt": sent.get(row["exchange_id"], row["prompt"])} for row in exchanges()]
    for row in rows:  # so that the scan has seen the second task serve extraction
        row["prompt"] = second if row["exchange_id"] == "harvester-0-0" else row["prompt"]
    put(world / "traffic" / "exchanges.parquet", rows, EXCHANGES)
    names = {one.exchange_id for one in replay(POLICY, world / "traffic", [world / "findings"]).met}
    assert names >= {"honest-1-2", "honest-1-3", "unlucky-1-1"}  # the last had sent the first task word for word
    assert not names & {"honest-1-0", "honest-1-1", "honest-1-4", "unlucky-1-2"}
    limits = msgspec.structs.replace(POLICY.limits, resembling_tasks=0)
    without = replay(msgspec.structs.replace(POLICY, limits=limits), world / "traffic", [world / "findings"])
    assert not any(one.account_id == "honest" for one in without.met)


def test_who_has_verified_is_at_rest(world: Path):
    """Some minutes after a rule had an account verify it meets it no more; suspension stays."""
    slow, fast = met(world, verifying=24.0), met(world, verifying=0.0)
    assert slow == met(world)
    assert fast["newcomer"] == ["verify"] * 2  # a task, and then the account: each rule for itself
    assert (fast["reseller"], fast["harvester"]) == (["verify"], ["suspend"] * 6)


def test_a_spent_budget_lets_requests_pass(world: Path):
    """And the day is reported."""
    none = msgspec.structs.replace(POLICY, budget=Budget(0.0))
    result = replay(none, world / "traffic", [world / "findings"])
    assert result.met == []
    assert result.days_over == ["2026-03-02"]


def test_the_command_tells_the_same(world: Path):
    """As a table for people, and as JSON."""
    arguments = ["replay", "default", str(world / "traffic"), "--findings", str(world / "findings")]
    told = CliRunner().invoke(main, [*arguments, "--truth", str(world / "truth"), "--json"])
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert document["judged"]["honest"]["suspended"] == 1
    assert document["exchanges"] == 34
    shown = CliRunner().invoke(main, [*arguments, "--truth", str(world / "truth")])
    assert "A1-1" in shown.stdout
    assert CliRunner().invoke(main, [*arguments, "--since", "soon"]).exit_code == 2
    assert CliRunner().invoke(main, ["policy", "check", "default"]).exit_code == 0
    assert "schema = 1" in CliRunner().invoke(main, ["policy", "default"]).stdout


@pytest.mark.parametrize("column", ["account_id", "flagged", "extraction_share"])
def test_findings_without_a_column_that_counts_are_refused(world: Path, column: str):
    """With its name; a column that may be empty may be missing."""
    path = world / "findings" / "accounts.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["extraction_share_low"]), path)
    assert len(met(world)["harvester"]) == 6
    pq.write_table(table.drop_columns([column]), path)
    with pytest.raises(InputError, match=column):
        met(world)


def test_findings_with_a_time_that_is_none_are_refused(world: Path):
    """With the campaign and what stands there."""
    path = world / "findings" / "campaigns.json"
    path.write_text(path.read_text().replace("2026-03-01T00:00:00Z", "at first"))
    with pytest.raises(InputError, match=r"first_seen.*C-1: 'at first' is no time"):
        met(world)
