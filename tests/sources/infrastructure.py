"""Rows that a format makes of objects, joined as `convert` joins them; and what no format may stumble over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from revenuer.sources.formats import Format, Rejected

Record = dict[str, Any]


def exchanges(form: Format, objects: Iterable[Record]) -> list[Record]:
    """Columns of the exchanges, without those that are null."""
    return [{name: value for name, value in row.items() if value is not None} for row in read(form, objects)[0]]


def read(form: Format, objects: Iterable[Record]) -> tuple[list[Record], list[str]]:
    """Columns of the exchanges, and why records were rejected."""
    groups: dict[object, list[Record]] = {}
    for whole in objects:
        for record in form.split(whole):
            key = form.key(record)
            groups.setdefault(object() if key is None else key, []).append(record)
    found: list[Record] = []
    rejected: list[str] = []
    for group in groups.values():
        try:
            found += [row.values for row in form.rows(group)]
        except Rejected as reason:
            rejected.append(str(reason))
    return found, rejected


def anything(names: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """JSON values of any shape, whose objects often use the names that a format looks for."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(("{", '{"a": [', "[[[[", "\x00\x1b[31m<script>", "=1+1", "9" * 400, "2026-13-45T99:99:99Z")),
    )
    keys = st.one_of(st.sampled_from(names), st.text(max_size=4))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6)),
        max_leaves=20,
    )
