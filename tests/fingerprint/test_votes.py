"""Votes of an exchange for what it would train."""

from __future__ import annotations

import numpy as np

from revenuer.fingerprint.votes import VOTES, votes
from revenuer.schema import CAPABILITIES

CHAT, CODING, ELICITED, TRACES = (
    CAPABILITIES.index(name) for name in ("chat", "coding", "cot_elicitation", "trace_reconstruction")
)
NO = np.zeros(1, np.bool_)


def logits(**weights: float) -> np.ndarray:
    row = np.zeros((1, len(CAPABILITIES)), np.float32)
    for name, weight in weights.items():
        row[0, CAPABILITIES.index(name)] = weight
    return row


def test_only_extraction_capabilities_are_voted_for():
    """The likeliest two of them get votes, in twentieths of what they share, whatever ordinary use is likelier."""
    found = votes(logits(chat=14, coding=13, cot_elicitation=12), logits(), NO)
    assert (found.served[0], found.second[0]) == (CODING, ELICITED)
    assert VOTES * 0.95 <= found.served_votes[0] + found.second_votes[0] <= VOTES
    assert found.served_votes[0] > found.second_votes[0] > 0


def test_what_fills_a_frame_decides_where_the_frame_wavers():
    """A frame that could be either is read by its slots; a frame that is clear is not overruled by them."""
    assert votes(logits(coding=4, cot_elicitation=4.5), logits(coding=4), NO).served[0] == CODING
    assert votes(logits(coding=2, cot_elicitation=9), logits(coding=4), NO).served[0] == ELICITED


def test_a_replayed_block_points_at_traces():
    """A conversation that opens with a reasoning block is taken to be after traces unless its text says more."""
    text = logits(reasoning=2)
    assert votes(text, logits(), NO).served[0] != TRACES
    assert votes(text, logits(), ~NO).served[0] == TRACES
    assert votes(logits(coding=9), logits(), ~NO).served[0] == CODING
