"""The verbs of canaries: `canary new`, `place` and `test`."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer.errors import ConfigError, InputError
from revenuer.log import one_line

if TYPE_CHECKING:
    from revenuer.provenance.canaries_rank import CanaryReport, Scored
    from revenuer.provenance.registry import Canary, CanaryRegistry

__all__ = ["canary"]

_PLACE: Final = click.Path(path_type=Path)
_DAY: Final = click.DateTime(["%Y-%m-%d"])
_KEY: Final = "REVENUER_CANARY_KEY"
_register = click.option("--registry", required=True, type=_PLACE, help="The register of canaries.")
_campaign = click.option("--campaign", required=True, help="Whom the answers go to.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def canary() -> None:
    """Equally good ways to say a thing, of which a secret key chooses the one that is served."""


@canary.command()
@click.argument("name")
@_register
@click.option("--kind", required=True, type=click.Choice(["wording", "name", "number"]), help="What the variants are.")
@click.option("--variant", "variants", required=True, multiple=True, help="One way to say it; at least two.")
@click.option("--reviewed-by", required=True, multiple=True, help="Who vouches that all are true and equally good.")
@click.option("--expires", required=True, type=_DAY, help="The last day on which it is placed.")
@click.option("--on", type=_DAY, help="The day it is registered (default: today).")
def new(
    name: str,
    *,
    registry: Path,
    kind: Any,
    variants: tuple[str, ...],
    reviewed_by: tuple[str, ...],
    expires: dt.datetime,
    on: dt.datetime | None,
) -> None:
    """Register the canary NAME and print the head of the register."""
    from revenuer.provenance.canaries import key_commitment  # noqa: PLC0415
    from revenuer.provenance.registry import Canary, CanaryRegistry  # noqa: PLC0415

    made = Canary(
        canary=name,
        kind=kind,
        variants=variants,
        reviewed_by=reviewed_by,
        created=_day(on),
        expires=expires.date(),
        commitment=key_commitment(_key()),
    )
    click.echo(f"head {CanaryRegistry(registry).add(made)}")


@canary.command()
@click.argument("answer", type=_PLACE)
@_register
@_campaign
@click.option("--policy", required=True, type=_PLACE, help="Where canaries may be placed.")
@click.option("--content", default="prose", show_default=True, help="prose, code, structured or tool_call.")
@click.option("--topic", default="", help="Topic of the request.")
@click.option("--on", type=_DAY, help="The day (default: today).")
def place(
    answer: Path, *, registry: Path, campaign: str, policy: Path, content: str, topic: str, on: dt.datetime | None
) -> None:
    """Print the text in ANSWER with the variants that the campaign is served, and register which they are."""
    from revenuer.provenance.canaries import as_content, load_canary_policy  # noqa: PLC0415
    from revenuer.provenance.canaries import place as placed_in  # noqa: PLC0415
    from revenuer.provenance.registry import CanaryRegistry, Placing  # noqa: PLC0415

    kept, text = CanaryRegistry(registry), _text(answer)
    canaries = [one for one in kept.canaries().values() if _live(one, _day(on))]
    rules, what = load_canary_policy(policy), as_content(content)
    served = placed_in(text, canaries, campaign, _key(), rules, today=_day(on), content=what, topic=topic)
    if served.canaries:
        kept.add(Placing(canaries=served.canaries, campaign=campaign, day=_day(on)))
    told = f"served as it is: {served.refusal}" if served.refusal else f"canaries placed: {len(served.canaries)}"
    click.echo(one_line(told), err=True)
    click.echo(served.text, nl=False)


@canary.command()
@click.argument("suspect", type=_PLACE)
@_register
@_campaign
@click.option("--alpha", default=0.01, show_default=True, help="Chance to accuse an innocent model.")
@click.option("--effect", default=0.5, show_default=True, help="Canaries a student would repeat, for the power.")
@_json
@click.pass_context
def test(
    ctx: click.Context, /, suspect: Path, *, registry: Path, campaign: str, alpha: float, effect: float, as_json: bool
) -> None:
    """Say whether a model prefers what CAMPAIGN was served; SUSPECT holds its answers or its scores, JSON lines.

    Exit code: 0 no evidence, 1 evidence, 2 bad input.
    """
    from revenuer.provenance.canaries_rank import rank_test  # noqa: PLC0415
    from revenuer.provenance.registry import CanaryRegistry  # noqa: PLC0415

    report = rank_test(_scored(suspect, CanaryRegistry(registry), campaign), alpha=alpha, effect=effect)
    if as_json:
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2))
    else:
        _tell(report, campaign)
    ctx.exit(1 if report.verdict == "evidence" else 0)


def _key() -> bytes:
    key = os.environ.get(_KEY, "").encode()
    if not key:
        raise ConfigError(f"canaries need a secret in {_KEY}, the same for as long as a canary shall count")
    return key


def _day(given: dt.datetime | None) -> dt.date:
    return dt.datetime.now(dt.UTC).date() if given is None else given.date()


def _live(one: Canary, day: dt.date) -> bool:
    return one.created <= day <= one.expires


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8", file=str(path)) from error


def _scored(suspect: Path, registry: CanaryRegistry, campaign: str) -> list[Scored]:
    """All canaries that were placed for the campaign, with what the suspect makes of them."""
    from revenuer.provenance.canaries import chosen, counted  # noqa: PLC0415
    from revenuer.provenance.canaries_rank import Scored  # noqa: PLC0415

    known, key = registry.canaries(), _key()
    placed = {name: known[name] for name in registry.placed(campaign)}
    answers, scores = _read(suspect, set(known))
    counts = counted(answers, placed)
    return [
        Scored(name, one.kind, scores.get(name, tuple(map(float, counts[name]))), chosen(one, campaign, key))
        for name, one in placed.items()
    ]


def _read(suspect: Path, known: set[str]) -> tuple[list[str], dict[str, tuple[float, ...]]]:
    """Texts that the suspect wrote, and scores that it gives to the variants of a canary."""
    answers: list[str] = []
    scores: dict[str, tuple[float, ...]] = {}
    for number, line in enumerate(_text(suspect).splitlines(), start=1):
        place = {"file": str(suspect), "row": f"line {number}"}
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"is no JSON: {error}", **place) from error
        match row:
            case {"answer": str(text)}:
                answers.append(text)
            case {"canary": str(name), "scores": list(given)} if all(type(one) in {int, float} for one in given):
                if name not in known or name in scores:
                    why = "there is no such canary" if name not in known else "the canary is scored twice"
                    raise InputError(f"{name}: {why}", **place)
                scores[name] = tuple(map(float, given))
            case _:
                raise InputError('expected {"answer": text} or {"canary": name, "scores": [numbers]}', **place)
    return answers, scores


def _tell(report: CanaryReport, campaign: str) -> None:
    meaning = {
        "evidence": f"evidence that it learnt from what {one_line(campaign)} was served",
        "inconclusive": "no evidence",
        "underpowered": "no evidence, and too few canaries to have found any",
    }
    lines = [
        f"{report.verdict}: {meaning[report.verdict]}",
        f"p {report.p:.2g} (exact, ranks of {report.canaries} served variants; level {report.alpha:g})",
        f"mean rank {report.mean_rank:.2f} (0 always first, 0.5 by chance); first and alone: {report.first}",
        f"beside it: p {report.p_top:.2g} of coming first, {report.p_fisher:.2g} of the kinds combined",
        (
            f"{report.informative} of {report.canaries} canaries have scores that differ; power {report.power:.2f} against a student"
            f" that repeats {report.effect:.0%}"
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
