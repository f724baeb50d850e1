"""The verbs of sealed reasoning: `seal`, which keeps key rings, and `shape`, the proxy that uses them."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from revenuer.errors import ConfigError
from revenuer.log import configure, one_line

__all__ = ["seal", "shape"]

_PLACE: Final = click.Path(path_type=Path)
_DEFAULT: Final = "default"


@click.group()
def seal() -> None:
    """Key rings that seal reasoning, and the blocks that they sealed."""


@seal.command()
@click.argument("file", type=_PLACE)
def keygen(file: Path) -> None:
    """Write a ring of one fresh key to FILE, which must not exist; its owner alone can read it."""
    from revenuer.provenance import new_ring, save_ring  # noqa: PLC0415

    ring = new_ring(_now())
    save_ring(ring, file, fresh=True)
    click.echo(f"{file}: key {ring.active.id} seals")


@seal.command()
@click.argument("file", type=_PLACE)
def rotate(file: Path) -> None:
    """Give the ring in FILE a fresh key that seals from now on; the one before it still opens."""
    from revenuer.provenance import load_ring, ring_rotated, save_ring  # noqa: PLC0415

    ring = ring_rotated(load_ring(file), _now())
    save_ring(ring, file, fresh=False)
    click.echo(f"{file}: key {ring.active.id} seals")


@seal.command()
@click.argument("file", type=_PLACE)
@click.argument("key")
def revoke(file: Path, key: str) -> None:
    """Let KEY of the ring in FILE open nothing any more; blocks that it sealed are left out."""
    from revenuer.provenance import load_ring, ring_revoked, save_ring  # noqa: PLC0415

    save_ring(ring_revoked(load_ring(file), key), file, fresh=False)
    click.echo(f"{file}: key {key} opens nothing")


@seal.command()
@click.argument("file", type=_PLACE)
@click.argument("block", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def inspect(file: Path, block: str | None, *, as_json: bool) -> None:
    """Show the keys of the ring in FILE, without secrets, or what BLOCK (- : standard input) says of itself."""
    from revenuer.provenance import inspected, load_ring  # noqa: PLC0415

    ring = load_ring(file)
    if block is None:
        found = [{"key": key.id, "state": key.state, "created": key.created} for key in ring.keys]
    else:
        told = inspected(sys.stdin.read().strip() if block == "-" else block, ring)
        if told is None:
            raise ConfigError("this is no sealed block")
        found = [told]
    _echo(found, as_json=as_json)


@seal.command("plan")
def plan_() -> None:
    """Print the shaping plan that is shipped, to be copied and changed."""
    from revenuer.provenance import default_plan_text  # noqa: PLC0415

    click.echo(default_plan_text(), nl=False)


@click.command()
@click.option("--upstream", required=True, metavar="URL", help="Base URL of the model API, without /v1.")
@click.option("--keys", required=True, type=_PLACE, help="Key ring that `revenuer seal keygen` wrote.")
@click.option("--plan", default=_DEFAULT, show_default=True, help="Shaping plan (TOML), or `default`.")
@click.option("--listen", default="127.0.0.1:8788", show_default=True, metavar="HOST:PORT", help="Where clients come.")
@click.option("--events", type=_PLACE, help="File to which events of sealed blocks are appended, one a line.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", count=True, help="Say what is done (-vv: in detail).")
def shape(upstream: str, keys: Path, plan: str, listen: str, events: Path | None, *, quiet: bool, verbose: int) -> None:
    """Serve a proxy before a model API: requests and answers are shaped by a plan, and reasoning leaves sealed.

    Runs until SIGTERM or Ctrl-C. Whoever presents REVENUER_SHAPE_TOKEN to /healthz is told counts.
    """
    configure(verbose, quiet=quiet)
    from revenuer.provenance import default_plan, load_plan  # noqa: PLC0415
    from revenuer.service.shaper_serving import shape as run  # noqa: PLC0415

    chosen = default_plan() if plan == _DEFAULT else load_plan(Path(plan))

    def ready(address: str) -> None:
        if not quiet:
            click.echo(f"Listening on {address}: {one_line(chosen.version)} before {one_line(upstream)}", err=True)

    token = os.environ.get("REVENUER_SHAPE_TOKEN") or None
    run(upstream, chosen, keys, listen=listen, events=events, token=token, on_ready=ready)


def _echo(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    for row in found:
        click.echo("  ".join(f"{name} {one_line(str(value))}" for name, value in row.items()))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
