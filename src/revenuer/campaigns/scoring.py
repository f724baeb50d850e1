"""From campaigns back to exchanges: which of an account's exchanges serve the extraction.

An exchange of a member is scored by the task it carries: by how far the members' use of its template exceeds the
population's, and by how probably the template is a task; by how it sounds, where its campaign has a voice of its own; and
with the conversation that it goes on with. Where a campaign has no wording at all, exchanges are scored by the kind of
thing they ask for: where members ask far more of it than other accounts do, the excess is the campaign's. Everything
else of the account is somebody's ordinary traffic and is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.campaigns.closer import CloserLook
from revenuer.campaigns.naming import name_exchanges
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.tasks import tasklike
from revenuer.engine import Engine
from revenuer.linkage.templates import KINDS, Templates
from revenuer.schema import CAPABILITIES, EXTRACTION_CAPABILITIES

__all__ = ["Heard", "Scored", "score_exchanges"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# A manner links accounts; whether a bare task serves the campaign is for its kind to say.
_WORDED: Final = tuple(name for name in KINDS if name != "manner")

# From here an exchange is called extraction.
EXTRACTION: Final = 0.5
# What a text alone can be worth: it ranks, it never accuses.
TEXT_ONLY: Final = 0.1
# A template that members share with others: users among members, and member rate over population rate, from which
# what exceeds the population's rate is the campaign's.
LEAST_USERS: Final = 3
SHARED_LIFT: Final = 4.0
SHARED_TEXT: Final = 0.7
SHARED_NOVELTY: Final = 0.7
# The least that a campaign's task is worth.
OWN_TASK: Final = 0.75
# Requests of others beside those seen.
UNSEEN: Final = 2.0
# How far the text of an exchange without wording can lower the odds that its kind gives it; raise them it cannot, since
# a kind is called so for its text.
TEXT_ODDS: Final = 5.0
# A kind of exchange without wording needs this many among members before its excess counts.
LEAST_OF_KIND: Final = 20
# Text scores that tell kinds apart.
STEPS: Final = (0.3, 0.55, 0.7, 0.85)
# What an exchange takes over from the surest of its conversation.
SAME_TALK: Final = 0.95
BILLION: Final = 1_000_000_000
N_EXTRACTION: Final = len(EXTRACTION_CAPABILITIES)

# What scoring reads of a fingerprint, and what findings are written from: the rest of a row is not copied with it.
_TOLD_OF: Final = ("exchange_id", "draw", "account", "ts", "pathway", "model")
_READ: Final = (
    *(*_TOLD_OF, *KINDS, "session", "turn", "extraction"),
    *("capability", "holds", "served", "served_votes", "second", "second_votes"),
)
_TOLD: Final = (*_TOLD_OF, "capability", "holds", "campaign", "score", "extracts", "named")


@dataclass(frozen=True, slots=True)
class Heard:
    """How exchanges sound, and what that is worth.

    Attributes:
        rows: `spoken` (hash of the exchange id), `voice` (number of the queue), `level`.
        worth: `of_voice`, `at_level`, `worth_voice`.
        voices: numbers of the queues that have a voice.
    """

    rows: ir.Table
    worth: pa.Table
    voices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """Every exchange with its score.

    Attributes:
        rows: `exchange_id`, `draw`, `account`, `ts`, `pathway`, `model` and `capability` of every fingerprint, with `campaign` (index
            or -1), `score`, `extracts` and `named` (capability index).
    """

    rows: ir.Table


def score_exchanges(
    engine: Engine,
    rows: ir.Table,
    templates: Templates,
    profiles: Profiles,
    queues: list[Queue],
    heard: Heard | None = None,
    closer: CloserLook | None = None,
) -> Scored:
    """Score every exchange against the campaigns its account belongs to.

    Args:
        engine: runs the joins.
        rows: fingerprints.
        templates: with their edges.
        profiles: of all accounts.
        queues: the campaigns.
        heard: how exchanges sound; None where nothing was listened to.
        closer: reads some exchanges with the careful model; None: the fast one alone names them.
    """
    members = engine.table("members", _members(profiles, queues))
    narrow = rows.select(*_READ)
    joined = narrow.inner_join(members, narrow.account == members.member).drop("member")
    others = narrow.anti_join(members, narrow.account == members.member)
    linking = _linking(templates)
    served = [_served(templates, profiles, queue) for queue in queues]
    for name in linking:
        worth = engine.table(f"worth_{name}", _worth(templates, served, KINDS.index(name)))
        on = [joined.campaign == worth[f"of_{name}"], joined[name] == worth[f"id_{name}"]]
        joined = joined.left_join(worth, on).drop(f"of_{name}", f"id_{name}")
    joined = engine.persist("joined", _with_voice(engine, joined, heard))
    silent = [number for number in range(len(queues)) if heard is None or number not in heard.voices]
    joined = _with_kind(engine, joined, others, linking, silent)
    worded = [joined[f"worth_{name}"].fill_null(0.0) for name in linking]
    worth = ibis.greatest(*worded, joined.worth_voice.fill_null(0.0), joined.worth_kind.fill_null(0.0))
    joined = joined.mutate(worth=worth, template=_template(joined, linking))
    unnamed = engine.persist("unnamed", _judged(joined))
    close = None if closer is None else closer(engine, unnamed)
    named = name_exchanges(engine, unnamed, close)
    served = engine.persist("scored", named.select(*_TOLD))
    return Scored(served.union(_of_nobody(others).select(*_TOLD).cast(dict(served.schema().items()))))


def _of_nobody(rows: ir.Table) -> ir.Table:
    """Exchanges of accounts of no campaign: nothing is joined to them and nothing of them is kept, most traffic is so."""
    return rows.mutate(
        campaign=ibis.literal(-1),
        score=(TEXT_ONLY * _text(rows)).clip(0.0, 1.0),
        extracts=ibis.literal(False),
        named=rows.capability,
    )


def _text(rows: ir.Table) -> ir.FloatingValue:
    return rows.extraction.cast("float64").fill_null(0.0).clip(0.0, 1.0)


def _judged(rows: ir.Table) -> ir.Table:
    """Scores: an exchange that goes on with a conversation is worth as much as the surest of it, or nearly."""
    talk = ibis.ifelse(rows.session != 0, rows.session, rows.draw)
    best = rows.worth.max().over(group_by=[rows.account, talk])
    worth = ibis.ifelse(rows.turn.fill_null(0) > 0, ibis.greatest(rows.worth, SAME_TALK * best), rows.worth)
    scored = rows.mutate(score=(rows.posterior * worth).clip(0.0, 1.0))
    return scored.mutate(extracts=_.score >= EXTRACTION)


def _linking(templates: Templates) -> tuple[str, ...]:
    """The kinds of template whose use says that an exchange serves its campaign; without text a manner is all there is."""
    return KINDS if np.isnan(templates.extraction).any() else _WORDED


def _template(rows: ir.Table, linking: tuple[str, ...]) -> ir.IntegerValue:
    """The template of the campaign that an exchange uses, prompt before system prompt; 0 for none."""
    cases = [(rows[f"worth_{name}"].notnull(), rows[name]) for name in linking]
    return ibis.cases(*cases, else_=0)


def _members(profiles: Profiles, queues: list[Queue]) -> pa.Table:
    accounts = np.concatenate([queue.accounts for queue in queues]) if queues else np.zeros(0, np.int64)
    return pa.table(
        {
            "member": profiles.keys[accounts],
            "campaign": np.repeat(np.arange(len(queues)), [len(queue.accounts) for queue in queues]).astype(np.int64),
            "posterior": np.concatenate([queue.posterior for queue in queues]) if queues else np.zeros(0),
        }
    )


def _worth(templates: Templates, served: list[tuple[I64, F64]], kind: int) -> pa.Table:
    """How probable it is that a member's exchange of a template of one kind serves the campaign, from `_served` of each."""
    found = [(chosen[held], worth[held]) for chosen, worth in served for held in [templates.kind[chosen] == kind]]
    name = KINDS[kind]
    number = np.repeat(np.arange(len(found)), [len(chosen) for chosen, _worths in found])
    chosen = np.concatenate([chosen for chosen, _worths in found]) if found else np.zeros(0, np.int64)
    worth = np.concatenate([worths for _chosen, worths in found]) if found else np.zeros(0)
    return pa.table({f"of_{name}": number, f"id_{name}": templates.ids[chosen], f"worth_{name}": worth})


def _served(templates: Templates, profiles: Profiles, queue: Queue) -> tuple[I64, F64]:
    """Templates that serve a campaign, and how probably an exchange of each does.

    Of what members send of a template, the part that exceeds the population's rate is the campaign's, if the template is
    a task: as its own templates are read, or, for one that it shares with others, as its text says.
    """
    member = np.zeros(len(profiles), np.bool_)
    member[queue.accounts] = True
    inside = member[templates.edge_account]
    template, sent = templates.edge_template[inside], templates.edge_exchanges[inside]
    made = np.bincount(template, weights=sent, minlength=len(templates))
    users = np.bincount(template, minlength=len(templates))
    n = profiles.exchanges[queue.accounts].sum()
    base = (templates.exchanges - made + UNSEEN) / max(float(profiles.exchanges.sum() - n), 1.0)
    lift = made / max(float(n), 1.0) / base
    shared = tasklike(templates) & (templates.extraction >= SHARED_TEXT) & (templates.novelty >= SHARED_NOVELTY)
    task = np.where(shared, templates.extraction, 0.0)
    # without its tasks there is no campaign: where none stands out by its text, they are what it was called for
    task[queue.templates] = np.where(queue.tasks, np.maximum(queue.worth, OWN_TASK), queue.worth)
    own = np.zeros(len(templates), np.bool_)
    own[queue.templates] = True
    serves = own | ((users >= LEAST_USERS) & (lift >= SHARED_LIFT))
    chosen = np.flatnonzero(serves & (task > 0.0))
    return chosen, task[chosen] * (1.0 - 1.0 / np.maximum(lift[chosen], 1.0))


def _with_voice(engine: Engine, rows: ir.Table, heard: Heard | None) -> ir.Table:
    """The rows with `worth_voice`, null where an exchange does not sound like its account's campaign."""
    if heard is None:
        return rows.mutate(worth_voice=ibis.null("float64"))
    worth = engine.table("worth_voices", heard.worth)
    spoken = heard.rows.join(worth, [heard.rows.voice == worth.of_voice, heard.rows.level == worth.at_level])
    spoken = spoken.select("spoken", "voice", "worth_voice")
    return rows.left_join(spoken, [rows.draw == spoken.spoken, rows.campaign == spoken.voice]).drop("spoken", "voice")


def _with_kind(
    engine: Engine, rows: ir.Table, others: ir.Table, linking: tuple[str, ...], silent: list[int]
) -> ir.Table:
    """The rows with `worth_kind`: what the kind of an exchange is worth in a campaign without a voice."""
    if not silent:
        return rows.mutate(worth_kind=ibis.null("float64"))
    rows = rows.mutate(kind=_kind(rows), wordless=ibis.and_(*(rows[f"worth_{name}"].isnull() for name in linking)))
    kinds = engine.table("kinds", _kinds(engine, rows.filter(rows.wordless), others.mutate(kind=_kind(others)), silent))
    joined = rows.left_join(kinds, [rows.campaign == kinds.of_kind, rows.kind == kinds.id_kind])
    text = joined.extraction.cast("float64").fill_null(0.5).clip(0.001, 0.999)
    odds = joined.excess / (1.0 - joined.excess) * (text / (1.0 - text)).clip(1.0 / TEXT_ODDS, 1.0)
    worth = ibis.ifelse(joined.wordless, odds / (1.0 + odds), ibis.null("float64"))
    return joined.mutate(worth_kind=worth).drop("of_kind", "id_kind", "excess", "kind", "wordless")


def _kind(rows: ir.Table) -> ir.IntegerValue:
    """What an exchange is like: its capability, how much its text reads like a task, and whether it opens a conversation."""
    text = rows.extraction.cast("float64").fill_null(0.0)
    step = sum((text >= bound).cast("int64") for bound in STEPS)
    place = rows.capability.cast("int64") * (len(STEPS) + 1) + step
    return place * 2 + (rows.turn.fill_null(0) > 0).cast("int64")


def _kinds(engine: Engine, free: ir.Table, others: ir.Table, silent: list[int]) -> pa.Table:
    """The share of each kind of a campaign's exchanges without wording that exceeds what ordinary accounts make.

    Members make a mixture of ordinary traffic and the campaign's. How much they make of the kinds that no campaign is
    after shows how much of it is ordinary, and what exceeds that in the other kinds is the campaign's: a mixture
    proportion by likelihood ratios (after Blanchard, Lee and Scott 2010, "Semi-supervised novelty detection").

    Args:
        engine: counts.
        free: exchanges of members without wording, with `campaign` and `kind`.
        others: exchanges of everybody else, with `kind`.
        silent: numbers of the campaigns without a voice.
    """
    size = len(CAPABILITIES) * (len(STEPS) + 1) * 2
    base = _usual(engine, others, size)
    counted = engine.collect(free.group_by("campaign", "kind").agg(n=_.count()))
    of, kind, n = (counted[name].to_numpy() for name in ("campaign", "kind", "n"))
    found = []
    for number in silent:
        made = np.bincount(kind[of == number], weights=n[of == number], minlength=size).astype(np.float64)
        found.append((np.full(size, number), np.arange(size), _excess(made, base)))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)] if found else [np.zeros(0)] * 3
    held = columns[2] > 0.0
    names = ("of_kind", "id_kind", "excess")
    types = (pa.int64(), pa.int64(), pa.float64())
    return pa.table({name: pa.array(c[held], t) for name, c, t in zip(names, columns, types, strict=True)})


def _usual(engine: Engine, free: ir.Table, size: int) -> F64:
    """The share of each kind in what an account makes, a mean over accounts: a few heavy ones are not what is usual."""
    made = free.group_by("account", "kind").agg(n=_.count())
    shares = made.mutate(share=_.n / _.n.sum().over(group_by=_.account))
    # whole numbers, so that the sum does not depend on the order of rows
    counted = engine.collect(shares.group_by("kind").agg(n=(_.share * BILLION).round().cast("int64").sum()))
    base = np.bincount(counted["kind"].to_numpy(), weights=counted["n"].to_numpy() / BILLION, minlength=size)
    usual: F64 = (base + 0.05) / (base.sum() + 0.05 * size)
    return usual


def _excess(made: F64, base: F64) -> F64:
    """For each kind, the share of the members' exchanges that ordinary traffic does not account for.

    Openings and follow-ups apart: what members do not continue says nothing about what they open.
    """
    followup = np.arange(len(made)) % 2 == 1
    excess = np.zeros(len(made))
    for group in (followup, ~followup):
        excess[group] = _excess_of(made[group], base[group])
    return excess


def _excess_of(made: F64, base: F64) -> F64:
    total = made.sum()
    if total < LEAST_OF_KIND:
        return np.zeros(len(made))
    ratio = (made / total) / (base / base.sum())
    ordinary = np.arange(len(made)) >= N_EXTRACTION * (len(STEPS) + 1)
    telling = ordinary & (base / base.sum() * total >= 5.0)
    # the upper quartile, not the least: ordinary traffic has leanings of its own
    share = float(np.quantile(ratio[telling], 0.75)) if telling.any() else 1.0
    excess = np.clip(1.0 - max(share, 0.05) / np.maximum(ratio, 1e-9), 0.0, 0.95)
    return np.where((made >= LEAST_OF_KIND) & ~ordinary, excess, 0.0)
