"""JSON objects out of a stream of bytes: one after another, or the elements of an array of any length."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

__all__ = ["OBJECT_LIMIT", "decoded", "json_objects"]

OBJECT_LIMIT: Final = 256 << 20
_CHUNK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"
_BETWEEN: Final = re.compile(rb"[^\s\[\],]")
_MARKS: Final = re.compile(rb'["{}]')
_IN_TEXT: Final = re.compile(rb'["\\]')


def decoded(data: bytes) -> Any:
    """Any JSON value; NaN, infinities and lone surrogates, which some writers let through, are taken as they are.

    Raises:
        UnicodeDecodeError: the text is not UTF-8.
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return json.loads(data.decode())


def json_objects(file: Any) -> Iterator[tuple[bytes, str | None]]:
    """Objects at the top or in an array there, as bytes; what stands between them comes empty, with its fault.

    Memory is bounded by the longest object. After a fault the search goes on at the next brace, so one bad object may
    take the next with it, but not the file.
    """
    scan = _Scan(file)
    while scan.more_outside():
        if scan.data[scan.at] != ord("{"):
            scan.skip_junk()
            yield b"", "not JSON"
            continue
        found = scan.object()
        if found is None:
            yield b"", "cut off" if scan.ended else "longer than 256 MB"
            return
        yield found, None


class _Scan:
    """A window on the stream that slides forward."""

    def __init__(self, file: Any) -> None:
        self.file, self.data, self.at, self.ended = file, b"", 0, False
        self._fill()
        if self.data.startswith(_BOM):
            self.at = len(_BOM)

    def more_outside(self) -> bool:
        """Move to what comes next that is no white space and no part of an array; False at the end."""
        while (found := _BETWEEN.search(self.data, self.at)) is None:
            self.at = len(self.data)
            if not self._fill():
                return False
        self.at = found.start()
        return True

    def skip_junk(self) -> None:
        """Move to the next brace, or to the end."""
        while (place := self.data.find(b"{", self.at)) < 0:
            self.at = len(self.data)
            if not self._fill():
                return
        self.at = place

    def object(self) -> bytes | None:
        """The object that begins here, and move behind it; None: it does not end, or is too long."""
        depth, text, place = 0, False, self.at
        while True:
            mark = (_IN_TEXT if text else _MARKS).search(self.data, place)
            if mark is None:
                seen = max(place, len(self.data)) - self.at
                if len(self.data) - self.at > OBJECT_LIMIT or not self._fill():
                    return None
                place = self.at + seen
                continue
            sign, place = mark.group(), mark.end()
            if sign == b"\\":
                place += 1
            elif sign == b'"':
                text = not text
            else:
                depth += 1 if sign == b"{" else -1
                if depth == 0:
                    found, self.at = self.data[self.at : place], place
                    return found

    def _fill(self) -> bool:
        """Let go of what lies behind and read on, as much as is held: long objects are copied seldom."""
        rest = self.data[self.at :]
        fresh = self.file.read(max(_CHUNK, len(rest)))
        self.data, self.at, self.ended = rest + fresh, 0, not fresh
        return bool(fresh)
