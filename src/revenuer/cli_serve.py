"""The verb that answers gateways: `serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from revenuer.cli_receive import Size
from revenuer.errors import ConfigError
from revenuer.log import configure

if TYPE_CHECKING:
    from revenuer.response.verification import VerificationPolicy

__all__ = ["serve"]


@click.command()
@click.option("--state", "url", required=True, metavar="URL", help="A file (SQLite), or postgresql://...")
@click.option("--policy", "file", default="default", show_default=True, metavar="FILE", help="The policy that decides.")
@click.option(
    "--journal", required=True, type=click.Path(path_type=Path),
    help="Folder of this process for decisions on their way to the state.",
)  # fmt: skip
@click.option("--listen", default="127.0.0.1:8087", show_default=True, metavar="HOST:PORT", help="Where gateways come.")
@click.option(
    "--fail", "failing", type=click.Choice(["open", "closed"]),
    help="Whether requests pass while nothing is known of anybody, or nothing can be written down, in place of what the policy says.",
)  # fmt: skip
@click.option("--max-body", "most_bytes", type=Size(), default="8MB", show_default=True, help="Largest body.")
@click.option("--keys", is_flag=True, help="Gateways present keys of the state, as people and programs always do.")
@click.option("--issuer", metavar="URL", help="Where people sign in (OpenID Connect).")
@click.option("--audience", default="", help="What their tokens have to be made for.")
@click.option("--roles-claim", default="roles", show_default=True, help="Where roles stand in a token, with dots.")
@click.option("--role", "words", multiple=True, metavar="WORD=ROLE", help="What a word there means; repeatable.")
@click.option("--ingest", type=click.Path(path_type=Path), help="Traffic directory for exchanges that are sent in.")
@click.option("--verification", metavar="FILE", help="Policy by which sign-ups are judged (or `default`).")
@click.option("--signups", type=click.Path(path_type=Path), help="Table of sign-ups that came before.")
@click.option("--taxii", metavar="URL", help="Store of collections that peers are served from, below /taxii2/.")
@click.option(
    "--per-minute", type=click.IntRange(min=1), default=600, show_default=True,
    help="Requests of a caller to the administration.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", count=True, help="Say what is done (-vv: in detail).")
def serve(
    file: str, *, keys: bool, issuer: str | None, audience: str, roles_claim: str, words: tuple[str, ...],
    ingest: Path | None, per_minute: int, verification: str | None, signups: Path | None, taxii: str | None,
    quiet: bool, verbose: int, **how: Any,
) -> None:  # fmt: skip
    """Answer gateways: what meets a request that is about to be passed on to a model.

    Runs until SIGTERM or Ctrl-C. Callers present REVENUER_SERVE_TOKEN, if it is set, as a bearer token.
    People and programs that look after cases present a token of --issuer, or a key (`revenuer keys`).
    """
    configure(verbose, quiet=quiet)
    from revenuer.cli_response import policy_of  # noqa: PLC0415
    from revenuer.service import Office  # noqa: PLC0415
    from revenuer.service import serve as run  # noqa: PLC0415

    policy = policy_of(file)
    appeal_key = os.environ.get("REVENUER_APPEAL_KEY", "").encode() or None
    judged_by = None if verification is None else _verification(verification)
    secret = os.environ.get("REVENUER_VERIFY_KEY", "").encode()
    office = Office(
        keys,
        issuer,
        audience,
        roles_claim,
        _roles(words),
        ingest,
        appeal_key,
        per_minute,
        judged_by,
        secret,
        signups,
        taxii,
    )

    def ready(address: str) -> None:
        if not quiet:
            click.echo(f"Listening on {address}: policy {policy.version}, mode {policy.mode}", err=True)

    token, key = os.environ.get("REVENUER_SERVE_TOKEN") or None, os.environ.get("REVENUER_HOLDOUT_KEY", "")
    run(policy=policy, token=token, holdout_key=key, office=office, on_ready=ready, **how)


def _roles(words: tuple[str, ...]) -> dict[str, str]:
    found = dict(word.rpartition("=")[::2] for word in words)
    if "" in found:
        raise ConfigError("--role: expected WORD=ROLE, such as fraud-desk=analyst")
    return found


def _verification(file: str) -> VerificationPolicy:
    from revenuer.response.verification import default_verification_policy, load_verification_policy  # noqa: PLC0415

    return default_verification_policy() if file == "default" else load_verification_policy(Path(file))
