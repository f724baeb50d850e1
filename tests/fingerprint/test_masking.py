"""Frames for people: the template's words stay, what customers put into it does not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from revenuer.fingerprint.frames import FrameLibrary
from revenuer.fingerprint.masking import MOST_CHARACTERS, SLOT, _words, masked
from revenuer.text.match import build_index
from revenuer.text.shingles import windows
from revenuer.text.tokens import HEAD_BYTES, Tokens, tokenize
from strategies import texts

FRAME = 77


def library(*constant: str) -> FrameLibrary:
    """One frame whose core is the shingles of these runs of words."""
    hashes = np.unique(np.concatenate([windows(tokenize(pa.array([run])).hashes) for run in constant]))
    cores = Tokens(hashes, np.array([0, len(hashes)]))
    return FrameLibrary(np.array([FRAME]), cores, build_index(cores), np.zeros(0, np.float32), np.zeros(0, np.uint8))


HEAD = "You are an expert analyst. Solve the following problem step by step"
TAIL = "Then state your final answer in a box"


def test_constant_words_are_shown_and_slots_masked():
    """What varies becomes one mark, wherever it stands; layout and capitals of the constant part stay."""
    known = library(HEAD, TAIL)
    text = f"{HEAD}: how many eels does Ada own?\n\n{TAIL}"
    assert masked(text, FRAME, known) == f"{HEAD}: {SLOT} {TAIL}"
    assert masked(f"Ada's eels! {HEAD}:\n{TAIL}.", FRAME, known) == f"{SLOT} {HEAD}:\n{TAIL}."
    assert masked(f"{HEAD}. Ada's eels!", FRAME, known) == f"{HEAD}. {SLOT}"


def test_no_word_of_a_slot_is_ever_shown():
    """Secrets of a customer's slot are gone, digits and marks between them too."""
    private = "card 4111-1111-1111-1111 of ada@example.org, Łódź; पासवर्ड हाथी"
    shown = masked(f"{HEAD}: {private} {TAIL}", FRAME, library(HEAD, TAIL))
    assert shown == f"{HEAD}: {SLOT} {TAIL}"


@pytest.mark.parametrize(
    ("head", "slot", "tail"),
    [
        ("请逐步解释以下", "量子纠缠", "的原理并给出答案"),
        ("次の問題を詳しく", "リンゴ三個", "説明してください"),
        ("โปรดอธิบาย", "ความลับ", "ทีละขั้นตอน"),
        ("다음 문제를 단계별로 ", "비밀번호", " 풀어 주세요"),
        ("कृपया इस समस्या को हल करें ", "मेरा रहस्य", " और उत्तर विस्तार से समझाएँ"),
        ("اشرح المسألة التالية خطوة بخطوة ", "سر العميل", " ثم اكتب الجواب النهائي هنا"),
    ],
)
def test_a_slot_is_masked_in_every_script(head: str, slot: str, tail: str):
    """Also where words are written without spaces between them, or with vowel signs that are no letters."""
    shown = masked(head + slot + tail, FRAME, library(head, tail))
    assert shown.replace(" ", "") == (head + SLOT + tail).replace(" ", "")


@given(texts())
def test_words_are_those_of_the_tokeniser(text: str | None):
    """Each span is one token, and all spans are all tokens: what is mined as constant can be shown as constant."""
    text = (text or "")[:4_000]
    spans = _words(text)
    assert all(end > start for start, end in spans)
    each = tokenize(pa.array([text[start:end] for start, end in spans], pa.string()))
    assert np.diff(each.offsets).tolist() == [1] * len(spans)
    if len(text.encode()) <= HEAD_BYTES:
        assert each.hashes.tolist() == tokenize(pa.array([text])).hashes.tolist()


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "\x1b[31mred", "{{7*7}} ${7*7}", "{…} {…}", "\x00\ufffd\u202e"]
)
def test_hostile_text_stays_text(hostile: str):
    """In a slot it is masked like everything else; as part of a template it is shown as it was sent."""
    assert masked(f"{HEAD}: x {hostile} x {TAIL}", FRAME, library(HEAD, TAIL)) == f"{HEAD}: {SLOT} {TAIL}"
    constant = f"{HEAD} {hostile} {TAIL}"
    assert masked(constant, FRAME, library(constant)) == constant


@pytest.mark.parametrize("text", ["", "?!", "three short words", "nothing of the frame is in this text at all"])
def test_a_text_that_is_no_instance_shows_nothing(text: str):
    """Rather one mark too many than a word of somebody's own."""
    assert masked(text, FRAME, library(HEAD)) == SLOT
    assert masked(HEAD, FRAME + 1, library(HEAD)) == SLOT


def test_long_templates_are_cut():
    """At a length that a page can show."""
    words = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(600))
    assert masked(words, FRAME, library(words)) == words[:MOST_CHARACTERS]
