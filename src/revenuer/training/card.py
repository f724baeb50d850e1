"""The model card as a page that people read, made from the same figures as `card.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

__all__ = ["card_page"]

Card = Mapping[str, Any]

_OPENING: Final = """\
A linear model over hashed features, made by `revenuer train`. Its scores are evidence about a text; nothing is flagged on
them."""


def card_page(card: Card) -> str:
    """Markdown of a model card, from the content of `card.json`."""
    parts = [
        "# Model card",
        _OPENING,
        *_made(card),
        *(_measured(card["metrics"]) if card["metrics"] else ["It was not measured: `--measured` was not asked for."]),
        *_sources(card["sources"]),
    ]
    return "\n\n".join(parts) + "\n"


def _made(card: Card) -> list[str]:
    recipe = ", ".join(
        f"{name} {value}" for name, value in sorted(card["recipe"].items()) if not isinstance(value, dict)
    )
    return [
        "## How it was made",
        f"{card['rows']:,} rows of {len(card['sources']):,} sources, seed {card['seed']}; {recipe}.",
    ]


def _measured(metrics: Card) -> list[str]:
    return [f"## How good it is\n\nmacro-F1 {metrics['macro_f1']}"]


def _sources(sources: Card) -> list[str]:
    """Sources of others one by one; the project's own families by capability."""
    others = {name: source for name, source in sources.items() if not name.startswith("own:")}
    rows = [(f"`{name}`", source["licence"], _counted(source["rows"])) for name, source in others.items()]
    own = Counter(
        capability for name, source in sources.items() if name.startswith("own:") for capability in source["rows"]
    )
    families = ", ".join(f"{capability} {n}" for capability, n in sorted(own.items()))
    return [
        "## What it learned from",
        f"Families of texts that the project makes from its own rules: {families}.",
        *([_table(("source", "licence", "rows"), rows)] if rows else []),
    ]


def _counted(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{capability} {n:,}" for capability, n in sorted(rows.items()))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines)
