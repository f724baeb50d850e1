"""The formats that `convert` knows, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from revenuer.sources.formats.base import Format
from revenuer.sources.formats.mapped import shipped_maps

__all__ = ["FORMATS"]

FORMATS: Final[tuple[Format, ...]] = (*shipped_maps(),)
