"""The command line: one verb per task.

Nothing heavy is imported before a verb needs it, so that help comes at once.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from revenuer import __version__
from revenuer.cli_canary import canary
from revenuer.cli_convert import convert, formats
from revenuer.cli_dossier import dossier
from revenuer.cli_help import write_sections
from revenuer.cli_intel import intel, tell_alarms
from revenuer.cli_keys import keys
from revenuer.cli_match import match
from revenuer.cli_model import label, train
from revenuer.cli_prove import prove, watermark
from revenuer.cli_receive import receive
from revenuer.cli_response import policy, replay
from revenuer.cli_seal import seal, shape
from revenuer.cli_serve import serve
from revenuer.cli_share import share
from revenuer.cli_state import cases, recorded_in, state_of
from revenuer.cli_taxii import taxii
from revenuer.cli_verify import verify
from revenuer.errors import ConfigError, InputError, RevenuerError
from revenuer.log import configure, one_line, progress

if TYPE_CHECKING:
    from revenuer.scanning import ScanResult

__all__ = ["main"]

# Vectors here are short: threads of a matrix library wait for each other more than they work, and a sum that is cut in as
# many parts as there are cores is another sum on another machine. Read when numpy is imported, which a verb does.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

CLEAN: Final = 0
FOUND: Final = 1
BAD_INPUT: Final = 2
BROKEN: Final = 3
INTERRUPTED: Final = 130

_PLACE: Final = click.Path(path_type=Path)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and the result.")
_verbose = click.option("-v", "--verbose", count=True, help="Say what is done (-vv: in detail).")
_force = click.option(
    "--force", is_flag=True, help="Replace an earlier result of this command, once the new one stands."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class _Commands(click.Group):
    """Turns exceptions into one line on stderr and an exit code, and lists its verbs by task."""

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_sections(formatter)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RevenuerError as error:
            _leave(str(error), BAD_INPUT)
        except KeyboardInterrupt:
            _leave("interrupted", INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug") or (isinstance(error, OSError) and error.errno == errno.EPIPE):
                raise
            _leave(f"{type(error).__name__}: {error} (run `revenuer --debug ...` for the traceback)", BROKEN)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.pass_context
def main(ctx: click.Context, /, *, debug: bool) -> None:
    """Find and counter illicit large-scale distillation of LLMs behind an API."""
    del debug  # read by _Commands
    before = signal.signal(signal.SIGTERM, _terminate)
    ctx.call_on_close(lambda: signal.signal(signal.SIGTERM, before))


@main.command()
@click.argument("traffic", type=_PLACE)
@click.option("--out", required=True, type=_PLACE, help="Where the findings should stand; must not exist yet.")
@click.option(
    "--engine", default="local", show_default=True, help="local, spark-local or a cluster's URL (spark://HOST:PORT)."
)
@click.option(
    "--content",
    type=click.Choice(["full", "sketch", "none"]),
    default="full",
    show_default=True,
    help="How much of the text is read and kept; sketch: nothing readable (REVENUER_SKETCH_KEY: its secret), none: no text.",
)
@click.option("--reference", type=_PLACE, help="Traffic of a clean period or cohort, to hold the accounts against.")
@click.option(
    "--fdr",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Name only the campaigns that stand at this expected share of false ones.",
)
@click.option(
    "--model", type=_PLACE, help="Folder of weights that `revenuer train` wrote (default: the packaged ones)."
)
@click.option(
    "--careful",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Name what campaigns serve with the careful model too; auto: if the extra 'encoder' is installed.",
)
@click.option("--cache", type=_PLACE, help="Folder that keeps the careful model's vectors of texts for the next scan.")
@click.option(
    "--keep", type=_PLACE, help="Folder that keeps fingerprints: a later scan reads new files alone for them."
)
@click.option("--intel", type=_PLACE, help="Store of peers' indicators, see `revenuer intel`: hints for verdicts.")
@click.option("--intel-key", type=_PLACE, help="File with the secret under which peers tell their templates.")
@click.option("--state", metavar="URL", help="Record the findings there: a file (SQLite), or postgresql://...")
@click.option("--strict", is_flag=True, help="Refuse at the first bad row instead of counting it.")
@click.option("--memory", default="4GB", show_default=True, help="Memory for tables; more is spilled to disk.")
@click.option("--threads", type=click.IntRange(min=1), help="Workers (default: all cores).")
@click.option("--scratch", type=_PLACE, help="Where temporary files go; on a cluster a folder that all of it shares.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of every random step.")
@_force
@_json
@_quiet
@_verbose
@click.pass_context
def scan(
    ctx: click.Context,
    /,
    traffic: Path,
    out: Path,
    *,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: int,
    state: str | None,
    **how: Any,
) -> None:
    """Find the campaigns in TRAFFIC and write findings to --out.

    Exit code: 0 nothing flagged, 1 findings, 2 bad input.
    """
    configure(verbose, quiet=quiet)
    if not re.fullmatch(r"\d+(\.\d+)?\s*([KMGT]i?)?B", how["memory"], re.IGNORECASE):
        raise ConfigError(f"--memory {how['memory']}: expected a size such as 4GB")
    from revenuer.output import atomic_directory  # noqa: PLC0415
    from revenuer.sources import open_traffic  # noqa: PLC0415

    with atomic_directory(out, force=force) as place, state_of(state) as opened:
        with progress(show=not quiet) as on_stage:
            on_stage("open traffic", 0, 1)
            # a wrong path is told before heavy parts are loaded
            for source in filter(None, (traffic, how["reference"])):
                _check_apart(out, source)
                open_traffic(source, strict=how["strict"], content=how["content"])
            from revenuer.scanning import scan as run  # noqa: PLC0415

            on_stage("open traffic", 1, 1)
            result = run(traffic, place, on_stage=on_stage, sketch_key=os.environ.get("REVENUER_SKETCH_KEY", ""), **how)
        _check_something_was_read(result, traffic)
        if opened is not None:
            result = recorded_in(opened, result, place, traffic)
    (_print_json if as_json else _print_scan)(result, out)
    if how["intel"] is not None and not as_json:
        tell_alarms(out)
    ctx.exit(FOUND if result.campaigns or result.flagged_accounts else CLEAN)


@main.command()
@click.argument("scenario")
@click.option("--out", required=True, type=_PLACE, help="Where the traffic should stand; must not exist yet.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same bytes.")
@click.option("--exchanges", type=click.IntRange(min=1), help="About how many exchanges (default: by scenario).")
@click.option("--accounts", type=click.IntRange(min=1), help="About how many accounts (default: by scenario).")
@click.option("--corpora", type=_PLACE, help="Directory of corpora to take texts and timing from.")
@click.option("--benign-mix", type=click.FloatRange(0, 1), help="Share of ordinary traffic in a campaign's accounts.")
@click.option("--paraphrase", type=click.FloatRange(0, 1), help="Share of a campaign's prompts that are reworded.")
@click.option("--infrastructure", type=click.Choice(["shared", "disjoint"]), help="What a campaign's accounts share.")
@click.option(
    "--paraphrase-frames", type=click.FloatRange(0, 1), help="Share of a campaign's frames in several wordings."
)
@click.option(
    "--account-prefix", is_flag=True, help="Each account puts a text of its own before what it harvests with."
)
@click.option("--cover", type=click.Choice(["made", "lived", "customers"]), help="What the ordinary traffic is.")
@click.option("--campaign-accounts", type=click.IntRange(min=2), help="Accounts of each campaign.")
@click.option(
    "--rate", type=click.FloatRange(0, 100_000, min_open=True), help="Requests a day of each campaign account."
)
@click.option("--campaign-days", type=click.FloatRange(0, 13.9, min_open=True), help="How many days a campaign runs.")
@click.option(
    "--per-account", type=click.FloatRange(4, 10_000), help="Exchanges of an account, on average (default: 17)."
)
@click.option(
    "--prompt-bytes", type=click.IntRange(1, 16_000), help="Mean length of prompts (default: as the texts have it)."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes at work (default: by cores and size).")
@_force
@_quiet
@_verbose
def simulate(scenario: str, out: Path, *, force: bool, quiet: bool, verbose: int, **how: Any) -> None:
    """Write labelled traffic of SCENARIO to --out; `revenuer scenarios` lists them, `+` joins them."""
    configure(verbose, quiet=quiet)
    from revenuer.output import TRAFFIC_MARK, atomic_directory  # noqa: PLC0415
    from revenuer.simulate import scenarios as known  # noqa: PLC0415
    from revenuer.simulate import simulate as run  # noqa: PLC0415

    for name in scenario.split("+"):
        _check_scenario(name, list(known()))
    with atomic_directory(out, force=force, mark=TRAFFIC_MARK) as place, progress(show=not quiet) as on_stage:
        made = run(scenario, place, on_progress=lambda done, total: on_stage("exchanges", done, total), **how)
    if not quiet:
        click.echo(f"{made.exchanges:,} exchanges of {made.accounts:,} accounts in {out}")


@main.command()
@click.argument("findings", type=_PLACE)
@click.option("--truth", required=True, type=_PLACE, help="The truth directory that `simulate` wrote.")
@click.option("--traffic", type=_PLACE, help="The traffic (default: the directory that holds the truth).")
@_json
def evaluate(findings: Path, truth: Path, *, traffic: Path | None, as_json: bool) -> None:
    """Print how good FINDINGS are, held against the truth."""
    from revenuer.evaluate import evaluate as run  # noqa: PLC0415
    from revenuer.evaluate import render  # noqa: PLC0415

    evaluation = run(findings, truth, traffic=traffic)
    if as_json:
        _echo_json(evaluation)
        return
    from rich.console import Console  # noqa: PLC0415

    render(evaluation, Console())


@main.command()
@click.argument("findings", type=_PLACE)
@click.option("--out", type=_PLACE, help="The page (default: report.html in FINDINGS).")
def report(findings: Path, *, out: Path | None) -> None:
    """Draw the report of FINDINGS anew."""
    from revenuer.output import write_atomically  # noqa: PLC0415
    from revenuer.report import rerender  # noqa: PLC0415

    page = out or findings / "report.html"
    write_atomically(page, rerender(findings).encode())
    click.echo(str(page))


@main.command()
def scenarios() -> None:
    """List the scenarios that `simulate` knows."""
    from revenuer.simulate import scenarios as known  # noqa: PLC0415

    for name, description in known().items():
        click.echo(f"{name:<12} {description}")


@main.command()
@_json
@click.pass_context
def doctor(ctx: click.Context, /, *, as_json: bool) -> None:
    """Say what is installed and whether a scan can run; exits 1 if it cannot."""
    from revenuer.doctor import examine  # noqa: PLC0415

    examination = examine()
    if as_json:
        _echo_json(examination)
    else:
        from revenuer.tell import tell_examination  # noqa: PLC0415

        tell_examination(examination)
    ctx.exit(0 if examination.ok else 1)


main.add_command(convert)
main.add_command(formats)
main.add_command(train)
main.add_command(receive)
main.add_command(serve)
main.add_command(label)
main.add_command(policy)
main.add_command(replay)
main.add_command(seal)
main.add_command(shape)
main.add_command(prove)
main.add_command(watermark)
main.add_command(canary)
main.add_command(share)
main.add_command(intel)
main.add_command(cases)
main.add_command(keys)
main.add_command(taxii)
main.add_command(match)
main.add_command(dossier)
main.add_command(verify)


def _check_apart(out: Path, traffic: Path) -> None:
    """Findings have tables of the names of traffic: among the exchanges the next scan would meet them as such."""
    if out.resolve().is_relative_to((traffic / "exchanges").resolve()):
        raise ConfigError(f"--out {out}: lies where the exchanges of {traffic} are read from")


def _check_something_was_read(result: ScanResult, traffic: Path) -> None:
    """Nothing could be judged is not the same as nothing found."""
    lost = result.summary.quality.quarantined
    if lost and not result.summary.traffic.exchanges:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in lost.items())
        raise InputError(f"every row was set aside: {reasons}", file=str(traffic))


def _print_json(result: ScanResult, out: Path) -> None:
    from revenuer.tell import scan_document  # noqa: PLC0415

    _echo_json(scan_document(result.campaigns, result.summary, result.flagged_accounts, out))


def _print_scan(result: ScanResult, out: Path) -> None:
    from revenuer.tell import tell_scan  # noqa: PLC0415

    tell_scan(result.campaigns, result.summary, result.flagged_accounts, out)


def _echo_json(value: Any) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _check_scenario(name: str, known: list[str]) -> None:
    if name in known:
        return
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(name, known, 1, 0.4)
    hint = f"did you mean {near[0]}?" if near else "`revenuer scenarios` lists them"
    raise ConfigError(f"no scenario is called {name}: {hint}")


def _terminate(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _leave(message: str, code: int) -> None:
    click.echo(f"revenuer: error: {one_line(message)}", err=True)
    sys.exit(code)
