"""Lines that innocent accounts send as well are no tasks of everybody, and what goes with no harvest is none at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from revenuer.errors import InputError
from revenuer.findings import Campaign
from revenuer.response import marked, task_book, task_marks, told_apart
from revenuer.schema import FOUND_ACCOUNTS, FOUND_EXCHANGES

OWN = "Grade the answer below against the rubric, name every point that you take off, and end with the sum: {…}"
PUBLIC = "Answer as well as you can in rounds of thought, action and observation, until you know the final answer: {…}"
SYSTEM = "[system] You answer with every step of your reasoning laid open, always, and leave no single one of them out."
TIMES = ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z")
CAMPAIGN = Campaign("C-1", 0.99, 9, 90, *TIMES, {}, {}, (), (OWN, PUBLIC, SYSTEM), (), ())
MEMBERS = [(f"member-{number}", True, 0.99) for number in range(9)]

Account = tuple[str, bool, float]
Sent = tuple[str, str, int]
Marks = Callable[..., dict[str, str]]


def traffic(rows: tuple[Sent, ...]) -> list[pa.RecordBatch]:
    """Requests as (account, frame, how often), next to ten of each frame by each member."""
    told = [*rows, *((name, frame, 10) for name, _, _ in MEMBERS for frame in (OWN, PUBLIC, SYSTEM))]
    each = [(account, frame, n) for account, frame, times in told for n in range(times)]
    system = [frame.removeprefix("[system] ") if frame is SYSTEM else None for _, frame, _ in each]
    prompt = ["Tell me." if frame is SYSTEM else frame.replace("{…}", f"item {n}") for _, frame, n in each]
    ids = [f"{account} {frame} {n}" for account, frame, n in each]
    columns = {
        "exchange_id": ids,
        "account_id": [account for account, _, _ in each],
        "prompt": prompt,
        "system": system,
    }
    return pa.table(columns).to_batches(max_chunksize=50)


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    """The marks of the frames, given other accounts, what they sent, and the frame that serves nothing."""

    def of(others: list[Account], *rows: Sent, idle: str = "") -> dict[str, str]:
        accounts = [
            {"account_id": name, "flagged": flagged, "risk": risk, "extraction_share": 0.0, "reasons": []}
            for name, flagged, risk in [*MEMBERS, *others]
        ]
        sent = traffic(rows)
        exchanges = [
            {"exchange_id": name, "score": 0.5, "extraction": f" {idle} " not in name, "capability": "other"}
            for batch in sent
            for name in batch["exchange_id"].to_pylist()
        ]
        pq.write_table(pa.Table.from_pylist(accounts, FOUND_ACCOUNTS), tmp_path / "accounts.parquet")
        pq.write_table(pa.Table.from_pylist(exchanges, FOUND_EXCHANGES), tmp_path / "exchanges.parquet")
        return task_marks(tmp_path, [CAMPAIGN], sent)

    return of


def test_what_an_innocent_account_sends_by_habit_is_common(marks: Marks):
    """A tenth of the requests from one account of no risk is enough; the campaign's own lines stay its own."""
    honest = [("honest", False, 0.0)]
    assert marks(honest, ("honest", PUBLIC, 10)) == {PUBLIC: "[common] "}
    assert marks(honest, ("honest", SYSTEM, 10)) == {SYSTEM: "[common] "}
    assert marks(honest, ("honest", PUBLIC, 9)) == {}


def test_members_that_a_scan_missed_make_nothing_common(marks: Marks):
    """They send a line once or twice, and are fewer than those that were found."""
    missed = [(f"missed-{number}", False, 0.0) for number in range(8)]
    assert marks(missed, *((name, OWN, 2) for name, _, _ in missed)) == {}


def test_what_more_innocent_accounts_send_than_flagged_ones_is_common(marks: Marks):
    """However rarely each does."""
    others = [(f"other-{number}", False, 0.0) for number in range(9)]
    assert marks(others, *((name, PUBLIC, 1) for name, _, _ in others)) == {PUBLIC: "[common] "}


def test_accounts_in_doubt_do_not_count(marks: Marks):
    """Neither does one that the findings do not know."""
    assert marks([("doubtful", False, 0.4)], ("doubtful", OWN, 50), ("unknown", OWN, 50)) == {}


def test_what_goes_with_no_harvest_is_no_task(marks: Marks):
    """A product's prompt that a reseller's customers send is none of the campaign's, though flagged accounts carry it."""
    assert marks([], idle=SYSTEM) == {SYSTEM: "[cover] "}
    book = task_book([marked((OWN, SYSTEM), {SYSTEM: "[cover] "}), (SYSTEM,)], system=True)
    assert book.owners.tolist() == [1]


def test_without_frames_nothing_is_read(tmp_path: Path):
    """A campaign whose wording is not known has no lines to look for; where there are some, findings have to be there."""
    assert task_marks(tmp_path, [], []) == {}
    with pytest.raises(InputError, match=r"accounts\.parquet"):
        task_marks(tmp_path, [CAMPAIGN], [])


def test_a_common_line_is_a_task_of_those_alone_who_serve():
    """Nobody carries it, and one can still come near it; found to be common once it stays so."""
    book = task_book([marked((OWN, PUBLIC), {PUBLIC: "[common] "}), (PUBLIC,)])
    text = pa.array([PUBLIC, OWN])
    assert book.carried(text).tolist() == [1, 0]
    assert book.near(text) == [{0, 1}, {0}]
    assert told_apart((PUBLIC, OWN, f"[common] {PUBLIC}")) == [OWN, f"[common] {PUBLIC}"]
    assert told_apart((PUBLIC, OWN, f"[common] {PUBLIC}", f"[cover] {PUBLIC}")) == [OWN]


def test_common_lines_of_system_prompts_stay_apart():
    """The mark stands before that of a system prompt."""
    book = task_book([marked((SYSTEM,), {SYSTEM: "[common] "})], system=True)
    assert book.needed.tolist() == [-abs(int(book.needed[0]))]
    assert task_book([marked((SYSTEM,), {SYSTEM: "[common] "})]).needed.tolist() == []
