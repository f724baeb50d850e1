"""Pulling and pushing with a checkpoint: what was done is not done again, and nothing is passed over."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import msgspec

from revenuer.errors import InputError
from revenuer.sharing.files import write_whole
from revenuer.sharing.taxii.client import Client

__all__ = ["Pulled", "Pushed", "bundle_objects", "discovered", "pull", "push"]

_SPACE: Final = uuid.UUID("0e2a3d55-5a0e-4b8b-9d0c-7f5f7a1c0f43")
_BATCH: Final = 500
_POLLS: Final = 60


class _Checkpoint(msgspec.Struct, kw_only=True):
    """How far an exchange with one collection has come; `pushed` holds the version of each object that was taken."""

    url: str
    added_after: str = ""
    pushed: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came: objects, and when the last of all was added."""

    objects: int
    added_after: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was sent: objects taken, passed over as taken before, and refused with the server's words."""

    taken: int
    before: int
    refused: tuple[tuple[str, str], ...]


def discovered(client: Client, url: str) -> list[dict[str, Any]]:
    """The collections behind a discovery URL or the URL of an API root; each with its own `url` added.

    Raises:
        InputError: the server cannot be reached, refuses or is none.
    """
    resource, _ = client.get(url)
    roots = resource.get("api_roots")
    places = [urljoin(url, str(root)) for root in roots] if isinstance(roots, list) else [url]
    found = []
    for place in places:
        told, _ = client.get(urljoin(place, "collections/"))
        listed = [one for one in told.get("collections", []) if isinstance(one, dict) and "id" in one]
        found += [one | {"url": urljoin(place, f"collections/{one['id']}/")} for one in listed]
    return found


def pull(client: Client, url: str, out: Path, *, checkpoint: Path | None = None, kinds: Sequence[str] = ()) -> Pulled:
    """Write what was added since the checkpoint as a STIX bundle; the checkpoint moves once the bundle is on disk.

    Args:
        client: of `connected`.
        url: of the collection.
        out: file for the bundle; replaced at once.
        checkpoint: file that says how far earlier pulls came; made where it is missing.
        kinds: types of objects; empty: all.

    Raises:
        InputError: the server fails, or the checkpoint is of another collection.
        OutputError: a file cannot be written.
    """
    state = _loaded(checkpoint, url)
    objects, last = {}, state.added_after
    for page in client.pages(_slashed(url), after=state.added_after, kinds=kinds):
        objects.update({(one.get("id"), one.get("modified"), one.get("created")): one for one in page.objects})
        last = max(last, page.last_added)
    write_whole(out, _bundle(url, objects.values()))
    state.added_after = last
    _saved(checkpoint, state)
    return Pulled(len(objects), last)


def push(client: Client, url: str, objects: Sequence[dict[str, Any]], *, checkpoint: Path | None = None) -> Pushed:
    """Send objects in envelopes that the server takes, and note after each what was taken.

    Raises:
        InputError: the server fails, an object is larger than it takes, or the checkpoint is of another collection.
        OutputError: the checkpoint cannot be written.
    """
    state = _loaded(checkpoint, url)
    fresh = [one for one in objects if state.pushed.get(str(one.get("id"))) != _version(one)]
    refused: list[tuple[str, str]] = []
    for batch in _batches(fresh, _most_bytes(client, url)):
        told = _finished(client, url, client.post(urljoin(_slashed(url), "objects/"), _envelope(batch)))
        failures = [(str(one.get("id")), str(one.get("message", ""))) for one in told.get("failures", [])]
        refused += failures
        bad = {name for name, _ in failures}
        state.pushed |= {str(one["id"]): _version(one) for one in batch if one["id"] not in bad}
        _saved(checkpoint, state)
    return Pushed(len(fresh) - len(refused), len(objects) - len(fresh), tuple(refused))


def bundle_objects(file: Path) -> list[dict[str, Any]]:
    """The objects of a STIX bundle in a file.

    Raises:
        InputError: it is none.
    """
    try:
        found = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}", file=str(file)) from error
    objects = found.get("objects", []) if isinstance(found, dict) and found.get("type") == "bundle" else None
    if not isinstance(objects, list) or not all(isinstance(one, dict) and "id" in one for one in objects):
        raise InputError("is no STIX bundle", file=str(file))
    return objects


def _finished(client: Client, url: str, status: dict[str, Any]) -> dict[str, Any]:
    """The status when the server is through with it."""
    place = urljoin(_slashed(url), f"../../status/{status.get('id', '')}/")
    for turn in range(_POLLS):
        if status.get("status") == "complete":
            return status
        client.pause(min(0.5 * (turn + 1), 5.0))
        status, _ = client.get(place)
    raise InputError("the server took the objects and does not come to an end with them", file=url)


def _most_bytes(client: Client, url: str) -> int:
    told, _ = client.get(urljoin(_slashed(url), "../../"))
    most = told.get("max_content_length")
    return most if isinstance(most, int) and most > 0 else 1_000_000


def _batches(objects: Iterable[dict[str, Any]], most_bytes: int) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = len(_envelope([]))
    for one in objects:
        length = len(msgspec.json.encode(one)) + 1
        if length + len(_envelope([])) > most_bytes:
            raise InputError(f"{one['id']} is larger than the {most_bytes:,} bytes that the server takes")
        if batch and (len(batch) == _BATCH or size + length > most_bytes):
            yield batch
            batch, size = [], len(_envelope([]))
        batch.append(one)
        size += length
    if batch:
        yield batch


def _envelope(objects: Sequence[dict[str, Any]]) -> bytes:
    return msgspec.json.encode({"objects": objects})


def _bundle(url: str, objects: Iterable[dict[str, Any]]) -> bytes:
    """A bundle whose id says what is in it: the same objects make the same bytes."""
    found = list(objects)
    name = uuid.uuid5(_SPACE, f"{url} {msgspec.json.encode(found).decode()}")
    bundle = {"type": "bundle", "id": f"bundle--{name}"} | ({"objects": found} if found else {})
    return msgspec.json.format(msgspec.json.encode(bundle), indent=1) + b"\n"


def _version(one: dict[str, Any]) -> str:
    return str(one.get("modified") or one.get("created") or "-")


def _slashed(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _loaded(file: Path | None, url: str) -> _Checkpoint:
    if file is None or not file.exists():
        return _Checkpoint(url=_slashed(url))
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Checkpoint)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"is no checkpoint: {error}", file=str(file)) from error
    if found.url != _slashed(url):
        raise InputError(f"is the checkpoint of {found.url}", file=str(file))
    return found


def _saved(file: Path | None, state: _Checkpoint) -> None:
    if file is not None:
        write_whole(file, msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
