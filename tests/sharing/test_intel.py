"""What peers tell: read strictly, kept with its source, worth less each day, and never worth a verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from stix2validator import ValidationOptions, validate_instance
from stix_samples import FRAME, SECRET, indicator, template, write_bundle, write_findings

from revenuer.campaigns.innocent import HYPOTHESES
from revenuer.campaigns.verdict import ENOUGH
from revenuer.cli import main
from revenuer.errors import InputError
from revenuer.sharing import intel_store
from revenuer.sharing.intel_prior import INTEL_CAP, STRENGTH, Hit, intel_prior, weight
from revenuer.sharing.intel_store import OWN, Held, IntelStore
from revenuer.sharing.peer_indicators import PeerIndicator, read_peer_bundle
from revenuer.sharing.sketch import frame_bands

NETWORK = "[ipv4-addr:value ISSUBSET '81.20.30.0/24' OR ipv6-addr:value ISSUBSET '2a02:1234:5678::/48']"
FRESH = datetime(2026, 9, 1, tzinfo=UTC)

PEER = PeerIndicator(
    id="indicator--00000000-0000-4000-8000-000000000000",
    modified="2026-09-01T00:00:00.000000Z",
    campaign="campaign--00000000-0000-4000-8000-000000000000",
    channel="network",
    values=("81.20.30.0/24",),
    key_name="",
    confidence=0.9,
    valid_from="2026-09-01T00:00:00.000000Z",
    valid_until="2026-10-13T00:00:00.000000Z",
    half_life_days=14,
)


def held(trust: float = 1.0, **opinions: str) -> Held:
    return Held(PEER, "Lab A", trust, opinions)


def test_indicators_of_every_channel_are_read(tmp_path: Path) -> None:
    """Networks, mail domains and templates with the campaign that they indicate, and when they end."""
    bands = frame_bands(FRAME, SECRET)
    assert bands is not None
    objects = [indicator(NETWORK, 1), indicator("[domain-name:value = 'farm.example']", 2), template(bands, 3)]
    objects.append(indicator("[llm-account-cohort:peak >= 0.9 AND llm-account-cohort:peak <= 1.1]", 4))
    campaign = "campaign--11111111-1111-4111-8111-111111111111"
    ends = {"source_ref": objects[0]["id"], "target_ref": campaign, "relationship_type": "indicates"}
    read = read_peer_bundle(write_bundle(tmp_path / "b.json", *objects, {"type": "relationship", **ends}))
    assert [one.channel for one in read.indicators] == ["network", "domain", "template", "timing"]
    assert read.indicators[0].values == ("81.20.30.0/24", "2a02:1234:5678::/48")
    assert read.indicators[0].campaign == campaign
    assert read.indicators[2].values == bands
    assert read.indicators[1].campaign == read.indicators[1].id
    assert not read.passed


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value ISSUBSET '0.0.0.0/0']",
        "[ipv4-addr:value ISSUBSET '81.0.0.0/8']",
        "[ipv6-addr:value ISSUBSET '2a02::/16']",
        "[ipv4-addr:value ISSUBSET '10.0.0.0/24']",
        "[ipv4-addr:value ISSUBSET '81.20.30.0/24'] AND [domain-name:value = 'x.example']",
        "[file:name LIKE '%']",
        "[llm-prompt-template:bands[*] IN ('0123456789abcdef')]",
        "[" + " OR ".join(["ipv4-addr:value ISSUBSET '81.20.30.0/24'"] * 2_000) + "]",
    ],
)
def test_what_says_too_much_or_is_not_understood_is_passed_over(tmp_path: Path, pattern: str) -> None:
    """Half of the internet, private networks, endless patterns and other grammars are counted and left out."""
    read = read_peer_bundle(write_bundle(tmp_path / "b.json", indicator(pattern), indicator(NETWORK, 1)))
    assert len(read.indicators) == 1
    assert sum(read.passed.values()) == 1


@pytest.mark.parametrize(
    "more",
    [{"confidence": 1_000}, {"confidence": True}, {"id": "indicator--1"}, {"valid_from": "soon"}, {"modified": None}],
)
def test_a_broken_indicator_is_passed_over(tmp_path: Path, more: dict[str, object]) -> None:
    """A confidence, id or time that is none costs the indicator, not the bundle."""
    read = read_peer_bundle(write_bundle(tmp_path / "b.json", indicator(NETWORK, **more)))
    assert (len(read.indicators), sum(read.passed.values())) == (0, 1)


_ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.text(max_size=12)
    | st.sampled_from([NETWORK, "stix", "agree"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_OBJECT = st.fixed_dictionaries(
    {"type": st.sampled_from(["indicator", "opinion", "relationship"])},
    optional=dict.fromkeys(
        {*indicator(NETWORK), "extensions", "object_refs", "opinion", "source_ref"} - {"type"}, _ANY
    ),
)


@given(st.lists(_OBJECT | _ANY, max_size=4))
def test_no_bundle_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, objects: list[object]) -> None:
    """Whatever stands in it, a bundle is read; what is no bundle is refused in a line."""
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps({"type": "bundle", "objects": objects}), encoding="utf-8")
    assert len(read_peer_bundle(file).indicators) <= len(objects)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type": "bundle", "objects": {}}', "[" * 100_000])
def test_what_is_no_bundle_is_refused(tmp_path: Path, text: str) -> None:
    """No JSON, or none of a bundle: one clear error."""
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(InputError):
        read_peer_bundle(tmp_path / "b.json")
    with pytest.raises(InputError):
        read_peer_bundle(tmp_path / "nowhere.json")


def test_worth_halves_with_its_half_life_and_ends() -> None:
    """Fresh it is trust times confidence; after fourteen days half of it; from `valid_until` on nothing."""
    assert weight(held(0.5), FRESH) == pytest.approx(0.45)
    assert weight(held(0.5), FRESH + timedelta(days=14)) == pytest.approx(0.225)
    assert weight(held(), FRESH + timedelta(days=41)) > 0.0
    assert weight(held(), FRESH + timedelta(days=42)) == 0.0
    assert weight(held(), FRESH - timedelta(days=9)) == pytest.approx(0.9)


def test_no_peer_asks_for_more_time_than_we_give(tmp_path: Path) -> None:
    """`valid_until` may be sooner than three half-lives, never later."""
    bundle = write_bundle(
        tmp_path / "b.json",
        indicator(NETWORK, 1, valid_until="2036-01-01T00:00:00Z"),
        indicator(NETWORK, 2, valid_until="2026-09-05T00:00:00Z"),
    )
    assert [one.valid_until[:10] for one in read_peer_bundle(bundle).indicators] == ["2026-10-13", "2026-09-05"]


def test_doubt_lessens_and_agreement_adds_nothing() -> None:
    """Each peer that disagrees halves it, we end it, and any number of friends change nothing."""
    full = weight(held(), FRESH)
    friends = {f"friend {number}": "strongly-agree" for number in range(50)}
    assert weight(held(**friends), FRESH) == full
    assert weight(held(**{"Lab C": "disagree"}), FRESH) == full / 2
    assert weight(held(**{OWN: "strongly-disagree"}), FRESH) == 0.0
    assert weight(held(**{OWN: "neutral"}), FRESH) == full
    assert weight(replace(held(), indicator=replace(PEER, revoked=True)), FRESH) == 0.0


_HITS = st.lists(
    st.builds(
        Hit,
        source=st.sampled_from("abc"),
        campaign=st.sampled_from("xyz"),
        channel=st.sampled_from(sorted(STRENGTH)),
        indicator=st.text(max_size=3),
        worth=st.floats(0, 1e6),
    ),
    max_size=40,
)


@given(_HITS)
def test_the_hint_is_capped_whatever_is_claimed(hits: list[Hit]) -> None:
    """Any number of indicators of any worth add between nothing and the cap."""
    assert 0.0 <= intel_prior(hits) <= INTEL_CAP


def test_the_cap_is_short_of_a_verdict() -> None:
    """Against no innocent explanation is the cap, without evidence, enough for a verdict."""
    assert max(hypothesis.prior for hypothesis in HYPOTHESES) + INTEL_CAP < ENOUGH


def test_many_names_say_no_more_than_one() -> None:
    """A hundred sources, or a hundred campaigns, or a hundred indicators of one channel weigh as much as one."""
    one = Hit("a", "x", "template", "1", 0.9)
    assert intel_prior([one]) == pytest.approx(0.36)
    assert intel_prior([replace(one, source=str(n)) for n in range(100)]) == intel_prior([one])
    assert intel_prior([replace(one, campaign=str(n)) for n in range(100)]) == intel_prior([one])
    assert intel_prior([replace(one, indicator=str(n)) for n in range(100)]) == intel_prior([one])
    assert intel_prior([one, replace(one, channel="network")]) == pytest.approx(0.63 - 0.03)
    assert intel_prior([replace(one, channel="timing"), replace(one, channel="signup")]) == 0.0


def test_the_store_keeps_versions_sources_and_opinions(tmp_path: Path) -> None:
    """A later version replaces an earlier one of the same source alone; an opinion is its source's; trust is the peer's."""
    store = IntelStore(tmp_path / "intel.db")
    old = read_peer_bundle(write_bundle(tmp_path / "1.json", indicator(NETWORK)))
    revoked = indicator(NETWORK, modified="2026-09-09T00:00:00Z", revoked=True)
    new = read_peer_bundle(write_bundle(tmp_path / "2.json", revoked))
    assert store.keep(old, "Lab A", 0.5).new == 1
    assert store.keep(new, "Lab B", 0.1).new == 1
    assert [one.indicator.revoked for one in store.held()] == [False, True]
    assert store.keep(new, "Lab A", 0.5).renewed == 1
    assert store.keep(old, "Lab A", 0.25).renewed == 0
    assert [(one.source, one.trust, one.indicator.revoked) for one in store.held()] == [
        ("Lab A", 0.25, True),
        ("Lab B", 0.1, True),
    ]
    opinion = {
        "type": "opinion",
        "id": "opinion--00000000-0000-4000-8000-000000000001",
        "modified": "2026-09-02T00:00:00Z",
        "opinion": "disagree",
        "object_refs": [PEER.id],
    }
    store.keep(read_peer_bundle(write_bundle(tmp_path / "3.json", opinion)), "Lab C", 1.0)
    assert store.held()[0].opinions == {"Lab C": "disagree"}
    with pytest.raises(InputError, match="own opinions"):
        store.keep(old, OWN, 1.0)


def test_two_imports_at_once_lose_nothing(tmp_path: Path) -> None:
    """Writers wait for each other."""
    store = IntelStore(tmp_path / "intel.db")
    reads = [
        read_peer_bundle(write_bundle(tmp_path / f"{n}.json", *(indicator(NETWORK, 20 * n + m) for m in range(20))))
        for n in range(6)
    ]
    threads = [Thread(target=store.keep, args=(read, f"peer {n % 2}", 0.5)) for n, read in enumerate(reads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.held()) == 120


def test_the_commands_import_list_judge_and_answer(tmp_path: Path) -> None:
    """Indicators come in with their source, opinions of ours weigh on them and go out as valid STIX without our notes."""
    bundle, store = write_bundle(tmp_path / "b.json", indicator(NETWORK)), str(tmp_path / "intel.db")
    run, at = CliRunner().invoke, ["--at", "2026-09-01T00:00:00Z"]
    assert run(main, ["intel", "list", "--store", store]).exit_code == 2
    taken = run(main, ["intel", "import", str(bundle), "--store", store, "--from", "Lab A", "--trust", "1"])
    assert "1 indicators are new" in taken.output
    (shown,) = json.loads(run(main, ["intel", "list", "--store", store, "--json", *at]).output)
    assert (shown["source"], shown["worth"]) == ("Lab A", 0.9)
    assert "from Lab A" in run(main, ["intel", "list", "--store", store, *at]).output
    for verb, worth in (("dispute", 0.0), ("withdraw", 0.9), ("confirm", 0.9), ("dispute", 0.0)):
        assert run(main, ["intel", verb, PEER.id, "--store", store, "--note", "between us", *at]).exit_code == 0
        assert json.loads(run(main, ["intel", "list", "--store", store, "--json", *at]).output)[0]["worth"] == worth
    out = tmp_path / "reply.json"
    told = ["intel", "sight", "--store", store, "--out", str(out), *at]
    assert run(main, told).exit_code == 0
    assert run(main, told).exit_code == 2
    reply = json.loads(out.read_text())
    result = validate_instance(reply, ValidationOptions(version="2.1", disabled="103"))
    assert result.is_valid
    assert not result.warnings
    assert "between us" not in out.read_text()
    assert [one["opinion"] for one in reply["objects"] if one["type"] == "opinion"] == ["strongly-disagree"]
    assert run(main, ["intel", "dispute", "indicator--x", "--store", store]).exit_code == 2


def test_what_peers_say_of_ours_is_heard(tmp_path: Path) -> None:
    """Opinions and sightings of what we told, by peer; the last word of each counts, and neither weighs on anything."""
    told = tmp_path / "told.json"
    run, at = CliRunner().invoke, ["--at", "2026-09-20T00:00:00Z"]
    assert run(main, ["share", str(write_findings(tmp_path / "f")), "--out", str(told)]).exit_code == 0
    ours = next(one["id"] for one in json.loads(told.read_text())["objects"] if one["type"] == "campaign")
    said = {"modified": "2026-09-15T00:00:00Z", "object_refs": [ours]}
    opinion = {"type": "opinion", "id": f"opinion--{PEER.id[11:]}", "opinion": "disagree", **said}
    sighting = {"type": "sighting", "id": f"sighting--{PEER.id[11:]}", "sighting_of_ref": ours, **said}
    store = ["--store", str(tmp_path / "intel.db")]
    assert run(main, ["intel", "heard", *store]).exit_code == 2
    for source, objects in (
        ("Lab B", [opinion, indicator(NETWORK)]),
        ("Lab C", [sighting, {**sighting, "sighting_of_ref": 7}]),
    ):
        bundle = write_bundle(tmp_path / "in.json", *objects)
        taken = run(main, ["intel", "import", str(bundle), *store, "--from", source])
        assert taken.exit_code == 0
    assert "0 opinions, 1 sightings" in taken.output
    assert "1 with a sighting of nothing" in taken.output
    (heard,) = json.loads(run(main, ["intel", "heard", *store, "--told", str(told), "--json"]).output)
    assert (heard["about"], heard["opinions"], heard["seen_by"]) == (ours, {"Lab B": "disagree"}, ["Lab C"])
    assert heard["name"].startswith("Harvest ")
    assert "Lab B: disagree; seen by Lab C" in run(main, ["intel", "heard", *store]).output
    back = [{**opinion, "revoked": True}, {**sighting, "revoked": True}]
    for source, one in zip(("Lab B", "Lab C"), back, strict=True):
        bundle = write_bundle(tmp_path / "in.json", {**one, "modified": "2026-09-16T00:00:00Z"})
        run(main, ["intel", "import", str(bundle), *store, "--from", source])
    assert json.loads(run(main, ["intel", "heard", *store, "--json"]).output)[0]["opinions"] == {"Lab B": "neutral"}
    assert "seen by" not in run(main, ["intel", "heard", *store]).output
    (shown,) = json.loads(run(main, ["intel", "list", *store, "--json", *at]).output)
    assert shown["opinions"] == {}


def test_what_was_told_can_be_taken_back(tmp_path: Path) -> None:
    """The result is valid STIX with later versions that are revoked; a peer who imports it gives them no worth any more."""
    told, back = tmp_path / "told.json", tmp_path / "back.json"
    findings, key = str(write_findings(tmp_path / "f")), tmp_path / "key"
    key.write_bytes(b"a secret of sixteen bytes")
    run, store = CliRunner().invoke, ["--store", str(tmp_path / "intel.db")]
    assert run(main, ["share", findings, "--key", str(key), "--out", str(told)]).exit_code == 0
    at = ["--at", "2026-09-20T00:00:00Z"]
    assert run(main, ["intel", "revoke", str(told), "--out", str(back), *at]).exit_code == 0
    result = validate_instance(json.loads(back.read_text()), ValidationOptions(version="2.1", disabled="103"))
    assert result.is_valid
    assert not result.warnings
    for bundle, worths in ((told, {True}), (back, {False})):
        run(main, ["intel", "import", str(bundle), *store, "--from", "Lab A"])
        shown = json.loads(run(main, ["intel", "list", *store, "--json", *at]).output)
        assert {one["worth"] > 0 for one in shown} == worths
    assert len(shown) == 2
    again = ["intel", "revoke", str(told), "--out", str(back)]
    assert run(main, [*again, *at]).exit_code == 2
    assert "lies before" in run(main, [*again, "--force", "--at", "2026-09-01T00:00:00Z"]).stderr
    assert "could be taken back" in run(main, [*again, "--force", *at, "--only", PEER.id]).stderr
    assert run(main, [*again, "--force", *at, "--only", shown[0]["id"]]).output.startswith("1 objects")
    empty = write_bundle(tmp_path / "empty.json", {"id": "x"})
    assert (
        "nothing that could be taken back"
        in run(main, ["intel", "revoke", str(empty), "--out", f"{back}2", *at]).stderr
    )


def test_a_peer_cannot_fill_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of indicators, opinions and sightings of one source the latest are kept, and those of others stay."""
    monkeypatch.setattr(intel_store, "MOST_OF_A_SOURCE", 3)
    store = IntelStore(tmp_path / "intel.db")
    names = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(6)]
    times = [f"2026-09-0{n + 1}T00:00:00Z" for n in range(6)]
    objects = [indicator(NETWORK, n, modified=time) for n, time in enumerate(times)]
    for name, time in zip(names, times, strict=True):
        about = {"modified": time, "object_refs": [PEER.id], "opinion": "agree", "sighting_of_ref": f"campaign--{name}"}
        objects += [{"type": kind, "id": f"{kind}--{name}", **about} for kind in ("opinion", "sighting")]
    read = read_peer_bundle(write_bundle(tmp_path / "b.json", *objects))
    for source in ("Lab A", "Lab B"):
        store.keep(read, source, 0.5)
    kept = store.held()
    assert [one.indicator.modified[:10] for one in kept] == ["2026-09-04", "2026-09-05", "2026-09-06"] * 2
    assert [one.about[-36:] for one in store.heard() if one.seen_by] == names[3:]
