"""The formats that `convert` knows, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from revenuer.sources.formats.azure import Azure
from revenuer.sources.formats.base import Format
from revenuer.sources.formats.bedrock import Bedrock
from revenuer.sources.formats.envoy import Envoy
from revenuer.sources.formats.kong import Kong
from revenuer.sources.formats.mapped import shipped_maps
from revenuer.sources.formats.otel import OpenTelemetry
from revenuer.sources.formats.vertex import Vertex

__all__ = ["FORMATS"]

FORMATS: Final[tuple[Format, ...]] = (
    OpenTelemetry(),
    Bedrock(),
    Vertex(),
    Azure(),
    Envoy(),
    Kong(),
    *shipped_maps(),
)
