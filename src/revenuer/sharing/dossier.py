"""A dossier for authorities and counsel: one archive that says what was seen, what was concluded, and how sure that is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from revenuer.errors import ConfigError, InputError
from revenuer.findings import Campaign
from revenuer.sharing.dossier_archive import packed, unpacked
from revenuer.sharing.dossier_custody import LOGS, Hashed, Step, as_scanned, chained, hashed_files
from revenuer.sharing.dossier_parts import README, conclusions, error_rates, facts, methods
from revenuer.sharing.dossier_signing import Signer, fingerprint, imprint, stamp_request
from revenuer.sharing.files import VERSION, write_whole
from revenuer.sharing.times import time_of
from revenuer.summary import ScanSummary, read_findings

__all__ = ["BESIDE", "MANIFEST", "AuditHead", "Made", "Manifest", "build", "stamp"]

MANIFEST: Final = "MANIFEST.json"
SIGNATURE: Final = "MANIFEST.sig"
SIGNER: Final = "SIGNER.pem"
REQUEST: Final = "MANIFEST.tsq"
REPLY: Final = "MANIFEST.tsr"
# Files about the manifest cannot stand in it.
BESIDE: Final = (MANIFEST, SIGNATURE, SIGNER, REQUEST, REPLY)
FORMAT: Final = "revenuer-dossier 1"
# Findings that speak of campaigns alone; tables of all accounts and exchanges name the innocent as well, and stay.
_TAKEN_ALONG: Final = ("campaigns.json", "scan.json", "report.html")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a dossier holds. `at` is the time that its maker gives, `time_from` where he has it from."""

    format: str = FORMAT
    version: str
    at: str
    time_from: str
    by: str
    campaigns: tuple[str, ...]
    signer: str | None
    files: tuple[Hashed, ...]


@dataclass(frozen=True, slots=True)
class AuditHead:
    """What a state's audit log says: entries, digest and time of the last, and the entries about campaigns."""

    entries: int
    head: str
    at: str
    about: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A dossier that was made: its campaigns, how many files it holds, and the SHA-256 of the archive."""

    campaigns: int
    files: int
    sha256: str


def build(
    findings: Path,
    traffic: Path,
    out: Path,
    *,
    by: str,
    at: str | None = None,
    audit: AuditHead | None = None,
    only: Sequence[str] = (),
    signer: Signer | None = None,
    request: bool = False,
) -> Made:
    """Make a dossier; same input, same bytes.

    Args:
        findings: of a scan.
        traffic: that was scanned: every file of it is hashed, none goes in.
        out: file for the archive.
        by: who makes it.
        at: when, RFC 3339; None: the time of the last entry of `audit`.
        audit: of a state, for the chain of custody.
        only: ids of campaigns; empty: all. With a choice the findings themselves stay, since they tell of others too.
        signer: who vouches for it; None: nobody.
        request: put a request for a time-stamp in (RFC 3161).

    Raises:
        ConfigError: no time, no such campaign, or findings without one.
        InputError: findings or traffic cannot be read, or a log is not what the scan read.
        OutputError: the archive cannot be written.
    """
    moment, time_from = _moment(at, audit)
    found, summary = read_findings(findings)
    campaigns = _chosen(found, only)
    steps = _steps(findings, traffic, summary, by=by, at=moment, audit=audit)
    files = _content(campaigns, summary, steps, {"at": moment, "by": by})
    if not only:
        files |= {f"findings/{name}": _bytes(findings / name) for name in _TAKEN_ALONG if (findings / name).is_file()}
    manifest = Manifest(
        version=VERSION, at=moment, time_from=time_from, by=by,
        campaigns=tuple(one.campaign_id for one in campaigns),
        signer=None if signer is None else fingerprint(signer.public),
        files=_listed(files),
    )  # fmt: skip
    files |= _beside(_json(manifest), signer, request=request)
    archive = packed(files)
    write_whole(out, archive)
    return Made(len(campaigns), len(files), hashlib.sha256(archive).hexdigest())


def _listed(files: Mapping[str, bytes]) -> tuple[Hashed, ...]:
    return tuple(Hashed(name, len(files[name]), hashlib.sha256(files[name]).hexdigest()) for name in sorted(files))


def _beside(told: bytes, signer: Signer | None, *, request: bool) -> dict[str, bytes]:
    """The manifest, and what speaks about it."""
    signed = {} if signer is None else {SIGNATURE: signer.sign(told), SIGNER: signer.public}
    return {MANIFEST: told, **signed, **({REQUEST: stamp_request(told)} if request else {})}


def stamp(file: Path, reply: Path) -> None:
    """Put an authority's reply into a dossier; nothing else in it changes.

    Raises:
        InputError: the file is no dossier, has a reply already, or the reply is about something else.
        OutputError: it cannot be written.
    """
    files = unpacked(file)
    if MANIFEST not in files or REPLY in files:
        raise InputError("is no dossier, or was stamped before", file=str(file))
    token = _bytes(reply)
    if imprint(files[MANIFEST]) not in token:
        raise InputError("is no time-stamp of this dossier", file=str(reply))
    write_whole(file, packed(files | {REPLY: token}))


def _moment(at: str | None, audit: AuditHead | None) -> tuple[str, str]:
    """When, and who says so; never the clock of the machine, which nobody could verify."""
    if at is None:
        if audit is None:
            raise ConfigError("a dossier needs a time: give --at, or --state for that of the audit log")
        return audit.at, "audit log"
    try:
        time_of(at, zoned=True)
    except ConfigError as error:
        raise ConfigError(f"--at {error}") from error
    return at, "argument"


def _chosen(campaigns: Sequence[Campaign], only: Sequence[str]) -> tuple[Campaign, ...]:
    missing = set(only) - {one.campaign_id for one in campaigns}
    if missing:
        raise ConfigError(f"the findings have no campaign {', '.join(sorted(missing))}")
    found = tuple(one for one in campaigns if not only or one.campaign_id in only)
    if not found:
        raise ConfigError("the findings hold no campaign: there is nothing to put down")
    return found


def _steps(
    findings: Path, traffic: Path, summary: ScanSummary, *, by: str, at: str, audit: AuditHead | None
) -> tuple[Step, ...]:
    logs = hashed_files(traffic)
    steps = [*as_scanned(summary.inputs, logs, traffic), Step(number=0, what=LOGS, files=logs)]
    steps.append(Step(number=0, what="findings of a scan, as they are", files=hashed_files(findings)))
    if audit is not None:
        detail = {"entries": audit.entries, "head": audit.head, "about_these_campaigns": list(audit.about)}
        steps.append(Step(number=0, what="audit log of decisions", at=audit.at, detail=detail))
    steps.append(Step(number=0, what="dossier made", at=at, by=by, detail={"version": VERSION}))
    return chained(steps)


def _content(
    campaigns: Sequence[Campaign], summary: ScanSummary, steps: Sequence[Step], told: dict[str, str]
) -> dict[str, bytes]:
    return {
        "README.md": README.format(version=VERSION, campaigns=len(campaigns), **told).encode(),
        "facts.json": _json(facts(campaigns)),
        "conclusions.json": _json(conclusions(campaigns)),
        "methods.json": _json(methods(summary)),
        "error-rates.json": _json(error_rates(summary)),
        "custody.json": _json({"steps": list(steps)}),
    }


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
