"""Figures of long benchmarks, appended to a file as they come, so that a later run goes on where one ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from running import conditions

Figures = dict[str, Any]


def kept(ledger: Path, settings: Figures) -> list[Figures]:
    """What was measured with these settings before, in order; nothing where there is no such file."""
    if not ledger.exists():
        return []
    records = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    return [record["figures"] for record in records if record["settings"] == settings]


def keep(ledger: Path, settings: Figures, figures: Figures) -> None:
    """Append some figures and the conditions under which they were measured."""
    ledger.parent.mkdir(parents=True, exist_ok=True)
    record = {"settings": settings, "conditions": conditions(), "figures": figures}
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
