"""The verb that takes telemetry in: `receive`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

import click

from revenuer.log import configure

__all__ = ["Size", "receive"]

_UNITS: Final = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}


class Size(click.ParamType[int]):
    """Bytes, such as 64MB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that a text stands for."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,6})([KMG]?)B", str(value).upper())
        if found is None or not int(found[1]):
            self.fail(f"{value}: expected a size such as 64MB", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder for the files; may hold earlier ones."
)
@click.option("--listen", default="127.0.0.1:4318", show_default=True, metavar="HOST:PORT", help="Where senders come.")
@click.option(
    "--max-body", "most_bytes", type=Size(), default="64MB", show_default=True, help="Largest body, unpacked."
)
@click.option("--rotate-size", "rotate_bytes", type=Size(), default="64MB", show_default=True, help="Size of a file.")
@click.option(
    "--rotate-seconds", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="Age of a file."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", count=True, help="Say what is done (-vv: in detail).")
def receive(out: Path, *, quiet: bool, verbose: int, **how: Any) -> None:
    """Receive OpenTelemetry traces and logs over HTTP, and keep what concerns exchanges for `convert`.

    Runs until SIGTERM or Ctrl-C. Senders present REVENUER_RECEIVE_TOKEN, if it is set, as a bearer token.
    """
    configure(verbose, quiet=quiet)
    from revenuer.service import receive as run  # noqa: PLC0415

    def ready(address: str) -> None:
        if not quiet:
            click.echo(f"Listening on {address}: /v1/traces and /v1/logs go to {out}", err=True)

    run(out, token=os.environ.get("REVENUER_RECEIVE_TOKEN") or None, on_ready=ready, **how)
