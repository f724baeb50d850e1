"""What TAXII 2.1 says on the wire: media types, times, errors."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["TAXII", "Refusal", "accepts", "sends", "stix_media", "text_of", "time_key"]

TAXII: Final = "application/taxii+json;version=2.1"

_NAME: Final = "application/taxii+json"
_ANY: Final = ("*/*", "application/*")
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of ours
    """A request that is answered with an error; `status` is that of HTTP."""

    def __init__(self, status: int, title: str) -> None:
        self.status = status
        super().__init__(title)


def accepts(header: str | None) -> bool:
    """Whether an `Accept` header lets TAXII 2.1 be sent; without a version the newest is meant, without a header anything."""
    if header is None or not header.strip():
        return True
    return any(_fits(part) for part in header.split(","))


def _fits(part: str) -> bool:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    given = dict(piece.partition("=")[::2] for piece in parameters if "=" in piece)
    if given.get("q", "1").strip("0.") == "":
        return False
    return name in _ANY or (name == _NAME and given.get("version", "2.1").strip('"') == "2.1")


def sends(header: str | None) -> bool:
    """Whether a `Content-Type` header is that of TAXII 2.1."""
    name, *parameters = (piece.strip().lower() for piece in (header or "").split(";"))
    given = dict(piece.partition("=")[::2] for piece in parameters if "=" in piece)
    return name == _NAME and given.get("version", "2.1").strip('"') == "2.1"


def stix_media(spec_version: str) -> str:
    """The media type of an object, as manifests give it."""
    return f"application/stix+json;version={spec_version}"


def time_key(text: str) -> str:
    """A STIX timestamp with nine digits of seconds, so that texts sort as times do.

    Raises:
        ValueError: it is none.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no RFC 3339 time in UTC")
    datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)  # there is no 30th of February
    return f"{match[1]}.{(match[2] or '').ljust(9, '0')}Z"


def text_of(micros: int) -> str:
    """Microseconds since 1970 as the timestamp that TAXII asks for."""
    seconds, rest = divmod(micros, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"
