"""The methods by name."""

from __future__ import annotations

from collections.abc import Callable

from rivals.components import components
from rivals.mmd import mmd, mmd_windows
from rivals.reading import Background, Judge
from rivals.sequential import prada, seat
from rivals.toolkit import co_similar, co_tweet
from rivals.volume import volume

Method = Callable[[Background], Judge]

METHODS: dict[str, Method] = {
    "volume limit": volume,
    "PRADA": prada,
    "SEAT": seat,
    "MMD": mmd,
    "MMD windows": mmd_windows,
    "components": components,
    "toolkit co_tweet": co_tweet,
    "toolkit co_similar": co_similar,
}
