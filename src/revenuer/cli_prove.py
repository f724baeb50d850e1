"""Verbs of provenance: keys of watermarks, and the test whether a model was trained on what they marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.errors import ConfigError, InputError
from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.provenance.verify import Beside, KeyTest, TestReport
    from revenuer.provenance.verify_rows import Answer

__all__ = ["prove", "watermark"]

_PLACE: Final = click.Path(path_type=Path)
_EXIT: Final = {"no evidence": 0, "evidence": 1, "inconclusive": 4}
_BESIDE: Final = ("controls", "planted", "commitments", "canaries", "served", "fresh")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_tokenizer = click.option("--tokenizer", type=_PLACE, help="tokenizer.json, or words (.txt), for rows with text alone.")


@click.group()
def watermark() -> None:
    """Watermarks: their keys, public commitments, and whether a text carries one."""


@watermark.command()
@click.argument("file", type=_PLACE)
def master(file: Path) -> None:
    """Write a fresh master secret to FILE, readable by its owner only."""
    from revenuer.provenance.keys import new_master  # noqa: PLC0415

    new_master(file)
    click.echo(str(file))


@watermark.command()
@click.argument("file", metavar="MASTER", type=_PLACE)
@click.option("--out", required=True, type=_PLACE, help="The key; must not exist yet.")
@click.option("--tenant", required=True, help="Whose answers it marks.")
@click.option("--campaign", default="", help="The campaign it marks them for, if any.")
@click.option("--epoch", default="", help="Since when, such as 2026-Q1.")
@click.option("--name", help="What reports call it (default: file name).")
@click.option("--scheme", default="gumbel", show_default=True, type=click.Choice(["gumbel", "kgw"]))
@click.option("--window", default=2, show_default=True, help="Tokens before a candidate that choose its number.")
@click.option("--gamma", default=0.5, show_default=True, help="kgw: share of the vocabulary that is green.")
@click.option("--delta", default=2.0, show_default=True, help="kgw: what is added to green logits.")
@click.option("--commitments", type=_PLACE, help="Public list to which the key's commitment is added.")
@click.option("--at", help="The time that the list shows (default: now).")
def key(
    file: Path,
    *,
    out: Path,
    tenant: str,
    campaign: str,
    epoch: str,
    name: str | None,
    commitments: Path | None,
    at: str | None,
    **rule: Any,
) -> None:
    """Derive the key of a tenant, campaign and epoch from MASTER, and commit to it in public."""
    from revenuer.provenance.commitments import commit  # noqa: PLC0415
    from revenuer.provenance.keys import Label, MarkKey, load_master, save_key  # noqa: PLC0415
    from revenuer.provenance.scheme import Scheme  # noqa: PLC0415

    scheme = Scheme(rule["scheme"], rule["window"], rule["gamma"], rule["delta"])
    ring, label = load_master(file), Label(tenant, campaign, epoch)
    derived = MarkKey(name or out.stem, ring.derive(label), scheme)
    save_key(out, derived)
    click.echo(f"token {ring.token(label)}")
    click.echo(f"commitment {derived.commitment()}")
    if commitments is not None:
        click.echo(f"head {commit(commitments, derived.commitment(), scheme.label(), at or _now())}")


@watermark.command()
@click.argument("answers", type=_PLACE)
@click.option("--key", "key_file", required=True, type=_PLACE, help="The key.")
@_tokenizer
@_json
@click.pass_context
def detect(ctx: click.Context, /, answers: Path, *, key_file: Path, tokenizer: Path | None, as_json: bool) -> None:
    """Say whether the texts in ANSWERS themselves were generated under a key; exits 1 if so (p below 1e-6)."""
    from revenuer.provenance.keys import load_key  # noqa: PLC0415
    from revenuer.provenance.verify_rows import positions  # noqa: PLC0415
    from revenuer.provenance.watermark import Watermark, key_words  # noqa: PLC0415

    held = load_key(key_file)
    found = positions(_answers(answers, tokenizer), held.scheme.window)
    carried = Watermark(held.scheme).carried(found.contexts, found.tokens, key_words([held.key]))
    if as_json:
        _echo_json(carried)
    else:
        click.echo(
            f"{carried.tokens:,} distinct pairs of context and token: z {carried.statistic:.2f}, p {carried.p:.2g}"
        )
    ctx.exit(1 if carried.p < 1e-6 else 0)


@click.command()
@click.argument("suspect", type=_PLACE)
@click.option("--key", "keys", required=True, multiple=True, type=_PLACE, help="A key; all that are tried.")
@click.option(
    "--reference",
    required=True,
    type=_PLACE,
    help="Unwatermarked answers of the model that was served, or its probabilities.",
)
@click.option("--control", "controls", multiple=True, type=_PLACE, help="Answers of an innocent model.")
@click.option("--planted", multiple=True, type=_PLACE, help="Answers of a student that was trained on marked text.")
@click.option("--commitments", type=_PLACE, help="The public list of commitments.")
@click.option("--canaries", type=click.FloatRange(0, 1, min_open=True), help="Exact p of `revenuer canary test`.")
@click.option("--served", type=_PLACE, help="Logged answers to the suspect's prompts; needs --fresh.")
@click.option("--fresh", type=_PLACE, help="Answers to the same prompts that nobody received.")
@_tokenizer
@click.option("--alpha", default=0.01, show_default=True, help="Chance to accuse an innocent model.")
@click.option("--null-keys", "null", default=4_999, show_default=True, type=click.IntRange(min=19), help="Null keys.")
@click.option("--power", default=0.8, show_default=True, help="Share of planted students that must be found.")
@click.option("--fraction", default=1.0, show_default=True, help="Share of marked answers in their training.")
@click.option("--students", default=20, show_default=True, help="Planted students.")
@click.option("--harvest", type=click.IntRange(min=2), help="Answers each is trained on (default: as the reference).")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of every random step.")
@click.option("--out", type=_PLACE, help="Where the report should be written as JSON.")
@_json
@click.pass_context
def prove(
    ctx: click.Context,
    /,
    suspect: Path,
    *,
    keys: tuple[Path, ...],
    reference: Path,
    tokenizer: Path | None,
    out: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Test whether the model that gave the answers in SUSPECT was trained on outputs served under a key.

    Exit code: 0 no evidence, 1 evidence, 2 bad input, 4 inconclusive.
    """
    from revenuer.provenance.keys import load_key  # noqa: PLC0415
    from revenuer.provenance.verify import Asked, verify  # noqa: PLC0415

    answers = _answers(suspect, tokenizer)
    beside = _beside(answers, tokenizer, asked["seed"], **{name: asked.pop(name) for name in _BESIDE})
    held = [load_key(path) for path in keys]
    told = verify((str(suspect), answers), _answers(reference, tokenizer), held, Asked(**asked), beside)
    if out is not None:
        _write_json(out, told)
    (_echo_json if as_json else _tell)(told)
    ctx.exit(_EXIT[told.verdict])


def _beside(
    answers: list[Answer],
    tokenizer: Path | None,
    seed: int,
    *,
    controls: tuple[Path, ...],
    planted: tuple[Path, ...],
    commitments: Path | None,
    canaries: float | None,
    served: Path | None,
    fresh: Path | None,
) -> Beside:
    """What is looked at together with the suspect."""
    from revenuer.provenance.attribution import attributed  # noqa: PLC0415
    from revenuer.provenance.commitments import committed, load_commitments  # noqa: PLC0415
    from revenuer.provenance.verify import Beside  # noqa: PLC0415

    if (served is None) != (fresh is None):
        raise ConfigError("--served and --fresh go together: the log is held against answers that nobody received")
    attribution = None
    if served is not None and fresh is not None:
        attribution = attributed(answers, _answers(served, tokenizer), _answers(fresh, tokenizer), seed=seed)
    return Beside(
        controls=_named(controls, tokenizer),
        planted=_named(planted, tokenizer),
        committed={} if commitments is None else committed(load_commitments(commitments)),
        canaries=canaries,
        attribution=attribution,
    )


def _now() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _answers(path: Path, tokenizer: Path | None) -> list[Answer]:
    from revenuer.provenance.verify_rows import load_answers  # noqa: PLC0415
    from revenuer.provenance.verify_rows import tokenizer as loaded  # noqa: PLC0415

    return load_answers(path, None if tokenizer is None else loaded(tokenizer))


def _named(paths: tuple[Path, ...], tokenizer: Path | None) -> dict[str, list[Answer]]:
    """Answers by file; the whole path is the name, so that files of one name stay apart."""
    if len(set(paths)) < len(paths):
        raise InputError("a file is given twice", file=str(paths[0]))
    return {str(path): _answers(path, tokenizer) for path in paths}


def _write_json(out: Path, value: Any) -> None:
    import msgspec  # noqa: PLC0415

    from revenuer.output import write_atomically  # noqa: PLC0415

    write_atomically(out, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _tell(told: TestReport) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    console.print(one_line(f"{told.verdict}: {told.why}"), markup=False)
    table = Table(
        "model", "key", "committed", "tokens", "effect", "z", "exact p", "at most", "over all", "tail p", box=None
    )
    for test in (*told.keys, *told.controls, *told.planted):
        table.add_row(*_cells(test))
    console.print(table)
    power = told.power
    console.print(
        f"power: {power.found} of {power.students} planted students at {power.fraction:.0%} "
        f"({power.low:.0%}-{power.high:.0%})"
    )
    if told.attribution is not None:
        log = told.attribution
        console.print(
            f"log: {log.overlap_served:.2%} of served answers found again over {log.prompts:,} prompts, "
            f"{log.overlap_fresh:.2%} of fresh ones; exact p {log.p_exact:.2g}"
        )
    for condition in told.conditions:
        console.print(f"  - {one_line(condition)}", markup=False)


def _cells(test: KeyTest) -> tuple[str, ...]:
    lean = test.leaning
    numbers = (
        f"{lean.effect:+.4f}",
        f"{lean.z:.1f}",
        f"{lean.p_exact:.2g}",
        f"{lean.p_upper:.2g}",
        f"{test.p_holm:.2g}",
        f"{lean.p_tail:.1g}",
    )
    return (one_line(Path(test.model).name), one_line(test.key), test.committed_at or "-", f"{test.looks:,}", *numbers)
