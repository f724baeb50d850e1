"""The verbs that make a text model and ask people how good it is: `train` and `label`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from revenuer.errors import OutputError

__all__ = ["train"]

_PLACE: Final = click.Path(path_type=Path)
_seed = click.option("--seed", default=0, show_default=True, help="Same input and same seed, same bytes.")
_force = click.option("--force", is_flag=True, help="Replace what an earlier run of this command wrote.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.command()
@click.option("--out", required=True, type=_PLACE, help="Folder for weights, card and diagram.")
@click.option("--corpora", type=_PLACE, help="Folder with extraction.parquet and ordinary.parquet.")
@click.option("--labels", multiple=True, type=_PLACE, help="Labels of your own (.parquet, .csv, .jsonl); repeatable.")
@click.option("--measured", is_flag=True, help="Leave sources and templates out in turn; put the figures on the card.")
@_seed
@_force
@_json
def train(
    out: Path, *, corpora: Path | None, labels: tuple[Path, ...], measured: bool, seed: int, force: bool, as_json: bool
) -> None:
    """Train the text model and write its weights and its model card to --out."""
    from revenuer.training.train import WEIGHTS  # noqa: PLC0415

    if (out / WEIGHTS).exists() and not force:
        raise OutputError(f"holds {WEIGHTS} already: choose another, or replace it with --force", file=str(out))
    from revenuer.training.measure import measure  # noqa: PLC0415
    from revenuer.training.train import train as run  # noqa: PLC0415

    metrics = measure(corpora, seed, labels=labels) if measured else None
    card = run(corpora, out, seed, labels=labels, metrics=metrics)
    if as_json:
        _echo_json(card)
        return
    click.echo(f"{card.rows:,} rows of {len(card.sources):,} sources; model card: {out / 'model-card.md'}")


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
