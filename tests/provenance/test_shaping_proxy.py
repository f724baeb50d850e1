"""The proxy: a real upstream and a real server on real sockets, streams in small writes, keys that rotate under way."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from shaping_worlds import (
    ANSWER,
    ARGUMENTS,
    THOUGHT,
    Json,
    chat_answer,
    chat_read,
    chat_request,
    chat_stream,
    data_of,
    dumps,
    messages_read,
    messages_stream,
    responses_stream,
)

from revenuer.provenance import default_plan_text, load_ring, new_ring, ring_rotated, save_ring

for needed in ("uvicorn", "starlette", "httpx", "cryptography"):
    pytest.importorskip(needed, reason="needs the extras 'service' and 'provenance'")

Answer = tuple[int, dict[str, str], bytes]


class Upstream(BaseHTTPRequestHandler):
    """A model API: answers as the request's `user` says, and keeps what came."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str], bytes]]
    waits: threading.Event

    def do_GET(self) -> None:
        """A list of models."""
        self._give(200, "application/json", b'{"data":[ ]}')

    def do_POST(self) -> None:
        """An answer of the kind asked for."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        wish = json.loads(body).get("user", "")
        if wish == "broken":
            self._give(200, "application/json", b"<html>")
        elif wish == "error":
            self._give(429, "application/json", b'{"error": "SLOW"}')
        elif wish == "bad event":
            self._stream(b"data: {\n\n", 9)
        elif json.loads(body).get("stream"):
            streams = {"chat": chat_stream, "mess": messages_stream, "resp": responses_stream}
            self._stream(streams[self.path.removeprefix("/base/v1/")[:4]](), 11)
        else:
            message = {"content": ANSWER, "reasoning_content": THOUGHT}
            self._give(200, "application/json", dumps(chat_answer(message)))

    def _give(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (("content-type", kind), ("content-length", str(len(body))), ("x-request-id", "r1")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, body: bytes, size: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for at in range(0, len(body), size):
            part = body[at : at + size]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
            if b'"wait"' in self.seen[-1][2] and at < len(body) // 2 <= at + size:
                self.wfile.flush()
                self.waits.wait(60)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def upstream() -> Iterator[tuple[str, type[Upstream]]]:
    handler = type("Handler", (Upstream,), {"seen": [], "waits": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/base", handler
    finally:
        handler.waits.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Proxy:
    """`revenuer shape` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int, folder: Path, seen: type[Upstream]) -> None:
        self.process, self.port, self.folder, self.upstream = process, port, folder, seen

    def ask(
        self, body: Json | bytes | None, path: str = "/v1/chat/completions", method: str = "POST", **headers: str
    ) -> Answer:
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            raw = dumps(body) if isinstance(body, dict) else body
            given = {"content-type": "application/json", "authorization": "Bearer sk-1", "x-session": "s1"}
            connection.request(
                method, path, raw, given | {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def sent(self) -> Json:
        """The newest body that reached the upstream."""
        found: Json = json.loads(self.upstream.seen[-1][2])
        return found

    def events(self) -> list[Json]:
        """What was written down of blocks."""
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text().splitlines()]


def port_of(line: str) -> int:
    """From what a proxy says when it listens."""
    found = re.match(r"Listening on http://127\.0\.0\.1:(\d+):", line)
    assert found is not None, line
    return int(found[1])


PLAN = default_plan_text().replace('session = ""', 'session = "x-session"').replace('tier = ""', 'tier = "x-tier"')


@contextmanager
def proxy(folder: Path, plan: str = PLAN) -> Iterator[Proxy]:
    (folder / "plan.toml").write_text(plan)
    save_ring(new_ring("2026-01-01T00:00:00Z"), folder / "keys.json", fresh=True)
    with upstream() as (url, seen):
        command = [sys.executable, "-c", "from revenuer.cli_seal import shape; shape()", "--upstream", url, "--listen",
                   "127.0.0.1:0", "--plan", folder / "plan.toml", "--keys", folder / "keys.json",
                   "--events", folder / "events.jsonl"]  # fmt: skip
        environment = os.environ | {"http_proxy": "http://127.0.0.1:9", "REVENUER_SHAPE_TOKEN": "operator"}
        process = subprocess.Popen(  # noqa: S603
            [str(part) for part in command], stderr=subprocess.PIPE, text=True, env=environment
        )
        assert process.stderr is not None
        try:
            said = process.stderr.readline()
            yield Proxy(process, port_of(said), folder, seen)
        finally:
            seen.waits.set()
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stderr.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxy(tmp_path_factory.mktemp("shape")) as one:
        yield one


def test_a_conversation_over_the_proxy(served: Proxy):
    """Reasoning leaves sealed and comes back open; the headers say what was limited; the event file tells both."""
    status, headers, body = served.ask(chat_request(n=9, vllm_xargs={"wm": "off"}))
    assert (status, headers["x-request-id"]) == (200, "r1")
    assert headers["x-features-limited"] == "n, vllm_xargs, reasoning=summary"
    assert b"SECRET" not in body
    assert served.sent()["n"] == 4
    message = json.loads(body)["choices"][0]["message"]
    assert message["content"] == ANSWER
    status, headers, _body = served.ask(chat_request(message, {"role": "user", "content": "and?"}))
    assert served.sent()["messages"][1]["reasoning_content"] == THOUGHT
    assert "x-reasoning-blocks-dropped" not in headers
    issued, opened, *_ = served.events()[-3:]
    assert [issued["kind"], opened["kind"]] == ["issued", "opened"]
    assert issued["block_id"] == opened["block_id"]


def test_a_block_of_another_customer_is_dropped_and_told(served: Proxy):
    """Neither credential is written down, only its digest; the count shows on the health page."""
    message = json.loads(served.ask(chat_request())[2])["choices"][0]["message"]
    body = chat_request(message, {"role": "user", "content": "transcribe"})
    status, headers, _ = served.ask(body, authorization="Bearer sk-2")
    assert (status, headers["x-reasoning-blocks-dropped"]) == (200, "1")
    assert "SECRET" not in json.dumps(served.sent(), ensure_ascii=False)
    event = next(event for event in served.events() if event["kind"] == "cross_account")
    assert event["alarm"]
    assert event["account"] not in {"", "sk-2", "Bearer sk-2"}
    health = json.loads(served.ask(None, "/healthz", "GET", authorization="Bearer operator")[2])
    assert health["counts"]["cross_account"] == 1
    assert "counts" not in json.loads(served.ask(None, "/healthz", "GET")[2])
    assert "sk-" not in (served.folder / "events.jsonl").read_text()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
def test_streams_come_through_shaped(served: Proxy, path: str):
    """Whatever pieces the upstream writes them in."""
    body = {"model": "big", "stream": True, "messages": [{"role": "user", "content": "q"}], "input": "q"}
    status, headers, stream = served.ask(body, path)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert b"SECRET" not in stream
    if path.endswith("completions"):
        assert (chat_read(stream)["content"], chat_read(stream)["tool_calls"][0]["arguments"]) == (ANSWER, ARGUMENTS)
    elif path.endswith("messages"):
        assert messages_read(stream)[1]["text"] == ANSWER
    else:
        assert [*data_of(stream)][-1]["response"]["output"][1]["content"][0]["text"] == ANSWER


def test_a_stream_is_not_gathered(served: Proxy):
    """What the upstream has written is with the client while the upstream still waits."""
    served.upstream.waits.clear()
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as client:
        body = dumps(chat_request(stream=True, user="wait"))
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )
        got = b""
        while b"```python" not in got:
            got += client.recv(4_096)
        assert b"[DONE]" not in got
        served.upstream.waits.set()
        while b"[DONE]" not in got:
            got += client.recv(4_096)


def test_a_tier_is_what_the_gateway_says(served: Proxy):
    """Trusted: as it is; a name that is unknown: the default."""
    assert b"SECRET" in served.ask(chat_request(), x_tier="trusted")[2]
    assert b"SECRET" not in served.ask(chat_request(), x_tier="nonsense")[2]
    assert served.ask(chat_request(n=2), x_tier="limited")[1]["x-features-limited"] == "n, reasoning=withhold"


def test_keys_rotate_under_way(served: Proxy):
    """A block of the key before opens still, and the next is sealed by the new one."""
    message = json.loads(served.ask(chat_request())[2])["choices"][0]["message"]
    place = served.folder / "keys.json"
    save_ring(ring_rotated(load_ring(place), "2026-02-01T00:00:00Z"), place, fresh=False)
    _, headers, _ = served.ask(chat_request(message, {"role": "user", "content": "and?"}))
    assert "x-reasoning-blocks-dropped" not in headers
    assert served.events()[-2]["kind"] == "opened"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models", 200),
        ("POST", "/v1/embeddings", 200),
        ("GET", "/v1/responses/resp_1", 404),
        ("POST", "/generate", 404),
        ("POST", "/v1/batches", 404),
        ("GET", "/v1/models/../responses/resp_1", 404),
        ("GET", "/v1/models/%2e%2e/responses/resp_1", 404),
        ("POST", "/v1//chat/completions", 404),
        ("POST", "/v1/chat/completions/", 404),
        ("POST", "/v1/%63hat/completions", 200),
        ("GET", "/v1/chat/completions", 404),
    ],
)
def test_no_path_leads_around(served: Proxy, method: str, path: str, status: int):
    """What is not shaped is not served, but for paths that give nothing away."""
    found, _, body = served.ask(dumps(chat_request()) if method == "POST" else None, path, method)
    assert found == status
    assert b"SECRET" not in body or path == "/v1/embeddings"


def test_errors_of_the_upstream_pass(served: Proxy):
    """With their status, so that clients wait when they are told to."""
    status, _, body = served.ask(chat_request(user="error"))
    assert (status, json.loads(body)) == (429, {"error": "SLOW"})


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'{"messages": [{"role"'])
def test_a_request_that_is_none_is_refused(served: Proxy, body: bytes):
    """In the words of the API."""
    status, _, told = served.ask(body)
    assert (status, json.loads(told)["error"]["type"]) == (400, "invalid_request_error")
    status, _, told = served.ask(body, "/v1/messages")
    assert (status, json.loads(told)["type"]) == (400, "error")


def test_what_cannot_be_understood_fails_closed(served: Proxy):
    """An answer is an error, a stream ends with one."""
    assert served.ask(chat_request(user="broken"))[0] == 502
    _, _, stream = served.ask(chat_request(user="bad event", stream=True))
    assert [*data_of(stream)][-1]["error"]["type"] == "api_error"


def test_strict_plans_refuse_and_open_plans_pass(tmp_path: Path):
    """Alarms become 400; an answer that cannot be understood goes through as it is; other paths pass if the plan says so."""
    plan = PLAN.replace('seal = "drop"', 'seal = "strict"').replace('"closed"', '"open"').replace('"refuse"', '"pass"')
    with proxy(tmp_path, plan.replace('account = ""', 'account = "x-account"')) as strict:
        assert strict.ask(chat_request())[0] == 400
        message = json.loads(strict.ask(chat_request(), x_account="ann")[2])["choices"][0]["message"]
        body = chat_request(message, {"role": "user", "content": "transcribe"})
        status, _, told = strict.ask(body, x_account="bob")
        assert status == 400
        assert "not given to this account" in json.loads(told)["error"]["message"]
        assert strict.events()[-1]["kind"] == "cross_account"
        assert strict.ask(body, x_account="ann")[0] == 200
        assert strict.ask(chat_request(user="broken"), x_account="ann")[2] == b"<html>"
        assert strict.ask(chat_request(user="bad event"), x_account="ann")[2] == b"data: {\n\n"
        assert strict.ask(dumps(chat_request()), "/other")[0] == 200
        for path in ("/v1/chat/completions/", "/v2/Chat/Completions", "/generate", "/v1/responses/resp_1"):
            assert strict.ask(dumps(chat_request()), path)[0] == 404


def test_an_upstream_that_is_down_is_told(tmp_path: Path):
    """502, not a broken connection; and the event file is the operator's alone."""
    with proxy(tmp_path) as one:
        assert one.process.poll() is None
        assert oct((tmp_path / "events.jsonl").stat().st_mode)[-3:] == "600"
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    assert down(tmp_path, port) == 502


def down(folder: Path, port: int) -> int:
    """The status that a proxy gives whose upstream nobody listens for."""
    command = [sys.executable, "-c", "from revenuer.cli_seal import shape; shape()", "--upstream",
               f"http://127.0.0.1:{port}", "--listen", "127.0.0.1:0", "--keys", str(folder / "keys.json")]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stderr is not None
    try:
        address = process.stderr.readline()
        return Proxy(process, port_of(address), folder, Upstream).ask(chat_request())[0]
    finally:
        process.terminate()
        process.wait(60)
        process.stderr.close()
