"""An evaluation as tables for a person at a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from revenuer.evaluate.measures import Estimate, Proportion
from revenuer.evaluate.result import Evaluation, Events

__all__ = ["render"]


def render(evaluation: Evaluation, console: Console) -> None:
    """Print the evaluation: a summary, attacks by archetype, legitimate traffic by workload, campaigns, notes."""
    for table in (_summary, _archetypes, _workloads, _true_campaigns, _found_campaigns):
        console.print(table(evaluation))
        console.print()
    for note in evaluation.inputs.notes:
        console.print(Text(f"note: {note}"))


def _rate(rate: Proportion | None) -> str:
    if rate is None or rate.value is None:
        return "-"
    return f"{_number(rate.value)} [{_number(rate.low)}, {_number(rate.high)}]"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < value < 0.01 else f"{value:.3f}"


def _of(rate: Proportion | None) -> str:
    return "-" if rate is None else f"{rate.hits}/{rate.total}"


def _events(events: Events | None) -> str:
    if events is None:
        return "-"
    return _of(events.found) + (f" +{events.spurious} untrue" if events.spurious else "")


def _estimate(estimate: Estimate | None) -> str:
    if estimate is None or estimate.mean is None:
        return "-"
    if estimate.low is None:
        return _number(estimate.mean)
    return f"{estimate.mean:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True
    )
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i else "left", overflow="fold")
    return table


def _inert(cell: str) -> Text:
    """Ids and labels come from files: neither markup nor terminal escapes in them may act."""
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in cell))


def _row(table: Table, *cells: str) -> None:
    table.add_row(*(_inert(cell) for cell in cells))


def _summary(evaluation: Evaluation) -> Table:
    accounts, exchanges, campaigns = evaluation.accounts, evaluation.exchanges, evaluation.campaigns
    table = _table("Findings against truth", "measure", "value [95 % interval]", "of")
    for detection in accounts.detection:
        name = f"account recall, {detection.at_least}+ extraction exchanges"
        _row(table, name, _rate(detection.recall), _of(detection.recall))
    rates = {
        "account precision": accounts.precision,
        "account false-positive rate": accounts.false_positive_rate,
        "exchange precision": exchanges.precision,
        "exchange recall": exchanges.recall,
        "capability accuracy": exchanges.capability.accuracy,
        "campaign recall": campaigns.recall,
        "campaign precision": campaigns.precision,
        "campaign weighted purity": campaigns.weighted_purity,
        "extraction exchanges attributed": campaigns.attributed,
    }
    for name, rate in rates.items():
        _row(table, name, _rate(rate), _of(rate))
    for name, value in _figures(evaluation).items():
        _row(table, name, value, "")
    return table


def _figures(evaluation: Evaluation) -> dict[str, str]:
    accounts, exchanges, campaigns = evaluation.accounts, evaluation.exchanges, evaluation.campaigns
    ranking = accounts.detection[0].ranking
    return {
        "risk: ROC AUC": _number(ranking.roc_auc),
        "risk: average precision": _number(ranking.average_precision),
        "risk: recall at 1 in 1000 false": _number(ranking.tpr_at_fpr_001),
        "extraction share, mean error": _estimate(accounts.share_error),
        "exchange F1": _rate(exchanges.f1),
        "capability macro-F1": _number(exchanges.capability.macro_f1),
        "campaigns in fragments": str(campaigns.fragmented),
        "merged campaigns": str(campaigns.merges),
        "mean Jaccard": _number(campaigns.mean_jaccard),
        "adjusted Rand index": _number(campaigns.adjusted_rand),
        "capability profile error": _estimate(campaigns.capability_error),
        "pivots found": _events(campaigns.pivots),
        "successions found": _events(campaigns.successions),
        "legitimate groups flagged": ", ".join(accounts.groups_flagged) or "none",
        "legitimate groups in a campaign": ", ".join(
            f"{g.label} ({g.accounts} in {g.campaign_id})" for g in accounts.groups_accused
        )
        or "none",
    }


def _archetypes(evaluation: Evaluation) -> Table:
    first = evaluation.accounts.detection[0]
    title = f"Attacks by archetype (accounts with {first.at_least}+ extraction exchanges)"
    table = _table(title, "archetype", "accounts found", "recall", "exchange recall")
    for name, rate in first.by_archetype.items():
        _row(table, name, _of(rate), _rate(rate), _rate(evaluation.exchanges.by_archetype.get(name)))
    return table


def _workloads(evaluation: Evaluation) -> Table:
    table = _table("Legitimate traffic", "label", "accounts flagged", "rate", "exchanges marked")
    for name, rate in evaluation.accounts.false_positives.items():
        marked = (evaluation.exchanges.false_positives or {}).get(name)
        _row(table, name, _of(rate), _rate(rate), _of(marked))
    return table


def _true_campaigns(evaluation: Evaluation) -> Table:
    names = ("campaign", "accounts", "exchanges", "pieces", "Jaccard", "profile error", "pivots", "successions")
    table = _table("True campaigns (exchanges attributed of all it made)", *names)
    for c in evaluation.campaigns.true_campaigns:
        figures = (str(c.fragments), _number(c.jaccard), _number(c.capability_error), _of(c.pivots), _of(c.successions))
        _row(table, c.campaign, str(c.accounts), _of(c.attributed), *figures)
    return table


def _found_campaigns(evaluation: Evaluation) -> Table:
    names = ("campaign", "accounts", "legitimate", "mostly", "purity", "merges")
    table = _table("Found campaigns", *names)
    for c in evaluation.campaigns.found_campaigns:
        counts = (str(c.accounts), str(c.legitimate))
        _row(table, c.campaign_id, *counts, c.main_campaign or "-", _number(c.purity), str(c.merged))
    return table
