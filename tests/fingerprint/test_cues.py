"""What is heard in many texts at once is what the patterns find in each of them."""

# ruff: noqa: RUF001 - letters of other scripts are the point

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from itertools import product
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.fingerprint import cues, spans
from revenuer.fingerprint.cues import Heard
from revenuer.fingerprint.mindwords import KEPT_WORDS, MIND_WORDS, OWN_WORDS
from revenuer.text.patterns import Patterns, not_after, not_before
from revenuer.text.sieve import needed
from revenuer.text.spelling import folded, spelt

PATTERNS = {
    "handles": cues._HANDLED,
    "submits": cues._DONE,
    "requests": cues._ASKED,
    "mentions": f"{cues._ABOUT}|{cues._OTHERS}|{cues._ASIDE}",
    "addresses": cues._MEANT,
}
WORDS = (MIND_WORDS, KEPT_WORDS, OWN_WORDS)
KEPT_BACK, THOUGHT, SHOWN = cues._KEPT_BACK, cues._THOUGHT, cues._SHOWN
BOUNDARY = r"\b"
EVERYTHING = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)


def lines() -> list[str]:
    """Every line of the rules that texts are made of, and of the suite of honest requests."""
    rules = resources.files("revenuer.training") / "rules"
    files = [rules / f"{name}.txt" for name in ("asked", "honest", "ordinary", "wrappers")]
    files.append(Path(__file__).with_name("honest_requests.txt"))
    return sorted({line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()} - {""})


def said(text: str) -> dict[str, bool]:
    """What `re` finds, regardless of case."""

    def found(pattern: str) -> bool:
        return re.search(pattern, text, re.IGNORECASE) is not None

    answers = {name: found(pattern) for name, pattern in PATTERNS.items()}
    answers["minded"] = found(MIND_WORDS) or (found(KEPT_WORDS) and found(OWN_WORDS))
    answers["keeps_back"] = found(KEPT_BACK) or (found(THOUGHT) and not found(SHOWN))
    return answers


def heard(texts: list[str]) -> list[dict[str, bool]]:
    """What is heard of the same."""
    one = Heard(spelt(pa.array(texts, pa.string())))
    answers = {name: getattr(one, name)().tolist() for name in (*PATTERNS, "minded", "keeps_back")}
    return [{name: said[at] for name, said in answers.items()} for at in range(len(texts))]


def test_the_families_are_heard_as_re_hears_them():
    """Each question has the same answer for every line of the rules, in any case, as the patterns tried one by one."""
    texts = lines()[::4]
    texts += [text.upper() for text in texts[::8]]
    assert heard(texts) == [said(text) for text in texts]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.sampled_from(lines()[::20]), st.text(max_size=8)), max_size=4).map(" ".join))
def test_any_text_is_heard_as_re_hears_it(text: str):
    """Nor is another answer given of texts pieced together from lines and any characters."""
    assert heard([text]) == [said(text)]


def stands(pattern: str, texts: list[str]) -> list[bool]:
    """In which of the texts the pattern is found."""
    patterns, said = Patterns({"one": pattern}), spelt(pa.array(texts, pa.string()))
    return patterns.stands("one", said, patterns.sift(said)).tolist()


def letters_used() -> Iterator[str]:
    for pattern in (*PATTERNS.values(), *WORDS, KEPT_BACK, THOUGHT, SHOWN, spans._MARK.pattern):
        yield from (letter for letter in pattern if letter.isalpha() and letter == folded(letter))


def test_folding_is_ignoring_case():
    """Of all characters there are, each letter of the patterns takes those that it takes when case is ignored."""
    lower = folded(EVERYTHING)
    places = {letter: {match.start() for match in re.finditer(letter, lower)} for letter in set(letters_used())}
    for letter, found in places.items():
        assert found == {match.start() for match in re.finditer(letter, EVERYTHING, re.IGNORECASE)}


def test_folding_keeps_every_character_in_its_place():
    """A word stays a word and a blank a blank, so that spans found in the folded text are those of the text."""
    lower = folded(EVERYTHING)
    assert len(lower) == len(EVERYTHING)
    for kind in (r"\w", r"\s", r"\d"):
        assert [*re.findall(kind, lower)] == [*map(folded, re.findall(kind, EVERYTHING))]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (rf"inner{not_before(' ear', ' tube')}", "inner ear"),
        (rf"inner{not_before(' ear', ' tube')}", "inner life, inner ear"),
        (rf"inner{not_before(' ear', ' tube')}", "inner"),
        (rf"inner{not_before(' ear', ' tube')}", "inner e"),
        (rf"an? {not_before(r'ai' + BOUNDARY)}", "an ai"),
        (rf"an? {not_before(r'ai' + BOUNDARY)}", "an aim"),
        (rf"{not_after('this ', 'that ')}is", "this is"),
        (rf"{not_after('this ', 'that ')}is", "what is"),
        (rf"{not_after('this ', 'that ')}is", "is"),
        (r"[нрм]а", "на ра"),
        (r"a[^。.]{2}", "aя。"),
        (r"a[^。.]{2}", "aяя"),
        (r"[\w-]{3}!", "é-ü!"),
        (r"\b№\S \d", "a№я ٣"),
        (r"(?:ё|е)+ж\b", "ещёёж"),
    ],
)
def test_a_pattern_finds_what_re_finds(pattern: str, text: str):
    """Letters of any script, classes of them, and what must not stand beside a word are found as `re` finds them."""
    assert stands(pattern, [text]) == [re.search(pattern, folded(text)) is not None]


@pytest.mark.parametrize("pattern", [r"\Wa", r"[^\w]", "[^é]"])
def test_what_cannot_be_said_is_refused(pattern: str):
    """A pattern that would find something else in letters spelt out is refused."""
    with pytest.raises(ValueError, match="not translated"):
        Patterns({"one": pattern})


def test_what_must_not_stand_beside_a_word_is_looking_around():
    """Patterns of what is not beside a word are those of `re` that look ahead or back, on all short texts of few letters."""
    words = ["a" + "".join(letters) for length in range(5) for letters in product("ab ", repeat=length)]
    for ours, theirs in (
        (f"a{not_before('ab', 'b a')}", "a(?!ab|b a)"),
        (f"a{not_before(r'ab' + BOUNDARY)}", r"a(?!ab\b)"),
        (f"{not_after('aa', 'b a')}b", "(?<!aa)(?<!b a)b"),
    ):
        assert stands(ours, words) == [re.search(theirs, word) is not None for word in words]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(lines()[::25]), st.sampled_from(['"', "'", "«", "\n> ", "\n\n", "```", "<log>", "</log>", "[quote]", "Message: ", "was seen:\n", "message below\n", "On Monday R. wrote:\n", "--- Original ---\n", "[INFO] x", "stdout:", "12.3.4.5 x"])), max_size=12).map("".join))  # fmt: skip
def test_no_mark_is_passed_over(text: str):
    """Looking for marks only where one may begin finds what looking everywhere finds."""
    assert [*spans._marks(pa.array([text]))] == [[spans._mark(match) for match in spans._MARK.finditer(folded(text))]]


def names_of_marks() -> list[str]:
    """Names of tags, headings of lines and fields, and words of other lines that are looked for."""
    tags = sorted(needed(f"{spans._RETURNED}|{spans._HELD_OUT}")[0])
    heads = "observation tool_output tool_response function_result search_results stdout stderr log user_message message input prompt text source request comment post ticket e-mail email review nachricht eingabe mensaje mensagem messaggio сообщение 消息 文本 メッセージ 메시지"
    lines = [f"{head.replace('_', ' ')}: x" for head in heads.split()]
    lines += [
        f"{day} R. wrote:"
        for day in ("On Monday", "Am Montag", "Le lundi", "El lunes", "Em maio", "Il 3", "Op 3", "Dnia 3", "Den 3")
    ]
    lines += [f"{one} seen:" for one in ("was", "were", "is", "been")]
    lines += [
        f"{one} below it"
        for one in (
            "text",
            "message",
            "prompt",
            "request",
            "input",
            "one",
            "comment",
            "email",
            "e-mail",
            "post",
            "ticket",
        )
    ]
    lines += ["following lines", "each prompt", "Translate: x", "Localize: x", "Put this: x", "Übersetze: x", "Traduce: x", "Vertaal: x", "переведи: x", "翻译：x", "译：x", "begin forwarded message:", "-- Original --", "~~~", "> x", "2026-01-02 10:11 x", "[10:11", "[warn] x", "jan 12 10:11:12 x", "10.0.0.1 x"]  # fmt: skip
    return [*(form.format(name) for name in tags for form in ("<{}>", "[/{}]", "<{} a>")), *lines]


def test_no_kind_of_mark_is_passed_over():
    """Every name and heading is found where it stands first, in a line, after a sentence, in capitals and indented."""
    marked = [
        before + name + after
        for name in names_of_marks()
        for before in ("", "x\n", "x\n\t ", "So. ")
        for after in ("\n", " a: b")
    ]
    texts = [*marked, *(text.upper() for text in marked)]
    found = [*spans._marks(pa.array(texts))]
    assert found == [[spans._mark(match) for match in spans._MARK.finditer(folded(text))] for text in texts]
    assert all(any(found[at : at + 8]) for at in range(0, len(marked), 8))
