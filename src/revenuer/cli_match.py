"""The verb `match`: which fraudulent infrastructure two providers have in common, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from revenuer.errors import ConfigError
from revenuer.log import one_line
from revenuer.sharing.times import now

if TYPE_CHECKING:
    from revenuer.sharing.matching_transcript import How

__all__ = ["match"]

BROKEN_CHAIN: Final = 1

_PLACE: Final = click.Path(path_type=Path)
_out = click.option("--out", required=True, type=_PLACE, help="File to write.")
_keys = click.option("--key", "key_file", required=True, type=_PLACE, help="File with the group's keys.")
_on = click.option("--on", "day", help="Day whose key is used, YYYY-MM-DD (default: today, UTC).")
_peer = click.option("--peer", required=True, help="Name of the peer, for the transcript.")
_transcript = click.option("--transcript", required=True, type=_PLACE, help="File in which all is written down.")
_secret = click.option("--secret", required=True, type=_PLACE, help="File with our private key; it stays here.")
_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def _allowed(verb: _Verb) -> _Verb:
    """What a peer may ask."""
    for name, most, told in (
        ("--per-hour", 12, "Requests an hour that a peer may make."),
        ("--per-day", 50_000, "Items a day that a peer may ask about."),
        ("--most", 50_000, "Items that a peer may ask about at once."),
    ):
        verb = click.option(name, type=click.IntRange(min=1), default=most, show_default=True, help=told)(verb)
    return verb


@click.group()
def match() -> None:
    """Match infrastructure with another provider, without showing each other what is not in common."""


@match.command()
@click.argument("findings", type=_PLACE)
@click.option("--traffic", required=True, type=_PLACE, help="The traffic that was scanned.")
@_out
@click.option("--confidence", type=click.FloatRange(0, 1), default=0.95, show_default=True, help="Least of a campaign.")
@click.option(
    "--share", type=click.FloatRange(0, 1), default=0.9, show_default=True,
    help="Least share of an item's accounts that are the campaigns'.",
)  # fmt: skip
def items(findings: Path, traffic: Path, out: Path, confidence: float, share: float) -> None:
    """Collect the infrastructure of the campaigns of FINDINGS."""
    from revenuer.sharing.matching_collect import collect  # noqa: PLC0415
    from revenuer.sharing.matching_items import write_items  # noqa: PLC0415

    found = collect(findings, traffic, confidence=confidence, share=share)
    write_items(out, found)
    _say(f"{len(found):,} items")


@match.command()
@click.option("--group", required=True, help="Name of the group.")
@click.option("--from", "begins", required=True, help="First day, YYYY-MM-DD.")
@click.option("--until", "ends", required=True, help="The day after the last.")
@_out
def key(group: str, begins: str, ends: str, out: Path) -> None:
    """Make a key of a group for a period, and add it to the keys in a file."""
    from revenuer.sharing.matching_keys import add_key  # noqa: PLC0415

    _say(add_key(out, group=group, begins=begins, ends=ends).key_id)


@match.command("hash")
@click.argument("file", metavar="ITEMS", type=_PLACE)
@_keys
@_on
@_out
def hash_(file: Path, key_file: Path, day: str | None, out: Path) -> None:
    """Write the keyed hashes of ITEMS, for a peer to compare."""
    from revenuer.sharing.matching import keyed, write_list  # noqa: PLC0415
    from revenuer.sharing.matching_items import read_items  # noqa: PLC0415
    from revenuer.sharing.matching_keys import key_at, read_keys  # noqa: PLC0415

    chosen = key_at(read_keys(key_file), day or now()[:10])
    _say(f"{write_list(out, keyed(read_items(file), chosen), chosen):,} hashes under {chosen.key_id}")


@match.command()
@click.argument("file", metavar="ITEMS", type=_PLACE)
@click.argument("theirs", metavar="HASHES", type=_PLACE)
@_keys
@_on
@_peer
@_transcript
@_out
@_allowed
def compare(
    file: Path, theirs: Path, key_file: Path, day: str | None, peer: str, transcript: Path, out: Path, **allowed: int
) -> None:
    """Write the ITEMS whose keyed hashes are among a peer's HASHES."""
    from revenuer.sharing.matching import common, keyed, read_list  # noqa: PLC0415
    from revenuer.sharing.matching_items import read_items, write_items  # noqa: PLC0415
    from revenuer.sharing.matching_keys import key_by_id, read_keys  # noqa: PLC0415

    listed = read_list(theirs)
    chosen = key_by_id(read_keys(key_file), listed.key_id, day or now()[:10])
    mine = read_items(file)
    found = common(keyed(mine, chosen), listed.hashes)
    told = {"key_id": chosen.key_id, "mine": len(mine), "theirs": len(listed.hashes), "learnt": found}
    _noted(transcript, peer, "keyed", told, allowed)
    write_items(out, found)
    _say(f"{len(found):,} of {len(mine):,} items in common")


@match.command()
@click.argument("name")
@click.option("--peers", required=True, type=_PLACE, help="File with the peers that may ask.")
def peer(name: str, peers: Path) -> None:
    """Let the peer NAME ask over HTTP, or give it a new secret, and print the secret: it is shown once."""
    from revenuer.sharing.matching_http import add_asker  # noqa: PLC0415

    _say(add_asker(peers, name))


@match.command()
@click.argument("file", metavar="ITEMS", type=_PLACE)
@click.option("--peers", required=True, type=_PLACE, help="File with the peers that may ask.")
@_transcript
@click.option("--key", "key_file", type=_PLACE, help="File with the group's keys: matching under a key is offered.")
@click.option("--psi", nargs=2, type=_PLACE, metavar="SETUP SECRET", help="Private set intersection is offered.")
@click.option("--listen", default="127.0.0.1:6200", show_default=True, help="HOST:PORT; port 0 takes any.")
@click.option("--certificate", type=_PLACE, help="PEM file with the server's certificate: TLS is spoken.")
@click.option("--certificate-key", type=_PLACE, help="PEM file with its key.")
@click.option("--plain", is_flag=True, help="Listen to others without TLS: something in front speaks it.")
@_allowed
def serve(
    file: Path, peers: Path, transcript: Path, key_file: Path | None, psi: tuple[Path, Path] | None, listen: str,
    certificate: Path | None, certificate_key: Path | None, *, plain: bool, **allowed: int,
) -> None:  # fmt: skip
    """Answer peers that ask what of theirs is among ITEMS, until told to stop."""
    from revenuer.listening import bound_to  # noqa: PLC0415
    from revenuer.sharing.matching_http import Desk, match_app, read_peers  # noqa: PLC0415
    from revenuer.sharing.matching_items import read_items  # noqa: PLC0415
    from revenuer.sharing.matching_keys import read_keys  # noqa: PLC0415
    from revenuer.sharing.matching_transcript import Allowance, Transcript  # noqa: PLC0415
    from revenuer.sharing.psi import Answerer, read_message, read_secret  # noqa: PLC0415
    from revenuer.sharing.taxii.serving import IN_THE_CLEAR, Tls, serve_app  # noqa: PLC0415

    if (certificate is None) != (certificate_key is None):
        raise ConfigError("--certificate and --certificate-key go together")
    if key_file is None and psi is None:
        raise ConfigError("nothing is offered: give --key, --psi or both")
    tls = None if certificate is None or certificate_key is None else Tls(certificate, certificate_key)
    desk = Desk(
        items=read_items(file),
        peers=read_peers(peers),
        transcript=Transcript(transcript),
        allowance=Allowance(**allowed),
        keys=() if key_file is None else read_keys(key_file),
        psi=None if psi is None else (Answerer(read_secret(psi[1])), read_message(psi[0], "set-up")),
    )
    with bound_to(listen, guarded=plain or tls is not None, by=IN_THE_CLEAR) as place:
        serve_app(match_app(desk), place, tls=tls, on_ready=lambda address: _say(f"Matching at {address}"))


@match.command()
@click.argument("file", metavar="ITEMS", type=_PLACE)
@click.argument("url")
@_peer
@_transcript
@_out
@click.option("--key", "key_file", type=_PLACE, help="File with the group's keys; without: private set intersection.")
def ask(file: Path, url: str, peer: str, transcript: Path, out: Path, key_file: Path | None) -> None:
    """Ask the peer at URL which of ITEMS it has as well; REVENUER_MATCH_SECRET is the secret that it gave."""
    from revenuer.sharing.matching_asking import ask as run  # noqa: PLC0415
    from revenuer.sharing.matching_items import read_items, write_items  # noqa: PLC0415
    from revenuer.sharing.matching_keys import read_keys  # noqa: PLC0415
    from revenuer.sharing.matching_transcript import Transcript  # noqa: PLC0415

    mine = read_items(file)
    secret = os.environ.get("REVENUER_MATCH_SECRET", "")
    keys = () if key_file is None else read_keys(key_file)
    found = run(url, mine, peer=peer, secret=secret, transcript=Transcript(transcript), at=now(), keys=keys)
    write_items(out, found)
    _say(f"{len(found):,} of {len(mine):,} items in common")


@match.command("psi-setup")
@click.argument("file", metavar="ITEMS", type=_PLACE)
@_out
@_secret
@click.option("--asked", type=click.IntRange(min=1), default=50_000, show_default=True, help="Most items of a request.")
def psi_setup(file: Path, out: Path, secret: Path, asked: int) -> None:
    """Make the set-up of ITEMS that peers need, once; the private key is made with it, and kept."""
    from revenuer.sharing.files import write_private, write_whole  # noqa: PLC0415
    from revenuer.sharing.matching_items import read_items  # noqa: PLC0415
    from revenuer.sharing.psi import new_answerer  # noqa: PLC0415

    mine, answerer = read_items(file), new_answerer()
    made = answerer.set_up(mine, most_asked=asked)
    write_private(secret, answerer.secret)
    write_whole(out, made)
    _say(f"{len(mine):,} items in {len(made):,} bytes")


@match.command("psi-request")
@click.argument("file", metavar="ITEMS", type=_PLACE)
@_out
@_secret
def psi_request(file: Path, out: Path, secret: Path) -> None:
    """Make a request about ITEMS; its private key is for this request alone."""
    from revenuer.sharing.files import write_private, write_whole  # noqa: PLC0415
    from revenuer.sharing.matching_items import read_items  # noqa: PLC0415
    from revenuer.sharing.psi import new_asker  # noqa: PLC0415

    mine, asker = read_items(file), new_asker()
    made = asker.request(mine)
    write_private(secret, asker.secret)
    write_whole(out, made)
    _say(f"{len(mine):,} items in {len(made):,} bytes")


@match.command("psi-answer")
@click.argument("request", type=_PLACE)
@_out
@_secret
@_peer
@_transcript
@_allowed
def psi_answer(request: Path, out: Path, secret: Path, peer: str, transcript: Path, **allowed: int) -> None:
    """Answer a peer's REQUEST; all that is learnt is how many items it is about."""
    from revenuer.sharing.files import write_whole  # noqa: PLC0415
    from revenuer.sharing.psi import Answerer, asked, read_message, read_secret  # noqa: PLC0415

    given, answerer = read_message(request, "request"), Answerer(read_secret(secret))
    count = asked(given)
    _noted(transcript, peer, "psi", {"key_id": "", "mine": 0, "theirs": count, "learnt": None}, allowed)
    write_whole(out, answerer.answer(given))
    _say(f"a request about {count:,} items was answered")


@match.command("psi-reveal")
@click.argument("file", metavar="ITEMS", type=_PLACE)
@click.argument("setup", type=_PLACE)
@click.argument("answer", type=_PLACE)
@_out
@_secret
@_peer
@_transcript
def psi_reveal(file: Path, setup: Path, answer: Path, out: Path, secret: Path, peer: str, transcript: Path) -> None:
    """Write the ITEMS that the peer has as well, by its SETUP and its ANSWER to our request."""
    from revenuer.sharing.matching_items import read_items, write_items  # noqa: PLC0415
    from revenuer.sharing.matching_transcript import Transcript  # noqa: PLC0415
    from revenuer.sharing.psi import Asker, read_message, read_secret  # noqa: PLC0415

    mine = read_items(file)
    messages = read_message(setup, "set-up"), read_message(answer, "answer")
    found = Asker(read_secret(secret)).reveal(mine, *messages)
    told = {"key_id": "", "mine": len(mine), "theirs": 0, "learnt": found}
    Transcript(transcript).add(at=now(), peer=peer, role="asked", how="psi", **told)  # type: ignore[arg-type]
    write_items(out, found)
    _say(f"{len(found):,} of {len(mine):,} items in common")


@match.command("transcript")
@click.argument("file", type=_PLACE)
@click.option("--head", help="A digest that was printed earlier and kept elsewhere: the transcript must still hold it.")
@click.pass_context
def transcript_(ctx: click.Context, /, file: Path, head: str | None) -> None:
    """Verify the transcript in FILE; exits 1 if it was changed."""
    from revenuer.sharing.matching_transcript import verify  # noqa: PLC0415

    found = verify(file, head)
    if found.fault is not None:
        _say(f"The transcript is not whole: {found.fault}.")
        ctx.exit(BROKEN_CHAIN)
    _say(f"{found.entries:,} entries, whole. Head: {found.head}")


def _noted(file: Path, peer: str, how: How, told: dict[str, Any], allowed: dict[str, int]) -> None:
    from revenuer.sharing.matching_transcript import Allowance, Exhausted, Transcript  # noqa: PLC0415

    try:
        Transcript(file).add(at=now(), peer=peer, role="answered", how=how, allowance=Allowance(**allowed), **told)
    except Exhausted as error:
        raise ConfigError(f"{peer} asks for more than it may: {error}") from error


def _say(text: str) -> None:
    click.echo(one_line(text))
