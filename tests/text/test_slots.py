"""What fills the slots of frames."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from revenuer.text.keyed import key_from, keyed
from revenuer.text.match import build_index, match, token_weights
from revenuer.text.shingles import windows
from revenuer.text.slots import slot_tokens
from revenuer.text.tokens import Tokens, tokenize

FRAME = "please read the record below and write down every single figure in it"
WORDS = st.lists(st.sampled_from(["amber", "birch", "cedar", "delta", "ember", "fjord"]), max_size=12)


def taken(texts: list[str], secret: str = "") -> list[list[int]]:
    """The slot tokens of each text, all of which hold the frame."""
    key = key_from(secret)
    tokens = tokenize(pa.array(texts))
    sought = keyed(tokens, key)
    core = windows(keyed(tokenize(pa.array([FRAME])), key).hashes)
    index = build_index(Tokens(core, np.array([0, len(core)], np.int64)))
    found = match(sought, index, token_weights(np.zeros(1 << 20, np.uint32), 1))
    assert (found.frame == 0).all()
    slots = slot_tokens(tokens, found.inside, np.arange(len(texts)))
    assert np.diff(slots.offsets).tolist() == found.free.tolist()
    return [slots.hashes[a:b].tolist() for a, b in zip(slots.offsets[:-1], slots.offsets[1:], strict=True)]


@given(before=WORDS, after=WORDS)
def test_slots_are_what_stands_round_the_frame(before: list[str], after: list[str]):
    """Tokens before and after the frame come out in order and the frame itself does not, keyed or not."""
    text = " ".join([*before, FRAME, *after])
    expected = tokenize(pa.array([" ".join([*before, *after])])).hashes.tolist()
    assert taken([text, FRAME]) == [expected, []]
    assert taken([FRAME, text], "secret") == [[], expected]
