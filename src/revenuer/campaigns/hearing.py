"""Voices of campaigns as evidence: their levels as templates, and what an exchange at a level is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.wording import AS_PLAIN, LEVELS, Wording, task_text, tasks_of
from revenuer.engine import Engine
from revenuer.linkage.templates import KINDS, Templates

__all__ = ["as_templates", "sure_users", "worth_of_levels"]

I64 = npt.NDArray[np.int64]

# Exchanges of members at a level below which their number says nothing.
LEAST_HEARD: Final = 3
# Member rate over that of outsiders below which members merely lean to such wording.
LEAST_LIFT: Final = 5.0


def as_templates(
    engine: Engine, wording: Wording, rows: ir.Table, templates: Templates, profiles: Profiles, queues: list[Queue]
) -> Templates:
    """The templates, and behind them one for each voice and level, with the exchanges heard that no task explains."""
    edges = engine.collect(_untold(engine, wording, rows, templates, queues).order_by("voice", "level", "account"))
    account = profiles.index(edges["account"].to_numpy())
    place, n = edges["voice"].to_numpy() * len(LEVELS) + edges["level"].to_numpy(), edges["n"].to_numpy()
    names, at = np.unique(place, return_inverse=True)
    entities = np.unique(np.stack([at, profiles.entity[account]]), axis=1)[0]
    size = len(names)
    more = {
        "kind": np.full(size, len(KINDS)),
        "ids": names,
        "exchanges": np.bincount(at, weights=n, minlength=size).astype(np.int64),
        "accounts": np.bincount(at, minlength=size),
        "entities": np.bincount(entities, minlength=size),
        "extraction": np.ones(size),
        "elicitation": np.zeros(size),
        "followups": np.zeros(size),
        "novelty": np.ones(size),
        "edge_account": account,
        "edge_template": at + len(templates),
        "edge_exchanges": n,
    }
    return replace(templates, **{name: np.r_[getattr(templates, name), column] for name, column in more.items()})


def _untold(engine: Engine, wording: Wording, rows: ir.Table, templates: Templates, queues: list[Queue]) -> ir.Table:
    """How many exchanges of each account are heard at each level of each voice, beside those under a task of it."""
    heard = rows.join(wording.heard, rows.draw == wording.heard.spoken)
    for kind, name in enumerate(KINDS):
        of, ids = tasks_of(templates, queues, kind, private=False)
        told = engine.table(f"told_{name}", pa.table({"task": ids, "of": of}))
        heard = heard.anti_join(told, [heard[name] == told.task, heard.voice == told.of])
    return heard.group_by("voice", "level", "account").agg(n=_.count())


def sure_users(
    engine: Engine, rows: ir.Table, templates: Templates, profiles: Profiles, queues: list[Queue], *, private: bool
) -> list[I64]:
    """For each campaign the accounts that send a task of it (if `private` hardly anybody else's), and mean it.

    Whoever reports or studies an attack quotes it: the wording is there, and the text model reads it as less of a task.
    """
    least = np.nan_to_num(np.array([AS_PLAIN * task_text(queue, templates) for queue in queues]))
    parts = []
    for kind, name in enumerate(KINDS):
        of, ids = tasks_of(templates, queues, kind, private=private)
        told = engine.table(f"sure_{name}_{private}", pa.table({"task": ids, "of": of, "least": least[of]}))
        sent = rows.join(told, rows[name] == told.task)
        parts.append(sent.filter(_.extraction.cast("float64").fill_null(1.0) >= _.least).select("account", "of"))
    found = engine.collect(ibis.union(*parts, distinct=True).order_by("of", "account"))
    account, of = profiles.index(found["account"].to_numpy()), found["of"].to_numpy()
    return [account[of == number] for number in range(len(queues))]


def worth_of_levels(heard: Templates, known: int, profiles: Profiles, queues: list[Queue]) -> pa.Table:
    """How probable it is that a member's exchange serves its campaign when it is heard at a level of its voice.

    What exceeds the share of outsiders that reach the level is the campaign's.

    Args:
        heard: from `as_templates`.
        known: how many of them are templates of the traffic.
        profiles: of all accounts.
        queues: the campaigns.

    Returns:
        `of_voice`, `at_level`, `worth_voice`.
    """
    of, at, worth = [], [], []
    for template in range(known, len(heard)):
        voice, level = divmod(int(heard.ids[template]), len(LEVELS))
        edges = heard.edge_template == template
        mine = np.isin(heard.edge_account[edges], queues[voice].accounts)
        made = int(heard.edge_exchanges[edges][mine].sum())
        rate = made / max(int(profiles.exchanges[queues[voice].accounts].sum()), 1)
        outside = LEVELS[level] - (LEVELS[level + 1] if level + 1 < len(LEVELS) else 0.0)
        if made >= LEAST_HEARD and rate >= LEAST_LIFT * outside:
            of.append(voice)
            at.append(level)
            worth.append(1.0 - outside / rate)
    return pa.table(
        {
            "of_voice": pa.array(of, pa.int64()),
            "at_level": pa.array(at, pa.int64()),
            "worth_voice": pa.array(worth, pa.float64()),
        }
    )
