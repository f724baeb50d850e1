"""The verb that looks at sign-ups: `verify`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.cli_state import state_of
from revenuer.errors import ConfigError
from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.response.verification import Confirmed, Desk, Outcome, SignUps, Tally, VerificationPolicy

__all__ = ["verify"]

FOUND: Final = 1
_PLACE: Final = click.Path(path_type=Path)
_DEFAULT: Final = "default"
# Outcomes in which somebody has to do something before the account is open.
_HELD: Final = ("step_up", "review", "deny")
WIDTH: Final = 110
_SHOWN_REASONS: Final = 12


def _print_policy(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's
    if wanted:
        from revenuer.response.verification import default_verification_text  # noqa: PLC0415

        click.echo(default_verification_text(), nl=False)
        context.exit(0)


@click.command()
@click.argument("accounts", type=_PLACE)
@click.option("--findings", type=_PLACE, help="What a scan found: sign-ups that resemble its campaigns' are looked at.")
@click.option("--state", "url", metavar="URL", help="The same from a state: only what people confirmed there denies.")
@click.option("--since", help="From when on the campaigns are known (default: from when each was last seen).")
@click.option("--policy", "file", default=_DEFAULT, show_default=True, help="File of the verification policy.")
@click.option("--print-policy", is_flag=True, is_eager=True, expose_value=False, callback=_print_policy,
              help="Print the policy that is shipped, and nothing else.")  # fmt: skip
@click.option("--feed", type=_PLACE, help="File of networks: lines CIDR,kind or CIDR,kind,asn.")
@click.option("--again", is_flag=True, help="Ask again about accounts that exist, by what came after them too.")
@click.option("--out", type=_PLACE, help="Write one row a sign-up there (Parquet).")
@click.option("--explain", metavar="ACCOUNT", help="Say all that is to say of one account.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    accounts: Path,
    *,
    file: str,
    again: bool,
    out: Path | None,
    explain: str | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Judge the sign-ups in the table ACCOUNTS in the order of time, each by those before it.

    Exit code: 0 everybody is let in, 1 somebody is asked for more, 2 bad input.
    """
    from revenuer.response.verification import ask_again, read_signups, tally, verify_all  # noqa: PLC0415

    policy = _policy_of(file)
    new_desk = _desks(policy, again=again, **how)
    signups = read_signups(accounts)
    people = signups.applicants
    outcomes = ask_again(new_desk, people) if again else list(verify_all(new_desk(), people))
    if out is not None:
        _write(out, outcomes)
    if explain is not None:
        _explain(explain, outcomes, as_json=as_json)
    else:
        _tell(signups, tally(people, outcomes), policy, as_json=as_json)
    ctx.exit(FOUND if any(one.outcome in _HELD for one in outcomes) else 0)


def _policy_of(file: str) -> VerificationPolicy:
    from revenuer.response.verification import default_verification_policy, load_verification_policy  # noqa: PLC0415

    return default_verification_policy() if file == _DEFAULT else load_verification_policy(Path(file))


def _desks(
    policy: VerificationPolicy,
    *,
    again: bool,
    findings: Path | None,
    url: str | None,
    since: str | None,
    feed: Path | None,
) -> Callable[[], Desk]:
    from revenuer.response.verification import Desk, load_feed  # noqa: PLC0415

    confirmed = _known(findings, url, since, again=again)
    networks = None if feed is None else load_feed(feed)
    key = os.environ.get("REVENUER_VERIFY_KEY", "").encode()
    return partial(Desk, policy, confirmed=confirmed, feed=networks, key=key)


def _known(findings: Path | None, url: str | None, since: str | None, *, again: bool) -> tuple[Confirmed, ...]:
    from revenuer.response import as_micros  # noqa: PLC0415
    from revenuer.response.verification import known_to_findings, known_to_state  # noqa: PLC0415

    if since is not None and (again or (findings is None and url is None)):
        raise ConfigError(
            "--since says from when on campaigns are known: it needs --findings or --state, and no --again"
        )
    begun = 0 if again else None if since is None else as_micros(since)
    found = () if findings is None else known_to_findings(findings, since=begun)
    with nullcontext() if url is None else state_of(url) as state:
        # what people have said comes first: of an account in several campaigns the first counts
        return found if state is None else (*known_to_state(state, since=begun), *found)


def _write(out: Path, outcomes: list[Outcome]) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from revenuer.output import write_atomically  # noqa: PLC0415
    from revenuer.response.verification import outcomes_table  # noqa: PLC0415

    sink = pa.BufferOutputStream()
    pq.write_table(outcomes_table(outcomes), sink, compression="zstd")
    write_atomically(out, sink.getvalue().to_pybytes())


def _explain(account: str, outcomes: list[Outcome], *, as_json: bool) -> None:
    found = next((one for one in outcomes if one.account_id == account), None)
    if found is None:
        raise ConfigError(f"--explain {account}: there is no such account among the sign-ups that were judged")
    if as_json:
        _echo_json(found)
        return
    until = f", until {found.expires_at}" if found.expires_at else ""
    _say(f"{found.account_id}: {found.outcome}{until}; evidence {found.score:+.2f} decades, policy {found.policy}")
    for reason in found.reasons:
        often = f", one in {reason.one_in:,.0f} sign-ups" if reason.one_in and reason.worth > 0 else ""
        _say(
            f"  {reason.code}: {reason.fact} ({reason.worth:+.2f}{often})"
            if reason.group
            else f"  {reason.code}: {reason.fact}"
        )
    for group, worth in found.groups.items():
        _say(f"together, {group}: {worth:+.2f}")
    for line in wrap(f"told: {found.explanation}", WIDTH):
        _say(line)


def _tell(signups: SignUps, counted: Tally, policy: VerificationPolicy, *, as_json: bool) -> None:
    if as_json:
        told = {"set_aside": signups.set_aside, "missing": signups.missing, "policy": policy.version}
        _echo_json({**told, "mode": policy.mode, "tally": counted})
        return
    note = ": said, not done" if policy.mode == "shadow" else ""
    _say(f"{counted.signups:,} sign-ups, policy {policy.version} ({policy.mode}{note})")
    for name, one in counted.outcomes.items():
        _say(f"{name}: {one.count:,} ({one.share:.2%}, 95 % {one.low:.2%} to {one.high:.2%})")
    for programme, outcomes in counted.programmes.items():
        if programme != "none":
            _say(
                f"  programme {programme}: "
                + ", ".join(f"{name} {one.count:,}" for name, one in outcomes.items() if one.count)
            )
    for code, count in list(counted.reasons.items())[:_SHOWN_REASONS]:
        _say(f"reason {code}: {count:,}")
    for reason, count in signups.set_aside.items():
        _say(f"set aside, {reason}: {count:,}")
    if signups.missing:
        _say(f"columns not there, which say nothing: {', '.join(signups.missing)}")


def _say(line: str) -> None:
    click.echo(one_line(line))


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
