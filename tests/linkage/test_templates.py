"""Who uses which template, and samples of what they ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection_worlds import START, unit
from revenuer.behaviour import Profiles, profile
from revenuer.engine import LocalEngine
from revenuer.linkage.templates import (
    KINDS,
    LEAST_ENTITIES,
    LEAST_EXCHANGES,
    TEST_ROWS,
    UNKNOWN,
    Requests,
    Templates,
    _sessions,
    find_templates,
    sample_requests,
)
from revenuer.schema import ACCOUNTS
from strategies import templates_of, usage_tables

I64 = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(threads=1, scratch=tmp_path_factory.mktemp("scratch")) as local:
        yield local


def fingerprints(account: I64, **columns: I64) -> pa.Table:
    """Fingerprints of exchanges by these accounts (hashes), other columns as given or nought, a minute apart."""
    n = len(account)
    rng = np.random.default_rng(n)
    sketch = np.rint(127 * unit(rng.normal(size=(n, 16)))).astype(np.int8)
    given = {name: columns.get(name, np.zeros(n, np.int64)) for name in ("org", "session", *KINDS)}
    return pa.table(
        given
        | {
            "account": account,
            "account_id": [f"a{number}" for number in account],
            "turn": pa.array(columns.get("turn", np.zeros(n)), pa.int32()),
            "ts": pa.array(START + np.arange(n) * 60_000_000, pa.timestamp("us", tz="UTC")),
            "draw": columns.get("draw", np.arange(1, n + 1) * 2**40),
            "item": np.arange(1, n + 1),
            "free": pa.array(np.full(n, 5), pa.int32()),
            "prompt_bytes": pa.array(np.full(n, 99), pa.int32()),
            "input_tokens": pa.array([None] * n, pa.int32()),
            "sketch": [row.tobytes() for row in sketch],
            "extraction": pa.array(np.full(n, 0.5), pa.float32()),
            "elicitation": pa.array(np.full(n, 0.25), pa.float32()),
        }
    )


def linked(engine: LocalEngine, table: pa.Table) -> tuple[Templates, Profiles, Requests]:
    """Templates, profiles and a sample of the requests of every template."""
    rows = engine.table("rows", table)
    profiles = profile(engine, rows, ACCOUNTS.empty_table())
    templates = find_templates(engine, rows, profiles)
    return templates, profiles, sample_requests(engine, rows, profiles, templates, np.arange(len(templates)))


WORLDS = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from([0, 0, 77]), st.sampled_from([0, 5, 6]), st.sampled_from([0, 5])),
    min_size=1,
    max_size=60,
)


@given(WORLDS)
@settings(max_examples=25)
def test_templates_and_edges_equal_those_of_a_plain_loop(engine: LocalEngine, world: list[tuple[int, int, int, int]]):
    """Frames of prompts, frames of system prompts and bare system prompts, used by several owners, with who uses them."""
    account, org, prompt, system = (np.array(column, np.int64) for column in zip(*world, strict=True))
    text = np.where(system == 0, 9, 8)
    table = fingerprints(account, org=org, prompt_frame=prompt, system_frame=system, system_text=text)
    rows = engine.table("rows", table)
    profiles = profile(engine, rows, ACCOUNTS.empty_table())
    found = find_templates(engine, rows, profiles)
    owners = {int(a): int(org[account == a].max()) or int(a) for a in account}
    uses: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for a, p, s, t in zip(account.tolist(), prompt.tolist(), system.tolist(), text.tolist(), strict=True):
        for kind, value in enumerate((p, s, t if not s else 0)):
            if value:
                uses[kind, value][a] += 1
    kept = {
        key: dict(sorted(by.items()))
        for key, by in sorted(uses.items())
        if len({owners[a] for a in by}) >= LEAST_ENTITIES and sum(by.values()) >= LEAST_EXCHANGES
    }
    assert list(zip(found.kind.tolist(), found.ids.tolist(), strict=True)) == list(kept)
    for number, by in enumerate(kept.values()):
        own = found.edge_template == number
        assert (
            dict(zip(profiles.keys[found.edge_account[own]].tolist(), found.edge_exchanges[own].tolist(), strict=True))
            == by
        )
        assert found.exchanges[number] == sum(by.values())
        assert found.accounts[number] == len(by)
        assert found.extraction[number] == pytest.approx(0.5)


def test_a_small_template_is_read_whole(engine: LocalEngine):
    """Every request of a template that fits the test is in the sample once, with its account, hour and item."""
    account = np.repeat(np.arange(1, 7), 10)
    _, profiles, requests = linked(engine, fingerprints(account, prompt_frame=np.full(60, 5)))
    rows = requests.of(np.array([0]))
    assert sorted(requests.item[rows].tolist()) == list(range(1, 61))
    assert profiles.keys[requests.account[rows]].tolist() == account[requests.item[rows] - 1].tolist()
    assert (requests.hour[rows] == (START // 60_000_000 + requests.item[rows] - 1) // 60).all()
    np.testing.assert_allclose(np.linalg.norm(requests.sketch / 127.0, axis=1), 1, atol=0.03)


@given(usage_tables(), st.integers(0, 2**32 - 1))
def test_templates_and_accounts_can_be_left_out_of_the_edges(counts: I64, seed: int):
    """`only` keeps the edges of some templates, `without` drops those of some accounts; all else stays as it was."""
    rng = np.random.default_rng(seed)
    templates = templates_of(counts)
    chosen = np.flatnonzero(rng.random(counts.shape[1]) < 0.5)
    excluded = rng.random(len(counts)) < 0.5
    kept = np.where(excluded[:, None], 0, counts) * np.isin(np.arange(counts.shape[1]), chosen)
    for left in (templates.only(chosen).without(excluded), templates.without(excluded).only(chosen)):
        assert len(left) == len(templates)
        assert left.exchanges is templates.exchanges
        found = np.zeros_like(counts)
        found[left.edge_account, left.edge_template] = left.edge_exchanges
        np.testing.assert_array_equal(found, kept)
        assert len(left.edge_account) == np.count_nonzero(kept)


def test_an_exchange_of_two_templates_counts_once(engine: LocalEngine):
    """Asked for several templates, a request that uses two of them is one request."""
    account = np.repeat(np.arange(1, 7), 10)
    table = fingerprints(account, prompt_frame=np.full(60, 5), system_frame=np.full(60, 6))
    templates, _, requests = linked(engine, table)
    assert len(templates) == 2
    assert len(requests.item) == 120
    assert len(requests.of(np.array([0, 1]))) == 60


def test_a_large_template_is_read_account_by_account(engine: LocalEngine):
    """Of a template with more requests than a test reads, some accounts are read with all their requests."""
    rng = np.random.default_rng(0)
    account = np.repeat(rng.integers(-(2**63), 2**63 - 1, 900), 20)
    _, profiles, requests = linked(engine, fingerprints(account, prompt_frame=np.full(len(account), 5)))
    read = np.bincount(requests.account, minlength=len(profiles))
    assert set(read.tolist()) == {0, 20}
    assert read.sum() == pytest.approx(TEST_ROWS, rel=0.2)


def test_few_heavy_accounts_are_read_as_well(engine: LocalEngine):
    """A template of five accounts with thousands of requests each has requests to test."""
    account = np.repeat(2**62 + np.arange(5), 4_000)
    draw = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, len(account))
    _, _, requests = linked(engine, fingerprints(account, prompt_frame=np.full(len(account), 5), draw=draw))
    assert len(requests.of(np.array([0]))) > 0


def test_nothing_to_test_is_no_evidence(engine: LocalEngine):
    """No requests are neither a queue nor customers."""
    account = np.repeat(np.arange(1, 7), 10)
    _, _, requests = linked(engine, fingerprints(account, prompt_frame=np.full(60, 5)))
    assert requests.test(np.zeros(0, np.int64), seed=0).pairs == 0


def made_up(turns: list[int], minutes: list[float], draws: list[int] | None = None) -> list[int]:
    """Sessions made up for one account's requests, numbered from 0 in order of time."""
    n = len(turns)
    sessions = _sessions(
        np.zeros(n, np.int64),
        np.full(n, 7),
        (np.array(minutes) * 60_000_000).astype(np.int64),
        np.array(turns),
        np.array(draws or range(1, n + 1)),
    )
    return np.unique(sessions, return_inverse=True)[1].tolist()


def test_sessions_are_made_up_from_turns_and_pauses_where_none_are_given():
    """A higher turn within half an hour goes on with the conversation; an opening, or a long pause, begins another."""
    assert made_up([0, 1, 2, 0, 1], [0, 1, 20, 21, 22]) == [0, 0, 0, 1, 1]
    assert made_up([0, 1, 2], [0, 40, 41]) == [0, 1, 1]


def test_sessions_are_made_up_from_short_pauses_where_turns_are_unknown_too():
    """Requests within five minutes belong together."""
    assert made_up([UNKNOWN] * 4, [0, 3, 7, 20]) == [0, 0, 0, 1]


def test_an_exchange_of_two_templates_stays_in_one_made_up_session():
    """It stands twice in the sample, with the same turn."""
    assert made_up([0, 0, 1, 1], [0, 0, 1, 1], [5, 5, 6, 6]) == [0, 0, 0, 0]


def test_given_sessions_are_kept_and_accounts_apart():
    """Made-up sessions end where the account changes."""
    given = np.array([9, 0, 0])
    sessions = _sessions(given, np.array([1, 1, 2]), np.zeros(3, np.int64), np.full(3, UNKNOWN), np.arange(3))
    assert sessions[0] == 9
    assert sessions[1] != sessions[2]
