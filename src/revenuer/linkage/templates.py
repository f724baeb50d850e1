"""Channel `template`: who uses which frame, and what the frame's traffic looks like.

A *template* here is a frame of the prompt, a frame of the system prompt, a system prompt too short for a frame that
several accounts send word for word, or, for bare tasks without any frame, the manner in which they are put. The graph
of accounts and templates stays bipartite: cost is linear in its edges, and twenty thousand accounts on one frame are
twenty thousand edges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer.behaviour import Profiles
from revenuer.engine import Engine
from revenuer.linkage.islands import shared_edges
from revenuer.linkage.partition import PERMUTATIONS, Exchangeability, exchangeability
from revenuer.text.match import SKETCH_UNIT, SKETCH_WIDTH

__all__ = ["KINDS", "Requests", "Templates", "find_templates", "sample_requests"]

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

KINDS: Final = ("prompt_frame", "system_frame", "system_text", "manner")
LEAST_ENTITIES: Final = 3
LEAST_EXCHANGES: Final = 6
# Rows that a test reads of one template; more would sharpen a verdict that is sharp already.
TEST_ROWS: Final = 6_000
MILLION: Final = 1_000_000
WHOLE: Final = 2**62 + 1
FEW_ACCOUNTS: Final = 40
UNKNOWN: Final = -1
# Microseconds.
PAUSE_WITH_TURNS: Final = 30 * 60 * 1_000_000
PAUSE: Final = 5 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Templates:
    """Templates used by several entities, and the edges to the accounts that use them.

    Attributes:
        kind: index into `KINDS`, shape (templates,).
        ids: frame id or text hash, shape (templates,).
        exchanges: in all, shape (templates,).
        accounts: how many use it; `entities` likewise.
        extraction: mean text score; `elicitation` likewise.
        followups: share of requests that continue a conversation.
        novelty: distinct fillings of the slots over requests; near 0 for a text that is sent word for word.
        edge_account: index into the profiles, shape (edges,), sorted by template, then account.
        edge_template: index of the template.
        edge_exchanges: how often.
    """

    kind: I64
    ids: I64
    exchanges: I64
    accounts: I64
    entities: I64
    extraction: F64
    elicitation: F64
    followups: F64
    novelty: F64
    edge_account: I64
    edge_template: I64
    edge_exchanges: I64

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, chosen: I64) -> Templates:
        """The same templates with the edges of the chosen ones alone."""
        return self._with(np.isin(self.edge_template, chosen))

    def without(self, accounts: npt.NDArray[np.bool_]) -> Templates:
        """The same templates without the edges of the accounts for which `accounts` (by index) holds."""
        return self._with(~accounts[self.edge_account])

    def _with(self, held: npt.NDArray[np.bool_]) -> Templates:
        return replace(
            self,
            edge_account=self.edge_account[held],
            edge_template=self.edge_template[held],
            edge_exchanges=self.edge_exchanges[held],
        )


def find_templates(engine: Engine, rows: ir.Table, profiles: Profiles) -> Templates:
    """All templates that `LEAST_ENTITIES` entities or more use.

    Raises:
        EngineError: they have more edges than `islands.MOST_EDGES`.
    """
    tables = [_edges(rows, kind) for kind in range(len(KINDS))]
    used = shared_edges(engine, ibis.union(*tables), accounts=LEAST_ENTITIES, exchanges=LEAST_EXCHANGES)
    edges = engine.collect(used).sort_by([("kind", "ascending"), ("id", "ascending"), ("account", "ascending")])
    account = profiles.index(edges["account"].to_numpy())
    kind, ids, n = edges["kind"].to_numpy(), edges["id"].to_numpy(), edges["n"].to_numpy()
    starts = (
        np.flatnonzero(np.r_[True, (kind[1:] != kind[:-1]) | (ids[1:] != ids[:-1])]) if len(ids) else np.zeros(0, int)
    )
    template = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(ids)]))
    pairs = np.unique(np.stack([template, profiles.entity[account]]), axis=1)[0]
    entities = np.bincount(pairs, minlength=len(starts))
    total = np.bincount(template, weights=n, minlength=len(starts))

    def mean(name: str) -> F64:
        summed = np.bincount(template, weights=edges[name].to_numpy(), minlength=len(starts))
        return summed / MILLION / np.maximum(total, 1)

    keep = np.flatnonzero((entities >= LEAST_ENTITIES) & (total >= LEAST_EXCHANGES))
    place = np.full(len(starts), -1)
    place[keep] = np.arange(len(keep))
    held = place[template] >= 0
    return Templates(
        kind=kind[starts][keep],
        ids=ids[starts][keep],
        exchanges=total[keep].astype(np.int64),
        accounts=np.bincount(template, minlength=len(starts))[keep],
        entities=entities[keep],
        extraction=mean("extraction")[keep],
        elicitation=mean("elicitation")[keep],
        followups=mean("followups")[keep],
        novelty=_novelty(engine, rows, kind[starts][keep], ids[starts][keep], total[keep].astype(np.int64)),
        edge_account=account[held],
        edge_template=place[template][held],
        edge_exchanges=n[held],
    )


def _novelty(engine: Engine, rows: ir.Table, kind: I64, ids: I64, exchanges: I64) -> F64:
    """Distinct fillings over requests, for frames of the prompt; 1 for other templates, which leave the prompt free."""
    framed = rows.filter((rows.prompt_frame != 0) & (rows.item != 0))
    counted = engine.collect(framed.group_by("prompt_frame").agg(items=_.item.nunique()).order_by("prompt_frame"))
    names, items = counted["prompt_frame"].to_numpy(), counted["items"].to_numpy()
    at = np.minimum(np.searchsorted(names, ids), max(len(names) - 1, 0))
    found = np.where(names[at] == ids, items[at], 0) if len(names) else np.zeros(len(ids))
    return np.where(kind == KINDS.index("prompt_frame"), found / np.maximum(exchanges, 1.0), 1.0)


def _edges(rows: ir.Table, kind: int) -> ir.Table:
    column = rows[KINDS[kind]]
    used = rows.filter(column != 0)
    if KINDS[kind] == "system_text":
        used = used.filter(used.system_frame == 0)
    return used.group_by(account=used.account, id=used[KINDS[kind]]).agg(
        kind=ibis.literal(kind).cast("int64"),
        n=_.count(),
        extraction=_millionths("extraction"),
        elicitation=_millionths("elicitation"),
        followups=(_.turn.fill_null(0) > 0).sum().cast("int64") * MILLION,
    )


def _millionths(score: str) -> ir.IntegerScalar:
    """The sum of a score as a whole number: a sum of floats depends on the order of rows, a product on the engine."""
    return (_[score].cast("float64") * MILLION).round().cast("int64").sum()


@dataclass(frozen=True, slots=True)
class Requests:
    """Sampled requests of templates, one entry a request and template, sorted by template.

    Attributes:
        template: index of the template, shape (requests,).
        account: index into the profiles.
        session: conversation, or the exchange itself where none is known.
        hour: whole hours since 1970.
        item: signature of what stands outside the frame.
        sketch: what stands outside the frame, shape (requests, width), unit length x 127.
        draw: hash of the exchange id.
        turn: earlier messages of the conversation.
        length: natural log of the length of what was asked.
    """

    template: I64
    account: I64
    session: I64
    hour: I64
    item: I64
    sketch: npt.NDArray[np.int8]
    draw: I64
    turn: I64
    length: F64

    def of(self, templates: I64, accounts: I64 | None = None) -> I64:
        """Positions of the requests of these templates, each exchange once, by these accounts if given."""
        starts = np.searchsorted(self.template, templates)
        ends = np.searchsorted(self.template, templates, "right")
        lengths = ends - starts
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = np.repeat(starts, lengths) + within
        if accounts is not None:
            rows = rows[np.isin(self.account[rows], accounts)]
        once: I64 = rows[np.sort(np.unique(self.draw[rows], return_index=True)[1])]
        return once

    def test(self, rows: I64, *, seed: int, permutations: int = PERMUTATIONS) -> Exchangeability:
        """Test the requests at `rows` for exchangeability of their accounts."""
        if len(rows) > 2 * TEST_ROWS:
            rows = rows[np.argsort(self.draw[rows], kind="stable")[: 2 * TEST_ROWS]]
        return exchangeability(
            self.account[rows],
            self.session[rows],
            self.hour[rows],
            self.item[rows],
            self.sketch[rows],
            unit=SKETCH_UNIT,
            lengths=self.length[rows],
            turns=self.turn[rows],
            seed=seed,
            permutations=permutations,
        )


def sample_requests(engine: Engine, rows: ir.Table, profiles: Profiles, templates: Templates, chosen: I64) -> Requests:
    """Requests of the chosen templates; of a large template, all requests of a share of its accounts."""
    parts = []
    for kind, name in enumerate(KINDS):
        of_kind = chosen[templates.kind[chosen] == kind]
        if len(of_kind) or not kind:  # of one kind at least, so that nothing chosen is a table of no rows
            parts.append(engine.collect(_sample(engine, rows, name, templates, of_kind)))
    table = pa.concat_tables(parts).sort_by([("template", "ascending"), ("draw", "ascending")]).combine_chunks()
    draw, account = table["draw"].to_numpy(), table["account"].to_numpy()
    micros = table["ts"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    turn = table["turn"].to_numpy()
    return Requests(
        template=table["template"].to_numpy(),
        account=profiles.index(account),
        session=_sessions(table["session"].to_numpy(), account, micros, turn, draw),
        hour=micros // 3_600_000_000,
        item=table["item"].to_numpy(),
        sketch=_vectors(table["sketch"]),
        draw=draw,
        turn=np.maximum(turn, 0),
        length=np.log1p(table["length"].to_numpy().astype(np.float64)),
    )


def _vectors(column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    """Sketches as `FINGERPRINTS` hold them, all of one length, as an array of shape (rows, SKETCH_WIDTH)."""
    fixed = [chunk.cast(pa.binary(SKETCH_WIDTH)) for chunk in column.chunks]
    held = [np.frombuffer(c.buffers()[1], np.int8)[c.offset * SKETCH_WIDTH :][: len(c) * SKETCH_WIDTH] for c in fixed]
    return np.concatenate([np.zeros(0, np.int8), *held]).reshape(-1, SKETCH_WIDTH)


def _sessions(given: I64, account: I64, micros: I64, turn: I64, draw: I64) -> I64:
    """The conversation of each request: the one given, or else one made up from turns and pauses.

    Without a session id a request goes on with the account's last conversation if its turn is higher and the pause is
    under half an hour; without turns, if the pause is under five minutes.
    """
    # an exchange of several templates stands here several times
    order = np.lexsort((draw, turn, micros, account))
    pause = np.diff(micros[order], prepend=micros[order][:1])
    known = turn[order] != UNKNOWN
    later = np.diff(turn[order], prepend=UNKNOWN) > 0
    again = np.r_[False, draw[order][1:] == draw[order][:-1]] if len(order) else known
    goes_on = again | np.where(known, later & (pause < PAUSE_WITH_TURNS), pause < PAUSE)
    goes_on &= np.r_[False, account[order][1:] == account[order][:-1]] if len(order) else goes_on
    made_up = np.empty(len(order), np.int64)
    made_up[order] = np.cumsum(~goes_on)
    return np.where(given != 0, given, made_up)


def _sample(engine: Engine, rows: ir.Table, name: str, templates: Templates, chosen: I64) -> ir.Table:
    """All requests of a share of the accounts, or, where few accounts send many, a share of the requests of all."""
    share = np.minimum(1.0, TEST_ROWS / templates.exchanges[chosen])
    bound = np.where(share >= 1.0, WHOLE, np.minimum(share * 2.0**64 - 2.0**63, 2.0**62).astype(np.int64))
    # a share of few accounts, or of few heavy ones, would be none or one: then a share of everybody's requests is read
    few = templates.accounts[chosen] * share < FEW_ACCOUNTS
    wanted = engine.table(
        f"wanted_{name}",
        pa.table({"id": templates.ids[chosen], "template": chosen, "bound": bound, "few": few}),
    )
    joined = rows.join(wanted, rows[name] == wanted.id)
    drawn = ibis.ifelse(joined.few, joined.draw, joined.account)
    turn = _.turn.fill_null(UNKNOWN).cast("int64")
    length = ibis.coalesce(_.prompt_bytes, _.input_tokens, 0).cast("int64")
    return joined.filter((drawn <= joined.bound) | (joined.bound >= WHOLE)).select(
        "template", "account", "session", "ts", "item", "sketch", "draw", turn=turn, length=length
    )
