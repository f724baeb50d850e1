"""The formats that `convert` knows, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from revenuer.sources.formats.azure import Azure
from revenuer.sources.formats.base import Format
from revenuer.sources.formats.batches import AnthropicBatch, OpenAIBatch
from revenuer.sources.formats.bedrock import Bedrock
from revenuer.sources.formats.envoy import Envoy
from revenuer.sources.formats.helicone import Helicone
from revenuer.sources.formats.kong import Kong
from revenuer.sources.formats.langfuse import Langfuse
from revenuer.sources.formats.litellm import LiteLLM, LiteLLMSpendLogs
from revenuer.sources.formats.mapped import shipped_maps
from revenuer.sources.formats.otel import OpenTelemetry
from revenuer.sources.formats.pairs import AnthropicPairs, OpenAIPairs
from revenuer.sources.formats.vertex import Vertex

__all__ = ["FORMATS"]

FORMATS: Final[tuple[Format, ...]] = (
    LiteLLM(),
    LiteLLMSpendLogs(),
    OpenAIPairs(),
    OpenAIBatch(),
    AnthropicPairs(),
    AnthropicBatch(),
    Langfuse(),
    Helicone(),
    OpenTelemetry(),
    Bedrock(),
    Vertex(),
    Azure(),
    Envoy(),
    Kong(),
    *shipped_maps(),
)
