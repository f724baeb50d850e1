"""What is asked of the same arrays again and again, for one group of accounts after the other."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["kept"]

Found = TypeVar("Found")

_KEPT: Final[dict[tuple[Any, ...], Any]] = {}


def kept(make: Callable[..., Found], *arrays: npt.NDArray[np.generic] | None) -> Found:
    """`make(*arrays)`, computed once and kept while the arrays live: they must not be written to."""
    names = (make, *map(id, arrays))
    if names not in _KEPT:
        _KEPT[names] = make(*arrays)
        for array in arrays:
            if array is not None:
                weakref.finalize(array, _KEPT.pop, names, None)
    found: Found = _KEPT[names]
    return found
