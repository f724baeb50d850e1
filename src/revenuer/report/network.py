"""The network of a campaign as a picture: accounts, and what they share, laid out by forces with a fixed seed.

Forces after Fruchterman and Reingold, "Graph drawing by force-directed placement", Software: Practice and Experience
21 (1991), with a pull to the middle, so that separate parts stay in the frame.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from revenuer.report.inert import shortened
from revenuer.report.svg import serialised
from revenuer.summary import Network, NetworkNode

__all__ = ["Picture", "draw_network", "layout"]

NODES_DRAWN: Final = 220
LABELLED: Final = 7
LISTED: Final = 20
WIDTH: Final = 720
HEIGHT: Final = 400
_MARGIN: Final = 26.0
# What accounts share keeps apart from its like more than accounts do: it is what the picture is about.
_MASS: Final = 4.0
_ROUNDS: Final = 150

# Shape and colour both tell the kind, so that neither colour vision nor a grey printer loses it.
_SHAPES: Final = {
    "account": ("circle", "var(--node-account)"),
    "frame": ("square", "var(--extraction)"),
    "ip": ("triangle", "var(--observed)"),
    "payment": ("diamond", "var(--concluded)"),
    "device": ("hexagon", "var(--cleared)"),
    "signup": ("cross", "var(--violet)"),
}
_OTHERS: Final = ("star", "var(--muted)")

Points = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawing, what its shapes mean (symbol, kind, count), the most shared things (kind, label, ties), the rest."""

    svg: Markup
    legend: tuple[tuple[Markup, str, int], ...]
    shared: tuple[tuple[str, str, int], ...]
    left_out: int


def draw_network(network: Network) -> Picture | None:
    """Draw at most `NODES_DRAWN` nodes, largest shared things first; none where there is nothing to draw.

    Edges that name a node that does not exist are passed over: the file may have been cut by hand.
    """
    kept = _kept(network)
    if not kept:
        return None
    place = {node: i for i, node in enumerate(kept)}
    edges = [(place[a], place[b]) for a, b, _ in network.edges if a in place and b in place and a != b]
    nodes = [network.nodes[i] for i in kept]
    points = layout(len(nodes), edges, [1.0 if node.kind == "account" else _MASS for node in nodes])
    counts = Counter(node.kind for node in nodes)
    legend = tuple((_symbol(kind), kind, count) for kind, count in sorted(counts.items(), key=_account_first))
    return Picture(_picture(nodes, edges, points), legend, _shared(nodes, edges), len(network.nodes) - len(kept))


def layout(size: int, edges: Sequence[tuple[int, int]], mass: Sequence[float] | None = None, seed: int = 7) -> Points:
    """Places of `size` nodes, shape (size, 2), in pixels within the frame; same input and seed, same places.

    Nodes push each other away by the product of their masses, 1 each where none are given.
    """
    rng = np.random.default_rng(seed)
    points: Points = rng.normal(0.0, 1.0, (size, 2))
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    ideal = 1.6 / math.sqrt(max(size, 1))
    weights = np.ones(size) if mass is None else np.asarray(mass, dtype=np.float64)
    apart = weights[:, None] * weights
    for heat in np.linspace(0.12, 0.004, _ROUNDS):
        force = _forces(points, pairs, ideal, apart)
        length = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-9)
        # Rounded each time: what the last bit is on another processor must not grow into another picture.
        points = np.round(points + force / length * np.minimum(length, heat), 9)
    return _fitted(points)


def _forces(points: Points, pairs: npt.NDArray[np.int64], ideal: float, apart: Points) -> Points:
    x, y = points[:, 0], points[:, 1]
    across, up = x[:, None] - x, y[:, None] - y
    push = ideal**2 * apart / np.maximum(across**2 + up**2, 1e-4)
    force: Points = np.stack([(across * push).sum(axis=1), (up * push).sum(axis=1)], axis=1)
    if len(pairs):
        along = points[pairs[:, 0]] - points[pairs[:, 1]]
        # what everybody uses would otherwise lie in one heap in the middle
        degree = np.bincount(pairs.ravel(), minlength=len(points))[pairs].max(axis=1, keepdims=True)
        pull = along * (np.linalg.norm(along, axis=1, keepdims=True) / ideal / np.sqrt(degree))
        np.subtract.at(force, pairs[:, 0], pull)
        np.add.at(force, pairs[:, 1], pull)
    return force - 0.35 * points


def _fitted(points: Points) -> Points:
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN])
    wide = np.maximum(high - low, 1e-9)
    placed = (points - low) / wide * room + _MARGIN if len(points) > 1 else np.array([[WIDTH / 2, HEIGHT / 2]])
    return np.asarray(np.round(placed, 1), dtype=np.float64)


def _shared(nodes: Sequence[NetworkNode], edges: Sequence[tuple[int, int]]) -> tuple[tuple[str, str, int], ...]:
    ties = Counter(end for edge in set(edges) for end in edge)
    things = [(-ties[i], node.kind, node.label) for i, node in enumerate(nodes) if node.kind != "account"]
    return tuple((kind, label, -less) for less, kind, label in sorted(things)[:LISTED])


def _kept(network: Network) -> list[int]:
    order = sorted(range(len(network.nodes)), key=lambda i: (network.nodes[i].kind == "account", -_size(i, network), i))
    return sorted(order[:NODES_DRAWN])


def _size(node: int, network: Network) -> float:
    size = network.nodes[node].size
    return size if math.isfinite(size) else 0.0


def _account_first(item: tuple[str, int]) -> tuple[bool, str]:
    return item[0] != "account", item[0]


def _picture(nodes: Sequence[NetworkNode], edges: Sequence[tuple[int, int]], points: Points) -> Markup:
    root = ET.Element("{http://www.w3.org/2000/svg}svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}"})
    root.set("width", str(WIDTH))
    root.set("height", str(HEIGHT))
    lines = "".join(f"M{points[a][0]} {points[a][1]}L{points[b][0]} {points[b][1]}" for a, b in edges)
    _add(root, "path", d=lines, fill="none", stroke="var(--edge)", stroke_width="0.8")
    # Accounts first: what they share lies on top of them.
    order = sorted(range(len(nodes)), key=lambda i: (nodes[i].kind != "account", i))
    for i in order:
        _shape(root, nodes[i].kind, (points[i][0], points[i][1]), _radius(nodes[i]))
    shared = [i for i in range(len(nodes)) if nodes[i].kind != "account"]
    taken: list[Box] = []
    for i in sorted(shared, key=lambda i: (-nodes[i].size, i)):
        if len(taken) < LABELLED:
            _label(root, nodes[i], points[i], taken)
    return serialised(root)


def _radius(node: NetworkNode) -> float:
    if node.kind == "account":
        return 3.2
    size = node.size if math.isfinite(node.size) else 0.0
    return round(5.5 + 1.6 * math.log1p(max(size, 0.0)), 1)


def _shape(root: ET.Element, kind: str, at: tuple[float, float], radius: float) -> None:
    shape, colour = _SHAPES.get(kind, _OTHERS)
    outline = {"fill": colour, "stroke": "var(--paper)", "stroke_width": "1"}
    if shape == "circle":
        _add(root, "circle", cx=str(at[0]), cy=str(at[1]), r=str(radius), **outline)
    else:
        _add(root, "path", d=_outline(shape, at, radius), **outline)


def _outline(shape: str, at: tuple[float, float], radius: float) -> str:
    """A closed path around a place: corners of a polygon, every second drawn in for the star and the cross."""
    corners, turn, inner = {
        "square": (4, math.pi / 4, 1.0),
        "triangle": (3, -math.pi / 2, 1.0),
        "diamond": (4, 0.0, 1.0),
        "hexagon": (6, 0.0, 1.0),
        "cross": (8, 0.0, 0.42),
        "star": (10, -math.pi / 2, 0.5),
    }[shape]
    reach = [radius * (inner if i % 2 else 1.0) for i in range(corners)]
    angles = [turn + 2 * math.pi * i / corners for i in range(corners)]
    dots = [f"{at[0] + r * math.cos(a):.1f} {at[1] + r * math.sin(a):.1f}" for r, a in zip(reach, angles, strict=True)]
    return "M" + "L".join(dots) + "Z"


def _label(root: ET.Element, node: NetworkNode, point: Points, taken: list[Box]) -> None:
    """Name a node beside it, unless the name would lie on one that stands already in `taken`."""
    words = shortened(node.label, 26)
    reach, room = _radius(node) + 4, 6.2 * len(words) + _radius(node) + 4
    # Outward, away from the crowd in the middle, where the words fit.
    right = point[0] + room < WIDTH if point[0] > WIDTH / 2 else point[0] < room
    x = point[0] + reach if right else point[0] - reach
    width = 6.2 * len(words)
    box = (float(x if right else x - width), float(point[1] - 8), float(x + width if right else x), float(point[1] + 8))
    if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
        return
    taken.append(box)
    text = _add(root, "text", x=f"{x:.1f}", y=f"{point[1] + 3.5:.1f}", fill="var(--ink)", font_size="11")
    text.set("text-anchor", "start" if right else "end")
    text.set("stroke", "var(--panel)")
    text.set("stroke-width", "3")
    text.set("paint-order", "stroke")
    text.text = words


def _symbol(kind: str) -> Markup:
    root = ET.Element("{http://www.w3.org/2000/svg}svg", {"viewBox": "-9 -9 18 18", "width": "14", "height": "14"})
    _shape(root, kind, (0.0, 0.0), 5.0 if kind == "account" else 8.0)
    return serialised(root)


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    named = {key.replace("_", "-"): value for key, value in attributes.items()}
    return ET.SubElement(parent, f"{{http://www.w3.org/2000/svg}}{tag}", named)
