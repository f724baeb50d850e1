"""What we tell peers of their indicators: opinions and sightings, as STIX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from revenuer.errors import ConfigError, InputError
from revenuer.sharing.bundle import Telling
from revenuer.sharing.stix_objects import Writer
from revenuer.sharing.vocabulary import TLP

__all__ = ["Seen", "replies", "sightings_of"]

_EXPLAINED = {
    "agree": "Seen here as well, by evidence of our own.",
    "strongly-disagree": "Innocent here, as far as can be seen; no longer used.",
    "neutral": "An earlier opinion is taken back.",
}


class Seen(msgspec.Struct, frozen=True):
    """A sighting of `intel.json`, as far as a peer is told of it."""

    source: str
    campaign: str
    indicators: tuple[str, ...]
    alarm: bool


class _Document(msgspec.Struct, frozen=True):
    schema: int
    sightings: tuple[Seen, ...]


def sightings_of(findings: Path) -> tuple[Seen, ...]:
    """What a scan with `--intel` saw.

    Raises:
        InputError: the findings hold no `intel.json`, or one that cannot be read.
    """
    file = findings / "intel.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Document).sightings
    except OSError as error:
        raise InputError("is not there: was the scan run with --intel?", file=str(file)) from error
    except msgspec.MsgspecError as error:
        raise InputError(f"is no list of sightings: {error}", file=str(file)) from error


def replies(
    sightings: Sequence[Seen], opinions: Sequence[tuple[str, str, str, str]], how: Telling, *, at: str
) -> Mapping[str, Any]:
    """A bundle of sightings and opinions; how much was seen, and where, is not told.

    Args:
        sightings: those with an alarm are told.
        opinions: id, opinion, when, note, as `IntelStore.own_opinions` has them; notes stay here.
        how: by whom, to whom.
        at: when it is told, RFC 3339.

    Raises:
        ConfigError: there is nothing to tell.
    """
    if how.tlp not in TLP:
        raise ConfigError(f"--tlp {how.tlp}: expected one of {', '.join(TLP)}")
    writer = Writer(how.producer, how.tlp, at)
    before = len(writer.made)
    for one in sightings:
        for indicator in one.indicators if one.alarm else ():
            writer.add("sighting", (indicator,), sighting_of_ref=indicator, where_sighted_refs=[writer.who])
    for about, opinion, _when, _note in opinions:
        words = _EXPLAINED[opinion]
        writer.add("opinion", (about,), opinion=opinion, explanation=words, object_refs=[about])
    if len(writer.made) == before:
        raise ConfigError(
            "nothing of peers' was seen with an alarm, and no opinion was given: there is nothing to tell"
        )
    return writer.bundle()
