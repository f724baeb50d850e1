"""A state with a campaign in it, and `revenuer serve` as a process, for the tests of what gateways are told."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from revenuer.findings import Campaign
from revenuer.response import Policy, default_text, load_policy
from revenuer.state import AccountFound, State, open_state, record_scan

NOON = "2026-03-01T12:00:00Z"
MEMBERS = ("acct-1", "acct-2", "acct-3", "acct-4")
FRAME = "Grade the following answer against the rubric and explain every point that you take off: {…}"
SYSTEM_FRAME = "[system] You are a patient marker who writes every step of the reasoning down before the mark: {…}"
TASK = FRAME.replace("{…}", "the capital of France is Lyon")
PATIENCE = 60.0


def campaign(accounts: Sequence[str] = MEMBERS, frames: Sequence[str] = (FRAME, SYSTEM_FRAME)) -> Campaign:
    """A campaign as a scan finds it."""
    return Campaign(
        "C1", 0.97, len(accounts), 100, "2026-02-01T00:00:00Z", NOON, {"coding": 1.0}, {}, tuple(accounts),
        tuple(frames), (), (), (),
    )  # fmt: skip


def found(accounts: Sequence[str], share: float = 0.8, campaign_id: str | None = "C1") -> list[AccountFound]:
    """These accounts as a scan flags them."""
    return [AccountFound(one, campaign_id, 0.9, True, share, share - 0.1) for one in accounts]


def recorded(url: str, accounts: Sequence[str] = MEMBERS, *, share: float = 0.8, at: str = NOON) -> str:
    """Record a scan that flags these accounts; returns the campaign's id in the state."""
    state = open_state(url)
    try:
        return record_scan(state, [campaign(accounts)], found(accounts, share), at=at).ids["C1"]
    finally:
        state.close()


def policy_text(**changes: str) -> str:
    """The policy that ships, enforced, without a hold-out, with words of it changed."""
    text = default_text().replace('mode = "shadow"', 'mode = "enforce"').replace("share = 0.01", "share = 0.0")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def policy(folder: Path, text: str | None = None) -> Policy:
    """A policy from its text."""
    path = folder / "policy.toml"
    path.write_text(text or policy_text(), encoding="utf-8")
    return load_policy(path)


class Gate:
    """A running service."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def ask(
        self, path: str, said: Any = None, headers: Mapping[str, str] | None = None, method: str | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Status, body (as JSON where it is) and headers of one answer."""
        body = said if said is None or isinstance(said, bytes) else json.dumps(said).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, json.loads(content) if content.startswith(b"{") else content, told
        finally:
            connection.close()

    def decide(self, account: str, prompt: str = "", **more: Any) -> dict[str, Any]:
        """What is decided on a request."""
        status, answer, _ = self.ask("/v1/decide", {"account_id": account, "prompt": prompt, **more})
        assert status == 200, answer
        return dict(answer)

    def until(self, what: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        patiently(what)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def patiently(what: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.05)


@contextmanager
def serving(
    url: str, folder: Path, *options: str, environment: Mapping[str, str] | None = None, ready: bool = True
) -> Iterator[Gate]:
    """`revenuer serve` on a free port, until the block ends."""
    path = folder / "policy.toml"
    if not path.exists():
        path.write_text(policy_text(), encoding="utf-8")
    command = [sys.executable, "-c", "from revenuer.cli import main; main()", "serve", "--state", url]
    command += ["--policy", str(path), "--journal", str(folder / "journal"), "--listen", "127.0.0.1:0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})  # noqa: S603
    assert process.stderr is not None
    try:
        gate = Gate(process, _port(process.stderr))
        if ready:
            patiently(lambda: gate.ask("/readyz")[0] == 200)
        yield gate
    finally:
        process.terminate()
        process.stderr.close()
        process.wait(PATIENCE)


def _port(stderr: IO[str]) -> int:
    """The port that a server says it listens on."""
    said = []
    for line in stderr:
        if found := re.search(r"Listening on http://[\d.]+:(\d+)", line):
            return int(found[1])
        said.append(line)
    raise AssertionError("".join(said))


def met_in(state: State) -> int:
    """Requests that the audit log says were met or carried a task."""
    from revenuer.state import entries  # noqa: PLC0415

    with state.read() as connection:
        return sum(json.loads(one.detail)["met"] for one in entries(connection) if one.action == "serve.met")
