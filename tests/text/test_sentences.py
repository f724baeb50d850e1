"""Texts are spelt, cut and put together as Python's own strings would be."""

# ruff: noqa: RUF001 - signs of other scripts are the point

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from revenuer.text.sentences import put_together, sentences
from revenuer.text.spelling import SPELLING, folded, spelt

SENTENCE = re.compile(r"(?:[^.!?。！？؟।\n]++|[.!?](?=\S))*+[.!?。！？؟।\n]*+\s*+")
EVERYTHING = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
TEXTS = st.lists(st.text(st.one_of(st.sampled_from("ab.!?。！？؟।\n \t\u00a0\u2003\u3000x😀"), st.characters(codec="utf-8")), max_size=20), max_size=6)  # fmt: skip


def said(text: str) -> str:
    """The text folded and spelt out, letter by letter."""
    return "".join(SPELLING[ord(letter)] if ord(letter) > 127 else letter for letter in folded(text))


def test_every_character_is_spelt():
    """Whatever the character, the compiled pass writes what Python's own tables say."""
    texts = ["".join(EVERYTHING[at : at + 256]) for at in range(0, len(EVERYTHING), 256)]
    assert spelt(pa.array(texts)).to_pylist() == [said(text) for text in texts]


def test_blanks_are_those_of_python():
    """White space is squeezed where `str.split` splits."""
    texts = [" a".join(EVERYTHING[at : at + 256]) for at in range(0, len(EVERYTHING), 256)]
    assert spelt(pa.array(texts), squeezed=True).to_pylist() == [said(" ".join(text.split())) for text in texts]


@given(TEXTS)
def test_texts_are_spelt_and_squeezed(texts: list[str]):
    """Texts with and without characters beyond U+FFFF keep their places, also in a slice of an array."""
    column = pa.array(["before", *texts], pa.string()).slice(1)
    assert spelt(column).to_pylist() == [said(text) for text in texts]
    assert spelt(column, squeezed=True).to_pylist() == [said(" ".join(text.split())) for text in texts]


@given(TEXTS, st.integers(0, 99))
def test_sentences_are_those_of_the_pattern(texts: list[str], seed: int):
    """Texts are cut where the pattern cuts them, and any choice of sentences is put together in order."""
    column = pa.array(["before", *texts], pa.string()).slice(1)
    parts, counts = sentences(column)
    whole = parts.to_pylist()
    found = [whole[first:last] for first, last in pairwise(counts)]
    assert found == [[one for one in SENTENCE.findall(text) if one] for text in texts]
    chosen = np.random.default_rng(seed).random(len(whole)) < 0.5
    kept = [[one for one, take in zip(whole[a:b], chosen[a:b], strict=True) if take] for a, b in pairwise(counts)]  # fmt: skip
    assert put_together(parts, counts, chosen).to_pylist() == ["".join(one) for one in kept]
