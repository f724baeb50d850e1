"""`scan.json` beside `campaigns.json`: written, read back, and drawn again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import report_samples as samples

from revenuer.errors import InputError
from revenuer.findings import campaigns_document
from revenuer.report import render_report, rerender
from revenuer.summary import ScanSummary, from_json, read_findings, to_json


def write(folder: Path, count: int) -> None:
    """Write the two files of a findings directory."""
    campaigns, summary = samples.findings(count)
    (folder / "campaigns.json").write_bytes(msgspec.json.encode(campaigns_document(tuple(campaigns))))
    (folder / "scan.json").write_bytes(to_json(summary))


def test_a_summary_survives_the_round() -> None:
    """What is written is read back equal, and written again the same."""
    _, summary = samples.findings(2)
    assert from_json(to_json(summary)) == summary
    again = to_json(from_json(to_json(summary)))
    assert to_json(from_json(again)) == again


def test_every_part_may_be_missing_and_more_may_come() -> None:
    """An empty object is a summary, and fields of a later version are passed over."""
    assert from_json("{}") == ScanSummary()
    assert from_json('{"later": {"a": 1}, "version": "9"}').version == "9"


def test_findings_are_drawn_again_as_they_were(tmp_path: Path) -> None:
    """A report made from the files equals the one made from the values."""
    write(tmp_path, 2)
    assert rerender(tmp_path) == render_report(*samples.findings(2))


def test_findings_without_a_summary_are_drawn(tmp_path: Path) -> None:
    """Where `scan.json` is missing, the campaigns are still read, and the summary is empty."""
    write(tmp_path, 1)
    (tmp_path / "scan.json").unlink()
    campaigns, summary = read_findings(tmp_path)
    assert len(campaigns) == 1
    assert summary == ScanSummary()


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("campaigns.json", '{"schema": 1, "campaigns": [', "truncated"),
        ("campaigns.json", '{"schema": 1, "campaigns": [{"campaign_id": 3}]}', "campaign_id"),
        ("scan.json", '{"traffic": {"exchanges": "many"}}', "exchanges"),
        ("scan.json", b"\xff\xfe", ""),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, file: str, content: str | bytes, says: str) -> None:
    """The error names the file at fault and what is wrong in it."""
    write(tmp_path, 1)
    (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        rerender(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / file))
    assert says in str(caught.value)


def test_a_directory_without_findings_is_named(tmp_path: Path) -> None:
    """No `campaigns.json` is an input error that names it."""
    with pytest.raises(InputError, match=r"campaigns\.json: cannot be read"):
        rerender(tmp_path)
