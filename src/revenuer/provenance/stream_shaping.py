"""A stream shaper: bytes of an upstream's stream in, bytes for the client out, nothing of the answer held back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from revenuer.errors import InputError
from revenuer.provenance.shaping_plan import Family
from revenuer.provenance.shaping_reasoning import Treatment
from revenuer.provenance.stream_chat import ChatStream
from revenuer.provenance.stream_events import LARGEST_EVENT, Event, Events
from revenuer.provenance.stream_messages import MessagesStream
from revenuer.provenance.stream_responses import ResponsesStream

__all__ = ["StreamShaper"]


class _Stream(Protocol):
    def event(self, event: Event) -> Iterator[bytes]: ...
    def finish(self) -> Iterator[bytes]: ...


class StreamShaper:
    """Shapes a stream of server-sent events that comes in chunks cut anywhere.

    Besides reasoning, which has to be whole to be sealed, it holds at most one event that has not ended.

    Args:
        family: which API.
        treatment: of the request.
        lenient: let an event that is not what the API sends pass as it is.
        most: bytes that an event may have.
    """

    def __init__(
        self, family: Family, treatment: Treatment, *, lenient: bool = False, most: int = LARGEST_EVENT
    ) -> None:
        self._events = Events(most)
        self._stream = _stream(family, treatment)
        self._lenient = lenient

    def feed(self, chunk: bytes) -> bytes:
        """What goes out now.

        Raises:
            InputError: an event is not what the API sends, or too large.
        """
        return b"".join(part for event in self._events.feed(chunk) for part in self._shaped(event))

    def finish(self) -> bytes:
        """What goes out when the upstream has ended.

        Raises:
            InputError: the last event is not what the API sends.
        """
        last = [part for event in self._events.finish() for part in self._shaped(event)]
        return b"".join([*last, *self._stream.finish()])

    def _shaped(self, event: Event) -> list[bytes]:
        try:
            return list(self._stream.event(event))
        except InputError:
            if not self._lenient:
                raise
            return [event.same()]


def _stream(family: Family, treatment: Treatment) -> _Stream:
    if family == "messages":
        return MessagesStream(treatment)
    return ResponsesStream(treatment) if family == "responses" else ChatStream(treatment)
