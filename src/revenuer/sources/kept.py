"""Tables made of parts of files, kept beside the traffic under what they were made of."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from revenuer.errors import InputError
from revenuer.sources.parts import Part
from revenuer.sources.quarantine import Quarantine

__all__ = ["Kept"]

_QUARANTINE: Final = b"revenuer.quarantine"
_TABLE, _FRESH = ".parquet", ".fresh"


class Kept:
    """One entry a part: a table, and what was wrong with the rows.

    An entry is found by the content of its file, the range of the part, how it was read and the name that messages give
    the file, so a file that was changed, cut otherwise or renamed is made anew.

    Args:
        place: the folder; made if it is not there, for its owner alone.

    Raises:
        InputError: the folder cannot be made.
    """

    def __init__(self, place: Path) -> None:
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(f"cannot be made: {error.strerror}", file=str(place)) from error
        self._place = place
        self._digests: dict[str, str] = {}
        self._lock = threading.Lock()

    def has(self, part: Part) -> bool:
        """Whether the part has an entry."""
        return self._path(part, _TABLE).is_file()

    def sweep(self, parts: Collection[Part]) -> None:
        """Remove what is of none of these parts: what left the traffic leaves here."""
        held = {self._path(part, _TABLE) for part in parts}
        for path in self._place.iterdir():
            if path.suffix in (_TABLE, _FRESH) and path not in held:
                path.unlink()

    def read(self, part: Part) -> tuple[Iterator[Any], Quarantine]:
        """The batches of the part's entry, and what was wrong with its rows.

        Raises:
            InputError: the entry cannot be read.
        """
        path = self._path(part, _TABLE)
        try:
            metadata = pq.read_metadata(path).metadata
            return _batches(path), _quarantine(metadata[_QUARANTINE], part)
        except (OSError, KeyError, pa.ArrowException, msgspec.MsgspecError) as error:
            raise InputError("is no readable entry of a cache: remove the cache", file=str(path)) from error

    def through(self, part: Part, schema: pa.Schema, batches: Iterator[Any], quarantine: Quarantine) -> Iterator[Any]:
        """The same batches, of which an entry is made on the way; `quarantine` is written when they end."""
        fresh = self._path(part, f".{os.getpid()}-{threading.get_ident()}{_FRESH}")
        try:
            with pq.ParquetWriter(fresh, schema, compression="zstd", compression_level=1) as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    yield batch
                writer.add_key_value_metadata({_QUARANTINE: _written(quarantine)})
            fresh.replace(self._path(part, _TABLE))
        finally:
            fresh.unlink(missing_ok=True)

    def _path(self, part: Part, suffix: str) -> Path:
        what = (self._digest(part.path), part.name, part.kind, part.start, part.stop, part.latest, part.strict)
        name = msgspec.json.encode([*what, part.columns])
        return self._place / (hashlib.blake2b(name, digest_size=16).hexdigest() + suffix)

    def _digest(self, path: str) -> str:
        """Of the file's content; read once."""
        with self._lock:
            if path not in self._digests:
                try:
                    with Path(path).open("rb") as file:
                        self._digests[path] = hashlib.file_digest(file, "blake2b").hexdigest()
                except OSError as error:
                    raise InputError(f"cannot be read: {error.strerror}", file=path) from error
            return self._digests[path]


def _batches(path: Path) -> Iterator[Any]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(use_threads=False)


def _written(quarantine: Quarantine) -> bytes:
    examples = {reason: [place[1:] for place in places] for reason, places in quarantine.examples.items()}
    return msgspec.json.encode([quarantine.rejected, quarantine.repaired, quarantine.noted, examples])


def _quarantine(written: bytes, part: Part) -> Quarantine:
    """What was written; the part may stand elsewhere among the parts by now."""
    kind = tuple[dict[str, int], dict[str, int], dict[str, int], dict[str, list[tuple[int, str]]]]
    rejected, repaired, noted, examples = msgspec.json.decode(written, type=kind)
    found = Quarantine()
    _fill(found.rejected, rejected)
    _fill(found.repaired, repaired)
    _fill(found.noted, noted)
    found.examples |= {
        reason: [(part.order, row, words) for row, words in places] for reason, places in examples.items()
    }
    return found


def _fill(counter: dict[str, int], counts: Mapping[str, int]) -> None:
    counter.update(counts)
