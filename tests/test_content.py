"""Whole scans that keep no text: nothing readable is left, and the findings are those of a scan that keeps it."""

from __future__ import annotations

import re
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from revenuer.cli import main
from revenuer.errors import ConfigError
from revenuer.findings import Campaign
from revenuer.scanning import ScanResult, scan
from revenuer.simulate import simulate
from revenuer.summary import read_findings
from scan_worlds import exchanges_of, flagged, with_exchanges
from traffic_samples import put_parquet, rows

# Letters that stand in no word of ours, before every prompt and system prompt: alike where the prompts begin alike, so
# that they become part of templates.
MARK = "xqzv"
SECRET = "correct horse battery staple"  # noqa: S105


def marked(text: str | None) -> str | None:
    if text is None:
        return None
    number = zlib.crc32(" ".join(text.split()[:3]).encode()) % 26**3
    letters = "".join(chr(ord("a") + number // 26**place % 26) for place in range(3))
    return f"{MARK}{letters} {text}"


class Scanned:
    """A scan, the findings of which are kept, and what its temporary directory held at its end."""

    def __init__(self, traffic: Path, place: Path, name: str, **how: str) -> None:
        self.findings, scratch = place / name, place / f"{name}-scratch"
        self.findings.mkdir()
        scratch.mkdir()
        self.temporary = b""

        def watch(stage: str, done: int, _of: int) -> None:
            if stage == "write report" and done:
                self.temporary = content_of(scratch)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(scratch))
            self.result: ScanResult = scan(traffic, self.findings, threads=2, on_stage=watch, **how)  # type: ignore[arg-type]

    def campaigns(self) -> tuple[Campaign, ...]:
        """Without what is shown of their templates."""
        return tuple(replace(one, frames=()) for one in self.result.campaigns)


def content_of(folder: Path) -> bytes:
    """All bytes of all files, and the texts of Parquet files written out."""
    found = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    tables = [pq.read_table(path) for path in sorted(folder.rglob("*.parquet"))]
    columns = [column for table in tables for column in table.columns if pa.types.is_string(column.type)]
    return b"\n".join(found + [str(column.to_pylist()).encode() for column in columns])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("content")


@pytest.fixture(scope="module")
def traffic(place: Path) -> Path:
    """A small world whose every prompt and system prompt bears a mark."""
    simulate("demo", place / "plain", seed=4, exchanges=9_000)
    table = exchanges_of(place / "plain")
    for name in ("prompt", "system"):
        column = pa.array([marked(text) for text in table[name].to_pylist()], pa.string())
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return with_exchanges(place / "plain", place / "marked", table)


@pytest.fixture(scope="module")
def full(traffic: Path, place: Path) -> Scanned:
    return Scanned(traffic, place, "full", content="full")


@pytest.fixture(scope="module")
def sketch(traffic: Path, place: Path) -> Scanned:
    return Scanned(traffic, place, "sketch", content="sketch")


@pytest.fixture(scope="module")
def keyed(traffic: Path, place: Path) -> Scanned:
    return Scanned(traffic, place, "keyed", content="sketch", sketch_key=SECRET)


def test_no_word_of_a_prompt_is_left(full: Scanned, sketch: Scanned, keyed: Scanned):
    """The mark stands in findings and temporary files of a full scan, and in none of a scan of sketches."""
    for held in (full.temporary, content_of(full.findings)):
        assert MARK.encode() in held
    for one in (sketch, keyed):
        for held in (one.temporary, content_of(one.findings)):
            assert len(held) > 100_000
            assert MARK.encode() not in held.lower()
        assert SECRET.encode() not in one.temporary + content_of(one.findings)


def test_sketches_find_what_the_text_finds(full: Scanned, sketch: Scanned):
    """Without a key accounts and exchanges are the same to the byte, and campaigns but for their templates."""
    assert full.result.campaigns
    for name in ("accounts.parquet", "exchanges.parquet"):
        assert (full.findings / name).read_bytes() == (sketch.findings / name).read_bytes()
    assert full.campaigns() == sketch.campaigns()


def test_templates_are_named_by_their_id(sketch: Scanned, keyed: Scanned):
    """Each is told as what it is and sixteen hexadecimal digits; another key gives other digits."""
    names = [{frame for one in scanned.result.campaigns for frame in one.frames} for scanned in (sketch, keyed)]
    for shown in names:
        assert shown
        assert all(re.fullmatch(r"(prompt frame|system frame|system prompt) [0-9a-f]{16}", name) for name in shown)
    assert not names[0] & names[1]


def test_a_key_changes_hashes_and_hardly_a_verdict(full: Scanned, keyed: Scanned, traffic: Path, place: Path):
    """Nine of ten flagged accounts are the same under a key; the same key gives the same bytes."""
    one, other = flagged(full.findings), flagged(keyed.findings)
    assert len(one & other) >= 0.9 * len(one | other)
    again = Scanned(traffic, place, "again", content="sketch", sketch_key=SECRET)
    assert content_of(again.findings) == content_of(keyed.findings)


def test_findings_say_what_was_read(full: Scanned, sketch: Scanned, keyed: Scanned):
    """The mode stands among the settings, and that there was a key, not which."""
    settings = [read_findings(one.findings)[1].settings for one in (full, sketch, keyed)]
    assert [(each["content"], each.get("keyed")) for each in settings] == [
        ("full", None),
        ("sketch", None),
        ("sketch", True),
    ]


def test_an_unknown_mode_is_refused(tmp_path: Path):
    """By its name, before anything is read."""
    with pytest.raises(ConfigError, match="everything"):
        scan(tmp_path, tmp_path, content="everything")  # type: ignore[arg-type]


@pytest.mark.parametrize(("secret", "keyed"), [("", None), (SECRET, True)])
def test_the_key_comes_from_the_environment(tmp_path: Path, secret: str, keyed: bool | None):  # noqa: FBT001
    """The command puts hashes under REVENUER_SKETCH_KEY where it is set."""
    put_parquet(tmp_path / "traffic", rows(20))
    arguments = ["scan", str(tmp_path / "traffic"), "--out", str(tmp_path / "found"), "--content", "sketch", "-q"]
    ran = CliRunner().invoke(main, arguments, env={"REVENUER_SKETCH_KEY": secret})
    assert ran.exit_code == 0
    assert read_findings(tmp_path / "found")[1].settings.get("keyed") == keyed
