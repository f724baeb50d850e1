"""Who may do what: scopes of keys, roles of people, and the caller that a request turns out to be of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["KEY_SCOPES", "ROLES", "SCOPES", "Caller", "Role", "Scope", "scopes_of"]

Scope = Literal["decide", "ingest", "read", "act", "admin", "approve"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
# No key approves: two approvals have to be two people, and nobody can tell whose hands a key is in.
KEY_SCOPES: Final[tuple[Scope, ...]] = tuple(scope for scope in SCOPES if scope != "approve")

Role = Literal["viewer", "analyst", "approver", "admin"]
# Who hands out keys does not thereby approve: whoever is to do both has both roles.
ROLES: Final[dict[Role, frozenset[Scope]]] = {
    "viewer": frozenset({"read"}),
    "analyst": frozenset({"read", "act"}),
    "approver": frozenset({"read", "act", "approve"}),
    "admin": frozenset({"read", "act", "admin"}),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request.

    Attributes:
        name: for the audit log: a person's `sub`, or `key ` and the id of a key.
        person: whether it is a person.
        scopes: what they may do.
        per_minute: requests; None: the service's own limit.
    """

    name: str
    person: bool
    scopes: frozenset[Scope]
    per_minute: int | None = None

    def may(self, scope: Scope, *, person: bool = False) -> bool:
        """Whether they have the scope, and are a person where one is asked for."""
        return scope in self.scopes and (self.person or not person)


def scopes_of(roles: Iterable[Role]) -> frozenset[Scope]:
    """All that these roles may do."""
    return frozenset(scope for role in roles for scope in ROLES[role])
