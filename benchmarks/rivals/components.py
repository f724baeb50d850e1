"""Accounts joined by what they share exactly: prompts with their numbers and quotations masked, and sign-up keys."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from rivals.reading import Background, Floats, Ints, Judge, Reading
from rivals.traffic import ACCOUNT_KEYS, EXCHANGE_KEYS, Traffic

SLOTS = re.compile(r"```.*?```|`[^`]*`|\"[^\"]*\"|“[^”]*”|https?://\S+|\d+(?:[.,]\d+)*", re.DOTALL)
HEAD = 12  # words: the depth at which log parsers recover templates of prompts best
SHORTEST = 20  # characters that a masked text must have to count as a template
KEY_USERS = 50  # accounts on one key beyond which it joins nobody
PUBLISHED = 3.0  # accounts that make a group

Sharing = dict[str, set[int]]


def masked(text: str) -> str:
    """The text in lower case with numbers, quotations, code and addresses replaced, blanks collapsed."""
    return " ".join(SLOTS.sub(" # ", text.lower()).split())


def templates(traffic: Traffic, *, head: bool) -> Sharing:
    """Accounts of each masked prompt and system prompt, or of the first twelve words of each."""
    shared: Sharing = defaultdict(set)
    for name in ("prompt", "system"):
        for account, text in zip(traffic.account.tolist(), traffic.column(name), strict=True):
            words = masked(text[:2_000]) if text else ""
            if len(words) >= SHORTEST:
                shared[f"{name} {' '.join(words.split()[:HEAD]) if head else words}"].add(account)
    return {key: users for key, users in shared.items() if len(users) > 1}


def keys(traffic: Traffic) -> Sharing:
    """Accounts of each address, credential and sign-up key that no more than fifty use."""
    shared: Sharing = defaultdict(set)
    for name in EXCHANGE_KEYS:
        for account, value in zip(traffic.account.tolist(), traffic.column(name), strict=True):
            if value:
                shared[f"{name} {value}"].add(account)
    for name in ACCOUNT_KEYS:
        for account, value in enumerate(traffic.signed_up(name)):
            if value:
                shared[f"{name} {value}"].add(account)
    return {key: users for key, users in shared.items() if 1 < len(users) <= KEY_USERS}


def stars(shared: Iterable[set[int]]) -> list[tuple[int, int]]:
    """Edges that join the users of each thing without all their pairs."""
    return [(first, other) for users in shared for first, *rest in [sorted(users)] for other in rest]


def both(shared: Sharing, held: Sharing) -> list[tuple[int, int]]:
    """Pairs of accounts that share a key and a template."""
    uses: dict[int, set[str]] = defaultdict(set)
    for template, users in shared.items():
        for account in users:
            uses[account].add(template)
    pairs = {pair for users in held.values() for pair in combinations(sorted(users), 2)}
    return [(a, b) for a, b in sorted(pairs) if uses[a] & uses[b]]


def labelled(edges: list[tuple[int, int]], n: int) -> Ints:
    """The component of each of n accounts; -1 for those without an edge."""
    if not edges:
        return np.full(n, -1)
    a, b = np.array(edges).T
    label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)[1]
    return np.where(np.bincount(label)[label] > 1, label, -1).astype(np.int64)


def sizes(label: Ints) -> Floats:
    """Accounts in the component of each account; minus infinity outside any."""
    counts = np.bincount(label[label >= 0], minlength=1)
    return np.where(label >= 0, counts[np.maximum(label, 0)], -np.inf)


def reading(name: str, edges: list[tuple[int, int]], n: int) -> Reading:
    """Components scored by their size."""
    label = labelled(edges, n)
    score = sizes(label)
    return Reading(name, score, PUBLISHED, cut(label, score))


def cut(label: Ints, score: Floats) -> Callable[[float], Ints]:
    """The components whose accounts reach a threshold."""
    return lambda threshold: np.where(score >= threshold, label, -1)


def components(_background: Background) -> Judge:
    """Nothing is learned."""
    return joined


def joined(traffic: Traffic) -> list[Reading]:
    """Components over a shared template or key, over pairs that share both, and over keys alone."""
    n, held = len(traffic.ids), keys(traffic)
    whole, head = templates(traffic, head=False), templates(traffic, head=True)
    return [
        reading("template or key", stars([*whole.values(), *held.values()]), n),
        reading("template and key", both(whole, held), n),
        reading("first 12 words and key", both(head, held), n),
        reading("key alone", stars(held.values()), n),
        most_shared("template alone", whole, n),
        most_shared("first 12 words alone", head, n),
    ]


def most_shared(name: str, shared: Sharing, n: int) -> Reading:
    """Accounts scored by how many use their commonest template; groups over templates that reach the threshold."""
    score = np.full(n, -np.inf)
    for users in shared.values():
        for account in users:
            score[account] = max(score[account], len(users))

    def groups(threshold: float) -> Ints:
        return labelled(stars(users for users in shared.values() if len(users) >= threshold), n)

    return Reading(name, score, PUBLISHED, groups)
