"""What a campaign's exchanges serve: votes of each text, pooled over its conversation and over its template."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
from ibis import _

from revenuer.engine import Engine

__all__ = ["name_exchanges"]

# Room for a capability's number below the votes in one integer: both engines then break ties alike.
_LABELS = 32


def name_exchanges(engine: Engine, scored: ir.Table, close: ir.Table | None = None) -> ir.Table:
    """Name the capability of every exchange.

    A text alone is a weak witness: follow-ups say little, and one text of many misreads its item. A conversation serves
    one end, so the votes of its exchanges are added; a template serves mostly one, so they are multiplied by the votes
    of all exchanges of the template (a prior fitted to where it is used, after Saerens, Latinne and Decaestecker 2002,
    "Adjusting the outputs of a classifier to new a priori probabilities"; one step of it). A template that carries
    several capabilities keeps them apart by what fills its slots.

    Exchanges that the careful model has read vote as it says; and of a template of which it has read any, they alone say
    what it usually serves.

    Args:
        engine: runs the joins.
        scored: exchanges with `extracts` (bool), `campaign`, `template` (0 for none), `session` (0 for none), `draw`,
            `capability`, and the votes `served`, `served_votes`, `second`, `second_votes` of `FINGERPRINTS`.
        close: `CLOSE_VOTES` of some exchanges; None: the careful model has read none.

    Returns:
        `scored` with `named` (int64): of an extraction exchange what it serves, of any other its own `capability`.
    """
    talk = ibis.ifelse(scored.session != 0, scored.session, scored.draw)
    scored = scored.mutate(talk=talk)
    rows = scored.filter(scored.extracts)
    votes = engine.persist("votes", _votes(rows if close is None else _reread(rows, close)))
    by_talk = votes.group_by("campaign", "talk", "label").agg(said=_.votes.sum())
    by_template = votes.filter(votes.speaks).group_by("campaign", "template", "label").agg(usual=_.votes.sum())
    places = votes.select("campaign", "talk", "template").distinct()
    claims = places.join(by_talk, ["campaign", "talk"])
    if close is None:
        claims = claims.join(by_template, ["campaign", "template", "label"])
    else:
        # the few that were read need not hold everything that a template carries
        claims = claims.left_join(by_template, ["campaign", "template", "label"], rname="{name}_read")
        claims = claims.mutate(usual=_.usual.fill_null(0) + 1)
    weight = claims.said * claims.usual * _LABELS + (_LABELS - 1 - claims.label)
    best = claims.mutate(weight=weight).group_by("campaign", "talk", "template").agg(best=_.weight.max())
    best = best.rename(of_best="campaign", talk_best="talk", template_best="template")
    on = [scored.campaign == best.of_best, scored.talk == best.talk_best, scored.template == best.template_best]
    joined = scored.left_join(best, on).drop("of_best", "talk_best", "template_best", "talk")
    voted = ibis.coalesce(_LABELS - 1 - joined.best % _LABELS, joined.served.cast("int64"))
    return joined.mutate(named=ibis.ifelse(joined.extracts, voted, joined.capability.cast("int64"))).drop("best")


def _votes(rows: ir.Table) -> ir.Table:
    """One row for each of the two capabilities that an exchange votes for; `speaks`: also for its template."""
    speaks = rows.speaks if "speaks" in rows.columns else ibis.literal(True)

    def of(label: str, votes: str) -> ir.Table:
        named = rows.select("campaign", "talk", "template", label=rows[label], votes=rows[votes], speaks=speaks)
        return named.mutate(label=_.label.cast("int64"), votes=_.votes.cast("int64")).filter(_.votes > 0)

    return of("served", "served_votes").union(of("second", "second_votes"))


def _reread(rows: ir.Table, close: ir.Table) -> ir.Table:
    """The exchanges with the votes of the careful model where it has read, and whether they speak for their template."""
    joined = rows.left_join(close, rows.draw == close.read)
    read = joined.read.notnull()
    new = {
        "served": joined.close,
        "served_votes": joined.close_votes,
        "second": joined.close_second,
        "second_votes": joined.close_second_votes,
    }
    joined = joined.mutate(was_read=read, **{name: ibis.ifelse(read, vote, joined[name]) for name, vote in new.items()})
    of_template = ibis.window(group_by=[joined.campaign, joined.template])
    return joined.mutate(speaks=joined.was_read | ~joined.was_read.any().over(of_template))
