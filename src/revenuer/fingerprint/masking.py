"""A frame for people: the template's own words, with what varies between them masked."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from revenuer.fingerprint.frames import FrameLibrary
from revenuer.text.characters import DIGIT, WORDS, is_unspaced
from revenuer.text.shingles import SHINGLE, windows
from revenuer.text.tokens import tokenize

__all__ = ["SLOT", "masked"]

SLOT: Final = "{…}"
MOST_CHARACTERS: Final = 1_500

Span = tuple[int, int]


def masked(text: str, frame: int, library: FrameLibrary) -> str:
    """The text with everything outside the frame's core replaced by a slot mark.

    Args:
        text: an instance of the frame.
        frame: id of the frame in `library`.
        library: the frames that were mined; a frame it does not hold shows nothing.
    """
    at = np.flatnonzero(library.ids == frame)
    spans = _words(text)
    if not len(at) or not spans:
        return SLOT
    low, high = library.cores.offsets[at[0]], library.cores.offsets[at[0] + 1]
    core = set(library.cores.hashes[low:high].tolist())
    return _join(text, spans, _inside(text, spans, core))[:MOST_CHARACTERS]


def _words(text: str) -> list[Span]:
    """Where each token of the text begins and ends, by the tokeniser's own rules.

    A pattern of letters would not do: vowel signs are no letters, and a run of Han characters is many tokens, of which
    a slot may be any.
    """
    spans: list[Span] = []
    start = -1
    for place, character in enumerate(text):
        code = ord(character)
        word = int(WORDS[code]) if code < len(WORDS) else code
        alone = bool(word) and word != DIGIT and is_unspaced(code)
        if start >= 0 and (alone or not word):
            spans.append((start, place))
            start = -1
        if alone:
            spans.append((place, place + 1))
        elif word and start < 0:
            start = place
    return [*spans, (start, len(text))] if start >= 0 else spans


def _inside(text: str, spans: list[Span], core: set[int]) -> list[bool]:
    """Whether each word stands in a shingle of the core."""
    words = tokenize(pa.array([text[a:b] for a, b in spans]))
    inside = np.zeros(len(spans), np.bool_)
    for position, shingle in enumerate(windows(words.hashes).tolist()):
        if shingle in core:
            inside[position : position + SHINGLE] = True
    return inside.tolist()


def _join(text: str, spans: list[Span], inside: list[bool]) -> str:
    pieces: list[str] = []
    previous_end, open_slot = 0, False
    for (start, end), kept in zip(spans, inside, strict=True):
        between = text[previous_end:start]
        if kept:
            pieces += [" " if open_slot and between else between, text[start:end]]
        elif not open_slot:
            pieces += [between, SLOT]
        open_slot = not kept
        previous_end = end
    tail = text[previous_end:] if inside[-1] else ""
    return ("".join(pieces) + tail).strip()
