"""What the kernels compute, in slow and plain Python."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa

from revenuer.text.characters import DIGIT, WORDS
from revenuer.text.tokens import Tokens, tokenize

BITS = 2**64 - 1
# Scripts written without spaces, and all beyond the Basic Multilingual Plane: one token a character.
ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\ue000-\uffff\U00010000-\U0010ffff"


def slow_mix(h: int) -> int:
    """MurmurHash3's fmix64."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = (h ^ (h >> 33)) * factor & BITS
    return h ^ (h >> 33)


def slow_hash(units: list[int]) -> int:
    """FNV-1a over whole numbers, finalised."""
    h = 0xCBF29CE484222325
    for unit in units:
        h = (h ^ unit) * 0x100000001B3 & BITS
    return slow_mix(h)


def folded(character: str) -> str:
    """The character as a token keeps it: a space where it ends one."""
    cp = ord(character)
    return character if cp > 0xFFFF else chr(WORDS[cp]) if WORDS[cp] else " "


def slow_words(text: str) -> list[str]:
    """The tokens of a text, as text."""
    masked = re.sub(f"{chr(DIGIT)}+", "0", "".join(folded(character) for character in text))
    return re.findall(f"[{ALONE}]|[^ {ALONE}]+", masked)


def slow_tokens(text: str) -> list[int]:
    """The token hashes of a text."""
    return [slow_hash([ord(character) for character in word]) for word in slow_words(text)]


def as_lists(tokens: Tokens) -> list[list[int]]:
    """Token hashes, a list a text."""
    return [tokens.hashes[start:end].tolist() for start, end in pairwise(tokens.offsets)]


def of(*texts: str | None) -> Tokens:
    """Tokens of these texts."""
    return tokenize(pa.array(texts, pa.string()))


def slow_shingles(hashes: list[int]) -> list[tuple[int, ...]]:
    """The four tokens from each position."""
    return [tuple(hashes[i : i + 4]) for i in range(len(hashes) - 3)]


def slow_documents(texts: list[list[int]], copies: list[int]) -> Counter[tuple[int, ...]]:
    """How many texts hold each shingle."""
    counts: Counter[tuple[int, ...]] = Counter()
    for text, times in zip(texts, copies, strict=True):
        counts.update(dict.fromkeys(slow_shingles(text), times))
    return counts


def random_texts(seed: int, texts: int, tokens: int, vocabulary: int) -> Tokens:
    """Texts of random tokens of a vocabulary."""
    rng = np.random.default_rng(seed)
    words = rng.integers(1, 2**63, vocabulary, dtype=np.uint64)
    return Tokens(rng.choice(words, texts * tokens), np.arange(0, texts * tokens + 1, tokens))
