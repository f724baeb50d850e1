"""The verbs that make a text model and ask people how good it is: `train` and `label`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from revenuer.agreement import Agreement, Share

__all__ = ["label", "train"]

_PLACE: Final = click.Path(path_type=Path)
_seed = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same input and same seed, same bytes."
)
_force = click.option("--force", is_flag=True, help="Replace what an earlier run of this command wrote.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.command()
@click.option("--out", required=True, type=_PLACE, help="Folder for weights, card and diagram.")
@click.option("--corpora", type=_PLACE, help="Folder with extraction.parquet and ordinary.parquet.")
@click.option("--labels", multiple=True, type=_PLACE, help="Labels of your own (.parquet, .csv, .jsonl); repeatable.")
@click.option("--measured", is_flag=True, help="Leave sources and templates out in turn; put the figures on the card.")
@click.option("--careful", is_flag=True, help="Train the head of the careful model as well (extra 'encoder').")
@click.option("--cache", type=_PLACE, help="Folder that keeps the careful model's vectors of texts for the next run.")
@_seed
@_force
@_json
def train(
    out: Path,
    *,
    corpora: Path | None,
    labels: tuple[Path, ...],
    measured: bool,
    careful: bool,
    cache: Path | None,
    seed: int,
    force: bool,
    as_json: bool,
) -> None:
    """Train the text model and write its weights and its model card to --out."""
    from revenuer.training.train import WEIGHTS  # noqa: PLC0415

    if (out / WEIGHTS).exists() and not force:
        raise OutputError(f"holds {WEIGHTS} already: choose another, or replace it with --force", file=str(out))
    from revenuer.training.measure import measure  # noqa: PLC0415
    from revenuer.training.train import train as run  # noqa: PLC0415

    metrics = measure(corpora, seed, labels=labels) if measured else None
    if careful:
        from revenuer.fingerprint.encoder import encoder  # noqa: PLC0415

        encoder(cache)  # a missing extra is told before hours of work
    card = run(corpora, out, seed, labels=labels, metrics=metrics)
    if careful:
        from revenuer.training.careful import train_careful  # noqa: PLC0415

        train_careful(corpora, out, seed, labels=labels, cache=cache)
    if as_json:
        _echo_json(card)
        return
    click.echo(f"{card.rows:,} rows of {len(card.sources):,} sources; model card: {out / 'model-card.md'}")


@click.command()
@click.argument("traffic", type=_PLACE, required=False)
@click.option("--findings", type=_PLACE, help="What `revenuer scan` wrote about TRAFFIC.")
@click.option("--out", type=_PLACE, help="The sheet to write (.csv); with --read, the labels (.jsonl, .parquet).")
@click.option("--n", default=200, show_default=True, type=click.IntRange(min=1), help="About how many exchanges.")
@click.option("--model", type=_PLACE, help="Folder of weights whose opinion is shown (default: the packaged ones).")
@click.option("--read", "sheet", type=_PLACE, help="Take a reviewed sheet back instead of drawing one.")
@_seed
@_force
@_json
def label(
    traffic: Path | None,
    *,
    findings: Path | None,
    out: Path | None,
    n: int,
    model: Path | None,
    sheet: Path | None,
    seed: int,
    force: bool,
    as_json: bool,
) -> None:
    """Draw a balanced sample of TRAFFIC for people to review, or take a reviewed one back with --read."""
    if out is not None and out.exists() and not force:
        raise OutputError("exists already: choose another, or replace it with --force", file=str(out))
    if sheet is None:
        if traffic is None or findings is None or out is None:
            raise ConfigError("label needs TRAFFIC, --findings and --out; or --read and a reviewed sheet")
        _draw(traffic, findings, out, n, seed, model)
    elif traffic is not None or findings is not None or model is not None:
        raise ConfigError("--read takes a reviewed sheet: neither TRAFFIC nor --findings nor --model goes with it")
    else:
        _take_back(sheet, out, as_json=as_json)


def _draw(traffic: Path, findings: Path, out: Path, n: int, seed: int, model: Path | None) -> None:
    from revenuer.fingerprint.capability import CapabilityModel  # noqa: PLC0415
    from revenuer.labelling import draw_sample  # noqa: PLC0415
    from revenuer.labels_sheet import write_sheet  # noqa: PLC0415

    rows = draw_sample(traffic, findings, n, seed=seed, model=CapabilityModel.load(model))
    write_sheet(rows, out)
    click.echo(f"{len(rows):,} exchanges in {out}: fill in capability (and elicitation), then `revenuer label --read`")


def _take_back(sheet: Path, out: Path | None, *, as_json: bool) -> None:
    from revenuer.agreement import agreement, labels  # noqa: PLC0415
    from revenuer.labels_sheet import read_sheet  # noqa: PLC0415
    from revenuer.training.labels import write_labels  # noqa: PLC0415

    rows = read_sheet(sheet)
    found = agreement(rows, file=str(sheet))
    if out is not None:
        write_labels(labels(rows, sheet.stem), out)
    if as_json:
        _echo_json(found)
    else:
        _tell_agreement(found)


def _tell_agreement(found: Agreement) -> None:
    click.echo(f"{found.reviewed:,} of {found.rows:,} rows name a capability.")
    _tell_share("found capability is right", found.found)
    for name, share in found.by_capability.items():
        _tell_share(f"  {name}", share)
    _tell_share("likeliest capability by the model is right", found.model)
    _tell_share("capabilities that the model names are right", found.named)
    _tell_share("the model names all that the reviewer does", found.missed_none)
    if found.elicitation is not None:
        _tell_share("agreed on elicitation", found.elicitation)
    click.echo(f"{'calibration error of the model':<46} {found.reliability['error']:.3f}")


def _tell_share(what: str, share: Share) -> None:
    click.echo(f"{what:<46} {share.share:.2f} [{share.low:.2f}, {share.high:.2f}] of {share.rows:,}")


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
