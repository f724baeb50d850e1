"""Campaigns as a STIX 2.1 bundle: aggregated, without a word of a prompt, a person or an account."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from revenuer.errors import ConfigError
from revenuer.findings import Campaign
from revenuer.sharing.secret import Secret
from revenuer.sharing.stix_objects import Writer
from revenuer.sharing.times import time_of, to_the_second
from revenuer.sharing.vocabulary import EXTENSION, HALF_LIFE_DAYS, LEAST_BANDS, SKETCH, TLP, WORTH

if TYPE_CHECKING:
    from revenuer.sharing.facts import Observed

__all__ = ["Telling", "bundle_of", "pseudonym"]

# Templates told of one campaign, those used most.
MOST_TEMPLATES: Final = 64
_SIZES: Final = ((10, "5-9"), (100, "10-99"), (1_000, "100-999"), (10_000, "1000-9999"))
_SYSTEM: Final = "[system] "
_CAUTION: Final = "A hint to look, no ground to act: it says nothing of any one account."
_ABOUT: Final = {
    "template": f"A prompt template of the campaign, as keyed min-hash bands. {_CAUTION}",
    "network": f"Networks that accounts of the campaign had nearly to themselves. {_CAUTION}",
    "domain": f"Mail domains that accounts of the campaign had nearly to themselves. {_CAUTION}",
    "timing": f"How the campaign's requests spread over the day. {_CAUTION}",
    "signup": f"What most of the campaign's accounts looked like at sign-up. {_CAUTION}",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """How campaigns are told of.

    Attributes:
        producer: name of who tells.
        tlp: to whom it may go on, one of `vocabulary.TLP`.
        secret: of the group; without one no template is told.
        volumes: whether numbers of accounts and exchanges, and pathways, are told.
        capabilities: whether the mix of capabilities is told.
        at: when it is told, RFC 3339; None: when the campaign was last seen.
    """

    producer: str = "A provider of LLM APIs"
    tlp: str = "amber"
    secret: Secret | None = None
    volumes: bool = False
    capabilities: bool = False
    at: str | None = None


def pseudonym(found: Campaign, how: Telling) -> str:
    """A name for a campaign that stays the same and cannot be tried out by others."""
    key = how.secret.key if how.secret else b"revenuer|campaign"
    said = hmac.digest(key, f"{how.producer}|{found.campaign_id}".encode(), hashlib.sha256)
    return said.hex()[:12]


def bundle_of(found: Sequence[Campaign], observed: Sequence[Observed], how: Telling) -> dict[str, Any]:
    """The campaigns as one bundle; same findings and settings, same bytes.

    Args:
        found: the campaigns; none is told with fewer accounts than a campaign has.
        observed: what the traffic shows of each, empty where it was not looked at.
        how: what is told, by whom, to whom.

    Raises:
        ConfigError: no campaign, no such marking, or a time that is none.
    """
    if not found:
        raise ConfigError("there is no campaign in these findings, so there is nothing to share")
    if how.tlp not in TLP:
        raise ConfigError(f"--tlp {how.tlp}: expected one of {', '.join(TLP)}")
    seen = max(time_of(one.last_seen) for one in found)
    at = seen if how.at is None else time_of(how.at)
    if at < seen:
        raise ConfigError(f"--at {how.at}: lies before {to_the_second(seen)}, when a campaign was last seen")
    writer = Writer(how.producer, how.tlp, to_the_second(at))
    writer.extensions()
    told = [_Campaign(writer, one, seen, how, at).tell() for one, seen in zip(found, observed, strict=True)]
    writer.since = ""
    _report(writer, told)
    return writer.bundle()


def _report(writer: Writer, told: list[_Campaign]) -> None:
    refs = sorted({ref for one in told for ref in one.refs})
    names = [one.name for one in told]
    writer.add(
        "report",
        tuple(names),
        name=f"Harvests of a model: {len(told)} campaign{'s' * (len(told) > 1)}",
        report_types=["campaign", "indicator"],
        published=writer.at,
        object_refs=refs,
    )


class _Campaign:
    """One campaign as it is told, object by object."""

    def __init__(self, writer: Writer, found: Campaign, seen: Observed, how: Telling, at: datetime) -> None:
        self.writer, self.found, self.seen, self.how, self.at = writer, found, seen, how, at
        self.name = pseudonym(found, how)
        self.first, self.last = time_of(found.first_seen), time_of(found.last_seen)
        self.refs: list[str] = []
        self.scos: list[str] = []
        self.indicators: list[str] = []
        self.campaign = ""

    def tell(self) -> _Campaign:
        """Make all objects."""
        self.writer.since = to_the_second(self.first)
        self.campaign = self._sdo("campaign", **self._life(), name=f"Harvest {self.name}", extensions=self._profile())
        operator = self._sdo("intrusion-set", **self._life(), name=f"Operator of {self.name}")
        self._related(self.campaign, "attributed-to", operator)
        for technique in self.found.techniques:
            pattern = self.writer.technique(technique)
            self.refs.append(pattern)
            self._related(self.campaign, "uses", pattern)
        self._templates()
        self._places("network", self.seen.networks, "ISSUBSET")
        self._places("domain", self.seen.domains, "=")
        self._cohort()
        self._sightings()
        return self

    def _sdo(self, kind: str, *about: str, **what: Any) -> str:
        made = self.writer.add(kind, (self.name, *about), **what)
        self.refs.append(made)
        return made

    def _related(self, source: str, how: str, target: str) -> None:
        self.refs.append(self.writer.relate(source, how, target))

    def _life(self) -> dict[str, Any]:
        return {
            "confidence": self._confidence(),
            "first_seen": to_the_second(self.first),
            "last_seen": to_the_second(self.last),
        }

    def _confidence(self) -> int:
        """On the STIX scale; a detector that is sure is told as less than sure, since its odds are no frequencies."""
        return min(round(100 * self.found.confidence), 90)

    def _profile(self) -> dict[str, Any]:
        strengths: dict[str, float] = {}
        for one in self.found.evidence:
            strengths[one.channel] = max(strengths.get(one.channel, 0.0), round(2 * one.strength) / 2)
        told: dict[str, Any] = {
            "extension_type": "property-extension",
            "accounts": next((words for top, words in _SIZES if self.found.accounts < top), "10000 or more"),
            "evidence": dict(sorted(strengths.items())),
        }
        if self.how.volumes:
            volumes = {"accounts": self.found.accounts, "exchanges": self.found.exchanges}
            told["volumes"] = {**volumes, "pathways": dict(sorted(self.found.pathways.items()))}
        if self.how.capabilities:
            told["capabilities"] = dict(sorted(self.found.capabilities.items()))
        return {EXTENSION: told}

    def _templates(self) -> None:
        if self.how.secret is None:
            return
        from revenuer.sharing.sketch import frame_bands  # noqa: PLC0415 - compiled kernels, which nothing else needs

        for frame in self.found.frames[:MOST_TEMPLATES]:
            bands = frame_bands(frame, self.how.secret)
            if bands is None:
                continue
            place = "system" if frame.startswith(_SYSTEM) else "prompt"
            sco = self.writer.observable(
                "llm-prompt-template",
                field=place,
                sketch=SKETCH,
                key_name=self.how.secret.name,
                bands=list(bands),
            )
            self.scos.append(sco)
            words = ", ".join(f"'{band}'" for band in bands)
            pattern = f"[llm-prompt-template:bands[*] IN ({words})]"
            told = {"sketch": SKETCH, "key_name": self.how.secret.name, "field": place, "least_bands": LEAST_BANDS}
            self._indicator("template", sco, pattern, **told)

    def _places(self, channel: str, values: Sequence[str], test: str) -> None:
        """One indicator for all networks, or all mail domains, of the campaign."""
        if not values:
            return
        kinds = [_kind_of(channel, value) for value in values]
        terms = [f"{kind}:value {test} '{value}'" for kind, value in zip(kinds, values, strict=True)]
        made = [self.writer.observable(kind, value=value) for kind, value in zip(kinds, values, strict=True)]
        self.scos += made
        self._indicator(channel, "", f"[{' OR '.join(terms)}]")
        infrastructure = self._sdo(
            "infrastructure",
            channel,
            name=f"{channel.capitalize()}s of {self.name}",
            infrastructure_types=["anonymization" if channel == "network" else "unknown"],
        )
        self._related(self.campaign, "uses", infrastructure)
        for one in made:
            self._related(infrastructure, "consists-of", one)

    def _cohort(self) -> None:
        what: dict[str, Any] = {}
        if self.seen.hours is not None:
            what |= {"hours": list(self.seen.hours), "peak": round(24 * sum(s * s for s in self.seen.hours), 2)}
        if self.seen.signup:
            what["signup"] = self.seen.signup
        if not what:
            return
        self.scos.append(self.writer.observable("llm-account-cohort", **what))
        if "peak" in what:
            low, high = round(what["peak"] * 0.9, 2), round(what["peak"] * 1.1, 2)
            pattern = f"[llm-account-cohort:peak >= {low} AND llm-account-cohort:peak <= {high}]"
            self._indicator("timing", "", pattern)
        terms = _signup_terms(self.seen.signup or {})
        if terms:
            self._indicator("signup", "", f"[{' AND '.join(terms)}]")

    def _indicator(self, channel: str, about: str, pattern: str, **more: Any) -> None:
        half_life = HALF_LIFE_DAYS[channel]
        extension = {"extension_type": "property-extension", "channel": channel, "half_life_days": half_life, **more}
        made = self._sdo(
            "indicator",
            channel,
            about,
            name=f"{channel.capitalize()} of {self.name}",
            description=_ABOUT[channel],
            confidence=self._confidence(),
            indicator_types=["anomalous-activity", "attribution"],
            pattern=pattern,
            pattern_type="stix",
            pattern_version="2.1",
            valid_from=self.writer.at,
            valid_until=to_the_second(self.at + timedelta(days=WORTH * half_life)),
            extensions={EXTENSION: extension},
        )
        self.indicators.append(made)
        self._related(made, "indicates", self.campaign)

    def _sightings(self) -> None:
        """That it was seen, and what; how often only where volumes are told."""
        seen = {"first_seen": to_the_second(self.first), "last_seen": to_the_second(self.last)}
        count = self.found.exchanges if self.how.volumes else 1
        data: dict[str, Any] = {}
        if self.scos:
            span = {"first_observed": seen["first_seen"], "last_observed": seen["last_seen"]}
            data["observed_data_refs"] = [
                self._sdo("observed-data", **span, number_observed=count, object_refs=sorted(self.scos))
            ]
        if self.how.volumes:
            data["count"] = count
        where = [self.writer.who]
        self._sdo("sighting", sighting_of_ref=self.campaign, where_sighted_refs=where, **seen, **data)
        refs = sorted({*self.refs, *self.scos})
        self._sdo("grouping", name=f"All of {self.name}", context="suspicious-activity", object_refs=refs)
        self.refs += self.scos


def _kind_of(channel: str, value: str) -> str:
    if channel == "domain":
        return "domain-name"
    return "ipv6-addr" if ":" in value else "ipv4-addr"


def _signup_terms(signup: dict[str, Any]) -> list[str]:
    """The shares that are the most of the accounts."""
    shares = [
        (f"{name}.{word}", share)
        for name, words in signup.items()
        if isinstance(words, dict)
        for word, share in words.items()
    ]
    shares.append(("within_three_days", signup.get("within_three_days", 0.0)))
    return [f"llm-account-cohort:signup.{path} >= {round(share - 0.05, 2)}" for path, share in shares if share >= 0.5]
