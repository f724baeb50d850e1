"""The body of a batch on its way to a file: plain, gzip or zstd, and never more of it than the limit."""

from __future__ import annotations

import asyncio
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from revenuer.service.answers import Refused

__all__ = ["unpack"]

_SECONDS: Final = 300.0
_BLOCK: Final = 1 << 20
_TYPES: Final = ("application/x-ndjson", "application/jsonl", "application/zstd")
_ENCODINGS: Final = ("", "identity", "gzip", "zstd")


async def unpack(request: Request, place: Path, most: int) -> None:
    """Write the JSON lines of a request to a file.

    Args:
        request: of the batch; `Content-Type: application/zstd` is taken as `Content-Encoding: zstd`.
        place: the file, which is not there yet.
        most: bytes, packed and unpacked.

    Raises:
        Refused: 400 cut off or not what it says, 408 too slow, 413 too much, 415 of another type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if kind not in _TYPES or encoding not in _ENCODINGS:
        raise Refused(415, "expected application/x-ndjson, with no content encoding, gzip or zstd")
    packed = "zstd" if kind == "application/zstd" else encoding
    raw = place.with_name("body") if packed in {"gzip", "zstd"} else place
    await _receive(request, raw, most)
    if raw is not place:
        await run_in_threadpool(_inflate if packed == "gzip" else _decompress, raw, place, most)


async def _receive(request: Request, place: Path, most: int) -> None:
    try:
        with place.open("wb") as file:
            async with asyncio.timeout(_SECONDS):
                async for chunk in request.stream():
                    if file.tell() + len(chunk) > most:
                        raise _too_large(most)
                    await run_in_threadpool(file.write, chunk)
    except TimeoutError as error:
        raise Refused(408, "the body took too long") from error
    except ClientDisconnect as error:
        raise Refused(400, "the sender went away") from error


def _inflate(raw: Path, place: Path, most: int) -> None:
    inflate = zlib.decompressobj(wbits=31)
    with raw.open("rb") as source, place.open("wb") as out:
        while block := source.read(_BLOCK):
            while block:
                try:
                    piece = inflate.decompress(block, _BLOCK)
                except zlib.error as error:
                    raise Refused(400, "the body cannot be decompressed") from error
                _write(out, piece, most)
                block = inflate.unconsumed_tail
    if not inflate.eof or inflate.unused_data:
        raise Refused(400, "the compressed body is cut off, or more than one")


def _decompress(raw: Path, place: Path, most: int) -> None:
    try:
        with pa.input_stream(str(raw), compression="zstd") as source, place.open("wb") as out:
            while block := source.read(_BLOCK):
                _write(out, block, most)
    except (pa.ArrowException, OSError) as error:
        raise Refused(400, "the body cannot be decompressed") from error


def _write(out: BinaryIO, piece: Any, most: int) -> None:
    if out.tell() + len(piece) > most:
        raise _too_large(most)
    out.write(piece)


def _too_large(most: int) -> Refused:
    return Refused(413, f"the batch is larger than {most:,} bytes: send smaller ones")
