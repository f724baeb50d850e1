"""Findings and truth in, one evaluation out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from revenuer.evaluate.accounts import account_level
from revenuer.evaluate.campaigns import campaign_level
from revenuer.evaluate.exchanges import exchange_level
from revenuer.evaluate.result import Evaluation, Inputs
from revenuer.evaluate.world import World, disagreements, read_world

__all__ = ["EVALUATION_SCHEMA_VERSION", "evaluate"]

EVALUATION_SCHEMA_VERSION: Final = 1


def evaluate(findings: Path, truth: Path, *, traffic: Path | None = None) -> Evaluation:
    """Hold the findings directory against the truth directory.

    Args:
        findings: what a scan wrote: `campaigns.json`, `accounts.parquet`, `exchanges.parquet`.
        truth: `accounts.parquet` and `exchanges.parquet` as a simulation writes them.
        traffic: the traffic that was scanned; by default the directory that holds `truth`, when it has exchanges
            as Parquet. Without it, what needs to know who asked and when is left out, and a note says so.

    Raises:
        InputError: a file or column is missing or malformed, ids come twice, the truth is empty, or findings and
            truth are of different traffic.
    """
    world = read_world(findings, truth, traffic)
    return Evaluation(
        schema=EVALUATION_SCHEMA_VERSION,
        inputs=_inputs(world),
        accounts=account_level(world),
        exchanges=exchange_level(world),
        campaigns=campaign_level(world),
    )


def _inputs(world: World) -> Inputs:
    return Inputs(
        accounts=len(world.accounts.extraction),
        exchanges=len(world.exchanges.extraction),
        accounts_absent=int((~world.accounts.listed).sum()),
        exchanges_absent=int((~world.exchanges.listed).sum()),
        membership_disagreements=disagreements(world.accounts, world.campaigns),
        notes=_notes(world),
    )


def _notes(world: World) -> tuple[str, ...]:
    if world.traffic is None:
        return ("no traffic beside the truth: no counts by account, no false positives by label, no events",)
    notes = {
        "no releases.parquet in the traffic: pivots are not judged": world.traffic.releases is None,
        "no enforcement.parquet in the traffic: successions are not judged": world.traffic.bans is None,
        "some exchanges of the truth are not in the traffic": bool((world.traffic.account < 0).any()),
    }
    return tuple(note for note, holds in notes.items() if holds)
