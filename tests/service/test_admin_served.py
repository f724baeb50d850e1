"""The command `serve` as a whole: gateways by keys, people by an issuer, both at one address."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("uvicorn", reason="needs the extra 'service'")
pytest.importorskip("httpx", reason="needs httpx to ask with")

import httpx

from admin_world import AUDIENCE, Idp, listening
from revenuer.cli import main


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """The address of the command in a process of its own."""
    arguments = ["serve", "--state", str(folder / "state.db"), "--journal", str(folder / "journal"), *options]
    code = "import sys; from revenuer.cli import main; main(sys.argv[1:])"
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path), "REVENUER_APPEAL_KEY": "a secret", "HOME": str(folder)}
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, *arguments, "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "Listening on http://" in said, said + process.stderr.read()
            address = said.split()[2].rstrip(":")
            until = time.monotonic() + 60
            while httpx.get(f"{address}/readyz", timeout=60).status_code != 200 and time.monotonic() < until:
                time.sleep(0.05)
            yield address
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def made(folder: Path, *scopes: str) -> str:
    """The secret of a key that the command made."""
    arguments = [part for scope in scopes for part in ("--scope", scope)]
    done = CliRunner().invoke(main, ["keys", "create", "k", "--state", str(folder / "state.db"), *arguments])
    return done.stdout.strip()


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_gateways_and_people_come_to_one_address(tmp_path: Path):
    """With --keys a gateway needs a key that may decide; a key that is made or revoked meanwhile is heard of; figures count it."""
    decide, read = made(tmp_path, "decide"), made(tmp_path, "read")
    idp = Idp()
    with listening(idp.app()) as issuer:
        idp.url = issuer
        people = (
            "--issuer",
            issuer,
            "--audience",
            AUDIENCE,
            "--role",
            "desk=analyst",
            "--role",
            "revenuer-viewer=viewer",
        )
        with served(tmp_path, "--keys", *people, "--ingest", str(tmp_path / "in")) as address:
            ask = {"account_id": "a", "prompt": "hello", "model": "m"}
            assert httpx.post(f"{address}/v1/decide", json=ask).status_code == 401
            assert httpx.post(f"{address}/v1/decide", json=ask, headers=bearer(read)).status_code == 403
            assert httpx.post(f"{address}/v1/decide", json=ask, headers=bearer(decide)).json()["rung"] == "observe"
            token = idp.token("ada", "viewer")
            assert httpx.get(f"{address}/v1/campaigns", headers=bearer(token)).json() == {"campaigns": [], "next": None}
            assert httpx.get(f"{address}/v1/keys", headers=bearer(token)).status_code == 403
            figures = httpx.get(f"{address}/metrics", headers=bearer(read)).text
            assert 'revenuer_requests_total{operation="decide",status="200"} 1.0' in figures
            assert 'revenuer_decisions_total{reason="NONE",rung="observe"} 1.0' in figures
            assert 'revenuer_service{what="table_age_seconds"}' in figures
            paths = httpx.get(f"{address}/openapi.json").json()["paths"]
            assert {"/v1/exchanges", "/v1/decide", "/healthz"} <= paths.keys()
            CliRunner().invoke(main, ["keys", "revoke", decide[:14], "--state", str(tmp_path / "state.db")])
            until = time.monotonic() + 60
            while httpx.post(f"{address}/v1/decide", json=ask, headers=bearer(decide)).status_code != 401:
                assert time.monotonic() < until
                time.sleep(0.05)
    listed = CliRunner().invoke(main, ["keys", "list", "--state", str(tmp_path / "state.db"), "--json"])
    assert {one["key_id"]: one["last_used_at"] is not None for one in json.loads(listed.stdout)}[read[:14]]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--issuer", "http://example.org", "--audience", "a"), "https"),
        (("--issuer", "https://example.org"), "audience"),
        (("--issuer", "https://example.org", "--audience", "a", "--role", "desk=king"), "no role"),
        (("--role", "desk"), "WORD=ROLE"),
        (("--listen", "0.0.0.0:0"), "--keys"),
        (("--state", "nowhere/state.db"), "no such folder"),
    ],
)
def test_what_cannot_be_served_safely_is_refused_at_the_start(tmp_path: Path, options: tuple[str, ...], word: str):
    """An open line to the issuer, no audience, a role that is none, an open door, a folder that is not there: exit code 2, one line."""
    state = ("--state", str(tmp_path / "state.db"), "--journal", str(tmp_path / "journal"))
    done = CliRunner().invoke(main, ["serve", *state, "--listen", "127.0.0.1:0", *options])
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert word in done.output
