"""OTLP protobuf payloads as the objects of OTLP/JSON, without a protobuf runtime.

Only the messages of traces and logs are known (opentelemetry-proto 1.x, whose field numbers are stable); any other field
is passed over, as protobuf asks for. Text that is not UTF-8 keeps what can be read of it.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

__all__ = ["LOGS", "TRACES", "Message", "decode"]

# Field number to (name, kind, message of a nested field).
Message = dict[int, tuple[str, str, "Message | None"]]

_DEPTH: Final = 100
_MOST: Final = 1_000_000
_VARINT: Final = 0
_FIXED64: Final = 1
_BYTES: Final = 2
_FIXED32: Final = 5

ANY_VALUE: Final[Message] = {}
KEY_VALUE: Final[Message] = {1: ("key", "text", None), 2: ("value", "one", ANY_VALUE)}
ANY_VALUE.update(
    {
        1: ("stringValue", "text", None),
        2: ("boolValue", "bool", None),
        3: ("intValue", "int", None),
        4: ("doubleValue", "double", None),
        5: ("arrayValue", "one", {1: ("values", "many", ANY_VALUE)}),
        6: ("kvlistValue", "one", {1: ("values", "many", KEY_VALUE)}),
        7: ("bytesValue", "base64", None),
    }
)
RESOURCE: Final[Message] = {1: ("attributes", "many", KEY_VALUE)}
SCOPE: Final[Message] = {1: ("name", "text", None), 2: ("version", "text", None), 3: ("attributes", "many", KEY_VALUE)}
EVENT: Final[Message] = {
    1: ("timeUnixNano", "nanos", None),
    2: ("name", "text", None),
    3: ("attributes", "many", KEY_VALUE),
}
SPAN: Final[Message] = {
    1: ("traceId", "hex", None),
    2: ("spanId", "hex", None),
    4: ("parentSpanId", "hex", None),
    5: ("name", "text", None),
    6: ("kind", "number", None),
    7: ("startTimeUnixNano", "nanos", None),
    8: ("endTimeUnixNano", "nanos", None),
    9: ("attributes", "many", KEY_VALUE),
    11: ("events", "many", EVENT),
    15: ("status", "one", {2: ("message", "text", None), 3: ("code", "number", None)}),
}
LOG_RECORD: Final[Message] = {
    1: ("timeUnixNano", "nanos", None),
    2: ("severityNumber", "number", None),
    5: ("body", "one", ANY_VALUE),
    6: ("attributes", "many", KEY_VALUE),
    9: ("traceId", "hex", None),
    10: ("spanId", "hex", None),
    11: ("observedTimeUnixNano", "nanos", None),
    12: ("eventName", "text", None),
}


def _export(resources: str, scopes: str, records: str, record: Message) -> Message:
    in_scope: Message = {1: ("scope", "one", SCOPE), 2: (records, "many", record), 3: ("schemaUrl", "text", None)}
    in_resource: Message = {1: ("resource", "one", RESOURCE), 2: (scopes, "many", in_scope)}
    return {1: (resources, "many", in_resource)}


TRACES: Final[Message] = _export("resourceSpans", "scopeSpans", "spans", SPAN)
LOGS: Final[Message] = _export("resourceLogs", "scopeLogs", "logRecords", LOG_RECORD)


def decode(data: bytes, message: Message) -> dict[str, Any]:
    """A message as OTLP/JSON writes it: ids in hex, 64-bit integers as decimal text, bytes in base64.

    Args:
        data: the encoded message.
        message: `TRACES` or `LOGS`.

    Raises:
        ValueError: the bytes are no protobuf message, are nested deeper than 100, or hold more than a million messages.
    """
    return _message(data, 0, len(data), message, 0, count())


def _message(data: bytes, at: int, end: int, message: Message, depth: int, made: Iterator[int]) -> dict[str, Any]:
    if depth > _DEPTH:
        raise ValueError("nested too deep")
    if next(made) > _MOST:
        raise ValueError("too many values")
    found: dict[str, Any] = {}
    while at < end:
        tag, at = _varint(data, at, end)
        field = message.get(tag >> 3)
        if field is None or not _fits(field[1], tag & 7):
            at = _skip(data, at, end, tag)
            continue
        name, kind, inner = field
        if kind in {"one", "many"} and inner is not None:
            start, at = _span(data, at, end)
            value = _message(data, start, at, inner, depth + 1, made)
            _put(found, name, value, many=kind == "many")
        else:
            found[name], at = _scalar(data, at, end, kind)
    return found


def _put(found: dict[str, Any], name: str, value: Any, *, many: bool) -> None:
    """A field that comes twice: collected where it repeats, and merged otherwise, as protobuf has it."""
    if many:
        found.setdefault(name, []).append(value)
    else:
        found[name] = {**found.get(name, {}), **value}


_WIRE: Final = {"bool": _VARINT, "int": _VARINT, "number": _VARINT, "nanos": _FIXED64, "double": _FIXED64}


def _fits(kind: str, wire: int) -> bool:
    return _WIRE.get(kind, _BYTES) == wire


def _scalar(data: bytes, at: int, end: int, kind: str) -> tuple[Any, int]:
    if kind in {"bool", "int", "number"}:
        number, at = _varint(data, at, end)
        return _integer(number, kind), at
    if kind in {"nanos", "double"}:
        if at + 8 > end:
            raise ValueError("cut off in a number")
        form = "<Q" if kind == "nanos" else "<d"
        value = struct.unpack_from(form, data, at)[0]
        return (str(value) if kind == "nanos" else _finite(value)), at + 8
    start, stop = _span(data, at, end)
    return _text(data[start:stop], kind), stop


def _integer(number: int, kind: str) -> bool | int | str:
    if kind == "bool":
        return number != 0
    signed = number - (1 << 64) if number >> 63 else number
    return str(signed) if kind == "int" else signed


def _finite(value: float) -> float | str:
    """JSON knows no NaN: protobuf's JSON writes the three odd values as text."""
    odd = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return odd.get(str(value), value)


def _text(raw: bytes, kind: str) -> str:
    if kind == "hex":
        return raw.hex()
    return base64.b64encode(raw).decode() if kind == "base64" else raw.decode(errors="replace")


def _span(data: bytes, at: int, end: int) -> tuple[int, int]:
    length, at = _varint(data, at, end)
    if length > end - at:
        raise ValueError("cut off")
    return at, at + length


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise ValueError("cut off in a number" if at >= end else "a number of more than ten bytes")


def _skip(data: bytes, at: int, end: int, tag: int) -> int:
    wire = tag & 7
    if tag >> 3 == 0 or wire not in {_VARINT, _FIXED64, _BYTES, _FIXED32}:
        raise ValueError("no protobuf message")
    if wire == _VARINT:
        return _varint(data, at, end)[1]
    if wire == _BYTES:
        return _span(data, at, end)[1]
    at += 8 if wire == _FIXED64 else 4
    if at > end:
        raise ValueError("cut off")
    return at
