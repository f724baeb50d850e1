"""Private set intersection over files and HTTP, and matching from findings to result."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from revenuer.cli import main
from revenuer.errors import InputError
from revenuer.sharing.matching import keyed
from revenuer.sharing.matching_asking import _keyed
from revenuer.sharing.matching_items import canonical, read_items, write_items
from revenuer.sharing.matching_keys import add_key, read_keys
from revenuer.sharing.psi import asked, new_answerer, new_asker

REVENUER = Path(sys.executable).with_name("revenuer")
MINUTE = 60
MINE = [canonical("network", f"198.51.{n}.1") for n in range(100)]
THEIRS = [canonical("network", f"198.51.{n}.1") for n in range(80, 250)]
BOTH = tuple(sorted(set(MINE) & set(THEIRS)))


def run(*arguments: object, secret: str = "") -> Result:
    return CliRunner(env={"REVENUER_MATCH_SECRET": secret}).invoke(main, ["match", *map(str, arguments)])


def test_the_intersection_and_nothing_else():
    """It is exact; no message holds an item or its plain hash, and the answerer cannot tell what was asked."""
    answerer, asker = new_answerer(), new_asker()
    set_up = answerer.set_up(THEIRS, most_asked=len(MINE))
    request = asker.request(MINE)
    answer = answerer.answer(request)
    assert asker.reveal(MINE, set_up, answer) == BOTH
    assert asked(request) == len(MINE)
    for message in (set_up, request, answer):
        for item in (*MINE[:5], *THEIRS[:5]):
            assert item.encode() not in message
            assert hashlib.sha256(item.encode()).digest() not in message
    assert new_asker().request(MINE) != request


def exchanged(spoilt: str, broken: Callable[[bytes], bytes]) -> tuple[str, ...]:
    """The intersection when one of the messages is replaced on its way."""

    def through(name: str, message: bytes) -> bytes:
        return broken(message) if name == spoilt else message

    answerer, asker = new_answerer(), new_asker()
    set_up = through("set-up", answerer.set_up(THEIRS, most_asked=100))
    answer = through("answer", answerer.answer(through("request", asker.request(MINE))))
    return asker.reveal(MINE, set_up, answer)


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda message: message[:-7],
    "noise": lambda _: b"\xff" * 50,
    "no points of the curve": lambda message: message.replace(message[20:40], b"\1" * 20),
}


@pytest.mark.parametrize(
    ("spoilt", "how"),
    [
        (name, how)
        for name in ("request", "answer", "set-up")
        for how in BROKEN
        if name != "set-up" or "curve" not in how
    ],
)
def test_hostile_messages_are_refused(spoilt: str, how: str):
    """None of them ends the process, or passes for a result."""
    with pytest.raises(InputError):
        exchanged(spoilt, BROKEN[how])


def test_a_garbled_set_up_has_nothing_of_ours():
    """It decodes to another set: matches go missing, and none is made up."""
    assert set(exchanged("set-up", BROKEN["no points of the curve"])) < set(BOTH)


def test_an_answer_to_another_request_is_refused():
    """Numbers of elements have to agree."""
    answerer, asker = new_answerer(), new_asker()
    set_up = answerer.set_up(THEIRS, most_asked=100)
    with pytest.raises(InputError, match="another request"):
        asker.reveal(MINE, set_up, answerer.answer(asker.request(MINE[:50])))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_items(tmp_path / "mine.csv", MINE)
    write_items(tmp_path / "theirs.csv", THEIRS)
    return tmp_path


def test_two_providers_intersect_over_files(folder: Path):
    """Four files travel or stay; the answerer's transcript says how much was asked, the asker's what was learnt."""
    ours, theirs = folder / "ours.log", folder / "theirs.log"
    steps = [
        ("psi-setup", folder / "theirs.csv", "--out", folder / "setup", "--secret", folder / "their.key"),
        ("psi-request", folder / "mine.csv", "--out", folder / "request", "--secret", folder / "our.key"),
        ("psi-answer", folder / "request", "--out", folder / "answer", "--secret", folder / "their.key",
         "--peer", "us", "--transcript", theirs),
        ("psi-reveal", folder / "mine.csv", folder / "setup", folder / "answer", "--out", folder / "both.csv",
         "--secret", folder / "our.key", "--peer", "them", "--transcript", ours),
    ]  # fmt: skip
    said = [run(*step) for step in steps]
    assert [one.exit_code for one in said] == [0] * 4, said
    assert read_items(folder / "both.csv") == BOTH
    assert (folder / "their.key").stat().st_mode & 0o077 == 0
    told = json.loads(theirs.read_text())
    assert (told["theirs"], told["learnt"], told["learnt_digest"]) == (100, None, None)
    assert json.loads(ours.read_text())["learnt"] == len(BOTH)
    refused = run(*steps[2], "--most", "99")
    assert refused.exit_code == 2
    assert "asks for more than it may" in refused.stderr
    again = run("psi-answer", folder / "mine.csv", *steps[2][2:])
    assert again.exit_code == 2


@contextmanager
def serving(*arguments: object) -> Iterator[str]:
    """`revenuer match serve` as a process; its address."""
    command = [REVENUER, "match", "serve", *map(str, arguments), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    try:
        told = process.stdout.readline()
        assert "Matching at " in told, process.poll()
        yield told.split(" at ")[1].strip()
    finally:
        process.terminate()
        process.wait(MINUTE)
        process.stdout.close()


def test_two_providers_match_over_http(folder: Path):
    """By key and by intersection the result is the same; strangers, other keys and greed are refused, all of it noted."""
    today = datetime.now(UTC).date()
    keys, log, ours = folder / "keys.json", folder / "their.log", folder / "our.log"
    add_key(keys, group="labs", begins=str(today - timedelta(days=5)), ends=str(today + timedelta(days=5)))
    secret = run("peer", "us", "--peers", folder / "peers.json").output.strip()
    assert secret not in (folder / "peers.json").read_text()
    run("psi-setup", folder / "theirs.csv", "--out", folder / "setup", "--secret", folder / "their.key")
    offered = ("--key", keys, "--psi", folder / "setup", folder / "their.key", "--per-hour", 3, "--most", 150)
    with serving(folder / "theirs.csv", "--peers", folder / "peers.json", "--transcript", log, *offered) as url:
        to = ("--peer", "them", "--transcript", ours, "--out", folder / "both.csv")
        for manner in (("--key", keys), ()):
            done = run("ask", folder / "mine.csv", url, *to, *manner, secret=secret)
            assert (done.exit_code, done.output) == (0, "20 of 100 items in common\n"), done.stderr
            assert read_items(folder / "both.csv") == BOTH
        assert "401" in run("ask", folder / "mine.csv", url, *to, secret="wrong").stderr  # noqa: S106
        assert "takes 150 items at once" in run("ask", folder / "theirs.csv", url, *to, secret=secret).stderr
        header = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=url, headers=header, timeout=MINUTE, trust_env=False) as http:
            for body in (b"", b"[]", b'{"key_id":"x","hashes":["zz"]}', b'{"key_id":"x","hashes":["00"]}'):
                assert http.post("/match/v1/keyed", content=body).status_code == 400
            assert http.post("/match/v1/keyed", content=b'{"key_id":"x","hashes":[]}').status_code == 409
            assert http.post("/match/v1/psi", content=b"\xff" * 40).status_code == 400
        assert run("ask", folder / "mine.csv", url, *to, secret=secret).exit_code == 0
        spent = run("ask", folder / "mine.csv", url, *to, secret=secret)
        assert (spent.exit_code, "429" in spent.stderr) == (2, True)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    told = [(one["how"], one["role"], one["learnt"]) for one in entries]
    assert told == [("keyed", "answered", 20), *[("psi", "answered", None)] * 2, ("psi", "refused", None)]
    assert [json.loads(line)["learnt"] for line in ours.read_text().splitlines()] == [20] * 3
    assert run("transcript", log).exit_code == 0


@contextmanager
def answering(hashes: list[str]) -> Iterator[str]:
    """A peer that has one answer to everything; its address."""

    class Peer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"hashes": hashes}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Peer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(MINUTE)


def test_a_peer_that_answers_what_was_not_asked_is_refused(folder: Path):
    """Hashes that we did not send are no result, however they came about."""
    add_key(folder / "keys.json", group="labs", begins="2026-11-01", ends="2026-12-01")
    key = read_keys(folder / "keys.json")[0]
    foreign = next(iter(keyed([THEIRS[-1]], key))).hex()
    for answer in ([foreign], ["00"], ["zz"]):
        with (
            answering(answer) as url,
            httpx.Client(base_url=url, timeout=MINUTE, trust_env=False) as http,
            pytest.raises(InputError, match="answers with"),
        ):
            _keyed(http, MINE, key)


def test_items_are_what_campaigns_have_to_themselves(tmp_path: Path):
    """A network and a card of flagged accounts are told, what an honest account uses as well and weak campaigns are not."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from traffic_samples import rows  # noqa: PLC0415

    owners = {"bad1": "203.0.113.5", "bad2": "203.0.113.9", "weak": "192.0.2.1", "good": "198.51.100.7"}
    exchanges = [
        row | {"exchange_id": f"x{n}", "account_id": account, "ip": ip}
        for n, (row, (account, ip)) in enumerate(zip(rows(5), [*owners.items(), ("good", "198.51.100.9")], strict=True))
    ]
    (tmp_path / "traffic").mkdir()
    pq.write_table(pa.Table.from_pylist(exchanges), tmp_path / "traffic" / "exchanges.parquet")
    accounts = [{"account_id": "bad1", "payment_fingerprint": "card-1", "device_fingerprint": "shared"}]
    accounts += [{"account_id": "good", "payment_fingerprint": "card-2", "device_fingerprint": "shared"}]
    pq.write_table(pa.Table.from_pylist(accounts), tmp_path / "traffic" / "accounts.parquet")
    campaign = {
        "campaign_id": "C", "confidence": 0.99, "accounts": 2, "exchanges": 2, "first_seen": "", "last_seen": "",
        "capabilities": {}, "pathways": {}, "account_ids": ["bad1", "bad2"], "frames": ["Solve <TEXT>"],
        "evidence": [], "alternatives": [],
    }  # fmt: skip
    weak = campaign | {"campaign_id": "W", "confidence": 0.6, "account_ids": ["weak"], "frames": ["other"]}
    (tmp_path / "findings").mkdir()
    document = json.dumps({"schema": 1, "campaigns": [campaign, weak]})
    (tmp_path / "findings" / "campaigns.json").write_text(document)
    done = run("items", tmp_path / "findings", "--traffic", tmp_path / "traffic", "--out", tmp_path / "items.csv")
    assert done.exit_code == 0, done.stderr
    kinds = [item.split(" ")[0] for item in read_items(tmp_path / "items.csv")]
    found = {item for item in read_items(tmp_path / "items.csv") if not item.startswith("template")}
    assert found == {"network 203.0.113.0/24", "payment card-1"}
    assert kinds.count("template") == 1
