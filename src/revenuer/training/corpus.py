"""Labelled rows to train on: public corpora whose licence allows it, and texts of the project's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from revenuer.errors import InputError
from revenuer.schema import CAPABILITIES

__all__ = [
    "ALLOWED_LICENCES",
    "EVAL_CAPABILITY",
    "OWN_LABELS",
    "ROWS",
    "SAME_TEMPLATE",
    "licence_allowed",
    "read_corpora",
    "trainable",
]

# Weights are a work derived from these rows: a licence that is not named here keeps its rows out.
ALLOWED_LICENCES: Final = (
    "Apache-2.0",
    "MIT",
    "MIT (content); wrapper constructed",
    "CC0-1.0",
    "CC BY 3.0",
    "CC BY 4.0",
)

# Public benchmarks carry the texts of a capability without being extraction: they teach what the capability looks like.
EVAL_CAPABILITY: Final = {"agieval": "reasoning", "arena_hard_judge": "rubric_grading", "bfcl_live": "tool_use"}

# Sources that fill one template count as one: what both say is the template's wording, not the capability's.
SAME_TEMPLATE: Final = {"biggen_bench_judge": "prometheus_eval"}

ROWS: Final = pa.schema(
    [
        ("source", pa.string()),
        ("licence", pa.string()),
        ("capability", pa.string()),
        ("system", pa.string()),
        ("prompt", pa.string()),
        ("extraction", pa.bool_()),
        ("proxy", pa.bool_()),
        ("evaluation", pa.bool_()),
        ("lang", pa.string()),  # to measure by; nothing is learned from it
        ("also", pa.list_(pa.string())),  # further capabilities that hold
    ]
)

OWN_LABELS: Final = "labels:"  # opens the name of a source that the provider labelled

# Sources that write a language's name in full.
_LANGUAGES: Final[Mapping[str | None, str]] = {"English": "en"}


class _File(NamedTuple):
    name: str
    extraction: bool


def licence_allowed(licence: str | None) -> bool:
    """Whether rows under this licence may shape the shipped weights: exact words only, no guess from a part."""
    return licence in ALLOWED_LICENCES


def trainable(source: str, licence: str | None) -> bool:
    """Whether rows may be trained on: under a permitted licence, or labelled by whoever trains."""
    return source.startswith(OWN_LABELS) or licence_allowed(licence)


def _with_labels(table: pa.Table, *, extraction: bool) -> pa.Table:
    capability = np.asarray(table["capability"].to_pylist(), object)
    source = table["source"].to_pylist()
    evaluation = [label == "eval" for label in capability]
    named = [EVAL_CAPABILITY.get(s, "chat") if e else c for s, c, e in zip(source, capability, evaluation, strict=True)]
    proxy = table["proxy"] if "proxy" in table.column_names else pa.array([False] * len(table))
    columns = [table[name] for name in ("source", "licence")] + [pa.array(named, pa.string())]
    columns += [table["system"], table["prompt"], pa.array([extraction] * len(table)), proxy, pa.array(evaluation)]
    lang = table["lang"].to_pylist() if "lang" in table.column_names else [None] * len(table)
    columns += [
        pa.array([_LANGUAGES.get(name, name) for name in lang], pa.string()),
        pa.nulls(len(table), ROWS.field("also").type),
    ]
    return pa.table(columns, names=ROWS.names).cast(ROWS)


def _sample(table: pa.Table, per_source: int, seed: int) -> pa.Table:
    """At most `per_source` rows of each source, drawn by the seed and kept in order."""
    sources = np.asarray(table["source"].to_pylist(), object)
    keep: list[npt.NDArray[np.int64]] = []
    for number, source in enumerate(sorted(set(sources))):
        rows = np.flatnonzero(sources == source)
        chosen = np.random.default_rng([seed, number]).permutation(len(rows))[:per_source]
        keep.append(np.sort(rows[chosen]))
    return table.take(pa.array(np.concatenate(keep))) if keep else table


def read_corpora(folder: Path, *, per_source: int, seed: int, allowed_only: bool = True) -> pa.Table:
    """The labelled rows of `extraction.parquet` and `ordinary.parquet`, with the columns of `ROWS`.

    Args:
        folder: where the two files lie.
        per_source: at most so many rows of a source, so that none is the class.
        seed: draws them.
        allowed_only: leave out every row whose licence is not in `ALLOWED_LICENCES`.

    Raises:
        InputError: a file is missing, cannot be read, or lacks a column.
    """
    tables = []
    for file in (_File("extraction.parquet", True), _File("ordinary.parquet", False)):
        try:
            table = pq.read_table(folder / file.name)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"cannot be read as Parquet: {error}", file=str(folder / file.name)) from error
        missing = {"source", "licence", "capability", "system", "prompt"} - set(table.column_names)
        if missing:
            raise InputError("the column is missing", file=str(folder / file.name), column=min(missing))
        tables.append(_with_labels(table, extraction=file.extraction))
    rows = pa.concat_tables(tables)
    rows = rows.filter(pc.is_in(rows["capability"], value_set=pa.array(CAPABILITIES)))
    if allowed_only:
        rows = rows.filter(pc.is_in(rows["licence"], value_set=pa.array(ALLOWED_LICENCES)))
    return _sample(rows, per_source, seed)
