"""Servers for the tests of TAXII: ours as a process of its own and in the service of gateways, and objects to send."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from revenuer.sharing.taxii.media import TAXII
from revenuer.sharing.taxii.peers import Right, add_collection, add_peer, allow
from revenuer.sharing.taxii.store import open_store

REVENUER = Path(sys.executable).with_name("revenuer")
MINUTE = 60
ALONE = ("taxii", "serve", "--store")
TO_GATEWAYS_TOO = ("serve", "--state", "state.db", "--journal", "journal", "--taxii")


@dataclass(frozen=True)
class Place:
    """A store with one collection for each set of rights of the peer `lab`, and where it is served."""

    store: str
    secret: str
    other: str
    address: str = ""

    @property
    def root(self) -> str:
        """URL of the API root."""
        return f"{self.address}/taxii2/api1/"

    def url(self, alias: str = "both") -> str:
        """URL of a collection."""
        return f"{self.root}collections/{alias}/"

    def http(self, peer: str = "lab") -> httpx.Client:
        """A plain client with a peer's secret."""
        secret = {"lab": self.secret, "rival": self.other}[peer]
        headers = {"Accept": TAXII, "Authorization": f"Bearer {secret}"}
        return httpx.Client(headers=headers, base_url=self.address, timeout=MINUTE, trust_env=False)

    def add(self, *objects: dict[str, Any], alias: str = "both", peer: str = "lab") -> dict[str, Any]:
        """Add objects, and return the status."""
        with self.http(peer) as http:
            answer = http.post(f"{self.url(alias)}objects/", json={"objects": objects}, headers={"Content-Type": TAXII})
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found


RIGHTS: dict[str, frozenset[Right]] = {
    "both": frozenset({"read", "write"}),
    "inbox": frozenset({"write"}),
    "feed": frozenset({"read"}),
    "closed": frozenset({"see"}),
}


def furnished(url: str) -> Place:
    """A store with peers and collections; `rival` may do everything, and `hidden` is nobody's."""
    store = open_store(url)
    try:
        secrets = [add_peer(store, name) for name in ("lab", "rival")]
        for alias, rights in RIGHTS.items():
            add_collection(store, title=f"Collection {alias}", alias=alias, description="for tests")
            allow(store, "lab", alias, rights)
            allow(store, "rival", alias, RIGHTS["both"])
        add_collection(store, title="Nobody's", alias="hidden")
    finally:
        store.close()
    return Place(url, *secrets)


@contextmanager
def served(place: Place, *options: str) -> Iterator[Place]:
    """The store behind `revenuer taxii serve`, ended politely."""
    with answering(place, [*ALONE, place.store, *options]) as (running, _):
        yield running


@contextmanager
def served_to_gateways_too(place: Place, *options: str, **environment: str) -> Iterator[Place]:
    """The store behind `revenuer serve`, which answers gateways at the same address; its state lies beside the store."""
    with answering(place, [*TO_GATEWAYS_TOO, place.store, *options], **environment) as (running, _):
        yield running


@contextmanager
def answering(
    place: Place, command: Sequence[str], **environment: str
) -> Iterator[tuple[Place, subprocess.Popen[str]]]:
    """The store behind a command that serves it, run in the store's folder, and its process."""
    process = subprocess.Popen(  # noqa: S603
        [REVENUER, *command, "--listen", "127.0.0.1:0"], cwd=Path(place.store).parent,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        told = process.stdout.readline()
        found = re.search(r"https?://127\.0\.0\.1:\d+", told)
        assert found, f"the server ended with {process.poll()}: {told}"
        yield replace(place, address=found[0]), process
    finally:
        process.terminate()
        process.wait(MINUTE)
        process.stdout.close()


def indicator(number: int, *, modified: str = "2026-03-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    """An indicator of our own making; the same number gives the same id."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.UUID(int=number, version=4)}",
        "created": "2026-03-01T00:00:00.000Z",
        "modified": modified,
        "name": f"network {number}",
        "pattern": f"[ipv4-addr:value = '203.0.113.{number % 256}/32']",
        "pattern_type": "stix",
        "valid_from": "2026-03-01T00:00:00Z",
        **more,
    }


def identity(number: int) -> dict[str, Any]:
    """An organisation."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{uuid.UUID(int=number, version=4)}",
        "created": "2026-03-01T00:00:00.000Z",
        "modified": "2026-03-01T00:00:00.000Z",
        "name": f"lab {number}",
    }
