"""Accounts tied to a campaign by another edition of its system prompt: who uses the product that a pool relays is no part of it."""

from __future__ import annotations

from typing import Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue, without
from revenuer.campaigns.wording import tasks_of
from revenuer.engine import Engine
from revenuer.linkage.templates import KINDS, Templates

__all__ = ["without_other_editions"]

I64 = npt.NDArray[np.int64]

# Share of the members under a system prompt that send it word for word, from which whoever sends another text like it is
# no member by that. Pools whose system prompts are said anew have no such text, and are left alone.
ONE_EDITION: Final = 0.8
_SYSTEM: Final = "system_frame"


def without_other_editions(
    engine: Engine, rows: ir.Table, templates: Templates, profiles: Profiles, queues: list[Queue]
) -> list[Queue]:
    """The queues less the accounts whose only tie is a relative of the system prompt that nearly all members send.

    Args:
        engine: runs the count.
        rows: fingerprints.
        templates: with their edges.
        profiles: of all accounts.
        queues: those called campaigns.
    """
    of, ids = tasks_of(templates, queues, KINDS.index(_SYSTEM), private=False)
    if not len(of):
        return queues
    tasks = engine.table("edition_tasks", pa.table({"task": ids, "of": of}))
    sent = (
        rows.join(tasks, rows[_SYSTEM] == tasks.task).group_by("of", "task", "account", "system_text").agg(n=_.count())
    )
    editions = engine.collect(sent.order_by("of", "task", "account", "system_text"))
    account, text = profiles.index(editions["account"].to_numpy()), editions["system_text"].to_numpy()
    number, task = editions["of"].to_numpy(), editions["task"].to_numpy()
    return [
        _less(queue, account[number == n], task[number == n], text[number == n], templates)
        for n, queue in enumerate(queues)
    ]


def _less(queue: Queue, account: I64, task: I64, text: I64, templates: Templates) -> Queue:
    """The queue less the members whose requests under its tasks are all under another edition."""
    inside = np.isin(account, queue.accounts)
    account, task, text = account[inside], task[inside], text[inside]
    other = np.zeros(int(queue.accounts.max(initial=0)) + 1, np.bool_)
    other[account] = True
    other[account[_common(task, account, text)]] = False
    elsewise = queue.templates[queue.tasks & (templates.kind[queue.templates] != KINDS.index(_SYSTEM))]
    users = templates.edge_account[np.isin(templates.edge_template, elsewise)]
    other[users[users < len(other)]] = False
    return without(queue, other)


def _common(task: I64, account: I64, text: I64) -> npt.NDArray[np.bool_]:
    """Which rows, one an account, task and text, are of a task's one edition, or of a task that has none."""
    common = np.ones(len(task), np.bool_)
    for one in np.unique(task):
        under = task == one
        texts, users = np.unique(text[under], return_counts=True)
        if users.max() >= ONE_EDITION * len(np.unique(account[under])):
            common[under] = text[under] == texts[users.argmax()]
    return common
