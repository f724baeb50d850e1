"""The project's own training texts: rows with labelled families, for classes that no permitted corpus has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from revenuer.training.corpus import ROWS
from revenuer.training.grammar import expand
from revenuer.training.texts_dress import AFTER, BEFORE
from revenuer.training.texts_elicitation import ASKED, FILLERS, HONEST
from revenuer.training.texts_tasks import FAMILIES, WORDS

__all__ = ["LICENCE", "elicitation_rows", "task_rows"]

LICENCE: Final = "Apache-2.0"

_DRESSED: Final = 0.25


def _texts(rules: list[str], grammar: Mapping[str, list[str]], n: int, rng: np.random.Generator) -> list[str]:
    """At most `n` different texts, the rules in turn."""
    drawn = [expand(_dressed(rules[i % len(rules)], rng), grammar, rng) for i in range(n)]
    return list(dict.fromkeys(drawn))


def _dressed(rule: str, rng: np.random.Generator) -> str:
    """The rule, sometimes with wording around it that any request may wear."""
    before = BEFORE[int(rng.integers(len(BEFORE)))] if rng.random() < _DRESSED else ""
    after = AFTER[int(rng.integers(len(AFTER)))] if rng.random() < _DRESSED else ""
    return before + rule + after


def _table(source: str, capability: str, texts: list[str], *, extraction: bool) -> pa.Table:
    n = len(texts)
    columns = [[source] * n, [LICENCE] * n, [capability] * n, [None] * n, texts, [extraction] * n, [True] * n]
    return pa.table([*columns, [False] * n], schema=ROWS)


def task_rows(n: int, seed: int) -> pa.Table:
    """About `n` texts of every family of every capability; source is `own:` and the family's name."""
    tables = []
    for number, (capability, families) in enumerate(FAMILIES.items()):
        for index, (family, rules) in enumerate(families.items()):
            rng = np.random.default_rng([seed, number, index])
            texts = _texts(rules, WORDS, n, rng)
            extraction = capability not in ("chat", "support", "translation", "qa", "writing", "other")
            tables.append(_table(f"own:{capability}:{family}", capability, texts, extraction=extraction))
    return pa.concat_tables(tables)


def elicitation_rows(n: int, seed: int) -> tuple[pa.Table, list[bool]]:
    """About `n` texts of every family that asks for hidden reasoning, or honestly resembles it; and which ask."""
    tables: list[pa.Table] = []
    asked: list[bool] = []
    grammar = WORDS | FILLERS
    for kind, families in enumerate((ASKED, HONEST)):
        for index, (family, (capability, rules)) in enumerate(families.items()):
            texts = _texts(rules, grammar, n, np.random.default_rng([seed, 1000 + kind, index]))
            name = f"own:{'asked' if kind == 0 else 'honest'}:{family}"
            tables.append(_table(name, capability, texts, extraction=kind == 0))
            asked += [kind == 0] * len(texts)
    return pa.concat_tables(tables), asked
