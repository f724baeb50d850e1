"""Text to masked token hashes."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from text_oracles import as_lists, of, slow_hash, slow_tokens, slow_words

from revenuer.text.characters import DIGIT, WORDS
from revenuer.text.tokens import HEAD_BYTES, TAIL_BYTES, hash_strings, take, token_hash, tokenize
from strategies import HOSTILE, any_text, prompts, text_arrays


def letters(*blocks: tuple[int, int]) -> list[str]:
    return [chr(cp) for first, last in blocks for cp in range(first, last + 1)]


# Scripts with capitals that somebody's prompts are written in.
CASED = letters((0x41, 0x17F), (0x386, 0x3AB), (0x400, 0x52F), (0x531, 0x586), (0x1E00, 0x1E95), (0x1EA0, 0x1EFF))
# Scripts whose own marks end a sentence; others are rare enough to stay letters.
MARKED = letters(
    (0x00, 0x2AF), (0x370, 0x6DF), (0x900, 0x97F), (0xE00, 0xE7F), (0x2010, 0x205E), (0x3000, 0x3020), (0xFF01, 0xFF65)
)


@given(st.lists(st.one_of(any_text(), prompts()), max_size=5))
@example(list(HOSTILE))
def test_tokens_equal_those_of_a_plain_reference(texts: list[str]):
    """The compiled kernel and a slow reference in Python agree on any text; only long ones are cut."""
    short = [text for text in texts if len(text.encode()) <= HEAD_BYTES + TAIL_BYTES]
    assert as_lists(of(*short)) == [slow_tokens(text) for text in short]


@given(text_arrays())
def test_slices_nulls_and_wide_offsets_change_nothing(array: pa.Array):
    """A text has the same tokens and the same hash wherever it stands in whatever kind of array."""
    plain = [text or "" for text in array.to_pylist()]
    assert as_lists(tokenize(array)) == as_lists(of(*plain))
    np.testing.assert_array_equal(hash_strings(array), hash_strings(pa.array(plain, pa.string())))


@given(prompts(), st.sampled_from(("1", "77", "٣", "१२", "\uff19")))
def test_numbers_marks_and_layout_tell_no_prompts_apart(prompt: str, number: str):
    """Other digits, punctuation or line breaks between the words leave the tokens as they are."""
    other = "".join(number if unicodedata.decimal(c, None) is not None else c for c in prompt)
    assert as_lists(of(other.replace(" ", " \n* "))) == as_lists(of(prompt))


def test_each_script_splits_its_own_way():
    """Words where there are spaces, characters where there are none, and runs of digits of any script as one number."""
    assert slow_words("Write 12,500 words about Ёлка!") == ["write", "0", "0", "words", "about", "ёлка"]
    assert slow_words("请写１２个故事。") == ["请", "写", "0", "个", "故", "事"]
    assert slow_words("اكتب ٢٥ قصة؟") == ["اكتب", "0", "قصة"]
    assert slow_words("model2vec v10b") == ["model0vec", "v0b"]


def test_case_does_not_matter_in_scripts_that_have_it():
    """A capital counts as its small letter, as Unicode pairs them."""
    capitals = [c for c in CASED if c.lower() != c and len(c.lower()) == 1]
    assert [c for c in capitals if WORDS[ord(c)] != ord(c.lower())] == ["\u04c0"]  # the palochka is its own small form


def test_punctuation_ends_a_word_in_any_script():
    """A mark is no letter, whoever's mark it is."""
    marks = [c for c in MARKED if unicodedata.category(c)[0] in "PZ"]
    assert len(marks) > 100
    assert [c for c in marks if WORDS[ord(c)]] == []


def test_every_digit_of_living_scripts_is_a_digit():
    """Arabic, Indic, Thai or full-width: a number is a number, and nothing else is one."""
    digits = [cp for cp in range(0x10000) if unicodedata.decimal(chr(cp), None) is not None]
    assert sum(WORDS[cp] == DIGIT for cp in digits) == 280
    assert set(np.flatnonzero(WORDS == DIGIT)) <= set(digits)


def test_no_letter_is_lost():
    """No letter or vowel sign is taken for a mark; letterlike symbols and presentation forms may be."""
    plane = ((cp, unicodedata.category(chr(cp))) for cp in range(0x10000))
    lost = [cp for cp, category in plane if WORDS[cp] == 0 and category in {"Lu", "Ll", "Lo", "Lt", "Mc"}]
    assert [cp for cp in lost if cp not in {0xAA, 0xB5, 0xBA} and not 0x2100 <= cp < 0x2C00] == []


def test_hashes_are_pinned():
    """Fingerprints of past traffic stay comparable: no release changes a hash unnoticed."""
    assert token_hash("hello") == slow_hash([ord(c) for c in "hello"]) == 0xE9C562C0FDB23244
    assert token_hash("7") == token_hash("1984") == token_hash("٢٥") == 0xC1E42AF088FF1B2C
    assert token_hash("好") == 0x267E7DC846AD4DD0
    assert slow_hash(WORDS.tolist()) == 0xE6FC33AF9ECFE641
    assert hash_strings(pa.array(["acct-1", "", None])).tolist() == [3824080495262719334, 0, 0]


def test_the_empty_text_has_no_tokens():
    """No text, no words and an empty array are no errors."""
    assert as_lists(of("", None, " \n.,;", "\x00")) == [[], [], [], []]
    assert as_lists(of()) == []
    assert as_lists(tokenize(pa.array([None, None], pa.string()))) == [[], []]


def test_a_long_text_is_read_at_both_ends():
    """Of a long text the first 24 KiB and the last 8 KiB count, and what lies between does not."""
    opening, closing = "open the case and read it. ", " then answer in one word"
    middle = "filler words " * 10_000
    long = as_lists(of(opening + middle + closing))[0]
    assert long[:6] == slow_tokens(opening)
    assert long[-5:] == slow_tokens(closing)
    assert len(long) <= (HEAD_BYTES + TAIL_BYTES) // 2 + 2
    changed = opening + middle[:60_000] + "CHANGED" + middle[60_007:] + closing
    assert as_lists(of(changed))[0] == long


def test_a_cut_inside_a_character_is_no_error():
    """A long text of wide characters is cut wherever the byte limit falls."""
    for pad in range(4):
        tokens = as_lists(of("x" * pad + "好" * 20_000))[0]
        assert set(tokens[1:]) == {token_hash("好")} or pad == 0


def test_fifty_megabytes_are_one_text():
    """A huge prompt costs its two ends."""
    huge = pa.array(["start here " + "x y " * 12_500_000 + "end here", "small"])
    tokens = as_lists(tokenize(huge))
    assert len(tokens[0]) <= (HEAD_BYTES + TAIL_BYTES) // 2 + 2
    assert tokens[0][:2] + tokens[0][-2:] == slow_tokens("start here end here")
    assert tokens[1] == slow_tokens("small")


@given(st.lists(prompts(), min_size=1, max_size=5), st.data())
def test_take_picks_texts_and_cuts_them(texts: list[str], data: st.DataObject):
    """Rows are picked in any order, -1 is an empty text, and each is cut to the first tokens."""
    rows = data.draw(st.lists(st.integers(-1, len(texts) - 1), max_size=6))
    most = data.draw(st.integers(0, 5))
    lists = as_lists(of(*texts))
    picked = take(of(*texts), np.array(rows, np.int64), most=most)
    assert as_lists(picked) == [lists[row][:most] if row >= 0 else [] for row in rows]


@pytest.mark.parametrize("word", ["", "two words", "..."])
def test_only_one_token_has_a_token_hash(word: str):
    """A table of known words refuses what is no single token."""
    with pytest.raises(ValueError, match="tokens, not one"):
        token_hash(word)
