"""JSON that is changed in places: what nobody looks into keeps its bytes."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from revenuer.errors import InputError

__all__ = ["Fields", "Raw", "encoded", "fields_of", "holder", "is_empty", "items_of", "raw_of", "text_in", "value_of"]

Raw = msgspec.Raw
Fields = dict[str, msgspec.Raw]

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()


def fields_of(raw: bytes | Raw) -> Fields:
    """The fields of an object, each as it is written; of a name that comes twice the last.

    Raises:
        InputError: it is no object.
    """
    try:
        return _FIELDS.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"is no JSON object: {error}") from error


def items_of(raw: bytes | Raw) -> list[Raw]:
    """The items of a list, each as it is written.

    Raises:
        InputError: it is no list.
    """
    try:
        return _ITEMS.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"is no JSON list: {error}") from error


def value_of(raw: bytes | Raw | None) -> Any:
    """What is written; None where nothing is.

    Raises:
        InputError: it is no JSON.
    """
    try:
        return None if raw is None else _ANY.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}") from error


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


def is_empty(raw: Raw) -> bool:
    """Whether a field says nothing: null, false, zero, or an empty text, list or object."""
    return not value_of(raw)


def holder(raw: Raw | None, opening: bytes) -> bool:
    """Whether something is written that begins with this character: `{`, `[` or `"`."""
    return raw is not None and bytes(raw).lstrip().startswith(opening)
