"""Log formats: what their records look like, and the exchanges they make."""

from revenuer.sources.formats.base import Format, RecordFormat, Rejected, Row
from revenuer.sources.formats.mapped import MappedFormat, field_map
from revenuer.sources.formats.overlay import Overlaid
from revenuer.sources.formats.registry import FORMATS

__all__ = ["FORMATS", "Format", "MappedFormat", "Overlaid", "RecordFormat", "Rejected", "Row", "field_map"]
