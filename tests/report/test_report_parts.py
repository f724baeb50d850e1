"""The parts of the page: words, buckets, inert text, pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.report import charts, words
from revenuer.report.buckets import bucketed
from revenuer.report.inert import cell, inert, shortened
from revenuer.report.network import HEIGHT, NODES_DRAWN, WIDTH, draw_network, layout
from revenuer.report.overview import _bans, _traffic
from revenuer.report.svg import Spec, draw
from revenuer.report.words import parsed
from revenuer.summary import BanDay, Network, NetworkNode, ScanSummary, TrafficSeries

NAN = float("nan")
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
SCRIPTS = ("مرحبا", "שלום", "नमस्ते क्षि", PERSIAN, "日本語テスト", "é à ñ", "👩\u200d💻 ok")


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0%"), (0.0004, "<0.1%"), (0.004, "0.4%"), (0.05, "5%"), (0.5, "50%"), (0.9999, "99.9%"), (1.0, "100%")],
)
def test_percent_neither_hides_a_trace_nor_claims_a_whole(share: float, expected: str) -> None:
    """A trace is not 0 %, and almost all is not 100 %."""
    assert words.percent(share).replace("\u202f", "") == expected


@pytest.mark.parametrize("form", [words.percent, words.number, words.strength, words.odds])
def test_what_is_no_number_is_a_dash(form: object) -> None:
    """A figure that is not a number is shown as a dash, not as `nan`."""
    assert callable(form)
    assert form(NAN) == "\u2013"


@pytest.mark.parametrize(
    ("log10_ratio", "expected"),
    [
        (0.3, "2 to 1"),
        (2.0, "100 to 1"),
        (4.2, "16,000 to 1"),
        (-1.0, "10 to 1 against"),
        (-0.01, "1 to 1"),
        (12.0, "more than a billion to 1"),
    ],
)
def test_odds_are_rounded_to_what_they_can_carry(log10_ratio: float, expected: str) -> None:
    """Likelihood ratios are told with two significant figures at most."""
    assert words.odds(log10_ratio) == expected


def test_a_strength_that_rounds_to_nothing_speaks_for_nobody() -> None:
    """A log ratio of -0.02 is shown without a sign and does not speak against anything; -0.06 does."""
    assert (words.strength(-0.02), words.strength_word(-0.02)) == ("0.0", "says little")
    assert (words.strength(-0.06), words.strength_word(-0.06)) == ("\u22120.1", "speaks against")


def test_confidence_below_one_never_reads_one() -> None:
    """0.9999 is shown as above 0.99; only certainty itself reads 1.00."""
    assert [words.sure(x) for x in (0.5, 0.994, 0.9999, 0.999999, 1.0, NAN)] == [
        "0.50",
        "0.99",
        ">0.99",
        ">0.99",
        "1.00",
        "0.00",
    ]


def test_periods_say_nothing_twice() -> None:
    """A period names month and year once where both ends share them, and keeps text that is no time."""
    spaced = [
        words.period("2026-05-03T01:00:00Z", "2026-05-03T09:00:00Z"),
        words.period("2026-05-03T01:00:00Z", "2026-05-09T09:00:00Z"),
        words.period("2026-05-03T01:00:00Z", "2026-06-09T09:00:00Z"),
        words.period("2025-12-30T01:00:00Z", "2026-01-02T09:00:00Z"),
        words.period("soon", None),
    ]
    assert [text.replace("\u00a0", " ") for text in spaced] == [
        "3 May 2026",
        "3 to 9 May 2026",
        "3 May to 9 June 2026",
        "30 December 2025 to 2 January 2026",
        "soon to unknown",
    ]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=400), st.integers(1, 48), st.integers(1, 120))
def test_buckets_keep_every_count(counts: list[int], hours: int, most: int) -> None:
    """Summing neighbours loses nothing, and gives no more buckets than asked for."""
    found = bucketed("2026-05-01T00:00:00Z", hours, (counts, counts[: len(counts) // 2]), most)
    assert found is not None
    assert [sum(series) for series in found.counts] == [sum(counts), sum(counts[: len(counts) // 2])]
    assert len(found.rows) == len(found.edges) - 1 <= most


@pytest.mark.parametrize(
    ("start", "hours"), [("never", 1), ("2026-05-01", 0), ("2026-05-01", -3), ("9999-12-30", 8000)]
)
def test_buckets_without_a_usable_time_are_none(start: str, hours: int) -> None:
    """A start that is no time, or a width that cannot be, gives no chart instead of an error."""
    assert bucketed(start, hours, ((1, 2, 3),), 10) is None


@given(st.text())
def test_inert_text_can_be_written_and_holds_no_control(text: str) -> None:
    """Whatever the text, the result is UTF-8 without control characters, and doing it twice changes nothing."""
    shown = inert(text)
    shown.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert inert(shown) == shown


@pytest.mark.parametrize("text", SCRIPTS)
def test_every_script_stays_as_it_is(text: str) -> None:
    """Letters, marks and joiners of every script pass unchanged: only what hides is spelled out."""
    assert inert(text) == text


def test_cells_are_one_line_and_no_formula() -> None:
    """A cell is one line, and what a spreadsheet would run gets an apostrophe."""
    assert cell("a\n\tb ") == "a b"
    assert [cell(text) for text in ("=1", " \n=1", "+1", "-1", "@x", "x=1")] == [
        "'=1",
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "x=1",
    ]
    assert shortened("abcdef", 4) == "abc…"


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.data())
def test_layout_stays_in_the_frame_and_repeats(size: int, data: st.DataObject) -> None:
    """Every node lies within the picture, and the same graph gets the same places."""
    ends = st.integers(0, size - 1)
    edges = data.draw(st.lists(st.tuples(ends, ends), max_size=80))
    points = layout(size, edges)
    assert np.isfinite(points).all()
    assert (points >= 0).all()
    assert (points <= [WIDTH, HEIGHT]).all()
    assert (layout(size, edges) == points).all()


def test_network_draws_shared_things_first() -> None:
    """Past the limit accounts are left out before what they share, and the picture counts them."""
    nodes = (*(NetworkNode("account", f"a{i}") for i in range(400)), NetworkNode("payment", "card", 400.0))
    picture = draw_network(Network(nodes, tuple((i, 400, 1.0) for i in range(400)), 400))
    assert picture is not None
    assert picture.left_out == 401 - NODES_DRAWN
    assert [(kind, count) for _, kind, count in picture.legend] == [("account", NODES_DRAWN - 1), ("payment", 1)]
    assert picture.shared == (("payment", "card", NODES_DRAWN - 1),)


def test_an_empty_network_is_no_picture() -> None:
    """Nothing to draw gives none."""
    assert draw_network(Network(())) is None


def test_pictures_share_no_id_and_follow_the_page() -> None:
    """Ids carry the picture's name, and no fixed colour, font or class is left in a chart of the report."""
    clipped: Spec = {
        "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
        "mark": {"type": "line", "clip": True},
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
    }
    first, second = str(draw(clipped, "first")), str(draw(clipped, "second"))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert set(re.findall(r"url\(#([^)]+)\)", first)) <= ids[0]
    chart = str(draw(charts.hours_of_day([1 / 24] * 24, [1 / 24] * 24), "hours"))
    assert not re.search(r'class=|font-family=|"#[0-9a-fA-F]{3,8}"|"(black|white)"', chart)


def test_release_labels_never_cross_a_later_line() -> None:
    """A label stands above every later release that lies within its width."""
    start, end = parsed("2026-05-01"), parsed("2026-06-01")
    assert start is not None
    assert end is not None
    days = ("2026-05-10", "2026-05-11", "2026-05-11", "2026-05-30")
    marks = [charts.Mark(at, "harbour-3-large") for text in days if (at := parsed(text))]
    assert charts._lanes(marks, (start, end)) == [2, 1, 0, 0]


def test_actions_of_one_day_are_added() -> None:
    """Bans and limits of a day are one stem in the timeline; a day that is no date is passed over."""
    actions = (BanDay("2026-05-02", "ban", 3), BanDay("2026-05-02", "limit", 4), BanDay("soon", "ban", 9))
    assert [count for _, count in _bans(ScanSummary(enforcement=actions))] == [7]


def test_more_extraction_than_traffic_is_not_drawn_below_nought() -> None:
    """Series that disagree, or differ in length, still give counts of nought or more."""
    found = _traffic(ScanSummary(series=TrafficSeries("2026-05-01T00:00:00Z", 24, (5, 1, 4), (2, 3))))
    assert found is not None
    assert found.counts == ((2, 3, 0), (3, 0, 4))


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        ("L14 template vendor", ("L14", "template vendor")),
        ("viral or published prompt", ("", "viral or published prompt")),
        ("L14", ("", "L14")),
        ("Lots of L14", ("", "Lots of L14")),
    ],
)
def test_the_code_of_a_workload_is_told_from_its_name(hypothesis: str, expected: tuple[str, str]) -> None:
    """Only a leading L and a number are a code; a name stays whole."""
    assert words.code_of(hypothesis) == expected


def test_heads_of_columns_can_break_and_say_the_same() -> None:
    """Room to break adds nothing that is seen."""
    for name in ("trace_reconstruction", "orchestration", "cot_elicitation", "general_instruction", "coding"):
        shown = words.heading(words.capability(name))
        assert shown.replace("\u00ad", "") == words.capability(name)
    assert "\u00ad" in words.heading(words.capability("orchestration"))


def test_names_in_a_network_do_not_lie_on_each_other() -> None:
    """Where many shared things crowd in the middle, some go without a name rather than none being readable."""
    things = tuple(NetworkNode("frame", f"template {i}", 50.0) for i in range(10))
    nodes = (*things, *(NetworkNode("account", f"a{i}") for i in range(100)))
    picture = draw_network(Network(nodes, tuple((10 + a, i, 1.0) for a in range(100) for i in range(10)), 100))
    assert picture is not None
    named = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="(\w+)"[^>]*>([^<]+)<', str(picture.svg))
    assert named
    boxes = []
    for x, y, anchor, name in named:
        left = float(x) - (0 if anchor == "start" else 6.2 * len(name))
        boxes.append((left, float(y), left + 6.2 * len(name)))
    apart = [
        a[2] <= b[0] or b[2] <= a[0] or abs(a[1] - b[1]) >= 15 for i, a in enumerate(boxes) for b in boxes[i + 1 :]
    ]
    assert all(apart)


def test_heavy_nodes_keep_further_apart() -> None:
    """Things that every account uses do not fall into one heap."""
    edges = [(a, thing) for a in range(4, 64) for thing in range(4)]

    def spread(points: np.ndarray) -> float:
        return float(np.linalg.norm(points[:4] - points[:4].mean(axis=0), axis=1).mean())

    assert spread(layout(64, edges, [4.0] * 4 + [1.0] * 60)) > 1.3 * spread(layout(64, edges))
