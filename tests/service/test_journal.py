"""The journal of a receiver: whole files, nothing lost that was acknowledged, one writer."""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from revenuer.errors import OutputError
from revenuer.service.journal import Journal


def files(folder: Path) -> dict[str, bytes]:
    """What a reader sees."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name[0] != "."}


def test_a_file_appears_when_it_is_full(tmp_path: Path) -> None:
    """Lines are hidden until their file has its size, and then stand there whole."""
    journal = Journal(tmp_path, most_bytes=10, most_seconds=1e9)
    journal.append(b"12345\n")
    assert files(tmp_path) == {}
    journal.append(b"67890\n")
    assert files(tmp_path) == {"otlp-00000001.jsonl": b"12345\n67890\n"}
    journal.close()


def test_a_file_appears_when_it_is_old_and_at_the_end(tmp_path: Path) -> None:
    """Rotation closes what is old enough, closing the rest; an empty file never appears."""
    journal = Journal(tmp_path, most_bytes=100, most_seconds=0)
    journal.append(b"a\n")
    journal.rotate()
    journal.rotate()
    journal.append(b"b\n")
    journal.close()
    assert files(tmp_path) == {"otlp-00000001.jsonl": b"a\n", "otlp-00000002.jsonl": b"b\n"}


@pytest.mark.parametrize(("left", "kept"), [(b"a\nb\nhalf a li", b"a\nb\n"), (b"nothing whole", None), (b"", None)])
def test_what_a_crash_left_is_finished(tmp_path: Path, left: bytes, kept: bytes | None) -> None:
    """Whole lines of an unfinished file get their name, the rest is cut off, and numbers go on."""
    (tmp_path / "otlp-00000007.jsonl").write_bytes(b"old\n")
    (tmp_path / ".otlp-00000008.jsonl.partial").write_bytes(left)
    journal = Journal(tmp_path, most_bytes=1, most_seconds=1e9)
    journal.append(b"new\n")
    journal.close()
    number = 9 if kept else 8
    expected = {"otlp-00000007.jsonl": b"old\n", "otlp-00000008.jsonl": kept, f"otlp-{number:08d}.jsonl": b"new\n"}
    assert files(tmp_path) == {name: content for name, content in expected.items() if content}


def test_long_lines_are_found_whole_behind_a_crash(tmp_path: Path) -> None:
    """The last line end may lie many blocks before the end."""
    (tmp_path / ".otlp-00000001.jsonl.partial").write_bytes(b"x" * 100_000 + b"\n" + b"y" * 200_000)
    Journal(tmp_path, most_bytes=1, most_seconds=1).close()
    assert files(tmp_path) == {"otlp-00000001.jsonl": b"x" * 100_000 + b"\n"}


def test_two_receivers_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is told so, and may come once the first is done."""
    first = Journal(tmp_path, most_bytes=1, most_seconds=1)
    with pytest.raises(OutputError, match="another process"):
        Journal(tmp_path, most_bytes=1, most_seconds=1)
    first.close()
    Journal(tmp_path, most_bytes=1, most_seconds=1).close()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """A file in the way is an error that names the place."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        Journal(tmp_path / "file", most_bytes=1, most_seconds=1)


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """They hold prompts."""
    journal = Journal(tmp_path / "in", most_bytes=1, most_seconds=1)
    journal.append(b"secret\n")
    journal.close()
    assert (tmp_path / "in").stat().st_mode & 0o077 == 0
    assert (tmp_path / "in" / "otlp-00000001.jsonl").stat().st_mode & 0o077 == 0


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    """Each line comes out once, in one piece."""
    journal = Journal(tmp_path, most_bytes=4_000, most_seconds=1e9)
    lines = [[f"{thread}-{number}-{'x' * 50}\n".encode() for number in range(40)] for thread in range(8)]
    threads = [threading.Thread(target=lambda own=own: [journal.append(line) for line in own]) for own in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    found = b"".join(files(tmp_path).values()).splitlines(keepends=True)
    assert sorted(found) == sorted(line for own in lines for line in own)


@pytest.fixture
def small_files() -> Iterator[None]:
    """A disk that takes 20,000 bytes a file, as one that is full takes none."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, heard)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """What could not be written whole is not there, and what was acknowledged is."""
    journal = Journal(tmp_path, most_bytes=100_000, most_seconds=1e9)
    journal.append(b"first\n")
    with pytest.raises(OSError, match="too large"):
        journal.append(b"x" * 30_000 + b"\n")
    journal.append(b"second\n")
    journal.close()
    assert files(tmp_path) == {"otlp-00000001.jsonl": b"first\nsecond\n"}
