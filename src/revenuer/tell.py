"""Results of the command line for people (tables on stdout) and for programs (documents)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from revenuer.doctor import Examination
from revenuer.findings import Campaign
from revenuer.log import one_line
from revenuer.report.words import capability, plural, short_period, sure
from revenuer.schema import FINDINGS_SCHEMA_VERSION
from revenuer.summary import ScanSummary

__all__ = ["scan_document", "tell_examination", "tell_scan"]

WIDTH_OF_FILES: Final = 140
WIDE: Final = 110
# What a column's absence costs begins so where it costs nothing; findings name such columns all the same.
NOTHING: Final = "nothing:"


def scan_document(
    campaigns: Sequence[Campaign], summary: ScanSummary, flagged_accounts: int, out: Path
) -> dict[str, Any]:
    """What `scan --json` prints: the essentials of the findings and where they stand."""
    return {
        "schema": FINDINGS_SCHEMA_VERSION,
        "findings": str(out),
        "exchanges": summary.traffic.exchanges,
        "accounts": summary.traffic.accounts,
        "flagged_accounts": flagged_accounts,
        "quarantined": summary.quality.quarantined,
        "missing": summary.quality.missing,
        "campaigns": [
            {
                "campaign_id": campaign.campaign_id,
                "confidence": campaign.confidence,
                "accounts": campaign.accounts,
                "exchanges": campaign.exchanges,
                "first_seen": campaign.first_seen,
                "last_seen": campaign.last_seen,
                "capabilities": campaign.capabilities,
            }
            for campaign in campaigns
        ],
    }


def tell_scan(campaigns: Sequence[Campaign], summary: ScanSummary, flagged_accounts: int, out: Path) -> None:
    """Print what was found, what could not be judged, and where the report is."""
    console, traffic = _console(), summary.traffic
    _say(console, f"{plural(traffic.exchanges, 'exchange')} of {plural(traffic.accounts, 'account')} looked at.")
    if campaigns:
        console.print(_campaign_table(campaigns, narrow=console.width < WIDE))
    found = plural(len(campaigns), "campaign") if campaigns else "No campaign"
    _say(console, f"{found}, {plural(flagged_accounts, 'account')} flagged.")
    if summary.control and summary.control.withheld:
        _say(console, f"{summary.control.withheld:,} more pass the odds but do not stand at --fdr, and are not named.")
    if summary.control and summary.control.alarm and summary.control.alarm.raised:
        least = f"{math.ceil(summary.control.alarm.low):,}"
        _say(console, f"Alarm: {least} accounts or more read like harvesting beyond what the reference explains.")
    lost = sum(summary.quality.quarantined.values())
    if lost:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in summary.quality.quarantined.items())
        _say(console, f"{plural(lost, 'row')} set aside: {reasons}.")
    for gap in summary.quality.missing:
        if not gap.consequence.startswith(NOTHING):
            _say(console, f"No {_named(gap.table, gap.column)}: {gap.consequence}")
    _say(console, f"Report: {out / 'report.html'}")


def tell_examination(examination: Examination) -> None:
    """Print what is installed and what was tried."""
    console, table = _console(), Table(box=None, show_header=False, pad_edge=False)
    rows = [("revenuer", examination.version)]
    rows += [(name, str(value)) for name, value in examination.machine.items()]
    rows += [(name, version or "missing") for name, version in examination.packages.items()]
    rows += [(f"extra {name}", f"not installed: needed for {use}") for name, use in examination.missing_extras.items()]
    rows += [("engine", examination.engine)]
    rows += [(f"model {m.file}", f"{m.bytes:,} bytes, sha256 {m.sha256[:16]}") for m in examination.models]
    rows += [("model seed", str(examination.card["seed"]))] if "seed" in examination.card else []
    rows += [(check.name, f"{'works' if check.ok else 'FAILS'}: {check.detail}") for check in examination.checks]
    for name, value in rows:
        table.add_row(Text(one_line(name)), Text(one_line(value)))
    console.print(table)
    _say(console, "A scan can run." if examination.ok else "A scan cannot run.")


def _campaign_table(campaigns: Sequence[Campaign], *, narrow: bool) -> Table:
    """One campaign a line; a narrow terminal gets the chief capability alone, and no dates."""
    heads = ("campaign", "confidence", "accounts", "exchanges", *(() if narrow else ("seen",)), "mostly")
    rows = [tuple(map(one_line, _cells(c, narrow=narrow))) for c in campaigns]
    table = Table(box=None, pad_edge=False)
    for place, head in enumerate(heads):
        # only the last column gives way: people copy the name of a campaign, and a number cut short is another number
        widest = 0 if head == "mostly" else min(max(len(row[place]) for row in rows), 40)
        sized = head in {"confidence", "accounts", "exchanges"}
        table.add_column(head, justify="right" if sized else "left", no_wrap=True, min_width=max(widest, len(head)))
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _cells(c: Campaign, *, narrow: bool) -> tuple[str, ...]:
    chief = sorted(c.capabilities, key=lambda name: (-c.capabilities[name], name))[: 1 if narrow else 2]
    when = () if narrow else (short_period(c.first_seen, c.last_seen),)
    sizes = (sure(c.confidence), f"{c.accounts:,}", f"{c.exchanges:,}")
    return (c.campaign_id, *sizes, *when, ", ".join(map(capability, chief)))


def _console() -> Console:
    """Where results go: a terminal as wide as it is; a file or pipe as wide as the table needs."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(console.width, WIDTH_OF_FILES))


def _named(table: str, column: str) -> str:
    return table if column == "*" else f"{table}.{column}"


def _say(console: Console, text: str) -> None:
    console.print(Text(one_line(text)), soft_wrap=True)
