"""Peers' bundles as typed indicators: a small grammar that is read strictly, since whoever writes it may mean harm."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from revenuer.errors import ConfigError, InputError, reason
from revenuer.sharing.times import time_of, to_the_microsecond
from revenuer.sharing.vocabulary import BANDS, EXTENSION, HALF_LIFE_DAYS, SKETCH, WORTH

__all__ = ["Channel", "Opinion", "PeerIndicator", "Read", "Sighted", "read_peer_bundle"]

Channel = Literal["template", "network", "domain", "timing", "signup"]

LARGEST: Final = 16 << 20
MOST_OBJECTS: Final = 50_000
MOST_VALUES: Final = 1_024
# Networks wider than these would say something of half the world.
WIDEST: Final = {4: 24, 6: 48}
_ID: Final = re.compile(r"[a-z0-9-]{3,60}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEMPLATE: Final = re.compile(r"\[llm-prompt-template:bands\[\*\] IN \(('[0-9a-f]{16}'(?:, ?'[0-9a-f]{16}')*)\)\]")
_PLACE: Final = re.compile(r"(ipv4-addr|ipv6-addr):value (?:ISSUBSET|=) '([0-9a-fA-F:./]{3,50})'")
_DOMAIN: Final = re.compile(r"domain-name:value = '([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})'")
_COHORT: Final = re.compile(r"\[llm-account-cohort:(peak|signup)[^\[\]]{1,2000}\]")
_OPINIONS: Final = ("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree")


@dataclass(frozen=True, slots=True)
class PeerIndicator:
    """What a peer says points to a campaign.

    Attributes:
        id: of STIX.
        modified: RFC 3339; of two versions the later counts.
        campaign: id of the campaign that it indicates, its own id where it names none.
        channel: what it is about.
        values: networks, domains, or the bands of one template; empty for timing and sign-up.
        key_name: of the secret of the bands, empty for others.
        confidence: 0 to 1.
        valid_from, valid_until: RFC 3339.
        half_life_days: after which it is worth half.
        revoked: whether the peer has taken it back.
    """

    id: str
    modified: str
    campaign: str
    channel: Channel
    values: tuple[str, ...]
    key_name: str
    confidence: float
    valid_from: str
    valid_until: str
    half_life_days: float
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody thinks of objects: one of the five words of STIX."""

    id: str
    modified: str
    about: tuple[str, ...]
    opinion: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Sighted:
    """That somebody has seen a thing; how often and where, nobody is asked."""

    id: str
    modified: str
    about: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What a bundle held.

    Attributes:
        indicators: those that could be read.
        opinions: on anything.
        passed: how many objects were passed over, by reason.
        sightings: of anything.
    """

    indicators: tuple[PeerIndicator, ...]
    opinions: tuple[Opinion, ...]
    passed: Mapping[str, int]
    sightings: tuple[Sighted, ...] = ()


class _PassedOverError(Exception):
    """An indicator that is not taken in, and why."""


def read_peer_bundle(file: Path) -> Read:
    """Read a peer's bundle; what is not understood is counted and passed over.

    Raises:
        InputError: no bundle of STIX 2.1, larger than 16 MB, or of more than 50,000 objects.
    """
    objects = _objects(file)
    indicated = {one["source_ref"]: one["target_ref"] for one in objects if _says(one, "indicates")}
    kept: list[PeerIndicator] = []
    opinions: list[Opinion] = []
    sightings: list[Sighted] = []
    passed: Counter[str] = Counter()
    for one in objects:
        try:
            if one.get("type") == "indicator":
                kept.append(_indicator(one, indicated))
            elif one.get("type") == "opinion":
                opinions.append(_opinion(one))
            elif one.get("type") == "sighting":
                sightings.append(_sighted(one))
        except _PassedOverError as reason:
            passed[str(reason)] += 1
    return Read(tuple(kept), tuple(opinions), dict(sorted(passed.items())), tuple(sightings))


def _objects(file: Path) -> list[dict[str, Any]]:
    try:
        size = file.stat().st_size
        text = file.read_text(encoding="utf-8") if size <= LARGEST else ""
    except OSError as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(file)) from error
    except UnicodeDecodeError as error:
        raise InputError("is no text", file=str(file)) from error
    if size > LARGEST:
        raise InputError(f"is larger than {LARGEST >> 20} MB", file=str(file))
    try:
        bundle = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}", file=str(file)) from error
    objects = bundle.get("objects", []) if isinstance(bundle, dict) else None
    if not isinstance(objects, list) or bundle.get("type") != "bundle":
        raise InputError("is no bundle of STIX 2.1", file=str(file))
    if len(objects) > MOST_OBJECTS:
        raise InputError(f"holds more than {MOST_OBJECTS:,} objects", file=str(file))
    return [one for one in objects if isinstance(one, dict)]


def _says(one: Mapping[str, Any], how: str) -> bool:
    ends = (one.get("source_ref"), one.get("target_ref"))
    return one.get("relationship_type") == how and all(isinstance(e, str) and _ID.fullmatch(e) for e in ends)


def _indicator(one: Mapping[str, Any], indicated: Mapping[str, str]) -> PeerIndicator:
    name = _named(one)
    channel, values, key_name = _pattern(one)
    valid_from = _time(one.get("valid_from"))
    half_life = HALF_LIFE_DAYS[channel]
    # a peer may ask for less time than we give, not for more
    latest = valid_from + timedelta(days=WORTH * half_life)
    until = min(_time(one.get("valid_until")), latest) if "valid_until" in one else latest
    return PeerIndicator(
        id=name,
        modified=to_the_microsecond(_time(one.get("modified"))),
        campaign=indicated.get(name, name),
        channel=channel,
        values=values,
        key_name=key_name,
        confidence=_confidence(one.get("confidence", 50)),
        valid_from=to_the_microsecond(valid_from),
        valid_until=to_the_microsecond(until),
        half_life_days=half_life,
        revoked=one.get("revoked") is True,
    )


def _opinion(one: Mapping[str, Any]) -> Opinion:
    about = one.get("object_refs")
    if one.get("opinion") not in _OPINIONS or not isinstance(about, list):
        raise _PassedOverError("an opinion of no known kind")
    refs = tuple(ref for ref in about if isinstance(ref, str) and _ID.fullmatch(ref))
    return Opinion(
        _named(one), to_the_microsecond(_time(one.get("modified"))), refs, one["opinion"], one.get("revoked") is True
    )


def _sighted(one: Mapping[str, Any]) -> Sighted:
    about = one.get("sighting_of_ref")
    if not isinstance(about, str) or not _ID.fullmatch(about):
        raise _PassedOverError("a sighting of nothing")
    return Sighted(_named(one), to_the_microsecond(_time(one.get("modified"))), about, one.get("revoked") is True)


def _named(one: Mapping[str, Any]) -> str:
    name = one.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise _PassedOverError("an id that is none")
    return name


def _confidence(value: Any) -> float:
    """On a scale of one; a peer who is wholly sure is taken to be less so."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise _PassedOverError("a confidence that is none")
    return min(value, 90) / 100


def _pattern(one: Mapping[str, Any]) -> tuple[Channel, tuple[str, ...], str]:
    pattern = one.get("pattern")
    if one.get("pattern_type") != "stix" or not isinstance(pattern, str):
        raise _PassedOverError("a pattern of another language")
    if found := _TEMPLATE.fullmatch(pattern):
        return "template", *_bands(re.findall(r"[0-9a-f]{16}", found[1]), one)
    if found := _COHORT.fullmatch(pattern):
        return "timing" if found[1] == "peak" else "signup", (), ""
    terms = pattern.removeprefix("[").removesuffix("]").split(" OR ")
    if len(terms) > MOST_VALUES:
        raise _PassedOverError(f"more than {MOST_VALUES:,} values in one pattern")
    places = [_PLACE.fullmatch(term) for term in terms]
    if all(places):
        return "network", tuple(_network(place[2]) for place in places if place), ""
    domains = [_DOMAIN.fullmatch(term) for term in terms]
    if all(domains):
        return "domain", tuple(domain[1] for domain in domains if domain), ""
    raise _PassedOverError("a pattern that is not understood")


def _bands(bands: list[str], one: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    extensions = one.get("extensions")
    told = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    if not isinstance(told, dict) or told.get("sketch") != SKETCH or len(bands) != BANDS:
        raise _PassedOverError("a template of another version of sketches")
    return tuple(bands), str(told.get("key_name", ""))[:16]


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise _PassedOverError("a network that is none") from error
    if network.prefixlen < WIDEST[network.version]:
        raise _PassedOverError("a network wider than /24 or /48")
    if not network.is_global:
        raise _PassedOverError("a network that is not public")
    return str(network.supernet(new_prefix=WIDEST[network.version]))


def _time(text: Any) -> datetime:
    try:
        return time_of(text)
    except (TypeError, ConfigError) as error:
        raise _PassedOverError("a time that is none") from error
