"""Accounts as they behave and as they signed up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.behaviour import Profiles, profile
from revenuer.engine import LocalEngine
from revenuer.schema import ACCOUNTS
from revenuer.text.networks import hash_networks
from revenuer.text.tokens import hash_strings

Row = tuple[str, str | None, int | None, int]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cleo", "ä\x00"]),
        st.sampled_from([None, "firm", "shop"]),
        st.sampled_from([None, 0, 1, 9]),
        st.integers(0, 2**50),
    ),
    min_size=1,
    max_size=20,
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(threads=1, scratch=tmp_path_factory.mktemp("scratch")) as local:
        yield local


def one_hash(text: str | None) -> int:
    return int(hash_strings(pa.array([text], pa.string()))[0])


def profiles_of(engine: LocalEngine, rows: list[Row], accounts: list[dict[str, object]] | None = None) -> Profiles:
    """Profiles of exchanges given as account, organisation, turn and time."""
    names, orgs, turns, times = zip(*rows, strict=True) if rows else ((), (), (), ())
    table = pa.table(
        {
            "account": hash_strings(pa.array(names, pa.string())),
            "account_id": pa.array(names, pa.string()),
            "org": hash_strings(pa.array(orgs, pa.string())),
            "turn": pa.array(turns, pa.int32()),
            "ts": pa.array(times, pa.timestamp("us", tz="UTC")),
        }
    )
    return profile(engine, engine.table("rows", table), pa.Table.from_pylist(accounts or [], ACCOUNTS))


@given(ROWS)
@settings(max_examples=25)
def test_counts_and_times_equal_those_of_a_plain_loop(engine: LocalEngine, rows: list[Row]):
    """Exchanges, openings, first and last exchange of each account, in order of the hash of its id."""
    profiles = profiles_of(engine, rows)
    names = sorted({row[0] for row in rows}, key=one_hash)
    assert profiles.ids.tolist() == names
    assert profiles.keys.tolist() == [one_hash(name) for name in names]
    for i, name in enumerate(names):
        own = [row for row in rows if row[0] == name]
        assert profiles.exchanges[i] == len(own)
        assert profiles.openings[i] == sum(not turn for _, _, turn, _ in own)
        assert (profiles.first[i], profiles.last[i]) == (min(row[3] for row in own), max(row[3] for row in own))
    np.testing.assert_array_equal(profiles.index(profiles.keys[::-1]), np.arange(len(names))[::-1])


def test_what_was_said_at_sign_up_is_hashed_and_aligned(engine: LocalEngine):
    """Facts go to the account they belong to, whatever the order of the table; others stay unknown."""
    created = datetime(2026, 1, 2, tzinfo=UTC)
    accounts = [
        {"account_id": "never seen", "plan": "max", "payment_fingerprint": "card 0"},
        {"account_id": "cleo", "plan": "pro", "payment_fingerprint": "card 1", "signup_ip": "203.0.113.9"},
        {"account_id": "ann", "plan": None, "created_at": created, "phone_hash": "p"},
    ]
    profiles = profiles_of(engine, [("ann", None, 0, 1), ("bob", None, 0, 1), ("cleo", None, 0, 1)], accounts)
    ann, bob, cleo = (profiles.ids.tolist().index(name) for name in ("ann", "bob", "cleo"))
    assert [profiles.plans[i] for i in (ann, bob, cleo)] == ["", "", "pro"]
    assert [profiles.created[i] for i in (ann, bob, cleo)] == [int(created.timestamp() * 1e6), 0, 0]
    card, phone, net = (profiles.signup[name] for name in ("payment_fingerprint", "phone_hash", "signup_net"))
    assert [card[i] for i in (ann, bob, cleo)] == [0, 0, one_hash("card 1")]
    assert [phone[i] for i in (ann, bob, cleo)] == [one_hash("p"), 0, 0]
    assert [net[i] for i in (ann, bob, cleo)] == [0, 0, int(hash_networks(pa.array(["203.0.113.9"]))[0])]


def test_who_answers_for_an_account(engine: LocalEngine):
    """The organisation of its exchanges, else the one it signed up with, else the account itself."""
    rows: list[Row] = [("ann", "firm", 0, 1), ("ann", None, 0, 2), ("bob", None, 0, 1), ("cleo", None, 0, 1)]
    profiles = profiles_of(
        engine, rows, [{"account_id": "bob", "org_id": "shop"}, {"account_id": "ann", "org_id": "x"}]
    )
    expected = {"ann": one_hash("firm"), "bob": one_hash("shop"), "cleo": one_hash("cleo")}
    assert dict(zip(profiles.ids.tolist(), profiles.entity.tolist(), strict=True)) == expected


def test_no_accounts_table_and_no_exchanges_are_no_errors(engine: LocalEngine):
    """Without sign-up facts all are unknown; without exchanges there is nobody."""
    lone = profiles_of(engine, [("ann", None, None, 5)])
    assert {name: values.tolist() for name, values in lone.signup.items()} == {key: [0] for key in lone.signup}
    assert (lone.created.tolist(), lone.plans.tolist()) == ([0], [""])
    nobody = profiles_of(engine, [], [{"account_id": "ann"}])
    assert len(nobody) == 0
