"""Streams of chat completions and completions: reasoning is gathered, and shown sealed before the answer goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from revenuer.provenance.shaping_answer import rounded, stripped, take_hidden
from revenuer.provenance.shaping_json import (
    Fields,
    encoded,
    fields_of,
    holder,
    is_empty,
    items_of,
    raw_of,
    text_in,
    value_of,
)
from revenuer.provenance.shaping_reasoning import Hidden, Think, Treatment
from revenuer.provenance.stream_events import Event, written

__all__ = ["ChatStream"]

_DONE: Final = b"[DONE]"
# A delta of these alone opens a message and says nothing yet.
_OPENING: Final = frozenset({"role", "name"})


class _Choice:
    """One of the answers of a stream."""

    def __init__(self, treatment: Treatment) -> None:
        self.hidden = Hidden()
        self.think = Think(treatment.think if treatment.hides else "none")
        self.reasoned = False
        self.shown = 0

    def closed(self, treatment: Treatment) -> dict[str, object]:
        """What is shown of the reasoning gathered so far, of which nothing is left then."""
        shown = self.hidden.closed(treatment, at=self.shown)
        self.hidden, self.shown = Hidden(), self.shown + len(shown["reasoning_details"])
        return shown


class ChatStream:
    """Shapes a stream, event by event.

    Args:
        treatment: of the request.
    """

    def __init__(self, treatment: Treatment) -> None:
        self._treatment = treatment
        self._choices: dict[int, _Choice] = {}
        self._envelope: Fields = {}
        self._inner = "delta"

    def event(self, event: Event) -> Iterator[bytes]:
        """What goes out for an event.

        Raises:
            InputError: its data is no object.
        """
        if event.data is None:
            yield event.same()
        elif event.data.strip() == _DONE:
            yield from self.finish()
            yield event.same()
        else:
            yield from self._chunk(event, event.data)

    def finish(self) -> Iterator[bytes]:
        """What was gathered and held back, when a stream ends without saying why."""
        for index, choice in sorted(self._choices.items()):
            answer, thought = choice.think.finish()
            choice.hidden.think += [thought] if thought else []
            if choice.hidden:
                yield self._extra(index, choice.closed(self._treatment))
            if answer:
                yield self._extra(index, {self._text_name(): answer})

    def _chunk(self, event: Event, data: bytes) -> Iterator[bytes]:
        chunk = fields_of(data)
        if not holder(chunk.get("choices"), b"[") or not (raws := items_of(chunk["choices"])):
            yield event.same()
            return
        self._envelope = {name: raw for name, raw in chunk.items() if name not in {"choices", "usage"}}
        shaped: list[Fields] = []
        same = True
        for raw in raws:
            fields = fields_of(raw)
            choice = self._choices.setdefault(_index(fields), _Choice(self._treatment))
            new, extra = self._choice(fields, choice)
            if extra is not None:
                yield self._extra(_index(fields), extra)
            shaped += [] if new is None else [new]
            same = same and new == fields
        left = stripped(chunk, self._treatment)
        if same and left == chunk:
            yield event.same()
        elif shaped:
            yield written(event.name, encoded({**left, "choices": shaped}))

    def _choice(self, fields: Fields, choice: _Choice) -> tuple[Fields | None, dict[str, object] | None]:
        """The choice as it goes out (None: not at all), and what is shown before it."""
        self._inner = "delta" if holder(fields.get("delta"), b"{") else ""
        delta = fields_of(fields["delta"]) if self._inner else fields
        if not self._treatment.hides:
            return rounded(stripped(fields, self._treatment), self._treatment.tier), None
        found = Hidden()
        left = take_hidden(delta, found)
        choice.hidden.take(found)
        ends = not is_empty(fields.get("finish_reason", raw_of(None)))
        altered = self._take_thought(left, choice, ends=ends)
        withheld = bool(found) or altered
        choice.reasoned = choice.reasoned or bool(choice.hidden)
        extra = choice.closed(self._treatment) if choice.hidden and (ends or self._says(left)) else None
        if withheld and not ends and not self._says(left) and not _opens(left):
            return None, extra
        if self._inner:
            left = fields if left == delta else {**fields, "delta": raw_of(left)}
        shaped = stripped(left, self._treatment)
        if choice.reasoned or altered or choice.think.holds:
            return {name: raw for name, raw in shaped.items() if name != "logprobs"}, extra
        return rounded(shaped, self._treatment.tier), extra

    def _take_thought(self, left: Fields, choice: _Choice, *, ends: bool) -> bool:
        """Take reasoning out of the text of a delta; whether the text is another then."""
        name = self._text_name()
        text = text_in(left, name)
        answer, thought = choice.think.feed(text)
        if ends:
            more, rest = choice.think.finish()
            answer, thought = answer + more, thought + rest
        if thought:
            choice.hidden.think.append(thought)
        if answer == text:
            return False
        left[name] = raw_of(answer)
        return True

    def _text_name(self) -> str:
        return "content" if self._inner else "text"

    def _says(self, left: Fields) -> bool:
        """Whether a delta carries some of the answer."""
        silent = _OPENING if self._inner else {"index", "logprobs", "finish_reason", "stop_reason"}
        return any(name not in silent and not is_empty(raw) for name, raw in left.items())

    def _extra(self, index: int, shown: dict[str, object]) -> bytes:
        choice = {"index": index, **({"delta": shown} if self._inner else {"text": "", **shown}), "finish_reason": None}
        return written(b"", encoded({**self._envelope, "choices": [choice]}))


def _opens(left: Fields) -> bool:
    return "role" in left


def _index(fields: Fields) -> int:
    index = value_of(fields.get("index"))
    return index if isinstance(index, int) else 0
