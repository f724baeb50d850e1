"""Campaigns keep their ids from scan to scan, and recording is whole or not at all."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa
from state_samples import LATER, NOON, TASKS, campaign, found, people

from revenuer.errors import OutputError
from revenuer.state import (
    AccountFound,
    Known,
    State,
    listed,
    match_campaigns,
    open_state,
    record_scan,
    resolve_id,
    tables,
)
from revenuer.state.identity import same_task, words_of


def rows(state: State, table: sa.Table) -> list[dict[str, object]]:
    with state.read() as connection:
        return listed(connection, table, [column.name for column in table.primary_key])


def test_a_campaign_that_grew_keeps_its_id(state: State):
    """By its accounts, though it has taken up other tasks: it is the same people on other work (a pivot)."""
    record_scan(state, [campaign("C-1", people(0, 6))], found(people(0, 6), "C-1"), at=NOON)
    grown = campaign("C-2", people(2, 12), ["Translate the following paragraph word for word into plain verse: {…}"])
    done = record_scan(state, [grown], found(people(2, 12), "C-2"), at=LATER)
    assert done.ids == {"C-2": "C-1"}
    assert done.known == {"C-1"}
    assert [row["campaign_id"] for row in rows(state, tables.campaigns)] == ["C-1"]
    assert {row["account_id"] for row in rows(state, tables.members)} == set(people(0, 12))
    assert all(row["campaign_id"] == "C-1" for row in rows(state, tables.accounts))


def test_a_campaign_on_a_second_pool_keeps_its_id(state: State):
    """By its tasks, of which one has another slot."""
    record_scan(state, [campaign("C-1", people(0, 6))], [], at=NOON)
    moved = [TASKS[0].replace("{…}", "{…} and {…}"), TASKS[1]]
    assert record_scan(state, [campaign("C-9", people(50, 60), moved)], [], at=LATER).ids == {"C-9": "C-1"}


def test_successors_of_banned_accounts_are_the_same_campaign(state: State):
    """The findings say which accounts were banned and who took over."""
    record_scan(state, [campaign("C-1", people(0, 6))], [], at=NOON)
    after = campaign("C-7", people(90, 96), ["Name three rivers: {…}"], banned=people(0, 4))
    assert record_scan(state, [after], [], at=LATER).ids == {"C-7": "C-1"}


def test_another_campaign_is_another(state: State):
    """Two accounts in common, or one short task in common, make no identity."""
    record_scan(state, [campaign("C-1", people(0, 6))], [], at=NOON)
    two = campaign("C-2", people(4, 12), ["Summarise this text: {…}"])
    short = campaign("C-3", people(70, 80), ["Summarise this text: {…}", "Name three rivers: {…}", "Sing: {…}"])
    assert record_scan(state, [two, short], [], at=LATER).ids == {"C-2": "C-2", "C-3": "C-3"}


def test_a_split_keeps_one_id_and_a_merge_leaves_an_alias(state: State):
    """The larger overlap wins; a decision that names the merged id still finds its campaign."""
    record_scan(state, [campaign("C-1", people(0, 20))], [], at=NOON)
    parts = [campaign("C-a", people(0, 12), TASKS[:1]), campaign("C-b", people(12, 20), TASKS[1:])]
    assert sorted(record_scan(state, parts, [], at=LATER).ids.values()) == ["C-1", "C-b"]
    whole = campaign("C-c", people(0, 20))
    assert record_scan(state, [whole], [], at="2026-03-03T12:00:00Z").ids == {"C-c": "C-1"}
    with state.read() as connection:
        assert resolve_id(connection, "C-b") == "C-1"


def test_the_order_of_campaigns_does_not_matter():
    """Neither among the known nor among the found."""
    dice = random.Random(5)  # noqa: S311
    sizes = [dice.randrange(4, 12) for _ in range(12)]
    known = [Known(f"C-{n}", frozenset(people(n * 10, n * 10 + size)), ()) for n, size in enumerate(sizes)]
    new = [Known(f"N-{n}", frozenset(people(n * 10 + 3, n * 10 + size + 4)), ()) for n, size in enumerate(sizes)]
    first = match_campaigns(known, new)
    assert len(set(first.ids.values())) == len(new)
    for _ in range(5):
        dice.shuffle(known)
        dice.shuffle(new)
        assert match_campaigns(known, new) == first


def test_a_task_is_known_again_by_its_words():
    """Numbers and slots do not matter; other words do."""
    assert same_task(words_of(TASKS[0]), words_of(TASKS[0].replace("{…}", "{…} 17 {…}")))
    assert not same_task(words_of(TASKS[0]), words_of(TASKS[1]))
    assert not same_task(words_of("{…}"), words_of("{…}"))


def test_recording_twice_changes_nothing(state: State):
    """The same findings are recognised, whoever records them and whenever."""
    accounts = found(people(0, 6), "C-1") + found(people(10, 20), None)
    record_scan(state, [campaign("C-1", people(0, 6))], accounts, at=NOON)
    before = {table.name: rows(state, table) for table in tables.META.sorted_tables}
    again = record_scan(state, [campaign("C-1", people(0, 6))], accounts, at=LATER)
    assert again.repeated
    assert again.ids == {"C-1": "C-1"}
    assert {table.name: rows(state, table) for table in tables.META.sorted_tables} == before
    assert len(before["accounts"]) == 6  # of accounts that nothing is held against nothing is kept


def test_an_account_that_is_no_longer_flagged_is_cleared(state: State):
    """Its standing is that of the latest scan that saw it."""
    record_scan(state, [campaign("C-1", people(0, 6))], found(people(0, 6), "C-1"), at=NOON)
    record_scan(state, [], found(people(0, 1), None), at=LATER)
    flagged = {row["account_id"]: row["flagged"] for row in rows(state, tables.accounts)}
    assert not flagged["acct-0"]
    assert flagged["acct-1"]


def test_who_stands_as_before_is_not_written_again(state: State):
    """A second scan of the same people changes the row of the one whose share is another, and no other."""
    record_scan(state, [campaign("C-1", people(0, 6))], found(people(0, 6), "C-1"), at=NOON)
    (before,) = {row["scan_id"] for row in rows(state, tables.accounts)}
    again = [*found(people(0, 5), "C-2"), AccountFound("acct-5", "C-2", 0.9, True, 0.6, 0.5)]
    done = record_scan(state, [campaign("C-2", people(0, 6))], again, at=LATER)
    written = {row["account_id"]: row["scan_id"] for row in rows(state, tables.accounts)}
    assert written == dict.fromkeys(people(0, 5), before) | {"acct-5": done.scan_id}


def test_a_state_of_an_earlier_version_is_brought_up_to_date(state: State):
    """What stood there stands, and what a scan changed is found by an index."""
    record_scan(state, [campaign("C-1", people(0, 6))], found(people(0, 6), "C-1"), at=NOON)
    before = rows(state, tables.accounts)
    with state.write() as connection:
        for table in ("accounts", "tasks"):
            connection.execute(sa.text(f"DROP INDEX {table}_of_scan"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0002'"))
    again = open_state(state.engine.url.render_as_string(hide_password=False).replace("+psycopg", ""))
    assert rows(again, tables.accounts) == before
    for table in ("accounts", "tasks"):
        assert f"{table}_of_scan" in {one["name"] for one in sa.inspect(again.engine).get_indexes(table)}
    again.close()


def test_a_failure_in_the_middle_leaves_the_state_as_it_was(state: State):
    """Two accounts of one id are refused by the database, and nothing of the scan stands."""
    with pytest.raises(OutputError, match="cannot be written"):
        record_scan(state, [campaign("C-1", people(0, 6))], found(["a", "a"], "C-1"), at=NOON)
    assert all(not rows(state, table) for table in tables.META.sorted_tables)


def test_opening_again_finds_what_was_recorded(url: str):
    """And the schema is brought up to date once, not twice."""
    first = open_state(url)
    record_scan(first, [campaign("C-1", people(0, 6))], [], at=NOON)
    first.close()
    second = open_state(url)
    assert rows(second, tables.campaigns)
    second.close()
