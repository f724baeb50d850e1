"""Verifying a dossier: every byte is accounted for by the manifest, and the manifest by its signer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from revenuer.errors import InputError
from revenuer.sharing.dossier import BESIDE, FORMAT, MANIFEST, REPLY, SIGNATURE, SIGNER, Manifest
from revenuer.sharing.dossier_archive import unpacked
from revenuer.sharing.dossier_custody import LOGS, SCANNED, Hashed, Step, hashed_files, whole
from revenuer.sharing.dossier_signing import fingerprint, imprint, vouched
from revenuer.summary import SUMMARY_FILE, ScanSummary, from_json

__all__ = ["Verdict", "verify"]

_SUMMARY: Final = f"findings/{SUMMARY_FILE}"


class _Custody(msgspec.Struct):
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying.

    Attributes:
        faults: all that is wrong, in words; empty: the dossier is whole.
        manifest: what it says of itself; None where it cannot be read.
        signer: fingerprint of the key that signed it; empty for none.
        known: whether that is the key that was expected.
        stamped: whether it carries a time-stamp of its manifest (the authority's signature is not verified here).
        scanned: whether the scan itself says which logs it read, so that custody reaches back to it.
    """

    faults: tuple[str, ...]
    manifest: Manifest | None
    signer: str = ""
    known: bool = False
    stamped: bool = False
    scanned: bool = False


def verify(file: Path, *, public: bytes | None = None, traffic: Path | None = None) -> Verdict:
    """Verify a dossier.

    Args:
        file: the archive.
        public: the signer's public key (PEM), had by another way; None: any that signed it.
        traffic: the logs; None: they are not compared.

    Raises:
        InputError: there is no such file, or the logs cannot be read.
    """
    if not file.is_file():
        raise InputError("there is no such file", file=str(file))
    try:
        files = unpacked(file)
        manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    except (InputError, KeyError, msgspec.DecodeError) as error:
        return Verdict((f"it cannot be read: {error}",), None)
    steps = _steps(files)
    faults = [*_files(files, manifest), *_custody(files, steps, traffic), *_signature(files, manifest, public)]
    stamped = REPLY in files and imprint(files[MANIFEST]) in files[REPLY]
    if REPLY in files and not stamped:
        faults.append("the time-stamp is about something else")
    signer = fingerprint(files[SIGNER]) if SIGNER in files else ""
    known = public is not None and signer != "" and signer == fingerprint(public)
    return Verdict(tuple(faults), manifest, signer, known, stamped, any(step.what == SCANNED for step in steps))


def _files(files: Mapping[str, bytes], manifest: Manifest) -> Iterator[str]:
    if manifest.format != FORMAT:
        yield f"it is of the format {manifest.format!r}"
    listed = {one.path: one for one in manifest.files}
    for name in sorted(listed.keys() - files.keys()):
        yield f"{name} is missing"
    for name in sorted(files.keys() - listed.keys() - set(BESIDE)):
        yield f"{name} does not stand in the manifest"
    for name in sorted(listed.keys() & files.keys()):
        if hashlib.sha256(files[name]).hexdigest() != listed[name].sha256:
            yield f"{name} was changed"


def _steps(files: Mapping[str, bytes]) -> tuple[Step, ...]:
    """The chain of custody; empty where it cannot be read, which no chain is."""
    try:
        return msgspec.json.decode(files["custody.json"], type=_Custody).steps
    except (KeyError, msgspec.DecodeError):
        return ()


def _custody(files: Mapping[str, bytes], steps: Sequence[Step], traffic: Path | None) -> Iterator[str]:
    if not steps:
        yield "custody.json cannot be read"
    if not whole(steps):
        yield "a step of the chain of custody was changed"
    if traffic is not None:
        yield from _compared([one for step in steps if step.what == LOGS for one in step.files], hashed_files(traffic))
    if _SUMMARY in files:
        read = {(one.name, one.sha256) for one in _summary(files[_SUMMARY]).inputs if one.sha256 is not None}
        if read != {(one.path, one.sha256) for step in steps if step.what == SCANNED for one in step.files}:
            yield "the scan and the chain of custody name other logs"


def _summary(content: bytes) -> ScanSummary:
    try:
        return from_json(content)
    except InputError:  # changed, and told so by its hash
        return ScanSummary()


def _compared(told: Sequence[Hashed], found: Sequence[Hashed]) -> Iterator[str]:
    then, now = ({one.path: one for one in side} for side in (told, found))
    for path in sorted(then.keys() | now.keys()):
        if then.get(path) != now.get(path):
            what = "is new" if path not in then else "is missing" if path not in now else "was changed"
            yield f"log {path} {what} since the dossier was made"


def _signature(files: Mapping[str, bytes], manifest: Manifest, public: bytes | None) -> Iterator[str]:
    signed = [name for name in (SIGNATURE, SIGNER) if name in files]
    if not signed:
        if manifest.signer is not None or public is not None:
            yield "the signature is missing"
        return
    if len(signed) < 2 or not vouched(files[SIGNER], files[SIGNATURE], files[MANIFEST]):
        yield "the signature is not of this manifest"
    elif fingerprint(files[SIGNER]) != manifest.signer:
        yield "the manifest names another signer"
    elif public is not None and fingerprint(public) != manifest.signer:
        yield "it was signed with another key than the one given"
