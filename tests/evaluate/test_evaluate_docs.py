"""The page on evaluation and the JSON say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from revenuer.evaluate import Estimate, Evaluation, Proportion

PAGE = (Path(__file__).parents[2] / "docs" / "evaluate.md").read_text(encoding="utf-8")


def nested(kind: Any) -> Iterator[type]:
    """The dataclasses within a type, other than rates and means, which the page explains once."""
    if is_dataclass(kind) and isinstance(kind, type):
        if kind not in {Proportion, Estimate}:
            yield kind
        return
    for inner in get_args(kind):
        yield from nested(inner)


def keys(kind: type, prefix: str = "") -> Iterator[str]:
    """Dotted paths of all keys below a dataclass; lists add nothing to the path."""
    for name, hint in get_type_hints(kind).items():
        inner = list(nested(hint))
        if prefix or not inner:
            yield prefix + name
        for one in inner:
            yield from keys(one, f"{prefix}{name}.")


def documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9_.]+)` \|", PAGE, flags=re.MULTILINE))


def test_the_page_defines_every_key_and_no_other() -> None:
    """Each key of the JSON has one row, and no row speaks of a key that is not there."""
    assert documented() == set(keys(Evaluation))


def test_the_page_defines_the_parts_of_rates_and_means() -> None:
    """What stands inside a rate or a mean is explained in the section on them."""
    section = PAGE.split("## Rates and means")[1].split("##")[0]
    for kind in (Proportion, Estimate):
        for field in fields(kind):
            assert f"`{field.name}`" in section


def test_the_json_holds_exactly_these_keys(evaluated: Evaluation) -> None:
    """The JSON is the dataclasses and nothing else: it decodes into them and encodes back to the same bytes."""
    written = evaluated.to_json()
    assert msgspec.json.decode(written, type=Evaluation).to_json() == written
