"""What `convert.json` holds: where the traffic came from, what was left out, and what a scan will therefore lack."""

from __future__ import annotations

from typing import Final

import msgspec

from revenuer.summary import MissingColumn

__all__ = ["CONVERT_FILE", "Conversion", "FieldMap", "Rows", "Sampling"]

CONVERT_FILE: Final = "convert.json"


class FieldMap(msgspec.Struct, frozen=True):
    """The user's field map: its file and the SHA-256 of its bytes."""

    file: str
    sha256: str


class Sampling(msgspec.Struct, frozen=True):
    """Share of accounts or conversations that was kept, chosen by the hash of their ids."""

    share: float
    by: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """How many there were.

    `objects` were read; `passed_over` records are of the format and no exchange; `sampled_out` exchanges were left out
    by sampling; `written` exchanges and `accounts` stand in the traffic. Bad ones are in `quarantined`.
    """

    objects: int
    passed_over: int
    sampled_out: int
    written: int
    accounts: int = 0
    consents: int = 0


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `convert.json`."""

    schema: int = 1
    version: str
    format: str
    map: FieldMap | None
    files: int
    rows: Rows
    quarantined: dict[str, int]
    notes: tuple[str, ...]
    sampling: Sampling | None
    masking: dict[str, int]
    content: str
    constants: dict[str, str]
    missing: tuple[MissingColumn, ...]

    def to_json(self) -> bytes:
        """The bytes of `convert.json`: indented, keys in the order of the fields."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"
