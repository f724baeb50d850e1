"""What stands in a dossier: facts, conclusions, methods and error rates, each apart from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from typing import Any, Final

import msgspec

from revenuer.control.intervals import clopper_pearson
from revenuer.findings import Campaign
from revenuer.summary import ScanSummary

__all__ = ["README", "conclusions", "error_rates", "facts", "methods"]

_CHANNELS: Final = {
    "template": "accounts send the same masked prompt templates, which few others send",
    "partition": "accounts share out one list of tasks: which of them asked tells nothing about what was asked",
    "timing": "the hours of the accounts rise and fall together beyond what all traffic does",
    "infrastructure": "accounts share networks or client fingerprints that few others have",
    "payment": "accounts share a payment fingerprint",
    "signup": "accounts were made together, or with shared devices or numbers",
    "succession": "after a ban, new accounts go on where the banned ones stopped",
    "pivot": "traffic moves to a new model within hours or days of its release",
    "probing": "a few of the accounts try out what is refused, and the others profit",
    "replay": "opaque reasoning blocks given to one account are sent back by another",
    "content": "what the texts ask for, as two trained classifiers see it",
}

README: Final = """# Evidence dossier

Made by revenuer {version} at {at} by {by}, on {campaigns} campaigns.

What was observed stands in `facts.json`. What was concluded from it, with what confidence and against which innocent
explanations, stands in `conclusions.json`, and names the facts that it rests on. The two are never mixed. A campaign is a
statement about accounts, not about persons: country, nationality, names, script and language are no evidence anywhere.

| file | content |
|---|---|
| `facts.json` | observations, each with a number such as F1.2 |
| `conclusions.json` | conclusions, the weight of each fact for them, and the explanations that were rejected |
| `methods.json` | version, settings, what was looked at, what could not be looked at |
| `error-rates.json` | how often such claims were wrong when it was measured, and what the scan claims of itself |
| `custody.json` | which logs the scan read and how they are now, with their SHA-256, by whom and when, each step bound to the one before |
| `findings/` | what the scan wrote, unchanged |
| `MANIFEST.json` | SHA-256 of every file here |

To verify: `revenuer dossier verify FILE --public KEY`. Without this program: compare the SHA-256 of each file with
`MANIFEST.json`, and the signature by `openssl pkeyutl -verify -pubin -inkey KEY -rawin -in MANIFEST.json -sigfile
MANIFEST.sig`. Take the public key from the signer by another way: the one in here was put here by whoever made this file.
A time-stamp is verified by `openssl ts -verify -data MANIFEST.json -in MANIFEST.tsr -CAfile AUTHORITY`.
"""


def facts(campaigns: Sequence[Campaign]) -> dict[str, Any]:
    """Observations, without weights or conclusions."""
    return {
        "campaigns": [
            {
                "campaign_id": one.campaign_id,
                "exchanges": one.exchanges,
                "accounts": one.accounts,
                "first_seen": one.first_seen,
                "last_seen": one.last_seen,
                "pathways": one.pathways,
                "templates": list(one.frames),
                "observations": [
                    {
                        "fact": f"F{number}.{place}",
                        "channel": item.channel,
                        "observed": item.fact,
                        "accounts": item.accounts,
                    }
                    for place, item in enumerate(one.evidence, 1)
                ],
            }
            for number, one in enumerate(campaigns, 1)
        ]
    }


def conclusions(campaigns: Sequence[Campaign]) -> dict[str, Any]:
    """What was concluded; `log10_likelihood_ratio` is the weight of a fact against the innocent explanations."""
    return {
        "campaigns": [
            {
                "campaign_id": one.campaign_id,
                "concluded": "these accounts act together to collect outputs of a model",
                "confidence": one.confidence,
                "rests_on": [
                    {"fact": f"F{number}.{place}", "log10_likelihood_ratio": item.strength}
                    for place, item in enumerate(one.evidence, 1)
                ],
                "account_ids": list(one.account_ids),
                "capabilities": one.capabilities,
                "techniques": list(one.techniques),
                "rejected_explanations": [asdict(other) for other in one.alternatives],
                "pivots": [asdict(pivot) for pivot in one.pivots],
                "successions": [asdict(succession) for succession in one.successions],
            }
            for number, one in enumerate(campaigns, 1)
        ]
    }


def methods(summary: ScanSummary) -> dict[str, Any]:
    """How it was found, and what could not be looked at."""
    told = msgspec.to_builtins(summary)
    return {
        "program": "revenuer",
        "version": summary.version,
        "settings": told["settings"],
        "looked_at": told["traffic"],
        "set_aside_and_missing": told["quality"],
        "groups_found_innocent": told["cleared"],
        "channels": _CHANNELS,
    }


def error_rates(summary: ScanSummary) -> dict[str, Any]:
    """Measured error rates with exact 95 % intervals, and what the scan says of its own errors."""
    file = resources.files("revenuer.sharing") / "error_rates.json"
    published = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    for one in published["rates"]:
        low, high = clopper_pearson(one["hits"], one["total"])
        one |= {"rate": one["hits"] / one["total"], "low": low, "high": high}
    control = None if summary.control is None else msgspec.to_builtins(summary.control)
    return {"published": published, "of_this_scan": control}
