"""Clocks, counts and duplicates: the parts of reading that look at the whole traffic."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import ids, read_all

from revenuer.sources import Quarantine, duplicate_hashes, duplicate_ids, id_hashes, open_traffic
from revenuer.sources.clock import DAY, LATEST, LONG_SILENCE_DAYS, SILENCE_DAYS, latest_plausible
from traffic_samples import put_jsonl, put_parquet, rows

FIRST = 20_000
DAYS = st.dictionaries(st.integers(FIRST, FIRST + 3_000), st.integers(1, 1_000), min_size=1)


def test_steady_traffic_of_ten_years_loses_nothing():
    """Without a silence there is no limit but the calendar's."""
    assert latest_plausible(dict.fromkeys(range(17_000, 20_650), 10)) == LATEST


def test_a_few_rows_after_a_long_silence_are_a_broken_clock():
    """One in twenty after half a year, fewer than half after two years; more is traffic that came back."""
    year = dict.fromkeys(range(FIRST, FIRST + 30), 10)
    late = FIRST + 30 + SILENCE_DAYS
    assert latest_plausible({**year, late + 5: 15}) == (FIRST + 30) * DAY - 1
    assert latest_plausible({**year, late + 5: 16}) == LATEST
    assert latest_plausible({**year, late - 1: 15}) == LATEST
    assert latest_plausible({**year, FIRST + 40 + LONG_SILENCE_DAYS: 299}) == (FIRST + 30) * DAY - 1
    assert latest_plausible({**year, FIRST + 40 + LONG_SILENCE_DAYS: 300}) == LATEST


def test_a_single_late_row_in_a_small_log_is_found_and_half_of_it_is_not():
    """Three rows can show that one is off; two cannot."""
    assert latest_plausible({FIRST: 2, FIRST + 900: 1}) == (FIRST + 1) * DAY - 1
    assert latest_plausible({FIRST: 1, FIRST + 900: 1}) == LATEST


@given(DAYS)
def test_half_of_the_rows_are_never_called_late(days: dict[int, int]):
    """Whatever the traffic looks like; the first day always stays."""
    limit = latest_plausible(days)
    late = sum(count for day, count in days.items() if day * DAY > limit)
    assert 2 * late < sum(days.values())
    assert min(days) * DAY <= limit


@pytest.mark.parametrize("put", [put_parquet, put_jsonl])
def test_a_late_row_is_found_across_files_and_formats(tmp_path: Path, put: Any):
    """The silence is one of the whole traffic, not of a file."""
    late = rows(45)
    late[44]["ts"] += timedelta(days=500)
    put(tmp_path / "exchanges", late[:40], "a.parquet" if put is put_parquet else "a.jsonl")
    put(tmp_path / "exchanges", late[40:], "b.parquet" if put is put_parquet else "b.jsonl")
    table, quarantine = read_all(tmp_path)
    assert ids(table) == [row["exchange_id"] for row in late[:44]]
    assert quarantine.counts() == {"ts in the future": 1}


def test_footers_spare_the_reading_of_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A month of traffic cannot hold a silence of half a year: its rows are not read to find out."""
    traffic = open_traffic(put_parquet(tmp_path, rows(100)))
    monkeypatch.setattr(type(traffic.sources["exchanges"][0]), "days", lambda _: pytest.fail("rows were read"))
    assert traffic.latest == LATEST


quarantines = st.builds(
    lambda counts: _quarantine(counts),  # noqa: PLW0108 (defined below)
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(0, 9)), max_size=6),
)


def _quarantine(counts: list[tuple[str, int, int]]) -> Quarantine:
    made = Quarantine()
    for reason, count, row in counts:
        made.reject(reason, count, [(row, row, f"row {row}")])
    return made


@given(quarantines, quarantines, quarantines)
def test_quarantines_add_up_in_any_order(a: Quarantine, b: Quarantine, c: Quarantine):
    """Parts finish when they finish; what is reported does not depend on it."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Quarantine() == a
    assert (a + b).rows == a.rows + b.rows


def test_notes_are_ranked_and_located():
    """Most frequent first, one place for each."""
    quarantine = Quarantine()
    quarantine.reject("ts missing", 2, [(1, 5, "b, row 5"), (0, 9, "a, row 9")])
    quarantine.reject("prompt missing", 3)
    quarantine.repair("turn negative", 1)
    assert list(quarantine.counts()) == ["prompt missing", "ts missing"]
    assert quarantine.notes() == (
        "3 rows set aside: prompt missing",
        "2 rows set aside: ts missing (first: a, row 9)",
        "1 value repaired: turn negative",
    )


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "ab", "a" * 8, "a" * 9, "é"]), st.integers(0, 3))))
def test_of_equal_ids_the_first_by_time_and_then_by_position_stays(pairs: list[tuple[str, int]]):
    """As a plain loop over the sorted rows would decide."""
    names, times = [name for name, _ in pairs], np.array([time for _, time in pairs], np.int64)
    seen: set[str] = set()
    expected = [False] * len(pairs)
    for row in sorted(range(len(pairs)), key=lambda row: (times[row], row)):
        expected[row] = names[row] in seen
        seen.add(names[row])
    assert duplicate_ids(pa.array(names, pa.string()), times).tolist() == expected
    counts = Counter(names)
    assert duplicate_hashes(id_hashes(pa.array(names, pa.string()))).sum() == len(pairs) - len(counts)


def test_ids_hash_alike_however_they_are_chunked():
    """Parts are hashed apart and compared together."""
    names = [f"exchange-{number}" for number in range(5_000)]
    whole = id_hashes(pa.array(names))
    chunked = id_hashes(pa.chunked_array([names[:10], [], names[10:]], pa.string()))
    sliced = id_hashes(pa.array(["x", *names]).slice(1))
    assert whole.tolist() == chunked.tolist() == sliced.tolist()
    assert len(set(whole.tolist())) == len(names)
    assert int(whole[0]) == int(id_hashes(pa.array(["exchange-0"]))[0])
