"""What a scan keeps for the next one: fingerprints of files that were read, and the frames they were made with.

A fingerprint depends on its text and on the frames that are known. Frames are mined from all traffic, and every file more
moves a core or the weight of a token, so fingerprints could never be kept if all frames were mined anew each time. The
cache keeps the frames too: of new files only what matches none of them is mined, and what is found is added for them and
all that come later. When half as much has come since as they were mined from, everything is mined and made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from revenuer.engine import Kernel
from revenuer.errors import InputError
from revenuer.fingerprint.exchange import FINGERPRINTS
from revenuer.fingerprint.frames import FIELDS, FrameLibrary, library_of
from revenuer.sources import Kept, Part, Quarantine, read_part
from revenuer.text.tokens import Tokens

__all__ = ["OUTGROWN", "Cache", "KeepingReader"]

# New rows over the rows that frames were mined from, beyond which frames are mined anew.
OUTGROWN: Final = 0.5
_FRAMES: Final = "frames.npz"


class Frames(NamedTuple):
    """The frames of a cache, how many rows the traffic had that they were mined from, and how many came since."""

    libraries: dict[str, FrameLibrary]
    rows: int
    since: int

    def outgrown(self, rows: int) -> bool:
        """Whether these new rows are too many for the frames."""
        return self.since + rows > OUTGROWN * self.rows


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of fingerprints of one way to make them.

    Attributes:
        place: the folder.
        kept: its entries.
    """

    place: Path
    kept: Kept

    @classmethod
    def open(cls, place: Path, settings: Sequence[object]) -> Cache:
        """The cache in a folder for fingerprints made in this way.

        Args:
            place: the folder of all caches of one traffic directory.
            settings: what fingerprints depend on beside the text: version, weights, mode, key.

        Raises:
            InputError: the folder cannot be made.
        """
        name = hashlib.blake2b(msgspec.json.encode(settings), digest_size=8).hexdigest()
        return cls(place / name, Kept(place / name))

    def frames(self) -> Frames | None:
        """The frames that its fingerprints were made with; None where it is empty.

        Raises:
            InputError: they cannot be read.
        """
        path = self.place / _FRAMES
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                weights, own = stored["weights"], stored["own"]
                libraries = {
                    name: library_of(Tokens(stored[f"{name}_hashes"], stored[f"{name}_offsets"]), weights, own)
                    for name in FIELDS
                }
                return Frames(libraries, int(stored["rows"]), int(stored["since"]))
        except (OSError, KeyError, ValueError, EOFError) as error:
            raise InputError("is no readable part of a cache: remove the cache", file=str(path)) from error

    def begin(self, libraries: dict[str, FrameLibrary], rows: int) -> None:
        """Keep these frames from now on; what was made with others is dropped."""
        (self.place / _FRAMES).unlink(missing_ok=True)
        self.kept.sweep(())
        self.extend(Frames(libraries, rows, 0))

    def extend(self, frames: Frames) -> None:
        """Keep these frames from now on, beside what was made with fewer of them."""
        one = frames.libraries[FIELDS[0]]
        stored: dict[str, Any] = {"weights": one.weights, "own": one.own}
        stored |= {"rows": np.int64(frames.rows), "since": np.int64(frames.since)}
        for name, library in frames.libraries.items():
            stored[f"{name}_hashes"], stored[f"{name}_offsets"] = library.cores
        fresh = self.place / "frames.fresh.npz"
        np.savez(fresh, **stored)
        fresh.replace(self.place / _FRAMES)


@dataclass(frozen=True, slots=True)
class KeepingReader:
    """Reads parts as fingerprints: from the cache, or else from the traffic, and then they are kept.

    Attributes:
        cache: where they are kept.
        make: makes fingerprints of a batch.
    """

    cache: Cache
    make: Kernel

    def __call__(self, part: Part) -> Generator[pa.RecordBatch, None, Quarantine]:
        """`FINGERPRINTS` of the part; returns what was wrong with its rows."""
        if self.cache.kept.has(part):
            batches, quarantine = self.cache.kept.read(part)
            yield from batches
        else:
            quarantine = Quarantine()
            made = map(self.make, read_part(part, quarantine))
            yield from self.cache.kept.through(part, FINGERPRINTS, made, quarantine)
        return quarantine
