"""Which format a log has, by its first objects; where two would do, the user is asked instead of guessed for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from revenuer.errors import ConfigError, InputError
from revenuer.sources.converting.files import LogFile
from revenuer.sources.converting.reading import objects
from revenuer.sources.formats import Format
from revenuer.sources.quarantine import Quarantine

__all__ = ["detect", "named"]

_OBJECTS: Final = 40
_FILES: Final = 10
_SURE: Final = 0.5
_APART: Final = 0.15


def named(name: str, formats: Sequence[Format]) -> Format:
    """The format of a name.

    Raises:
        ConfigError: there is none.
    """
    found = next((each for each in formats if each.name == name), None)
    if found is None:
        raise ConfigError(f"no format is called {name}: known are {', '.join(each.name for each in formats)}")
    return found


def detect(files: Sequence[LogFile], formats: Sequence[Format], source: str) -> Format:
    """The one format that the first objects of the files speak for.

    Raises:
        InputError: there are no objects, no format knows them, or two formats are about as likely.
    """
    seen = _first_objects(files)
    if not seen:
        raise InputError("holds no JSON object or row that can be read", file=source)
    sure = {each.name: sum(each.matches(value) for value in seen) / len(seen) for each in formats}
    ranked = sorted(formats, key=lambda each: -sure[each.name])
    likely = [each for each in ranked if sure[each.name] >= _SURE and sure[each.name] >= sure[ranked[0].name] - _APART]
    if not likely:
        names = ", ".join(each.name for each in formats)
        raise InputError(f"is in none of the known formats ({names}): describe it in a field map (--map)", file=source)
    if len(likely) > 1:
        choices = " or ".join(f"{each.name} ({sure[each.name]:.2f})" for each in likely)
        raise InputError(f"may be {choices}: say which with --format", file=source)
    return likely[0]


def _first_objects(files: Sequence[LogFile]) -> list[dict[str, Any]]:
    """From files spread over the input, since what is first may be an index or of another kind."""
    step = max(1, len(files) // _FILES)
    return [
        found.value for file in files[::step][:_FILES] for found in islice(objects(file, 0, Quarantine()), _OBJECTS)
    ]
