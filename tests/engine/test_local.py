"""The engine on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ibis import _

from revenuer.engine import LocalEngine
from revenuer.errors import EngineError

PARTS = [(0, 700), (700, 701), (701, 2_000), (2_000, 2_000)]
SQUARES = pa.schema([("n", pa.int64()), ("square", pa.int64())])
Counts = npt.NDArray[np.int64]


def read(part: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """The whole numbers of a range, in batches of 100."""
    for start in range(part[0], part[1], 100):
        yield pa.record_batch({"n": np.arange(start, min(start + 100, part[1]))})


def squares(batch: pa.RecordBatch) -> pa.RecordBatch:
    n = batch.column("n")
    return pa.record_batch([n, pc.multiply(n, n)], schema=SQUARES)


def count_digits(batch: pa.RecordBatch, state: Counts) -> None:
    state += np.bincount(batch.column("n").to_numpy() % 10, minlength=10)


def zero() -> Counts:
    return np.zeros(10, np.int64)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    with LocalEngine(threads=2, scratch=tmp_path) as local:
        yield local


def test_map_runs_the_kernel_over_every_batch(engine: LocalEngine):
    """Every row of every part comes back once, in the schema asked for."""
    table = engine.collect(engine.map("squares", PARTS, read, squares, SQUARES)).sort_by("n")
    assert table.schema == SQUARES
    assert table["n"].to_pylist() == list(range(2_000))
    assert table["square"].to_pylist() == [n * n for n in range(2_000)]


def test_map_over_nothing_is_an_empty_table(engine: LocalEngine):
    """No parts, or a part without batches, give a table with its columns and no rows."""
    for name, parts in (("none", []), ("blank", [(5, 5)])):
        table = engine.collect(engine.map(name, parts, read, squares, SQUARES))
        assert (table.schema, table.num_rows) == (SQUARES, 0)


def test_fold_adds_up_what_the_workers_counted(engine: LocalEngine):
    """The states of all workers add up to the count over all rows; nothing folded is the zero."""
    assert engine.fold(PARTS, read, count_digits, zero, np.add).tolist() == [200] * 10
    assert engine.fold([], read, count_digits, zero, np.add).tolist() == [0] * 10


def test_progress_counts_up_to_the_number_of_parts(engine: LocalEngine):
    """Progress is told once a part, in order, whatever order the parts end in."""
    told: list[tuple[int, int]] = []
    engine.map("squares", PARTS, read, squares, SQUARES, on_part=lambda done, of: told.append((done, of)))
    assert told == [(number, 4) for number in range(1, 5)]


def test_tables_persist_and_can_be_replaced(engine: LocalEngine):
    """A persisted table no longer depends on what it was computed from, and its name can be used again."""
    small = engine.table("small", pa.table({"n": [1, 2, 3]}))
    doubled = engine.persist("doubled", small.mutate(n=_.n * 2))
    engine.table("small", pa.table({"n": [9]}))
    assert sorted(engine.collect(doubled)["n"].to_pylist()) == [2, 4, 6]
    again = engine.persist("doubled", doubled.mutate(n=_.n + 1))
    assert sorted(engine.collect(again)["n"].to_pylist()) == [3, 5, 7]


def test_types_survive_the_engine(engine: LocalEngine):
    """Times stay UTC, bytes, lists and nulls stay what they are."""
    table = pa.table(
        {
            "ts": pa.array([1, None], pa.timestamp("us", tz="UTC")),
            "sketch": pa.array([b"\x00\xff", None], pa.binary()),
            "refs": pa.array([[1, -(2**63)], None], pa.list_(pa.int64())),
            "word": pa.array(["a\x00ü🙂", None]),
        }
    )
    back = engine.collect(engine.persist("kept", engine.table("given", table)))
    assert sorted(map(str, back.to_pylist())) == sorted(map(str, table.to_pylist()))
    assert back.schema.field("ts").type == pa.timestamp("us", tz="UTC")


def test_batches_stream_all_rows(engine: LocalEngine):
    """A streamed table comes in pieces that hold each row once."""
    table = engine.map("squares", PARTS, read, squares, SQUARES)
    pieces = list(engine.batches(table, rows=500))
    assert len(pieces) > 1
    assert sorted(n for piece in pieces for n in piece.column("n").to_pylist()) == list(range(2_000))


def test_one_thread_and_four_compute_the_same(tmp_path: Path):
    """How many workers there are changes nothing but the time."""
    results = []
    for threads in (1, 4):
        with LocalEngine(threads=threads, scratch=tmp_path) as engine:
            rows = engine.map("squares", PARTS * 3, read, squares, SQUARES)
            totals = rows.group_by(last=_.n % 7).agg(rows=_.count(), most=_.square.max())
            folded = engine.fold(PARTS * 3, read, count_digits, zero, np.add)
            results.append((engine.collect(totals).sort_by("last").to_pydict(), folded.tolist()))
    assert results[0] == results[1]


def test_tables_larger_than_the_memory_limit_spill(tmp_path: Path):
    """A table several times the memory limit is kept, on disk, and is still right."""
    rows = 800_000
    with LocalEngine(memory="48MB", threads=1, scratch=tmp_path) as engine:
        source = engine.map("squares", [(0, rows)], wide, lambda batch: batch, WIDE)
        kept = engine.persist("kept", source.order_by(_.text))
        assert any("spill" in str(path) and path.is_file() for path in tmp_path.rglob("*"))
        totals = engine.collect(kept.agg(rows=_.count(), texts=_.text.nunique(), total=_.n.sum()))
    assert totals.to_pylist() == [{"rows": rows, "texts": rows, "total": rows * (rows - 1) // 2}]
    assert left_in(tmp_path) == []


WIDE = pa.schema([("n", pa.int64()), ("text", pa.string())])


def wide(part: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """About 60 bytes a row, a million distinct texts, in no order."""
    for start in range(part[0], part[1], 50_000):
        n = np.arange(start, min(start + 50_000, part[1]))
        text = pc.binary_join_element_wise(
            "a text that is long enough to fill some memory", pc.cast(n * 7919 % 1_000_003, pa.string()), " "
        )
        yield pa.record_batch([pa.array(n), text], schema=WIDE)


@pytest.mark.parametrize("parts", [PARTS, [(0, 100)] * 50])
def test_an_error_in_a_kernel_surfaces_once_and_leaves_nothing(tmp_path: Path, parts: list[tuple[int, int]]):
    """The kernel's own error comes out of `map` and `fold`, the engine can go on, and no file is left."""

    def fails(batch: pa.RecordBatch) -> pa.RecordBatch:
        raise ValueError(f"row {batch.column('n')[0]}")

    with LocalEngine(threads=2, scratch=tmp_path) as engine:
        with pytest.raises(ValueError, match="row 0"):
            engine.map("bad", parts, read, fails, SQUARES)
        with pytest.raises(ValueError, match="row"):
            engine.fold(parts, read, lambda batch, _state: fails(batch), zero, np.add)
        assert engine.fold(PARTS, read, count_digits, zero, np.add).sum() == 2_000
    assert left_in(tmp_path) == []


def test_an_expression_that_fails_is_an_engine_error(engine: LocalEngine):
    """What DuckDB cannot compute is said in one of our errors, whichever verb meets it."""
    words = engine.table("words", pa.table({"word": ["x"]})).mutate(n=_.word.cast("int64"))
    for verb in (engine.collect, lambda e: engine.persist("n", e), lambda e: list(engine.batches(e))):
        with pytest.raises(EngineError):
            verb(words)


@pytest.mark.parametrize("memory", ["much", "2 loaves", ""])
def test_an_impossible_memory_limit_is_an_engine_error(tmp_path: Path, memory: str):
    """A limit that cannot be understood is refused at once and leaves nothing behind."""
    with pytest.raises(EngineError, match="cannot start"):
        LocalEngine(memory=memory, scratch=tmp_path)
    assert left_in(tmp_path) == []


def test_a_scratch_place_that_is_not_there_is_an_engine_error(tmp_path: Path):
    """A missing folder for temporary files is refused at once."""
    with pytest.raises(EngineError, match="cannot start"):
        LocalEngine(scratch=tmp_path / "missing")


def test_long_queries_draw_no_progress_bar(engine: LocalEngine):
    """The standard output belongs to what `--json` prints, however long a query takes."""
    assert engine._connection.raw_sql("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]
