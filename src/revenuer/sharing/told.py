"""What a bundle tells of each campaign, in flat values: all other formats are written from it and so tell no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from revenuer.sharing.vocabulary import EXTENSION

__all__ = ["Row", "Told", "flat", "read_bundle", "rows"]

_CHANNELS = {"ipv4-addr": "network", "ipv6-addr": "network", "domain-name": "domain", "llm-prompt-template": "template"}
_MARKS = "tlp_2_0"


@dataclass(frozen=True, slots=True)
class Told:
    """One campaign.

    Attributes:
        name: its pseudonym.
        id: its STIX id.
        first_seen, last_seen: RFC 3339.
        confidence: 0 to 100.
        profile: the extension's properties of a campaign.
        values: channel and value: networks, domains, and templates as their objects in STIX.
        cohort: hours and sign-up, empty where not told.
        techniques: of MITRE ATLAS.
        valid_until: of each channel, RFC 3339.
    """

    name: str
    id: str
    first_seen: str
    last_seen: str
    confidence: int
    profile: Mapping[str, Any]
    values: tuple[tuple[str, Any], ...]
    cohort: Mapping[str, Any]
    techniques: tuple[str, ...]
    valid_until: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a campaign, as feeds have it."""

    campaign: str
    channel: str
    value: str
    confidence: int
    valid_from: str
    valid_until: str
    tlp: str


def read_bundle(bundle: Mapping[str, Any]) -> tuple[str, str, list[Told]]:
    """Who tells, under which marking, and what of each campaign."""
    made = {one["id"]: one for one in bundle["objects"]}
    who = next(one["name"] for one in made.values() if one["type"] == "identity")
    report = next(one for one in made.values() if one["type"] == "report")
    tlp = _tlp(made[report["object_marking_refs"][0]])
    campaigns = [one for one in made.values() if one["type"] == "campaign"]
    return who, tlp, [_told(one, made) for one in sorted(campaigns, key=lambda one: str(one["name"]))]


def _tlp(marking: Mapping[str, Any]) -> str:
    return next(str(extension[_MARKS]) for extension in marking["extensions"].values())


def _told(campaign: Mapping[str, Any], made: Mapping[str, Any]) -> Told:
    related = [one for one in made.values() if one["type"] == "relationship"]
    indicators = [
        made[one["source_ref"]]
        for one in related
        if one["target_ref"] == campaign["id"] and one["relationship_type"] == "indicates"
    ]
    used = [made[one["target_ref"]] for one in related if one["source_ref"] == campaign["id"]]
    sighting = next(o for o in made.values() if o["type"] == "sighting" and o["sighting_of_ref"] == campaign["id"])
    seen = [made[sco] for ref in sighting.get("observed_data_refs", ()) for sco in made[ref]["object_refs"]]
    cohort: Mapping[str, Any] = next((one for one in seen if one["type"] == "llm-account-cohort"), {})
    return Told(
        name=campaign["name"].removeprefix("Harvest "),
        id=campaign["id"],
        first_seen=campaign["first_seen"],
        last_seen=campaign["last_seen"],
        confidence=campaign["confidence"],
        profile={k: v for k, v in campaign["extensions"][EXTENSION].items() if k != "extension_type"},
        values=tuple((_CHANNELS[o["type"]], o.get("value", o)) for o in seen if o["type"] in _CHANNELS),
        cohort={name: cohort[name] for name in ("hours", "peak", "signup") if name in cohort},
        techniques=tuple(
            sorted(o["external_references"][0]["external_id"] for o in used if o["type"] == "attack-pattern")
        ),
        valid_until={one["extensions"][EXTENSION]["channel"]: one["valid_until"] for one in indicators},
    )


def rows(bundle: Mapping[str, Any]) -> Iterator[Row]:
    """One row for each network, domain and template."""
    _who, tlp, campaigns = read_bundle(bundle)
    for one in campaigns:
        for channel, value in one.values:
            yield Row(
                one.name,
                channel,
                flat(value),
                one.confidence,
                one.last_seen,
                one.valid_until[channel],
                f"TLP:{tlp.upper()}",
            )


def flat(value: Any) -> str:
    """A value on one line; of a template its sketch version, secret, field and bands."""
    if isinstance(value, str):
        return value
    return "|".join([value["sketch"], value["key_name"], value["field"], *value["bands"]])
