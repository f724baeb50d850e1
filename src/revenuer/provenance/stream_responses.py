"""Streams of the Responses API: events of reasoning are kept back, its item comes with a summary and a seal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from revenuer.provenance.shaping_answer import hidden_in, output_item, response, rounded
from revenuer.provenance.shaping_json import Fields, Raw, encoded, fields_of, holder, kept, raw_of, text_in, value_of
from revenuer.provenance.shaping_prefix import hides
from revenuer.provenance.shaping_reasoning import Treatment
from revenuer.provenance.stream_events import Event, written

__all__ = ["ResponsesStream"]

_DONE: Final = b"[DONE]"
_NOTHING: Final = raw_of(None)


class ResponsesStream:
    """Shapes a stream, event by event; events are numbered anew, since gaps would tell how long reasoning is.

    Args:
        treatment: of the request.
    """

    def __init__(self, treatment: Treatment) -> None:
        self._treatment = treatment
        self._known: dict[str, Raw] = {}
        self._number: int | None = None

    def event(self, event: Event) -> Iterator[bytes]:
        """What goes out for an event.

        Raises:
            InputError: its data is no object.
        """
        if event.data is None or event.data.strip() == _DONE:
            yield event.same()
            return
        fields = fields_of(event.data)
        shaped = self._shaped(fields)
        if shaped is None:
            return
        numbered = self._numbered(shaped)
        yield event.same() if numbered == fields else written(event.name, encoded(numbered))

    def finish(self) -> Iterator[bytes]:
        """Nothing: reasoning that never ended is left out."""
        yield from ()

    def _shaped(self, fields: Fields) -> Fields | None:
        kind = text_in(fields, "type")
        if holder(fields.get("response"), b"{"):
            before = fields_of(fields["response"])
            after = response(before, self._treatment, self._known)
            return {**fields, "response": kept(fields["response"], before, after)}
        if self._treatment.hides and (hides(kind) or hidden_in(fields.get("part", _NOTHING))):
            return None
        if kind == "response.output_item.added" and self._treatment.hides and hidden_in(fields.get("item", _NOTHING)):
            item = fields_of(fields["item"])
            front = {name: item[name] for name in ("id", "type", "status") if name in item}
            return {**fields, "item": raw_of({**front, "summary": []})}
        if "item" in fields:
            return {**fields, "item": output_item(fields["item"], self._treatment, self._known)}
        return self._with_logprobs(fields)

    def _with_logprobs(self, fields: Fields) -> Fields:
        if holder(fields.get("part"), b"{"):
            part = fields_of(fields["part"])
            return {**fields, "part": kept(fields["part"], part, rounded(part, self._treatment.tier))}
        return rounded(fields, self._treatment.tier)

    def _numbered(self, fields: Fields) -> Fields:
        number = value_of(fields.get("sequence_number"))
        if not isinstance(number, int):
            return fields
        self._number = number if self._number is None else self._number + 1
        if self._number == number:
            return fields
        return {**fields, "sequence_number": raw_of(self._number)}
