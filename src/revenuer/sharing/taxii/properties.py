"""The filters that OASIS' interoperability document leaves open: objects by what stands in them (section 3.13.2).

Five kinds: single values, lists, values further inside, comparisons, and what an object is related to. Which names there
are is as OASIS' own server has them. Values of one filter are alternatives, filters all have to hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from revenuer.sharing.taxii.media import Refusal, time_key
from revenuer.sharing.vocabulary import TLP

__all__ = ["Wanted", "fits", "wanted"]

# A name, and what the property may be.
Wanted = tuple[str, tuple[Any, ...]]

_NUMBERS: Final = frozenset({"confidence", "dst_port", "number", "src_port"})
_SINGLE: Final = _NUMBERS | frozenset(
    [
        "account_type",
        "context",
        "data_type",
        "encryption_algorithm",
        "identity_class",
        "name",
        "opinion",
        "pattern",
        "pattern_type",
        "primary_motivation",
        "region",
        "relationship_type",
        "resource_level",
        "result",
        "revoked",
        "sophistication",
        "subject",
        "value",
    ]
)
_LISTS: Final = frozenset(
    [
        "aliases",
        "architecture_execution_envs",
        "capabilities",
        "extension_types",
        "implementation_languages",
        "indicator_types",
        "infrastructure_types",
        "labels",
        "malware_types",
        "personal_motivations",
        "report_types",
        "roles",
        "secondary_motivations",
        "sectors",
        "threat_actor_types",
        "tool_types",
    ]
)
_INSIDE: Final = frozenset(
    [
        "address_family",
        "external_id",
        "MD5",
        "SHA-1",
        "SHA-256",
        "SHA-512",
        "SHA3-256",
        "SHA3-512",
        "SSDEEP",
        "TLSH",
        "integrity_level",
        "pe_type",
        "phase_name",
        "service_status",
        "service_type",
        "socket_type",
        "source_name",
        "start_type",
    ]
)
_COMPARED: Final = frozenset(
    {f"{name}-{side}" for name in (*_NUMBERS, "modified") for side in ("gte", "lte")}
    | {"valid_until-gte", "valid_from-lte"}
)
_MARKED: Final = "tlp"
_RELATED: Final = "relationships-all"
_KNOWN: Final = _SINGLE | _LISTS | _INSIDE | _COMPARED | {_MARKED, _RELATED}
# TLP 1, which STIX 2.1 names; 2.0 calls its white clear.
_OLD_TLP: Final = {
    "clear": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "green": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "red": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}


def wanted(given: Mapping[str, Sequence[str]]) -> tuple[Wanted, ...]:
    """The filters of this kind among those given, by name; what is none of them is passed over.

    Args:
        given: values of each `match` filter, by the name in its brackets.

    Raises:
        Refusal: 400 for a value that the property cannot have.
    """
    found = []
    for name in sorted(_KNOWN & given.keys()):
        try:
            values = [value for text in given[name] for value in _values(name, text)]
        except (ValueError, KeyError) as error:
            raise Refusal(400, f"match[{name}] cannot be {', '.join(given[name])[:100]}") from error
        found += [(name, tuple(values))] if values else []
    return tuple(found)


def _values(name: str, text: str) -> tuple[Any, ...]:
    base = name.rpartition("-")[0] if name in _COMPARED else name
    if base in _NUMBERS:
        return (int(text),)
    if name in _COMPARED:
        return (time_key(text),)
    if name == "revoked":
        return ({"true": True, "false": False}[text],)
    if name == _MARKED:
        mark = "clear" if text == "white" else text
        return TLP[mark], *((_OLD_TLP[mark],) if mark in _OLD_TLP else ())
    return (text,)


def fits(document: Mapping[str, Any], asked: Sequence[Wanted]) -> bool:
    """Whether an object has what all filters ask for."""
    return all(_fits(document, name, values) for name, values in asked)


def _fits(document: Mapping[str, Any], name: str, values: tuple[Any, ...]) -> bool:
    if name in _COMPARED:
        base, side = name.rsplit("-", 1)
        return _compares(document.get(base), base, side, values)
    if name == _RELATED:
        ends = (document.get("source_ref"), document.get("target_ref"))
        return document.get("type") == "relationship" and any(end in values for end in ends)
    if name == _MARKED:
        return _any_of(document.get("object_marking_refs"), values)
    if name in _LISTS:
        return _any_of(document.get(name), values)
    if name in _INSIDE:
        return any(_inside(value, name, values) for value in document.values())
    return document.get(name, False if name == "revoked" else None) in values


def _any_of(found: Any, values: tuple[Any, ...]) -> bool:
    return isinstance(found, list) and any(one in values for one in found)


def _inside(value: Any, name: str, values: tuple[Any, ...]) -> bool:
    """Whether a property of this name stands anywhere in a value."""
    if isinstance(value, list):
        return any(_inside(one, name, values) for one in value)
    if not isinstance(value, dict):
        return False
    return value.get(name) in values or any(_inside(one, name, values) for one in value.values())


def _compares(found: Any, base: str, side: str, values: tuple[Any, ...]) -> bool:
    """Whether a number or a time lies on a side of one of the values; what is neither lies nowhere."""
    if base in _NUMBERS:
        known = isinstance(found, int | float) and not isinstance(found, bool)
    else:
        found = _time(found)
        known = found is not None
    return known and any(found >= one if side == "gte" else found <= one for one in values)


def _time(found: Any) -> str | None:
    try:
        return time_key(found) if isinstance(found, str) else None
    except ValueError:
        return None
