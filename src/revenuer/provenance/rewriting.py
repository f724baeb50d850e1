"""A hook that rewrites reasoning before it is served, and nothing else. Experimental, and off without a permit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from revenuer.errors import ConfigError
from revenuer.provenance.permits import DegraderPermit

__all__ = ["ResponsePart", "rewritten"]

PartKind = Literal["reasoning", "answer", "code", "tool_call"]
_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ResponsePart:
    """A part of a response: what it is, and its text."""

    kind: PartKind
    text: str


def rewritten(
    parts: Sequence[ResponsePart], rewrite: Callable[[str], str], permit: DegraderPermit
) -> tuple[ResponsePart, ...]:
    """A response with its reasoning rewritten; answers, code and calls of tools stay as they are, byte for byte.

    Reasoning whose fenced code the rewriter changed, or of which it left nothing, is served as it was.

    Args:
        parts: of the response, in order.
        rewrite: text of a reasoning part to the text to serve.
        permit: leave to do so.

    Raises:
        ConfigError: the permit is for something else.
    """
    if permit.degrader != "rewriting":
        raise ConfigError(f"the permit is for {permit.degrader}, not for rewriting")
    return tuple(
        replace(part, text=_served(part.text, rewrite)) if part.kind == "reasoning" else part for part in parts
    )


def _served(text: str, rewrite: Callable[[str], str]) -> str:
    made = rewrite(text)
    return made if made.strip() and _code(made) == _code(text) else text


def _code(text: str) -> list[str]:
    return [match.group() for match in _FENCED.finditer(text)]
