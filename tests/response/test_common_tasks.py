"""Lines that innocent accounts send as well are no tasks of everybody."""

from __future__ import annotations

import pyarrow as pa

from revenuer.findings import Campaign
from revenuer.response import common_tasks, marked, task_book, told_apart

OWN = "Grade the answer below against the rubric, name every point that you take off, and end with the sum: {…}"
PUBLIC = "Answer as well as you can in rounds of thought, action and observation, until you know the final answer: {…}"
SYSTEM = "[system] You answer with every step of your reasoning laid open, always, and leave no single one of them out."
TIMES = ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z")
CAMPAIGN = Campaign("C-1", 0.99, 9, 90, *TIMES, {}, {}, (), (OWN, PUBLIC, SYSTEM), (), ())
MEMBERS = [(f"member-{number}", True, 0.99) for number in range(9)]


def sent(*rows: tuple[str, str, int]) -> list[pa.RecordBatch]:
    """Requests as (account, frame, how often), next to ten of each frame by each member."""
    told = [*rows, *((name, frame, 10) for name, _, _ in MEMBERS for frame in (OWN, PUBLIC, SYSTEM))]
    each = [(account, frame.replace("{…}", f"item {n}")) for account, frame, times in told for n in range(times)]
    system = [text.removeprefix("[system] ") if text.startswith("[system] ") else None for _, text in each]
    prompt = ["Tell me." if one else text for one, (_, text) in zip(system, each, strict=True)]
    columns = {"account_id": [account for account, _ in each], "prompt": prompt, "system": system}
    return pa.table(columns).to_batches(max_chunksize=50)


def common(others: list[tuple[str, bool, float]], *rows: tuple[str, str, int]) -> set[str]:
    return set(common_tasks([CAMPAIGN], [*MEMBERS, *others], sent(*rows)))


def test_what_an_innocent_account_sends_by_habit_is_common():
    """A tenth of the requests from one account of no risk is enough; the campaign's own lines stay its own."""
    assert common([("honest", False, 0.0)], ("honest", PUBLIC, 10)) == {PUBLIC}
    assert common([("honest", False, 0.0)], ("honest", SYSTEM, 10)) == {SYSTEM}
    assert common([("honest", False, 0.0)], ("honest", PUBLIC, 9)) == set()


def test_members_that_a_scan_missed_make_nothing_common():
    """They send a line once or twice, and are fewer than those that were found."""
    missed = [(f"missed-{number}", False, 0.0) for number in range(8)]
    assert common(missed, *((name, OWN, 2) for name, _, _ in missed)) == set()


def test_what_more_innocent_accounts_send_than_flagged_ones_is_common():
    """However rarely each does."""
    others = [(f"other-{number}", False, 0.0) for number in range(9)]
    assert common(others, *((name, PUBLIC, 1) for name, _, _ in others)) == {PUBLIC}


def test_accounts_in_doubt_do_not_count():
    """Neither does one that the findings do not know."""
    assert common([("doubtful", False, 0.4)], ("doubtful", OWN, 50), ("unknown", OWN, 50)) == set()


def test_where_nothing_was_sent_nothing_is_common():
    """A campaign whose wording is not known has no lines to look for, and the traffic is not read."""

    def never() -> None:
        raise AssertionError

    assert common_tasks([], MEMBERS, (never() for _ in range(1))) == set()
    assert common_tasks([CAMPAIGN], MEMBERS, []) == set()


def test_a_common_line_is_a_task_of_those_alone_who_serve():
    """Nobody carries it, and one can still come near it; found to be common once it stays so."""
    book = task_book([marked((OWN, PUBLIC), {PUBLIC}), (PUBLIC,)])
    text = pa.array([PUBLIC, OWN])
    assert book.carried(text).tolist() == [1, 0]
    assert book.near(text) == [{0, 1}, {0}]
    assert told_apart((PUBLIC, OWN, *marked((PUBLIC,), {PUBLIC}))) == [OWN, *marked((PUBLIC,), {PUBLIC})]


def test_common_lines_of_system_prompts_stay_apart():
    """The mark stands before that of a system prompt."""
    book = task_book([marked((SYSTEM,), {SYSTEM})], system=True)
    assert book.needed.tolist() == [-abs(int(book.needed[0]))]
    assert task_book([marked((SYSTEM,), {SYSTEM})]).needed.tolist() == []
