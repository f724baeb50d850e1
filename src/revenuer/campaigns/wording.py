"""What a campaign sounds like beyond its templates: its tasks said anew still use its words.

A template is exact wording. A harvester who has each prompt reworded, or who varies a system prompt, leaves most of its
templates, not its vocabulary. So for each campaign a linear model is learnt from the exchanges that carry its tasks
against those of accounts that have nothing to do with any campaign, and every exchange is heard. How much a voice says is
not taken from the model: exchanges are sorted into levels by how rarely accounts that have nothing to do with it sound
as much like it, and a level of a voice is then evidence as a template is, with its rate among members and its rate
outside.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _
from scipy import optimize, sparse, special

from revenuer.behaviour import Profiles
from revenuer.campaigns.queues import Queue
from revenuer.engine import Engine
from revenuer.fingerprint.words import FEATURES, Voices, bags, matrix, sound
from revenuer.linkage.templates import KINDS, Templates
from revenuer.sources import Traffic
from revenuer.text.keyed import Key

__all__ = ["AS_PLAIN", "LEVELS", "Wording", "listen", "task_text", "tasks_of"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]

# Exchanges to learn from: of each campaign, and of everybody else.
EXAMPLES: Final = 2_000
OTHERS: Final = 12_000
# A campaign with fewer exchanges under its templates has no voice of its own.
LEAST_EXAMPLES: Final = 20
LEAST_OF_WORD: Final = 3
RIDGE: Final = 1e-4
STEPS: Final = 60
# Shares of the exchanges of accounts that have nothing to do with a campaign that sound as much like it.
LEVELS: Final = (1e-2, 1e-3, 1e-4)
# Text score below which an exchange is not learnt from.
LEAST_TEXT: Final = 0.4
# Share of its campaign's mean text score below which an exchange is no task, however it sounds.
AS_PLAIN: Final = 0.75
# A level that so few outsiders reach is not known well enough.
LEAST_OUTSIDE: Final = 3


@dataclass(frozen=True, slots=True)
class Wording:
    """Which exchanges sound like which campaign.

    Attributes:
        heard: `spoken` (hash of the exchange id), `voice` (number of the queue), `level` (0 the faintest); only
            exchanges that reach a level.
        voices: numbers of the queues that have a voice.
    """

    heard: ir.Table
    voices: tuple[int, ...]


def listen(
    engine: Engine,
    traffic: Traffic,
    rows: ir.Table,
    templates: Templates,
    profiles: Profiles,
    queues: list[Queue],
    *,
    key: Key | None,
) -> Wording | None:
    """Learn the voices of campaigns and hear all exchanges; None where no campaign has a voice.

    Args:
        engine: runs the passes.
        traffic: where the texts are.
        rows: fingerprints.
        templates: with their edges.
        profiles: of all accounts.
        queues: those called campaigns.
        key: under which hashes of text stand.
    """
    members, used = _roles(engine, templates, profiles, queues)
    examples = _examples(engine, rows, members, used)
    told = examples["of"].to_numpy()[examples["told"].to_numpy()]
    chosen = [n for n in range(len(queues)) if (told == n).sum() >= LEAST_EXAMPLES]
    if not chosen:
        return None
    words = bags(engine, traffic, np.sort(examples["draw"].to_numpy()), key)
    weights, intercepts = _voices(words, examples, chosen, engine.threads)
    spoken = engine.persist("spoken", _once(sound(engine, traffic, Voices(weights, intercepts, key))))
    outside = rows.anti_join(members, rows.account == members.account).select("draw")
    heard = _levelled(engine, spoken, outside, len(chosen))
    least = [AS_PLAIN * task_text(queues[number], templates) for number in chosen]
    columns = {"nth": np.arange(len(chosen)), "queue": np.array(chosen), "least": np.nan_to_num(np.array(least))}
    names = engine.table("voice_names", pa.table(columns))
    texts = rows.select("draw", "extraction")
    named = heard.join(names, heard.voice == names.nth).join(texts, heard.spoken == texts.draw)
    # whoever quotes a campaign sounds like it, and the text model knows a quotation
    named = named.filter(named.extraction.cast("float64").fill_null(1.0) >= named.least)
    named = named.select("spoken", voice=_.queue, level=_.level)
    return Wording(engine.persist("heard", named), tuple(chosen))


def _once(spoken: ir.Table) -> ir.Table:
    """One row an exchange id, the loudest: the texts are read as they stand, also of rows that were set aside as repeats."""
    nth = ibis.row_number().over(group_by=spoken.spoken, order_by=[spoken.said.desc(), spoken.voice])
    return spoken.mutate(nth=nth).filter(_.nth == 0).drop("nth")


def _roles(
    engine: Engine, templates: Templates, profiles: Profiles, queues: list[Queue]
) -> tuple[ir.Table, dict[str, ir.Table]]:
    """Accounts that have to do with a campaign (`queue` -1: by a stray use of a task), and its tasks by kind."""
    of = np.full(len(profiles), -2)
    for queue in queues:
        tasks = np.isin(templates.edge_template, queue.templates[queue.tasks])
        of[templates.edge_account[tasks]] = -1
    for number, queue in enumerate(queues):
        of[queue.accounts] = number
    near = np.flatnonzero(of > -2)
    members = engine.table("near", pa.table({"account": profiles.keys[near], "queue": of[near]}))
    used = {}
    for kind, name in enumerate(KINDS):
        of_task, ids = tasks_of(templates, queues, kind, private=True)
        used[name] = engine.table(f"tasks_{name}", pa.table({"task": ids, "of": of_task}))
    return members, used


def tasks_of(templates: Templates, queues: list[Queue], kind: int, *, private: bool) -> tuple[I64, I64]:
    """Number of the queue, and id of the template, of each task of one kind; those of hardly anybody else if `private`."""
    held = [queue.private if private else queue.tasks for queue in queues]
    tasks = [
        queue.templates[own & (templates.kind[queue.templates] == kind)]
        for queue, own in zip(queues, held, strict=True)
    ]
    return np.repeat(np.arange(len(queues)), [len(one) for one in tasks]), templates.ids[np.concatenate(tasks)]


def task_text(queue: Queue, templates: Templates) -> float:
    """Mean text score of a campaign's tasks; NaN where no text is known."""
    tasks = queue.templates[queue.tasks]
    return float(np.average(templates.extraction[tasks], weights=np.maximum(queue.requests[queue.tasks], 1)))


def _examples(engine: Engine, rows: ir.Table, members: ir.Table, used: dict[str, ir.Table]) -> pa.Table:
    """Exchanges to learn from: `draw`, `of`, the number of the campaign or -1 for everybody else, and `told`.

    Those of a campaign that carry none of its tasks are not `told`: its own traffic in other words, or its customers'.
    """
    mine = rows.join(members, rows.account == members.account).filter(_.queue >= 0)
    parts = []
    for name in KINDS:
        if name != "manner":
            tasks = used[name]
            parts.append(mine.join(tasks, [mine[name] == tasks.task, mine.queue == tasks.of]).select("draw", "of"))
    told = ibis.union(*parts, distinct=True).mutate(told=ibis.literal(True))
    free = mine.filter(mine.extraction.fill_null(1.0) >= LEAST_TEXT).select("draw", of=_.queue)
    free = free.anti_join(told, [free.draw == told.draw]).mutate(told=ibis.literal(False))
    under = told.union(free)
    nth = ibis.row_number().over(group_by=[under.of, under.told], order_by=under.draw)
    under = under.mutate(nth=nth).filter(_.nth < EXAMPLES)
    rest = rows.anti_join(members, rows.account == members.account).select("draw").order_by("draw").limit(OTHERS)
    rest = rest.mutate(of=ibis.literal(-1).cast("int64"), told=ibis.literal(True))
    chosen = engine.collect(under.select("draw", "of", "told").union(rest))
    return chosen.sort_by([("of", "ascending"), ("draw", "ascending")])


def _voices(words: pa.Table, examples: pa.Table, chosen: list[int], threads: int) -> tuple[F32, F32]:
    """Weights of shape (FEATURES, voices) and intercepts of shape (voices,)."""
    texts = matrix(words["words"])
    names, first, copies = np.unique(words["draw"].to_numpy(), return_index=True, return_counts=True)
    place = np.searchsorted(names, examples["draw"].to_numpy())
    # an id that stands in the traffic with several texts is no example: which of them came first is chance
    known = copies[place] == 1
    at = first[place[known]]
    of, told = examples["of"].to_numpy()[known], examples["told"].to_numpy()[known]
    others = texts[at[of == -1]]

    def voice(number: int) -> tuple[I64, F64, float]:
        own, free = texts[at[(of == number) & told]], texts[at[(of == number) & ~told]]
        held, learnt, _ = _learn(own, others[::2])
        bar = np.quantile(others[1::2][:, held] @ learnt, 1.0 - LEVELS[1])
        # what sounds like the tasks is learnt from as well: a second wording is known by the words it shares with the first
        more = free[np.flatnonzero(free[:, held] @ learnt > bar)]
        return _learn(sparse.vstack([own, more], format="csr"), others)

    weights, intercepts = np.zeros((FEATURES, len(chosen)), np.float32), np.zeros(len(chosen), np.float32)
    with ThreadPoolExecutor(threads) as pool:
        for column, (held, learnt, intercept) in enumerate(pool.map(voice, chosen)):
            weights[held, column], intercepts[column] = learnt, intercept
    return weights, intercepts


def _learn(own: sparse.csr_matrix, others: sparse.csr_matrix) -> tuple[I64, F64, float]:
    """A ridge logistic regression, both sides weighing the same; over words that several own texts have."""
    held = np.flatnonzero(np.diff(own.tocsc().indptr) >= LEAST_OF_WORD)
    texts = sparse.vstack([own, others], format="csr")[:, held]
    truth = np.r_[np.ones(own.shape[0]), np.zeros(others.shape[0])]
    weight = np.where(truth == 1.0, 0.5 / max(own.shape[0], 1), 0.5 / max(others.shape[0], 1))

    def loss(point: F64) -> tuple[float, F64]:
        odds = texts @ point[:-1] + point[-1]
        slope = weight * (special.expit(odds) - truth)
        value = float((weight * (np.logaddexp(0.0, odds) - truth * odds)).sum() + 0.5 * RIDGE * (point[:-1] ** 2).sum())
        return value, np.r_[texts.T @ slope + RIDGE * point[:-1], slope.sum()]

    found = optimize.minimize(loss, np.zeros(len(held) + 1), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return held, found[:-1], float(found[-1])


def _levelled(engine: Engine, spoken: ir.Table, outside: ir.Table, voices: int) -> ir.Table:
    """Exchanges that reach a level, by how rarely outsiders sound as much like a voice.

    Of `outside` exchanges those in `spoken` sound like a voice at all; no level lies below that.
    """
    size = int(engine.collect(outside.agg(n=_.count()))["n"][0].as_py())
    loudest = spoken.semi_join(outside, spoken.spoken == outside.draw)
    loudest = loudest.mutate(
        nth=ibis.row_number().over(group_by=loudest.voice, order_by=[loudest.said.desc(), loudest.spoken])
    ).filter(_.nth < int(LEVELS[0] * size) + 1)
    table = engine.collect(loudest.select("voice", "said", "nth").order_by("voice", "nth"))
    voice, said = table["voice"].to_numpy(), table["said"].to_numpy()
    bounds = np.full((voices, len(LEVELS)), np.inf)
    for number in range(voices):
        ranked = said[voice == number]
        for level, share in enumerate(LEVELS):
            rank = int(share * size)
            if rank >= LEAST_OUTSIDE or level == 0:
                bounds[number, level] = max(ranked[rank] if rank < len(ranked) else -np.inf, 0.0)
    at = engine.table(
        "bounds", pa.table({"of": np.arange(voices)} | {f"from_{n}": bounds[:, n] for n in range(len(LEVELS))})
    )
    joined = spoken.join(at, spoken.voice == at.of)
    reached = sum((joined.said > joined[f"from_{n}"]).cast("int64") for n in range(len(LEVELS)))
    return joined.mutate(level=reached - 1).filter(_.level >= 0).select("spoken", "voice", "level")
