"""The project's own training texts: rows with labelled families, for what no permitted corpus has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from revenuer.schema import EXTRACTION_CAPABILITIES
from revenuer.training.corpus import ROWS
from revenuer.training.grammar import Grammar, expand, read_rules

__all__ = ["LICENCE", "elicitation_rows", "task_rows"]

LICENCE: Final = "Apache-2.0"

_DRESSED: Final = 0.25  # share of texts with wording before, and of those with wording after, that tells nothing


def _dressed(rule: str, dress: Grammar, rng: np.random.Generator) -> str:
    """The rule, sometimes with wording around it that any request may wear."""
    before, after = dress["before"], dress["after"]
    head = before[int(rng.integers(len(before)))] if rng.random() < _DRESSED else ""
    tail = after[int(rng.integers(len(after)))] if rng.random() < _DRESSED else ""
    return head + rule + tail


def _texts(rules: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    """At most `n` different texts, the rules in turn."""
    words, dress = read_rules("words"), read_rules("dress")
    drawn = [expand(_dressed(rules[i % len(rules)], dress, rng), words, rng) for i in range(n)]
    return list(dict.fromkeys(drawn))


def _table(source: str, capability: str, texts: list[str], *, extraction: bool) -> pa.Table:
    n = len(texts)
    columns = [[source] * n, [LICENCE] * n, [capability] * n, [None] * n, texts, [extraction] * n, [True] * n]
    return pa.table([*columns, [False] * n], schema=ROWS)


def _families(file: str, prefix: str, n: int, seed: list[int]) -> list[pa.Table]:
    """About `n` texts of every section `capability family` of a rules file."""
    tables = []
    for index, (title, rules) in enumerate(read_rules(file).items()):
        capability, family = title.split()
        texts = _texts(rules, n, np.random.default_rng([*seed, index]))
        extraction = capability in EXTRACTION_CAPABILITIES
        tables.append(_table(f"own:{prefix or capability}:{family}", capability, texts, extraction=extraction))
    return tables


def task_rows(n: int, seed: int) -> pa.Table:
    """About `n` texts of every family of every capability; the source is `own:<capability>:<family>`."""
    return pa.concat_tables(_families("extraction", "", n, [seed, 0]) + _families("ordinary", "", n, [seed, 1]))


def elicitation_rows(n: int, seed: int) -> tuple[pa.Table, list[bool]]:
    """About `n` texts of every family that asks for hidden reasoning, or honestly resembles it; and which ask."""
    asked = pa.concat_tables(_families("asked", "asked", n, [seed, 2]))
    honest = pa.concat_tables(_families("honest", "honest", n, [seed, 3]))
    return pa.concat_tables([asked, honest]), [True] * len(asked) + [False] * len(honest)
