"""Vega-Lite specifications as inline SVG that follows the colours of the page and shares no id with another."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any, Final

import vl_convert
from markupsafe import Markup

__all__ = ["Spec", "draw", "serialised"]

Spec = dict[str, Any]

_SVG: Final = "http://www.w3.org/2000/svg"
_VERSION: Final = "6.4"
_DROPPED: Final = {"class", "role", "pointer-events", "font-family", "stroke-miterlimit", "version"}
_LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{2,}")
_NUMERIC: Final = ("d", "transform", "x", "y", "x2", "y2", "width", "height")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")

ET.register_namespace("", _SVG)


def draw(spec: Spec, name: str) -> Markup:
    """Draw a specification.

    Args:
        spec: Vega-Lite; colours may be CSS variables, which the page defines for light and dark.
        name: unique in the page; it goes before every id of the picture.

    Returns:
        An `<svg>` without script, style, class or link to anything outside.
    """
    text = vl_convert.vegalite_to_svg(spec, vl_version=_VERSION, allowed_base_urls=[])
    root = ET.fromstring(text)  # noqa: S314  (our own renderer's output, made from text without entities)
    _tidy(root, name)
    return serialised(root)


def serialised(root: ET.Element) -> Markup:
    """An SVG element as markup for the page, hidden from screen readers, who get the table beside it."""
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704  (ElementTree escapes text and attributes)


def _tidy(element: ET.Element, name: str) -> None:
    for child in list(element):
        if _says_nothing(child):
            element.remove(child)
        else:
            _tidy(child, name)
    for key in list(element.attrib):
        if key in _DROPPED or key.startswith("aria-"):
            del element.attrib[key]
        else:
            element.set(key, _rewritten(key, element.attrib[key], name))


def _says_nothing(element: ET.Element) -> bool:
    if element.tag != f"{{{_SVG}}}path":
        return False
    drawn = element.get("d", "") not in {"", "M0,0h0v0h0Z"} and element.get("display") != "none"
    return not drawn or (element.get("class") == "background" and "fill" not in element.attrib)


def _rewritten(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key in _NUMERIC:
        return _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}", value)
    return _REFERENCE.sub(rf"url(#{name}-\1)", value)
