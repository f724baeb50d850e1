"""What arrives over OTLP/HTTP: unpacked within bounds, decoded, and reduced to what concerns exchanges."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from revenuer.sources.formats.otel_trace import speaks_of_models
from revenuer.sources.otlp import CONTAINERS, LOGS, TRACES, Message, decode, records

__all__ = ["ENCODINGS", "SIGNALS", "Kept", "Refusal", "Unpacker", "kept", "parsed"]

ENCODINGS: Final = ("", "identity", "gzip", "deflate")
_MESSAGES: Final[dict[str, Message]] = {"traces": TRACES, "logs": LOGS}
SIGNALS: Final = tuple(_MESSAGES)
# Brackets in a JSON body: each may become an object of a hundred bytes.
_MOST_BRACKETS: Final = 4_000_000
_TRACE_ID: Final = re.compile(r"[0-9a-fA-F]{32}")
_SPAN_ID: Final = re.compile(r"[0-9a-fA-F]{16}")


class Refusal(Exception):  # noqa: N818 (an answer, not an error of the program)
    """A request that cannot be served.

    Args:
        status: of HTTP.
        message: for the sender.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Kept(NamedTuple):
    """What of a payload is worth keeping.

    Args:
        lines: OTLP/JSON, one line a resource, as the collector's file exporter writes it.
        records: spans and log records in them.
        passed_over: records that concern no exchange.
        rejected: records that are none: no objects, or spans without ids.
    """

    lines: bytes
    records: int
    passed_over: int
    rejected: int


class Unpacker:
    """Bytes of a body as they come, decompressed, up to a limit.

    Args:
        encoding: of the body, one of `ENCODINGS`.
        limit: bytes after decompression.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._inflate = zlib.decompressobj(wbits=47) if encoding in {"gzip", "deflate"} else None
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece.

        Raises:
            Refusal: it is too much, or cannot be decompressed.
        """
        try:
            piece = chunk if self._inflate is None else self._inflate.decompress(chunk, self._limit - self.size + 1)
        except zlib.error as error:
            raise Refusal(400, "the body cannot be decompressed") from error
        self.size += len(piece)
        if self.size > self._limit:
            raise Refusal(413, f"the body is larger than {self._limit:,} bytes: send smaller batches")
        self._parts.append(piece)

    def body(self) -> bytes:
        """All of it.

        Raises:
            Refusal: the compressed stream is cut off, or followed by something.
        """
        if self._inflate is not None and (not self._inflate.eof or self._inflate.unused_data):
            raise Refusal(400, "the compressed body is cut off, or more than one")
        return b"".join(self._parts)


def parsed(body: bytes, signal: str, *, is_json: bool) -> dict[str, Any]:
    """A payload as OTLP/JSON.

    Raises:
        Refusal: it is neither what its content type says nor a payload.
    """
    try:
        if not is_json:
            return decode(body, _MESSAGES[signal])
        if body.count(b"{") + body.count(b"[") > _MOST_BRACKETS:
            raise Refusal(413, "too many values: send smaller batches")
        payload = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"the body is no {'JSON' if is_json else 'protobuf'} payload: {error}") from error
    if not isinstance(payload, dict):
        raise Refusal(400, "the body is no object")
    return payload


def kept(payload: dict[str, Any]) -> Kept:
    """The spans and log records of a payload that concern exchanges, in the order in which they came."""
    lines: list[bytes] = []
    found = passed_over = rejected = 0
    for outer, inner, leaf in CONTAINERS:
        for resource in _objects(payload.get(outer)):
            scopes = []
            for scope in _objects(resource.get(inner)):
                whole = _list(scope.get(leaf))
                valid = [record for record in whole if _is_valid(record, leaf)]
                wanted = [record for record in valid if _is_wanted(record, inner, leaf)]
                rejected += len(whole) - len(valid)
                passed_over += len(valid) - len(wanted)
                found += len(wanted)
                if wanted:
                    scopes.append({"scope": scope.get("scope"), leaf: wanted})
            if scopes:
                lines.append(msgspec.json.encode({outer: [{"resource": resource.get("resource"), inner: scopes}]}))
    return Kept(b"".join(line + b"\n" for line in lines), found, passed_over, rejected)


def _is_wanted(record: dict[str, Any], inner: str, leaf: str) -> bool:
    return any(speaks_of_models(plain) for plain in records({inner: [{leaf: [record]}]}))


def _is_valid(record: Any, leaf: str) -> bool:
    if not isinstance(record, dict):
        return False
    return leaf != "spans" or (_is_id(record.get("traceId"), _TRACE_ID) and _is_id(record.get("spanId"), _SPAN_ID))


def _is_id(value: Any, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in _list(value) if isinstance(item, dict))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
