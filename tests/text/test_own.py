"""What an account says in all its texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_oracles import of

from revenuer.text.match import TOKEN_BITS, Matches, build_index, match
from revenuer.text.own import count_own, empty_own, own_shingles
from revenuer.text.shingles import count_documents, empty_table, frequent_shingles
from revenuer.text.tokens import Tokens

FRAME = "rate both of these answers from one to ten against our rubric and justify the score in one line"
WORDS = np.array([f"w{chr(97 + a)}{chr(97 + b)}x" for a in range(26) for b in range(26)])
FLAT = np.ones(1 << TOKEN_BITS, np.float32)


def said(rng: np.random.Generator, words: int) -> str:
    return " ".join(rng.choice(WORDS, words))


def core(text: str) -> Tokens:
    tokens = of(text)
    table = empty_table(16)
    count_documents(tokens, table)
    return frequent_shingles(tokens, table, least=1, run=1)


def found(texts: list[str], accounts: list[int]) -> Matches:
    """The texts held against the frame, their accounts known."""
    tokens, who = of(*texts), np.array(accounts, np.int64)
    table = empty_own(16)
    count_own(tokens, who, table)
    return match(tokens, build_index(core(FRAME)), FLAT, accounts=who, own=own_shingles(table))


@pytest.mark.parametrize("form", ["{own}\n{frame}\n{item}", "{item} {frame} {own}", "{own} {item}\n\n{frame}"])
def test_what_an_account_always_says_does_not_fill_the_slot(form: str):
    """Wherever it stands, of what is outside the frame little but the items is left, and items look as they do alone."""
    rng = np.random.default_rng(3)
    own = [said(rng, 50) for _ in range(8)]
    items = [said(rng, 40) for _ in range(64)]
    accounts = [i % 8 for i in range(64)]
    texts = [form.format(own=own[a], frame=FRAME, item=item) for a, item in zip(accounts, items, strict=True)]
    plain = match(of(*[f"{FRAME} {item}" for item in items]), build_index(core(FRAME)), FLAT)
    hidden = found(texts, accounts)
    assert (hidden.frame == 0).all()
    left = hidden.free / np.array([len(item.split()) for item in items])
    assert 0.7 < np.median(left) <= 1.1
    cosine = (hidden.sketch.astype(float) * plain.sketch).sum(axis=1) / 127**2
    assert np.median(cosine) > 0.8


def test_what_others_always_say_is_no_habit_of_an_account():
    """The same words sent once by each of many accounts are nobody's own."""
    rng = np.random.default_rng(4)
    lead = said(rng, 50)
    texts = [f"{lead} {FRAME} {said(rng, 40)}" for _ in range(30)]
    assert np.median(found(texts, list(range(30))).free) == 90


def test_a_request_sent_again_and_again_keeps_what_it_is_about():
    """Where nothing would be left everything stays: who repeats a question has a habit."""
    texts = [f"{FRAME} {' '.join(WORDS[:40])}"] * 10
    assert (found(texts, [1] * 10).free == 40).all()


@given(
    st.lists(st.lists(st.sampled_from(WORDS[:30].tolist()), max_size=60).map(" ".join), max_size=12), st.integers(1, 3)
)
def test_leaving_out_only_ever_takes_away(texts: list[str], accounts: int):
    """Whatever repeats, the frame is the one it was, and no token outside it is added."""
    texts = [f"{FRAME} {text}" for text in texts]
    plain = match(of(*texts), build_index(core(FRAME)), FLAT)
    own = found(texts, [i % accounts for i in range(len(texts))])
    assert own.frame.tolist() == plain.frame.tolist()
    assert (own.free <= plain.free).all()
    assert (own.inside >= plain.inside).all()
