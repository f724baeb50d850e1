"""JSON that is changed in places: what nobody looks into keeps its bytes."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from revenuer.errors import InputError

__all__ = [
    "Fields",
    "Raw",
    "encoded",
    "fields_of",
    "holder",
    "is_empty",
    "items_of",
    "kept",
    "raw_of",
    "text_in",
    "value_of",
]

Raw = msgspec.Raw
Fields = dict[str, msgspec.Raw]

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()
# Escapes as they follow each other: a whole character in two, half of one alone, any other.
_ESCAPES: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def fields_of(raw: bytes | Raw) -> Fields:
    """The fields of an object, each as it is written; of a name that comes twice the last.

    Halves of characters, as clients cut them, count as U+FFFD, here and in the other functions.

    Raises:
        InputError: it is no object.
    """
    found: Fields = _decoded(_FIELDS, raw, "object")
    return found


def items_of(raw: bytes | Raw) -> list[Raw]:
    """The items of a list, each as it is written.

    Raises:
        InputError: it is no list.
    """
    found: list[Raw] = _decoded(_ITEMS, raw, "list")
    return found


def value_of(raw: bytes | Raw | None) -> Any:
    """What is written; None where nothing is.

    Raises:
        InputError: it is no JSON.
    """
    return None if raw is None else _decoded(_ANY, raw, "value")


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes | Raw, what: str) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        whole = _ESCAPES.sub(_mended, bytes(raw))
        if isinstance(error, RecursionError) or whole == bytes(raw):
            raise InputError(f"is no JSON {what}: {error}") from error
    return _decoded(decoder, whole, what)


def _mended(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape["half"] else escape[0]


def text_in(fields: Fields, name: str) -> str:
    """A field's text; empty where it holds none."""
    value = value_of(fields.get(name))
    return value if isinstance(value, str) else ""


def raw_of(value: Any) -> Raw:
    """A value as it will be written."""
    return Raw(msgspec.json.encode(value))


def encoded(value: Any) -> bytes:
    """A value with raw parts in it, as bytes."""
    return msgspec.json.encode(value)


def kept(raw: Raw, fields: Fields, changed: Fields) -> Raw:
    """An object as it is written if none of its fields has changed, else anew."""
    return raw if changed == fields else raw_of(changed)


def is_empty(raw: Raw) -> bool:
    """Whether a field says nothing: null, false, zero, or an empty text, list or object."""
    return not value_of(raw)


def holder(raw: Raw | None, opening: bytes) -> bool:
    """Whether something is written that begins with this character: `{`, `[` or `"`."""
    return raw is not None and bytes(raw).lstrip().startswith(opening)
