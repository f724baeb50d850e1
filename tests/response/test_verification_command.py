"""`revenuer verify` on tables of sign-ups."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from signup_people import START, farm, in_order, strangers

from revenuer.cli import main
from revenuer.response.verification import Applicant, default_verification_text, known_to_findings, known_to_state
from revenuer.sources.clock import micros
from revenuer.state import judge_campaign, open_state, record_scan
from revenuer.summary import read_findings

SIGNUPS = in_order(strangers(150), farm(20, at=40.0))


def table_at(folder: Path, applicants: list[Applicant] = SIGNUPS, **columns: pa.Array) -> Path:
    """A table of sign-ups, as a provider would write it, with some columns replaced."""
    rows = [msgspec.to_builtins(one, builtin_types=(type(START),)) for one in applicants]
    names = dict.fromkeys(name for row in rows for name in row)
    table = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names} | columns)
    path = folder / "accounts.parquet"
    pq.write_table(table, path)
    return path


def run(*arguments: object) -> Result:
    """One command."""
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


def findings_at(folder: Path, members: list[str]) -> Path:
    """Findings with one campaign, last seen on the thirtieth day."""
    seen = (START + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    campaign = {
        "campaign_id": "C-1", "confidence": 0.99, "accounts": len(members), "exchanges": 10, "first_seen": seen,
        "last_seen": seen, "capabilities": {"reasoning": 1.0}, "pathways": {}, "account_ids": members, "frames": [],
        "evidence": [], "alternatives": [],
    }  # fmt: skip
    folder.mkdir()
    (folder / "campaigns.json").write_text(json.dumps({"schema": 1, "campaigns": [campaign]}), encoding="utf-8")
    return folder


def test_a_table_is_judged_and_written(tmp_path: Path):
    """A farm is found: exit code 1, a count of outcomes, one row a sign-up; the same input gives the same bytes."""
    accounts, out = table_at(tmp_path), tmp_path / "out.parquet"
    result = run(accounts, "--out", out, "--json")
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert told["tally"]["signups"] == len(SIGNUPS)
    assert sum(one["count"] for one in told["tally"]["outcomes"].values()) == len(SIGNUPS)
    rows = pq.read_table(out).to_pylist()
    assert [row["account_id"] for row in rows] == [one.account_id for one in SIGNUPS]
    assert {row["effective"] for row in rows} == {False}
    first = out.read_bytes()
    shuffled = table_at(tmp_path, SIGNUPS[::-1])
    assert run(shuffled, "--out", out).exit_code == 1
    assert out.read_bytes() == first


def test_strangers_alone_are_exit_code_nought(tmp_path: Path):
    """Where everybody is let in the exit code says so, and missing columns are named."""
    result = run(table_at(tmp_path, strangers(60)))
    assert result.exit_code == 0, result.output
    assert "card_bin" in result.stdout


def test_one_account_is_explained(tmp_path: Path):
    """Reasons, what groups say together, and the words for the applicant."""
    result = run(table_at(tmp_path), "--explain", "f0019")
    assert "DEVICE-SHARED" in result.stdout
    assert "together, identity" in result.stdout
    assert "told: " in result.stdout


def test_asked_again_more_is_met(tmp_path: Path):
    """By what came later the first accounts of a farm are met too."""
    accounts = table_at(tmp_path)
    counts = [
        json.loads(run(accounts, "--json", *more).stdout)["tally"]["outcomes"]["approve"]["count"]
        for more in ([], ["--again"])
    ]
    assert counts[1] < counts[0]


def test_a_campaign_of_findings_is_known_from_when_it_was_seen(tmp_path: Path):
    """By default what was found later judges nobody; with --since it does, and leads to review, not to denial."""
    findings = findings_at(tmp_path / "found", [f"f{i:04}" for i in range(10)])
    assert [one.known_from for one in known_to_findings(findings)] == [micros(START + timedelta(days=30))]
    accounts = table_at(tmp_path, in_order(strangers(150), farm(20, at=20.0)))
    codes = [
        set(json.loads(run(accounts, "--json", "--findings", findings, *more).stdout)["tally"]["reasons"])
        for more in ([], ["--since", "2026-03-01T00:00:00Z"])
    ]
    assert "CAMPAIGN-SUSPECTED" not in codes[0]
    assert "CAMPAIGN-SUSPECTED" in codes[1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"created_at": None}, "created_at"),
        ({"device_fingerprint": pa.array([1] * len(SIGNUPS))}, "device_fingerprint"),
        ({"created_at": pa.array(["soon"] * len(SIGNUPS))}, "created_at"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(change: dict[str, pa.Array | None], named: str, tmp_path: Path):
    """Exit code 2 and one line with file and column."""
    path = table_at(tmp_path, **{name: column for name, column in change.items() if column is not None})
    if None in change.values():
        table = pq.read_table(path)
        pq.write_table(table.drop_columns([named]), path)
    result = run(path)
    assert result.exit_code == 2
    assert "accounts.parquet" in result.stderr
    assert named in result.stderr


def test_rows_that_cannot_be_judged_are_counted(tmp_path: Path):
    """A sign-up without a time, and one that is there twice, are set aside and said."""
    rows = strangers(20)
    times = pa.array([None if i == 3 else one.created_at for i, one in enumerate([*rows, rows[5]])])
    told = json.loads(run(table_at(tmp_path, [*rows, rows[5]], created_at=times), "--json").stdout)
    assert told["set_aside"] == {"created_at is null": 1, "account_id repeated": 1}
    assert told["tally"]["signups"] == 19


@pytest.mark.parametrize(
    "arguments",
    [["--explain", "nobody"], ["--since", "2026-03-01T00:00:00Z"], ["--policy", "nowhere"], ["--feed", "nowhere"]],
)
def test_options_that_cannot_be_are_refused(arguments: list[str], tmp_path: Path):
    """Exit code 2 and no traceback."""
    result = run(table_at(tmp_path, strangers(5)), *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("revenuer: error: ")


def test_the_policy_is_printed_to_be_copied():
    """What is printed is the file that is shipped, whatever else is asked."""
    assert run("--print-policy").stdout == default_verification_text()


def test_what_people_confirmed_in_the_state_denies(tmp_path: Path):
    """The same campaign leads to review while it is open, and to denial once a person has confirmed it; dismissed, to neither."""
    members = [f"f{i:04}" for i in range(10)]
    campaigns, _ = read_findings(findings_at(tmp_path / "found", members))
    accounts = table_at(tmp_path, in_order(strangers(60), farm(20, at=20.0)))
    url = str(tmp_path / "state.db")
    at = "2026-05-01T00:00:00Z"
    outcomes = []
    for verdict in ("open", "confirmed", "dismissed"):
        state = open_state(url)
        record_scan(state, campaigns, [], at=at)
        if verdict != "open":
            judge_campaign(state, "C-1", verdict=verdict, person="ada", at=at)
        assert [one.by_people for one in known_to_state(state)] == {
            "open": [False],
            "confirmed": [True],
            "dismissed": [],
        }[verdict]
        state.close()
        result = run(accounts, "--json", "--state", url, "--since", "2026-03-01T00:00:00Z")
        outcomes.append(json.loads(result.stdout)["tally"]["outcomes"])
    assert [one["deny"]["count"] > 0 for one in outcomes] == [False, True, False]
    assert outcomes[0]["review"]["count"] > outcomes[2]["review"]["count"]
