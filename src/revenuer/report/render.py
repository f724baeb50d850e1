"""Campaigns and a scan summary in, one HTML page out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import jinja2

from revenuer.findings import Campaign
from revenuer.report.inert import cell, inert_struct, shortened
from revenuer.summary import ScanSummary, read_findings

__all__ = ["render_report", "rerender"]

ACCOUNTS_LISTED: Final = 60


def render_report(campaigns: Sequence[Campaign], summary: ScanSummary) -> str:
    """The report as one self-contained HTML document.

    Args:
        campaigns: strongest first, as in `campaigns.json`.
        summary: what the scan looked at; each of its parts may be missing, and the page then says so.

    Returns:
        HTML that loads nothing, runs no script and is the same for the same input.
    """
    shown = [inert_struct(replace(c, account_ids=c.account_ids[:ACCOUNTS_LISTED]), Campaign) for c in campaigns]
    template = _environment().get_template("report.html.j2")
    return template.render(campaigns=shown, summary=inert_struct(summary, ScanSummary))


def rerender(findings: Path) -> str:
    """The report of a findings directory, drawn again from its `campaigns.json` and `scan.json`.

    Raises:
        InputError: no `campaigns.json`, or one of the two cannot be read.
    """
    return render_report(*read_findings(findings))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("revenuer.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(cell=cell, shortened=shortened)
    return environment
