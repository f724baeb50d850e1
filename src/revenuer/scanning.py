"""The main job: traffic in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Final

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import _

from revenuer import __version__
from revenuer.behaviour import Profiles, profile
from revenuer.campaigns.assemble import SUREST, Assembled, Harvest, assemble, harvests
from revenuer.campaigns.consents import consented_accounts
from revenuer.campaigns.observe import observe
from revenuer.campaigns.queues import LEAST_ENTITIES, Queue, find_queues, suspects, without
from revenuer.campaigns.scoring import score_exchanges
from revenuer.campaigns.times import HOUR, micros, rfc3339
from revenuer.campaigns.verdict import ENOUGH, Verdict, deliver
from revenuer.engine import Engine, LocalEngine
from revenuer.errors import ConfigError
from revenuer.findings import Campaign, campaigns_document
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.masking import MOST_CHARACTERS, SLOT, masked
from revenuer.fingerprint.pipeline import Fingerprints, fingerprint
from revenuer.linkage.infrastructure import Traces, traces
from revenuer.linkage.templates import KINDS, Requests, Templates, find_templates, sample_requests
from revenuer.report import render_report
from revenuer.schema import CAPABILITIES, FOUND_ACCOUNTS, FOUND_EXCHANGES
from revenuer.sources import Traffic as Input
from revenuer.sources import open_traffic
from revenuer.summary import (
    BanDay,
    Cleared,
    MissingColumn,
    Quality,
    Release,
    ScanSummary,
    Traffic,
    TrafficSeries,
    to_json,
)

__all__ = ["ScanResult", "scan"]

OnStage = Callable[[str, int, int], None]

CLEARED_SHOWN: Final = 30
# A queue this small is not worth a line among the cleared groups.
LEAST_CLEARED: Final = 8
# Posterior of an account outside every campaign: the text ranks it, below any member.
OUTSIDE: Final = 0.1


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found.

    Attributes:
        campaigns: strongest first.
        flagged_accounts: how many accounts are flagged.
        summary: what was looked at, what was cleared, what could not be judged.
    """

    campaigns: tuple[Campaign, ...]
    flagged_accounts: int
    summary: ScanSummary


def scan(
    traffic: Path,
    out: Path,
    *,
    engine: str = "local",
    strict: bool = False,
    memory: str = "4GB",
    threads: int | None = None,
    seed: int = 0,
    on_stage: OnStage | None = None,
) -> ScanResult:
    """Find the campaigns in a traffic directory and write findings into the directory `out`, which exists.

    Args:
        traffic: a directory as `docs/data.md` describes.
        out: where `campaigns.json`, `accounts.parquet`, `exchanges.parquet`, `scan.json` and `report.html` go.
        engine: `local`, the only one so far.
        strict: refuse at the first bad row instead of setting it aside.
        memory: limit of the engine's tables; they spill to disk beyond.
        threads: workers, all cores by default.
        seed: of every random step.
        on_stage: told the stage, the parts done and the parts in all.

    Raises:
        InputError: the traffic cannot be read.
        ConfigError: the engine is not known.
    """
    if engine != "local":
        raise ConfigError(f"--engine {engine}: this version runs on 'local' only")
    tell = on_stage or (lambda _stage, _done, _of: None)
    opened = open_traffic(traffic, strict=strict)
    with LocalEngine(memory=memory, threads=threads) as local:
        return _Scan(local, opened, out, seed, tell).run()


@dataclass(slots=True)
class _Scan:
    """One scan in progress."""

    engine: Engine
    traffic: Input
    out: Path
    seed: int
    tell: OnStage

    def run(self) -> ScanResult:
        prints = fingerprint(self.engine, self.traffic, CapabilityModel.load(), self.tell)
        profiles = profile(self.engine, prints.rows, self.traffic.accounts())
        self.tell("link accounts", 0, 3)
        templates = find_templates(self.engine, prints.rows, profiles)
        self.tell("link accounts", 1, 3)
        shared = np.flatnonzero(templates.entities >= LEAST_ENTITIES)
        requests = sample_requests(self.engine, prints.rows, profiles, templates, shared)
        queues = find_queues(templates, suspects(templates, requests, seed=self.seed), profiles)
        self.tell("link accounts", 2, 3)
        verdicts, found = self._judge(prints.rows, profiles, templates, requests, queues)
        self.tell("link accounts", 3, 3)
        called = [i for i, verdict in enumerate(verdicts) if verdict.campaign]
        consented = consented_accounts(self.traffic.consents(), profiles)
        campaign_queues = [without(queues[i], consented) for i in called]
        scored = score_exchanges(self.engine, prints.rows, templates, profiles, campaign_queues).rows
        self.tell("score exchanges", 1, 3)
        harvest = harvests(self.engine, scored, profiles)
        shown = [queue for queue, verdict in zip(queues, verdicts, strict=True) if len(queue.accounts) >= LEAST_CLEARED]
        frames = _masked_frames(self.engine, prints, templates, campaign_queues + shown[: 2 * CLEARED_SHOWN])
        assembled = assemble(
            self.engine,
            scored,
            campaign_queues,
            [verdicts[i] for i in called],
            templates,
            profiles,
            found,
            harvest,
            frames,
            self.traffic.releases(),
            self.traffic.enforcement(),
        )
        self.tell("score exchanges", 2, 3)
        flagged = _write_accounts(self.out / "accounts.parquet", profiles, campaign_queues, assembled, harvest)
        _write_exchanges(self.engine, self.out / "exchanges.parquet", scored, assembled)
        self.tell("score exchanges", 3, 3)
        summary = self._summary(prints, scored, profiles, templates, queues, verdicts, frames, assembled, flagged)
        campaigns = tuple(one.campaign for one in assembled)
        document = msgspec.json.encode(campaigns_document(campaigns))
        (self.out / "campaigns.json").write_bytes(msgspec.json.format(document, indent=1) + b"\n")
        (self.out / "scan.json").write_bytes(to_json(summary))
        self.tell("write report", 0, 1)
        (self.out / "report.html").write_text(render_report(campaigns, summary), encoding="utf-8")
        self.tell("write report", 1, 1)
        return ScanResult(campaigns, flagged, summary)

    def _judge(
        self, rows: ir.Table, profiles: Profiles, templates: Templates, requests: Requests, queues: list[Queue]
    ) -> tuple[list[Verdict], Traces]:
        found = traces(self.engine, rows, profiles)
        consented = consented_accounts(self.traffic.consents(), profiles)
        verdicts = [
            deliver(
                queue,
                observe(queue, templates, requests, profiles, found, consented=consented, seed=self.seed),
                templates,
                profiles,
                found,
                seed=self.seed,
            )
            for queue in queues
        ]
        return verdicts, found

    def _summary(
        self,
        prints: Fingerprints,
        scored: ir.Table,
        profiles: Profiles,
        templates: Templates,
        queues: list[Queue],
        verdicts: list[Verdict],
        frames: dict[int, str],
        assembled: list[Assembled],
        flagged: int,
    ) -> ScanSummary:
        quarantine = prints.quarantine + self.traffic.quarantine
        releases, enforcement = self.traffic.releases(), self.traffic.enforcement()
        return ScanSummary(
            version=__version__,
            traffic=_traffic(self.engine, scored, profiles),
            quality=Quality(
                quarantined=quarantine.counts(),
                missing=tuple(MissingColumn(m.table, m.column, m.consequence) for m in self.traffic.missing),
                notes=(*quarantine.notes(), *self.traffic.notes),
            ),
            releases=tuple(
                Release(model, rfc3339(int(at)))
                for model, at in zip(releases["model"].to_pylist(), micros(releases["released_at"]), strict=True)
            ),
            enforcement=_ban_days(enforcement),
            series=_series(self.engine, scored),
            campaigns={one.campaign.campaign_id: one.detail for one in assembled},
            cleared=_cleared(queues, verdicts, templates, frames),
            flagged_accounts=flagged,
            settings={"engine": "local", "seed": self.seed},
        )


def _masked_frames(engine: Engine, prints: Fingerprints, templates: Templates, queues: list[Queue]) -> dict[int, str]:
    """The masked text of the templates that findings may show, by id."""
    wanted = np.unique(np.concatenate([queue.templates[:24] for queue in queues])) if queues else np.zeros(0, np.int64)
    shown: dict[int, str] = {}
    for kind, name in enumerate(KINDS):
        ids = templates.ids[wanted[templates.kind[wanted] == kind]]
        if not len(ids) or name == "manner":
            continue
        exemplar = "exemplar" if name == "prompt_frame" else "system_exemplar"
        chosen = engine.table(f"shown_{name}", pa.table({"shown": ids}))
        rows = prints.rows.join(chosen, prints.rows[name] == chosen.shown).filter(_[exemplar].notnull())
        texts = engine.collect(rows.group_by("shown").agg(text=_[exemplar].argmin(_.draw)))
        library = prints.libraries["prompt" if name == "prompt_frame" else "system"]
        for frame, text in zip(texts["shown"].to_pylist(), texts["text"].to_pylist(), strict=True):
            mask = text if name == "system_text" else masked(text, frame, library)
            shown[frame] = _cut(mask if name == "prompt_frame" else f"[system] {mask}")
    return shown


def _cut(text: str) -> str:
    return text if len(text) < MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rstrip()} […]"


def _write_accounts(
    path: Path, profiles: Profiles, queues: list[Queue], assembled: list[Assembled], harvest: Harvest
) -> int:
    """Write one row an account, sorted by id; returns how many are flagged."""
    n = len(profiles)
    risk = np.zeros(n)
    flagged = np.zeros(n, np.bool_)
    campaign = np.full(n, None, object)
    reasons: list[list[str]] = [[] for _account in range(n)]
    for one in assembled:
        queue, name = queues[one.number], one.campaign.campaign_id
        member = np.isin(queue.accounts, one.flagged)
        risk[queue.accounts] = queue.posterior * one.campaign.confidence * np.where(member, 1.0, 0.5)
        flagged[one.flagged] = True
        campaign[one.flagged] = name
        strongest = [evidence.channel for evidence in one.campaign.evidence if evidence.strength > 0.5]
        for account in one.flagged:
            made = f"{harvest.extracted[account]} of {profiles.exchanges[account]} exchanges serve {name}"
            reasons[account] = [made, *dict.fromkeys(strongest)]
    share = harvest.expected / np.maximum(profiles.exchanges, 1)
    order = np.argsort(profiles.ids.astype(str), kind="stable")
    table = pa.table(
        [
            pa.array(profiles.ids[order], pa.string()),
            pa.array(np.clip(risk, 0.0, 1.0)[order]),
            pa.array(flagged[order]),
            pa.array(campaign[order], pa.string()),
            pa.array(np.clip(np.where(flagged, share, 0.0), 0.0, 1.0)[order]),
            pa.array([reasons[i] for i in order], pa.list_(pa.string())),
        ],
        schema=FOUND_ACCOUNTS,
    )
    pq.write_table(table, path, compression="zstd")
    return int(flagged.sum())


def _write_exchanges(engine: Engine, path: Path, scored: ir.Table, assembled: list[Assembled]) -> None:
    """Stream one row an exchange; an exchange of an account that is not flagged is never called extraction."""
    names = engine.table(
        "names",
        pa.table(
            {
                "number": pa.array([one.number for one in assembled], pa.int64()),
                "campaign_id": pa.array([one.campaign.campaign_id for one in assembled], pa.string()),
            }
        ),
    )
    labels = engine.table("labels", pa.table({"code": np.arange(len(CAPABILITIES)), "capability": list(CAPABILITIES)}))
    rows = scored.select("exchange_id", "draw", "score", "extracts", "campaign", "named")
    rows = rows.left_join(names, rows.campaign == names.number).join(labels, _.named == labels.code)
    chosen = rows.order_by(["draw", "exchange_id"]).select(
        "exchange_id",
        "score",
        extraction=_.extracts & _.campaign_id.notnull(),
        capability=_.capability,
        campaign_id=ibis.ifelse(_.extracts, _.campaign_id, ibis.null("string")),
    )
    with pq.ParquetWriter(path, FOUND_EXCHANGES, compression="zstd") as writer:
        for batch in engine.batches(chosen):
            writer.write_batch(batch.cast(FOUND_EXCHANGES))


def _traffic(engine: Engine, scored: ir.Table, profiles: Profiles) -> Traffic:
    def counts(column: str) -> dict[str, int]:
        counted = engine.collect(scored.filter(scored[column].notnull()).group_by(column).agg(n=_.count()))
        pairs = zip(counted[column].to_pylist(), counted["n"].to_pylist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    orgs = profiles.entity[profiles.entity != profiles.keys]
    return Traffic(
        exchanges=int(profiles.exchanges.sum()),
        accounts=len(profiles),
        orgs=len(np.unique(orgs)) if len(orgs) else None,
        first_seen=rfc3339(int(profiles.first.min())) if len(profiles) else None,
        last_seen=rfc3339(int(profiles.last.max())) if len(profiles) else None,
        pathways=counts("pathway"),
        models=counts("model"),
    )


def _series(engine: Engine, scored: ir.Table) -> TrafficSeries | None:
    counted = engine.collect(
        scored.group_by(hour=_.ts.truncate("h")).agg(n=_.count(), extraction=_.extracts.sum()).order_by("hour")
    )
    if not counted.num_rows:
        return None
    at = micros(counted["hour"])
    start, hours = int(at[0]), int((at[-1] - at[0]) // HOUR) + 1
    bucket = next(size for size in (1, 3, 6, 12, 24, 72, 168, 10**6) if hours <= size * 400)
    place = (at - start) // (bucket * HOUR)
    exchanges, extraction = (
        tuple(np.bincount(place, weights=counted[name].to_numpy()).astype(int).tolist()) for name in ("n", "extraction")
    )
    return TrafficSeries(rfc3339(start), bucket, exchanges, extraction)


def _ban_days(enforcement: pa.Table) -> tuple[BanDay, ...]:
    counts: dict[tuple[str, str], set[str]] = {}
    rows = zip(
        micros(enforcement["ts"]),
        enforcement["action"].to_pylist(),
        enforcement["account_id"].to_pylist(),
        strict=True,
    )
    for at, action, account in rows:
        counts.setdefault((rfc3339(int(at))[:10], action), set()).add(account)
    return tuple(BanDay(day, action, len(accounts)) for (day, action), accounts in sorted(counts.items()))


def _cleared(
    queues: list[Queue], verdicts: list[Verdict], templates: Templates, frames: dict[int, str]
) -> tuple[Cleared, ...]:
    """The largest groups that share templates and were found innocent, with the explanation that fits best."""
    cleared: list[Cleared] = []
    for queue, verdict in zip(queues, verdicts, strict=True):
        if verdict.campaign or len(queue.accounts) < LEAST_CLEARED or len(cleared) == CLEARED_SHOWN:
            continue
        best = verdict.explanations[0]
        texts = list(dict.fromkeys(frames[int(i)] for i in templates.ids[queue.templates[:3]] if int(i) in frames))
        cleared.append(
            Cleared(
                name=_opening(texts) or "Tasks put in one manner",
                hypothesis=best.name,
                why=_why_cleared(verdict),
                accounts=len(queue.accounts),
                exchanges=int(queue.requests.sum()),
                orgs=verdict.observed.entities,
                frames=tuple(texts),
                confidence=min(round(1.0 - verdict.confidence, 6), SUREST),
            )
        )
    return tuple(cleared)


def _opening(texts: list[str]) -> str:
    """The first words of a template, in quotation marks: what people call it by."""
    for text in texts:
        words = text.removeprefix("[system] ").removeprefix(SLOT).split()
        if words:
            return f"“{shorten(' '.join(words), 70, placeholder=' …')}”"
    return ""


def _why_cleared(verdict: Verdict) -> str:
    """What speaks most for the explanation that comes closest, or what is missing for a verdict."""
    if verdict.odds >= ENOUGH:
        return "too few accounts or requests to tell a queue from customers by what and when they ask"
    return verdict.explanations[0].fits or "nothing speaks for it in particular, but too little speaks for a campaign"


Ids = npt.NDArray[np.object_]
