"""Published methods, written from their papers for accounts and text; what `benchmarks/peers.py` measures beside a scan."""

from rivals.embed import ENCODERS, Encoder
from rivals.findings import write_findings
from rivals.protocol import MIXES, as_published
from rivals.reading import Background, Floats, Ints, Judge, Reading, calibrated
from rivals.registry import METHODS
from rivals.traffic import Traffic, read_traffic

__all__ = [
    "ENCODERS",
    "METHODS",
    "MIXES",
    "Background",
    "Encoder",
    "Floats",
    "Ints",
    "Judge",
    "Reading",
    "Traffic",
    "as_published",
    "calibrated",
    "read_traffic",
    "write_findings",
]
