"""A frame for people: the template's own words, with what varies between them masked."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pyarrow as pa

from revenuer.fingerprint.frames import FrameLibrary
from revenuer.text.shingles import SHINGLE, windows
from revenuer.text.tokens import tokenize

__all__ = ["SLOT", "masked"]

SLOT: Final = "{…}"
MOST_CHARACTERS: Final = 1_500
# Words as the tokeniser sees them; the text between two words belongs to neither.
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)


def masked(text: str, frame: int, library: FrameLibrary) -> str:
    """The text with everything outside the frame's core replaced by a slot mark.

    Args:
        text: an instance of the frame.
        frame: id of the frame in `library`.
    """
    at = np.flatnonzero(library.ids == frame)
    spans = [match.span() for match in _WORD.finditer(text)]
    if not len(at) or not spans:
        return SLOT
    low, high = library.cores.offsets[at[0]], library.cores.offsets[at[0] + 1]
    core = set(library.cores.hashes[low:high].tolist())
    inside = _inside(text, spans, core)
    return _join(text, spans, inside)[:MOST_CHARACTERS]


def _inside(text: str, spans: list[tuple[int, int]], core: set[int]) -> list[bool]:
    """Whether each word stands in a shingle of the core."""
    words = tokenize(pa.array([text[a:b] for a, b in spans]))
    owner = np.repeat(np.arange(len(spans)), np.diff(words.offsets))
    inside = [False] * len(spans)
    for position, shingle in enumerate(windows(words.hashes).tolist()):
        if shingle in core:
            for word in owner[position : position + SHINGLE]:
                inside[word] = True
    return inside


def _join(text: str, spans: list[tuple[int, int]], inside: list[bool]) -> str:
    pieces: list[str] = []
    previous_end, open_slot = 0, False
    for (start, end), kept in zip(spans, inside, strict=True):
        if kept:
            pieces.append(text[previous_end:start] if not open_slot else " ")
            pieces.append(text[start:end])
            open_slot = False
        elif not open_slot:
            pieces += [text[previous_end:start], SLOT]
            open_slot = True
        previous_end = end
    tail = text[previous_end:] if inside[-1] else ""
    return ("".join(pieces) + tail).strip()
