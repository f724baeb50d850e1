"""Server-sent events out of bytes that are cut anywhere, one at a time, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from revenuer.errors import InputError

__all__ = ["LARGEST_EVENT", "Event", "Events", "written"]

LARGEST_EVENT: Final = 16 << 20
_END: Final = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name (empty: none), its data (None: a comment or nothing), and all its lines."""

    name: bytes
    data: bytes | None
    lines: bytes

    def same(self) -> bytes:
        """The event as it came, ended by one empty line."""
        return self.lines + b"\n\n"


class Events:
    """Takes bytes and gives events; holds no more than one event that has not ended.

    Args:
        most: bytes that an event may have.
    """

    def __init__(self, most: int = LARGEST_EVENT) -> None:
        self._held = bytearray()
        self._most = most
        self._looked = 0
        self._first = True
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Events that have ended with this chunk.

        Raises:
            InputError: an event is larger than it may be.
        """
        if self._after_cr and chunk:
            chunk, self._after_cr = chunk.removeprefix(b"\n"), False
        self._held += chunk
        while (found := _END.search(self._held, self._looked)) is not None:
            lines, rest = bytes(self._held[: found.start()]), self._held[found.end() :]
            self._after_cr = not rest and self._held.endswith(b"\r")
            self._held, self._looked = rest, 0
            yield from self._event(lines)
        self._looked = max(0, len(self._held) - 3)
        if len(self._held) > self._most:
            raise InputError(f"an event is larger than {self._most:,} bytes")

    def finish(self) -> Iterator[Event]:
        """The last event, if the stream ended without an empty line."""
        lines = bytes(self._held).strip(b"\r\n")
        self._held.clear()
        yield from self._event(lines)

    def _event(self, lines: bytes) -> Iterator[Event]:
        if self._first:
            lines, self._first = lines.removeprefix(_BOM), False
        lines = lines.lstrip(b"\r\n")
        if not lines:
            return
        fields = [line.partition(b":") for line in _LINE.split(lines)]
        data = [value.removeprefix(b" ") for name, _, value in fields if name == b"data"]
        names = [value.removeprefix(b" ") for name, _, value in fields if name == b"event"]
        yield Event(names[-1] if names else b"", b"\n".join(data) if data else None, lines)


def written(name: bytes, data: bytes) -> bytes:
    """An event with one line of data, as JSON is."""
    return (b"event: " + name + b"\n" if name else b"") + b"data: " + data + b"\n\n"
