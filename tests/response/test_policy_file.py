"""Policies say what they mean, and may not say everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from revenuer.errors import ConfigError, InputError
from revenuer.response import LADDER, default_policy, default_text, load_policy, policy_notes


def written(folder: Path, old: str = "", new: str = "") -> Path:
    """The policy that is shipped, with one thing changed."""
    assert old in default_text()
    path = folder / "policy.toml"
    path.write_text(default_text().replace(old, new, 1), encoding="utf-8")
    return path


def test_the_policy_that_is_shipped_is_one():
    """In shadow, with every rung that it uses ending by itself."""
    policy = default_policy()
    assert policy.mode == "shadow"
    assert any("shadow" in note for note in policy_notes(policy))
    assert {rule.rung for rule in policy.rule} <= set(LADDER)


def test_a_copy_reads_as_the_original(tmp_path: Path):
    """What is printed to be copied is what is used."""
    assert load_policy(written(tmp_path)) == default_policy()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("network_action = 2\n", "network_action = 1\n", "approvals.network_action"),
        ("suspend = 1\n", "suspend = 0\n", "approvals.suspend"),
        ("verify = 30\n", "", "expires.verify"),
        ("verify = 30\n", "verify = 4000\n", "expires.verify"),
        ('name = "member"', 'name = "harvester"', "two of this name"),
        ("when.share_low = 0.3", "when.share_low = 3.0", "share_low"),
        ("when.confidence = 0.95", "", "least confidence"),
        ('rung = "suspend"\nscope = "account"', 'rung = "suspend"\nscope = "request"', "flagged accounts only"),
        ("schema = 1", "schema = 2", "schema 2"),
        ('version = "default-1"', 'version = ""', "version"),
        ("share = 0.01", "share = 1.01", "holdout.share"),
        ("resembling_tasks = 2", "resembling_tasks = 1", "limits.resembling_tasks"),
        ("resembling_tasks = 2", "resembling_tasks = 10", "limits.resembling_tasks"),
    ],
)
def test_a_policy_may_not_say_everything(old: str, new: str, named: str, tmp_path: Path):
    """What cannot be undone needs people, every decision ends, and nobody is met without evidence."""
    with pytest.raises(ConfigError, match=named):
        load_policy(written(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("when.flagged = true", "when.country = 'X'", "country"),
        ("when.flagged = true", "when.language = 'X'", "language"),
        ('rung = "suspend"', 'rung = "poison"', "poison"),
        ('mode = "shadow"', "mode = shadow", "TOML"),
        ("above_observe = 0.5", 'above_observe = "half"', "above_observe"),
    ],
)
def test_what_no_policy_holds_is_refused(old: str, new: str, named: str, tmp_path: Path):
    """By its name: a condition on people's origin is not one that could be written down."""
    with pytest.raises(InputError, match=named):
        load_policy(written(tmp_path, old, new))


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path):
    """With its name."""
    with pytest.raises(InputError, match="nowhere"):
        load_policy(tmp_path / "nowhere.toml")
