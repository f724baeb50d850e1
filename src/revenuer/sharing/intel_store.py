"""Where peers' indicators are kept, with who sent each, and what was thought of them since."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from revenuer.errors import InputError, OutputError
from revenuer.sharing.peer_indicators import Opinion, PeerIndicator, Read

__all__ = ["OWN", "Heard", "Held", "IntelStore", "Kept"]

# By whom our own opinions are kept.
OWN: Final = "ourselves"
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS indicators (source TEXT, id TEXT, modified TEXT, trust REAL, body TEXT, PRIMARY KEY (source, id));
CREATE TABLE IF NOT EXISTS opinions (source TEXT, id TEXT, modified TEXT, about TEXT, opinion TEXT, note TEXT, PRIMARY KEY (source, id, about));
CREATE TABLE IF NOT EXISTS sightings (source TEXT, id TEXT, modified TEXT, about TEXT, revoked INTEGER, PRIMARY KEY (source, id));
"""
_WAIT_SECONDS: Final = 30.0
# Indicators, opinions and sightings of one source that are kept, of each the latest: one peer must not fill the store.
MOST_OF_A_SOURCE: Final = 100_000


@dataclass(frozen=True, slots=True)
class Held:
    """An indicator with its provenance.

    Attributes:
        indicator: what it says.
        source: the peer it came from, as we call it, whatever it calls itself.
        trust: in that peer, 0 to 1.
        opinions: the last word of each source on it, `OWN` among them.
    """

    indicator: PeerIndicator
    source: str
    trust: float
    opinions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of an import: new indicators, later versions of known ones, opinions, sightings."""

    new: int
    renewed: int
    opinions: int
    sightings: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What peers say of an object, theirs or ours: the last opinion of each, and who has seen it."""

    about: str
    opinions: dict[str, str]
    seen_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IntelStore:
    """A file of SQLite; several processes may use it at once."""

    file: Path

    def keep(self, read: Read, source: str, trust: float) -> Kept:
        """Take in what a peer sent; an older version of what is known changes nothing, and nobody speaks for others.

        Raises:
            InputError: `source` is the word for ourselves.
            OutputError: the file cannot be written.
        """
        if source == OWN:
            raise InputError(f"--from {OWN}: that is what our own opinions are kept under")
        with self._open(make=True) as db:
            known = dict(db.execute("SELECT id, modified FROM indicators WHERE source = ?", (source,)).fetchall())
            later = [one for one in read.indicators if one.modified > known.get(one.id, "")]
            rows = [(source, one.id, one.modified, trust, json.dumps(asdict(one))) for one in later]
            db.executemany("INSERT OR REPLACE INTO indicators VALUES (?, ?, ?, ?, ?)", rows)
            db.execute("UPDATE indicators SET trust = ? WHERE source = ?", (trust, source))
            said = [row for one in read.opinions for row in _rows(one, source)]
            db.executemany(_SAY, said)
            seen = [(source, one.id, one.modified, one.about, one.revoked) for one in read.sightings]
            db.executemany(_SEE, seen)
            for table in ("indicators", "opinions", "sightings"):
                db.execute(_TRIM.format(table=table), (source, source, MOST_OF_A_SOURCE))
        renewed = sum(one.id in known for one in later)
        return Kept(len(later) - renewed, renewed, len(said), len(seen))

    def say(self, about: str, opinion: str, *, at: str, note: str = "") -> None:
        """Keep our own opinion on an indicator; the last one counts.

        Raises:
            InputError: no such file, none of ours, or no such indicator.
        """
        with self._open() as db:
            if not db.execute("SELECT 1 FROM indicators WHERE id = ?", (about,)).fetchone():
                raise InputError(f"holds no indicator {about}", file=str(self.file))
            db.execute(_SAY, (OWN, f"opinion-on-{about}", at, about, opinion, note))

    def held(self) -> list[Held]:
        """All indicators, by source and id.

        Raises:
            InputError: no such file, or none of ours.
        """
        with self._open() as db:
            said = _said(db)
            rows = db.execute("SELECT source, trust, body FROM indicators ORDER BY source, id").fetchall()
        return [_held(source, trust, json.loads(body), said) for source, trust, body in rows]

    def heard(self) -> list[Heard]:
        """What peers say, by the object that it is about.

        Raises:
            InputError: no such file, or none of ours.
        """
        with self._open() as db:
            said, seen = _said(db), dict[str, set[str]]()
            for source, about in db.execute("SELECT source, about FROM sightings WHERE NOT revoked"):
                seen.setdefault(about, set()).add(source)
        theirs = {about: {who: what for who, what in by.items() if who != OWN} for about, by in said.items()}
        told = sorted({about for about, by in theirs.items() if by} | seen.keys())
        return [Heard(about, theirs.get(about, {}), tuple(sorted(seen.get(about, ())))) for about in told]

    def own_opinions(self) -> list[tuple[str, str, str, str]]:
        """What we think: id of the indicator, opinion, when, why.

        Raises:
            InputError: no such file, or none of ours.
        """
        with self._open() as db:
            query = "SELECT about, opinion, modified, note FROM opinions WHERE source = ? ORDER BY about"
            return list(db.execute(query, (OWN,)).fetchall())

    @contextmanager
    def _open(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        if not make and not self.file.is_file():
            raise InputError("no such store: `revenuer intel import` makes one", file=str(self.file))
        try:
            with closing(sqlite3.connect(self.file, timeout=_WAIT_SECONDS)) as db, db:
                if make:
                    db.executescript(_TABLES)
                db.execute("BEGIN IMMEDIATE")
                yield db
        except sqlite3.Error as error:
            raise OutputError(
                f"is no store of indicators, or cannot be written: {error}", file=str(self.file)
            ) from error


_SAY: Final = (
    "INSERT INTO opinions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source, id, about) DO UPDATE SET "
    "modified = excluded.modified, opinion = excluded.opinion, note = excluded.note "
    "WHERE excluded.modified >= opinions.modified"
)
_SEE: Final = (
    "INSERT INTO sightings VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, id) DO UPDATE SET "
    "modified = excluded.modified, about = excluded.about, revoked = excluded.revoked "
    "WHERE excluded.modified >= sightings.modified"
)
_TRIM: Final = (
    "DELETE FROM {table} WHERE source = ? AND rowid NOT IN "
    "(SELECT rowid FROM {table} WHERE source = ? ORDER BY modified DESC, id LIMIT ?)"
)


def _said(db: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Of each object the last word of each source."""
    said: dict[str, dict[str, str]] = {}
    for source, about, opinion in db.execute("SELECT source, about, opinion FROM opinions ORDER BY modified, id"):
        said.setdefault(about, {})[source] = opinion
    return said


def _rows(one: Opinion, source: str) -> list[tuple[str, str, str, str, str, str]]:
    opinion = "neutral" if one.revoked else one.opinion
    return [(source, one.id, one.modified, about, opinion, "") for about in one.about]


def _held(source: str, trust: float, body: dict[str, Any], said: dict[str, dict[str, str]]) -> Held:
    indicator = PeerIndicator(**{**body, "values": tuple(body["values"])})
    return Held(indicator, source, trust, said.get(indicator.id, {}))
