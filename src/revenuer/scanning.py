"""The main job: traffic in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import msgspec
import numpy as np

from revenuer import __version__
from revenuer.behaviour import Profiles, profile
from revenuer.behaviour.calibration import Calibrated
from revenuer.behaviour.unusual import Unusual, unusual
from revenuer.campaigns.assemble import Assembled, Called, assemble, harvests, only_flagged
from revenuer.campaigns.closer import CloserLook
from revenuer.campaigns.consents import Consented, part_consented
from revenuer.campaigns.editions import without_other_editions
from revenuer.campaigns.hearing import as_templates, sure_users, worth_of_levels
from revenuer.campaigns.life import life_signs
from revenuer.campaigns.observe import observe
from revenuer.campaigns.queues import LEAST_ENTITIES, Queue, find_queues, heard_too, suspects
from revenuer.campaigns.quoters import without_quoters
from revenuer.campaigns.scoring import Heard, score_exchanges
from revenuer.campaigns.singles import with_singles
from revenuer.campaigns.verdict import Verdict, deliver
from revenuer.campaigns.wording import listen
from revenuer.engine import Engine, check_engine, connect
from revenuer.errors import ConfigError
from revenuer.findings import Campaign, campaigns_document
from revenuer.fingerprint.cache import Cache
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.careful import CarefulModel, Wanted, careful_model
from revenuer.fingerprint.pipeline import Fingerprints, fingerprint
from revenuer.linkage.groups import Group
from revenuer.linkage.infrastructure import Traces, traces
from revenuer.linkage.templates import Templates, find_templates, sample_requests
from revenuer.report import render_report
from revenuer.scan_control import calibrated, controlled, reference_accounts
from revenuer.scan_intel import Hints, Intel, open_intel
from revenuer.scan_summary import CLEARED_SHOWN, LEAST_CLEARED, Judged, masked_frames, named_frames, summarise
from revenuer.scan_tables import write_accounts, write_exchanges
from revenuer.sources import CONTENTS, Content, Inputs, open_traffic
from revenuer.sources import Traffic as Input
from revenuer.standing import checked_level, named
from revenuer.summary import ScanSummary, Setting, to_json
from revenuer.text.keyed import Key, key_from

__all__ = ["ScanResult", "scan"]

OnStage = Callable[[str, int, int], None]


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
    reference: Path | None = None,
    fdr: float | None = None,
    model: Path | None = None,
    content: Content = "full",
    sketch_key: str = "",
    careful: Wanted = "auto",
    cache: Path | None = None,
    strict: bool = False,
    keep: Path | None = None,
    intel: Path | None = None,
    intel_key: Path | None = None,
    memory: str = "4GB",
    threads: int | None = None,
    scratch: Path | None = None,
    seed: int = 0,
    on_stage: OnStage | None = None,
) -> ScanResult:
    """Find the campaigns in a traffic directory and write findings into the directory `out`, which exists.

    Args:
        traffic: a directory as `docs/data.md` describes.
        out: where `campaigns.json`, `accounts.parquet`, `exchanges.parquet`, `scan.json` and `report.html` go.
        engine: `local`, or the URL of a Spark master, see `docs/spark.md`.
        reference: traffic of a clean period or cohort, which calibrates p-values and the population alarm.
        fdr: name only the campaigns that e-BH leaves at this expected false share, in (0, 1); None: by odds alone.
        model: folder of weights that `revenuer train` wrote; None: the packaged ones.
        content: how much of the text is read and kept: `full`, `sketch` (nothing readable is kept), `none`.
        sketch_key: secret under which `sketch` puts the hashes of text; without one they can be tried out.
        careful: whether the careful model names what campaigns serve: `auto`, if the extra `encoder` is there; `on`; `off`.
        cache: folder in which the careful model's vectors of texts outlast the scan; None: nowhere.
        strict: refuse at the first bad row instead of setting it aside.
        keep: folder in which fingerprints are kept for the next scan of the same traffic; None: nothing is kept.
        intel: store of peers' indicators: hints for verdicts; what of them is seen is written to `intel.json`.
        intel_key: file of the secret under which peers tell their templates.
        memory: limit of the engine's tables; they spill to disk beyond. On a cluster: of the driver's Java part.
        threads: workers, all cores by default; a cluster has its own.
        scratch: where temporary files go; on a cluster a folder that all its machines share.
        seed: of every random step.
        on_stage: told the stage, the parts done and the parts in all.

    Raises:
        InputError: the traffic or the weights cannot be read.
        ConfigError: the engine or the mode is not known, `fdr` cannot be held, or a mode or an engine forbids an option.
        EngineError: the engine cannot start, or fails.
        MissingExtraError: the careful model must be used and the extra `encoder` is not installed, or the engine is not.
    """
    weights = _checked(engine, content, fdr, model)
    closer, peers = _careful(careful, content, model, cache), open_intel(intel, intel_key)
    key, tell = key_from(sketch_key) if content == "sketch" else None, on_stage or _untold
    opened = open_traffic(traffic, strict=strict, content=content)
    start = partial(connect, engine, memory=memory, threads=threads, scratch=scratch)
    clean = _clean(reference, start, tell, content=content, strict=strict, model=weights)
    kept = _kept(keep, engine, [__version__, weights.digest, content, key])
    with start() as running:
        return _Scan(running, opened, out, seed, tell, weights, key, clean, fdr, closer, kept, peers).run()


def _untold(_stage: str, _done: int, _of: int) -> None:
    """Where nobody wants to know."""


def _kept(place: Path | None, engine: str, settings: Sequence[object]) -> Cache | None:
    """Where fingerprints are kept, if anywhere: in a folder of this machine, which workers of a cluster do not see."""
    if place is None:
        return None
    if engine != "local":
        raise ConfigError(f"--keep is for --engine local, not {engine}")
    return Cache.open(place, settings)


def _clean(place: Path | None, start: Callable[[], Engine], tell: OnStage, **how: Any) -> Unusual | None:
    """The accounts of the reference if there is one, scored in an engine of their own."""
    if place is None:
        return None
    tell("score the reference", 0, 1)
    scored = reference_accounts(place, start, **how)
    tell("score the reference", 1, 1)
    return scored


def _careful(wanted: Wanted, content: Content, model: Path | None, cache: Path | None) -> CarefulModel | None:
    """The careful model, unless there is no text for it or it is not wanted."""
    if content != "full" and cache is not None:
        raise ConfigError(f"--cache keeps vectors of texts, and --content {content} keeps nothing of them")
    if content == "none":
        if wanted == "on":
            raise ConfigError("--careful on: there is no text to read with --content none")
        return None
    return careful_model(wanted, model, place=cache)


def _checked(engine: str, content: Content, fdr: float | None, model: Path | None) -> CapabilityModel:
    """The weights, once the settings go together."""
    check_engine(engine)
    if content not in CONTENTS:
        raise ConfigError(f"--content {content}: expected one of {', '.join(CONTENTS)}")
    checked_level(fdr, content)
    return CapabilityModel.load(model)


@dataclass(frozen=True, slots=True)
class _Linked:
    """What links the accounts, the verdict on each queue of the same tasks, and which queues are named campaigns."""

    prints: Fingerprints
    profiles: Profiles
    templates: Templates
    found: Traces
    queues: list[Queue]
    verdicts: list[Verdict]
    campaigns: list[int]
    consented: Consented
    hints: Hints | None = None

    @property
    def shown(self) -> list[Queue]:
        """The queues that may be told of among the cleared groups."""
        return [queue for queue in self.queues if len(queue.accounts) >= LEAST_CLEARED][: 2 * CLEARED_SHOWN]


@dataclass(slots=True)
class _Scan:
    """One scan in progress."""

    engine: Engine
    traffic: Input
    out: Path
    seed: int
    tell: OnStage
    model: CapabilityModel
    key: Key | None = None
    reference: Unusual | None = None
    fdr: float | None = None
    careful: CarefulModel | None = None
    kept: Cache | None = None
    peers: Intel | None = None
    files: Inputs = field(init=False)

    def __post_init__(self) -> None:
        self.files = Inputs(self.traffic)

    def run(self) -> ScanResult:
        prints = fingerprint(self.engine, self.traffic, self.model, self.tell, key=self.key, cache=self.kept)
        profiles = profile(self.engine, prints.rows, self.traffic.accounts())
        linked = self._link(prints, profiles)
        queues, heard = self._heard(linked, [linked.queues[number] for number in linked.campaigns])
        queues = self._meant(linked, queues)
        closer = None if self.careful is None else CloserLook(self.traffic, self.model, self.careful)
        rest = score_exchanges(
            self.engine, linked.consented.rest, linked.templates, profiles, queues, heard=heard, closer=closer
        ).rows
        scored = linked.consented.rejoin(rest)
        self.tell("score exchanges", 1, 3)
        frames = self._frames(linked, queues + linked.shown)
        called = self._called(linked, queues, scored, frames)
        assembled = assemble(self.engine, scored, called)
        self.tell("score exchanges", 2, 3)
        judged = zip(linked.queues, (verdict.confidence for verdict in linked.verdicts), strict=True)
        found = self._calibrated(linked)
        place = self.out / "accounts.parquet"
        flagged = write_accounts(place, profiles, queues, assembled, called.harvest, judged=judged, p_values=found.p)
        write_exchanges(self.engine, self.out / "exchanges.parquet", scored, assembled)
        self.tell("score exchanges", 3, 3)
        campaigns = tuple(one.campaign for one in assembled)
        numbers = {one.campaign.campaign_id: linked.campaigns[one.number] for one in assembled}
        content, held = self.traffic.content, self.reference is not None
        control = controlled(found, linked.verdicts, numbers, reference=held, content=content, fdr=self.fdr)
        summary = self._summary(linked, scored, frames, assembled, flagged)
        summary = msgspec.structs.replace(summary, control=control)
        self._write(campaigns, summary)
        if linked.hints is not None:
            linked.hints.write(self.out, linked.queues, linked.verdicts, numbers)
        return ScanResult(campaigns, flagged, summary)

    def _link(self, prints: Fingerprints, profiles: Profiles) -> _Linked:
        self.tell("link accounts", 0, 3)
        consented = part_consented(self.engine, prints.rows, self.traffic.consents(), profiles)
        rows, left = consented.rest, consented.profiles
        templates = find_templates(self.engine, rows, left)
        self.tell("link accounts", 1, 3)
        shared = np.flatnonzero(templates.entities >= LEAST_ENTITIES)
        requests = sample_requests(self.engine, rows, left, templates, shared)
        chosen = suspects(templates, requests, seed=self.seed, threads=self.engine.threads)
        queues = find_queues(templates, chosen, left)
        self.tell("link accounts", 2, 3)
        found = traces(self.engine, rows, left)
        groups = [Group(queue.accounts, queue.templates[queue.tasks]) for queue in queues]
        releases, enforcement = self.traffic.releases(), self.traffic.enforcement()
        signs = life_signs(self.engine, rows, left, templates, groups, releases, enforcement)
        known = prints.libraries if self.key is None else {}  # under a secret of its own no template is a peer's
        hints = None if self.peers is None else self.peers.look_up(known, templates, left, found)
        verdicts = []
        for number, queue in enumerate(queues):
            hint = 0.0 if hints is None else hints.prior(queue)
            seen = observe(queue, templates, requests, left, found, consented=consented.share, seed=self.seed)
            life = signs.evidence(number, seed=self.seed)
            verdicts.append(deliver(queue, seen, templates, left, found, signs=life, hint=hint, seed=self.seed))
        self.tell("link accounts", 3, 3)
        called = named(verdicts, self.fdr)
        return _Linked(prints, profiles, templates, found, queues, verdicts, called, consented, hints)

    def _heard(self, linked: _Linked, queues: list[Queue]) -> tuple[list[Queue], Heard | None]:
        """The campaigns with the accounts that do their tasks in other words, and how every exchange sounds."""
        rows, profiles, templates = linked.consented.rest, linked.consented.profiles, linked.templates
        self.tell("listen", 0, 1)
        wording = None
        if queues and self.traffic.content != "none":
            wording = listen(self.engine, self.traffic, rows, templates, profiles, queues, key=self.key)
        if wording is None:
            self.tell("listen", 1, 1)
            return queues, None
        known = len(templates)
        more = as_templates(self.engine, wording, rows, templates, profiles, queues)
        meant = sure_users(self.engine, rows, templates, profiles, queues, private=False)
        sure = sure_users(self.engine, rows, templates, profiles, queues, private=True)
        queues = with_singles(templates, heard_too(templates, more, profiles, queues, meant), sure)
        worth = worth_of_levels(more, known, profiles, queues)
        self.tell("listen", 1, 1)
        return queues, Heard(wording.heard, worth, wording.voices)

    def _meant(self, linked: _Linked, queues: list[Queue]) -> list[Queue]:
        """The campaigns without accounts that report their tasks, or use what they relay."""
        if not queues or self.traffic.content == "none":
            return queues
        rows, profiles = linked.consented.rest, linked.consented.profiles
        queues = without_other_editions(self.engine, rows, linked.templates, profiles, queues)
        frames = linked.prints.libraries["prompt"]
        return without_quoters(
            self.engine, self.traffic, rows, linked.templates, profiles, queues, frames, key=self.key
        )

    def _called(self, linked: _Linked, queues: list[Queue], scored: ir.Table, frames: dict[int, str]) -> Called:
        return Called(
            queues=queues,
            verdicts=[linked.verdicts[number] for number in linked.campaigns],
            templates=linked.templates,
            profiles=linked.profiles,
            found=linked.found,
            harvest=harvests(self.engine, scored, linked.profiles),
            frames=frames,
            releases=self.traffic.releases(),
            enforcement=self.traffic.enforcement(),
        )

    def _summary(
        self, linked: _Linked, scored: ir.Table, frames: dict[int, str], assembled: list[Assembled], flagged: int
    ) -> ScanSummary:
        summary = summarise(
            self.engine,
            only_flagged(self.engine, scored, [one.keys for one in assembled]),
            self.traffic,
            linked.profiles,
            quarantine=linked.prints.quarantine + self.traffic.quarantine,
            judged=Judged(linked.queues, linked.verdicts, linked.templates, frames),
        )
        return msgspec.structs.replace(
            summary,
            quality=msgspec.structs.replace(summary.quality, notes=(*summary.quality.notes, *linked.consented.notes)),
            campaigns={one.campaign.campaign_id: one.detail for one in assembled},
            flagged_accounts=flagged,
            settings={"engine": self.engine.kind, "seed": self.seed, **self._chosen()},
            inputs=self.files.hashed(),
        )

    def _calibrated(self, linked: _Linked) -> Calibrated:
        """Accounts against honest ones, and the population alarm."""
        accounts = unusual(self.engine, linked.prints.rows, linked.profiles)
        return calibrated(accounts, self.reference, linked.queues, seed=self.seed)

    def _frames(self, linked: _Linked, queues: list[Queue]) -> dict[int, str]:
        """What findings show of each template: its masked text, or a name where no text is kept."""
        if self.traffic.content == "full":
            return masked_frames(self.engine, linked.prints, linked.templates, queues)
        return named_frames(linked.templates, queues)

    def _chosen(self) -> dict[str, Setting]:
        told: dict[str, Setting] = {"content": self.traffic.content, **({"keyed": True} if self.key else {})}
        if self.traffic.content != "none":
            told["model"] = self.model.digest
        if self.careful is not None:
            told["careful"] = self.careful.digest
        return told if self.fdr is None else {**told, "fdr": self.fdr}

    def _write(self, campaigns: tuple[Campaign, ...], summary: ScanSummary) -> None:
        document = msgspec.json.encode(campaigns_document(campaigns))
        (self.out / "campaigns.json").write_bytes(msgspec.json.format(document, indent=1) + b"\n")
        (self.out / "scan.json").write_bytes(to_json(summary))
        self.tell("write report", 0, 1)
        (self.out / "report.html").write_text(render_report(campaigns, summary), encoding="utf-8")
        self.tell("write report", 1, 1)
