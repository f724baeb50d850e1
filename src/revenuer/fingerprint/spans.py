"""Where a text speaks in somebody else's words: quotations, fences, tagged documents, tool results, logs, forwarded mail."""

# ruff: noqa: RUF001 - quotation marks and full stops of other scripts are the point

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

import pyarrow as pa

from revenuer.fingerprint.cues import Heard
from revenuer.text.beginnings import beginnings
from revenuer.text.spelling import folded, spelt

__all__ = ["Span", "foreign_spans", "without"]

# Of a longer text the ends are looked at, as the scorer does.
HEAD_CHARACTERS: Final = 24_576
TAIL_CHARACTERS: Final = 8_192

# A quotation shorter than this is a word that is named, and belongs to the sentence around it.
_LEAST_QUOTED: Final = 12
_LEAST_UNSPACED: Final = 6  # in scripts that write a word in one or two characters, and
_FIRST_UNSPACED: Final = "\u2e80"  # stand past this one

_RETURNED: Final = (
    "tool_?results?|tool_?outputs?|tool_?responses?|function_?results?|function_?calls?|search_?results?|stdout|stderr|"
    "observations?|logs?|console|terminal|retrieved"
)
_HELD_OUT: Final = (
    "documents?|quotes?|quoted|blockquote|text|messages?|e?mail|emails?|transcripts?|context|source|article|passage|"
    "excerpt|content|review|comment|post|conversation|chat|ticket|code|snippet|examples?|user_?(?:message|input|prompt)|"
    "prompt|input|request|candidate|sample|page|webpage|html|body|data|history|attachment|report|q|cite"
)

# A text to translate stands behind a colon; what is called the reader's own there is asked for, in whatever language.
_INTO: Final = r"(?:translate\b|translation of|locali[sz](?:e|ing)\b|put (?:this|these)|übersetz\w*|tradu\w+|vertaal|переве\w+|перекла\w+|翻译|[译訳])"
_TRANSLATED: Final = rf"{_INTO}[^\n:：.!?。]{{0,60}}(?:[:：]|。(?=\n))(?!\s*(?:your|what you|everything|deine|ihre|t[uao]s?\b|votre|sus?\b|твои|свои|ваши|你|あなた))"

_SEEN: Final = "(?:observed|seen|logged|recorded|reported|received|captured|found)"
_BELOW: Final = (
    "(?:(?:text|message|prompt|request|input|one|comment|e-?mail|post|ticket) below"
    "|following (?:user )?(?:text|message|prompt|request|input|comment|e-?mail|post|ticket|lines?)"
    "|each (?:line|message|prompt))"
)

# Everything that may open or close a span, each pattern of bounded length, in the folded text, in which letters stand where they
# stood; an earlier one goes before a later one that begins at the same place.
_MARK: Final = re.compile(
    r"(?!\B\w)(?:"  # within a word none begins
    r"(?P<fence>^[ \t]*(?:`{3,}|~{3,})[^\n`]{0,80}$|\"\"\"|'''|`{3})"
    r"|(?P<line>^[ \t]{0,8}>[^\n]*)"
    r"|(?P<log>^[ \t]{0,8}(?:\[?\d{4}-\d\d-\d\d[t ,]\d\d:\d\d|\[\d\d:\d\d|\d{1,3}(?:\.\d{1,3}){3}[ \t]"
    r"|\[(?:debug|info|warn|warning|error|trace|fatal)\]|[a-z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )[^\n]*)"
    r"|(?P<mail>^[ \t]*(?:-{2,}[ \t]*[^\W\d_][^\n-]{3,60}-{2,}[ \t]*$|begin forwarded message:"
    r"|(?:on|am|le|el|em|il|op|dnia|den)\b[^\n]{4,90}\b"
    r"(?:wrote|schrieb|écrit|escribió|escreveu|scritto|schreef|napisał|skrev)[^\n]{0,60}:[ \t]*$))"
    r"|(?P<returned>^[ \t]*(?:observation|tool (?:output|result|response)s?|function result|search results?|stdout|stderr"
    r"|log(?: excerpt| output)?)[ \t]*:)"
    rf"|(?P<seen>\b(?:was|were|is|been) {_SEEN}\b[^\n:]{{0,80}}:[ \t]*$)"
    rf"|(?P<below>\b{_BELOW}\b[^\n]{{0,200}}\n)"
    rf"|(?P<put>{_TRANSLATED})"
    r"|(?P<field>(?:^|(?<=[.?!。？！] ))(?:user message|message|input|prompt|text|source(?: text)?(?: \(\w+\))?|request|comment|post|ticket|e-?mail|review"
    r"|nachricht|eingabe|mensaje|mensagem|messaggio|сообщение|消息|文本|メッセージ|메시지)[ \t]*[:：])"
    rf"|(?P<open>[<\[](?P<name>{_RETURNED}|{_HELD_OUT})(?:[ \t][^<>\n]{{0,200}})?[>\]])"
    rf"|(?P<close>[<\[]/(?P<named>{_RETURNED}|{_HELD_OUT})[>\]])"
    r"|(?P<ends>(?<=\S)['’](?!\w))"
    r"|(?P<quote>[\"“”„«»‹›「」『』《》〝〞＂]|(?<!\w)['‘](?=\S)))",
    re.MULTILINE,
)
# Words within a line at which one may begin (`Heard.begins`), by what stands beside them;
_WORDED: Final = {
    "seen": re.compile(rf"\b(?=(?:was|were|is|been) {_SEEN}\b)"),
    "below": re.compile(rf"\b(?={_BELOW}\b)"),
    "put": re.compile(_INTO),
}
# all else begins at a sign or with a line or sentence (`beginnings`), at the earliest.

_CLOSING: Final = {
    '"': '"', "“": "”", "”": "”", "„": "“”", "«": "»", "»": "«", "‹": "›", "›": "‹", "「": "」", "『": "』",
    "《": "》", "〝": "〞", "＂": "＂", "'": "’", "‘": "’",
}  # fmt: skip
_NAMES: Final = {"open": "name", "close": "named"}
_BREAK: Final = re.compile(r"\n[ \t]*\n")
_TOOL: Final = re.compile(f"(?:{_RETURNED})$", re.IGNORECASE)


class Span(NamedTuple):
    """A stretch `[start, end)` of a text in other words than its writer's.

    Attributes:
        start: first character; `end` is past the last.
        returned: whether a machine gave it (a tool, a log), rather than the writer having set it apart.
    """

    start: int
    end: int
    returned: bool


class _Mark(NamedTuple):
    kind: str
    name: str
    start: int
    end: int


def _marks(texts: pa.Array, heard: Heard | None = None) -> Iterator[list[_Mark]]:
    """Of each text what `_MARK` finds one after the other in it folded, tried only where a mark may begin."""
    heard = heard or Heard(spelt(texts))
    worded = {name: heard.begins(name) for name in _WORDED}
    places, counts = beginnings(texts, worded["below"])
    for at, text in enumerate(texts.to_pylist()):
        words = [pattern for name, pattern in _WORDED.items() if worded[name][at]]
        here = places[counts[at] : counts[at + 1]]
        yield list(_found(folded(text), here.tolist(), words)) if len(here) or words else []


def _found(text: str, places: list[int], words: list[re.Pattern[str]]) -> Iterator[_Mark]:
    """The marks of a folded text."""
    within = (match.start() for begins in words for match in begins.finditer(text))
    end = 0
    for start in sorted({*places, *within}) if words else places:
        match = _MARK.match(text, start) if start >= end else None
        if match is not None:
            end = match.end()
            yield _mark(match)


def _mark(match: re.Match[str]) -> _Mark:
    kind = match.lastgroup or ""
    if kind == "ends":
        return _Mark("quote", "’", match.start(), match.end())
    name = match[_NAMES[kind]] if kind in _NAMES else match[0].strip()[:3]
    return _Mark(kind, name, match.start(), match.end())


class _Closers:
    """Where each kind of closing mark stands, so that one that never comes is not looked for twice."""

    def __init__(self, marks: list[_Mark], text: str) -> None:
        self.marks, self.text = marks, text
        self.places: dict[tuple[str, str], list[int]] = {}
        for place, mark in enumerate(marks):
            self.places.setdefault((mark.kind, mark.name), []).append(place)
        self.breaks = [match.start() for match in _BREAK.finditer(text)] + [len(text)]

    def after(self, place: int, kind: str, name: str) -> int | None:
        """The place of the first such mark past `place`."""
        places = self.places.get((kind, name), [])
        at = bisect_left(places, place + 1)
        return places[at] if at < len(places) else None

    def paragraph(self, start: int) -> int:
        """Where the paragraph that holds `start` ends."""
        return self.breaks[bisect_left(self.breaks, start)]

    def quoted(self, place: int) -> int | None:
        """The place of the mark that closes the quotation opened at `place`, within its paragraph."""
        mark = self.marks[place]
        ways = [self.after(place, "quote", name) for name in _CLOSING.get(mark.name, "")]
        last = min((way for way in ways if way is not None), default=None)
        return last if last is not None and self.marks[last].start < self.paragraph(mark.end) else None


def _single(mark: _Mark, closers: _Closers, length: int) -> Span | None:
    """The span that a mark opens which nothing closes."""
    if mark.kind in {"line", "log"}:
        return Span(mark.start, mark.end, mark.kind == "log")
    if mark.kind in {"mail", "below", "put"}:
        return Span(mark.start if mark.kind == "mail" else mark.end, length, returned=False)
    if mark.kind in {"returned", "seen", "field"}:
        return Span(mark.end, closers.paragraph(min(mark.end + 1, length)), mark.kind == "returned")
    return None


def _closing(place: int, closers: _Closers) -> int | None:
    """The place of the mark that closes the one at `place`."""
    mark = closers.marks[place]
    if mark.kind == "fence":
        return closers.after(place, "fence", mark.name)
    if mark.kind == "open":
        return closers.after(place, "close", mark.name)
    return closers.quoted(place) if mark.kind == "quote" else None


def _long_enough(mark: _Mark, closing: _Mark, text: str) -> bool:
    least = _LEAST_UNSPACED if text[mark.end] >= _FIRST_UNSPACED else _LEAST_QUOTED
    return mark.kind != "quote" or closing.start - mark.end >= least


def _from(place: int, closers: _Closers, length: int) -> tuple[Span | None, int]:
    """The span that opens at this mark, if one does, and the first place after it."""
    mark = closers.marks[place]
    last = _closing(place, closers)
    if last is None:
        alone = _single(mark, closers, length)
        return alone, len(closers.marks) if alone is not None and alone.end == length else place + 1
    closing = closers.marks[last]
    if not _long_enough(mark, closing, closers.text):
        return None, last + 1
    returned = mark.kind == "open" and _TOOL.match(mark.name) is not None
    return Span(mark.start, closing.end, returned), last + 1


def _walk(text: str, marks: list[_Mark]) -> Iterator[Span]:
    closers = _Closers(marks, text)
    place = 0
    while place < len(closers.marks):
        span, place = _from(place, closers, len(text))
        if span is not None:
            yield span


def foreign_spans(texts: pa.Array, heard: Heard | None = None) -> list[list[Span]]:
    """The spans of each text in other words than its writer's, by where they start; time is linear in the texts.

    One may lie within another, as a quotation does in a labelled field, or reach out of it.

    Args:
        texts: strings without null.
        heard: the same texts, where they were heard already.
    """
    return [
        list(_walk(text, marks)) if marks else []
        for text, marks in zip(texts.to_pylist(), _marks(texts, heard), strict=True)
    ]


def without(text: str, spans: list[Span]) -> str:
    """`text` with each of the spans replaced by a blank."""
    kept, at = [], 0
    for span in spans:
        kept.append(text[at : span.start])
        at = max(at, span.end)
    return " ".join([*kept, text[at:]])
