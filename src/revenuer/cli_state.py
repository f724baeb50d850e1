"""The verb that works on the state, `cases`, and what `scan --state` needs of it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.scanning import ScanResult
    from revenuer.state import State

__all__ = ["cases", "recorded_in", "state_of"]

BROKEN_CHAIN: Final = 1

_state = click.option("--state", "url", required=True, metavar="URL", help="A file (SQLite), or postgresql://...")
_by = click.option("--by", "person", required=True, metavar="NAME", help="The person who says so.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@contextmanager
def state_of(url: str | None) -> Iterator[State | None]:
    """The state at a URL, open for as long as the block runs; None for none."""
    if url is None:
        yield None
    else:
        with _opened(url, make=True) as state:
            yield state


@contextmanager
def _opened(url: str, *, make: bool = False) -> Iterator[State]:
    from revenuer.state import open_state  # noqa: PLC0415

    opened = open_state(url, make=make)
    try:
        yield opened
    finally:
        opened.close()


def recorded_in(state: State, result: ScanResult, place: Path, traffic: Path) -> ScanResult:
    """The result of a scan with the ids that the state keeps; its findings are rewritten with them."""
    from revenuer.response import exchanges_before  # noqa: PLC0415
    from revenuer.scan_state import keep_in_state  # noqa: PLC0415

    return keep_in_state(result, place, state, at=_now(), batches=exchanges_before(traffic))[0]


@click.group()
def cases() -> None:
    """Campaigns, decisions and appeals in a state: what is known, proposed, approved, objected to."""


@cases.command("list")
@_state
@_json
def list_(url: str, *, as_json: bool) -> None:
    """List campaigns, decisions and appeals."""
    from revenuer.state import listed, tables  # noqa: PLC0415

    with _opened(url) as state, state.read() as connection:
        campaigns = listed(connection, tables.campaigns, ["campaign_id"])
        for one in campaigns:
            del one["document"]
        found = {
            "campaigns": campaigns,
            "decisions": listed(connection, tables.decisions, ["made_at", "decision_id"]),
            "appeals": listed(connection, tables.appeals, ["made_at", "appeal_id"]),
        }
    if as_json:
        _echo_json(found)
        return
    for row in found["campaigns"]:
        _say(
            f"{row['campaign_id']}  {row['standing']}  confidence {row['confidence']:.3f}  last seen {row['last_seen']}"
        )
    for row in found["decisions"]:
        _say(
            f"{row['decision_id']}  {row['status']}  {row['rung']} {row['subject']}  ({row['rule']}) until {row['expires_at']}"
        )
    for row in found["appeals"]:
        _say(f"{row['appeal_id']}  {row['outcome']}  against {row['decision_id']}: {row['statement']}")


@cases.command()
@click.argument("name")
@_state
def show(name: str, url: str) -> None:
    """Print all that the state holds of NAME: a campaign, an account or a decision."""
    from revenuer.state import shown  # noqa: PLC0415

    with _opened(url) as state, state.read() as connection:
        _echo_json(shown(connection, name))


@cases.command()
@click.argument("file")
@_state
def propose(file: str, url: str) -> None:
    """Write down what the policy FILE (or `default`) says of every flagged account."""
    from revenuer.cli_response import policy_of  # noqa: PLC0415
    from revenuer.response.proposing import propose_all  # noqa: PLC0415

    with _opened(url) as state:
        key = os.environ.get("REVENUER_HOLDOUT_KEY", "")
        made = propose_all(state, policy_of(file), at=_now(), key=key)
    _say(f"{len(made):,} new decisions")


@cases.command()
@click.argument("decision")
@_state
@_by
@click.option("--note", default="", help="Why.")
def approve(decision: str, url: str, person: str, note: str) -> None:
    """Agree to DECISION; it takes effect with the last agreement that it needs."""
    from revenuer.state import approve as run  # noqa: PLC0415

    with _opened(url) as state:
        _say(f"{decision} is {run(state, decision, person=person, at=_now(), note=note)}")


@cases.command()
@click.argument("decision")
@_state
@click.option("--statement", required=True, help="What the one who is met says.")
def appeal(decision: str, url: str, statement: str) -> None:
    """Object to DECISION."""
    from revenuer.state import appeal as run  # noqa: PLC0415

    with _opened(url) as state:
        _say(run(state, decision, statement=statement, at=_now(), actor=getpass.getuser()))


@cases.command()
@click.argument("appeal")
@_state
@_by
@click.option("--outcome", required=True, type=click.Choice(["upheld", "denied"]), help="upheld reverses the decision.")
def resolve(appeal: str, url: str, person: str, outcome: Any) -> None:
    """Close APPEAL; not by somebody who approved the decision."""
    from revenuer.state import resolve as run  # noqa: PLC0415

    with _opened(url) as state:
        run(state, appeal, outcome=outcome, person=person, at=_now())
    _say(f"{appeal} is {outcome}")


@cases.command()
@click.argument("campaign")
@_state
@_by
@click.option("--verdict", required=True, type=click.Choice(["confirmed", "dismissed", "open"]), help="What it is.")
def judge(campaign: str, url: str, person: str, verdict: Any) -> None:
    """Say what CAMPAIGN is; later scans leave it."""
    from revenuer.state import judge_campaign  # noqa: PLC0415

    with _opened(url) as state:
        judge_campaign(state, campaign, verdict=verdict, person=person, at=_now())
    _say(f"{campaign} is {verdict}")


@cases.command()
@_state
@_by
@click.option("--org", help="Organisation that may.")
@click.option("--account", help="Account that may.")
@click.option("--kind", required=True, help="What was agreed to: evaluation, licensed_distillation and others.")
@click.option("--capability", "capabilities", multiple=True, help="For which capability; repeatable (default: all).")
@click.option("--per-day", type=click.IntRange(min=1), help="Exchanges each UTC day.")
@click.option("--until", help="Until when, RFC 3339.")
def grant(
    url: str, person: str, org: str | None, account: str | None, kind: str, capabilities: tuple[str, ...],
    per_day: int | None, until: str | None,
) -> None:  # fmt: skip
    """Register a consent."""
    from revenuer.state import Consent, utc  # noqa: PLC0415
    from revenuer.state import grant as run  # noqa: PLC0415

    ends = None if until is None else utc(until)
    consent = Consent(org, account, kind, capabilities or None, per_day, ends)
    with _opened(url, make=True) as state:
        _say(run(state, consent, person=person, at=_now()))


@cases.command()
@click.argument("consent")
@_state
@_by
def revoke(consent: str, url: str, person: str) -> None:
    """End CONSENT."""
    from revenuer.state import revoke as run  # noqa: PLC0415

    with _opened(url) as state:
        run(state, consent, person=person, at=_now())
    _say(f"{consent} has ended")


@cases.command()
@_state
@_json
def calibrate(url: str, *, as_json: bool) -> None:
    """Say of each rule how often an appeal against it was upheld."""
    from revenuer.response.calibration import rule_errors  # noqa: PLC0415

    with _opened(url) as state, state.read() as connection:
        found = rule_errors(connection)
    if as_json:
        _echo_json(found)
        return
    for one in found:
        rate = f"{one.upheld} of {one.decisions} ({one.low:.1%} to {one.high:.1%})"
        _say(f"{one.rule}: appeals upheld {rate}, {one.open} open")


@cases.command()
@_state
@click.option("--head", help="A digest that was printed earlier and kept elsewhere: the log must still hold it.")
@click.pass_context
def audit(ctx: click.Context, /, url: str, head: str | None) -> None:
    """Verify the audit log; exits 1 if it was changed."""
    from revenuer.state import verify_chain  # noqa: PLC0415

    with _opened(url) as state, state.read() as connection:
        found = verify_chain(connection, head)
    if found.fault is not None:
        _say(f"The log is not whole: {found.fault}.")
        ctx.exit(BROKEN_CHAIN)
    _say(f"{found.entries:,} entries, whole. Head: {found.head}")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _say(text: str) -> None:
    click.echo(one_line(text))


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
