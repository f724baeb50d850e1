"""`revenuer serve` under load through kill -9, a lost database and hostile input: no wrong answer, no decision that the log does not have.

python benchmarks/soak.py [--seconds S] [--rate N] [--processes N] [--clients N] [--postgresql]

Clients ask at a rate that nothing holds up: what is late because a service starts or a disk is slow is asked as soon as it can be. What
is under way when a service is killed is cut off, and may have been written down or not. Every other answer is held against what the policy
says of that account, worked out here: members of a campaign have to verify, tasks are met, the fourth request of whoever sent three is met
whatever it says, and everybody else passes. Of tasks that an account sent to another service a service hears by the log: until a while
after it could, such a request may pass or be met, and is counted apart. At the end the audit log has to count of every account as many
requests as were answered with more than observe, has to have every decision that was told, and to be whole.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Final

from revenuer.findings import Campaign
from revenuer.response import default_text
from revenuer.state import AccountFound, Entry, entries, open_state, record_scan, verify_chain
from soak_places import Database, File, Line, Process, Server

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
LARGE: Final = b'{"prompt": "' + b"y" * 3_000_000 + b'"}'
RUBBISH: Final = (
    b"", b"{", b"\xff\xfe\x00", b"[" * 50_000, b"null", b'{"account_id": 7}', b'{"account_id": ""}',
    b'{"account_id": "a", "prompt": {}}', b'{"account_id": "' + b"x" * 9_000 + b'"}', LARGE,
)  # fmt: skip
BROKEN: Final = (HTTPException, OSError)
# Seconds after which what one service counted is known to the others, on a busy machine.
HEARD: Final = 15.0
# When what happens, as a share of the time: the database is away for a quarter of it.
EVENTS: Final = (
    (0.15, "lose"), (0.3, "kill"), (0.35, "back"), (0.5, "restart"), (0.6, "lose"), (0.65, "back"), (0.7, "kill"),
)  # fmt: skip


@dataclass
class Soak:
    """Services on one state, what they were asked, and what went wrong.

    Attributes:
        sent, sure: tasks of an account, all and those that were answered.
        heard: those that a service answered.
        third: when the third of an account was answered.
        met, open: of an account, answers with more than observe, and requests that were cut off.
        whole_since: when the last that was away came back.
    """

    database: Database
    processes: list[Process] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    sure: Counter[str] = field(default_factory=Counter)
    heard: Counter[tuple[int, str]] = field(default_factory=Counter)
    third: dict[str, float] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    lost: bool = False
    whole_since: float = 0.0
    answered: int = 0
    either: int = 0
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    guard: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def wanted(self, number: int, account: str, *, is_task: bool) -> set[str]:
        """What may be answered by a service."""
        if account.startswith("member-") or is_task or self.heard[number, account] >= 3:
            return {"verify"}
        if self.sent[account] < 3:
            return {"allow"}
        whole = not self.lost and all(one.up for one in self.processes)
        since = max(self.third.get(account, float("inf")), self.whole_since)
        return {"verify"} if whole and time.monotonic() - since > HEARD else {"allow", "verify"}

    def keep(self, number: int, account: str, said: dict[str, str], wanted: set[str], *, is_task: bool) -> None:
        """Hold an answer against what is right, and remember it."""
        self.answered += 1
        self.either += len(wanted) > 1
        if is_task:
            self.sure[account] += 1
            self.heard[number, account] += 1
            if self.sure[account] >= 3:
                self.third.setdefault(account, time.monotonic())
        if said.get("action") != "allow":
            self.met[account] += 1
            self.told.add(said.get("decision_id", ""))
        if said.get("action") not in wanted:
            self.wrong.append(f"{account}: {said} instead of {wanted}")


class Client:
    """One that asks, with accounts of its own, so that it knows in what order their requests came."""

    def __init__(self, soak: Soak, number: int) -> None:
        self.soak, self.number = soak, number
        self.draw = random.Random(7 + number)  # noqa: S311
        self.lines = [Line(one) for one in soak.processes]

    def run(self, rate: float) -> None:
        """Ask so often, until it is over; what is late is asked at once."""
        following = time.monotonic() + self.draw.random() / rate
        while not self.soak.over.is_set():
            up = [number for number, one in enumerate(self.soak.processes) if one.up]
            if not up or time.monotonic() < following:
                time.sleep(0.002 if up else 0.05)
                continue
            following += 1 / rate
            self.ask(self.draw.choice(up))
        for one in self.lines:
            one.close()

    def ask(self, number: int) -> None:
        """One request of the mix: mostly honest, some of members, some with tasks, some hostile."""
        draw, kind = self.draw, self.draw.random()
        own = f"{self.number}-{draw.randrange(150)}"
        if kind < 0.02:
            self.hostile(number, draw.choice(RUBBISH))
        elif kind < 0.10:
            self.check(number, f"member-{draw.randrange(200)}", draw.choice(HONEST))
        elif kind < 0.15:
            task = draw.choice(FRAMES).replace("{…}", f"answer {draw.random()}")
            self.check(number, f"reseller-{own}", task)
        else:
            self.check(number, f"{draw.choice(('user', 'reseller'))}-{own}", draw.choice(HONEST))

    def check(self, number: int, account: str, prompt: str) -> None:
        """Ask, and hold the answer against what is right."""
        soak, is_task, life = self.soak, prompt not in HONEST, self.soak.processes[number].life
        with soak.guard:
            wanted = soak.wanted(number, account, is_task=is_task)
            soak.sent[account] += is_task
        began = time.perf_counter()
        try:
            said = self.lines[number].ask("/v1/decide", json.dumps({"account_id": account, "prompt": prompt}).encode())[
                1
            ]
        except BROKEN as error:
            with soak.guard:
                soak.open[account] += 1
                self.cut_off(number, life, error)
            return
        with soak.guard:
            soak.times.append(time.perf_counter() - began)
            soak.keep(number, account, said, wanted, is_task=is_task)

    def cut_off(self, number: int, life: int, error: Exception) -> None:
        """Nobody answered, which is wrong of a service that lives."""
        one = self.soak.processes[number]
        self.soak.events["cut off"] += 1
        if one.up and one.life == life:
            self.soak.wrong.append(f"no answer of a service that lives: {error!r}")

    def hostile(self, number: int, rubbish: bytes) -> None:
        """Send what is no question; anything but a refusal is wrong."""
        soak, life = self.soak, self.soak.processes[number].life
        try:
            status = self.lines[number].ask("/v1/decide", rubbish)[0]
        except BROKEN as error:  # what is too large is refused before it was sent as a whole
            with soak.guard:
                soak.events["hostile"] += 1
                if rubbish is not LARGE:
                    self.cut_off(number, life, error)
            return
        with soak.guard:
            soak.events["hostile"] += 1
            if status not in {400, 413, 422}:
                soak.wrong.append(f"hostile: {status}")


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


def soaked(soak: Soak, seconds: float, rate: float, clients: int) -> None:
    """Load, with everything that can happen at its time."""
    asking = [
        threading.Thread(target=Client(soak, number).run, args=(rate / clients,), daemon=True)
        for number in range(clients)
    ]
    for one in asking:
        one.start()
    began = time.monotonic()
    for share, what in EVENTS:
        time.sleep(max(0.0, began + share * seconds - time.monotonic()))
        happens(soak, what)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    soak.over.set()
    for one in asking:
        one.join()


def happens(soak: Soak, what: str) -> None:
    """An event. A service that is killed while the database is away starts again when it is back."""
    if what == "lose":
        soak.lost = True
        soak.database.lose()
    elif soak.lost and what in {"back", "kill"}:
        soak.database.back()
        soak.lost, soak.whole_since = False, time.monotonic()
    if what in {"kill", "restart"}:
        one = soak.processes[(soak.events["kill"] + soak.events["restart"]) % len(soak.processes)]
        one.stop(signal.SIGKILL if what == "kill" else signal.SIGTERM)
        one.start()
        soak.whole_since = time.monotonic()
    with soak.guard:
        soak.events[what] += 1


def counted(log: list[Entry]) -> Counter[str]:
    """How often the log says that each account was met."""
    found: Counter[str] = Counter()
    for entry in log:
        if entry.action == "serve.met":
            for row in json.loads(entry.detail)["rows"]:
                found[row[1]] += row[-2]
    return found


def faults(soak: Soak, log: list[Entry]) -> Iterator[str]:
    """What the log lacks, or has too much of."""
    found = counted(log)
    for account in sorted({*found, *soak.met}):
        least, most = soak.met[account], soak.met[account] + soak.open[account]
        if not least <= found[account] <= most:
            yield f"{account} was met {least} to {most} times, the log has {found[account]}"
    made = {entry.subject for entry in log if entry.action == "decision.propose"}
    yield from (f"{one} was told, and the log does not have it" for one in sorted(soak.told - made))


def judged(soak: Soak, seconds: float) -> int:
    """Print what came of it; 1 if anything went wrong."""
    state = open_state(soak.database.url)
    with state.read() as connection:
        log, chain = list(entries(connection)), verify_chain(connection)
    state.close()
    wrong, met = [*soak.wrong, *faults(soak, log)], soak.met.total()
    print(
        f"{soak.answered:,} answers, {soak.answered / seconds:.1f} a second; events {dict(sorted(soak.events.items()))}"
    )
    print(f"wrong: {len(wrong)} {wrong[:3]}; {soak.either:,} might have been either")
    print(
        f"met {met:,}, in the audit log {counted(log).total():,}, cut off {soak.open.total():,}; decisions told {len(soak.told):,}"
    )
    print(f"chain of {chain.entries:,} entries: {chain.fault or 'whole'}")
    times = sorted(soak.times)
    told = (f"{name} {times[int(share * len(times))] * 1e3:.1f} ms" for name, share in (("p50", 0.5), ("p99", 0.99)))
    print(f"answers took {', '.join(told)}")
    return int(bool(wrong) or chain.fault is not None)


def main() -> None:
    """Soak, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL instead of an SQLite file")
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soak = Soak(Server(folder) if how.postgresql else File(folder))
        filled(folder, soak.database.url)
        try:
            soak.processes += [Process(folder, soak.database.url, number) for number in range(how.processes)]
            soaked(soak, how.seconds, how.rate, how.clients)
        finally:
            soak.over.set()
            for one in soak.processes:
                one.stop(signal.SIGTERM)
                one.log.close()
        sys.exit(judged(soak, how.seconds))


if __name__ == "__main__":
    main()
