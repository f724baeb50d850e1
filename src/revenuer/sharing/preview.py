"""What would leave, value by value, for the person who has to answer for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["leaves", "preview"]

STAYS: Final = (
    "prompts, answers and readable templates",
    "ids of accounts, organisations, keys, sessions and exchanges",
    "addresses of clients, mail addresses, names, phones, devices and cards",
    "networks and mail domains of fewer than three of a campaign's accounts, or that others use too",
    "the words of evidence, and every account that is in no campaign",
)
_UNTOLD: Final = "numbers of accounts and exchanges, pathways (--include-volumes)"
_UNNAMED: Final = "what the campaign harvested (--include-capabilities)"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with the path that leads to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def preview(bundle: Mapping[str, Any], *, volumes: bool, capabilities: bool) -> Iterator[str]:
    """Lines: each object with all of its values, and what stays here."""
    objects = bundle["objects"]
    yield f"{len(objects)} objects would leave in {bundle['id']}:"
    for one in objects:
        if one["type"] == "extension-definition":
            yield f"{one['type']} {one['id']}, the same in every bundle of revenuer"
            continue
        yield one["type"]
        for path, value in leaves(one):
            yield f"  {path} = {value}"
    yield "What stays here:"
    for what in (*STAYS, *(() if volumes else (_UNTOLD,)), *(() if capabilities else (_UNNAMED,))):
        yield f"  {what}"
