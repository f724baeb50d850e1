"""The command that hands out keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from revenuer.cli import main

pytest.importorskip("sqlalchemy", reason="needs the extra 'service'")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["keys", *arguments])


def test_a_key_is_made_listed_rotated_and_revoked(tmp_path: Path):
    """The secret is printed once, alone on standard output; the list shows what each key may and no secret."""
    url = str(tmp_path / "state.db")
    made = run("create", "the gateway", "--state", url, "--scope", "decide", "--scope", "read", "--per-minute", "60")
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    name = secret[:14]
    followed = run("rotate", name, "--state", url, "--overlap-hours", "1", "--json")
    second = json.loads(followed.stdout)
    assert second["key"]["follows"] == name
    assert second["secret"].startswith(second["key"]["key_id"] + "_")
    assert run("revoke", name, "--state", url).exit_code == 0
    listed = run("list", "--state", url)
    assert [line.split()[:3] for line in sorted(listed.stdout.splitlines(), key=lambda line: "opens" in line)] == [
        [name, "revoked", "decide,read"],
        [second["key"]["key_id"], "opens", "decide,read"],
    ]
    assert secret not in listed.output
    assert {one["key_id"] for one in json.loads(run("list", "--state", url, "--json").stdout)} == {
        name,
        second["key"]["key_id"],
    }
    assert "digest" not in run("list", "--state", url, "--json").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "a", "--scope", "approve"),
        ("create", " ", "--scope", "read"),
        ("create", "a", "--scope", "read", "--until", "2020-01-01"),
        ("create", "a", "--scope", "read", "--until", "soon"),
        ("revoke", "rvk_nothing"),
        ("rotate", "rvk_nothing"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], tmp_path: Path):
    """A scope that no key has, a nameless key, an end that is past or none, a key that is not there: exit code 2."""
    assert run(*arguments, "--state", str(tmp_path / "state.db")).exit_code == 2
