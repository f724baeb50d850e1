"""Streams of Anthropic's messages: the text of a thinking block is gathered, and closed by a summary and a seal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from revenuer.provenance.shaping_answer import hidden_in, shaped_answer, shaped_block
from revenuer.provenance.shaping_json import Fields, encoded, fields_of, holder, raw_of, text_in, value_of
from revenuer.provenance.shaping_prefix import hides
from revenuer.provenance.shaping_reasoning import Treatment
from revenuer.provenance.stream_events import Event, written

__all__ = ["MessagesStream"]

_PIECES = {"thinking_delta": "thinking", "signature_delta": "signature"}


class MessagesStream:
    """Shapes a stream, event by event.

    Args:
        treatment: of the request.
    """

    def __init__(self, treatment: Treatment) -> None:
        self._treatment = treatment
        self._blocks: dict[Any, dict[str, Any]] = {}

    def event(self, event: Event) -> Iterator[bytes]:
        """What goes out for an event.

        Raises:
            InputError: its data is no object.
        """
        if event.data is None or not self._treatment.hides:
            yield event.same()
            return
        fields = fields_of(event.data)
        kind = text_in(fields, "type")
        if kind == "message_start" and holder(fields.get("message"), b"{"):
            message = shaped_answer("messages", bytes(fields["message"]), self._treatment)
            yield written(event.name, encoded({**fields, "message": fields_of(message)}))
        elif kind == "content_block_start":
            yield self._start(event, fields)
        elif kind == "content_block_delta":
            yield from self._delta(event, fields)
        elif kind == "content_block_stop":
            yield from self._close(value_of(fields.get("index")))
            yield event.same()
        else:
            yield event.same()

    def finish(self) -> Iterator[bytes]:
        """Blocks that were never closed, when a stream breaks off."""
        for index in list(self._blocks):
            yield from self._close(index)

    def _start(self, event: Event, fields: Fields) -> bytes:
        block = fields.get("content_block")
        if block is None or not hidden_in(block):
            return event.same()
        if text_in(fields_of(block), "type") == "redacted_thinking":
            return written(event.name, encoded({**fields, "content_block": shaped_block(block, self._treatment)}))
        self._blocks[value_of(fields.get("index"))] = value_of(block)
        empty = {"type": "thinking", "thinking": "", "signature": ""}
        return written(event.name, encoded({**fields, "content_block": empty}))

    def _delta(self, event: Event, fields: Fields) -> Iterator[bytes]:
        delta = value_of(fields.get("delta"))
        kind = str(delta.get("type", "")) if isinstance(delta, dict) else ""
        block = self._blocks.get(value_of(fields.get("index")))
        if block is None:
            # reasoning outside a thinking block goes nowhere
            if not hides(kind) and kind != "signature_delta":
                yield event.same()
        elif (name := _PIECES.get(kind)) is not None and isinstance(delta.get(name), str):
            block[name] = block.get(name, "") + delta[name]

    def _close(self, index: Any) -> Iterator[bytes]:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        shown = value_of(shaped_block(raw_of(block), self._treatment))
        for kind, name in _PIECES.items():
            delta = {"type": kind, name: shown[name]}
            body = {"type": "content_block_delta", "index": index, "delta": delta}
            yield written(b"content_block_delta", encoded(body))
