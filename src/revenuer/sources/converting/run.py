"""A log of any known format to a traffic directory, in one pass and bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from revenuer.errors import InputError
from revenuer.sources.converting.conversion import CONVERT_FILE, Conversion, FieldMap, Rows, Sampling
from revenuer.sources.converting.detecting import detect, named
from revenuer.sources.converting.files import LogFile, log_files
from revenuer.sources.converting.grouping import Groups
from revenuer.sources.converting.reading import Found, Place, objects
from revenuer.sources.converting.settings import ConvertSettings
from revenuer.sources.converting.sink import Sink
from revenuer.sources.formats import FORMATS, Format, MappedFormat, Overlaid, Rejected, Row, field_map
from revenuer.sources.quarantine import Quarantine

__all__ = ["OnProgress", "convert"]

OnProgress = Callable[[int, int], None]

_DEFAULTS: Final = ConvertSettings()

# What helps where the reason is a gap of the source.
_HINTS: Final = {
    "prompt missing": "a log without prompts is converted, and scanned, with --content none",
    "account_id missing": "say whose traffic it is with --set account_id=NAME, or where it stands with --map",
    "ts missing": "say when it was with --set ts=2026-03-01T00:00:00Z, or where it stands with --map",
}


def convert(
    source: Path,
    out: Path,
    *,
    version: str,
    format_name: str | None = None,
    map_file: Path | None = None,
    settings: ConvertSettings = _DEFAULTS,
    on_progress: OnProgress = lambda _done, _total: None,
) -> Conversion:
    """Write the exchanges of a log as a traffic directory, with `convert.json` beside them.

    Args:
        source: a file, or a folder of files.
        out: an empty directory; the caller removes it if this raises.
        version: of the program, for `convert.json`.
        format_name: which of `FORMATS` it is; by default the one that its first objects speak for.
        map_file: a field map, which takes the place of a format.
        settings: what is kept, masked and filled in.
        on_progress: called with the number of files done and of all files.

    Raises:
        InputError: nothing can be read, or nothing could be made of it; names file and place.
        ConfigError: no such format, or a field map that cannot be.
        OutputError: the disk does not take it.
    """
    mapped = None if map_file is None else field_map(map_file)
    files, others = log_files(source)
    reader = _Reader(_format(mapped, format_name, files, source))
    sink = Sink(out, settings, reader.quarantine)
    with tempfile.TemporaryDirectory(dir=out, prefix=".groups-") as scratch:
        for row, place, index in reader.rows(files, Path(scratch), on_progress):
            sink.take(row, place, index)
    sink.close()
    _check_something_was_written(sink, reader, source)
    given = None if mapped is None or map_file is None else FieldMap(map_file.name, mapped.digest)
    conversion = _document(reader, sink, settings, version, len(files), given, others)
    (out / CONVERT_FILE).write_bytes(conversion.to_json())
    return conversion


def _format(mapped: MappedFormat | None, name: str | None, files: Sequence[LogFile], source: Path) -> Format:
    """The field map, over the format that it stands on; or the format that was asked for, or is recognised."""
    if mapped is not None:
        return mapped if mapped.base is None else Overlaid(named(mapped.base, FORMATS), mapped)
    return detect(files, FORMATS, str(source)) if name is None else named(name, FORMATS)


class _Reader:
    """Records of a log on their way to rows."""

    def __init__(self, known: Format) -> None:
        self.format, self.quarantine = known, Quarantine()
        self.objects = self.passed_over = 0

    def rows(
        self, files: Sequence[LogFile], scratch: Path, on_progress: OnProgress
    ) -> Iterator[tuple[Row, Place, int]]:
        """Rows, where their record stands, and which of the object's rows each is."""
        groups = Groups(scratch / "groups")
        try:
            for order, file in enumerate(files):
                on_progress(order, len(files))
                yield from self._alone(file, order, groups)
            on_progress(len(files), len(files))
            for place, records in groups:
                yield from self._made(records, place, 0)
        finally:
            groups.close()

    def _alone(self, file: LogFile, order: int, groups: Groups) -> Iterator[tuple[Row, Place, int]]:
        """Rows of records that stand alone; the others wait in `groups`."""
        for found in objects(file, order, self.quarantine):
            self.objects += 1
            for index, record in enumerate(self.format.split(found.value)):
                key = self.format.key(record)
                if key is None:
                    yield from self._made([record], found.place, index)
                else:
                    self._keep(groups, key, found._replace(value=record))

    def _keep(self, groups: Groups, key: str, found: Found) -> None:
        try:
            groups.add(key, found)
        except RecursionError:
            self._reject("record nested too deep", found.place)

    def _made(self, records: list[dict[str, Any]], place: Place, index: int) -> Iterator[tuple[Row, Place, int]]:
        made = 0
        try:
            for row in self.format.rows(records):
                made += row.table == "exchanges"
                yield row, place, index
        except Rejected as reason:
            self._reject(f"record {reason}", place)
            return
        self.passed_over += 0 if made else len(records)

    def _reject(self, reason: str, place: Place) -> None:
        self.quarantine.reject(reason, 1, [(place.order, place.number, f"{place.words}: {reason}")])


def _check_something_was_written(sink: Sink, reader: _Reader, source: Path) -> None:
    """Nothing could be read is not the same as nothing was there."""
    if sink.written:
        return
    lost = reader.quarantine.counts()
    if sink.sampled_out and not lost:
        raise InputError(f"none of its {sink.sampled_out:,} exchanges is in the sample", file=str(source))
    reasons = ", ".join(f"{reason} ({count:,})" for reason, count in lost.items()) or "no record is an exchange"
    hint = next((f": {hint}" for reason, hint in _HINTS.items() if reason in lost), "")
    raise InputError(f"gives no exchange as {reader.format.name}: {reasons}{hint}", file=str(source))


def _document(
    reader: _Reader,
    sink: Sink,
    settings: ConvertSettings,
    version: str,
    files: int,
    given: FieldMap | None,
    others: Sequence[str],
) -> Conversion:
    return Conversion(
        version=version,
        format=reader.format.name,
        map=given,
        files=files,
        rows=Rows(
            objects=reader.objects,
            passed_over=reader.passed_over,
            sampled_out=sink.sampled_out,
            written=sink.written,
            accounts=sink.accounts,
            consents=sink.consents,
        ),
        quarantined=reader.quarantine.counts(),
        notes=(*reader.quarantine.notes(), *_files_not_read(others)),
        sampling=None if settings.sample >= 1 else Sampling(settings.sample, settings.sample_by),
        masking={name: sink.masked[name] for name in settings.mask},
        content=settings.content,
        constants=dict(settings.constants),
        missing=sink.missing(),
    )


def _files_not_read(names: Sequence[str], most: int = 20) -> tuple[str, ...]:
    """Half a log may hide in a file that is passed over."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (f"files of no known kind, not read: {', '.join(names[:most])}{rest}",) if names else ()
