"""A campaign's graph in small: some of its accounts, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.templates import Templates
from revenuer.summary import Network, NetworkNode

__all__ = ["draw_network"]

I64 = npt.NDArray[np.int64]

MOST_ACCOUNTS: Final = 120
MOST_FRAMES: Final = 10
MOST_SHARED: Final = 12
_WORDS: Final = {"payment": "payment", "device": "device", "signup": "sign-up network", "ip": "address"}
_SIGNUP: Final = {"payment_fingerprint": "payment", "device_fingerprint": "device", "signup_net": "signup"}


def draw_network(
    queue: Queue, flagged: I64, templates: Templates, profiles: Profiles, *, found: Traces, names: Mapping[int, str]
) -> Network:
    """Up to 120 accounts by hash order, the templates they use most, and the identities several of them share.

    Templates of one name, wordings that differ by a slot, are one node.
    """
    drawing = _Drawing(profiles, np.sort(flagged[np.argsort(profiles.keys[flagged], kind="stable")[:MOST_ACCOUNTS]]))
    for name, called, requests in _wordings(queue, names):
        drawing.add_frame(name, np.isin(templates.edge_template, called), templates, requests)
    for kind, accounts, values in _identities(profiles, found):
        drawing.add_shared(kind, accounts, values)
    return Network(tuple(drawing.nodes), tuple(drawing.edges), drawing.accounts)


class _Drawing:
    """Nodes and edges as they are added, the accounts first."""

    def __init__(self, profiles: Profiles, chosen: I64) -> None:
        self.accounts = len(chosen)
        self.place = np.full(len(profiles), -1)
        self.place[chosen] = np.arange(len(chosen))
        self.nodes = [NetworkNode("account", str(profiles.ids[a]), _size(profiles.exchanges[a])) for a in chosen]
        self.edges: list[tuple[int, int, float]] = []

    def add_frame(self, name: str, edges: npt.NDArray[np.bool_], templates: Templates, requests: int) -> None:
        """Add a template with its edges, if one of the drawn accounts uses it."""
        held = edges & (self.place[templates.edge_account] >= 0)
        if not held.any():
            return
        node = len(self.nodes)
        self.nodes.append(NetworkNode("frame", name, _size(requests)))
        sent = np.bincount(self.place[templates.edge_account[held]], weights=templates.edge_exchanges[held])
        self.edges += [(int(at), node, round(_size(sent[at]), 3)) for at in np.flatnonzero(sent)]

    def add_shared(self, kind: str, accounts: I64, values: I64) -> None:
        """Add the values that most of the drawn accounts share, if at least two do."""
        held = (self.place[accounts] >= 0) & (values != 0)
        pairs = np.unique(np.stack([values[held], self.place[accounts[held]]]), axis=1)
        shared, counts = np.unique(pairs[0], return_counts=True)
        order = np.lexsort((shared, -counts))[:MOST_SHARED]
        for number, at in enumerate(order[counts[order] >= 2]):
            node = len(self.nodes)
            self.nodes.append(NetworkNode(kind, f"{_WORDS[kind]} {number + 1}", _size(counts[at])))
            self.edges += [(int(account), node, 1.0) for account in pairs[1][pairs[0] == shared[at]]]


def _size(count: float) -> float:
    return float(np.log1p(count))


def _wordings(queue: Queue, names: Mapping[int, str]) -> list[tuple[str, list[int], int]]:
    """Name, templates and requests of the wordings used most."""
    called: dict[str, list[int]] = {}
    sent: dict[str, int] = {}
    for template, requests in zip(queue.templates.tolist(), queue.requests.tolist(), strict=True):
        name = names.get(template, "a template not listed")
        called.setdefault(name, []).append(template)
        sent[name] = sent.get(name, 0) + int(requests)
    ordered = sorted(called, key=lambda name: (-sent[name], name))[:MOST_FRAMES]
    return [(name, called[name], sent[name]) for name in ordered]


def _identities(profiles: Profiles, found: Traces) -> list[tuple[str, I64, I64]]:
    everyone = np.arange(len(profiles))
    kinds = [(name, everyone, profiles.signup[column]) for column, name in _SIGNUP.items()]
    return [*kinds, ("ip", found.account["ip"], found.value["ip"])]
