"""`revenuer serve` under load through kill -9, a lost database and hostile input: no wrong answer, no decision that the log does not have.

python benchmarks/soak.py [--seconds S]

Every answer is held against what the policy says of that account, worked out here: members of a campaign have to verify, tasks
are met, the fourth request of whoever sent three is met whatever it says, and everybody else passes. At the end the audit log has to
count as many requests as were answered with more than observe, and to be whole.
"""

from __future__ import annotations

import argparse
import http.client
import json
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
from typing import Any, Final

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


@dataclass
class Soak:
    """A service in a folder, what was asked of it, and what went wrong."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    port: int = 0
    connection: http.client.HTTPConnection | None = None
    hits: Counter[str] = field(default_factory=Counter)
    met: int = 0
    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Start it, and wait until it knows the state."""
        command = [
            sys.executable,
            "-c",
            SERVE,
            "serve",
            "--state",
            str(self.folder / "state.db"),
            "--listen",
            "127.0.0.1:0",
        ]
        command += [
            "--policy",
            str(self.folder / "policy.toml"),
            "--journal",
            str(self.folder / "journal"),
            "--max-body",
            "1MB",
        ]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
        assert self.process.stderr is not None
        found = (re.search(r"Listening on http://[\d.]+:(\d+)", line) for line in self.process.stderr)
        self.port = int(next(one for one in found if one)[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while self.ask("/readyz")[0] != 200:
            time.sleep(0.05)

    def stop(self, number: int) -> None:
        """End it by a signal."""
        assert self.process is not None
        assert self.process.stderr is not None
        self.process.send_signal(number)
        self.process.wait()
        self.process.stderr.close()

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of one answer."""
        assert self.connection is not None
        try:
            self.connection.request("GET" if body is None else "POST", path, body)
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise

    def check(self, account: str, prompt: str) -> None:
        """Ask, and hold the answer against what is right."""
        is_task, member = prompt not in HONEST, account.startswith("member-")
        wanted = "verify" if member or is_task or self.hits[account] >= 3 else "allow"
        body = json.dumps({"account_id": account, "prompt": prompt}).encode()
        said = self.ask("/v1/decide", body)[1]
        self.answered += 1
        self.met += wanted != "allow"
        self.hits[account] += is_task
        if said.get("action") != wanted:
            self.wrong.append(f"{account}: {said} instead of {wanted}")

    def hostile(self, draw: random.Random) -> None:
        """Send what is no question; anything but a refusal is wrong."""
        try:
            status = self.ask("/v1/decide", draw.choice(RUBBISH))[0]
        except OSError:  # refused before it was sent as a whole
            status = 413
        self.events["hostile"] += 1
        if status not in {400, 413, 422}:
            self.wrong.append(f"hostile: {status}")


def filled(folder: Path) -> None:
    """A state with a campaign of two hundred accounts, and the policy that ships, enforced."""
    text = default_text().replace('mode = "shadow"', 'mode = "enforce"').replace("share = 0.01", "share = 0.0")
    (folder / "policy.toml").write_text(text.replace("above_observe = 0.5", "above_observe = 1.0"), encoding="utf-8")
    members = tuple(f"member-{n}" for n in range(200))
    campaign = Campaign(
        "C1", 0.97, 200, 5_000, NOON, NOON, {"coding": 1.0}, {}, members, FRAMES, (), (), (), (), ()
    )  # fmt: skip
    state = open_state(str(folder / "state.db"))
    record_scan(state, [campaign], [AccountFound(one, "C1", 0.9, True, 0.8, 0.7) for one in members], at=NOON)
    state.close()


def moved(source: Path, target: Path) -> None:
    """Take the database away, or bring it back."""
    target.mkdir(exist_ok=True)
    for path in source.glob("state.db*"):
        path.rename(target / path.name)


def asked(soak: Soak, draw: random.Random) -> None:
    """One request of the mix: mostly honest, some of members, some with tasks, some hostile."""
    kind = draw.random()
    if kind < 0.02:
        soak.hostile(draw)
    elif kind < 0.10:
        soak.check(f"member-{draw.randrange(200)}", draw.choice(HONEST))
    elif kind < 0.15:
        soak.check(f"reseller-{draw.randrange(300)}", draw.choice(FRAMES).replace("{…}", f"answer {draw.random()}"))
    else:
        soak.check(f"{draw.choice(('user', 'reseller'))}-{draw.randrange(300)}", draw.choice(HONEST))


def soaked(soak: Soak, seconds: float) -> None:
    """Load, with everything that can happen at its time: lost a fifth of the time, killed at 0.3 and 0.7, restarted at 0.5."""
    draw, began, away = random.Random(7), time.monotonic(), soak.folder / "away"  # noqa: S311
    due = [
        (0.15, "lose"),
        (0.3, "kill"),
        (0.35, "back"),
        (0.5, "restart"),
        (0.6, "lose"),
        (0.65, "back"),
        (0.7, "kill"),
    ]
    while (done := (time.monotonic() - began) / seconds) < 1:
        if due and done >= due[0][0]:
            happens(soak, due.pop(0)[1], away)
        asked(soak, draw)
    if due:
        soak.wrong.append(f"too short for {due}")


def happens(soak: Soak, what: str, away: Path) -> None:
    """An event. A process that is killed while the database is away starts again when it is back."""
    soak.events[what] += 1
    if what == "lose":
        moved(soak.folder, away)
    elif what == "back" or (what == "kill" and away.exists() and any(away.iterdir())):
        moved(away, soak.folder)
    if what in {"kill", "restart"}:
        soak.stop(signal.SIGKILL if what == "kill" else signal.SIGTERM)
        soak.start()


def judged(soak: Soak) -> int:
    """Print what came of it; 1 if anything went wrong."""
    state = open_state(str(soak.folder / "state.db"))
    with state.read() as connection:
        counted = sum(json.loads(one.detail)["met"] for one in entries(connection) if one.action == "serve.met")
        chain = verify_chain(connection)
    state.close()
    print(f"{soak.answered:,} answers, {soak.met:,} of them met; events {dict(soak.events)}")
    print(f"wrong answers: {len(soak.wrong)} {soak.wrong[:3]}")
    print(
        f"requests in the audit log: {counted:,} of {soak.met:,}; chain of {chain.entries:,} entries: {chain.fault or 'whole'}"
    )
    return int(bool(soak.wrong) or counted != soak.met or chain.fault is not None)


def main() -> None:
    """Soak, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder))
        filled(soak.folder)
        soak.start()
        try:
            soaked(soak, how.seconds)
        finally:
            soak.stop(signal.SIGTERM)
        sys.exit(judged(soak))


if __name__ == "__main__":
    main()
