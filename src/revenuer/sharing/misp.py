"""A bundle as a MISP event with objects of our own template `llm-harvest`, and its push to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final
from uuid import uuid5

from revenuer.errors import ConfigError, MissingExtraError
from revenuer.sharing.times import time_of
from revenuer.sharing.told import Told, flat, read_bundle
from revenuer.sharing.vocabulary import NAMESPACE

try:
    from pymisp import MISPEvent, MISPObject, PyMISP, PyMISPError
except ImportError as error:
    raise MissingExtraError("MISP", "sharing") from error

__all__ = ["as_misp", "push"]

_TEMPLATE: Final = ("misp_objects", "llm-harvest", "definition.json")
_HIGH: Final = 1
_COMPLETED: Final = 2
# Who sees the event: with red and amber+strict this organisation, with amber the community, with green and clear all.
_DISTRIBUTION: Final = {"red": 0, "amber+strict": 0, "amber": 1, "green": 3, "clear": 3}


def as_misp(bundle: Mapping[str, Any]) -> str:
    """The event as JSON; same bundle, same bytes."""
    return json.dumps({"Event": json.loads(_event(bundle).to_json())}, indent=1, sort_keys=True) + "\n"


def push(bundle: Mapping[str, Any], url: str, key: str, *, verify: bool = True) -> str:
    """Add the event to a MISP server, unpublished, and return its UUID there.

    Args:
        bundle: what is told.
        url: of the server.
        key: of its API.
        verify: whether its certificate is checked.

    Raises:
        ConfigError: the server cannot be reached, or refuses.
    """
    try:
        server = PyMISP(url, key, ssl=verify, timeout=60)
        added = server.add_event(_event(bundle), pythonify=True)
    except (PyMISPError, OSError) as error:
        raise ConfigError(f"{url}: MISP does not answer as it should: {error}") from error
    if isinstance(added, dict):
        raise ConfigError(f"{url}: MISP refuses the event: {added.get('errors', added)}")
    return str(added.uuid)


def _event(bundle: Mapping[str, Any]) -> MISPEvent:
    who, tlp, campaigns = read_bundle(bundle)
    event = MISPEvent(force_timestamps=True)
    last = max(time_of(one.last_seen) for one in campaigns)
    event.from_dict(
        info=f"Harvest of a language model: {len(campaigns)} campaigns, told by {who}",
        uuid=_uuid(str(bundle["id"])),
        date=last.date().isoformat(),
        timestamp=int(last.timestamp()),
        threat_level_id=_HIGH,
        analysis=_COMPLETED,
        distribution=_DISTRIBUTION[tlp],
    )
    event.add_tag(f"tlp:{tlp}")
    for one in campaigns:
        event.add_object(_object(one, int(last.timestamp())))
    return event


def _object(one: Told, at: int) -> MISPObject:
    definition = json.loads(files("revenuer.sharing").joinpath(*_TEMPLATE).read_text(encoding="utf-8"))
    made = MISPObject("llm-harvest", strict=True, misp_objects_template_custom=definition, force_timestamps=True)
    made.uuid, made.timestamp = _uuid(one.id), at
    for number, (relation, value) in enumerate(_attributes(one)):
        # no machine should block on a hint: `to_ids` stays off
        made.add_attribute(relation, value=value, to_ids=False, uuid=_uuid(one.id, str(number), relation), timestamp=at)
    return made


def _attributes(one: Told) -> list[tuple[str, Any]]:
    shape = [(name, json.dumps(one.cohort[name])) for name in ("hours", "signup") if name in one.cohort]
    return [
        ("campaign", one.name),
        ("confidence", one.confidence),
        ("accounts", one.profile["accounts"]),
        *((channel, flat(value)) for channel, value in one.values),
        *shape,
        *(("technique", technique) for technique in one.techniques),
    ]


def _uuid(*about: str) -> str:
    return str(uuid5(NAMESPACE, json.dumps(["misp", *about])))
