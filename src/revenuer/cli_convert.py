"""The verbs that make traffic of logs: `convert` and `formats`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer import __version__
from revenuer.errors import ConfigError
from revenuer.log import configure, one_line, progress

if TYPE_CHECKING:
    from revenuer.sources import Conversion

__all__ = ["convert", "formats"]

_PLACE: Final = click.Path(path_type=Path)
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.command()
@click.argument("source", type=_PLACE)
@click.option("--out", required=True, type=_PLACE, help="Where the traffic should stand; must not exist yet.")
@click.option(
    "--format", "format_name", help="Which format it is (default: recognised); `revenuer formats` lists them."
)
@click.option("--map", "map_file", type=_PLACE, help="Field map (TOML) for a log that is in no known format.")
@click.option("--sample", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Share that is kept.")
@click.option(
    "--sample-by",
    type=click.Choice(["account", "conversation"]),
    default="account",
    show_default=True,
    help="What --sample keeps or leaves out as a whole.",
)
@click.option(
    "--mask", multiple=True, type=click.Choice(["emails", "secrets"]), help="What is masked in text; repeatable."
)
@click.option(
    "--content",
    type=click.Choice(["full", "none"]),
    default="full",
    show_default=True,
    help="none: text is left out; for logs without prompts.",
)
@click.option(
    "--set", "constants", multiple=True, metavar="COLUMN=VALUE", help="Value where the log has none; repeatable."
)
@click.option("--force", is_flag=True, help="Replace traffic that this command wrote, once the new one stands.")
@_json
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and the result.")
@click.option("-v", "--verbose", count=True, help="Say what is done (-vv: in detail).")
def convert(
    source: Path,
    out: Path,
    *,
    format_name: str | None,
    map_file: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: int,
    constants: tuple[str, ...],
    **how: Any,
) -> None:
    """Turn the logs of a gateway (SOURCE: a file or a folder) into traffic that `scan` reads."""
    configure(verbose, quiet=quiet)
    if format_name is not None and map_file is not None:
        raise ConfigError("--format and --map exclude each other: a field map is a format")
    from revenuer.output import atomic_directory  # noqa: PLC0415
    from revenuer.sources import CONVERT_FILE, ConvertSettings  # noqa: PLC0415
    from revenuer.sources import convert as run  # noqa: PLC0415

    settings = ConvertSettings(constants=_constants(constants), **how)
    with atomic_directory(out, force=force, mark=CONVERT_FILE) as place, progress(show=not quiet) as on_stage:
        conversion = run(
            source,
            place,
            version=__version__,
            format_name=format_name,
            map_file=map_file,
            settings=settings,
            on_progress=lambda done, total: on_stage("files", done, total),
        )
    if as_json:
        click.echo(conversion.to_json(), nl=False)
    else:
        _tell(conversion, out)


@click.command()
def formats() -> None:
    """List the log formats that `convert` knows."""
    from revenuer.sources import FORMATS  # noqa: PLC0415

    for known in FORMATS:
        click.echo(f"{known.name:<18} {known.about}")


def _constants(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    bad = next((name for name, sign, _ in pairs if not sign or not name), None)
    if bad is not None:
        raise ConfigError(f"--set {bad}: expected COLUMN=VALUE")
    return {name: value for name, _, value in pairs}


def _tell(conversion: Conversion, out: Path) -> None:
    rows = conversion.rows
    _say(f"{rows.written:,} exchanges out of {rows.objects:,} records of {conversion.format}.")
    if rows.passed_over:
        _say(f"{rows.passed_over:,} records are no exchanges and were passed over.")
    if conversion.sampling:
        _say(f"{rows.sampled_out:,} exchanges were left out by sampling, by {conversion.sampling.by}.")
    for mask, changed in conversion.masking.items():
        _say(f"{mask} were masked in {changed:,} values.")
    for note in conversion.notes:
        _say(f"{note}.")
    for gap in conversion.missing:
        named = gap.table if gap.column == "*" else f"{gap.table}.{gap.column}"
        _say(f"No {named}: {gap.consequence}")
    _say(f"Traffic: {out}")


def _say(text: str) -> None:
    click.echo(one_line(text))
