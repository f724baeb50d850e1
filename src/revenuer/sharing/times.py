"""Times as text: read in one way, and written to the second, or to the microsecond where versions have to differ."""

from __future__ import annotations

from datetime import UTC, datetime

from revenuer.errors import ConfigError

__all__ = ["now", "time_of", "to_the_microsecond", "to_the_second"]


def time_of(text: str, *, zoned: bool = False) -> datetime:
    """A time in RFC 3339; without a zone it is UTC, unless `zoned` asks for one.

    Raises:
        ConfigError: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None and zoned:
            raise ConfigError(f"{text}: a time zone is missing, such as the Z of 2026-09-20T12:00:00Z")
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{text}: expected a time such as 2026-09-20T12:00:00Z") from error


def now() -> str:
    """The time, as transcripts write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_the_second(at: datetime) -> str:
    """As STIX writes times, with milliseconds that are none."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def to_the_microsecond(at: datetime) -> str:
    """As STIX writes times, with all digits that there are."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
