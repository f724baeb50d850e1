"""Campaigns and a scan summary in, one HTML page out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import jinja2

from revenuer.findings import Campaign
from revenuer.report import words
from revenuer.report.inert import cell, inert_struct, shortened
from revenuer.report.overview import Overview, overview
from revenuer.report.view import campaign_views, trimmed
from revenuer.report.words import number, percent, plural
from revenuer.summary import Cleared, ScanSummary, read_findings

__all__ = ["render_report", "rerender"]

# How much of each list the page shows; what is left out is counted, and the file that holds it is named.
_LIMITS: Final = SimpleNamespace(table=200, rows=100, cleared=60, frames=4, chips=12, turns=12, ids=12)


# Confidence in the innocent explanation from which a group is called cleared, as with campaigns: "likely".
SURELY_CLEARED: Final = 0.8


def render_report(campaigns: Sequence[Campaign], summary: ScanSummary) -> str:
    """The report as one self-contained HTML document.

    Args:
        campaigns: strongest first, as in `campaigns.json`.
        summary: what the scan looked at; each of its parts may be missing, and the page then says so.

    Returns:
        HTML that loads nothing, runs no script and is the same for the same input.
    """
    clean = inert_struct(summary, ScanSummary)
    short = [trimmed(campaign) for campaign in campaigns]
    over = overview(short, clean)
    cleared, undecided = _sorted_out(clean.cleared)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            title=_title(short, over),
            lead=_lead(short, clean, over),
            campaigns=short,
            views=campaign_views(campaigns, clean),
            over=over,
            summary=clean,
            cleared=cleared,
            undecided=undecided,
            known=clean.traffic.exchanges > 0,
            limit=_LIMITS,
            capability=words.capability,
            channel=words.channel,
            percent=words.percent,
            strength=words.strength,
        )
    )


def rerender(findings: Path) -> str:
    """The report of a findings directory, drawn again from its `campaigns.json` and `scan.json`.

    Raises:
        InputError: no `campaigns.json`, or one of the two cannot be read.
    """
    return render_report(*read_findings(findings))


def _title(campaigns: Sequence[Campaign], over: Overview) -> str:
    if not campaigns:
        return "No campaign found"
    return f"{plural(len(campaigns), 'campaign')}, {plural(over.accounts, 'account')}"


def _lead(campaigns: Sequence[Campaign], summary: ScanSummary, over: Overview) -> str:
    """The whole report in three sentences."""
    read = _read(summary)
    if not campaigns:
        return f"{read} It found no set of accounts that harvests answers together.{_left(summary)}"
    part = over.exchanges / summary.traffic.exchanges if summary.traffic.exchanges else 2.0
    whole = f" ({percent(part)} of all)" if part <= 1 else ""
    found = f"It concludes that {plural(over.accounts, 'account')} harvest answers together"
    how_many = f" in {plural(len(campaigns), 'campaign')}" if len(campaigns) > 1 else ""
    sent = f" and sent {plural(over.exchanges, 'exchange')}{whole}."
    return f"{read} {found}{how_many}{sent} {_how_sure(campaigns)}"


def _left(summary: ScanSummary) -> str:
    """What became of the groups that looked suspicious, in up to two sentences."""
    cleared, undecided = (len(groups) for groups in _sorted_out(summary.cleared))
    fit = f" {plural(cleared, 'group')} looked suspicious and had an innocent explanation." if cleared else ""
    open_ = f" {plural(undecided, 'group')} could not be decided." if undecided else ""
    return fit + open_


def _sorted_out(groups: Sequence[Cleared]) -> tuple[list[Cleared], list[Cleared]]:
    """Groups whose innocent explanation is likely, and those where neither it nor a campaign is."""
    cleared = [group for group in groups if group.confidence is None or group.confidence >= SURELY_CLEARED]
    return cleared, [group for group in groups if group not in cleared]


def _read(summary: ScanSummary) -> str:
    if not summary.traffic.exchanges:
        return "The scan left no summary of the traffic it read."
    of = f" by {plural(summary.traffic.accounts, 'account')}" if summary.traffic.accounts else ""
    return f"The scan read {plural(summary.traffic.exchanges, 'exchange')}{of}."


def _how_sure(campaigns: Sequence[Campaign]) -> str:
    if len(campaigns) == 1:
        confidence = campaigns[0].confidence
        return f"Its confidence in that is {words.sure(confidence)}: {words.confidence_word(confidence)}."
    sure = sum(campaign.confidence >= 0.95 for campaign in campaigns)
    if sure == len(campaigns):
        return f"All {number(sure)} are very likely or better."
    return f"{number(sure) if sure else 'None'} of the {number(len(campaigns))} {'is' if sure == 1 else 'are'} very likely or better."


def _chief(capabilities: Mapping[str, float]) -> str:
    """The two capabilities with the greatest shares, in words."""
    ordered = sorted(capabilities.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(shortened(words.capability(name), 60) for name, _ in ordered[:2]) or "not recorded"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("revenuer.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({name: getattr(words, name) for name in words.__all__})
    environment.filters.update(cell=cell, shortened=shortened, chief=_chief)
    return environment
