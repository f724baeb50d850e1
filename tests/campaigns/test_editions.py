"""Editions of a system prompt: who sends the pool's own, and who uses the product that it relays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from revenuer.behaviour import Profiles
from revenuer.campaigns.editions import without_other_editions
from revenuer.campaigns.queues import Queue
from revenuer.engine import LocalEngine
from revenuer.linkage.templates import KINDS
from strategies import templates_of

SYSTEM, PROMPT = KINDS.index("system_frame"), KINDS.index("prompt_frame")


def left(texts: dict[int, list[int]], asked: tuple[int, ...] = ()) -> list[int]:
    """Members that stay of a queue of one system prompt and one prompt.

    Args:
        texts: the exact system prompts that each account sends under the system frame.
        asked: accounts that send the prompt too.
    """
    accounts = np.array(sorted(texts))
    rows = [(account, text) for account in accounts.tolist() for text in texts[account]]
    table = {name: np.zeros(len(rows), np.int64) for name in KINDS}
    table |= {"system_frame": np.full(len(rows), 1), "account": np.array([one for one, _ in rows])}
    table |= {"system_text": np.array([text for _, text in rows])}
    counts = np.zeros((len(accounts), 2), np.int64)
    counts[:, 0] = [len(texts[account]) for account in accounts.tolist()]
    counts[list(asked), 1] = 2
    templates = templates_of(counts)
    templates.kind[:], templates.ids[:] = [SYSTEM, PROMPT], [1, 2]
    nought, blank = np.zeros(len(accounts), np.int64), np.full(len(accounts), "", object)
    made = counts.sum(axis=1)
    profiles = Profiles(accounts, blank, accounts, made, nought, nought, made, nought, {}, blank)
    ones = np.ones(2)
    queue = Queue(accounts, np.ones(len(accounts)), np.arange(2), ones, ones, counts.sum(axis=0), ones, 2.0)
    with LocalEngine(threads=1) as engine:
        found = without_other_editions(engine, engine.table("rows", pa.table(table)), templates, profiles, [queue])
    return found[0].accounts.tolist()


def test_users_of_another_edition_are_no_members_by_it():
    """Nine send one text word for word; two whose text is a relative of it leave, one who sends both stays."""
    pool = {account: [7, 7] for account in range(9)}
    assert left(pool | {9: [8, 8], 10: [9], 11: [8, 7]}) == [*range(9), 11]


def test_another_tie_keeps_a_member():
    """Whoever sends another edition and one of the pool's prompts belongs all the same."""
    assert left({account: [7] for account in range(9)} | {9: [8]}, asked=(9,)) == [*range(10)]


def test_a_pool_that_says_its_system_prompt_anew_stays_whole():
    """Where no text is nearly everybody's there is no edition to differ from."""
    assert left({account: [account + 1] for account in range(8)}) == [*range(8)]
