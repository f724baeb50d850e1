"""Texts that ask for several things: whether the model says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from revenuer.fingerprint.capability import HOLDS, Scores
from revenuer.text.tokens import tokenize
from revenuer.training.figures import groups, label_numbers, source_weights
from revenuer.training.leave_out import Predictions, Round
from revenuer.training.train import Data

__all__ = ["pair_figures", "set_figures"]

_PAIRS: Final = 300  # a round
_LONGEST: Final = 600  # characters of one part of a pair

Bools = npt.NDArray[np.bool_]


def set_figures(data: Data, found: Predictions) -> dict[str, Any]:
    """Of public rows, each labelled with one capability: how many are said to hold, and how often the one is among them."""
    rows = groups(data).public & (found.round >= 0)
    if not rows.any():
        return {}
    held, truth, weights = found.scores(rows).holding(), label_numbers(data)[rows], source_weights(data, rows)[rows]
    covered, size = held[np.arange(len(held)), truth], held.sum(axis=1)
    return {
        "threshold": float(HOLDS),
        "said_to_hold": round(float(np.average(size, weights=weights)), 3),
        "true_one_among_them": round(float(np.average(covered, weights=weights)), 3),
        "of_those_said_true": round(float(weights @ covered / (weights @ size)), 3),
    }


def pair_figures(data: Data, rounds: Sequence[Round], seed: int = 0) -> dict[str, Any]:
    """Two requests of different capabilities in one text, both of families that the model had not seen.

    Returns:
        the share of pairs of which both are said to hold, of which one is, and how many are said to hold on average; beside
        it what naming the likeliest alone would give.
    """
    truth, own = label_numbers(data), groups(data).own
    texts = data.rows["prompt"].to_pylist()
    held, pairs = [], []
    for k, one in enumerate(rounds):
        rng = np.random.default_rng([seed, k])
        short = np.flatnonzero(one.held & own & np.array([len(text) <= _LONGEST for text in texts]))
        drawn = rng.choice(short, (2 * _PAIRS, 2))
        drawn = drawn[truth[drawn[:, 0]] != truth[drawn[:, 1]]][:_PAIRS]
        joined = [f"{texts[a]}\n\n{texts[b]}" for a, b in drawn]
        empty = tokenize(pa.nulls(len(joined), pa.string()))
        scores: Scores = one.model.score(tokenize(pa.array(joined)), empty)
        held.append(scores.holding())
        pairs.append(np.column_stack([truth[drawn], scores.probabilities.argmax(axis=1)]))
    said, both = np.concatenate(held), np.concatenate(pairs)
    hits = np.take_along_axis(said, both[:, :2], axis=1).sum(axis=1)
    alone = (both[:, :2] == both[:, 2:]).any(axis=1)
    return {
        "pairs": len(both),
        "both": round(float(np.mean(hits == 2)), 3),
        "one": round(float(np.mean(hits >= 1)), 3),
        "one_by_the_likeliest_alone": round(float(np.mean(alone)), 3),
        "said_to_hold": round(float(said.sum(axis=1).mean()), 3),
    }
