"""What `convert.json` declares of traffic that was made of a log: whoever reads findings has to know what was left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

__all__ = ["declared"]

_FILE: Final = "convert.json"


def declared(folder: Path) -> tuple[str, ...]:
    """One sentence each on where traffic came from, and how it was sampled and masked; none without the file.

    The file only informs: one that cannot be read says nothing.
    """
    try:
        known = msgspec.json.decode((folder / _FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    return tuple(_sentences(known)) if isinstance(known, dict) else ()


def _sentences(known: dict[str, Any]) -> list[str]:
    said = [f"converted from a log in the format {str(known.get('format'))[:60]}"]
    sampling, masking = known.get("sampling"), known.get("masking")
    if isinstance(sampling, dict):
        said.append(f"a sample: {sampling.get('share')} of what was logged, by {sampling.get('by')}")
    if isinstance(masking, dict) and masking:
        said.append(f"masked before they came here: {', '.join(sorted(map(str, masking)))}")
    lost = known.get("quarantined")
    if isinstance(lost, dict) and lost:
        said.append(f"{sum(n for n in lost.values() if isinstance(n, int)):,} records of the log were set aside")
    return [f"exchanges: {sentence}" for sentence in said]
