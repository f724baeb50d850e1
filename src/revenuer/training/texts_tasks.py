"""Every capability's families of rules, and the words that fill them, under one name."""

from __future__ import annotations

from typing import Final

from revenuer.training.texts_extraction import EXTRACTION, EXTRACTION_WORDS
from revenuer.training.texts_ordinary import ORDINARY, ORDINARY_WORDS
from revenuer.training.texts_words import WORDS as _COMMON

__all__ = ["FAMILIES", "WORDS"]

WORDS: Final[dict[str, list[str]]] = _COMMON | ORDINARY_WORDS | EXTRACTION_WORDS

FAMILIES: Final[dict[str, dict[str, list[str]]]] = EXTRACTION | ORDINARY
