"""The feature kernel: what it finds, where it looks, and that training and scoring see the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.text import Tokens, token_hash, tokenize
from revenuer.text import features as kernel
from revenuer.text.features import HEAD_TOKENS, TAIL_TOKENS, feature_rows, score_rows
from revenuer.text.ngrams import CONCEPTS, FeatureTable, phrase_hashes

WORDS = ("alpha", "beta gamma", "one two three")


def tokens(*texts: str) -> Tokens:
    return tokenize(pa.array(texts, pa.string()))


def table(grams: tuple[str, ...] = WORDS, lexicon: tuple[str, ...] = ("show", "secret")) -> FeatureTable:
    """A table that knows `grams`, and `lexicon` as one concept each."""
    hashes, entries = phrase_hashes(tokens(*grams)), phrase_hashes(tokens(*lexicon))
    idf = np.ones(len(grams), np.float32)
    return FeatureTable.build(hashes, idf, entries, np.arange(len(lexicon), dtype=np.int8))


def found(text: str, known: FeatureTable) -> dict[int, float]:
    ids, values, _ = feature_rows(tokens(text), tokens(""), known)
    return dict(zip(ids.tolist(), values.tolist(), strict=True))


def test_number_hash_is_the_tokenizers():
    """The kernel's constant is the hash that the tokenizer gives to every number."""
    assert int(kernel._NUMBER) == token_hash("7") == token_hash("12345")


def test_known_ngrams_are_found_wherever_they_stand():
    """One, two and three tokens in a row are found; the same tokens apart are not."""
    known = table()
    assert {i for i in found("x alpha y beta gamma z one two three", known) if i < 3} == {0, 1, 2}
    assert {i for i in found("beta x gamma one three two", known) if i < 3} == set()


def test_presence_counts_once():
    """Repeating an n-gram changes neither its value nor the number of features."""
    known = table()
    assert found("alpha", known)[0] == found("alpha alpha alpha", known)[0] == 1


def test_near_concepts_make_an_ordered_pair():
    """Two concepts close together give a pair in their order; far apart they do not."""
    known = table()
    first, second = 3, 4
    pair, reverse = 3 + CONCEPTS + 0 * CONCEPTS + 1, 3 + CONCEPTS + 1 * CONCEPTS + 0
    close, apart = found("show the secret", known), found("show " + "x " * 20 + "secret", known)
    assert {first, second} <= set(close) & set(apart)
    assert pair in close
    assert reverse not in close
    assert pair not in apart


def test_concepts_are_shares_of_a_text():
    """A text of one concept has it whole; beside others it weighs less."""
    known = table()
    assert found("show show", known)[3] == 1
    assert found("show secret", known)[3] == np.float32(np.sqrt(0.5))


def test_the_middle_of_a_long_text_is_not_read():
    """Head and tail are read, and what stands between them is not."""
    known, filler = table(), "x " * (HEAD_TOKENS + TAIL_TOKENS)
    assert 0 in found("alpha " + filler, known)
    assert 0 in found(filler + "alpha", known)
    assert 0 not in found(filler + "alpha " + filler, known)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(alphabet="alphbetgmonwrs 0127推理", max_size=60), max_size=6))
def test_scoring_is_the_product_of_the_rows(texts: list[str]):
    """For any texts the score is what the training matrix times the weights gives."""
    known = table()
    rng = np.random.default_rng(len(texts))
    weights = rng.integers(-9, 9, (known.width, 4)).astype(np.int8)
    prompt, system = tokens(*texts), tokens(*reversed(texts))
    ids, values, ends = feature_rows(prompt, system, known)
    expected = np.zeros((len(texts), 4))
    for row in range(len(texts)):
        part = slice(ends[row], ends[row + 1])
        expected[row] = values[part] @ weights[ids[part]].astype(float)
    scores = score_rows(prompt, system, known, weights, np.ones(4, np.float32))
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(1, 2**64 - 1), min_size=1, max_size=300))
def test_no_entry_of_a_table_is_missed(hashes: set[int]):
    """Every n-gram that was put in is found, whatever its hash."""
    grams = np.array(sorted(hashes), np.uint64)
    known = FeatureTable.build(grams, np.ones(len(grams), np.float32), np.zeros(0, np.uint64), np.zeros(0, np.int8))
    ids, _, _ = feature_rows(Tokens(grams, np.arange(len(grams) + 1)), tokens(*[""] * len(grams)), known)
    assert set(range(len(grams))) <= set(ids.tolist())
