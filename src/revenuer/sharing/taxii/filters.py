"""What of a collection is asked for: the query of a request, and the token that leads to the next page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from revenuer.sharing.taxii.media import Refusal, time_key
from revenuer.sharing.taxii.properties import Wanted, wanted

__all__ = ["LARGEST_PAGE", "Filter", "parsed", "token"]

LARGEST_PAGE: Final = 1_000
_LONGEST_LIST: Final = 500
_KNOWN: Final = ("added_after", "limit", "next", "match[id]", "match[type]", "match[version]", "match[spec_version]")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for.

    Attributes:
        after: only objects that were added later, as `time_key` writes it; empty: all.
        limit: the most objects of a page.
        ids, kinds, specs: one of them each; empty: any.
        versions: `first`, `last`, `all` or times, as `time_key` writes them.
        properties: what else has to stand in an object, as `properties.wanted` reads it.
    """

    after: str = ""
    limit: int = LARGEST_PAGE
    ids: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    versions: tuple[str, ...] = ("last",)
    properties: tuple[Wanted, ...] = ()

    def digest(self) -> str:
        """What has to stay as it is from page to page."""
        told = [sorted(part) for part in (self.ids, self.kinds, self.specs, self.versions)]
        return hashlib.sha256(json.dumps([told, self.properties]).encode()).hexdigest()[:16]


def parsed(query: Sequence[tuple[str, str]], *, allowed: Sequence[str] = _KNOWN) -> Filter:
    """The filter that a query asks for; parameters of others are passed over.

    Args:
        query: names and values, in the order of the request.
        allowed: names that this endpoint knows.

    Raises:
        Refusal: 400 for one that is given twice, or whose value cannot be.
    """
    given: dict[str, str] = {}
    for name, value in query:
        if name in given:
            raise Refusal(400, f"{name} is given twice: put several values into one, with commas")
        if name in _KNOWN and name not in allowed:
            raise Refusal(400, f"{name} is no filter here")
        given[name] = value
    found = Filter(
        after=_time(given.get("added_after", "")),
        limit=_limit(given.get("limit")),
        ids=_list(given.get("match[id]")),
        kinds=_list(given.get("match[type]")),
        specs=_list(given.get("match[spec_version]")),
        versions=tuple(map(_version, _list(given.get("match[version]")))) or ("last",),
        properties=wanted(_matched(given)) if allowed is _KNOWN else (),
    )
    return _resumed(found, given["next"]) if "next" in given else found


def _matched(given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The values of each `match` filter, by the name in its brackets."""
    return {name[6:-1]: _list(text) for name, text in given.items() if name.startswith("match[") and name[-1] == "]"}


def token(asked: Filter, last: str) -> str:
    """What leads to the page behind the object that was added at `last`; it outlives a restart of the server."""
    return base64.urlsafe_b64encode(f"{asked.digest()} {last}".encode()).decode().rstrip("=")


def _resumed(asked: Filter, given: str) -> Filter:
    try:
        digest, last = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode().split(" ")
        last = time_key(last)
    except ValueError as error:
        raise Refusal(400, "next is none of ours") from error
    if digest != asked.digest():
        raise Refusal(400, "the filters have changed since the page before")
    return replace(asked, after=max(asked.after, last))


def _list(text: str | None) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))
    if len(values) > _LONGEST_LIST:
        raise Refusal(400, f"more than {_LONGEST_LIST} values in one filter")
    return values


def _limit(text: str | None) -> int:
    if text is None:
        return LARGEST_PAGE
    if not text.isascii() or not text.isdecimal() or int(text[:9]) == 0:
        raise Refusal(400, "limit is no positive number")
    return min(int(text[:9]), LARGEST_PAGE)


def _time(text: str) -> str:
    if not text:
        return ""
    try:
        return time_key(text)
    except ValueError as error:
        raise Refusal(400, str(error)) from error


def _version(text: str) -> str:
    return text if text in {"first", "last", "all"} else _time(text)
