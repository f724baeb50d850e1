"""The project's own training texts: rows with labelled families, for what no permitted corpus has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from revenuer.schema import EXTRACTION_CAPABILITIES
from revenuer.training.corpus import ROWS
from revenuer.training.grammar import Grammar, expand, read_rules
from revenuer.training.noise import LOGS

__all__ = ["LICENCE", "elicitation_rows", "noise_rows", "task_rows"]

LICENCE: Final = "Apache-2.0"

_DRESSED: Final = 0.25  # share of texts with wording before, and of those with wording after, that tells nothing
_WRAPPED: Final = 0.25  # share of tasks in a frame that any task could stand in

# A task of these kinds keeps its name when the reasoning behind it is asked for as well; of any other, the reasoning is
# the aim. Texts that are about reasoning already are left as they are.
_OWN_TASK: Final = ("tool_use", "agentic_coding", "orchestration", "coding", "data_analysis", "computer_use", "vision")
_BARE: Final = ("cot_elicitation", "trace_reconstruction", "other", "chat")

Written = list[tuple[str, bool]]


def _dressed(rule: str, dress: Grammar, rng: np.random.Generator) -> str:
    """The rule, sometimes with wording around it that any request may wear."""
    before, after = dress["before"], dress["after"]
    head = before[int(rng.integers(len(before)))] if rng.random() < _DRESSED else ""
    tail = after[int(rng.integers(len(after)))] if rng.random() < _DRESSED else ""
    return head + rule + tail


def _wrapped(rule: str, capability: str, rng: np.random.Generator) -> tuple[str, bool]:
    """The rule, sometimes in a frame; and whether the frame asks for hidden reasoning."""
    if capability in _BARE or rng.random() >= _WRAPPED:
        return rule, False
    asks = capability in _OWN_TASK and rng.random() < 0.5
    frames = read_rules("wrappers")["asking" if asks else "plain"]
    return frames[int(rng.integers(len(frames)))].replace("#item#", rule), asks


def _texts(rules: Sequence[str], n: int, rng: np.random.Generator, wrap: str | None) -> Written:
    """At most `n` different texts, the rules in turn, and whether each asks for hidden reasoning.

    With `wrap`, the capability of the rules, some stand in a frame.
    """
    words, dress = read_rules("words"), read_rules("dress")
    drawn = {}
    for i in range(n):
        rule, asks = _wrapped(rules[i % len(rules)], wrap, rng) if wrap else (rules[i % len(rules)], False)
        drawn[expand(_dressed(rule, dress, rng), words, rng)] = asks
    return list(drawn.items())


def _table(source: str, capability: str, texts: list[str], *, extraction: bool) -> pa.Table:
    n = len(texts)
    columns = [[source] * n, [LICENCE] * n, [capability] * n, [None] * n, texts, [extraction] * n, [True] * n]
    return pa.table([*columns, [False] * n, [None] * n, [None] * n], schema=ROWS)


def _families(file: str, prefix: str, n: int, seed: list[int]) -> tuple[pa.Table, list[bool]]:
    """About `n` texts of every section `capability family` of a rules file; and which ask for hidden reasoning."""
    tables, asked = [], []
    for index, (title, rules) in enumerate(read_rules(file).items()):
        capability, family = title.split()
        written = _texts(rules, n, np.random.default_rng([*seed, index]), None if prefix else capability)
        extraction = capability in EXTRACTION_CAPABILITIES
        texts = [text for text, _ in written]
        tables.append(_table(f"own:{prefix or capability}:{family}", capability, texts, extraction=extraction))
        asked += [asks for _, asks in written]
    return pa.concat_tables(tables), asked


def task_rows(n: int, seed: int) -> tuple[pa.Table, list[bool]]:
    """About `n` texts of every family of every capability, and which ask for hidden reasoning besides.

    The source is `own:<capability>:<family>`.
    """
    extraction, asked = _families("extraction", "", n, [seed, 0])
    ordinary, also = _families("ordinary", "", n, [seed, 1])
    return pa.concat_tables([extraction, ordinary]), asked + also


def noise_rows(n: int, seed: int) -> pa.Table:
    """`n` texts of every family that asks for nothing, at most; the source is `own:other:<family>`."""
    tables = []
    for index, (family, make) in enumerate(LOGS.items()):
        rng = np.random.default_rng([seed, 4, index])
        texts = list(dict.fromkeys(make(rng) for _ in range(n)))
        tables.append(_table(f"own:other:{family}", "other", texts, extraction=False))
    return pa.concat_tables(tables)


def elicitation_rows(n: int, seed: int) -> tuple[pa.Table, list[bool]]:
    """About `n` texts of every family that asks for hidden reasoning, or honestly resembles it; and which ask."""
    asked, _ = _families("asked", "asked", n, [seed, 2])
    honest, _ = _families("honest", "honest", n, [seed, 3])
    return pa.concat_tables([asked, honest]), [True] * len(asked) + [False] * len(honest)
