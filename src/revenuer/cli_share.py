"""The verb that tells peers of campaigns, `share`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.errors import ConfigError, OutputError
from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.sharing.bundle import Telling

__all__ = ["share"]

_PLACE: Final = click.Path(path_type=Path)
_TLP: Final = ("clear", "green", "amber", "amber+strict", "red")
_FORMATS: Final = ("stix", "misp", "ocsf", "csv", "json")


@click.command()
@click.argument("findings", type=_PLACE)
@click.option("--traffic", type=_PLACE, help="The traffic of the findings: networks, mail domains, hours, sign-up.")
@click.option("--out", type=_PLACE, help="The file to write.")
@click.option("--preview", is_flag=True, help="Print every value that would leave.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="stix", show_default=True, help="Of the file.")
@click.option("--tlp", type=click.Choice(_TLP), default="amber", show_default=True, help="To whom it may go on.")
@click.option("--producer", default="A provider of LLM APIs", show_default=True, help="Who tells.")
@click.option("--key", type=_PLACE, help="File with the group's secret; without it no prompt template is told.")
@click.option("--at", help="When it is told, RFC 3339 (default: when a campaign was last seen).")
@click.option("--include-volumes", is_flag=True, help="Tell numbers of accounts and exchanges, and pathways.")
@click.option("--include-capabilities", is_flag=True, help="Tell what was harvested.")
@click.option("--misp", metavar="URL", help="Add it to this MISP server (REVENUER_MISP_KEY: the key of its API).")
@click.option("--force", is_flag=True, help="Replace the file.")
def share(
    findings: Path,
    *,
    traffic: Path | None,
    out: Path | None,
    preview: bool,
    form: str,
    misp: str | None,
    force: bool,
    **how: Any,
) -> None:
    """Tell peers of the campaigns in FINDINGS, without prompts, people or accounts."""
    if out is None and misp is None and not preview:
        raise ConfigError("say where it should go: --out FILE, --misp URL, or --preview to look first")
    if out is not None and out.exists() and not force:
        raise OutputError("exists already: choose another, or replace it with --force", file=str(out))
    telling = _telling(**how)
    bundle = _bundle(findings, traffic, telling)
    if preview:
        _preview(bundle, telling)
    if out is not None:
        from revenuer.output import write_atomically  # noqa: PLC0415

        content = _written(bundle, form).encode()
        write_atomically(out, content)
        click.echo(one_line(f"{len(bundle['objects'])} objects in {out} ({len(content):,} bytes)"))
    if misp is not None:
        from revenuer.sharing.misp import push  # noqa: PLC0415

        click.echo(one_line(f"event {push(bundle, misp, os.environ.get('REVENUER_MISP_KEY', ''))} at {misp}"))


def _telling(*, key: Path | None, include_volumes: bool, include_capabilities: bool, **how: Any) -> Telling:
    from revenuer.sharing import secret_of  # noqa: PLC0415
    from revenuer.sharing.bundle import Telling  # noqa: PLC0415

    secret = None if key is None else secret_of(key)
    return Telling(secret=secret, volumes=include_volumes, capabilities=include_capabilities, **how)


def _bundle(findings: Path, traffic: Path | None, telling: Telling) -> dict[str, Any]:
    from revenuer.sharing.bundle import bundle_of  # noqa: PLC0415
    from revenuer.sharing.facts import Observed, observe_traffic  # noqa: PLC0415
    from revenuer.summary import read_findings  # noqa: PLC0415

    found = read_findings(findings)[0]
    seen = [Observed() for _ in found] if traffic is None else observe_traffic(traffic, found)
    return bundle_of(found, seen, telling)


def _preview(bundle: dict[str, Any], telling: Telling) -> None:
    from revenuer.sharing.preview import preview  # noqa: PLC0415

    for line in preview(bundle, volumes=telling.volumes, capabilities=telling.capabilities):
        click.echo(line)


def _written(bundle: dict[str, Any], form: str) -> str:
    """The bundle in a format."""
    if form == "stix":
        return json.dumps(bundle, indent=1) + "\n"
    if form == "misp":
        from revenuer.sharing.misp import as_misp  # noqa: PLC0415

        return as_misp(bundle)
    from revenuer.sharing.feeds import as_csv, as_json, as_ocsf  # noqa: PLC0415

    return {"csv": as_csv, "json": as_json, "ocsf": as_ocsf}[form](bundle)
