"""Results appear all at once or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from revenuer.errors import OutputError
from revenuer.output import FINDINGS_MARK, atomic_directory, write_atomically
from traffic_samples import names_in


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def earlier(folder: Path, mark: str = FINDINGS_MARK) -> Path:
    folder.mkdir()
    (folder / mark).write_text("earlier")
    return folder


def test_a_result_stands_where_it_should_and_nowhere_else(tmp_path: Path):
    """Until the block ends there is nothing under the name; afterwards there is nothing beside it."""
    out = tmp_path / "findings"
    with atomic_directory(out) as place:
        (place / "campaigns.json").write_text("{}")
        assert not out.exists()
    assert tree(tmp_path) == {"findings/campaigns.json": "{}"}
    assert names_in(tmp_path) == ["findings"]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["findings", "deep/down/findings"])
def test_a_failure_leaves_nothing(tmp_path: Path, stop: type[BaseException], name: str):
    """Neither a part of the result nor the directories it would have stood in."""

    def fail() -> None:
        with atomic_directory(tmp_path / name) as place:
            (place / "campaigns.json").write_text("{")
            raise stop

    with pytest.raises(stop):
        fail()
    assert names_in(tmp_path) == []


def test_parents_are_made_when_the_result_is_there(tmp_path: Path):
    """A path whose directories do not exist yet is as good as any."""
    with atomic_directory(tmp_path / "deep" / "down" / "findings") as place:
        (place / "x").write_text("y")
    assert tree(tmp_path) == {"deep/down/findings/x": "y"}


def test_an_empty_directory_is_filled(tmp_path: Path):
    """Somebody made the directory beforehand: nothing is lost by using it."""
    (tmp_path / "findings").mkdir()
    with atomic_directory(tmp_path / "findings") as place:
        (place / "x").write_text("y")
    assert tree(tmp_path) == {"findings/x": "y"}


def test_what_is_there_is_not_overwritten(tmp_path: Path):
    """A file, or a directory that holds something, is refused before any work is done."""
    (tmp_path / "file").write_text("mine")
    for taken in (tmp_path / "file", earlier(tmp_path / "findings")):
        with pytest.raises(OutputError, match=taken.name), atomic_directory(taken):
            pytest.fail("the block ran")
    assert tree(tmp_path) == {"file": "mine", "findings/campaigns.json": "earlier"}


def test_force_replaces_an_earlier_result_once_the_new_one_stands(tmp_path: Path):
    """Until then, and if it never does, the earlier one stays."""
    out = earlier(tmp_path / "findings")
    with pytest.raises(ValueError, match="no"), atomic_directory(out, force=True):
        raise ValueError("no")
    assert tree(tmp_path) == {"findings/campaigns.json": "earlier"}
    with atomic_directory(out, force=True) as place:
        (place / "campaigns.json").write_text("later")
        assert tree(out) == {"campaigns.json": "earlier"}
    assert tree(tmp_path) == {"findings/campaigns.json": "later"}
    assert names_in(tmp_path) == ["findings"]


def test_force_does_not_replace_what_is_no_result(tmp_path: Path):
    """A slip of the keyboard does not cost a home directory."""
    out = earlier(tmp_path / "home", "diary.txt")
    with pytest.raises(OutputError, match="--force"), atomic_directory(out, force=True):
        pytest.fail("the block ran")
    assert tree(out) == {"diary.txt": "earlier"}


def test_a_result_has_the_permissions_of_any_new_directory(tmp_path: Path):
    """Colleagues can read it where the umask lets them."""
    (tmp_path / "plain").mkdir()
    with atomic_directory(tmp_path / "findings"):
        pass
    assert (tmp_path / "findings").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_place_that_cannot_be_written_to_is_an_error_in_one_line(tmp_path: Path):
    """A file stands where a parent directory would have to be."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="file"), atomic_directory(tmp_path / "file" / "findings"):
        pass
    assert tree(tmp_path) == {"file": "mine"}
    assert names_in(tmp_path) == ["file"]


def test_a_file_is_replaced_whole(tmp_path: Path):
    """And where it cannot be written, the error names it and nothing is left behind."""
    page = tmp_path / "report.html"
    write_atomically(page, b"one")
    write_atomically(page, b"two")
    assert tree(tmp_path) == {"report.html": "two"}
    with pytest.raises(OutputError, match="nowhere"):
        write_atomically(tmp_path / "nowhere" / "report.html", b"x")
    assert tree(tmp_path) == {"report.html": "two"}
