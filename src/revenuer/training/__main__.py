"""`python -m revenuer.training`: train the capability model."""

from __future__ import annotations

from pathlib import Path

import click

from revenuer.training.measure import measure
from revenuer.training.train import train


@click.command()
@click.option("--corpora", type=click.Path(path_type=Path), help="Folder with extraction.parquet and ordinary.parquet.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the weights and their card.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--measured/--unmeasured", default=False, help="Leave sources out in turn and put the figures on the card."
)
def main(*, corpora: Path | None, out: Path, seed: int, measured: bool) -> None:
    """Train the capability model and write its weights and card."""
    metrics = measure(corpora, seed) if measured and corpora is not None else None
    card = train(corpora, out, seed, metrics=metrics)
    click.echo(f"{card.rows} rows of {len(card.sources)} sources")


main()
