"""An archive whose bytes follow from its contents alone, and a reader that trusts none."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from revenuer.errors import InputError

__all__ = ["packed", "unpacked"]

_MOST_BYTES: Final = 2_000_000_000
_MOST_FILES: Final = 10_000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,120})?")
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive: names sorted, nothing compressed (compressors differ), no times: same files, same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def unpacked(file: Path) -> dict[str, bytes]:
    """The files of an archive that `packed` made.

    Raises:
        InputError: it cannot be read, or is another archive: any byte beside the files' own is refused.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(f"is larger than {_MOST_BYTES:,} bytes", file=str(file))
        content = file.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = _members(archive, file)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(file)) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise InputError(f"is no archive that can be read: {error}", file=str(file)) from error
    if packed(found) != content:
        raise InputError("is not the archive that these files make: something was added or changed", file=str(file))
    return found


def _members(archive: zipfile.ZipFile, file: Path) -> dict[str, bytes]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(names) > _MOST_FILES or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        raise InputError("has too many files, or names that no dossier has", file=str(file))
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.file_size > _MOST_BYTES for entry in entries):
        raise InputError("holds compressed files, which no dossier has", file=str(file))
    return {name: archive.read(name) for name in names}
