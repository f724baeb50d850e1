"""Scans with and without a clean reference: what they may claim, and that a reference changes no verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from revenuer.cli import main
from revenuer.engine import LocalEngine
from revenuer.scan_control import calibrated, controlled, reference_accounts
from revenuer.scanning import scan
from revenuer.simulate import simulate
from revenuer.summary import Control, read_findings
from scan_worlds import digests

SIZE, ACCOUNTS = 10_000, 1_000
WORLDS = (("ordinary", "clean"), ("ordinary", "quiet"), ("A12", "attacked"), ("A9", "replayed"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean world, another of the same kind, and one with a campaign."""
    folder = tmp_path_factory.mktemp("control")
    for seed, (scenario, name) in enumerate(WORLDS, 31):
        simulate(scenario, folder / name, seed=seed, exchanges=SIZE, accounts=ACCOUNTS)
    return folder


@pytest.fixture(scope="module")
def by_odds(place: Path) -> Path:
    """Findings in the attacked world without a reference or a level."""
    control_of(place, "attacked", "by-odds")
    return place / "by-odds"


def control_of(place: Path, world: str, name: str, *, reference: str | None = None) -> Control:
    out = place / name
    out.mkdir()
    held = place / reference if reference else None
    scan(place / world, out, reference=held, threads=1, memory="1GB")
    control = read_findings(out)[1].control
    assert control is not None
    return control


def p_values(place: Path, name: str) -> np.ndarray:
    return pq.read_table(place / name / "accounts.parquet")["p_value"].to_numpy()


def test_without_a_reference_what_lapses_is_said(place: Path) -> None:
    """No alarm, no guarantee, three reasons; every account still has a p-value."""
    control = control_of(place, "quiet", "alone")
    assert control.alarm is None
    assert control.named_by_p_values is None
    assert control.holds == ()
    assert [reason.split()[0] for reason in control.lapsed] == ["There", "Without", "Accounts"]
    p = p_values(place, "alone")
    assert 0 < p.min() <= p.max() <= 1
    assert len(p) == sum(one.accounts for one in control.strata)


def test_a_quiet_world_raises_no_alarm(place: Path) -> None:
    """Against another world of the same kind p-values are uniform and the alarm stays silent."""
    control = control_of(place, "quiet", "held", reference="clean")
    assert control.alarm is not None
    assert not control.alarm.raised
    assert len(control.holds) == 3
    p = p_values(place, "held")
    assert (p <= 0.1).mean() == pytest.approx(0.1, abs=0.06)
    assert p.min() >= min(one.resolution for one in control.strata) - 1e-12


def test_a_campaign_raises_the_alarm_and_a_reference_changes_no_verdict(place: Path, by_odds: Path) -> None:
    """The excess is noticed; campaigns and exchanges are the same as without a reference."""
    control = control_of(place, "attacked", "against", reference="clean")
    assert control.alarm is not None
    assert control.alarm.raised
    truth = pq.read_table(place / "attacked" / "truth" / "accounts.parquet")["extraction"].to_numpy()
    assert 0 < control.alarm.low <= truth.sum()
    held, without = digests(place / "against"), digests(by_odds)
    assert held["campaigns.json"] == without["campaigns.json"]
    assert held["exchanges.parquet"] == without["exchanges.parquet"]


def test_a_level_withholds_what_does_not_stand(place: Path, by_odds: Path) -> None:
    """At a hopeless level nothing is named, nobody flagged and nothing called innocent, and the number is told."""
    campaigns, told = read_findings(by_odds)
    control = told.control
    assert control is not None
    assert control.withheld is None
    assert list(control.campaigns) == [one.campaign_id for one in campaigns]
    arguments = ["scan", str(place / "attacked"), "--out", str(place / "strict"), "--fdr", "1e-9", "--threads", "1"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert f"{len(campaigns)} more pass the odds" in result.output
    found, summary = read_findings(place / "strict")
    assert (found, summary.flagged_accounts, summary.settings["fdr"]) == ((), 0, 1e-9)
    assert summary.control is not None
    assert summary.control.withheld == len(campaigns) > 0
    assert summary.control.queue_log10_e == control.queue_log10_e
    assert summary.cleared == told.cleared
    assert not pq.read_table(place / "strict" / "accounts.parquet")["flagged"].to_numpy().any()


def test_a_level_names_the_campaigns_that_stand(place: Path) -> None:
    """At the level of `campaign_fdr` those are named of which the scan without a level says that they stand."""
    control = control_of(place, "replayed", "replayed-by-odds")
    scan(place / "replayed", _made(place / "held-to"), fdr=control.campaign_fdr, threads=1, memory="1GB")
    named = [one.campaign_id for one in read_findings(place / "held-to")[0]]
    assert named == [name for name, one in control.campaigns.items() if one.stands]
    assert named


def test_a_level_without_text_is_refused(place: Path) -> None:
    """Exit code 2 and one line that names both options; no findings."""
    out = place / "no-text"
    arguments = ["scan", str(place / "quiet"), "--out", str(out), "--fdr", "0.05", "--content", "none", "-q"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--fdr" in result.stderr
    assert "--content none" in result.stderr
    assert not out.exists()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_without_text_nobody_is_unusual(place: Path) -> None:
    """With --content none all scores are one, all p-values 1, and that is said."""
    traffic, clean = (
        reference_accounts(place / name, LocalEngine, content="none", strict=False) for name in ("attacked", "clean")
    )
    found = calibrated(traffic, clean, [], seed=0)
    assert found.p.tolist() == [1.0] * len(found.p)
    control = controlled(found, [], {}, reference=True, content="none")
    assert control.lapsed[0].startswith("Text is not read")
    assert control.alarm is None or not control.alarm.raised


def test_a_reference_that_cannot_be_read_is_named(place: Path) -> None:
    """Exit code 2, one line that names the directory, and no findings."""
    arguments = [
        "scan",
        str(place / "quiet"),
        "--out",
        str(place / "none"),
        "--reference",
        str(place / "missing"),
        "-q",
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "missing" in result.stderr
    assert not (place / "none").exists()
