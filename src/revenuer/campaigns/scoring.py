"""From campaigns back to exchanges: which of an account's exchanges serve the extraction.

An exchange of a member is scored by the template it uses: by how far the members' use of it exceeds the population's,
and by what its text asks for. Exchanges without a template of the campaign are scored by the kind of thing they ask
for: where members ask far more of it than other accounts do, the excess is the campaign's. Everything else of the
account is somebody's ordinary traffic and is left alone.
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
from revenuer.campaigns.queues import Queue
from revenuer.engine import Engine
from revenuer.linkage.templates import KINDS, Templates
from revenuer.schema import CAPABILITIES, EXTRACTION_CAPABILITIES

__all__ = ["Scored", "score_exchanges"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

# A manner links accounts; whether a bare task serves the campaign is for its kind to say.
_WORDED: Final = tuple(name for name in KINDS if name != "manner")

# Share of a template's exchanges that must read as one capability for all of them to be named so.
AGREEMENT: Final = 0.7

# From here an exchange is called extraction.
EXTRACTION: Final = 0.5
# What a text alone can be worth: it ranks, it never accuses.
TEXT_ONLY: Final = 0.1
# Prior odds that an exchange of a campaign's own template serves it, before its text is looked at.
TEMPLATE_ODDS: Final = 1.5
REPEATED_ODDS: Final = 0.3
# Member rate over population rate at which a template is as likely the pool's customers' as the campaign's.
HALF_LIFT: Final = 25.0
# How far the text of an untemplated exchange can lower the odds that its kind gives it; raise them it cannot, since a
# kind is called so for its text.
TEXT_ODDS: Final = 5.0
# Tasks of a queue differ; a prompt that is sent word for word has its text alone to speak for it.
NOVEL: Final = 0.4
# A kind of untemplated exchange needs this many among members before its excess counts.
LEAST_OF_KIND: Final = 20
N_EXTRACTION: Final = len(EXTRACTION_CAPABILITIES)


@dataclass(frozen=True, slots=True)
class Scored:
    """Every exchange with its score.

    Attributes:
        rows: the fingerprints with `campaign` (index or -1), `score`, `extracts` and `named` (capability index).
    """

    rows: ir.Table


def score_exchanges(
    engine: Engine, rows: ir.Table, templates: Templates, profiles: Profiles, queues: list[Queue]
) -> Scored:
    """Score every exchange against the campaigns its account belongs to."""
    members = engine.table("members", _members(profiles, queues))
    joined = rows.left_join(members, rows.account == members.member).drop("member")
    joined = joined.mutate(campaign=_.campaign.fill_null(-1), posterior=_.posterior.fill_null(0.0))
    for name in _WORDED:
        kind = KINDS.index(name)
        worth = engine.table(f"worth_{name}", _worth(templates, queues, kind))
        on = [joined.campaign == worth[f"of_{name}"], joined[name] == worth[f"id_{name}"]]
        joined = joined.left_join(worth, on).drop(f"of_{name}", f"id_{name}")
    joined = engine.persist("joined", joined)
    kinds = engine.table("kinds", _kinds(engine, joined, len(queues)))
    joined = joined.mutate(kind=_kind(joined))
    on = [joined.campaign == kinds.of_kind, joined.kind == kinds.id_kind]
    scored = joined.left_join(kinds, on).drop("of_kind", "id_kind")
    by_template = ibis.greatest(*(scored[f"worth_{name}"].fill_null(-1.0) for name in _WORDED))
    text = scored.extraction.cast("float64").clip(0.001, 0.999)
    odds = scored.worth_kind / (1.0 - scored.worth_kind) * (text / (1.0 - text)).clip(1.0 / TEXT_ODDS, 1.0)
    worth = ibis.ifelse(by_template >= 0, by_template, (odds / (1.0 + odds)).fill_null(0.0))
    score = ibis.ifelse(scored.campaign >= 0, scored.posterior * worth, TEXT_ONLY * text)
    scored = scored.mutate(score=score.clip(0.0, 1.0), templated=by_template >= 0)
    scored = scored.mutate(extracts=(_.campaign >= 0) & (_.score >= EXTRACTION), template=_template(scored))
    return Scored(engine.persist("scored", _name(engine, engine.persist("unnamed", scored))))


def _template(rows: ir.Table) -> ir.IntegerValue:
    """The template of the campaign that an exchange uses, prompt before system prompt; 0 for none."""
    cases = [(rows[f"worth_{name}"].notnull(), rows[name]) for name in _WORDED]
    return ibis.cases(*cases, else_=0)


def _name(engine: Engine, scored: ir.Table) -> ir.Table:
    """Name the capability: of an extraction exchange the one most of its template's exchanges serve, if they agree."""
    used = scored.filter(scored.extracts & (scored.template != 0))
    counted = engine.collect(used.group_by("campaign", "template", "served").agg(n=_.count()))
    order = [("campaign", "ascending"), ("template", "ascending"), ("n", "descending"), ("served", "ascending")]
    counted = counted.sort_by(order)
    pairs = np.stack([counted["campaign"].to_numpy(), counted["template"].to_numpy()])
    _pairs, first, place = np.unique(pairs, axis=1, return_index=True, return_inverse=True)
    n = counted["n"].to_numpy()
    agreed = n[first] >= AGREEMENT * np.bincount(place.ravel(), weights=n)
    most = counted.take(pa.array(first[agreed])).select(["campaign", "template", "served"])
    usual = engine.table("usual", most.rename_columns(["of_usual", "id_usual", "usual"]))
    on = [scored.campaign == usual.of_usual, scored.template == usual.id_usual]
    joined = scored.left_join(usual, on).drop("of_usual", "id_usual")
    served = ibis.coalesce(joined.usual, joined.served)
    return joined.mutate(named=ibis.ifelse(joined.extracts, served, joined.capability).cast("int64"))


def _members(profiles: Profiles, queues: list[Queue]) -> pa.Table:
    accounts = np.concatenate([queue.accounts for queue in queues]) if queues else np.zeros(0, np.int64)
    return pa.table(
        {
            "member": profiles.keys[accounts],
            "campaign": np.repeat(np.arange(len(queues)), [len(queue.accounts) for queue in queues]).astype(np.int64),
            "posterior": np.concatenate([queue.posterior for queue in queues]) if queues else np.zeros(0),
        }
    )


def _worth(templates: Templates, queues: list[Queue], kind: int) -> pa.Table:
    """How probable it is that a member's exchange of a template serves the campaign."""
    of, ids, worth = [], [], []
    for number, queue in enumerate(queues):
        held = templates.kind[queue.templates] == kind
        own = queue.templates[held]
        text = np.clip(templates.extraction[own], 0.01, 0.99)
        odds = np.where(templates.novelty[own] >= NOVEL, TEMPLATE_ODDS, REPEATED_ODDS) * text / (1.0 - text)
        of.append(np.full(len(own), number, np.int64))
        ids.append(templates.ids[own])
        lift = 1.0 / np.maximum(1.0 - queue.purity[held], 1e-9)
        worth.append(lift / (lift + HALF_LIFT) * odds / (1.0 + odds))
    name = KINDS[kind]
    return pa.table(
        {
            f"of_{name}": np.concatenate(of) if of else np.zeros(0, np.int64),
            f"id_{name}": np.concatenate(ids) if ids else np.zeros(0, np.int64),
            f"worth_{name}": np.concatenate(worth) if worth else np.zeros(0),
        }
    )


def _kind(rows: ir.Table) -> ir.IntegerValue:
    """What an untemplated exchange is like: its capability, and whether it opens a conversation."""
    return rows.capability.cast("int64") * 2 + (rows.turn.fill_null(0) > 0).cast("int64")


def _kinds(engine: Engine, joined: ir.Table, campaigns: int) -> pa.Table:
    """The share of each kind of a campaign's untemplated exchanges that exceeds what ordinary accounts make.

    Members make a mixture of ordinary traffic and the campaign's. How much they make of the kinds that no campaign is
    after shows how much of it is ordinary, and what exceeds that in the other kinds is the campaign's: a mixture
    proportion by likelihood ratios (after Blanchard, Lee and Scott 2010, "Semi-supervised novelty detection").
    """
    free = joined.filter(ibis.and_(*(joined[f"worth_{name}"].isnull() for name in _WORDED)))
    counted = engine.collect(free.group_by(campaign=free.campaign, kind=_kind(free)).agg(n=_.count()))
    table = np.zeros((campaigns + 1, 2 * len(CAPABILITIES)))
    place = np.where(counted["campaign"].to_numpy() < 0, campaigns, counted["campaign"].to_numpy())
    table[place, counted["kind"].to_numpy()] = counted["n"].to_numpy()
    base = (table[-1] + 0.5) / (table[-1].sum() + 1.0)
    of, ids, worth = [], [], []
    for number in range(campaigns):
        excess = _excess(table[number], base)
        kinds = np.flatnonzero(excess > 0.0)
        of.append(np.full(len(kinds), number, np.int64))
        ids.append(kinds)
        worth.append(excess[kinds])
    return pa.table(
        {
            "of_kind": np.concatenate(of) if of else np.zeros(0, np.int64),
            "id_kind": np.concatenate(ids) if ids else np.zeros(0, np.int64),
            "worth_kind": np.concatenate(worth) if worth else np.zeros(0),
        }
    )


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
    ordinary = np.arange(len(made)) >= N_EXTRACTION
    telling = ordinary & (base / base.sum() * total >= 5.0)
    # the upper quartile, not the least: ordinary traffic has leanings of its own
    share = float(np.quantile(ratio[telling], 0.75)) if telling.any() else 1.0
    excess = np.clip(1.0 - max(share, 0.05) / np.maximum(ratio, 1e-9), 0.0, 0.95)
    return np.where((made >= LEAST_OF_KIND) & ~ordinary, excess, 0.0)
