"""What `scan.json` says of a scan: the traffic, what could not be judged, and the groups that were cleared."""

from __future__ import annotations

from textwrap import shorten
from typing import Final, NamedTuple

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _

from revenuer import __version__
from revenuer.behaviour import Profiles
from revenuer.campaigns.assemble import SUREST
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.times import HOUR, micros, rfc3339
from revenuer.campaigns.verdict import ENOUGH, Verdict
from revenuer.engine import Engine
from revenuer.fingerprint.exemplars import TEXT_OF
from revenuer.fingerprint.masking import MOST_CHARACTERS, SLOT, masked
from revenuer.fingerprint.pipeline import Fingerprints
from revenuer.linkage.templates import KINDS, Templates
from revenuer.sources import Quarantine
from revenuer.sources import Traffic as Input
from revenuer.summary import (
    BanDay,
    Cleared,
    MissingColumn,
    Quality,
    Release,
    ScanSummary,
    Traffic,
    TrafficSeries,
)

__all__ = ["CLEARED_SHOWN", "LEAST_CLEARED", "Judged", "masked_frames", "named_frames", "summarise"]

CLEARED_SHOWN: Final = 30
# A queue this small is not worth a line among the cleared groups.
LEAST_CLEARED: Final = 8


class Judged(NamedTuple):
    """All queues with their verdicts, the templates they use, and the masked texts of those, by id."""

    queues: list[Queue]
    verdicts: list[Verdict]
    templates: Templates
    frames: dict[int, str]


def summarise(
    engine: Engine, scored: ir.Table, traffic: Input, profiles: Profiles, *, quarantine: Quarantine, judged: Judged
) -> ScanSummary:
    """Everything of the summary that does not depend on the campaigns that were assembled."""
    releases = traffic.releases()
    return ScanSummary(
        version=__version__,
        traffic=_traffic(engine, scored, profiles),
        quality=Quality(
            quarantined=quarantine.counts(),
            missing=tuple(MissingColumn(m.table, m.column, m.consequence) for m in traffic.missing),
            notes=(*quarantine.notes(), *traffic.notes),
        ),
        releases=tuple(
            Release(model, rfc3339(int(at)))
            for model, at in zip(releases["model"].to_pylist(), micros(releases["released_at"]), strict=True)
        ),
        enforcement=_ban_days(traffic.enforcement()),
        series=_series(engine, scored),
        cleared=_cleared(judged),
    )


def named_frames(templates: Templates, queues: list[Queue]) -> dict[int, str]:
    """Names without a word of text for the templates that findings may show, by id: what it is, and its id in hex."""
    wanted = _wanted(queues)
    pairs = zip(templates.ids[wanted].tolist(), templates.kind[wanted].tolist(), strict=True)
    return {
        ids: f"{_KINDS_IN_WORDS[KINDS[kind]]} {ids % 2**64:016x}"
        for ids, kind in pairs
        if KINDS[kind] in _KINDS_IN_WORDS
    }


_KINDS_IN_WORDS: Final = {
    "prompt_frame": "prompt frame",
    "system_frame": "system frame",
    "system_text": "system prompt",
}


def _wanted(queues: list[Queue]) -> npt.NDArray[np.int64]:
    return np.unique(np.concatenate([queue.templates[:24] for queue in queues])) if queues else np.zeros(0, np.int64)


def masked_frames(engine: Engine, prints: Fingerprints, templates: Templates, queues: list[Queue]) -> dict[int, str]:
    """The masked text of the templates that findings may show, by id."""
    wanted = _wanted(queues)
    ids = {name: templates.ids[wanted[templates.kind[wanted] == kind]] for kind, name in enumerate(KINDS)}
    if prints.reread is not None:
        texts = prints.reread({name: ids[name] for name in TEXT_OF})
    else:
        texts = {name: _exemplars(engine, prints, name, ids[name]) for name in KINDS if name != "manner"}
    shown: dict[int, str] = {}
    for name, found in texts.items():
        library = prints.libraries["prompt" if name == "prompt_frame" else "system"]
        for frame, text in found.items():
            mask = text if name == "system_text" else masked(text, frame, library)
            shown[frame] = _cut(mask if name == "prompt_frame" else f"[system] {mask}")
    return shown


def _exemplars(engine: Engine, prints: Fingerprints, name: str, ids: npt.NDArray[np.int64]) -> dict[int, str]:
    """The text of one instance of each template of a kind."""
    if not len(ids):
        return {}
    exemplar = "exemplar" if name == "prompt_frame" else "system_exemplar"
    chosen = engine.table(f"shown_{name}", pa.table({"shown": ids}))
    rows = prints.rows.join(chosen, prints.rows[name] == chosen.shown).filter(_[exemplar].notnull())
    texts = engine.collect(rows.group_by("shown").agg(text=_[exemplar].argmin(_.draw)))
    return dict(zip(texts["shown"].to_pylist(), texts["text"].to_pylist(), strict=True))


def _cut(text: str) -> str:
    return text if len(text) < MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rstrip()} […]"


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


def _cleared(judged: Judged) -> tuple[Cleared, ...]:
    """The largest groups that share templates and were found innocent, with the explanation that fits best."""
    pairs = zip(judged.queues, judged.verdicts, strict=True)
    innocent = [(q, v) for q, v in pairs if not v.campaign and len(q.accounts) >= LEAST_CLEARED]
    return tuple(_cleared_group(queue, verdict, judged) for queue, verdict in innocent[:CLEARED_SHOWN])


def _cleared_group(queue: Queue, verdict: Verdict, judged: Judged) -> Cleared:
    ids = judged.templates.ids[queue.templates[:3]].tolist()
    texts = list(dict.fromkeys(judged.frames[i] for i in ids if i in judged.frames))
    return Cleared(
        name=_opening(texts) or "Tasks put in one manner",
        hypothesis=verdict.explanations[0].name,
        why=_why_cleared(verdict),
        accounts=len(queue.accounts),
        exchanges=int(queue.requests.sum()),
        orgs=verdict.observed.entities,
        frames=tuple(texts),
        confidence=min(round(1.0 - verdict.confidence, 6), SUREST),
    )


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
