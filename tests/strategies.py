"""Hypothesis strategies of the domain: prompts in many scripts, hostile text, batches of exchanges, tables of usage."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import strategies as st

from revenuer.linkage.templates import Templates
from revenuer.schema import EXCHANGES

Counts = npt.NDArray[np.int64]

WORDS = {
    "latin": ("write", "Story", "résumé", "Łódź", "straße", "đường", "naïve", "over", "the", "winter"),
    "cyrillic": ("напиши", "Рассказ", "зима", "Ёлка", "город", "їжак"),
    "greek": ("γράψε", "Ιστορία", "χειμώνας", "Άνοιξη"),
    "arabic": ("اكتب", "قصة", "الشتاء", "مدينة"),
    "hebrew": ("כתוב", "סיפור", "חורף"),
    "devanagari": ("कहानी", "लिखो", "सर्दी", "शहर"),
    "han": ("写", "故事", "冬天", "城市"),
    "kana": ("ふゆ", "ものがたり", "カタカナ"),
    "hangul": ("겨울", "이야기", "도시"),
    "thai": ("เขียน", "เรื่อง", "ฤดูหนาว"),
    "emoji": ("🙂", "👩‍💻", "❤️"),
}
NUMBERS = ("7", "1984", "3,141", "٤٢", "१२३", "\uff11\uff12", "-5.0e3")
MARKS = (", ", ". ", "? ", "\n\n", "\t", " — ", "؟ ", "، ", "। ", "。", "\uff01", " ")

HOSTILE = (
    "",
    "\x00",
    "a\x00b\x00",
    "<script>alert('x')</script>",
    "<img src=x onerror=alert(1)> {{7*7}} ${7*7}",
    "\x1b[31mred\x1b[0m \x1b]8;;http://example.org\x07link\x1b]8;;\x07",
    "'; DROP TABLE fingerprints; --",
    "\ufeff\u200b\u200e\u202e\u2066",
    "\ufffd\uffff\ufffe",
    "é" * 3 + "\u0301" * 500,
    "\U0010ffff\U000e0001\U0001f468",
    "a" * 70_000,
    "0123456789" * 5_000,
    "好" * 20_000,
    "word " * 20_000,
)


def any_text(max_size: int = 200) -> st.SearchStrategy[str]:
    """Any text that UTF-8 can carry, NULs and unassigned characters included."""
    return st.text(st.characters(codec="utf-8"), max_size=max_size)


def prompts() -> st.SearchStrategy[str]:
    """A few words of a few scripts, with numbers and marks between them."""
    word = st.sampled_from([word for script in WORDS.values() for word in script] + list(NUMBERS))
    pair = st.tuples(word, st.sampled_from(MARKS))
    return st.lists(pair, max_size=12).map(lambda pairs: "".join(word + mark for word, mark in pairs))


def hostile_texts() -> st.SearchStrategy[str]:
    """Text that is meant to break something."""
    return st.one_of(st.sampled_from(HOSTILE), any_text())


def texts() -> st.SearchStrategy[str | None]:
    """What a text column may hold."""
    return st.one_of(st.none(), prompts(), hostile_texts())


def text_arrays(max_size: int = 8) -> st.SearchStrategy[pa.Array]:
    """String arrays as readers make them: 32- and 64-bit offsets, nulls, slices of larger ones."""

    def build(values: list[str | None], width: pa.DataType, cut: int) -> pa.Array:
        array = pa.array(values, width)
        return array.slice(min(cut, len(array)))

    widths = st.sampled_from((pa.string(), pa.large_string()))
    return st.builds(build, st.lists(texts(), max_size=max_size), widths, st.integers(0, 3))


_OPTIONAL = {
    pa.string(): st.one_of(st.none(), st.sampled_from(("a", "b", "ok", "10.1.2.3", "2001:db8::1")), any_text(12)),
    pa.int32(): st.one_of(st.none(), st.integers(0, 2**31 - 1)),
    pa.float32(): st.one_of(st.none(), st.floats(0, 2, width=32)),
    pa.bool_(): st.one_of(st.none(), st.booleans()),
    pa.list_(pa.string()): st.one_of(st.none(), st.lists(st.sampled_from(("r1", "r2")), max_size=3)),
}
_TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def exchange_batches(draw: st.DrawFn, max_size: int = 8) -> pa.RecordBatch:
    """Batches in the schema of exchanges: required columns filled, others as they come; ids differ."""
    count = draw(st.integers(0, max_size))
    rows: list[dict[str, Any]] = []
    for number in range(count):
        row = {field.name: draw(_OPTIONAL[field.type]) for field in EXCHANGES if field.type in _OPTIONAL}
        row |= {
            "exchange_id": f"x{number}",
            "ts": draw(_TIMES),
            "account_id": draw(st.sampled_from(("acct-1", "acct-2", "acct-3"))),
            "prompt": draw(texts()) or "",
            "system": draw(texts()),
            "response": draw(texts()),
        }
        rows.append(row)
    return pa.RecordBatch.from_pylist(rows, EXCHANGES)


def usage_tables(most_accounts: int = 12, most_templates: int = 6) -> st.SearchStrategy[Counts]:
    """Requests of each account in each template, shape (accounts, templates); every template is used by someone."""

    def build(shape: tuple[int, int], seed: int, share: float) -> Counts:
        rng = np.random.default_rng(seed)
        counts = rng.integers(1, 30, shape) * (rng.random(shape) < share)
        counts[0] = np.maximum(counts[0], 1)
        return counts.astype(np.int64)

    shapes = st.tuples(st.integers(1, most_accounts), st.integers(1, most_templates))
    return st.builds(build, shapes, st.integers(0, 2**32 - 1), st.floats(0.05, 1.0))


def templates_of(counts: Counts) -> Templates:
    """`Templates` from requests of each account in each template: new tasks by their text; all else is nought."""
    template, account = np.nonzero(counts.T)
    columns: dict[str, Any] = {
        "ids": np.arange(1, counts.shape[1] + 1),
        "exchanges": counts.sum(axis=0),
        "accounts": (counts > 0).sum(axis=0),
        "entities": (counts > 0).sum(axis=0),
        "extraction": np.full(counts.shape[1], 0.9),
        "novelty": np.ones(counts.shape[1]),
        "edge_account": account,
        "edge_template": template,
        "edge_exchanges": counts.T[template, account],
    }
    blank = {"edge_": np.zeros(len(template)), "": np.zeros(counts.shape[1])}
    for field in fields(Templates):
        prefix = "edge_" if field.name.startswith("edge_") else ""
        whole = "I64" in str(field.type)
        columns.setdefault(field.name, blank[prefix].astype(np.int64) if whole else blank[prefix])
    return Templates(**{field.name: columns[field.name] for field in fields(Templates)})
