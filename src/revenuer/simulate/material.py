"""Long prompts: material that people paste below what they ask, the same below the same words, in words that mean nothing."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import ndtri

from revenuer.simulate.texts.lexicon import DOMAINS, proper
from revenuer.simulate.texts.writing import Dice

__all__ = ["SHARE", "mean_of", "with_material"]

Hashes = NDArray[np.uint64]

SHARE: Final = 0.5  # of the prompts come with material
_SIGMA: Final = 1.0  # of the logarithm of its length
_LONGEST: Final = 48_000  # bytes
_WORDS: Final = 30_000
_SMALL: Final = (
    "the of and to in a is that for it on with as was at by from or this be are not have an which you has but they more "
    "will their one all we can would there been if when who so no out up into than some could them only other time its "
    "about may then do any my now such like our over even most me after also did many before must through where"
)
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)  # SplitMix64 counts in steps of it
_AT_ONCE: Final = 5_000  # prompts
_TABLE: Final = 1 << 18  # places in the look-up table of words


def mean_of(target: int, without: float) -> float:
    """Mean bytes of material where there is any, so that prompts that average `without` bytes average `target`."""
    return max(0.0, (target - without) / SHARE)


def with_material(rows: pa.Table, seed: int, mean: float) -> pa.Table:
    """The rows with longer prompts and the input tokens that go with them.

    Args:
        rows: with `prompt` and `input_tokens`.
        seed: of the world; it and the prompt decide on the material.
        mean: bytes of the material of a prompt that has some.
    """
    prompt = rows.column("prompt").combine_chunks()
    keys = _keys(prompt, seed)
    size = _sizes(keys, mean)
    texts = _texts(keys[size > 0], size[size > 0])
    extra = pc.replace_with_mask(pa.array([""] * len(prompt)), pa.array(size > 0), texts)
    longer = pc.binary_join_element_wise(prompt, extra, "")
    tokens = pc.add(rows.column("input_tokens"), pa.array(size // 5, pa.int32()))
    at = {name: rows.schema.get_field_index(name) for name in ("prompt", "input_tokens")}
    rows = rows.set_column(at["prompt"], rows.schema.field(at["prompt"]), longer)
    return rows.set_column(at["input_tokens"], rows.schema.field(at["input_tokens"]), tokens)


def _mixed(x: Hashes) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _keys(prompt: pa.Array, seed: int) -> Hashes:
    """A number for each prompt, the same for the same words."""
    sums = np.array([zlib.crc32(text) for text in prompt.cast(pa.binary()).to_pylist()], dtype=np.uint64)
    return _mixed(sums + np.uint64(seed * int(_GOLDEN) & 0xFFFF_FFFF_FFFF_FFFF))


def _unit(keys: Hashes, stream: int) -> NDArray[np.float64]:
    """A number above 0 and below 1 for each key."""
    return (_mixed(keys + np.uint64(stream)) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


def _sizes(keys: Hashes, mean: float) -> NDArray[np.int64]:
    """Bytes of material of each prompt: lognormal for `SHARE` of them, none for the rest."""
    drawn = np.exp(np.log(max(mean, 1.0)) - _SIGMA**2 / 2 + _SIGMA * ndtri(_unit(keys, 1)))
    size = np.minimum(drawn, _LONGEST).astype(np.int64)
    return np.where((_unit(keys, 2) < SHARE) & (mean > 0), size, 0)


def _texts(keys: Hashes, size: NDArray[np.int64]) -> pa.Array:
    """Running text of about so many bytes for each key, with an empty line before it."""
    steps = range(0, len(keys), _AT_ONCE)
    parts = [_few(keys[at : at + _AT_ONCE], size[at : at + _AT_ONCE]) for at in steps]
    return pa.concat_arrays([pa.array([], pa.string()), *parts])


def _few(keys: Hashes, size: NDArray[np.int64]) -> pa.Array:
    """The same for as many keys as fit into memory at once."""
    words, table, length = _vocabulary()
    count = np.maximum(1, np.round(size / length)).astype(np.int64)
    ends = np.cumsum(count)
    place = np.arange(ends[-1]) - np.repeat(ends - count, count)
    drawn = _mixed(np.repeat(keys, count) + place.astype(np.uint64) * _GOLDEN)
    which = table[place % 2, (drawn >> np.uint64(8)) % np.uint64(_TABLE)]
    last = (drawn & np.uint64(15) == 0) | (place == np.repeat(count - 1, count))
    form = np.where(last, 2, np.where(np.concatenate([[True], last[:-1]]), 1, 0))
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    body = pc.binary_join(pa.ListArray.from_arrays(offsets, words.take(pa.array(which * 3 + form))), " ")
    return pc.binary_join_element_wise("\n\n", body, "")


@cache
def _vocabulary() -> tuple[pa.Array, NDArray[np.int32], float]:
    """Words in three forms (plain, capital, with a full stop), places of two look-up tables, and bytes of a word.

    Small words and long ones come by turns, so that no run of words is common; the long ones follow Zipf's law.
    """
    dice = Dice(0)
    known = {
        word for domain in DOMAINS.values() for part in (domain.nouns, domain.verbs, domain.adjectives) for word in part
    }
    long = [word for word in sorted(known) if " " not in word]
    dice.shuffle(long)
    while len(long) < _WORDS:
        long.append(proper(dice, dice.choice((1, 2, 2, 3))).lower())
    short = _SMALL.split()
    plain = [*short, *long]
    forms = [form for word in plain for form in (word, word.capitalize(), word + ".")]
    small = _places(np.arange(len(short)))
    table = np.stack([len(short) + _places(np.arange(len(long))), small]).astype(np.int32)
    length = np.array([len(word) for word in plain])[table].mean() + 1 + 1 / 16
    return pa.array(forms), table, float(length)


def _places(ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """A look-up table in which ranks stand as often as Zipf's law has it."""
    weight = np.cumsum(1.0 / (ranks + 2.7))
    return np.searchsorted(weight / weight[-1], (np.arange(_TABLE) + 0.5) / _TABLE).astype(np.int64)
