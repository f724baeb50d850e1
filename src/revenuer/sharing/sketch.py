"""Prompt templates as keyed min-hash bands: peers who hold the same secret see which templates are alike, nobody reads one.

The shingles of a template's constant parts are sketched as `text.minhash` does; each pair of sketch values is put under
HMAC-SHA256 (RFC 2104). Two templates of Jaccard similarity J share a band with probability J squared.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.sharing.secret import Secret
from revenuer.sharing.vocabulary import LEAST_BANDS, SKETCH, SLOT
from revenuer.text.minhash import sketches
from revenuer.text.shingles import windows
from revenuer.text.tokens import Tokens, tokenize

__all__ = [
    "alike",
    "bands_of_sketch",
    "core_bands",
    "frame_bands",
]

LEAST_SHINGLES: Final = 3
_SYSTEM: Final = "[system] "
_CUT: Final = " […]"


def frame_bands(frame: str, secret: Secret) -> tuple[str, ...] | None:
    """The bands of a masked template as findings show it; None where it is too short to tell from others."""
    parts = [part for part in frame.removeprefix(_SYSTEM).removesuffix(_CUT).split(SLOT) if part.strip()]
    shingles = _shingles(parts)
    if len(shingles) < LEAST_SHINGLES:
        return None
    offsets = np.array([0, len(shingles)], np.int64)
    return bands_of_sketch(sketches(Tokens(shingles, offsets))[0], secret)


def _shingles(parts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Distinct shingles of the parts, none of which reaches over a slot."""
    tokens = tokenize(pa.array(parts, pa.string()))
    ends = tokens.offsets.tolist()
    found = [windows(tokens.hashes[a:b]) for a, b in pairwise(ends)]
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *found]))


def core_bands(cores: Tokens, secret: Secret) -> list[tuple[str, ...]]:
    """The bands of each core of a `FrameLibrary`, shape (cores,) of `BANDS`."""
    return [bands_of_sketch(row, secret) for row in sketches(cores)]


def bands_of_sketch(sketch: npt.NDArray[np.uint32], secret: Secret) -> tuple[str, ...]:
    """Each pair of values of a sketch under the secret, 64 bits in hex."""
    return tuple(
        hmac.digest(secret.key, f"{SKETCH}|{band}|{low}|{high}".encode(), hashlib.sha256).hex()[:16]
        for band, (low, high) in enumerate(sketch.reshape(-1, 2).tolist())
    )


def alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two templates share enough bands to be taken for one."""
    return sum(a == b for a, b in zip(one, other, strict=False)) >= LEAST_BANDS
