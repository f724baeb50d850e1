"""Taking back what was told: the objects of an earlier bundle, as versions that are revoked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from revenuer.errors import ConfigError
from revenuer.sharing.stix_objects import stix_id
from revenuer.sharing.times import time_of, to_the_second

__all__ = ["revoked"]

# What is not ours to take back, or says nothing of any campaign.
_STAY: Final = ("identity", "extension-definition", "marking-definition", "attack-pattern")


def revoked(bundle: Mapping[str, Any], at: datetime, only: Collection[str] = ()) -> dict[str, Any]:
    """A bundle that takes back what another told; whoever has it already still knows what it said.

    Args:
        bundle: of `bundle_of`.
        at: when it is taken back.
        only: ids of objects; empty: all that it told of campaigns.

    Raises:
        ConfigError: there is nothing of ours in it, an object is not in it, or the time lies before it was told.
    """
    made = {one["id"]: one for one in bundle["objects"]}
    kinds = {name: one.get("type") for name, one in made.items()}
    who = {name for name, kind in kinds.items() if kind == "identity"}
    versioned = {name for name, one in made.items() if "modified" in one and one.get("created_by_ref") in who}
    own = {name for name in versioned if kinds[name] not in _STAY}
    missing = sorted(set(only) - own)
    if missing:
        raise ConfigError(f"the bundle tells of no {missing[0]} that could be taken back")
    chosen = sorted(set(only) or own)
    if not chosen:
        raise ConfigError("the bundle tells of nothing that could be taken back")
    later = to_the_second(at)
    for name in chosen:
        if time_of(made[name]["modified"]) >= time_of(later):
            raise ConfigError(f"{later}: lies before {made[name]['modified']}, when it was told")
    beside = [one for name, one in sorted(made.items()) if kinds[name] in {"identity", "marking-definition"}]
    objects = [*beside, *({**made[name], "modified": later, "revoked": True} for name in chosen)]
    return {"type": "bundle", "id": stix_id("bundle", "revoked", later, *chosen), "objects": objects}
