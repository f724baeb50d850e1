"""What an answer of `revenuer serve` costs, against a route that only says hello: time, processor, memory, and how soon a change shows.

python benchmarks/decide.py [--accounts N] [--frames N] [--seconds S] [--rounds N] [--changes-only] [--postgresql]

Both servers run in processes of their own under the same uvicorn, and take turns under load, so that whatever else the machine
does meets both. The load is made here, from bytes made beforehand, over connections that stay open.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from revenuer.response import default_text
from revenuer.state import AccountFound, State, append, approve, open_state, propose, record_scan, tables
from revenuer.state.cases import Proposal
from soak_places import SERVE, Database, File, Server

HELLO: Final = """
import socket, sys
from revenuer.listening import bound_to
from revenuer.service.serving import run_on

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]}
BODY = {"type": "http.response.body", "body": b"hello"}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send(START)
    await send(BODY)

with bound_to("127.0.0.1:0", guarded=False, by="") as bound:
    run_on(bound, app, lambda address: print(f"Listening on {address}: hello", file=sys.stderr, flush=True))
"""
NOW: Final = "2026-01-01T00:00:00Z"
EVER: Final = "2999-01-01T00:00:00Z"
SYLLABLES: Final = ("ba", "ke", "lo", "mi", "nu", "pra", "ste", "ti", "vom", "wen")
WORDS: Final = tuple(a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES)


class Load(NamedTuple):
    """What a load showed: seconds of each answer, and of the server's processors."""

    times: list[float]
    cpu: float

    @property
    def p50(self) -> float:
        """Median, in microseconds."""
        return statistics.median(self.times) * 1e6

    @property
    def each(self) -> float:
        """Microseconds of processor an answer."""
        return self.cpu / len(self.times) * 1e6


def text(draw: random.Random, words: int) -> str:
    """So many words."""
    return " ".join(draw.choices(WORDS, k=words)) + f" {draw.getrandbits(32):x}"


def filled(url: str, accounts: int, frames: int, campaigns: int = 200) -> list[str]:
    """A state of this size; returns its frames."""
    draw, state = random.Random(1), open_state(url)  # noqa: S311
    texts = [text(draw, draw.randint(12, 40)) for _ in range(frames)]
    rows = [
        {"campaign_id": f"C-{n:06}", "standing": "open", "confidence": 0.97, "first_seen": NOW, "last_seen": NOW,
         "scan_id": "s", "document": document(range(n, accounts, campaigns), texts[n::campaigns])}
        for n in range(campaigns)
    ]  # fmt: skip
    with state.write() as connection:
        connection.execute(sa.insert(tables.campaigns), rows)
        tasks = [
            {"campaign_id": f"C-{n % campaigns:06}", "frame": one, "scan_id": "s"} for n, one in enumerate(set(texts))
        ]
        connection.execute(sa.insert(tables.tasks), tasks)
        for first in range(0, accounts, 50_000):
            connection.execute(sa.insert(tables.accounts), list(flagged(first, min(first + 50_000, accounts))))
        append(connection, at=NOW, actor="bench", action="scan.record", subject="s", detail={})
    state.close()
    return texts


def document(accounts: Sequence[int], frames: Sequence[str]) -> str:
    """What the state keeps of a campaign."""
    members = [f"acct-{n:08}" for n in accounts]
    return json.dumps({"capabilities": {"coding": 1.0}, "account_ids": members, "frames": frames})


def flagged(first: int, last: int) -> Iterator[dict[str, Any]]:
    """Accounts of campaigns."""
    for n in range(first, last):
        yield {
            "account_id": f"acct-{n:08}", "campaign_id": f"C-{n % 200:06}", "risk": 0.9, "flagged": True,
            "extraction_share": 0.8, "share_low": 0.7, "scan_id": "s",
        }  # fmt: skip


@contextmanager
def served(code: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """A server in a process of its own: its id and its port."""
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stderr is not None
    try:
        port = next(int(m[1]) for line in process.stderr if (m := re.search(r"Listening on http://[\d.]+:(\d+)", line)))
        yield process.pid, port
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Status and JSON of one request."""
    import http.client  # noqa: PLC0415

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET" if body is None else "POST", path, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def request(path: str, body: bytes) -> bytes:
    """One request as it goes over the wire, with the headers that a gateway sends."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: */*\r\n"
        f"user-agent: gateway/1.0\r\nauthorization: Bearer none\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def requests(words: int, known: float, path: str = "/v1/decide") -> list[bytes]:
    """Requests of which a share is by accounts that are known."""
    draw = random.Random(2)  # noqa: S311
    made = []
    for n in range(2_000):
        account = f"acct-{n:08}" if draw.random() < known else f"user-{n:08}"
        body = {"account_id": account, "credential": "5e" * 16, "model": "m-1", "prompt": text(draw, words)}
        made.append(request(path, json.dumps(body).encode()))
    return made


def load(pid: int, port: int, asks: list[bytes], seconds: float, connections: int) -> Load:
    """Keep one request under way on each connection, for so long."""
    waiting = select.epoll()
    sockets = {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()] = one
        waiting.register(one, select.EPOLLIN)
    times: list[float] = []
    sent: dict[int, float] = {}
    held = dict.fromkeys(sockets, b"")
    before, number, clock = processor(pid), 0, time.perf_counter
    until = clock() + seconds
    for number, (fd, one) in enumerate(sockets.items()):
        sent[fd] = clock()
        one.sendall(asks[number % len(asks)])
    while (now := clock()) < until:
        for fd, _ in waiting.poll():
            held[fd] = answer = held[fd] + sockets[fd].recv(65_536)
            if not whole(answer):
                continue
            now = clock()
            assert answer.startswith(b"HTTP/1.1 200")
            times.append(now - sent[fd])
            held[fd] = b""
            number += 1
            sent[fd] = clock()
            sockets[fd].sendall(asks[number % len(asks)])
    cpu = processor(pid) - before
    for one in sockets.values():
        one.close()
    waiting.close()
    return Load(times, cpu)


def whole(answer: bytes) -> bool:
    """Whether head and body are there."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = head.rpartition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(end) and len(body) == int(length)


def processor(pid: int) -> float:
    """Seconds of processor that the threads of a process have used."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def memory(pid: int, name: str) -> float:
    """MiB, from /proc: VmRSS is what it holds, VmHWM the most that it held."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1_024


def compared(
    hello: tuple[int, int], decide: tuple[int, int], asks: list[bytes], how: argparse.Namespace, c: int
) -> str:
    """A row of the table: the least disturbed of the rounds in which both take turns, and the ratios of all."""
    rounds = [(load(*hello, asks, how.seconds, c), load(*decide, asks, how.seconds, c)) for _ in range(how.rounds)]
    cells = [str(c)]
    for name in ("p50", "each"):
        both = [(float(getattr(a, name)), float(getattr(b, name))) for a, b in rounds]
        least = [min(one) for one in zip(*both, strict=True)]
        ratios = [b / a for a, b in both]
        cells += [f"{least[0]:.0f} / {least[1]:.0f}", f"{least[1] / least[0]:.2f}"]
        cells += [f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"]
    return f"| {' | '.join(cells)} |"


def shown(port: int, change: Any, account: str, wanted: str) -> float:
    """Seconds from the commit of a change to the first answer that shows it."""
    change()
    began = time.perf_counter()
    body = json.dumps({"account_id": account}).encode()
    while ask(port, "/v1/decide", body)[1]["action"] != wanted:
        time.sleep(0.005)
        assert time.perf_counter() - began < 60
    return time.perf_counter() - began


def visibility(url: str, port: int, accounts: int) -> tuple[list[float], dict[str, list[float]]]:
    """How soon approvals show, and how soon the accounts do whose standing scans change."""
    state = open_state(url)
    approvals = []
    for n in range(10):
        account = f"acct-{500 + n:08}"
        one = Proposal("account", account, "suspend", "harvester", "CAMPAIGN-MEMBER", {}, "default-1", 1, NOW, EVER)
        (name,) = propose(state, [one], actor="bench")
        approvals.append(shown(port, lambda name=name: approve(state, name, person="p", at=NOW), account, "deny"))
    scanned: dict[str, list[float]] = {}
    for number, times in ((1, 10), (100, 5), (10_000, 5), (100_000, 3)):
        for turn in range(times):
            name = f"{number}-{turn}"
            after = shown(port, lambda number=number, name=name: scan(state, number, name), f"found-{name}-0", "verify")
            scanned.setdefault(f"that flags {number:,} more accounts", []).append(after)
    for turn in range(3):
        known = f"acct-{accounts - 1 - turn:08}"
        began = time.perf_counter()
        after = shown(port, lambda turn=turn: scan_again(state, accounts, turn), known, "allow")
        scanned.setdefault(f"of all {accounts:,} that frees one", []).append(after)
        print(f"recording a scan of {accounts:,} accounts took {time.perf_counter() - began - after:.1f} s", flush=True)
    state.close()
    return approvals, scanned


def scan(state: State, number: int, name: str) -> None:
    """So many more flagged accounts, as a scan records them that finds every campaign again, and one surer than before."""
    rows = [one | {"account_id": f"found-{name}-{n}", "scan_id": name} for n, one in enumerate(flagged(0, number))]
    surest = tables.campaigns.c.campaign_id == f"C-{len(name) + number % 7:06}"
    with state.write() as connection:
        connection.execute(sa.insert(tables.accounts), rows)
        connection.execute(sa.update(tables.campaigns).values(scan_id=name, confidence=0.96))
        connection.execute(sa.update(tables.campaigns).where(surest).values(confidence=0.99))
        append(connection, at=NOW, actor="bench", action="scan.record", subject=name, detail={})


def scan_again(state: State, accounts: int, turn: int) -> None:
    """A scan that sees everybody again, one account more than the last without a campaign."""
    rows = (AccountFound(**{name: one[name] for name in AccountFound.__slots__}) for one in flagged(0, accounts))
    freed = [replace(one, flagged=n < accounts - 1 - turn) for n, one in enumerate(rows)]
    record_scan(state, [], freed, at=NOW)


def meanwhile(url: str, decide: tuple[int, int], asks: list[bytes], number: int) -> tuple[list[float], list[float]]:
    """Times of answers, ascending, in two seconds of peace and in the two in which a scan is read in."""
    peace = load(*decide, asks, 2, 4).times
    state = open_state(url)
    scan(state, number, "meanwhile")
    state.close()
    return sorted(peace), sorted(load(*decide, asks, 2, 4).times)


def show_costs(hello: tuple[int, int], decide: tuple[int, int], how: argparse.Namespace) -> None:
    """A table for each kind of request."""
    for words, known in ((6, 0.0), (6, 0.01), (60, 0.0), (300, 0.0), (6, 1.0)):
        asks = requests(words, known)
        size = statistics.mean(map(len, asks))
        print(f"\n{size:.0f} bytes a request, {known:.0%} by known accounts (hello / decide, us)")
        print("| connections | least p50 | ratio | by round | least processor | ratio | by round |")
        print("|---|---|---|---|---|---|---|")
        for connections in (1, 16):
            print(compared(hello, decide, asks, how, connections), flush=True)


def show_changes(url: str, decide: tuple[int, int], accounts: int) -> None:
    """How soon changes show, and what answers wait meanwhile."""
    approvals, scanned = visibility(url, decide[1], accounts)
    print(f"\nan approval shows after {statistics.median(approvals):.2f} s, at most {max(approvals):.2f} s")
    for what, after in scanned.items():
        told = " ".join(f"{one:.2f}" for one in sorted(after))
        print(f"a scan {what} shows after {statistics.median(after):.2f} s ({told})")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    for name, times in zip(("in peace", "meanwhile"), meanwhile(url, decide, requests(6, 0.0), 50_000), strict=True):
        at = [times[int(share * len(times))] * 1e3 for share in (0.5, 0.99, 0.999)]
        print(f"answers {name}: p50 {at[0]:.2f}, p99 {at[1]:.2f}, p99.9 {at[2]:.2f}, most {times[-1] * 1e3:.2f} ms")


def show_memory(pid: int) -> None:
    """What it holds."""
    print(f"memory: {memory(pid, 'VmRSS'):.0f} MiB, at most {memory(pid, 'VmHWM'):.0f} MiB")


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--changes-only", action="store_true", help="how soon changes show, and nothing else")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL instead of an SQLite file")
    how = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database: Database = Server(Path(folder)) if how.postgresql else File(Path(folder))
        url, policy = database.url, Path(folder, "policy.toml")
        text = default_text().replace('mode = "shadow"', 'mode = "enforce"').replace("share = 0.01", "share = 0.0")
        policy.write_text(text)
        filled(url, how.accounts, how.frames)
        where = ("--state", url, "--policy", str(policy), "--journal", f"{folder}/j", "--listen", "127.0.0.1:0")
        began = time.perf_counter()
        with served(HELLO) as hello, served(SERVE, "serve", *where) as decide:
            while ask(decide[1], "/readyz")[0] != 200:
                time.sleep(0.1)
            print(f"{how.accounts:,} accounts, {how.frames:,} frames: ready after {time.perf_counter() - began:.1f} s")
            show_memory(decide[0])
            if not how.changes_only:
                show_costs(hello, decide, how)
            show_changes(url, decide, how.accounts)
            show_memory(decide[0])


if __name__ == "__main__":
    main()
