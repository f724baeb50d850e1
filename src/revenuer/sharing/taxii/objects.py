"""Objects that a peer sends, checked one by one: what is wrong with one does not cost the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from revenuer.sharing.taxii.media import Refusal, time_key

__all__ = ["Incoming", "envelope", "incoming", "same"]

_ID: Final = re.compile(r"([a-z][a-z0-9-]{2,249})--([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_SPECS: Final = ("2.0", "2.1")


@dataclass(frozen=True, slots=True)
class Incoming:
    """An object as the store keeps it.

    Attributes:
        object_id: its STIX id.
        kind: its type.
        version: `modified`, else `created`; empty for one that has neither, whose version is when it was added.
        spec_version: of STIX.
        document: compact JSON.
    """

    object_id: str
    kind: str
    version: str
    spec_version: str
    document: str


def envelope(body: bytes) -> list[Any]:
    """The objects of an envelope.

    Raises:
        Refusal: 400 for no JSON, 422 for JSON that is no envelope or one without objects.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(400, "the body is no JSON") from error
    objects = found.get("objects") if isinstance(found, dict) else None
    if not isinstance(objects, list) or not objects:
        raise Refusal(422, "an envelope with a list of objects is expected")
    return objects


def incoming(given: Any) -> Incoming:
    """One object, checked.

    Raises:
        ValueError: it cannot be kept, in words for the sender.
    """
    if not isinstance(given, dict):
        raise ValueError("not an object")  # noqa: TRY004 - every fault of an object is told alike
    identity = given.get("id")
    match = _ID.fullmatch(identity) if isinstance(identity, str) else None
    if match is None or given.get("type") != match[1]:
        raise ValueError("id and type do not name a STIX object")
    spec = _spec_version(given)
    document = msgspec.json.encode(given).decode()
    if "\\u0000" in document:
        raise ValueError("texts with a zero character are not kept")
    return Incoming(match[0], match[1], _version(given), spec, document)


def _version(given: dict[str, Any]) -> str:
    for name in ("modified", "created"):
        if name in given:
            if not isinstance(given[name], str):
                raise ValueError(f"{name} is no time")
            time_key(given[name])
            return str(given[name])
    return ""


def _spec_version(given: dict[str, Any]) -> str:
    """Observables carry none where they are of 2.1; other objects carry none where they are of 2.0."""
    dated = "created" in given or "modified" in given
    spec = given.get("spec_version", "2.0" if dated else "2.1")
    if spec not in _SPECS:
        raise ValueError(f"spec_version is none of {', '.join(_SPECS)}")
    return str(spec)


def same(one: str, other: str) -> bool:
    """Whether two documents say the same, in whatever order."""
    return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
