"""A real NGINX asks a real server by `auth_request`, with the configuration that docs/service.md shows."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gateway_world import patiently, policy_text, recorded, serving

from revenuer.state import open_state

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
DOCS = Path(__file__).parents[2] / "docs" / "service.md"

pytestmark = pytest.mark.skipif(NGINX is None, reason="NGINX is not installed: apt-get install nginx-light")


class _Local(http.client.HTTPConnection):
    """HTTP over a socket that is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


def shown() -> str:
    """The configuration in the documentation."""
    (found,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def configuration(folder: Path, port: int) -> str:
    """A whole NGINX around it: keys of three accounts, and a model that says hello."""
    places = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    keys = 'map $http_authorization $account { "Bearer k1" acct-1; "Bearer k2" somebody; default ""; }'
    return f"""
user root; daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; {places}
  {keys}
  server {{ listen unix:{folder}/model; location / {{ return 200 "hello from the model"; }} }}
  server {{
    listen unix:{folder}/front;
    {shown().replace("http://127.0.0.1:8087", f"http://127.0.0.1:{port}").replace("http://model", f"http://unix:{folder}/model:")}
  }}
}}
"""


@contextmanager
def nginx(port: int) -> Iterator[Path]:
    """A running NGINX; the file of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="ngx"))
    (folder / "nginx.conf").write_text(configuration(folder, port), encoding="utf-8")
    process = subprocess.Popen([str(NGINX), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])  # noqa: S603
    try:
        patiently(lambda: (folder / "front").exists() or process.poll() is not None)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield folder / "front"
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def asked(front: Path, key: str) -> tuple[int, str, str | None]:
    """Status, body and reason of a client's request to the model."""
    connection = _Local(front)
    try:
        connection.request("POST", "/v1/chat/completions", b'{"messages": []}', {"authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.getheader("x-reason")
    finally:
        connection.close()


def test_nginx_lets_pass_and_turns_away(tmp_path: Path) -> None:
    """Who is not known reaches the model, a member of a campaign gets 403 with the reason, and the token is asked for."""
    url = str(tmp_path / "state.db")
    recorded(url)
    with serving(url, tmp_path, environment={"REVENUER_SERVE_TOKEN": "s3cret"}) as gate, nginx(gate.port) as front:
        assert asked(front, "k2") == (200, "hello from the model", None)
        status, body, reason = asked(front, "k1")
        assert (status, reason) == (403, "CAMPAIGN-MEMBER-MIXED")
        assert "hello" not in body
        assert [asked(front, "k2")[0] for _ in range(20)] == [200] * 20


def test_nginx_understands_a_limit(tmp_path: Path) -> None:
    """An account beyond its rate gets 403, since `auth_request` takes any other status for a failure."""
    url = str(tmp_path / "state.db")
    recorded(url, share=0.2)
    text = policy_text().replace("shape_rate_per_day = 20", "shape_rate_per_day = 2")
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with serving(url, tmp_path, environment={"REVENUER_SERVE_TOKEN": "s3cret"}) as gate, nginx(gate.port) as front:
        assert [asked(front, "k1")[0] for _ in range(3)] == [200, 200, 403]
        assert gate.stop() == 0
    state = open_state(url)
    with state.read() as connection:
        assert connection.exec_driver_sql("SELECT rung FROM decisions").scalars().all() == ["shape_rate"]
    state.close()
