"""Who may do what: collections, peers, and the rights of each peer to each collection."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from revenuer.errors import ConfigError
from revenuer.sharing.taxii.store import Store, collections, peers, rights

__all__ = [
    "Collection",
    "Right",
    "add_collection",
    "add_peer",
    "allow",
    "listed",
    "peer_of",
    "remove_peer",
    "roots",
    "seen_by",
]

Right = Literal["read", "write", "see"]
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, as one peer sees it."""

    collection_id: str
    root: str
    title: str
    description: str
    alias: str
    can_read: bool
    can_write: bool


def add_collection(store: Store, *, title: str, root: str = "api1", alias: str = "", description: str = "") -> str:
    """Make a collection, and return its id.

    Raises:
        ConfigError: a name that cannot stand in a URL, or an alias that is taken.
    """
    if not _NAME.fullmatch(root) or (alias and not _NAME.fullmatch(alias)):
        raise ConfigError("names of API roots and aliases are of small letters, digits, '-', '_' and '.'")
    made = str(uuid.uuid4())
    with store.write() as connection:
        taken = sa.select(collections).where(collections.c.root == root, collections.c.alias == alias)
        if alias and connection.execute(taken).first():
            raise ConfigError(f"{root} has a collection {alias} already")
        row = {"title": title, "description": description, "alias": alias, "root": root, "last_added": 0}
        connection.execute(sa.insert(collections).values(collection_id=made, **row))
    return made


def add_peer(store: Store, name: str) -> str:
    """Make a peer, or give one a new secret, and return the secret: it is not kept, only its digest is.

    Raises:
        ConfigError: a name that cannot be.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError("names of peers are of small letters, digits, '-', '_' and '.'")
    secret = f"rvt_{secrets.token_urlsafe(32)}"
    with store.write() as connection:
        connection.execute(sa.delete(peers).where(peers.c.name == name))
        connection.execute(sa.insert(peers).values(name=name, secret=_digest(secret)))
    return secret


def remove_peer(store: Store, name: str) -> None:
    """Take a peer's access; what it added stays.

    Raises:
        ConfigError: there is none of this name.
    """
    with store.write() as connection:
        if not connection.execute(sa.delete(peers).where(peers.c.name == name)).rowcount:
            raise ConfigError(f"no peer is called {name}")
        connection.execute(sa.delete(rights).where(rights.c.name == name))


def allow(store: Store, name: str, collection: str, granted: frozenset[Right]) -> None:
    """Set what a peer may do with a collection, given by id or alias; without a right it does not know of it.

    Raises:
        ConfigError: no such peer or collection.
    """
    with store.write() as connection:
        if not connection.execute(sa.select(peers).where(peers.c.name == name)).first():
            raise ConfigError(f"no peer is called {name}")
        named = sa.or_(collections.c.collection_id == collection, collections.c.alias == collection)
        found = connection.execute(sa.select(collections.c.collection_id).where(named)).scalars().all()
        if len(found) != 1:
            raise ConfigError(f"{len(found)} collections are called {collection}: give an id")
        row = {"name": name, "collection_id": found[0]}
        connection.execute(sa.delete(rights).where(*(rights.c[key] == value for key, value in row.items())))
        if granted:
            may = {"can_read": "read" in granted, "can_write": "write" in granted}
            connection.execute(sa.insert(rights).values(**row, **may))


def peer_of(connection: sa.Connection, name: str | None, secret: str) -> str | None:
    """The peer that a secret belongs to; None for nobody.

    Args:
        connection: of `Store.read`.
        name: who the bearer says it is; None: the secret alone is given.
        secret: 256 random bits, so that one plain hash is enough.
    """
    digest = _digest(secret)
    chosen = sa.select(peers.c.name, peers.c.secret).where(peers.c.secret == digest)
    found = connection.execute(chosen).first()
    if found is None or (name is not None and not hmac.compare_digest(found.name.encode(), name.encode())):
        return None
    return str(found.name)


def seen_by(connection: sa.Connection, peer: str, root: str) -> list[Collection]:
    """The collections of an API root that a peer knows of, by title."""
    columns = (
        collections.c.collection_id,
        collections.c.root,
        collections.c.title,
        collections.c.description,
        collections.c.alias,
    )
    chosen = (
        sa.select(*columns, rights.c.can_read, rights.c.can_write)
        .join(rights, rights.c.collection_id == collections.c.collection_id)
        .where(rights.c.name == peer, collections.c.root == root)
        .order_by(collections.c.title, collections.c.collection_id)
    )
    return [Collection(*row) for row in connection.execute(chosen)]


def roots(connection: sa.Connection, peer: str) -> list[str]:
    """The API roots that hold a collection which a peer knows of."""
    chosen = (
        sa.select(collections.c.root)
        .join(rights, rights.c.collection_id == collections.c.collection_id)
        .where(rights.c.name == peer)
        .distinct()
        .order_by(collections.c.root)
    )
    return list(connection.execute(chosen).scalars())


def listed(connection: sa.Connection) -> dict[str, list[dict[str, object]]]:
    """Collections, peers and rights, without secrets."""
    tables = {"collections": (collections, "last_added"), "peers": (peers, "secret"), "rights": (rights, "")}
    return {
        name: [
            {key: value for key, value in row._mapping.items() if key != left_out}  # noqa: SLF001 - SQLAlchemy's way
            for row in connection.execute(sa.select(table).order_by(*table.primary_key))
        ]
        for name, (table, left_out) in tables.items()
    }


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
