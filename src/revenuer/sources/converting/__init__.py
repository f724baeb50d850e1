"""Logs of gateways to traffic directories: read, recognised, joined, masked, written."""

from revenuer.sources.converting.conversion import CONVERT_FILE, Conversion
from revenuer.sources.converting.masking import MASKS
from revenuer.sources.converting.run import convert
from revenuer.sources.converting.settings import SAMPLED_BY, ConvertSettings

__all__ = ["CONVERT_FILE", "MASKS", "SAMPLED_BY", "Conversion", "ConvertSettings", "convert"]
