"""Asking a peer over HTTP what it has in common with us."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from revenuer.errors import ConfigError, InputError, MissingExtraError
from revenuer.sharing.matching import HASH_BYTES, common, keyed
from revenuer.sharing.matching_keys import GroupKey, key_by_id
from revenuer.sharing.matching_transcript import Transcript
from revenuer.sharing.psi import new_asker

if TYPE_CHECKING:
    import httpx

__all__ = ["ask"]

_MOST_BYTES = 256_000_000


class _About(msgspec.Struct):
    key_id: str
    psi: bool
    most: int


class _Common(msgspec.Struct):
    hashes: list[str]


def ask(
    url: str,
    items: Sequence[str],
    *,
    peer: str,
    secret: str,
    transcript: Transcript,
    at: str,
    keys: tuple[GroupKey, ...] = (),
) -> tuple[str, ...]:
    """Our items that a peer has as well, sorted: under the group's key or, without one, by private set intersection.

    Args:
        url: of the peer.
        items: ours, canonical, each once.
        peer: its name, for the transcript.
        secret: that it gave us.
        transcript: where it is written down that we asked.
        at: RFC 3339.
        keys: of the group; empty: private set intersection.

    Raises:
        ConfigError: the peer uses another key, or takes fewer items.
        InputError: it cannot be reached, refuses or answers with something else.
        MissingExtraError: httpx or openmined-psi is not installed.
    """
    try:
        import httpx  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError("matching over HTTP", "sharing") from error
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=600.0, trust_env=False) as http:
        about = _decoded(_sent(http, "GET", "/match/v1/"), _About, url)
        if len(items) > about.most:
            raise ConfigError(f"{peer} takes {about.most:,} items at once; there are {len(items):,}")
        found = _keyed(http, items, key_by_id(keys, about.key_id, at[:10])) if keys else _psi(http, items)
    key_id = about.key_id if keys else ""
    how: Any = "keyed" if keys else "psi"
    transcript.add(
        at=at, peer=peer, role="asked", how=how, key_id=key_id, mine=len(items), theirs=0, learnt=found
    )  # fmt: skip
    return found


def _keyed(http: httpx.Client, items: Sequence[str], key: GroupKey) -> tuple[str, ...]:
    mine = keyed(items, key)
    body = msgspec.json.encode({"key_id": key.key_id, "hashes": sorted(one.hex() for one in mine)})
    told = _decoded(_sent(http, "POST", "/match/v1/keyed", body), _Common, str(http.base_url))
    try:
        theirs = {bytes.fromhex(one) for one in told.hashes}
    except ValueError as error:
        raise InputError("answers with something else than hashes", file=str(http.base_url)) from error
    if any(len(one) != HASH_BYTES for one in theirs) or not theirs <= mine.keys():
        raise InputError("answers with hashes that were not asked about", file=str(http.base_url))
    return common(mine, theirs)


def _psi(http: httpx.Client, items: Sequence[str]) -> tuple[str, ...]:
    asker = new_asker()
    set_up = _sent(http, "GET", "/match/v1/psi")
    return asker.reveal(items, set_up, _sent(http, "POST", "/match/v1/psi", asker.request(items)))


def _sent(http: httpx.Client, method: str, path: str, body: bytes | None = None) -> bytes:
    import httpx  # noqa: PLC0415

    found = bytearray()
    try:
        with http.stream(method, path, content=body) as answer:
            for chunk in answer.iter_bytes():
                found += chunk
                if len(found) > _MOST_BYTES:
                    raise InputError(f"answers with more than {_MOST_BYTES:,} bytes", file=str(http.base_url))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InputError(f"cannot be reached: {error}", file=str(http.base_url)) from error
    if not answer.is_success:
        raise InputError(f"refuses with {answer.status_code}{_said(bytes(found))}", file=str(http.base_url))
    return bytes(found)


def _said(body: bytes) -> str:
    try:
        told = json.loads(body)
        return f": {str(told['title'])[:200]}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _decoded(body: bytes, kind: Any, url: str) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise InputError(f"answers with something else: {error}", file=url) from error
