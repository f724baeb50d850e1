"""The objects of a bundle, made by `stix2`, with ids that depend on nothing but what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final
from uuid import uuid5

from revenuer.errors import MissingExtraError
from revenuer.sharing.vocabulary import (
    ATLAS,
    COHORT_EXTENSION,
    EXTENSIONS,
    NAMESPACE,
    TEMPLATE_EXTENSION,
    TLP,
    TLP_CREATED,
    TLP_EXTENSION,
)

try:
    from stix2 import v21  # type: ignore[import-untyped]
    from stix2.properties import (  # type: ignore[import-untyped]
        DictionaryProperty,
        FloatProperty,
        ListProperty,
        StringProperty,
    )
except ImportError as error:
    raise MissingExtraError("STIX", "sharing") from error

# When the extensions were made; it stands for the age of what never changes.
_MINTED: Final = "2026-11-23T00:00:00.000Z"

__all__ = ["Writer", "extension_schema", "identity_of", "stix_id"]


class _Share(FloatProperty):  # type: ignore[misc]
    """A number in a list: the library calls properties of lists with an argument that its own numbers do not take."""

    def clean(self, value: Any, allow_custom: bool = False, interoperability: bool = False) -> Any:  # noqa: FBT001, FBT002
        del interoperability
        return super().clean(value, allow_custom)


@v21.CustomObservable(
    "llm-prompt-template",
    [
        ("field", StringProperty(required=True)),
        ("sketch", StringProperty(required=True)),
        ("key_name", StringProperty(required=True)),
        ("bands", ListProperty(StringProperty, required=True)),
    ],
    ["field", "sketch", "key_name", "bands"],
    extension_name=TEMPLATE_EXTENSION,
)
class _Template:
    """A prompt template as keyed bands."""


@v21.CustomObservable(
    "llm-account-cohort",
    [
        ("hours", ListProperty(_Share)),
        ("peak", FloatProperty()),
        ("signup", DictionaryProperty(spec_version="2.1")),
    ],
    ["hours", "peak", "signup"],
    extension_name=COHORT_EXTENSION,
)
class _Cohort:
    """What the accounts of a campaign have in common."""


_KINDS: Mapping[str, Any] = {
    "attack-pattern": v21.AttackPattern,
    "campaign": v21.Campaign,
    "grouping": v21.Grouping,
    "indicator": v21.Indicator,
    "infrastructure": v21.Infrastructure,
    "intrusion-set": v21.IntrusionSet,
    "observed-data": v21.ObservedData,
    "opinion": v21.Opinion,
    "relationship": v21.Relationship,
    "report": v21.Report,
    "sighting": v21.Sighting,
    "ipv4-addr": v21.IPv4Address,
    "ipv6-addr": v21.IPv6Address,
    "domain-name": v21.DomainName,
    "llm-prompt-template": _Template,
    "llm-account-cohort": _Cohort,
}


def stix_id(kind: str, *about: str) -> str:
    """The id of a thing of which `about` says what it is: the same whenever it is made."""
    return f"{kind}--{uuid5(NAMESPACE, json.dumps([kind, *about]))}"


def identity_of(producer: str) -> str:
    """The id of a producer, by name."""
    return stix_id("identity", producer)


@cache
def extension_schema() -> str:
    """The JSON schema of the extension, on one line."""
    text = files("revenuer.sharing").joinpath("llm_exchange.schema.json").read_text(encoding="utf-8")
    return json.dumps(json.loads(text), separators=(",", ":"))


@dataclass(slots=True)
class Writer:
    """Makes objects of one producer under one marking, each once.

    Args:
        producer: name of who says it.
        tlp: one of `vocabulary.TLP`.
        at: when it is said, RFC 3339: `modified` of what is made.
        since: when what is told of was first seen: `created`, which no later version may change.
    """

    producer: str
    tlp: str
    at: str
    since: str = ""
    made: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keep(_marking(self.tlp))
        identity = v21.Identity(
            id=identity_of(self.producer),
            created=_MINTED,
            modified=_MINTED,
            name=self.producer,
            identity_class="organization",
            object_marking_refs=[TLP[self.tlp]],
        )
        self.keep(json.loads(identity.serialize()))

    @property
    def who(self) -> str:
        """The id of the producer."""
        return identity_of(self.producer)

    def keep(self, one: dict[str, Any]) -> str:
        """Put an object into the bundle."""
        self.made[one["id"]] = one
        return str(one["id"])

    def add(self, kind: str, about: tuple[str, ...], /, **what: Any) -> str:
        """Make a domain object or a relationship, and return its id."""
        made = _KINDS[kind](
            id=stix_id(kind, self.who, *about),
            created_by_ref=self.who,
            created=what.pop("created", self.since or self.at),
            modified=what.pop("modified", self.at),
            object_marking_refs=[TLP[self.tlp]],
            allow_custom=False,
            **what,
        )
        return self.keep(json.loads(made.serialize()))

    def observable(self, kind: str, /, **what: Any) -> str:
        """Make a cyber-observable, whose id STIX derives from what it says, and return it."""
        made = _KINDS[kind](object_marking_refs=[TLP[self.tlp]], **what)
        return self.keep(json.loads(made.serialize()))

    def relate(self, source: str, how: str, target: str) -> str:
        """Relate two objects."""
        about = (source, how, target)
        return self.add("relationship", about, source_ref=source, relationship_type=how, target_ref=target)

    def technique(self, technique: str) -> str:
        """The attack pattern of a technique of MITRE ATLAS."""
        reference = {"source_name": "mitre-atlas", "external_id": technique}
        name = ATLAS.get(technique, technique)
        times = {"created": _MINTED, "modified": _MINTED}
        return self.add("attack-pattern", (technique,), name=name, external_references=[reference], **times)

    def extensions(self) -> None:
        """The definitions of the extensions that templates, cohorts, indicators and campaigns use."""
        self.keep(_marking("clear"))
        for name, (what, sort) in EXTENSIONS.items():
            made = v21.ExtensionDefinition(
                id=name,
                created_by_ref=self.who,
                created=_MINTED,
                modified=_MINTED,
                name=what.partition(":")[0],
                description=what,
                schema=extension_schema(),
                version="1.0.0",
                extension_types=[sort],
                object_marking_refs=[TLP["clear"]],
            )
            self.keep(json.loads(made.serialize()))

    def bundle(self) -> dict[str, Any]:
        """All of it, in order of kind and id."""
        objects = sorted(self.made.values(), key=lambda one: (one["type"], one["id"]))
        about = [one["id"] + str(one.get("modified", "")) for one in objects]
        return {"type": "bundle", "id": stix_id("bundle", *about), "objects": objects}


def _marking(tlp: str) -> dict[str, Any]:
    """A marking of TLP 2.0; the library knows version 1 only."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP[tlp],
        "created": TLP_CREATED,
        "name": f"TLP:{tlp.upper()}",
        "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp}},
    }
