"""A campaign with a template, and its tasks in other words, among accounts that have nothing to do with it.

Tasks have words of their own, everything else those of everybody. What is under which template is given, not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from detection_worlds import exchanges, vocabulary
from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.engine import Engine, LocalEngine
from revenuer.linkage.templates import KINDS, Templates
from revenuer.sources import Traffic, open_traffic
from revenuer.text.tokens import hash_strings
from strategies import templates_of
from traffic_samples import put_parquet

I64 = npt.NDArray[np.int64]

# Accounts, by what they are: numbers are indices into the profiles.
MEMBERS = range(30)
JOINERS = range(30, 36)  # work for the campaign, nearly always in other words
SOUND = range(36, 37)  # sounds like it and never sends a task as it is
QUOTERS = range(40, 44)  # report the attack: its wording, and a text that is no task
ACCOUNTS = 540
TASK, COVER = 11, 12  # ids of the frames: the campaign's own, and a published one that members use as cover

_GENERAL = vocabulary(100, 1_500)
_OF_TASKS = vocabulary(101, 90)
_OF_COVER = vocabulary(102, 90)
_HEAD = " ".join(vocabulary(103, 8))


class Kind(NamedTuple):
    """One sort of exchange: which accounts send how many, with which words, under which frame, and how it reads."""

    name: str
    accounts: range
    each: int
    words: list[str]
    own: int
    frame: int
    extraction: float


KINDS_SENT = (
    Kind("task", MEMBERS, 6, _OF_TASKS, 10, TASK, 0.9),
    Kind("reworded", MEMBERS, 12, _OF_TASKS, 10, 0, 0.85),
    Kind("cover", MEMBERS, 10, _OF_COVER, 10, COVER, 0.8),
    Kind("everyday", MEMBERS, 10, _GENERAL, 0, 0, 0.1),
    Kind("task", JOINERS, 1, _OF_TASKS, 10, TASK, 0.9),
    Kind("reworded", JOINERS, 12, _OF_TASKS, 10, 0, 0.85),
    Kind("reworded", SOUND, 3, _OF_TASKS, 10, 0, 0.85),
    Kind("quoted", QUOTERS, 12, _OF_TASKS, 8, TASK, 0.3),
    Kind("everyday", range(30, ACCOUNTS), 10, _GENERAL, 0, 0, 0.1),
    Kind("cover", range(60, 160), 6, _OF_COVER, 10, COVER, 0.8),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The world in an engine."""

    engine: Engine
    traffic: Traffic
    rows: ir.Table
    table: pa.Table
    templates: Templates
    profiles: Profiles
    queues: list[Queue]


def _texts(rng: np.random.Generator, kind: Kind) -> list[str]:
    """Words of the kind among sixteen, in any order; the frame's own head before them where there is one."""
    head = f"{_HEAD} " if kind.frame == TASK else ""
    return [
        head + " ".join(rng.permutation([*rng.choice(kind.words, kind.own), *rng.choice(_GENERAL, 16 - kind.own)]))
        for _ in range(len(kind.accounts) * kind.each)
    ]


def sent(seed: int = 0) -> pa.Table:
    """All exchanges: `what`, `prompt`, and the columns of fingerprints that listening and scoring read."""
    rng = np.random.default_rng(seed)
    parts = []
    for kind in KINDS_SENT:
        n = len(kind.accounts) * kind.each
        whole: dict[str, Any] = dict.fromkeys(KINDS, np.zeros(n, np.int64)) | {"prompt_frame": np.full(n, kind.frame)}
        parts.append(
            pa.table(
                whole
                | {
                    "what": [kind.name] * n,
                    "prompt": _texts(rng, kind),
                    "account": np.repeat(np.array(kind.accounts), kind.each).astype(np.int64),
                    "extraction": np.full(n, kind.extraction, np.float32),
                }
            )
        )
    table = pa.concat_tables(parts)
    ids = pa.array([f"x{number}" for number in range(len(table))])
    return table.append_column("exchange_id", ids).append_column("draw", pa.array(hash_strings(ids)))


def _templates(table: pa.Table) -> Templates:
    counts = np.zeros((ACCOUNTS, 2), np.int64)
    account, frame = table["account"].to_numpy(), table["prompt_frame"].to_numpy()
    for column, name in enumerate((TASK, COVER)):
        counts[:, column] = np.bincount(account[frame == name], minlength=ACCOUNTS)
    text = [table["extraction"].to_numpy()[frame == name].mean() for name in (TASK, COVER)]
    return replace(templates_of(counts), ids=np.array([TASK, COVER]), extraction=np.array(text, np.float64))


def _profiles(table: pa.Table) -> Profiles:
    nought, words = np.zeros(ACCOUNTS, np.int64), np.full(ACCOUNTS, "", object)
    everyone = np.arange(ACCOUNTS)
    made = np.bincount(table["account"].to_numpy(), minlength=ACCOUNTS)
    return Profiles(everyone, words, everyone, made, nought, nought, made, nought, {}, words)


def _queue(templates: Templates) -> Queue:
    """The members with both templates: the published one reads like a task, and most of it is sent by others."""
    mine = np.isin(templates.edge_account, np.array(MEMBERS))
    made = np.bincount(templates.edge_template[mine], weights=templates.edge_exchanges[mine]).astype(np.int64)
    inside = made / templates.exchanges
    return Queue(np.array(MEMBERS), np.ones(len(MEMBERS)), np.arange(2), inside, inside, made, np.full(2, 0.9), 2.0)


@contextmanager
def heard_world(folder: Path) -> Iterator[Heard]:
    """The traffic written to a folder, and its fingerprints in a local engine."""
    table = sent()
    batch = exchanges(table["prompt"].to_pylist(), account_id=[f"a{n}" for n in table["account"].to_pylist()])
    put_parquet(folder, pa.Table.from_batches([batch]))
    templates = _templates(table)
    with LocalEngine(threads=1) as engine:
        yield Heard(
            engine,
            open_traffic(folder),
            engine.table("rows", table),
            table,
            templates,
            _profiles(table),
            [_queue(templates)],
        )
