"""Whether a request comes near a task of one campaign: asked of the few accounts that are known to serve it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from revenuer.service.frames import FrameBook

__all__ = ["comes_near"]

_NEVER: Final = np.iinfo(np.int64).max


def comes_near(book: FrameBook, text: str, number: int) -> bool:
    """Whether a text holds half of what a task of the campaign of this number needs, as `TaskBook.near` has it."""
    half = np.where(book.owners == number, (np.abs(book.needed) + 1) // 2, _NEVER)
    least = int(half.min(initial=_NEVER))
    if least == _NEVER:
        return False
    nobody = np.empty(0, np.int64)
    return replace(book, needed=half, least=least).look(text, 0, nobody)[1] == number
