"""Texts and rhythms from a directory of corpora on disk; sources are opaque group keys."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.simulate.texts.pool import Source, Stored, Text, Texts

__all__ = ["Corpora"]

_WORD = re.compile(r"[^\W\d_]{4,}")
_COLUMNS = ("source", "capability", "system", "prompt", "response", "conv_id", "turn")
_LONGEST = 6_000
_TOPIC = 20  # rows that make a topic
_SLOT = 600  # seconds of a measured window
_DAY = 86_400 // _SLOT
_FORTNIGHT = 14 * _DAY


class Corpora:
    """Pools read from `extraction.parquet`, `ordinary.parquet`, `system_prompts.parquet` and `traces/`.

    Args:
        directory: the corpora; files and capabilities that are missing are filled from `fallback`.
        fallback: texts for what the directory does not hold.

    Raises:
        InputError: the directory is missing or a file in it cannot be read.
    """

    def __init__(self, directory: Path, fallback: Texts) -> None:
        if not directory.is_dir():
            raise InputError("no such directory of corpora", file=str(directory))
        self._fallback = fallback
        self._extraction = _read(directory / "extraction.parquet", fallback.extraction)
        self._ordinary = _read(directory / "ordinary.parquet", fallback.ordinary)
        self._systems = _systems(directory / "system_prompts.parquet")
        self._curves = _curves(directory / "traces")
        self._lengths = _lengths(directory / "traces")

    def extraction(self, capability: str) -> Source:
        """Task items of one capability."""
        return self._extraction.get(capability) or self._fallback.extraction(capability)

    def ordinary(self, capability: str) -> Source:
        """Ordinary requests of one capability."""
        return self._ordinary.get(capability) or self._fallback.ordinary(capability)

    def foreign(self) -> Source:
        """Task items in other languages, generated: corpora do not say enough about theirs."""
        return self._fallback.foreign()

    def systems(self) -> Sequence[str]:
        """System prompts of products."""
        return self._systems or self._fallback.systems()

    def curves(self) -> Sequence[NDArray[np.float64]]:
        """Measured rate curves of clients."""
        return self._curves

    def lengths(self) -> NDArray[np.float64]:
        """Measured lengths of answers."""
        return self._lengths if len(self._lengths) else self._fallback.lengths()


def _read(path: Path, spare: Callable[[str], Source]) -> dict[str, Stored]:
    if not path.is_file():
        return {}
    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read as Parquet ({error})", file=str(path)) from error
    if "prompt" not in table.column_names or "capability" not in table.column_names:
        raise InputError("has no prompt or no capability column", file=str(path))
    rows = [table.column(c).to_pylist() if c in table.column_names else [None] * len(table) for c in _COLUMNS]
    found: dict[str, dict[object, list[tuple[int, Text]]]] = defaultdict(lambda: defaultdict(list))
    labels: dict[object, tuple[str, str]] = {}
    for number, (source, capability, system, prompt, response, conversation, turn) in enumerate(
        zip(*rows, strict=True)
    ):
        if not prompt or not capability:
            continue
        # Without turns a conversation id only groups rows of one topic.
        key = number if turn is None or conversation is None else (source, conversation)
        text = Text(prompt[:_LONGEST], system[:_LONGEST] if system else None, response[:_LONGEST] if response else None)
        found[capability][key].append((turn or 0, text))
        labels[key] = (str(source), str(conversation) if turn is None and conversation is not None else "")
    return {c: _pool(units, labels, _spare(spare, c)) for c, units in sorted(found.items())}


def _spare(fallback: Callable[[str], Source], capability: str) -> Source:
    """What fills in for a capability; one that the generator does not know is filled with what it has for the rest."""
    try:
        return fallback(capability)
    except KeyError:
        return fallback("general_instruction" if fallback.__name__ == "extraction" else "other")


def _pool(units: dict[object, list[tuple[int, Text]]], labels: dict[object, tuple[str, str]], spare: Source) -> Stored:
    keys = list(units)
    talks = [_talk(units[key]) for key in keys]
    words = [set(_WORD.findall(talk[0].prompt[:400].lower())) for talk in talks]
    spread = Counter(word for bag in words for word in bag)
    sizes = Counter(labels[key] for key in keys)
    topics: dict[str, list[int]] = defaultdict(list)
    for number, (key, bag) in enumerate(zip(keys, words, strict=True)):
        source, group = labels[key]
        label = f"{source}/{group}" if group and sizes[labels[key]] >= _TOPIC else source
        # A group of many rows is divided by its tellingly frequent words.
        telling = [w for w in bag if 20 <= spread[w] <= 400] if label == source else []
        topics[f"{label}/{min(telling, key=lambda w: (spread[w], w))}" if telling else label].append(number)
    return Stored(talks, _sizeable(topics), spare)


def _talk(turns: list[tuple[int, Text]]) -> tuple[Text, ...]:
    """Turns in order; the system prompt of the first goes with all."""
    texts = [text for _, text in sorted(turns, key=lambda pair: pair[0])]
    return tuple(replace(text, system=text.system or texts[0].system) for text in texts)


def _sizeable(topics: dict[str, list[int]]) -> dict[str, list[int]]:
    """Topics of some size; smaller ones join the rest of their group."""
    kept: dict[str, list[int]] = defaultdict(list)
    for name, rows in sorted(topics.items()):
        kept[name if len(rows) >= _TOPIC else name.split("/")[0]] += rows
    return dict(kept)


def _systems(path: Path) -> list[str]:
    if not path.is_file() or "system" not in _schema(path):
        return []
    return [s for s in pq.read_table(path, columns=["system"]).column("system").to_pylist() if s and len(s) <= _LONGEST]


def _schema(path: Path) -> set[str]:
    """Names of the columns of a Parquet file."""
    try:
        return set(pq.read_schema(path).names)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read as Parquet ({error})", file=str(path)) from error


def _traces(directory: Path, columns: set[str]) -> Iterator[pa.Table]:
    """The trace files that have these columns."""
    for path in sorted(directory.glob("*.parquet")) if directory.is_dir() else []:
        if columns <= _schema(path):
            yield pq.read_table(path, columns=sorted(columns))


def _curves(directory: Path) -> list[NDArray[np.float64]]:
    """Rates of each measured client in ten-minute windows; where only days were watched they are repeated."""
    curves: list[NDArray[np.float64]] = []
    for table in _traces(directory, {"user_id", "window_start", "rate"}):
        user = pc.fill_null(pc.dictionary_encode(table.column("user_id").combine_chunks()).indices, 0).to_numpy()
        slot = table.column("window_start").to_numpy().astype(np.int64) // _SLOT
        rate = pc.fill_null(table.column("rate"), 0.0).to_numpy().astype(np.float64)
        order = np.argsort(user, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(user[order])) + 1):
            # A client seen in few windows says little about rhythm.
            if len(rows) > 50:
                curve = np.zeros(_whole_days(int(slot[rows].max())))
                curve[slot[rows]] = rate[rows]
                curves.append(np.tile(curve, -(-_FORTNIGHT // len(curve)))[: max(_FORTNIGHT, 1)])
    return curves


def _whole_days(last: int) -> int:
    """Slots of the whole days up to a slot."""
    return (last // _DAY + 1) * _DAY


def _lengths(directory: Path) -> NDArray[np.float64]:
    """Measured answer lengths in tokens, at most twenty thousand."""
    found = [t.column(0).drop_null().to_numpy().astype(np.float64) for t in _traces(directory, {"output_tokens"})]
    lengths = np.concatenate([np.zeros(0), *found])
    lengths = lengths[lengths > 0]
    return np.asarray(lengths[:: max(1, len(lengths) // 20_000)])
