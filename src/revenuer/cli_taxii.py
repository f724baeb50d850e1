"""The verb `taxii`: a server of indicators, who may use it, and a client of others' servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from revenuer.errors import ConfigError
from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.sharing.taxii import Client
    from revenuer.sharing.taxii.store import Store

__all__ = ["taxii"]

REFUSED: Final = 1

_PLACE: Final = click.Path(path_type=Path)
_store = click.option("--store", "url", required=True, metavar="URL", help="A file (SQLite), or postgresql://...")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_checkpoint = click.option("--checkpoint", type=_PLACE, help="File that says how far earlier runs came.")
_Verb = TypeVar("_Verb", bound=Callable[..., Any])


def _as_client(verb: _Verb) -> _Verb:
    """The options of a client that proves itself by certificate, or trusts an authority of its own."""
    for name, told in (
        ("--authority", "PEM file of the authority of the server's certificate."),
        ("--certificate-key", "PEM file with the key of --certificate, where it stands apart."),
        ("--certificate", "PEM file with the client's certificate."),
    ):
        verb = click.option(name, type=_PLACE, help=told)(verb)
    return verb


@click.group()
def taxii() -> None:
    """Indicators over TAXII 2.1: a server, and a client of others' servers."""


@taxii.command()
@_store
@click.option("--listen", default="127.0.0.1:6100", show_default=True, help="HOST:PORT; port 0 takes any.")
@click.option("--certificate", type=_PLACE, help="PEM file with the server's certificate: TLS is spoken.")
@click.option("--certificate-key", type=_PLACE, help="PEM file with its key.")
@click.option("--clients", type=_PLACE, help="PEM file of the authority that clients' certificates must come from.")
@click.option("--plain", is_flag=True, help="Listen to others without TLS: something in front speaks it.")
@click.option("--title", default="revenuer", show_default=True, help="What the server calls itself.")
@click.option(
    "--max-bytes", type=click.IntRange(min=1_000), default=10_000_000, show_default=True, help="Most bytes of a body."
)
def serve(
    url: str, listen: str, certificate: Path | None, certificate_key: Path | None, clients: Path | None, *,
    plain: bool, title: str, max_bytes: int,
) -> None:  # fmt: skip
    """Serve the collections of a store until told to stop."""
    from revenuer.sharing.taxii import Tls  # noqa: PLC0415
    from revenuer.sharing.taxii import serve as run  # noqa: PLC0415

    if (certificate is None) != (certificate_key is None) or (clients is not None and certificate is None):
        raise ConfigError("--certificate, --certificate-key and --clients go together: the last needs the other two")
    tls = None if certificate is None or certificate_key is None else Tls(certificate, certificate_key, clients)
    run(
        url, listen=listen, tls=tls, plain=plain, title=title, most_bytes=max_bytes,
        on_ready=lambda address: _say(f"Serving TAXII 2.1 at {address}/taxii2/"),
    )  # fmt: skip


@taxii.command()
@_store
@click.option("--title", required=True, help="What the collection is called.")
@click.option("--root", default="api1", show_default=True, help="API root, a part of its URL.")
@click.option("--alias", default="", help="A name for its URL beside the id.")
@click.option("--description", default="", help="What it holds.")
def make(url: str, title: str, root: str, alias: str, description: str) -> None:
    """Make a collection, and print its id."""
    from revenuer.sharing.taxii.peers import add_collection  # noqa: PLC0415

    with _opened(url, make=True) as store:
        _say(add_collection(store, title=title, root=root, alias=alias, description=description))


@taxii.command()
@click.argument("name")
@_store
def peer(name: str, url: str) -> None:
    """Make the peer NAME, or give it a new secret, and print the secret: it is shown once."""
    from revenuer.sharing.taxii.peers import add_peer  # noqa: PLC0415

    with _opened(url) as store:
        _say(add_peer(store, name))


@taxii.command()
@click.argument("name")
@_store
def remove(name: str, url: str) -> None:
    """Take the access of the peer NAME; what it added stays."""
    from revenuer.sharing.taxii.peers import remove_peer  # noqa: PLC0415

    with _opened(url) as store:
        remove_peer(store, name)


@taxii.command()
@click.argument("name")
@click.argument("collection")
@_store
@click.option("--read", is_flag=True, help="May read.")
@click.option("--write", is_flag=True, help="May add; with --read: and delete what it added.")
@click.option("--see", is_flag=True, help="May know that it is there.")
def allow(name: str, collection: str, url: str, **rights: bool) -> None:
    """Set what the peer NAME may do with COLLECTION (id or alias); without any option nothing."""
    from revenuer.sharing.taxii.peers import allow as run  # noqa: PLC0415

    granted: Any = frozenset(name for name, given in rights.items() if given)
    with _opened(url) as store:
        run(store, name, collection, granted)


@taxii.command("list")
@_store
@_json
def list_(url: str, *, as_json: bool) -> None:
    """List collections, peers and rights."""
    from revenuer.sharing.taxii.peers import listed  # noqa: PLC0415

    with _opened(url) as store, store.read() as connection:
        found: Any = listed(connection)
    if as_json:
        _echo_json(found)
        return
    for one in found["collections"]:
        _say(f"collection {one['collection_id']}  /{one['root']}/  {one['alias'] or '-'}  {one['title']}")
    may = {True: "yes", False: "no"}
    for one in found["peers"]:
        _say(f"peer {one['name']}")
        for right in found["rights"]:
            if right["name"] == one["name"]:
                told = f"read {may[bool(right['can_read'])]}, write {may[bool(right['can_write'])]}"
                _say(f"  {right['collection_id']}  {told}")


@taxii.command()
@click.argument("url")
@_json
@_as_client
def look(url: str, *, as_json: bool, **files: Path | None) -> None:
    """List the collections behind URL: of a discovery, or of an API root."""
    from revenuer.sharing.taxii import discovered  # noqa: PLC0415

    with _client(files) as client:
        found = discovered(client, url)
    if as_json:
        _echo_json(found)
        return
    for one in found:
        _say(f"{one['url']}  read {one.get('can_read')}, write {one.get('can_write')}  {one.get('title', '')}")


@taxii.command()
@click.argument("url")
@click.option("--out", required=True, type=_PLACE, help="File for the STIX bundle.")
@_checkpoint
@click.option("--type", "kinds", multiple=True, help="Only objects of this type; repeatable.")
@_as_client
def pull(url: str, out: Path, checkpoint: Path | None, kinds: tuple[str, ...], **files: Path | None) -> None:
    """Fetch what was added to the collection at URL since the checkpoint."""
    from revenuer.sharing.taxii import pull as run  # noqa: PLC0415

    with _client(files) as client:
        found = run(client, url, out, checkpoint=checkpoint, kinds=kinds)
    _say(f"{found.objects:,} objects, the last added {found.added_after or '(never)'}")


@taxii.command()
@click.argument("bundle", type=_PLACE)
@click.argument("url")
@_checkpoint
@click.option("--skip", multiple=True, help="Leave out objects of this type; repeatable.")
@_as_client
@click.pass_context
def push(
    ctx: click.Context, /, bundle: Path, url: str, checkpoint: Path | None, skip: tuple[str, ...], **files: Path | None
) -> None:
    """Add the objects of BUNDLE to the collection at URL; exits 1 if some were refused."""
    from revenuer.sharing.taxii import bundle_objects  # noqa: PLC0415
    from revenuer.sharing.taxii import push as run  # noqa: PLC0415

    objects = [one for one in bundle_objects(bundle) if one.get("type") not in skip]
    with _client(files) as client:
        found = run(client, url, objects, checkpoint=checkpoint)
    _say(f"{found.taken:,} objects taken, {found.before:,} before, {len(found.refused):,} refused")
    for name, why in found.refused[:20]:
        _say(f"  {name}: {why}")
    if found.refused:
        ctx.exit(REFUSED)


@contextmanager
def _opened(url: str, *, make: bool = False) -> Iterator[Store]:
    try:
        from revenuer.sharing.taxii.store import open_store  # noqa: PLC0415
    except ModuleNotFoundError as error:
        from revenuer.errors import MissingExtraError  # noqa: PLC0415

        raise MissingExtraError("a store of collections", "service") from error
    with closing(open_store(url, make=make)) as store:
        yield store


@contextmanager
def _client(files: dict[str, Path | None]) -> Iterator[Client]:
    """A client with the secrets of the environment: on the command line others could read them."""
    from revenuer.sharing.taxii import Access, connected  # noqa: PLC0415

    access = Access(
        user=os.environ.get("REVENUER_TAXII_USER", ""),
        password=os.environ.get("REVENUER_TAXII_PASSWORD", ""),
        key=os.environ.get("REVENUER_TAXII_KEY", ""),
        **files,
    )
    with connected(access) as client:
        yield client


def _say(text: str) -> None:
    click.echo(one_line(text))


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
