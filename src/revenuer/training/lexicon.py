"""Words that name what is asked for, by concept and in many languages: the part of the model that is written by hand.

An entry is one to three tokens, as `revenuer.text.tokenize` cuts them (in Chinese, Japanese, Korean and Thai a token is
one character), and belongs to one concept. A concept is a feature of its own, so one entry lends its meaning to the
rest: what training learns from one source in one language holds for words that no source has.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.text.ngrams import phrase_hashes
from revenuer.text.tokens import tokenize
from revenuer.training.grammar import read_rules

__all__ = ["lexicon", "lexicon_arrays"]


@cache
def lexicon() -> dict[str, tuple[str, ...]]:
    """The entries of every concept; the order of the concepts is their number."""
    return {
        concept: tuple(entry for entry in (part.strip() for part in " ".join(lines).split(",")) if entry)
        for concept, lines in read_rules("lexicon").items()
    }


def lexicon_arrays() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int8]]:
    """The hash and the concept of every entry; one longer than three tokens is cut, a second mention is ignored."""
    entries = [(entry, number) for number, words in enumerate(lexicon().values()) for entry in words]
    hashes = phrase_hashes(tokenize(pa.array([entry for entry, _ in entries])))
    known: dict[int, int] = {}
    for phrase, (_, number) in zip(hashes.tolist(), entries, strict=True):
        if phrase:
            known.setdefault(phrase, number)
    return np.array(list(known), np.uint64), np.array(list(known.values()), np.int8)
