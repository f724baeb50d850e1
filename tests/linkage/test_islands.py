"""Which edges of accounts and templates come to the driver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from revenuer.engine import LocalEngine
from revenuer.errors import EngineError
from revenuer.linkage.islands import LEAST_ACCOUNTS, shared_edges, without_islands
from revenuer.scanning import scan
from revenuer.simulate import simulate

Edge = tuple[int, int]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(memory="500MB", threads=1, scratch=tmp_path_factory.mktemp("scratch")) as made:
        yield made


def graph(engine: LocalEngine, edges: list[Edge], n: int = 2) -> ir.Table:
    account, template = np.array(edges, np.int64).reshape(-1, 2).T
    columns = {"account": account, "kind": template % 2, "id": template, "n": np.full(len(edges), n)}
    return engine.table("graph", pa.table(columns))


def pairs(engine: LocalEngine, edges: ir.Table) -> set[Edge]:
    table = engine.collect(edges.select("account", "id"))
    return set(zip(table["account"].to_pylist(), table["id"].to_pylist(), strict=True))


def mainland(edges: list[Edge]) -> set[Edge]:
    """The edges of components with enough accounts, by scipy."""
    account, template = np.array(edges, np.int64).reshape(-1, 2).T
    size = int(account.max()) + 1
    nodes = size + int(template.max()) + 1
    links = sparse.coo_matrix((np.ones(len(edges)), (account, template + size)), shape=(nodes, nodes))
    label = sparse.csgraph.connected_components(links, directed=False)[1]
    accounts = np.bincount(label[np.unique(account)], minlength=label.max() + 1)
    return {edge for edge in edges if accounts[label[edge[0]]] >= LEAST_ACCOUNTS}


@settings(max_examples=40)
@given(st.sets(st.tuples(st.integers(0, 24), st.integers(0, 24)), min_size=1, max_size=40))
def test_islands_are_the_components_of_few_accounts(engine: LocalEngine, edges: set[Edge]):
    """What stays is what a search for connected components leaves, whatever the graph looks like."""
    assert pairs(engine, without_islands(engine, graph(engine, sorted(edges)))) == mainland(sorted(edges))


def test_a_long_chain_is_no_island(engine: LocalEngine):
    """Labels that have not come through a large component do not make its pieces look small."""
    chain = [(account, account + step) for account in range(40) for step in (0, 1)]
    assert pairs(engine, without_islands(engine, graph(engine, chain))) == set(chain)


def test_templates_of_few_accounts_or_exchanges_stay_behind(engine: LocalEngine):
    """Only edges of templates that enough accounts use often enough come to the driver."""
    edges = [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)]
    assert pairs(engine, shared_edges(engine, graph(engine, edges), accounts=3, exchanges=6)) == set(edges[:3])
    assert not pairs(engine, shared_edges(engine, graph(engine, edges), accounts=3, exchanges=7))


def test_a_graph_beyond_the_bound_loses_its_islands_and_is_refused_if_that_is_not_enough(engine: LocalEngine):
    """Above the bound islands are left out, and what is still too large is an error that says what to do."""
    ring = [(account, 1) for account in range(6)]
    island = [(account, 2) for account in (10, 11, 12)]
    made = graph(engine, ring + island)
    assert pairs(engine, shared_edges(engine, made, accounts=3, exchanges=6, most=9)) == {*ring, *island}
    assert pairs(engine, shared_edges(engine, made, accounts=3, exchanges=6, most=8)) == set(ring)
    with pytest.raises(EngineError, match="6 edges, more than the 5"):
        shared_edges(engine, made, accounts=3, exchanges=6, most=5)


def test_a_scan_finds_the_same_without_islands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Leaving islands out changes no byte of what is found."""
    simulate("A2+A4+legitimate", tmp_path / "traffic", seed=3, exchanges=5_000, accounts=500)
    found = []
    calls: list[int] = []

    def apart(engine: LocalEngine, edges: ir.Table, *, accounts: int, exchanges: int) -> ir.Table:
        shared = shared_edges(engine, edges, accounts=accounts, exchanges=exchanges)
        kept = without_islands(engine, shared)
        calls.append(len(pairs(engine, shared)) - len(pairs(engine, kept)))
        return kept

    for name in ("whole", "apart"):
        out = tmp_path / name
        out.mkdir()
        scan(tmp_path / "traffic", out, threads=1)
        found.append({path.name: path.read_bytes() for path in out.iterdir()})
        monkeypatch.setattr("revenuer.linkage.templates.shared_edges", apart)
    assert calls
    assert calls[0] > 0
    assert found[0] == found[1]
