"""The command line: exit codes, one-line errors, and what is left behind."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time
from importlib.metadata import metadata
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from revenuer import __version__
from revenuer.cli import main
from revenuer.cli_help import SECTIONS
from revenuer.doctor import EXTRAS
from revenuer.findings import Alternative, Campaign, Evidence, campaigns_document
from revenuer.log import one_line
from revenuer.simulate import scenarios
from revenuer.sources.missing import CONSEQUENCES
from revenuer.summary import MissingColumn, Quality, ScanSummary, Traffic, to_json
from revenuer.tell import scan_document, tell_scan
from traffic_samples import names_in, put_parquet, rows

REVENUER = Path(sys.executable).with_name("revenuer")

CAMPAIGN = Campaign(
    campaign_id="c-1",
    confidence=0.97,
    accounts=12,
    exchanges=3400,
    first_seen="2026-03-01T00:00:00Z",
    last_seen="2026-03-09T00:00:00Z",
    capabilities={"coding": 0.2, "reasoning": 0.8},
    pathways={"first_party": 1.0},
    account_ids=("a", "b"),
    frames=("Solve <TEXT>",),
    evidence=(Evidence("template", "12 accounts share a frame", 4.2, 12),),
    alternatives=(Alternative("classroom", "no common deadline"),),
)
SUMMARY = ScanSummary(
    traffic=Traffic(exchanges=9000, accounts=300),
    quality=Quality(
        quarantined={"ts missing": 3},
        missing=(
            MissingColumn("exchanges", "ip", "addresses cannot link accounts."),
            MissingColumn("exchanges", "asn", CONSEQUENCES["exchanges"]["asn"]),
        ),
    ),
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def command(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [REVENUER, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd, timeout=300
    )


def is_one_error(text: str) -> bool:
    return text.startswith("revenuer: error: ") and text.count("\n") == 1


def test_help_comes_at_once():
    """No heavy library is loaded before a verb needs it."""
    probe = (
        "import sys, revenuer.cli; print(*{'numpy', 'pyarrow', 'numba', 'ibis', 'duckdb', 'rich'} & sys.modules.keys())"
    )
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "\n"  # noqa: S603
    assert "scan" in command("--help").stdout


@pytest.mark.parametrize(
    "verb", [name for name, verb in main.commands.items() if any(p.name == "seed" for p in verb.params)]
)
def test_a_negative_seed_is_refused(verb: str):
    """Every verb with random steps says so in one line and ends with 2: no generator takes one."""
    result = run(verb, "--seed", "-1")
    assert result.exit_code == 2
    assert "--seed" in result.output
    assert "Traceback" not in result.output


def test_help_lists_every_verb_once_on_a_line_of_its_own():
    """By task; no line is cut in a narrow terminal."""
    listed = [verb for verbs in SECTIONS.values() for verb in verbs]
    assert sorted(listed) == sorted(main.commands)
    lines = run("--help").stdout.splitlines()
    for verb, text in (pair for verbs in SECTIONS.values() for pair in verbs.items()):
        assert [line.split(maxsplit=1)[1] for line in lines if line.split()[:1] == [verb]] == [text]


def test_the_version_is_printed():
    """As other programs do it."""
    assert command("--version").stdout == f"revenuer {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan",),
        ("scan", "x"),
        ("scan", "x", "--out", "y", "--threads", "0"),
        ("simulate", "demo", "--out", "y", "--paraphrase", "2"),
        ("simulate", "demo", "--out", "y", "--infrastructure", "mixed"),
        ("simulate", "demo", "--out", "y", "--rate", "1e300"),
        ("nonsense",),
        ("--nonsense",),
    ],
)
def test_usage_errors_exit_2(arguments: tuple[str, ...], tmp_path: Path):
    """And write nothing."""
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("scan", "nowhere", "--out", "findings"), "nowhere"),
        (("scan", "empty", "--out", "findings"), "empty"),
        (("scan", "traffic", "--out", "traffic"), "traffic"),
        (("scan", "traffic", "--out", "traffic/exchanges"), "where the exchanges of traffic are read"),
        (("scan", "traffic", "--out", "traffic/../traffic/exchanges/new"), "where the exchanges of traffic are read"),
        (("scan", "traffic", "--out", "findings", "--memory", "much"), "--memory much"),
        (("report", "empty"), "campaigns.json"),
        (("evaluate", "empty", "--truth", "empty"), "empty"),
        (("simulate", "dmo", "--out", "made"), "did you mean demo?"),
        (("simulate", "demo", "--out", "traffic"), "traffic"),
        (("simulate", "demo", "--out", "made", "--corpora", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_exits_2_with_one_line(arguments: tuple[str, ...], named: str, tmp_path: Path):
    """The line says what is wrong with which path or value, and nothing is written."""
    (tmp_path / "empty").mkdir()
    put_parquet(tmp_path / "traffic", rows())
    done = command(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_error(done.stderr)
    assert named in done.stderr
    assert names_in(tmp_path) == ["empty", "traffic"]
    assert names_in(tmp_path / "traffic") == ["exchanges.parquet"]


def test_hostile_names_do_not_reach_the_terminal():
    """Escapes and line breaks in a file or column name are shown as what they are: nothing to obey."""
    assert one_line("a\x1b[31mb\r\nc\u202ed") == "a\ufffd[31mb c\ufffdd"
    done = run("scan", "no\x1b[2Jwhere\nelse", "--out", "findings")
    assert "\x1b" not in done.stderr
    assert is_one_error(done.stderr)


def test_an_unexpected_error_exits_3_and_points_to_debug(monkeypatch: pytest.MonkeyPatch):
    """One line for everybody, the traceback for who asks."""

    def fail() -> dict[str, str]:
        message = "the machine is on fire"
        raise RuntimeError(message)

    monkeypatch.setattr("revenuer.simulate.scenarios", fail)
    done = run("scenarios")
    assert done.exit_code == 3
    assert is_one_error(done.stderr)
    assert "on fire" in done.stderr
    assert "--debug" in done.stderr
    assert isinstance(run("--debug", "scenarios").exception, RuntimeError)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_leaves_nothing(number: signal.Signals, code: int, tmp_path: Path):
    """Ctrl-C and a polite kill both clean up."""
    arguments = ["simulate", "demo", "--exchanges", "400000", "--accounts", "20000", "--out", str(tmp_path / "made")]
    # started from a job in the background, a program would inherit that Ctrl-C is ignored
    process = subprocess.Popen(  # noqa: S603
        [REVENUER, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    while not names_in(tmp_path) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == code
    assert "Traceback" not in said
    assert names_in(tmp_path) == []


def test_scenarios_are_listed():
    """Every one of them, with what it is."""
    listed = dict(line.split(maxsplit=1) for line in run("scenarios").stdout.splitlines())
    assert listed == scenarios()


def test_simulate_says_what_it_made_and_quietly_says_nothing(tmp_path: Path):
    """Progress is drawn on terminals only."""
    made = run("simulate", "ordinary", "--exchanges", "2000", "--out", tmp_path / "a")
    assert (made.exit_code, made.stderr) == (0, "")
    assert "exchanges of" in made.stdout
    quiet = run("simulate", "ordinary", "--exchanges", "2000", "--out", tmp_path / "b", "-q")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_what_is_done_is_said_when_asked_for(tmp_path: Path):
    """On stderr, so that results can be piped."""
    done = run("simulate", "ordinary", "--exchanges", "2000", "--out", tmp_path / "a", "-v")
    assert done.exit_code == 0
    assert done.stderr
    assert all(line.startswith("revenuer: INFO: ") for line in done.stderr.splitlines())


def test_every_extra_that_can_be_installed_is_examined():
    """Doctor knows what each extra brings."""
    assert set(metadata("revenuer").get_all("Provides-Extra") or ()) <= set(EXTRAS)


def test_simulate_replaces_traffic_only_when_told_to(tmp_path: Path):
    """The same seed then gives the same bytes."""
    arguments = ("simulate", "ordinary", "--exchanges", "2000", "--out", tmp_path / "a")
    assert run(*arguments).exit_code == 0
    first = {path: path.read_bytes() for path in (tmp_path / "a").rglob("*.parquet")}
    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--force").exit_code == 0
    assert {path: path.read_bytes() for path in (tmp_path / "a").rglob("*.parquet")} == first


def findings(folder: Path) -> Path:
    folder.mkdir()
    (folder / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document((CAMPAIGN,))))
    (folder / "scan.json").write_bytes(to_json(SUMMARY))
    return folder


def test_report_is_drawn_anew(tmp_path: Path):
    """In the findings, or where it is asked for; the same twice."""
    folder = findings(tmp_path / "findings")
    assert run("report", folder).stdout == f"{folder / 'report.html'}\n"
    assert run("report", folder, "--out", tmp_path / "page.html").exit_code == 0
    assert (folder / "report.html").read_bytes() == (tmp_path / "page.html").read_bytes()


def test_what_scan_prints_for_programs():
    """The essentials, as plain JSON."""
    document = json.loads(msgspec.json.encode(scan_document((CAMPAIGN,), SUMMARY, 12, Path("out"))))
    assert document["findings"] == "out"
    assert (document["exchanges"], document["accounts"], document["flagged_accounts"]) == (9000, 300, 12)
    assert document["quarantined"] == {"ts missing": 3}
    assert document["missing"][0]["column"] == "ip"
    assert [campaign["campaign_id"] for campaign in document["campaigns"]] == ["c-1"]
    assert document["campaigns"][0]["confidence"] == 0.97


def test_what_scan_prints_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """What was found, what was set aside, what could not be judged, and where the report is; no column that nobody misses."""
    monkeypatch.setenv("COLUMNS", "100")
    tell_scan((CAMPAIGN,), SUMMARY, 12, Path("out"))
    said = capsys.readouterr().out
    for words in ("9,000 exchanges", "c-1", "0.97", "reasoning, coding", "1 campaign, 12 accounts flagged"):
        assert words in said
    for words in ("3 rows set aside: ts missing (3)", "No exchanges.ip: addresses cannot", "out/report.html"):
        assert words in said
    assert "asn" not in said
    tell_scan((), ScanSummary(), 0, Path("out"))
    assert "No campaign, 0 accounts flagged." in capsys.readouterr().out


@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_names_of_campaigns_and_numbers_are_never_cut(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """However narrow the terminal, a name can be copied whole, and no certainty is claimed that was not reached."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    mix = {"trace_reconstruction": 0.6, "cot_elicitation": 0.4}
    found = dataclasses.replace(
        CAMPAIGN, campaign_id="C-64e91bb3b7ce", confidence=0.99951, exchanges=1_234_567, capabilities=mix
    )
    tell_scan((found,), SUMMARY, 12, Path("out"))
    said = capsys.readouterr().out
    for words in ("C-64e91bb3b7ce", ">0.99", "1,234,567", "reco"):
        assert words in said


def test_doctor_says_that_a_scan_can_run():
    """For people and for programs; every check is one that was carried out."""
    done = run("doctor", "--json")
    document = json.loads(done.stdout)
    assert [check["name"] for check in document["checks"] if not check["ok"]] == []
    assert (done.exit_code, document["ok"]) == (0, True)
    assert document["packages"]["pyarrow"]
    assert document["models"]
    assert all(len(model["sha256"]) == 64 and model["bytes"] > 0 for model in document["models"])
    assert "A scan can run." in run("doctor").stdout


def test_doctor_names_what_is_broken(monkeypatch: pytest.MonkeyPatch):
    """And exits 1."""
    monkeypatch.setattr("revenuer.doctor._required", lambda: ["pyarrow", "no-such-package"])
    done = run("doctor")
    assert done.exit_code == 1
    assert "missing" in done.stdout
    assert "A scan cannot run." in done.stdout
