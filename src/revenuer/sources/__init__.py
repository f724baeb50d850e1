"""Gateway logs to exchanges: a traffic directory is opened, checked, and read as validated Arrow batches."""

from revenuer.sources.content import CONTENTS, TEXTS, Content
from revenuer.sources.converting import CONVERT_FILE, Conversion, ConvertSettings, convert
from revenuer.sources.duplicates import duplicate_hashes, duplicate_ids, id_hashes
from revenuer.sources.formats import FORMATS
from revenuer.sources.inputs import Inputs
from revenuer.sources.kept import Kept
from revenuer.sources.missing import Missing
from revenuer.sources.parts import Part, narrowed
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.traffic import Traffic, open_traffic, read_part

__all__ = [
    "CONTENTS",
    "CONVERT_FILE",
    "FORMATS",
    "TEXTS",
    "Content",
    "Conversion",
    "ConvertSettings",
    "Inputs",
    "Kept",
    "Missing",
    "Part",
    "Quarantine",
    "Traffic",
    "convert",
    "duplicate_hashes",
    "duplicate_ids",
    "id_hashes",
    "narrowed",
    "open_traffic",
    "read_part",
]
