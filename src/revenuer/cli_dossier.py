"""The verb `dossier`: evidence in one signed archive, for authorities and counsel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.sharing.dossier import AuditHead

__all__ = ["dossier"]

NOT_WHOLE: Final = 1

_PLACE: Final = click.Path(path_type=Path)
_LOCK: Final = "REVENUER_DOSSIER_PASSPHRASE"


class _Dossier(click.Group):
    """`revenuer dossier FINDINGS ...` is short for `revenuer dossier build FINDINGS ...`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["build", *args])


@click.group(cls=_Dossier)
def dossier() -> None:
    """Evidence in one archive: facts, conclusions, methods, error rates, hashes of the logs."""


@dossier.command()
@click.argument("findings", type=_PLACE)
@click.option(
    "--traffic",
    required=True,
    type=_PLACE,
    help="The traffic that was scanned: its files are hashed, and must be what the scan read.",
)
@click.option("--out", required=True, type=_PLACE, help="File for the archive.")
@click.option("--by", required=True, metavar="NAME", help="Who makes it.")
@click.option("--at", help="When, RFC 3339 (default: the last entry of the state's audit log).")
@click.option("--state", "url", metavar="URL", help="State whose audit log goes into the chain of custody.")
@click.option("--campaign", "only", multiple=True, help="Only this campaign; repeatable (default: all).")
@click.option("--sign", type=_PLACE, help="File with the private key that signs it.")
@click.option("--timestamp-request", "request", is_flag=True, help="Put in a request for an authority's time-stamp.")
def build(
    findings: Path, traffic: Path, out: Path, by: str, at: str | None, url: str | None, only: tuple[str, ...],
    sign: Path | None, *, request: bool,
) -> None:  # fmt: skip
    """Make a dossier of FINDINGS."""
    from revenuer.sharing.dossier import build as run  # noqa: PLC0415
    from revenuer.sharing.dossier_signing import load_signer  # noqa: PLC0415

    signer = None if sign is None else load_signer(sign, os.environ.get(_LOCK, ""))
    audit = None if url is None else _audit(url, findings, only)
    made = run(findings, traffic, out, by=by, at=at, audit=audit, only=only, signer=signer, request=request)
    _say(f"{made.campaigns:,} campaigns in {made.files:,} files. SHA-256: {made.sha256}")


@dossier.command()
@click.argument("file", type=_PLACE)
@click.option("--public", type=_PLACE, help="The signer's public key (PEM), had by another way.")
@click.option("--traffic", type=_PLACE, help="The logs, to be compared with their hashes.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def verify(ctx: click.Context, /, file: Path, public: Path | None, traffic: Path | None, *, as_json: bool) -> None:
    """Verify the dossier FILE; exits 1 if something was changed."""
    from revenuer.sharing.dossier_verify import verify as run  # noqa: PLC0415

    found = run(file, public=None if public is None else _public(public), traffic=traffic)
    if as_json:
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        _tell(found)
    if found.faults:
        ctx.exit(NOT_WHOLE)


@dossier.command()
@click.argument("out", type=_PLACE)
def key(out: Path) -> None:
    """Make a key pair in OUT and OUT.pub; REVENUER_DOSSIER_PASSPHRASE locks the private one."""
    from revenuer.sharing.dossier_signing import fingerprint, make_key  # noqa: PLC0415

    _say(f"Fingerprint: {fingerprint(make_key(out, os.environ.get(_LOCK, '')))}")


@dossier.command()
@click.argument("file", type=_PLACE)
@click.argument("reply", type=_PLACE)
def stamp(file: Path, reply: Path) -> None:
    """Put an authority's REPLY to the time-stamp request into the dossier FILE."""
    from revenuer.sharing.dossier import stamp as run  # noqa: PLC0415

    run(file, reply)
    _say("The time-stamp is in the dossier.")


def _tell(found: Any) -> None:
    for fault in found.faults:
        _say(f"Not whole: {fault}")
    if found.manifest is not None:
        told = found.manifest
        _say(f"Made by {told.by} at {told.at} (says its maker: {told.time_from}), {len(told.files):,} files")
    if found.faults:
        return
    who = "by the key given" if found.known else "compare this with what the signer says of his key"
    _say(f"Signed: {found.signer} ({who})" if found.signer else "Not signed: nobody vouches for it.")
    if found.stamped:
        _say("It carries a time-stamp: `openssl ts -verify` says whether the authority's signature is right.")
    if not found.scanned:
        _say("The scan kept no hashes of what it read: custody of the logs begins with this dossier.")
    _say("Whole: every byte is as the manifest says.")


def _audit(url: str, findings: Path, only: tuple[str, ...]) -> AuditHead:
    """What a state's audit log says, of the campaigns chosen in particular."""
    from revenuer.errors import InputError  # noqa: PLC0415
    from revenuer.sharing.dossier import AuditHead  # noqa: PLC0415
    from revenuer.state import entries, open_state, verify_chain  # noqa: PLC0415
    from revenuer.summary import read_findings  # noqa: PLC0415

    chosen = set(only) or {one.campaign_id for one in read_findings(findings)[0]}
    state = open_state(url, make=False)
    try:
        with state.read() as connection:
            found = verify_chain(connection)
            log = list(entries(connection))
    finally:
        state.close()
    if found.fault is not None or not log:
        raise InputError(f"the audit log cannot vouch for a time: {found.fault or 'it is empty'}", file=url)
    about = tuple(
        {"number": one.number, "at": one.at, "actor": one.actor, "action": one.action, "subject": one.subject}
        for one in log
        if one.subject in chosen
    )
    return AuditHead(found.entries, found.head, log[-1].at, about)


def _public(file: Path) -> bytes:
    from revenuer.errors import InputError, reason  # noqa: PLC0415
    from revenuer.sharing.dossier_signing import fingerprint  # noqa: PLC0415

    try:
        found = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {reason(error)}", file=str(file)) from error
    if not fingerprint(found):
        raise InputError("is no public key of Ed25519, in PEM", file=str(file))
    return found


def _say(text: str) -> None:
    click.echo(one_line(text))
