"""What leaves: valid STIX, of many accounts together, and never a word of a prompt, a person or an account."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import stix2
from click.testing import CliRunner
from stix2validator import ValidationOptions, validate_instance
from stix_samples import FRAME, MIXED, OTHER, SECRET, SHARED, members, write_findings, write_traffic

from revenuer.cli import main
from revenuer.errors import ConfigError, InputError
from revenuer.fingerprint import masking
from revenuer.sharing.bundle import Telling, bundle_of
from revenuer.sharing.facts import Observed, observe_traffic, prefix_of
from revenuer.sharing.preview import leaves, preview
from revenuer.sharing.sketch import alike, frame_bands
from revenuer.sharing.stix_objects import extension_schema
from revenuer.sharing.vocabulary import BANDS, EXTENSION, SLOT, TLP
from revenuer.summary import read_findings

# Ids of ours are UUIDv5, so that they can be told again; the standard recommends v4 and forbids nothing.
OPTIONS = ValidationOptions(version="2.1", disabled="103")


def made(place: Path, accounts: int = 24, **how: Any) -> dict[str, Any]:
    found = read_findings(write_findings(place / "findings", accounts))[0]
    seen = observe_traffic(write_traffic(place / "traffic", accounts), found)
    return bundle_of(found, seen, Telling(**{"secret": SECRET, **how}))


def of(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in bundle["objects"] if one["type"] == kind]


@pytest.mark.parametrize("tlp", TLP)
def test_the_validator_finds_nothing(tmp_path: Path, tlp: str) -> None:
    """A bundle under every marking, all options on, has no error and no warning, and the library reads it."""
    bundle = made(tmp_path, tlp=tlp, volumes=True, capabilities=True)
    result = validate_instance(bundle, OPTIONS)
    assert result.is_valid
    assert not result.warnings
    assert len(stix2.parse(bundle, allow_custom=True).objects) == len(bundle["objects"])


def test_every_kind_of_object_is_told(tmp_path: Path) -> None:
    """A campaign comes with its operator, infrastructure, indicators of every channel, observed data, sighting, grouping and report."""
    bundle = made(tmp_path)
    kinds = {one["type"] for one in bundle["objects"]}
    assert kinds >= {"campaign", "intrusion-set", "infrastructure", "observed-data", "sighting", "grouping", "report"}
    channels = {one["extensions"][EXTENSION]["channel"] for one in of(bundle, "indicator")}
    assert channels == {"template", "network", "domain", "timing", "signup"}
    assert all(one["valid_until"] > one["valid_from"] and one["confidence"] <= 90 for one in of(bundle, "indicator"))
    references = {one["external_references"][0]["external_id"] for one in of(bundle, "attack-pattern")}
    assert references == {"AML.T0024.002", "AML.T0040"}
    assert not {ref for one in bundle["objects"] for ref in _refs(one)} - {one["id"] for one in bundle["objects"]}


def _refs(one: dict[str, Any]) -> list[str]:
    return [value for path, value in leaves(one) if path.removesuffix("[]").endswith(("_ref", "_refs"))]


def test_the_extension_is_as_its_schema_says(tmp_path: Path) -> None:
    """Templates, cohorts and what the extension adds to campaigns and indicators agree with the schema that is sent along."""
    bundle = made(tmp_path, volumes=True, capabilities=True)
    schema = json.loads(extension_schema())
    held = [one["extensions"][EXTENSION] for one in bundle["objects"] if EXTENSION in one.get("extensions", {})]
    held += of(bundle, "llm-prompt-template") + of(bundle, "llm-account-cohort")
    assert len(held) >= 9
    for one in held:
        jsonschema.validate(one, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"extension_type": "property-extension", "channel": "prompt"}, schema)


def test_no_account_person_or_word_leaves(tmp_path: Path) -> None:
    """Of ids, addresses, mail, prompts and readable templates nothing stands in the bundle, nor words that are no plan."""
    text = json.dumps(made(tmp_path, volumes=True, capabilities=True))
    for secret in (
        *members(24),
        "acct_",
        "x-",
        "em_",
        "private words",
        "thinking that leads",
        "pupils",
        "C-0123456789ab",
    ):
        assert secret not in text
    assert "a plan for one customer" not in text
    assert f"{SHARED}.0/24" in text
    assert f"{SHARED}.3" not in text.replace(f"{SHARED}.0/24", "")


def test_networks_of_few_or_of_others_stay_here(tmp_path: Path) -> None:
    """A network is told if three members and hardly anybody else are seen on it."""
    found = read_findings(write_findings(tmp_path / "findings"))[0]
    (seen,) = observe_traffic(write_traffic(tmp_path / "traffic"), found)
    assert seen.networks == (f"{SHARED}.0/24",)
    assert seen.domains == ("farm.example",)
    assert MIXED not in json.dumps(seen.networks)
    assert seen.signup == {"payment_kind": {"virtual_card": 1.0}, "within_three_days": 1.0}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("81.2.3.4", "81.2.3.0/24"),
        ("2a02:1234:5678:9abc::1", "2a02:1234:5678::/48"),
        ("::ffff:81.2.3.4", "81.2.3.0/24"),
        ("10.1.2.3", None),
        ("192.0.2.7", None),
        ("fe80::1", None),
        ("not an address", None),
    ],
)
def test_only_public_networks_are_told(address: str, network: str | None) -> None:
    """Addresses become networks of /24 or /48; private, reserved and broken ones become nothing."""
    assert prefix_of(address) == network


def test_competitive_figures_need_to_be_asked_for(tmp_path: Path) -> None:
    """Numbers of accounts and exchanges, pathways and capabilities are told when somebody says so, and not before."""
    shy = json.dumps(made(tmp_path))
    (tmp_path / "again").mkdir()
    frank = json.dumps(made(tmp_path / "again", volumes=True, capabilities=True))
    for told in ("first_party", "744", "cot_elicitation", "0.8125"):
        assert told not in shy
        assert told in frank


def test_without_a_secret_no_template_is_told(tmp_path: Path) -> None:
    """Bands under no key could be tried out, so there are none."""
    bundle = made(tmp_path, secret=None)
    assert not of(bundle, "llm-prompt-template")
    assert of(bundle, "indicator")


def test_same_findings_same_bytes_and_later_versions_keep_their_ids(tmp_path: Path) -> None:
    """Told twice it is the same; told later it is a later version of the same objects."""
    found = read_findings(write_findings(tmp_path / "findings"))[0]
    once, again = (bundle_of(found, [Observed()], Telling(secret=SECRET)) for _ in range(2))
    assert json.dumps(once) == json.dumps(again)
    later = bundle_of(found, [Observed()], Telling(secret=SECRET, at="2026-10-01T00:00:00Z"))
    before = {one["id"]: one for one in once["objects"]}
    for one in later["objects"]:
        assert one.get("created") == before[one["id"]].get("created") or one["type"] == "report"
    assert of(later, "campaign")[0]["modified"] > of(once, "campaign")[0]["modified"]
    with pytest.raises(ConfigError, match="lies before"):
        bundle_of(found, [Observed()], Telling(at="2026-09-02T00:00:00Z"))


def test_a_campaign_of_twenty_thousand_accounts_is_a_small_bundle(tmp_path: Path) -> None:
    """The bundle does not grow with the accounts: a megabyte at most, and no more indicators than channels and templates."""
    frames = tuple(
        f"{FRAME} Kind {letters} of {letters} only {letters}." for letters in ("ab" * n for n in range(1, 70))
    )
    found = read_findings(write_findings(tmp_path / "findings", 20_000, frames))[0]
    networks = tuple(f"81.{n // 250}.{n % 250}.0/24" for n in range(256))
    seen = Observed(networks, tuple(f"farm{n}.example" for n in range(256)), (0.04,) * 24, {"plan": {"pro": 1.0}})
    bundle = bundle_of(found, [seen], Telling(secret=SECRET, volumes=True, capabilities=True))
    assert len(json.dumps(bundle, indent=1)) < 1_000_000
    assert len(of(bundle, "indicator")) == 64 + 4
    assert "acct_" not in json.dumps(bundle)


def test_the_preview_shows_every_value(tmp_path: Path) -> None:
    """Whatever stands in the bundle stands in the preview, the definitions that are the same for everybody aside."""
    bundle = made(tmp_path)
    text = "\n".join(preview(bundle, volumes=False, capabilities=False))
    for one in bundle["objects"]:
        if one["type"] != "extension-definition":
            assert all(f"  {path} = {value}" in text for path, value in leaves(one))
    assert "--include-volumes" in text


def test_templates_are_known_again_by_who_holds_the_secret_alone() -> None:
    """A template with another word in it is alike under one secret; under another, or another template, it is not."""
    bands, reworded = frame_bands(FRAME, SECRET), frame_bands(FRAME.replace("one line", "two lines"), SECRET)
    other, elsewhere = frame_bands(OTHER, SECRET), frame_bands(FRAME, type(SECRET)(b"another secret...", "ff" * 8))
    assert bands is not None
    assert reworded is not None
    assert other is not None
    assert elsewhere is not None
    assert alike(bands, reworded)
    assert not alike(bands, other)
    assert not set(bands) & set(elsewhere)
    assert frame_bands("too short {…}", SECRET) is None


def test_templates_are_read_as_findings_show_them() -> None:
    """What masking leaves out is no word of a template, and a template has as many bands as peers expect."""
    assert SLOT == masking.SLOT
    bands = frame_bands(FRAME, SECRET)
    assert bands is not None
    assert len(bands) == BANDS


def test_the_command_writes_previews_and_refuses(tmp_path: Path) -> None:
    """`share` writes its file once, shows what would leave without writing, and says in a line what it cannot do."""
    findings, traffic = write_findings(tmp_path / "f"), write_traffic(tmp_path / "t")
    (tmp_path / "key").write_bytes(b"sixteen bytes or more\n")
    out, run = tmp_path / "b.json", CliRunner().invoke
    told = ["share", str(findings), "--traffic", str(traffic), "--key", str(tmp_path / "key"), "--out", str(out)]
    assert run(main, told).exit_code == 0
    assert validate_instance(json.loads(out.read_text()), OPTIONS).is_valid
    assert run(main, told).exit_code == 2
    shown = run(main, ["share", str(findings), "--preview"])
    assert shown.exit_code == 0
    assert "What stays here:" in shown.output
    assert run(main, ["share", str(findings)]).exit_code == 2
    assert run(main, ["share", str(tmp_path), "--preview"]).exit_code == 2
    (tmp_path / "key").write_bytes(b"short")
    assert "16 bytes" in run(main, [*told, "--force"]).stderr


def test_other_traffic_is_refused(tmp_path: Path) -> None:
    """Traffic that holds none of a campaign's accounts is not that of the findings."""
    found = read_findings(write_findings(tmp_path / "f", 40))[0]
    traffic = write_traffic(tmp_path / "t", 3)
    with pytest.raises(InputError, match="holds no exchange"):
        observe_traffic(traffic, (replace(found[0], account_ids=("nobody",)),))
