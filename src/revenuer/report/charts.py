"""What the report draws with Vega-Lite: traffic over time, lives of campaigns, activity, hours of the day, sign-ups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revenuer.report.buckets import Buckets
from revenuer.report.inert import shortened
from revenuer.report.svg import Spec

__all__ = ["Life", "Mark", "activity", "hours_of_day", "signups", "timeline"]

_EXTRACTION: Final = "var(--extraction)"
_OTHER: Final = "var(--other)"
_INK: Final = "var(--ink)"
_MUTED: Final = "var(--muted)"
_RULE: Final = "var(--rule)"
_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_WIDTH: Final = 720
_LABEL: Final = 11
_LABEL_LENGTH: Final = 24
_DASHED: Final = {"type": "rule", "color": _MUTED, "strokeDash": [2, 2]}
# An expression, because the scale's own formatter writes nought as `0k` beside `1k`; no ticks between whole numbers.
_COUNTS: Final = {"labelExpr": "format(datum.value, '~s')", "tickMinStep": 1, "title": None}
_TURN: Final = {
    "type": "point",
    "shape": "diamond",
    "filled": True,
    "opacity": 1,
    "size": 80,
    "fill": "var(--panel)",
    "stroke": _INK,
    "strokeWidth": 1.5,
}

_AXIS: Final = {
    "labelColor": _MUTED,
    "titleColor": _MUTED,
    "titleFontWeight": "normal",
    "labelFontSize": _LABEL,
    "titleFontSize": _LABEL,
    "domainColor": _RULE,
    "tickColor": _RULE,
    "gridColor": _RULE,
}
_CONFIG: Final = {
    "aria": False,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": _AXIS,
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "text": {"fill": _INK, "fontSize": _LABEL},
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment: a release, a pivot, a succession."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Life:
    """A campaign as a bar from its first to its last exchange, with the successions in it."""

    name: str
    first: datetime
    last: datetime
    confidence: float
    successions: tuple[datetime, ...] = ()


def timeline(
    traffic: Buckets | None,
    lives: Sequence[Life],
    releases: Sequence[Mark],
    bans: Sequence[tuple[datetime, int]],
) -> Spec | None:
    """Traffic, enforcement and the lives of campaigns on one axis of time; none where that shows nothing."""
    span = _span(traffic, lives)
    if span is None or (traffic is None and len(lives) < 2):
        return None
    inside = [mark for mark in releases if span[0] <= mark.at <= span[1]]
    acted = [(at, count) for at, count in bans if span[0] <= at <= span[1]]
    panels = [
        _stacked(traffic, span, height=150) if traffic else None,
        _bans(acted, span) if acted else None,
        _lives(lives, span) if lives else None,
    ]
    drawn = [_with_rules(panel, inside) for panel in panels if panel is not None]
    labels = [_releases(inside, span)] if inside else []
    return _finished({"vconcat": [*labels, *drawn], "spacing": 6})


def activity(counts: Buckets, releases: Sequence[Mark], turns: Sequence[datetime]) -> Spec:
    """One campaign's exchanges over time, stacked (first series extraction, second the rest); `turns`: successions."""
    span = counts.edges[0], counts.edges[-1]
    inside = [mark for mark in releases if span[0] <= mark.at <= span[1]]
    panel = _with_rules(_stacked(counts, span, height=130), inside)
    shown = [{"t": _iso(at)} for at in turns if span[0] <= at <= span[1]]
    if shown:
        panel["layer"].append({"data": {"values": shown}, "mark": {**_TURN, "y": -1}, "encoding": {"x": _time(span)}})
    return _finished({"vconcat": [_releases(inside, span), panel] if inside else [panel], "spacing": 4})


def hours_of_day(campaign: Sequence[float], population: Sequence[float]) -> Spec:
    """Shares by hour of the day (UTC): the campaign's extraction as bars, everybody as a line."""
    bars = [{"h": h, "h1": h + 1, "share": share} for h, share in enumerate(campaign)]
    line = [{"h": h, "share": share} for h, share in enumerate([*population, *population[-1:]])]
    x = {"field": "h", "type": "quantitative", "scale": {"domain": [0, 24], "nice": False}}
    x["axis"] = {"values": [0, 6, 12, 18, 24], "title": "hour of day, UTC", "grid": False}
    y = {"field": "share", "type": "quantitative", "axis": {"format": ".0%", "tickCount": 3, "title": None}}
    columns = {"type": "rect", "color": _EXTRACTION, "opacity": 0.85, "xOffset": 0.5, "x2Offset": -0.5}
    everybody = {"type": "line", "interpolate": "step-after", "color": _INK, "strokeWidth": 1.5}
    layers: list[Spec] = [
        {
            "data": {"values": bars},
            "mark": columns,
            "encoding": {"x": x, "x2": {"field": "h1"}, "y": y, "y2": {"datum": 0}},
        }
    ]
    if population:
        layers.append({"data": {"values": line}, "mark": everybody, "encoding": {"x": x, "y": y}})
    return _finished({"width": 330, "height": 110, "layer": layers})


def signups(counts: Buckets) -> Spec:
    """Accounts of a campaign by when they were made."""
    panel = _stacked(counts, (counts.edges[0], counts.edges[-1]), height=110, width=330, colours=["var(--observed)"])
    return _finished(panel)


def _finished(spec: Spec) -> Spec:
    return {"$schema": _SCHEMA, "config": _CONFIG, "padding": {"left": 10, "right": 10, "top": 4, "bottom": 4}, **spec}


def _stacked(
    counts: Buckets,
    span: tuple[datetime, datetime],
    *,
    height: int,
    width: int = _WIDTH,
    colours: Sequence[str] = (_EXTRACTION, _OTHER),
) -> Spec:
    # Steps, not bars: one path for a whole series keeps a page of twenty campaigns small.
    layers = []
    below = [0] * len(counts.counts[0])
    for series, colour in zip(counts.counts, colours, strict=False):
        above = [low + count for low, count in zip(below, series, strict=True)]
        layers.append(_steps(counts.edges, below, above, colour, span))
        below = above
    return {"width": width, "height": height, "layer": layers}


def _steps(
    edges: Sequence[datetime], below: Sequence[int], above: Sequence[int], colour: str, span: tuple[datetime, datetime]
) -> Spec:
    lows, highs = [*below, below[-1]], [*above, above[-1]]
    rows = [{"t": _iso(at), "y": high, "y2": low} for at, low, high in zip(edges, lows, highs, strict=True)]
    y = {"field": "y", "type": "quantitative", "axis": {**_COUNTS, "tickCount": 3}}
    return {
        "data": {"values": rows},
        "mark": {"type": "area", "interpolate": "step-after", "color": colour, "line": False},
        "encoding": {"x": _time(span), "y": y, "y2": {"field": "y2"}},
    }


def _bans(bans: Iterable[tuple[datetime, int]], span: tuple[datetime, datetime]) -> Spec:
    rows = [{"t": _iso(at), "accounts": count} for at, count in bans]
    y = {"field": "accounts", "type": "quantitative", "axis": {**_COUNTS, "tickCount": 2, "title": "actions"}}
    stem = {"type": "rule", "strokeWidth": 3, "color": _INK}
    encoding = {"x": _time(span, axis=False), "y": y, "y2": {"datum": 0}}
    return {"width": _WIDTH, "height": 40, "layer": [{"data": {"values": rows}, "mark": stem, "encoding": encoding}]}


def _lives(lives: Sequence[Life], span: tuple[datetime, datetime]) -> Spec:
    # The row number goes before the name: two campaigns with one name keep two rows.
    rows = [
        {"row": i, "t": _iso(life.first), "t2": _iso(life.last), "confidence": life.confidence}
        for i, life in enumerate(lives)
    ]
    names = [{"row": i, "name": shortened(f"{i + 1}  {life.name}", 26)} for i, life in enumerate(lives)]
    turns = [{"row": i, "t": _iso(at)} for i, life in enumerate(lives) for at in life.successions]
    y = {"field": "row", "type": "ordinal", "axis": None, "scale": {"padding": 0.35}}
    bar = {"type": "bar", "color": _EXTRACTION, "cornerRadius": 2}
    name = {"type": "text", "align": "right", "x": -8, "baseline": "middle", "color": _INK}
    layers: list[Spec] = [
        {"data": {"values": rows}, "mark": bar, "encoding": {"x": _time(span), "x2": {"field": "t2"}, "y": y}},
        {"data": {"values": names}, "mark": name, "encoding": {"text": {"field": "name"}, "y": y}},
    ]
    if turns:
        layers.append(
            {"data": {"values": turns}, "mark": {**_TURN, "size": 50}, "encoding": {"x": _time(span), "y": y}}
        )
    return {"width": _WIDTH, "height": 20 * len(lives), "layer": layers}


def _releases(releases: Sequence[Mark], span: tuple[datetime, datetime]) -> Spec:
    lanes = _lanes(releases, span)
    rows = [
        {"t": _iso(mark.at), "lane": lane, "label": shortened(mark.label, _LABEL_LENGTH)}
        for mark, lane in zip(releases, lanes, strict=True)
    ]
    y = {"field": "lane", "type": "quantitative", "axis": None, "scale": {"domain": [-0.7, max(lanes) + 0.5]}}
    x = _time(span, axis=False)
    text = {"type": "text", "align": "left", "dx": 4, "baseline": "middle", "color": _MUTED}
    layers = [
        {"mark": _DASHED, "encoding": {"x": x, "y": y, "y2": {"datum": -0.7}}},
        {"mark": text, "encoding": {"x": x, "y": y, "text": {"field": "label"}}},
    ]
    return {"data": {"values": rows}, "width": _WIDTH, "height": 14 * (1 + max(lanes)), "layer": layers}


def _lanes(marks: Sequence[Mark], span: tuple[datetime, datetime]) -> list[int]:
    """How high each label stands (time runs along the marks): above every later mark that lies within its width.

    A mark's line goes down from its label, so that no line crosses a label.
    """
    whole = max((span[1] - span[0]).total_seconds(), 1.0)
    places = [(mark.at - span[0]).total_seconds() / whole * _WIDTH for mark in marks]
    lanes = [0] * len(marks)
    for i in reversed(range(len(marks))):
        end = places[i] + 10 + 6.5 * min(len(marks[i].label), _LABEL_LENGTH)
        under = [lanes[j] for j in range(i + 1, len(marks)) if places[j] < end]
        lanes[i] = 1 + max(under, default=-1)
    return lanes


def _with_rules(panel: Spec, releases: Sequence[Mark]) -> Spec:
    if not releases:
        return panel
    rows = [{"t": _iso(mark.at)} for mark in releases]
    x = panel["layer"][0]["encoding"]["x"]
    return {**panel, "layer": [{"data": {"values": rows}, "mark": _DASHED, "encoding": {"x": x}}, *panel["layer"]]}


def _span(traffic: Buckets | None, lives: Sequence[Life]) -> tuple[datetime, datetime] | None:
    times = [*(traffic.edges if traffic else ()), *(t for life in lives for t in (life.first, life.last))]
    return (min(times), max(times)) if times and min(times) < max(times) else None


def _time(span: tuple[datetime, datetime], *, axis: bool = True) -> dict[str, Any]:
    scale = {"type": "utc", "domain": [_iso(span[0]), _iso(span[1])], "nice": False}
    days = (span[1] - span[0]).days
    words = "%b %Y" if days >= 300 else "%-d %b" if days >= 3 else "%-d %b %H:%M"
    shown = {"title": None, "grid": False, "tickCount": 8, "labelOverlap": True, "format": words} if axis else None
    return {"field": "t", "type": "temporal", "scale": scale, "axis": shown}


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
