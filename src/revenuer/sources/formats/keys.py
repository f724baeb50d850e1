"""Keys that stand for an account where a log names none."""

from __future__ import annotations

import re
from typing import Any, Final

from revenuer.sources.formats.values import credential

__all__ = ["lasting"]

_TOKEN: Final = re.compile(r"(bearer\s+)?eyJ[\w-]*\.[\w-]+\.[\w-]*", re.IGNORECASE)


def lasting(key: Any) -> str | None:
    """The hash of an API key; None for a token that is issued anew every hour, by which one caller would seem many."""
    return None if isinstance(key, str) and _TOKEN.fullmatch(key.strip()) else credential(key)
