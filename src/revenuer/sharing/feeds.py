"""A bundle as plain feeds: CSV and JSON for whatever reads lists, OCSF for security data lakes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from revenuer.sharing.times import time_of
from revenuer.sharing.told import Row, Told, flat, read_bundle, rows
from revenuer.sharing.vocabulary import ATLAS

__all__ = ["as_csv", "as_json", "as_ocsf"]

# The release of the Open Cybersecurity Schema Framework whose Detection Finding is written.
OCSF: Final = "1.8.0"
_CLASS: Final = 2004
_CREATE: Final = 1
_HIGH: Final = 4
_OBSERVABLES: Final = {"network": (12, "Subnet"), "domain": (1, "Hostname"), "template": (99, "LLM prompt template")}
# Cells that a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(bundle: Mapping[str, Any]) -> str:
    """One row a network, domain or template; no cell can be taken for a formula (OWASP, "CSV injection")."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([field.name for field in fields(Row)])
    for row in rows(bundle):
        writer.writerow([_safe(str(value)) for value in asdict(row).values()])
    return out.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def as_json(bundle: Mapping[str, Any]) -> str:
    """The same rows as objects, in a document that says who tells."""
    who, tlp, _ = read_bundle(bundle)
    document = {"producer": who, "tlp": f"TLP:{tlp.upper()}", "indicators": [asdict(row) for row in rows(bundle)]}
    return json.dumps(document, indent=1) + "\n"


def as_ocsf(bundle: Mapping[str, Any]) -> str:
    """One Detection Finding a campaign, as JSON Lines."""
    who, tlp, campaigns = read_bundle(bundle)
    return "".join(json.dumps(_finding(one, who, tlp)) + "\n" for one in campaigns)


def _finding(one: Told, who: str, tlp: str) -> dict[str, Any]:
    seen = _milliseconds(one.last_seen)
    product = {"name": "revenuer", "vendor_name": "revenuer"}
    return {
        "activity_id": _CREATE,
        "category_uid": 2,
        "class_uid": _CLASS,
        "type_uid": 100 * _CLASS + _CREATE,
        "severity_id": _HIGH,
        "time": seen,
        "metadata": {"version": OCSF, "product": product, "labels": [f"TLP:{tlp.upper()}"], "tenant_uid": who},
        "confidence_score": one.confidence,
        "finding_info": {
            "uid": one.id,
            "title": f"Harvest {one.name} of a model's outputs",
            "first_seen_time": _milliseconds(one.first_seen),
            "last_seen_time": seen,
            "attacks": [{"technique": {"uid": name, "name": ATLAS.get(name, name)}} for name in one.techniques],
        },
        "observables": [_observable(channel, value) for channel, value in one.values],
        "unmapped": {**one.profile, **one.cohort},
    }


def _observable(channel: str, value: Any) -> dict[str, Any]:
    number, name = _OBSERVABLES[channel]
    return {"name": channel, "type_id": number, "type": name, "value": flat(value)}


def _milliseconds(text: str) -> int:
    return int(time_of(text).timestamp() * 1000)
