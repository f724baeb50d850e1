"""The verbs that work on what peers tell, `intel`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.errors import OutputError
from revenuer.log import one_line
from revenuer.sharing.times import time_of, to_the_microsecond

if TYPE_CHECKING:
    from revenuer.sharing.intel_store import Held

__all__ = ["intel", "tell_alarms"]

_PLACE: Final = click.Path(path_type=Path)
_TLP: Final = ("clear", "green", "amber", "amber+strict", "red")
_store = click.option("--store", required=True, type=_PLACE, help="The file that keeps them.")
_at = click.option("--at", help="At which time, RFC 3339 (default: now).")


@click.group()
def intel() -> None:
    """Peers' indicators: what they say, what it is worth, and what we tell them of it."""


@intel.command("import")
@click.argument("bundle", type=_PLACE)
@_store
@click.option("--from", "source", required=True, metavar="NAME", help="The peer it came from, as you call it.")
@click.option(
    "--trust", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="How far you trust that peer."
)
def import_(bundle: Path, *, store: Path, source: str, trust: float) -> None:
    """Take in the indicators, opinions and sightings of BUNDLE."""
    from revenuer.sharing.intel_store import IntelStore  # noqa: PLC0415
    from revenuer.sharing.peer_indicators import read_peer_bundle  # noqa: PLC0415

    read = read_peer_bundle(bundle)
    kept = IntelStore(store).keep(read, source, trust)
    more = f"{kept.opinions:,} opinions, {kept.sightings:,} sightings"
    _say(f"{kept.new:,} indicators are new, {kept.renewed:,} renewed; {more}")
    for reason, count in read.passed.items():
        _say(f"passed over: {count:,} with {reason}")


@intel.command("list")
@_store
@_at
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_(store: Path, *, at: str | None, as_json: bool) -> None:
    """List indicators with where they came from and what they are worth."""
    from revenuer.sharing.intel_prior import weight  # noqa: PLC0415
    from revenuer.sharing.intel_store import IntelStore  # noqa: PLC0415

    when = _time(at)
    found = [_shown(one, weight(one, when)) for one in IntelStore(store).held()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found:
        _say(
            f"{one['id']}  {one['channel']:<8} from {one['source']}  worth {one['worth']:.2f} until {one['valid_until'][:10]}"
            f"  {len(one['values'])} values  {_words(one['opinions'])}"
        )


def _shown(one: Held, worth: float) -> dict[str, Any]:
    said = one.indicator
    names = ("id", "campaign", "channel", "valid_from", "valid_until", "confidence", "revoked")
    shown = {name: getattr(said, name) for name in names}
    return {**shown, "source": one.source, "worth": round(worth, 4), "values": said.values, "opinions": one.opinions}


def _words(opinions: dict[str, str]) -> str:
    return ", ".join(f"{source}: {opinion}" for source, opinion in sorted(opinions.items()))


@intel.command()
@click.argument("indicator")
@_store
@_at
@click.option("--note", default="", help="Why; stays here.")
def confirm(indicator: str, *, store: Path, at: str | None, note: str) -> None:
    """Say that INDICATOR holds, by evidence of your own."""
    _opinion(indicator, store, at, note, "agree")


@intel.command()
@click.argument("indicator")
@_store
@_at
@click.option("--note", default="", help="Why; stays here.")
def dispute(indicator: str, *, store: Path, at: str | None, note: str) -> None:
    """Say that INDICATOR is wrong; it counts for nothing from then on."""
    _opinion(indicator, store, at, note, "strongly-disagree")


@intel.command()
@click.argument("indicator")
@_store
@_at
@click.option("--note", default="", help="Why; stays here.")
def withdraw(indicator: str, *, store: Path, at: str | None, note: str) -> None:
    """Take back what was said of INDICATOR."""
    _opinion(indicator, store, at, note, "neutral")


@intel.command()
@_store
@click.option("--findings", type=_PLACE, help="Findings of a scan with --intel, whose alarms are told as sightings.")
@click.option("--out", required=True, type=_PLACE, help="The STIX bundle to write.")
@click.option("--tlp", type=click.Choice(_TLP), default="amber", show_default=True, help="To whom it may go on.")
@click.option("--producer", default="A provider of LLM APIs", show_default=True, help="Who tells.")
@_at
@click.option("--force", is_flag=True, help="Replace the file.")
def sight(
    *, store: Path, findings: Path | None, out: Path, tlp: str, producer: str, at: str | None, force: bool
) -> None:
    """Write what peers are told of their indicators: sightings and opinions."""
    if out.exists() and not force:
        raise OutputError("exists already: choose another, or replace it with --force", file=str(out))
    from revenuer.output import write_atomically  # noqa: PLC0415
    from revenuer.sharing.bundle import Telling  # noqa: PLC0415
    from revenuer.sharing.intel_replies import replies, sightings_of  # noqa: PLC0415
    from revenuer.sharing.intel_store import IntelStore  # noqa: PLC0415

    seen = () if findings is None else sightings_of(findings)
    opinions = IntelStore(store).own_opinions()
    bundle = replies(seen, opinions, Telling(producer=producer, tlp=tlp), at=to_the_microsecond(_time(at)))
    write_atomically(out, (json.dumps(bundle, indent=1) + "\n").encode())
    _say(f"{len(bundle['objects'])} objects in {out}")


@intel.command()
@_store
@click.option("--told", type=_PLACE, help="A bundle of `share`: only what peers say of it, by name.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def heard(store: Path, *, told: Path | None, as_json: bool) -> None:
    """List what peers say of indicators and campaigns: opinions, and who has seen them."""
    from revenuer.sharing.intel_store import IntelStore  # noqa: PLC0415
    from revenuer.sharing.taxii import bundle_objects  # noqa: PLC0415

    names = None if told is None else {one["id"]: str(one.get("name", "")) for one in bundle_objects(told)}
    found = [one for one in IntelStore(store).heard() if names is None or one.about in names]
    if as_json:
        shown = ({"name": (names or {}).get(one.about, ""), **asdict(one)} for one in found)
        click.echo(json.dumps(list(shown), indent=2))
        return
    for one in found:
        seen = f"seen by {', '.join(one.seen_by)}" if one.seen_by else ""
        said = "; ".join(filter(None, (_words(one.opinions), seen)))
        _say(f"{' '.join(filter(None, (one.about, (names or {}).get(one.about))))}  {said}")


@intel.command()
@click.argument("bundle", type=_PLACE)
@click.option("--out", required=True, type=_PLACE, help="The STIX bundle to write.")
@click.option("--only", multiple=True, metavar="ID", help="Only this object; repeatable (default: all).")
@_at
@click.option("--force", is_flag=True, help="Replace the file.")
def revoke(bundle: Path, *, out: Path, only: tuple[str, ...], at: str | None, force: bool) -> None:
    """Take back what `share` told in BUNDLE: peers who import the result no longer use it."""
    if out.exists() and not force:
        raise OutputError("exists already: choose another, or replace it with --force", file=str(out))
    from revenuer.output import write_atomically  # noqa: PLC0415
    from revenuer.sharing.revoking import revoked  # noqa: PLC0415
    from revenuer.sharing.taxii import bundle_objects  # noqa: PLC0415

    made = revoked({"objects": bundle_objects(bundle)}, _time(at), only)
    write_atomically(out, (json.dumps(made, indent=1) + "\n").encode())
    _say(f"{sum(one.get('revoked', False) for one in made['objects'])} objects are taken back in {out}")


def tell_alarms(findings: Path) -> None:
    """Say which peers' campaigns were seen by enough owners, in findings of a scan with `--intel`."""
    from revenuer.sharing.intel_replies import sightings_of  # noqa: PLC0415

    for one in sightings_of(findings):
        if one.alarm:
            _say(f"Seen here: {one.campaign}, of which {one.source} has told. It accuses nobody; look at intel.json.")


def _opinion(indicator: str, store: Path, at: str | None, note: str, opinion: str) -> None:
    from revenuer.sharing.intel_store import IntelStore  # noqa: PLC0415

    IntelStore(store).say(indicator, opinion, at=to_the_microsecond(_time(at)), note=note)
    _say(f"{indicator}: {opinion}")


def _time(at: str | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    return time_of(at)


def _say(text: str) -> None:
    click.echo(one_line(text))
