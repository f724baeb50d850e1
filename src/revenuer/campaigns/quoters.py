"""Accounts that hold out a campaign's tasks and do not ask them: analysts of incidents, moderators, teachers."""

from __future__ import annotations

from typing import Final

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue, without
from revenuer.campaigns.wording import tasks_of
from revenuer.engine import Engine
from revenuer.fingerprint import FrameLibrary
from revenuer.fingerprint.quoting import QuoteReader, read_quotes
from revenuer.linkage.templates import KINDS, Templates
from revenuer.sources import Traffic
from revenuer.text.keyed import Key

__all__ = ["without_quoters"]

I64 = npt.NDArray[np.int64]

# Requests under a campaign's tasks that are looked at, of each account.
OF_ACCOUNT: Final = 5
# Share of those that hold a task out, above which an account reports it.
REPORTS: Final = 0.5
# Share of the accounts that do, above which this is how the campaign's tasks are put. It was a half, and in sixteen million
# exchanges 36 analysts were accused with the 11 accounts whose tasks they reported.
PUT_SO: Final = 0.9
_PROMPT: Final = "prompt_frame"


def without_quoters(
    engine: Engine,
    traffic: Traffic,
    rows: ibis.Table,
    templates: Templates,
    profiles: Profiles,
    queues: list[Queue],
    frames: FrameLibrary,
    *,
    key: Key | None,
) -> list[Queue]:
    """The queues less the accounts whose requests under its tasks are mostly about those tasks.

    Args:
        engine: runs the pass over the texts.
        traffic: where the texts are.
        rows: fingerprints.
        templates: with their edges.
        profiles: of all accounts.
        queues: those called campaigns.
        frames: of prompts.
        key: under which hashes of text stand.
    """
    looked = _looked_at(engine, rows, templates, profiles, queues)
    if not looked.num_rows:
        return queues
    reader = QuoteReader(np.unique(looked["draw"].to_numpy()), frames, key)
    told = engine.collect(read_quotes(engine, traffic, reader).order_by("read"))
    place = np.searchsorted(told["read"].to_numpy(), looked["draw"].to_numpy())
    known = place < told.num_rows
    known[known] = told["read"].to_numpy()[place[known]] == looked["draw"].to_numpy()[known]
    quoted = told["quoted"].to_numpy(zero_copy_only=False)[place[known]]
    of, account = looked["of"].to_numpy()[known], profiles.index(looked["account"].to_numpy()[known])
    return [_less(queue, account[of == n], quoted[of == n], len(profiles)) for n, queue in enumerate(queues)]


def _looked_at(
    engine: Engine, rows: ibis.Table, templates: Templates, profiles: Profiles, queues: list[Queue]
) -> pa.Table:
    """A few requests of each member under a prompt of its campaign: `draw`, `of`, `account`."""
    of, ids = tasks_of(templates, queues, KINDS.index(_PROMPT), private=False)
    tasks = engine.table("quotable", pa.table({"task": ids, "of": of}))
    members = np.concatenate([queue.accounts for queue in queues])
    numbers = np.repeat(np.arange(len(queues)), [len(queue.accounts) for queue in queues])
    inside = engine.table("quoting", pa.table({"member": profiles.keys[members], "number": numbers}))
    sent = rows.join(tasks, rows[_PROMPT] == tasks.task).join(
        inside, [_.account == inside.member, _.of == inside.number]
    )
    nth = ibis.row_number().over(group_by=[sent.of, sent.account], order_by=sent.draw)
    few = sent.mutate(nth=nth).filter(_.nth < OF_ACCOUNT)
    return engine.collect(few.select("draw", "of", "account").order_by("of", "draw"))


def _less(queue: Queue, account: I64, quoted: npt.NDArray[np.bool_], accounts: int) -> Queue:
    looked = np.bincount(account, minlength=accounts)
    held_out = np.bincount(account[quoted], minlength=accounts)
    reports = held_out > REPORTS * looked
    asks = ~reports & (looked > 0)
    if reports.sum() > PUT_SO * (reports | asks).sum():
        return queue
    return without(queue, reports)
