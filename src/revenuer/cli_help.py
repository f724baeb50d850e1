"""The list of verbs that `revenuer --help` shows: by task, each with a line that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

__all__ = ["SECTIONS", "write_sections"]

SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Find campaigns": {
        "convert": "Turn the logs of a gateway into traffic",
        "formats": "List the log formats that convert knows",
        "receive": "Receive OpenTelemetry over HTTP, for convert",
        "scan": "Find the campaigns in traffic",
        "report": "Draw the report of findings anew",
    },
    "Decide and respond": {
        "cases": "Look at campaigns, decide, agree, hear appeals",
        "policy": "Print or check a policy: what meets whom",
        "replay": "Say what a policy would have done, and to whom",
        "serve": "Answer gateways, and the people who look after cases",
        "keys": "Make and end the keys that programs present to serve",
        "verify": "Judge sign-ups, each by those before it",
    },
    "Protect answers, and prove copying": {
        "shape": "Proxy before a model API: seal reasoning, limit features",
        "seal": "Keep the keys of shape, and look at sealed blocks",
        "watermark": "Keys and commitments of watermarks, and texts that carry one",
        "canary": "Serve one of equally good wordings, chosen by a key",
        "prove": "Test whether a suspect model was trained on marked answers",
    },
    "Share": {
        "share": "Tell peers of campaigns, without prompts or accounts",
        "intel": "Keep what peers tell, confirm or dispute it",
        "taxii": "Exchange indicators over TAXII 2.1",
        "match": "Find common infrastructure without showing lists",
        "dossier": "Put evidence into one signed archive",
    },
    "Try and measure": {
        "doctor": "Say what is installed and whether a scan can run",
        "scenarios": "List the worlds that simulate can make",
        "simulate": "Write labelled traffic",
        "evaluate": "Hold findings against the truth",
        "label": "Draw a sample for people to label, or take it back",
        "train": "Train the text model",
    },
}


def write_sections(formatter: click.HelpFormatter) -> None:
    """Write every verb under its task."""
    for title, verbs in SECTIONS.items():
        with formatter.section(title):
            formatter.write_dl(list(verbs.items()))
