"""Gateway logs to exchanges: a traffic directory is opened, checked, and read as validated Arrow batches."""

from revenuer.sources.content import CONTENTS, TEXTS, Content
from revenuer.sources.duplicates import duplicate_hashes, duplicate_ids, id_hashes
from revenuer.sources.missing import Missing
from revenuer.sources.parts import Part, narrowed
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.traffic import Traffic, open_traffic, read_part

__all__ = [
    "CONTENTS",
    "TEXTS",
    "Content",
    "Missing",
    "Part",
    "Quarantine",
    "Traffic",
    "duplicate_hashes",
    "duplicate_ids",
    "id_hashes",
    "narrowed",
    "open_traffic",
    "read_part",
]
