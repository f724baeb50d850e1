"""Gateway logs to exchanges: a traffic directory is opened, checked, and read as validated Arrow batches."""

from revenuer.sources.duplicates import duplicate_hashes, duplicate_ids, id_hashes
from revenuer.sources.missing import Missing
from revenuer.sources.parts import Part
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.traffic import Traffic, open_traffic, read_part

__all__ = [
    "Missing",
    "Part",
    "Quarantine",
    "Traffic",
    "duplicate_hashes",
    "duplicate_ids",
    "id_hashes",
    "open_traffic",
    "read_part",
]
