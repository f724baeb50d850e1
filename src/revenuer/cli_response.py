"""The verbs that look at a policy before it bites: `policy` and `replay`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.response import Judged, Policy, Replay

__all__ = ["policy", "policy_of", "replay"]

_PLACE: Final = click.Path(path_type=Path)
_DEFAULT: Final = "default"


def policy_of(file: str) -> Policy:
    """The policy in a file; of the word `default`, the one that is shipped."""
    from revenuer.response import default_policy, load_policy  # noqa: PLC0415

    return default_policy() if file == _DEFAULT else load_policy(Path(file))


@click.group()
def policy() -> None:
    """Policies: what meets whom."""


@policy.command()
@click.argument("file")
def check(file: str) -> None:
    """Say whether FILE (or `default`) is a policy; exits 2 if not."""
    from revenuer.response import policy_notes  # noqa: PLC0415

    found = policy_of(file)
    click.echo(one_line(f"{found.version}: {len(found.rule)} rules, mode {found.mode}"))
    for note in policy_notes(found):
        click.echo(one_line(f"note: {note}"))


@policy.command("default")
def default_() -> None:
    """Print the policy that is shipped, to be copied and changed."""
    from revenuer.response import default_text  # noqa: PLC0415

    click.echo(default_text(), nl=False)


@click.command()
@click.argument("file", metavar="POLICY")
@click.argument("traffic", type=_PLACE)
@click.option(
    "--findings", required=True, multiple=True, type=_PLACE, help="What a scan of earlier traffic found; once a scan."
)
@click.option("--truth", type=_PLACE, help="The truth directory that `simulate` wrote.")
@click.option("--since", help="From when on the policy acts (default: behind what the first findings have seen).")
@click.option(
    "--confirmed", type=click.FloatRange(0.0, 1.0), help="People confirm campaigns of at least this confidence."
)
@click.option(
    "--agreeing", type=click.FloatRange(0.0), default=0.0, show_default=True, help="Hours until people agree."
)
@click.option(
    "--verifying",
    type=click.FloatRange(0.0),
    help="Hours until everybody who has to verify has (default: nobody does).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def replay(
    file: str,
    traffic: Path,
    *,
    findings: tuple[Path, ...],
    truth: Path | None,
    since: str | None,
    confirmed: float | None,
    agreeing: float,
    verifying: float | None,
    as_json: bool,
) -> None:
    """Say what POLICY (a file, or `default`) would have done to TRAFFIC after the findings, and to whom."""
    from revenuer.response import as_micros, judge  # noqa: PLC0415
    from revenuer.response import replay as run  # noqa: PLC0415

    begun = None if since is None else as_micros(since)
    key = os.environ.get("REVENUER_HOLDOUT_KEY", "")
    people = {"confirmed": confirmed, "agreeing": agreeing, "verifying": verifying}
    how: dict[str, Any] = {"since": begun, "key": key, **people}
    result = run(policy_of(file), traffic, findings, **how)
    judged = None if truth is None else judge(result, traffic, truth)
    if as_json:
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(_document(result, judged)), indent=2))
        return
    _tell(result, judged)


def _document(result: Replay, judged: Judged | None) -> dict[str, Any]:
    accounts = {rule: sorted(met) for rule, met in sorted(result.rules.items())}
    told = {"exchanges": result.exchanges, "rungs": result.rungs, "reasons": result.reasons, "accounts": accounts}
    return {
        **told,
        "days": result.days_over,
        "newcomers": result.newcomers,
        "displacement": result.displaced,
        "judged": judged,
    }


def _tell(result: Replay, judged: Judged | None) -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False)
    console.print(f"{result.exchanges:,} exchanges came after the findings.")
    for rung, number in result.rungs.most_common():
        console.print(f"  {rung}: {number:,}")
    for rule, accounts in sorted(result.rules.items()):
        console.print(f"  rule {one_line(rule)}: {len(accounts):,} accounts")
    for campaign, share in sorted(result.displaced.items()):
        console.print(f"  {one_line(campaign)}: {share:.0%} of its earlier volume came from accounts that were new")
    for day in result.days_over:
        console.print(f"  {day}: the budget was spent, and requests passed that the policy would have met")
    if judged is not None:
        _tell_judged(console, judged)


def _tell_judged(console: Any, judged: Judged) -> None:
    from rich.table import Table  # noqa: PLC0415

    head = ("campaign", "found", "harvest", "cut", "since found", "cut", "95 %", "closed", "other traffic met")
    cuts = Table(*head, box=None)
    for cut in judged.campaigns:
        found, later = "-" if cut.found_at is None else _day(cut.found_at), cut.later
        shares = (f"{later.share:.1%}", f"{later.low:.1%}-{later.high:.1%}", f"{later.closed:,}")
        whole = (f"{cut.whole.came:,}", f"{cut.whole.share:.1%}", f"{later.came:,}")
        cuts.add_row(cut.campaign, found, *whole, *shares, f"{cut.other_met:,} of {cut.other:,}")
    console.print(cuts)
    rows = Table("honest", "accounts", "exchanges", "met", "95 %", "suspended", box=None)
    for one in (*judged.workloads, judged.honest):
        span = f"{one.low:.3%}-{one.high:.3%}"
        rows.add_row(one.label, f"{one.accounts:,}", f"{one.exchanges:,}", f"{one.met:,}", span, f"{one.suspended:,}")
    console.print(rows)


def _day(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).date().isoformat()
