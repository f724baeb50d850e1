"""Scans that keep fingerprints: only new files are read for them, and nothing else comes of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from revenuer.engine import LocalEngine
from revenuer.errors import InputError
from revenuer.fingerprint import exchange
from revenuer.fingerprint.cache import Cache
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.exchange import Fingerprinter
from revenuer.fingerprint.pipeline import Fingerprints, fingerprint
from revenuer.scanning import scan
from revenuer.schema import EXCHANGES
from revenuer.simulate import simulate
from revenuer.sources import Kept, Quarantine, narrowed, open_traffic, read_part
from revenuer.text.keyed import key_from
from scan_worlds import digests, exchanges_of, with_exchanges

DAYS = 4
TEXTS = ("exemplar", "system_exemplar")
# Too few in the first file to be a template; the last brings the rest.
EARLY, LATE = 5, 40
NEW = "kindly weigh the granite ledger against the copper tide and tell which vessel number {} should sail at dawn"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cached")


def asking(table: pa.Table, rows: int, texts: list[str]) -> pa.Table:
    """The table with other prompts in its first rows."""
    prompts = [*texts[:rows], *table["prompt"].to_pylist()[rows:]]
    return table.set_column(table.schema.get_field_index("prompt"), "prompt", pa.array(prompts, pa.string()))


@pytest.fixture(scope="module")
def whole(place: Path) -> Path:
    """A world with campaigns in a few files, and a template that comes up with the last."""
    simulate("demo", place / "world", seed=4, exchanges=5_000)
    table = exchanges_of(place / "world")
    traffic = with_exchanges(place / "world", place / "whole", table.slice(0, 1))
    (traffic / "exchanges" / "part.parquet").unlink()
    size = -(-len(table) // DAYS)
    rows = [EARLY] + [0] * (DAYS - 2) + [LATE]
    for day in range(DAYS):
        texts = [NEW.format(f"of the {'abcdefghij'[n % 10] * (2 + n // 10)}") for n in range(day, day + rows[day])]
        part = asking(table.slice(day * size, size), rows[day], texts)
        pq.write_table(part, traffic / "exchanges" / f"day-{day}.parquet")
    return traffic


@pytest.fixture(scope="module")
def early(place: Path, whole: Path) -> Path:
    """The same world before its last file came."""
    shutil.copytree(whole, place / "early")
    file(place / "early", DAYS - 1).unlink()
    return place / "early"


def file(traffic: Path, day: int) -> Path:
    return traffic / "exchanges" / f"day-{day}.parquet"


def made(engine: LocalEngine, traffic: Path, cache: Cache | None, **how: Any) -> tuple[Fingerprints, pa.Table]:
    """Fingerprints, and their rows in order."""
    content = how.get("content", "full")
    opened = open_traffic(traffic, content=content)
    prints = fingerprint(
        engine, opened, CapabilityModel.load(), lambda *_: None, key=key_from(how.get("key", "")), cache=cache
    )
    return prints, engine.collect(prints.rows.drop(*TEXTS)).sort_by("draw")


@pytest.fixture(scope="module")
def engine(place: Path) -> Any:
    with LocalEngine(threads=2, memory="1GB", scratch=place) as local:
        yield LocalScans(local)


class LocalScans:
    """The local engine, whose maps may have the same name again."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine, self._turn = engine, 0

    def map(self, name: str, *rest: Any, **how: Any) -> Any:
        """See `Engine.map`."""
        self._turn += 1
        return self._engine.map(f"{name}_{self._turn}", *rest, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


@pytest.fixture(scope="module")
def cache(place: Path, engine: Any, early: Path, whole: Path) -> Cache:
    """The cache after a scan of the early files and one of all; a copy of the first stands beside it."""
    kept = Cache.open(place / "cache", ["test"])
    made(engine, early, kept)
    shutil.copytree(kept.place, place / "cache of early")
    made(engine, whole, kept)
    return kept


@pytest.fixture
def early_cache(place: Path, cache: Cache) -> Path:  # noqa: ARG001 - the cache's fixture makes the copy
    """The copy, which stands once the cache was made."""
    return place / "cache of early"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every batch that fingerprints are made of."""
    rows: list[int] = []
    make = exchange.Fingerprinter.__call__

    def counted(self: exchange.Fingerprinter, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows.append(len(batch))
        return make(self, batch)

    monkeypatch.setattr(exchange.Fingerprinter, "__call__", counted)
    return rows


def copied(cache: Path, to: Path) -> Cache:
    shutil.copytree(cache, to)
    return Cache(to, Kept(to))


def rows_of(traffic: Path, *days: int) -> int:
    return sum(pq.read_metadata(file(traffic, day)).num_rows for day in days)


def test_a_cache_changes_no_finding(tmp_path: Path, whole: Path):
    """Neither when it is begun nor when it is used: byte for byte those of a scan without one."""
    found = []
    for name, how in (("plain", {}), ("begun", {"keep": tmp_path / "cache"}), ("used", {"keep": tmp_path / "cache"})):
        (tmp_path / name).mkdir()
        scan(whole, tmp_path / name, memory="1GB", threads=2, **how)
        found.append(digests(tmp_path / name))
    assert found[0] == found[1] == found[2]


def test_known_files_are_not_read_for_fingerprints(tmp_path: Path, engine: Any, whole: Path, cache: Cache, read: Any):
    """A scan of the same files makes none, and has the same."""
    expected = made(engine, whole, cache)[1]
    assert sum(read) == 0
    assert made(engine, whole, copied(cache.place, tmp_path / "cache"))[1].equals(expected)


def test_only_new_files_are_read(
    tmp_path: Path, engine: Any, early_cache: Path, whole: Path, cache: Cache, read: list[int]
):
    """Nothing but the file that came is fingerprinted, and what comes of it is what came of it before."""
    expected = made(engine, whole, cache)[1]
    assert made(engine, whole, copied(early_cache, tmp_path / "cache"))[1].equals(expected)
    assert sum(read) == rows_of(whole, DAYS - 1)


def test_frames_of_new_files_are_found(engine: Any, whole: Path, cache: Cache):
    """Every instance in the new file of the template that came with it has one frame; those before keep what they had."""
    prints, rows = made(engine, whole, cache)
    table = exchanges_of(whole)
    instances = table.filter(pc.starts_with(table["prompt"], "kindly weigh the granite"))["exchange_id"]
    assert len(instances) == EARLY + LATE
    frames = rows.filter(pc.is_in(rows["exchange_id"], instances))["prompt_frame"].to_pylist()
    (frame,) = set(frames) - {0}
    assert frames.count(frame) == LATE
    assert frame in prints.libraries["prompt"].ids


def test_what_was_known_stays(early_cache: Path, whole: Path, cache: Cache):
    """Frames that are added stand behind those that were there; token weights are the same."""
    before, after = Cache(early_cache, Kept(early_cache)).frames(), cache.frames()
    assert before is not None
    assert after is not None
    known = before.libraries["prompt"].ids
    assert len(after.libraries["prompt"].ids) > len(known)
    np.testing.assert_array_equal(after.libraries["prompt"].ids[: len(known)], known)
    np.testing.assert_array_equal(after.libraries["prompt"].weights, before.libraries["prompt"].weights)
    assert (after.rows, after.since) == (before.rows, rows_of(whole, DAYS - 1))


def test_kept_fingerprints_are_those_that_the_frames_of_their_time_give(early_cache: Path, whole: Path, cache: Cache):
    """Byte for byte: the frames of the first scan for its files, those and the added ones for the file that came."""
    parts = narrowed(open_traffic(whole).exchange_parts(), set(EXCHANGES.names) - {"response"})
    assert len(parts) == DAYS
    for part in parts:
        at = cache.place if part is parts[-1] else early_cache
        frames = Cache(at, Kept(at)).frames()
        assert frames is not None
        libraries = frames.libraries
        make = Fingerprinter(libraries["prompt"], libraries["system"], CapabilityModel.load(), exemplars=False)
        anew = pa.Table.from_batches(map(make, read_part(part, Quarantine())))
        assert pa.Table.from_batches(cache.kept.read(part)[0], anew.schema).equals(anew)


def test_outgrown_frames_are_mined_anew(tmp_path: Path, engine: Any, whole: Path):
    """Past the bound fingerprints are those of a scan without a cache, also where as much left as came."""
    for gone, name in ((2, "grown"), (0, "replaced")):
        shutil.copytree(whole, tmp_path / name)
        few = [file(tmp_path / name, day) for day in range(2, DAYS)]
        held = [one.rename(one.with_suffix(".later")) for one in few]
        cache = Cache.open(tmp_path / f"cache {name}", ["test"])
        made(engine, tmp_path / name, cache)
        for one in held:
            one.rename(one.with_suffix(".parquet"))
        for day in range(2 - gone):
            file(tmp_path / name, day).unlink()
        assert made(engine, tmp_path / name, cache)[1].equals(made(engine, tmp_path / name, None)[1])


def test_what_leaves_the_traffic_leaves_the_cache(tmp_path: Path, engine: Any, early: Path, cache: Cache):
    """Entries are those of the files that stand there now."""
    copy = copied(cache.place, tmp_path / "cache")
    assert len(list(copy.place.glob("*.parquet"))) == DAYS
    made(engine, early, copy)
    assert len(list(copy.place.glob("*.parquet"))) == DAYS - 1


def test_no_text_stands_in_the_cache(cache: Cache, whole: Path):
    """No long word of a prompt, in any column of any entry."""
    table = pa.concat_tables([pq.read_table(path) for path in cache.place.glob("*.parquet")])
    assert all(table[name].null_count == len(table) for name in TEXTS)
    texts = exchanges_of(whole)["prompt"].to_pylist()[:300]
    words = {word for text in texts for word in text.split() if len(word) > 12}
    strings = [column for column in table.columns if pa.types.is_string(column.type)]
    kept = {str(value) for column in strings for value in pc.unique(column).to_pylist()}
    assert words
    assert not any(word in value for word in words for value in kept)


@pytest.mark.parametrize("how", [{"content": "sketch", "key": "secret"}, {"content": "none"}])
def test_every_mode_keeps_what_it_makes(tmp_path: Path, engine: Any, whole: Path, how: dict[str, str]):
    """The second time from the cache, the same as without one."""
    expected = made(engine, whole, None, **how)[1]
    kept = Cache.open(tmp_path / "cache", ["test"])
    for _ in range(2):
        assert made(engine, whole, kept, **how)[1].equals(expected)


def test_other_settings_have_a_folder_of_their_own(tmp_path: Path):
    """Fingerprints made in another mode or under another key are not met."""
    settings = (["full", None], ["sketch", None], ["sketch", key_from("a")], ["sketch", key_from("b")])
    assert len({Cache.open(tmp_path, one).place for one in settings}) == len(settings)


def test_a_broken_entry_is_told(tmp_path: Path, engine: Any, whole: Path, cache: Cache):
    """By name, with what to do about it."""
    copy = copied(cache.place, tmp_path / "cache")
    min(copy.place.glob("*.parquet")).write_bytes(b"PAR1")
    with pytest.raises(InputError, match="remove the cache"):
        made(engine, whole, copy)
    (copy.place / "frames.npz").write_bytes(b"")
    with pytest.raises(InputError, match="remove the cache"):
        copy.frames()


def test_a_changed_file_is_read_again(tmp_path: Path, engine: Any, early_cache: Path, early: Path, read: list[int]):
    """The content of a file counts, not its name or time."""
    shutil.copytree(early, tmp_path / "changed")
    changed = file(tmp_path / "changed", 1)
    pq.write_table(pq.read_table(changed).slice(1), changed)
    rows = made(engine, tmp_path / "changed", copied(early_cache, tmp_path / "cache"))[1]
    assert sum(read) == rows_of(tmp_path / "changed", 1)
    assert len(rows) == len(exchanges_of(early)) - 1


def test_what_was_wrong_with_rows_is_kept_too(tmp_path: Path, engine: Any, whole: Path):
    """Counts and places of bad rows are the same when their file is not read again, wherever it stands by then."""
    shutil.copytree(whole, tmp_path / "bad")
    table = pq.read_table(file(whole, 0))
    accounts = pa.array([None, *table["account_id"].to_pylist()[1:]], pa.string())
    bad = table.set_column(table.schema.get_field_index("account_id"), "account_id", accounts)
    pq.write_table(bad, file(tmp_path / "bad", 9))
    file(tmp_path / "bad", 0).unlink()
    cache = Cache.open(tmp_path / "cache", ["test"])
    expected = made(engine, tmp_path / "bad", None)[0].quarantine
    assert expected.rows == 1
    assert made(engine, tmp_path / "bad", cache)[0].quarantine == expected
    file(tmp_path / "bad", 1).unlink()
    expected = made(engine, tmp_path / "bad", None)[0].quarantine
    assert made(engine, tmp_path / "bad", cache)[0].quarantine == expected
