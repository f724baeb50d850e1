"""The verbs of canaries, from registering to the test of a suspect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from revenuer.cli_canary import canary
from revenuer.errors import ConfigError, InputError

KEY = {"REVENUER_CANARY_KEY": "a secret of at least sixteen bytes"}
VARIANTS = ("to begin with", "first of all", "for a start", "at the outset")
POLICY = """
schema = 1
kinds = ["wording"]
campaigns = ["C1"]
topics_never = []
most_each = 50
approved_by = ["A. Reviewer"]
expires = 2026-12-31
"""


class Desk:
    """A folder with a register and a policy, and the verbs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at("policy.toml", POLICY)

    def at(self, name: str, text: str) -> str:
        """A file of the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Result:
        """A verb, with the register."""
        where = ["--registry", str(self.folder / "canaries.jsonl")]
        return CliRunner().invoke(canary, [*arguments, *where], env=KEY if env is None else env)

    def add(self, name: str, *variants: str) -> Result:
        """Register a canary."""
        said = [word for variant in variants for word in ("--variant", variant)]
        days = ("--expires", "2026-06-01", "--on", "2026-01-01", "--reviewed-by", "A. Reviewer")
        return self.run("new", name, "--kind", "wording", *said, *days)

    def serve(self, text: str, *more: str) -> Result:
        """Place canaries in an answer."""
        answer, policy = self.at("answer.txt", text), str(self.folder / "policy.toml")
        return self.run("place", answer, "--campaign", "C1", "--policy", policy, "--on", "2026-02-01", *more)

    def test(self, rows: list[dict[str, object]], *more: str) -> Result:
        """Test a suspect."""
        suspect = self.at("suspect.jsonl", "\n".join(map(json.dumps, rows)))
        return self.run("test", suspect, "--campaign", "C1", *more)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Ten canaries of four variants."""
    made = Desk(tmp_path)
    for i in range(10):
        assert made.add(f"c{i}", *(f"{variant} {i:c<3}" for variant in VARIANTS)).exit_code == 0
    return made


@pytest.fixture
def served(desk: Desk) -> Result:
    """All of them, served to C1."""
    return desk.serve(" ".join(f"{VARIANTS[0]} {i:c<3}." for i in range(10)))


def test_who_repeats_what_was_served_is_found(desk: Desk, served: Result) -> None:
    """A suspect whose answers hold the served variants is evidence, and exits with 1."""
    found = desk.test([{"answer": served.stdout}], "--json")
    report = json.loads(found.stdout)
    assert found.exit_code == 1
    assert (report["verdict"], report["first"], report["canaries"]) == ("evidence", 10, 10)
    assert report["p"] == pytest.approx(4.0**-10)


@pytest.mark.usefixtures("served")
def test_who_says_something_else_is_not(desk: Desk) -> None:
    """A suspect that says none of it exits with 0, and is told apart from one that was hardly tested."""
    found = desk.test([{"answer": "nothing of that kind"}])
    assert found.exit_code == 0
    assert "underpowered" in found.stdout
    assert "0 of 10 canaries have scores that differ" in found.stdout


@pytest.mark.usefixtures("served")
def test_scores_of_an_open_model_are_taken(desk: Desk) -> None:
    """Log-probabilities of the variants are ranked instead of counts."""
    rows: list[dict[str, object]] = [{"canary": f"c{i}", "scores": [-1.0, -2.0, -3.0, -4.0]} for i in range(10)]
    report = json.loads(desk.test(rows, "--json").stdout)
    assert (report["informative"], report["canaries"]) == (10, 10)
    assert 0 < report["p"] <= 1


def test_what_was_placed_is_told_and_registered(desk: Desk, served: Result) -> None:
    """Placing says how many canaries an answer has, and code passes untouched with the reason."""
    assert "canaries placed: 10" in served.stderr
    code = desk.serve(f"{VARIANTS[0]} 1cc", "--content", "code")
    assert code.stdout == f"{VARIANTS[0]} 1cc"
    assert "served as it is" in code.stderr


def test_without_the_secret_nothing_is_done(desk: Desk) -> None:
    """The error names the variable that holds the secret."""
    result = desk.run("test", desk.at("x.jsonl", ""), "--campaign", "C1", env={"REVENUER_CANARY_KEY": ""})
    assert isinstance(result.exception, ConfigError)
    assert "REVENUER_CANARY_KEY" in str(result.exception)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON"),
        ('{"text": "x"}', "expected"),
        ('{"canary": "none", "scores": [1, 2]}', "no such canary"),
        ('{"canary": "c1", "scores": [true, 2]}', "expected"),
    ],
)
def test_a_line_that_cannot_be_is_named(line: str, why: str, desk: Desk) -> None:
    """A bad line of a suspect's file is an error with its number."""
    result = desk.run("test", desk.at("x.jsonl", '{"answer": "fine"}\n' + line), "--campaign", "C1")
    assert isinstance(result.exception, InputError)
    assert "line 2" in str(result.exception)
    assert why in str(result.exception)


@pytest.mark.usefixtures("served")
def test_another_campaign_was_served_nothing(desk: Desk) -> None:
    """Only who was served canaries can be tested for them."""
    suspect = desk.at("x.jsonl", '{"answer": "fine"}')
    result = desk.run("test", suspect, "--campaign", "C2")
    assert isinstance(result.exception, ConfigError)
