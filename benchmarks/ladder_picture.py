"""The ladder as a picture: a column of panels for each factor, what is found above, who is wrongly flagged below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["picture"]

Spec = dict[str, Any]
Result = dict[str, Any]

VERSION = "6.4"
STEP = 46
COLUMNS = 4
POOLED = "all"
# Okabe and Ito's colours, told apart by most eyes; the pooled figure is dark and has the interval.
COLOURS = ("#222222", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
INK, MUTED, RULE = "#222222", "#666666", "#dddddd"
CONFIG: Spec = {
    "background": "#ffffff",
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "titleFontWeight": "normal",
        "gridColor": RULE,
        "domainColor": RULE,
        "tickColor": RULE,
    },
    "axisX": {"grid": False, "labelAngle": 0},
    "title": {"fontSize": 12, "color": INK, "anchor": "start"},
    "legend": {"labelColor": INK, "title": None, "orient": "top"},
}
SHORT = {"by archetype": "default", "behind prefixes": "prefix"}
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_LABELS = re.compile(r' (?:role|aria-\w+)="[^"]*"')  # one for each point; the tables beside the picture say more
NONE_FLAGGED = 1e-5  # where a rate of nought is drawn on an axis of powers of ten


def picture(steps: Sequence[Result]) -> str:
    """The steps as an SVG of its own; the base stands in every factor and has no panel unless it is all there is."""
    import vl_convert  # noqa: PLC0415  (large: a child's memory is measured from what its parent holds)

    factors = list(dict.fromkeys(step["factor"] for step in steps))
    shown = [factor for factor in factors if factor != "base"] or factors
    columns = [_factor(factor, [step for step in steps if step["factor"] == factor]) for factor in shown]
    spec: Spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": CONFIG,
        "columns": COLUMNS,
        "concat": columns,
    }
    drawn = str(vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[]))
    return _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", _LABELS.sub("", drawn)) + "\n"


def _factor(name: str, steps: Sequence[Result]) -> Spec:
    order = [_label(step) for step in steps]
    width = STEP * max(len(order), 2)
    return {"title": name, "spacing": 4, "vconcat": [_found(steps, order, width), _flagged(steps, order, width)]}


def _label(step: Result) -> str:
    value = str(step["value"]).replace(" in several wordings", "")
    return SHORT.get(value, value)


def _x(order: Sequence[str], *, labels: bool) -> Spec:
    axis: Spec = {"title": None, "labels": labels, "ticks": labels}
    return {"field": "value", "type": "nominal", "sort": list(order), "scale": {"type": "point"}, "axis": axis}


def _found(steps: Sequence[Result], order: Sequence[str], width: int) -> Spec:
    """Share of accounts found: all with their interval, each archetype as a line."""
    rows = [{"value": _label(s), "series": POOLED, **_rate(s["rates"]["accounts, 5+"])} for s in steps]
    parts = [{"value": _label(s), "series": k, **_rate(r)} for s in steps for k, r in s["archetypes"].items()]
    series = [POOLED, *dict.fromkeys(row["series"] for row in parts)]
    y: Spec = {"field": "rate", "type": "quantitative", "scale": {"domain": [0, 1]}}
    y["axis"] = {"title": "accounts found", "tickCount": 3, "format": ".1f"}
    colour: Spec = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": series, "range": list(COLOURS[: len(series)])},
    }
    x = _x(order, labels=False)
    thin: Spec = {"type": "line", "strokeWidth": 1.2, "point": {"size": 18}}
    thick: Spec = {"type": "line", "strokeWidth": 2.5, "point": {"size": 40}}
    bar: Spec = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour}
    layers = [
        {"data": {"values": parts}, "mark": thin, "encoding": {"x": x, "y": y, "color": colour}},
        {"data": {"values": rows}, "mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": bar},
        {"data": {"values": rows}, "mark": thick, "encoding": {"x": x, "y": y, "color": colour}},
    ]
    return {"width": width, "height": 110, "layer": layers}


def _flagged(steps: Sequence[Result], order: Sequence[str], width: int) -> Spec:
    """Share of legitimate accounts that are flagged; hollow where none is, with the upper end of the interval."""
    rows = [{"value": _label(s), **_rate(s["rates"]["legitimate flagged"])} for s in steps]
    for row in rows:
        row |= {"none": row["rate"] == 0, "rate": max(row["rate"], NONE_FLAGGED), "low": max(row["low"], NONE_FLAGGED)}
    y: Spec = {"field": "rate", "type": "quantitative", "scale": {"type": "log", "domain": [NONE_FLAGGED, 1e-1]}}
    y["axis"] = {"title": "legit. flagged", "values": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1], "format": ".0e"}
    x = _x(order, labels=True)
    fill: Spec = {"condition": {"test": "datum.none", "value": "#ffffff"}, "value": INK}
    point: Spec = {"type": "point", "filled": True, "opacity": 1, "size": 45, "stroke": INK, "strokeWidth": 1.2}
    layers = [
        {
            "mark": {"type": "rule", "color": MUTED},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {"mark": point, "encoding": {"x": x, "y": y, "fill": fill}},
    ]
    return {"data": {"values": rows}, "width": width, "height": 80, "layer": layers}


def _rate(rate: Result) -> Spec:
    """Point and interval; a step without cases draws nothing."""
    return (
        {"rate": rate["value"], "low": rate["low"], "high": rate["high"]}
        if rate["total"]
        else {"rate": None, "low": None, "high": None}
    )
