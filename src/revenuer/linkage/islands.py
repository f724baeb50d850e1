"""The graph of accounts and templates brought to the driver: what several share, and of that, if it is large, no islands.

An island is a connected component of fewer accounts than a queue has. Least labels are passed on between the accounts of
one template; an island is through after as many rounds as it may have accounts less one, however large the graph is.
"""

from __future__ import annotations

from typing import Final

import ibis.expr.types as ir
from ibis import _

from revenuer.engine import Engine
from revenuer.errors import EngineError

__all__ = ["MOST_EDGES", "shared_edges", "without_islands"]

# Edges that the driver holds; about 200 bytes each at the worst moment.
MOST_EDGES: Final = 50_000_000
# Accounts of a component below which it cannot hold a queue.
LEAST_ACCOUNTS: Final = 4


def shared_edges(engine: Engine, edges: ir.Table, *, accounts: int, exchanges: int, most: int = MOST_EDGES) -> ir.Table:
    """The edges of templates that so many accounts use for so many exchanges, few enough for the driver.

    Args:
        engine: runs the tables.
        edges: `account`, `kind`, `id` (of the template), `n` (exchanges), one row a pair; what else it has is kept.
        accounts: fewest accounts of a template that is kept.
        exchanges: fewest exchanges of it.
        most: edges above which islands are left out.

    Raises:
        EngineError: without islands there are still more.
    """
    edges = engine.persist("edges", edges)
    used = edges.group_by("kind", "id").agg(users=_.account.count(), made=_.n.sum())
    used = used.filter((_.users >= accounts) & (_.made >= exchanges)).select("kind", "id")
    shared = engine.persist("shared_edges", edges.semi_join(used, ["kind", "id"]))
    if _size(engine, shared) <= most:
        return shared
    shared = without_islands(engine, shared)
    size = _size(engine, shared)
    if size > most:
        raise EngineError(
            f"the graph of accounts and templates has {size:,} edges, more than the {most:,} that are linked at once: "
            "scan a shorter time or fewer accounts"
        )
    return shared


def _size(engine: Engine, rows: ir.Table) -> int:
    return int(engine.collect(rows.agg(size=rows.count()))["size"][0].as_py())


def without_islands(engine: Engine, edges: ir.Table) -> ir.Table:
    """The edges without those of components of fewer than `LEAST_ACCOUNTS` accounts.

    After the rounds the accounts of an island bear one label, that of its least account, and so do its templates. The
    accounts of a larger component bear several, or are too many.

    Args:
        engine: runs the tables; the work is linear in edges.
        edges: as `shared_edges` takes them.
    """
    labels = engine.persist("labels_0", edges.group_by("account").agg(label=_.account.min()))
    for turn in range(1, LEAST_ACCOUNTS):
        labels = engine.persist(f"labels_{turn}", _passed_on(edges, labels))
    labelled = edges.join(labels, "account")
    mixed = labelled.group_by("kind", "id").agg(least=_.label.min(), most=_.label.max()).filter(_.least != _.most)
    open_ends = labelled.semi_join(mixed, ["kind", "id"]).select("label").distinct()
    small = labels.group_by("label").agg(accounts=_.account.count()).filter(_.accounts < LEAST_ACCOUNTS)
    islands = small.anti_join(open_ends, "label").select("label")
    kept = labels.anti_join(islands, "label").select("account")
    return engine.persist("linked_edges", edges.semi_join(kept, "account"))


def _passed_on(edges: ir.Table, labels: ir.Table) -> ir.Table:
    """The least label of each account among those it shares a template with."""
    labelled = edges.select("account", "kind", "id").join(labels, "account")
    of_template = labelled.group_by("kind", "id").agg(label=_.label.min())
    again = edges.select("account", "kind", "id").join(of_template, ["kind", "id"])
    return again.group_by("account").agg(label=_.label.min())
