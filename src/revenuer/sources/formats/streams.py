"""Answers that were logged as a stream: server-sent events or a list of chunks, put together to one body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from revenuer.sources.formats.values import as_object, pick

__all__ = ["assembled"]


def assembled(body: Any) -> Any:
    """A stream as the body that it would have been without streaming; anything else as it is."""
    if isinstance(body, str) and body[:6].lstrip().startswith(("data:", "event:")):
        body = list(_events(body))
    if not isinstance(body, list):
        return body
    chunks = [chunk for chunk in body if isinstance(chunk, dict)]
    whole = next((chunk["response"] for chunk in reversed(chunks) if isinstance(chunk.get("response"), dict)), None)
    return whole if whole is not None else _joined(chunks)


def _events(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        if line.startswith("data:") and not line.endswith("[DONE]"):
            yield as_object(line[5:].strip())


def _joined(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """Texts in their order as one choice; of everything else the last that was said."""
    said = "".join(text for chunk in chunks for text in _said(chunk))
    message = {"content": [said, *_blocks(chunks)]}
    facts = {name: _last(chunks, *paths) for name, paths in _FACTS.items()}
    usage = {name: value for chunk in chunks for name, value in _usage(chunk).items() if value}
    return {"choices": [{"message": message, "finish_reason": _last(chunks, *_REASONS)}], **facts, "usage": usage}


def _usage(chunk: dict[str, Any]) -> dict[str, Any]:
    """Anthropic says at the start what was read and at the end what was written; others say both at the end."""
    found = (pick(chunk, path) for path in ("usage", "message.usage", "usageMetadata"))
    return next((usage for usage in found if isinstance(usage, dict)), {})


_REASONS = ("choices.0.finish_reason", "delta.stop_reason", "candidates.0.finishReason", "stopReason")
_FACTS = {
    "model": ("model", "message.model", "modelVersion"),
    "error": ("error",),
}


def _said(chunk: dict[str, Any]) -> Iterator[str]:
    deltas = (pick(chunk, "choices.0.delta.content"), pick(chunk, "choices.0.text"), pick(chunk, "delta.text"))
    parts = pick(chunk, "candidates.0.content.parts")
    texts: Iterable[Any] = (
        (part.get("text") for part in parts if isinstance(part, dict)) if isinstance(parts, list) else ()
    )
    yield from (text for text in (*deltas, *texts) if isinstance(text, str))


def _blocks(chunks: list[dict[str, Any]]) -> list[Any]:
    """Blocks that carry no text of their own: sealed reasoning and calls of tools."""
    signatures = [{"signature": mark} for chunk in chunks if (mark := pick(chunk, "delta.signature"))]
    starts = [
        block
        for chunk in chunks
        if isinstance(block := chunk.get("content_block"), dict) and block.get("type") != "text"
    ]
    held = (pick(chunk, "choices.0.delta.tool_calls") for chunk in chunks)
    calls = [call for some in held if isinstance(some, list) for call in some]
    return [*signatures, *starts, *calls]


def _last(chunks: list[dict[str, Any]], *paths: str) -> Any:
    return next(
        (value for chunk in reversed(chunks) for path in paths if (value := pick(chunk, path)) is not None), None
    )
