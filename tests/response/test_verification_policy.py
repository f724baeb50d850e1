"""The file of the verification policy: what it says, and what it must not say."""

from __future__ import annotations

from math import log10
from pathlib import Path

import pytest

from revenuer.errors import ConfigError, InputError
from revenuer.response.verification import (
    OUTCOMES,
    default_verification_policy,
    default_verification_text,
    load_verification_policy,
)


def written(folder: Path, old: str = "", new: str = "") -> Path:
    """The policy that is shipped, with one thing changed."""
    assert old in default_verification_text()
    path = folder / "verification.toml"
    path.write_text(default_verification_text().replace(old, new, 1), encoding="utf-8")
    return path


def test_a_copy_reads_as_the_original(tmp_path: Path):
    """What is printed to be copied is what is used, and it is in shadow."""
    assert load_verification_policy(written(tmp_path)) == default_verification_policy()
    assert default_verification_policy().mode == "shadow"


def test_an_outcome_begins_where_its_share_says():
    """The evidence that an outcome takes is the logarithm of one over its share, and no score denies."""
    policy = default_verification_policy()
    for outcome in OUTCOMES[1:4]:
        bound = -log10(getattr(policy.honest, outcome))
        assert policy.by_score(bound + 1e-9) == outcome
        assert policy.by_score(bound - 1e-9) == OUTCOMES[OUTCOMES.index(outcome) - 1]
    assert policy.by_score(1e9) == "review"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("schema = 1", "schema = 2", "schema 2"),
        ('version = "default-1"', 'version = " "', "version"),
        ("bet = 0.5", "bet = 1.0", "bet"),
        ("step_up = 0.01", "step_up = 0.5", "honest"),
        ("review = 0.001", "review = 0.0", "honest"),
        ("deny = 90\n", "", "expires.deny"),
        ("deny = 90", "deny = 4000", "expires.deny"),
        ("line = 0.5", "line = 2.0", "caps.line"),
        ("mail = 3.0", "mails = 3.0", "caps.mails"),
        ("mail = 3.0", "mail = -3.0", "caps.mail"),
        ("credits = 5", "credits = -5", "limits.credits"),
        ('name = "orcid"', 'name = "dns_txt"', "two of this name"),
        ('for = ["step_up"]', 'for = ["stepup"]', "nothing is called stepup"),
        ('education = "approve_with_limits"', 'school = "approve_with_limits"', "programme.school"),
    ],
)
def test_a_policy_may_not_say_everything(old: str, new: str, named: str, tmp_path: Path):
    """Every outcome ends, thresholds are in order, and what cannot be is named by its place."""
    with pytest.raises(ConfigError, match=named):
        load_verification_policy(written(tmp_path, old, new))


def test_nobody_is_left_without_an_alternative(tmp_path: Path):
    """A purpose with a single proof is refused: whom it does not fit would be shut out."""
    text = default_verification_text()
    start = text.index("[[proof]]", text.index('name = "dns_txt"'))
    path = tmp_path / "few.toml"
    path.write_text(text.replace(text[text.index("[[proof]]") : start], "") + "", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace('"research"', '"startup"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="research needs 2 alternatives"):
        load_verification_policy(path)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("[honest]\n", "[honest]\ndeny = 0.1\n", "deny"),
        ("bet = 0.5", "bet = 0.5\ncountry = 'X'", "country"),
        ('campaign_suspected = "review"', 'campaign_suspected = "deny"', "campaign_suspected"),
        ('education = "approve_with_limits"', 'education = "deny"', "programme"),
        ('mode = "shadow"', 'mode = "loud"', "mode"),
        ("schema = 1", "schema = ", "TOML"),
    ],
)
def test_what_no_policy_holds_is_refused(old: str, new: str, named: str, tmp_path: Path):
    """There is no threshold from which a score denies, none for a country, and a suspicion or a missing proof denies nobody."""
    with pytest.raises(InputError, match=named):
        load_verification_policy(written(tmp_path, old, new))


def test_a_policy_that_is_not_there_is_named(tmp_path: Path):
    """The error names the file."""
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        load_verification_policy(tmp_path / "nowhere.toml")
