"""OTLP over HTTP: real exporters send, a real server on a real socket receives, `convert` reads what it kept."""

from __future__ import annotations

import gzip
import http.client
import json
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from revenuer.cli import main

pytest.importorskip("uvicorn", reason="needs the extra 'service'")
pytest.importorskip("starlette", reason="needs the extra 'service'")

TRACE = "0" * 31 + "1"
Headers = dict[str, str]


def span(number: int, **attributes: Any) -> dict[str, Any]:
    """A call of a model as OTLP/JSON."""
    said = {"gen_ai.request.model": "m", "user.id": f"u{number}", **attributes}
    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": f"question {number}"}]}])
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    pairs.append({"key": "gen_ai.input.messages", "value": {"stringValue": messages}})
    ids = {"traceId": f"{number:032x}", "spanId": f"{number:016x}"}
    return {**ids, "startTimeUnixNano": str(1_772_359_200_000_000_000 + number), "attributes": pairs}


def export(*spans: Any) -> dict[str, Any]:
    """A payload of these spans."""
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


class Served:
    """A receiver in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str, folder: Path) -> None:
        self.process, self.folder = process, folder
        self.host, _, port = address.removeprefix("http://").rpartition(":")
        self.port = int(port)
        self.address = address

    def post(self, body: bytes, path: str = "/v1/traces", **headers: str) -> tuple[int, bytes, Headers]:
        """Status, body and headers of the answer."""
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.ask("POST", path, body, sent)

    def ask(self, method: str, path: str, body: bytes | None, headers: Headers) -> tuple[int, bytes, Headers]:
        """One request over a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def kept(self) -> list[dict[str, Any]]:
        """Spans and log records in the files that a reader sees."""
        lines = [line for path in sorted(self.folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
        resources = [part for line in lines for whole in json.loads(line).values() for part in whole]
        scopes = [scope for part in resources for scope in part.get("scopeSpans", part.get("scopeLogs"))]
        return [record for scope in scopes for record in scope.get("spans", scope.get("logRecords"))]


@contextmanager
def serving(folder: Path, *options: str, token: str = "") -> Iterator[Served]:
    """The command, from the moment it says where it listens; killed at the end if it still runs."""
    arguments = ["receive", "--out", str(folder), "--listen", "127.0.0.1:0", *options]
    environment = {"REVENUER_RECEIVE_TOKEN": token, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    code = "import sys; from revenuer.cli import main; main(sys.argv[1:])"
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "Listening on http://" in said, said + process.stderr.read()
            served = Served(process, said.split()[2].rstrip(":"), folder)
            _wait(served)
            yield served
        finally:
            process.kill()


def _wait(served: Served) -> None:
    """Until the loop runs: the socket listens before it does."""
    assert served.ask("GET", "/healthz", None, {})[0] == 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One receiver for all that only ask and look at the answer."""
    with serving(tmp_path_factory.mktemp("received"), "--max-body", "100KB") as found:
        yield found


def test_what_real_exporters_send_becomes_traffic(tmp_path: Path) -> None:
    """The SDK's exporters send spans and log records with gzip; after a drain `convert` reads one exchange a call."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the OpenTelemetry SDK and its exporter")
    with serving(tmp_path / "in") as served:
        _send(served.address)
        assert served.stop() == 0
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "-q"])
    assert done.exit_code == 0, done.output
    rows = pq.read_table(tmp_path / "out" / "exchanges").sort_by("prompt").to_pylist()
    assert [(row["prompt"], row["response"], row["account_id"]) for row in rows] == [
        (f"question {number}", "answer", "acct") for number in range(5)
    ]


def _send(address: str) -> None:
    """Five calls: content in log events, the rest in spans, through batch processors."""
    from opentelemetry._logs import LogRecord  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    tracers, loggers = TracerProvider(), LoggerProvider()
    packed = Compression.Gzip
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{address}/v1/traces", compression=packed)))
    loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{address}/v1/logs", compression=packed)))
    asked = {"gen_ai.system": "openai", "gen_ai.request.model": "m", "user.id": "acct"}
    for number in range(5):
        with tracers.get_tracer("t").start_as_current_span("chat m", attributes=asked):
            logger = loggers.get_logger("t")
            logger.emit(
                LogRecord(event_name="gen_ai.user.message", body={"content": f"question {number}"}, timestamp=1)
            )
            answer = {"finish_reason": "stop", "message": {"content": "answer"}}
            logger.emit(LogRecord(event_name="gen_ai.choice", body=answer, timestamp=2))
    tracers.shutdown()
    loggers.shutdown()


def test_an_acknowledged_export_survives_a_kill(tmp_path: Path) -> None:
    """After kill -9 the next run finishes the file, and everything that was acknowledged is in it."""
    with serving(tmp_path) as served:
        for number in range(1, 4):
            assert served.post(json.dumps(export(span(number))).encode())[0] == 200
        served.stop(signal.SIGKILL)
        assert served.kept() == []
    with serving(tmp_path) as again:
        assert [record["traceId"][-1] for record in again.kept()] == ["1", "2", "3"]


def test_a_full_disk_turns_senders_away_for_a_while(tmp_path: Path) -> None:
    """What cannot be stored is answered with 503 and when to come again; what was acknowledged stays."""
    with serving(tmp_path) as served:
        assert served.post(json.dumps(export(span(1))).encode())[0] == 200
        before = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
        status, said, headers = served.post(json.dumps(export(span(2), span(3), span(4))).encode())
        assert (status, headers["retry-after"], json.loads(said)["code"]) == (503, "5", 14)
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, before)
        assert served.post(json.dumps(export(span(5))).encode())[0] == 200
        served.stop()
        assert [record["spanId"][-1] for record in served.kept()] == ["1", "5"]


def test_files_rotate_while_it_serves(tmp_path: Path) -> None:
    """An old file appears without a new request."""
    with serving(tmp_path, "--rotate-seconds", "0.2") as served:
        served.post(json.dumps(export(span(1))).encode())
        for _ in range(600):
            if served.kept():
                break
            time.sleep(0.1)
        assert len(served.kept()) == 1


def test_a_request_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    """SIGTERM lets a sender finish its body, and keeps what it sent."""
    body = json.dumps(export(span(1))).encode()
    lines = (
        "POST /v1/traces HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(body)}",
        "expect: 100-continue", "", "",
    )  # fmt: skip
    with serving(tmp_path) as served, socket.create_connection((served.host, served.port), timeout=60) as sender:
        sender.sendall("\r\n".join(lines).encode())
        assert sender.recv(100).startswith(b"HTTP/1.1 100")  # the body is being waited for
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        sender.sendall(body)
        assert sender.recv(100).startswith(b"HTTP/1.1 200")
        assert served.process.wait(60) == 0
        assert len(served.kept()) == 1


def test_what_is_no_span_is_a_partial_success(served: Served) -> None:
    """The rest of the payload is kept, and the answer says how many were not, in JSON and in protobuf."""
    body = json.dumps(export(span(1), "no span", {"traceId": "short"}, span(2))).encode()
    status, said, _ = served.post(body)
    assert (status, json.loads(said)["partialSuccess"]["rejectedSpans"]) == (200, "2")
    proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    request = proto.ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(name="without ids")
    status, said, headers = served.post(request.SerializeToString(), content_type="application/x-protobuf")
    answer = proto.ExportTraceServiceResponse.FromString(said)
    assert (status, answer.partial_success.rejected_spans) == (200, 1)
    assert headers["content-type"] == "application/x-protobuf"


def test_what_concerns_no_exchange_is_accepted_and_not_kept(tmp_path: Path) -> None:
    """Spans of databases and web servers are none of ours; those that tell who asks are."""
    web = {"traceId": TRACE, "spanId": "1" * 16, "attributes": [{"key": "db.system", "value": {"stringValue": "x"}}]}
    client = {**web, "attributes": [{"key": "client.address", "value": {"stringValue": "203.0.113.7"}}]}
    with serving(tmp_path) as served:
        assert served.post(json.dumps(export(web, client)).encode())[:2] == (200, b"{}")
        assert json.loads(served.ask("GET", "/healthz", None, {})[1])["passed_over"] == 1
        served.stop()
        assert [record["attributes"][0]["key"] for record in served.kept()] == ["client.address"]


BOMB = gzip.compress(b"[" + b" " * 5_000_000 + b"]", mtime=0)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"{", {}),
        (400, b"[]", {}),
        (400, b"[" * 50_000, {}),
        (400, b"\x0a\xff\xff", {"content_type": "application/x-protobuf"}),
        (400, b"no gzip", {"content_encoding": "gzip"}),
        (400, gzip.compress(b"{}", mtime=0)[:-9], {"content_encoding": "gzip"}),
        (400, gzip.compress(b"{}", mtime=0) * 2, {"content_encoding": "gzip"}),
        (413, b" " * 100_001, {}),
        (413, BOMB, {"content_encoding": "gzip"}),
        (415, b"{}", {"content_type": "text/plain"}),
        (415, b"{}", {"content_encoding": "br"}),
    ],
)
def test_bad_requests_are_refused_with_a_status_of_their_own(
    served: Served, status: int, body: bytes, headers: Headers
) -> None:
    """Damaged, oversized and foreign bodies; bombs are not unpacked. The server serves on."""
    found, said, _ = served.post(body, **headers)
    assert found == status
    assert len(said) < 300
    assert served.post(json.dumps(export(span(9))).encode())[0] == 200


def test_other_paths_and_methods_are_not_there(served: Served) -> None:
    """Metrics are not received, and nothing is given out."""
    assert served.post(b"{}", "/v1/metrics")[0] == 404
    assert served.ask("GET", "/v1/traces", None, {})[0] == 405


def test_a_token_keeps_strangers_out(tmp_path: Path) -> None:
    """Without the token, or with another, nothing is read."""
    body = json.dumps(export(span(1))).encode()
    with serving(tmp_path, token="s3cret") as served:  # noqa: S106 (it keeps nothing)
        assert served.post(body)[0] == 401
        assert served.post(body, authorization="Bearer s3cre")[0] == 401
        assert served.post(body, authorization="Bearer s3cret")[0] == 200
        served.stop()
        assert len(served.kept()) == 1


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("0.0.0.0:0", "REVENUER_RECEIVE_TOKEN"), ("example.org:80", "REVENUER_RECEIVE_TOKEN"), ("4318", "HOST:PORT"),
        ("127.0.0.1:99999", "HOST:PORT"), (":1", "HOST:PORT"),
    ],
)  # fmt: skip
def test_addresses_that_cannot_be_listened_on_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: str, said: str
) -> None:
    """One line, exit code 2, and no folder left behind."""
    monkeypatch.delenv("REVENUER_RECEIVE_TOKEN", raising=False)
    done = CliRunner().invoke(main, ["receive", "--out", str(tmp_path / "in"), "--listen", listen])
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (tmp_path / "in").exists()


def test_a_taken_port_and_a_bad_size_are_told(tmp_path: Path) -> None:
    """Errors of the command line and of the system are one line each."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = CliRunner().invoke(main, ["receive", "--out", str(tmp_path / "in"), "--listen", listen])
    assert (done.exit_code, "in use" in done.stderr) == (2, True)
    done = CliRunner().invoke(main, ["receive", "--out", str(tmp_path / "in"), "--max-body", "huge"])
    assert (done.exit_code, "64MB" in done.stderr) == (2, True)


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receiving needs packages that the core leaves out."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = CliRunner().invoke(main, ["receive", "--out", str(tmp_path / "in")])
    assert (done.exit_code, "revenuer[service]" in done.stderr) == (2, True)
