"""`report.html`: the findings for a person, in one file that opens without a network."""

from revenuer.report.render import render_report, rerender

__all__ = ["render_report", "rerender"]
