"""The reliability diagram: what the model says of its likeliest capability against how often that is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["diagram"]

_SIDE: Final = 320
_LEFT: Final = 52
_TOP: Final = 34
_WIDTH: Final = _LEFT + _SIDE + 20
_HEIGHT: Final = _TOP + _SIDE + 46
# Okabe and Ito's colours, told apart by most eyes.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_FONT: Final = 'font-family="sans-serif" font-size="11" fill="#222222"'
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_LARGEST: Final = 9.0  # radius of a point that holds half of the weight


def diagram(curves: Mapping[str, Mapping[str, Any]]) -> str:
    """An SVG with one line for each curve.

    Args:
        curves: name to what `reliability` returns: `error`, and `bins` of [mean said, share true, share of the weight].
            The larger a point, the more weight it stands for.
    """
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_axes(),
    ]
    for number, (name, curve) in enumerate(sorted(curves.items())):
        colour = _COLOURS[number % len(_COLOURS)]
        lines += _curve(curve["bins"], colour)
        label = f"{name}: error {curve['error']:.3f}"
        lines.append(f'<text x="{_LEFT + 8}" y="{_TOP + 16 + 15 * number}" fill="{colour}">{label}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _at(said: float, true: float) -> tuple[str, str]:
    return f"{_LEFT + said * _SIDE:.1f}", f"{_TOP + (1 - true) * _SIDE:.1f}"


def _axes() -> list[str]:
    lines = []
    for tick in _TICKS:
        x, y = _at(tick, tick)
        lines.append(f'<path d="M{x} {_TOP}V{_TOP + _SIDE}M{_LEFT} {y}H{_LEFT + _SIDE}" stroke="#dddddd"/>')
        lines.append(f'<text x="{x}" y="{_TOP + _SIDE + 16}" text-anchor="middle">{tick:g}</text>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y}" dy="4" text-anchor="end">{tick:g}</text>')
    lines.append(
        f'<path d="M{_LEFT} {_TOP + _SIDE}L{_LEFT + _SIDE} {_TOP}" stroke="#666666" stroke-dasharray="4 4" fill="none"/>'
    )
    lines.append(f'<text x="{_LEFT + _SIDE / 2}" y="{_HEIGHT - 10}" text-anchor="middle">probability said</text>')
    lines.append(f'<text x="{_LEFT - 36}" y="{_TOP - 14}">share true</text>')
    return lines


def _curve(bins: Sequence[Sequence[float]], colour: str) -> list[str]:
    points = [(*_at(said, true), _LARGEST * (2 * share) ** 0.5) for said, true, share in bins]
    path = "L".join(f"{x} {y}" for x, y, _ in points)
    return [
        f'<path d="M{path}" stroke="{colour}" fill="none"/>',
        *(
            f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.6"/>'
            for x, y, radius in points
        ),
    ]
