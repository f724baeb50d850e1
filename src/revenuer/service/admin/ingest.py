"""Exchanges that are sent in: checked by the rules of `scan`, on the disk before they are acknowledged, and once only."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from revenuer.errors import InputError, OutputError
from revenuer.service.admin.endpoint import Answer, Call, Endpoint
from revenuer.service.answers import Refused
from revenuer.sources import Quarantine, open_traffic, read_part
from revenuer.state import append, tables

__all__ = ["ENDPOINTS", "KEY_FORM", "spooled"]

KEY_FORM: Final = "^[A-Za-z0-9._:-]{1,100}$"
_BLOCK: Final = 1 << 20
_INCOMING: Final = ".incoming"
_EXCHANGES: Final = "exchanges"


class Batch(msgspec.Struct, frozen=True):
    """A batch as it was taken in: how many exchanges, and how many rows were set aside for which reason."""

    batch_id: str
    exchanges: int
    quarantined: dict[str, int]
    repeated: bool = False


@contextmanager
def spooled(folder: Path) -> Iterator[Path]:
    """A place for a batch while it is looked at, on the file system where it will stand; gone afterwards.

    Raises:
        OutputError: the folder cannot be written to.
    """
    place = folder / _INCOMING / secrets.token_hex(8)
    try:
        place.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise OutputError(f"cannot be written to: {error.strerror}", file=str(folder)) from error
    try:
        yield place / "exchanges.jsonl"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def take(call: Call) -> Answer:
    """A batch of exchanges."""
    name, file = call.headers["idempotency-key"], call.body
    digest = _digest(file)
    known = _known(call, name, digest)
    if known is not None:
        return Answer(known)
    exchanges, set_aside = _counted(file)
    if not exchanges:
        why = ", ".join(f"{reason} ({number:,})" for reason, number in set_aside.items())
        raise Refused(422, f"no row can be used: {why or 'there is none'}")
    kept = _kept(call, name, file, digest, Batch(name, exchanges, set_aside))
    if not kept.repeated:
        call.desk.metrics.ingested(exchanges, set_aside)
    return Answer(kept)


def _kept(call: Call, name: str, file: Path, digest: str, batch: Batch) -> Batch:
    """Into the folder and into the state, with the file first: what the state knows, the folder holds."""
    assert call.desk.ingest is not None  # noqa: S101 (the endpoint is not there without)
    place = call.desk.ingest / _EXCHANGES / f"batch-{sha256(name.encode()).hexdigest()[:32]}.jsonl"
    with call.desk.state.write() as connection:
        known = _same(connection, name, digest)
        if known is not None:
            return known
        _put(file, place)
        row = {"batch_id": name, "digest": digest, "file": place.name, "exchanges": batch.exchanges}
        told = {"quarantined": json.dumps(batch.quarantined), "at": call.at, "actor": call.caller.name}
        connection.execute(sa.insert(tables.batches).values(row | told))
        detail = row | {"quarantined": batch.quarantined}
        append(connection, at=call.at, actor=call.caller.name, action="batch.take", subject=name, detail=detail)
    return batch


def _known(call: Call, name: str, digest: str) -> Batch | None:
    with call.desk.state.read() as connection:
        return _same(connection, name, digest)


def _same(connection: sa.Connection, name: str, digest: str) -> Batch | None:
    row = connection.execute(sa.select(tables.batches).where(tables.batches.c.batch_id == name)).first()
    if row is None:
        return None
    if row.digest != digest:
        raise Refused(409, "a batch of this id was taken in before, and it held something else")
    return Batch(name, row.exchanges, json.loads(row.quarantined), repeated=True)


def _counted(file: Path) -> tuple[int, dict[str, int]]:
    """How many rows `scan` would read, and how many it would set aside for which reason."""
    try:
        traffic = open_traffic(file.parent)
        quarantine, rows = Quarantine(), 0
        for part in traffic.exchange_parts():
            rows += sum(len(batch) for batch in read_part(part, quarantine))
    except InputError as error:
        raise Refused(422, f"the batch cannot be used: {str(error).partition(': ')[2]}") from error
    return rows, quarantine.counts()


def _put(file: Path, place: Path) -> None:
    """On the disk under its name when this returns; a file of a run that was cut off before it was acknowledged gives way."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(file)
        file.replace(place)
        _sync(place.parent)
    except OSError as error:
        raise OutputError(f"cannot be written to: {error.strerror}", file=str(place.parent)) from error


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _digest(file: Path) -> str:
    found = sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


ENDPOINTS = (
    Endpoint(
        method="POST", path="/v1/exchanges", name="send_exchanges",
        summary="Hand in a batch of exchanges, as JSON lines in the columns of a traffic directory.", handle=take,
        scope="ingest", body=Path, answer=Batch, fails=(409,),
    ),
)  # fmt: skip
