"""Naming what exchanges serve from the votes of their texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from revenuer.campaigns.naming import name_exchanges
from revenuer.engine import LocalEngine
from revenuer.schema import CAPABILITIES

REASONING, CODING, TOOLS, ELICITED, OTHER = (
    CAPABILITIES.index(name) for name in ("reasoning", "coding", "tool_use", "cot_elicitation", "other")
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    with LocalEngine(threads=1, scratch=tmp_path_factory.mktemp("scratch")) as local:
        yield local


def named(engine: LocalEngine, rows: list[dict[str, Any]], close: pa.Table | None = None) -> list[str]:
    """The names of exchanges, in their order; `close`: votes of those that the careful model has read."""
    usual = {"campaign": 0, "template": 0, "session": 0, "extracts": True, "capability": OTHER, "served_votes": 12}
    whole = [usual | {"draw": n, "second": REASONING, "second_votes": 2} | row for n, row in enumerate(rows)]
    table = engine.table("scored_for_naming", pa.Table.from_pylist(whole))
    read = None if close is None else engine.table("close_for_naming", close)
    found = engine.collect(name_exchanges(engine, table, read).order_by("draw"))
    assert len(found) == len(rows)
    return [CAPABILITIES[number] for number in found["named"].to_pylist()]


def test_a_conversation_serves_one_end(engine: LocalEngine):
    """A follow-up that reads as something else is named as the conversation it stands in, and no other one is."""
    talk = [{"session": 7, "served": CODING}, {"session": 7, "served": CODING}, {"session": 7, "served": TOOLS}]
    assert named(engine, [*talk, {"session": 8, "template": 3, "served": TOOLS}]) == ["coding"] * 3 + ["tool_use"]


def test_a_doubtful_text_is_named_as_its_template_usually_is(engine: LocalEngine):
    """What all exchanges of a template say decides where one text wavers, within one campaign only."""
    sure = [{"template": 5, "served": CODING, "served_votes": 18}] * 9
    doubtful = {"served": REASONING, "served_votes": 9, "second": CODING, "second_votes": 8}
    elsewhere = {"template": 5, "campaign": 1} | doubtful
    assert named(engine, [*sure, {"template": 5} | doubtful, elsewhere]) == ["coding"] * 10 + ["reasoning"]


def test_a_template_that_carries_two_capabilities_keeps_both(engine: LocalEngine):
    """Clear texts keep their own name in a template of mixed use."""
    coding = {"template": 5, "served": CODING, "served_votes": 19, "second": ELICITED, "second_votes": 1}
    elicited = {"template": 5, "served": ELICITED, "served_votes": 19, "second": CODING, "second_votes": 1}
    assert named(engine, [coding] * 4 + [elicited] * 12) == ["coding"] * 4 + ["cot_elicitation"] * 12


def test_ordinary_exchanges_keep_what_they_plainly_are(engine: LocalEngine):
    """An exchange that does not extract neither votes nor is outvoted."""
    rows = [{"template": 5, "served": CODING}] + [{"template": 5, "served": TOOLS, "extracts": False}] * 5
    assert named(engine, rows) == ["coding"] + ["other"] * 5


def test_without_votes_the_text_has_the_last_word(engine: LocalEngine):
    """Fingerprints from metadata alone cast no vote and are named as they are marked."""
    none = {"served": OTHER, "served_votes": 0, "second": OTHER, "second_votes": 0}
    assert named(engine, [none, none]) == ["other", "other"]


def test_ties_fall_alike_on_every_engine(engine: LocalEngine):
    """Equal votes go to the capability that stands first in the schema, in whatever order rows come."""
    tie = {"session": 4, "served": TOOLS, "served_votes": 10, "second": REASONING, "second_votes": 10}
    swapped = tie | {"served": REASONING, "second": TOOLS}
    assert named(engine, [tie, swapped]) == named(engine, [swapped, tie]) == ["reasoning"] * 2


def test_what_was_read_closely_speaks_for_its_template(engine: LocalEngine):
    """Two exchanges read by the careful model outvote what the fast one says of their template, and of no other."""
    rows = [{"template": 5, "served": TOOLS, "second": CODING, "second_votes": 7}] * 6
    elsewhere = {"template": 6, "served": TOOLS, "second": CODING, "second_votes": 7}
    read = {"close": CODING, "close_votes": 18, "close_second": TOOLS, "close_second_votes": 1}
    close = pa.Table.from_pylist([{"read": 0} | read, {"read": 1} | read])
    assert named(engine, [*rows, elsewhere], close) == ["coding"] * 6 + ["tool_use"]


def test_what_was_not_read_keeps_its_own_word(engine: LocalEngine):
    """An exchange of something that the read ones did not show is named as it reads itself, if it is sure."""
    rows = [{"template": 5, "served": TOOLS}, {"template": 5, "served": ELICITED, "served_votes": 19}]
    read = {"read": 0, "close": CODING, "close_votes": 18, "close_second": TOOLS, "close_second_votes": 1}
    assert named(engine, rows, pa.Table.from_pylist([read])) == ["coding", "cot_elicitation"]
