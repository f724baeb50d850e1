"""The verb that hands out keys of the API: `keys`."""

from __future__ import annotations

import getpass
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.service.keys import Key, Minted

__all__ = ["keys"]

_SCOPES: Final = ("decide", "ingest", "read", "act", "admin")
_state = click.option("--state", "url", required=True, metavar="URL", help="A file (SQLite), or postgresql://...")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def keys() -> None:
    """Keys of the API: what programs present to `serve`."""


@keys.command()
@click.argument("name")
@_state
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice(_SCOPES), help="Repeatable.")
@click.option("--until", help="From when on it opens nothing, RFC 3339 (default: never).")
@click.option("--per-minute", type=click.IntRange(min=1), help="Requests a minute (default: the service's own limit).")
@_json
def create(
    name: str, url: str, scopes: tuple[Any, ...], until: str | None, per_minute: int | None, *, as_json: bool
) -> None:
    """Make a key called NAME and print its secret, which is never shown again."""
    from revenuer.service.keys import create as run  # noqa: PLC0415
    from revenuer.state import open_state, utc  # noqa: PLC0415

    ends = None if until is None else utc(until)
    with closing(open_state(url)) as state:
        made = run(
            state, name=name, scopes=scopes, by=getpass.getuser(), at=_now(), expires_at=ends, per_minute=per_minute
        )
    _tell_secret(made, as_json=as_json)


@keys.command("list")
@_state
@_json
def list_(url: str, *, as_json: bool) -> None:
    """List all keys that were ever made; no secret is shown."""
    from revenuer.service.keys import keys_in  # noqa: PLC0415
    from revenuer.state import open_state  # noqa: PLC0415

    with closing(open_state(url, make=False)) as state, state.read() as connection:
        found = keys_in(connection)
    if as_json:
        _echo_json(found)
        return
    at = _now()
    for key in found:
        click.echo(one_line(_line(key, at)))


@keys.command()
@click.argument("key")
@_state
@click.option(
    "--overlap-hours",
    type=click.FloatRange(0, 2160),
    default=24.0,
    show_default=True,
    help="The old one goes on so long.",
)
@_json
def rotate(key: str, url: str, overlap_hours: float, *, as_json: bool) -> None:
    """Make the key that follows KEY and print its secret; KEY itself expires after the overlap."""
    from revenuer.service.keys import rotate as run  # noqa: PLC0415
    from revenuer.state import open_state  # noqa: PLC0415

    with closing(open_state(url, make=False)) as state:
        made = run(state, key, by=getpass.getuser(), at=_now(), overlap_hours=overlap_hours)
    _tell_secret(made, as_json=as_json)


@keys.command()
@click.argument("key")
@_state
def revoke(key: str, url: str) -> None:
    """End KEY at once; services that run hear of it within a second."""
    from revenuer.service.keys import revoke as run  # noqa: PLC0415
    from revenuer.state import open_state  # noqa: PLC0415

    with closing(open_state(url, make=False)) as state:
        run(state, key, by=getpass.getuser(), at=_now())
    click.echo(one_line(f"{key} opens nothing any more"))


def _line(key: Key, at: str) -> str:
    standing = "revoked" if key.revoked_at else "opens" if key.opens(at) else "expired"
    ends = f"until {key.expires_at}" if key.expires_at else "for good"
    return (
        f"{key.key_id}  {standing}  {','.join(key.scopes)}  {ends}  last used {key.last_used_at or 'never'}  {key.name}"
    )


def _tell_secret(made: Minted, *, as_json: bool) -> None:
    if as_json:
        _echo_json({"key": made.key, "secret": made.secret})
        return
    click.echo(made.secret)
    click.echo("This secret is shown once; the state keeps a digest of it.", err=True)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
