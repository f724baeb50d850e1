"""The lane gives the answers of the application, however a request comes over the wire, in order and counted once."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator

import pytest
from gateway_world import NOON, PATIENCE, TASK, Gate, recorded, serving

from revenuer.service import bodies
from revenuer.service.answers import Refused
from revenuer.service.keys import create
from revenuer.state import open_state

TOKEN = "s3cret"  # noqa: S105


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gate, str]]:
    """A server on a state with a campaign, that asks for a token, and a key that opens its figures."""
    folder = tmp_path_factory.mktemp("lane")
    url = str(folder / "state.db")
    recorded(url)
    state = open_state(url)
    key = create(state, name="figures", scopes=["read"], by="test", at=NOON).secret
    state.close()
    with serving(url, folder, "--max-body", "9KB", "--keys", environment={"REVENUER_SERVE_TOKEN": TOKEN}) as running:
        yield running, key


@pytest.fixture
def gate(served: tuple[Gate, str]) -> Gate:
    """The server."""
    return served[0]


def request(account: str, prompt: str = "", *, line: str = "POST /v1/decide HTTP/1.1", more: str = "") -> bytes:
    """A request as it goes over the wire."""
    body = json.dumps({"account_id": account, "prompt": prompt}).encode()
    key = "" if "x-revenuer-key" in more else f"x-revenuer-key: {TOKEN}\r\n"
    return f"{line}\r\nhost: h\r\n{key}{more}content-length: {len(body)}\r\n\r\n".encode() + body


def answers(gate: Gate, *parts: bytes, wanted: int = 1) -> list[tuple[int, dict[str, str]]]:
    """Status and JSON of so many answers to what is sent part by part; the next part follows a visible pause."""
    with socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENCE) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts[:-1]:
            one.sendall(part)
            gate.ask("/healthz")  # the server has read the part before it answers this
        one.sendall(parts[-1])
        got = b""
        while len(found := _found(got)) < wanted and (more := one.recv(65_536)):
            got += more
    return found


def _found(got: bytes) -> list[tuple[int, dict[str, str]]]:
    """The whole answers at the beginning."""
    found: list[tuple[int, dict[str, str]]] = []
    while True:
        head, _, rest = got.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if length is None or len(rest) < int(length[1]):
            return found
        found.append((int(head.split()[1]), json.loads(rest[: int(length[1])])))
        got = rest[int(length[1]) :]


def counted(gate: Gate, key: str) -> int:
    """Answers of `/v1/decide` that the figures know."""
    text = gate.ask("/metrics", headers={"authorization": f"Bearer {key}"})[1]
    found = re.findall(r'revenuer_requests_total{operation="decide",status="\d+"} (\d+)', text.decode())
    return sum(map(int, found))


def test_an_answer_is_the_same_in_one_piece_and_in_many(gate: Gate) -> None:
    """Split in the head, before the body or within it, a request is answered as it is in one piece."""
    for account, prompt in (("somebody", "How do I bake bread?"), ("acct-1", ""), ("reseller", TASK)):
        whole = request(account, prompt)
        head = whole.index(b"\r\n\r\n") + 4
        told = answers(gate, whole)
        assert told[0][0] == 200
        for at in (30, head, head + 9):
            assert answers(gate, whole[:at], whole[at:]) == told


def test_requests_in_one_packet_are_answered_in_order(gate: Gate) -> None:
    """Some are answered in the lane, some have to be on disk first: none overtakes another."""
    asked = ("somebody", "acct-1", "somebody", "acct-2", "acct-3", "somebody", "somebody")
    told = answers(gate, b"".join(request(one) for one in asked), wanted=len(asked))
    assert [said["action"] for _, said in told] == ["allow" if one == "somebody" else "verify" for one in asked]


@pytest.mark.parametrize(
    ("line", "more", "status"),
    [
        ("POST /v1/decide HTTP/1.1", "", 200),
        ("POST /v1/decide HTTP/1.1", "connection: close\r\n", 200),
        ("POST /v1/decide HTTP/1.1", "expect: 100-continue\r\n", 200),
        ("POST /v1/decide HTTP/1.0", "", 200),
        ("POST /v1/decide?x=1 HTTP/1.1", "", 200),
        ("GET /v1/decide HTTP/1.1", "", 405),
        ("POST /v1/decide HTTP/1.1", "x-revenuer-key: wrong\r\n", 401),
        ("POST /v1/Decide HTTP/1.1", "", 404),
    ],
)
def test_whatever_is_special_is_answered_by_the_application(gate: Gate, line: str, more: str, status: int) -> None:
    """Other versions, methods, paths, connections and keys get what they got without the lane."""
    ((answered, said),) = answers(gate, request("somebody", line=line, more=more))
    assert (answered, said.get("action", "allow")) == (status, "allow")


def test_a_body_in_chunks_is_read(gate: Gate) -> None:
    """A body without a length, in the packet of its head or behind it, is decided on."""
    head, _, body = request("acct-1").partition(b"\r\n\r\n")
    chunked = head[: head.index(b"content-length")] + b"transfer-encoding: chunked\r\n\r\n"
    rest = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    for parts in ((chunked + rest,), (chunked, rest)):
        ((status, said),) = answers(gate, *parts)
        assert (status, said["action"]) == (200, "verify")


@pytest.mark.parametrize("size", [9_001, 60_000])
def test_a_body_that_is_too_large_is_refused(gate: Gate, size: int) -> None:
    """Also where it came with its head in one packet."""
    ((status, _),) = answers(gate, request("somebody", "x" * size))
    assert status == 413


def test_every_answer_is_counted_once(served: tuple[Gate, str]) -> None:
    """Those of the lane, those that were decided there and kept by the application, and those that it refused."""
    gate, key = served
    before = counted(gate, key)
    answers(gate, request("somebody") + request("acct-1") + request("") + request("somebody"), wanted=4)
    gate.until(lambda: counted(gate, key) >= before + 4)
    assert counted(gate, key) == before + 4


def test_a_body_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who announces a body and sends none of it does not hold a connection for ever."""
    monkeypatch.setattr(bodies, "READING_SECONDS", 0.01)
    scope = {"type": "http", "headers": [(b"content-length", b"5")]}
    with pytest.raises(Refused) as told:
        asyncio.run(bodies.whole(scope, asyncio.Event().wait, 10))  # type: ignore[arg-type]
    assert told.value.status == 408


def test_half_a_request_and_a_lost_connection_harm_nobody(gate: Gate) -> None:
    """Who goes away within a body, or sends what is no HTTP behind a head, leaves a server that answers."""
    whole = request("somebody")
    for rest in (b"", b"\r\n\r\n\x00 no request \x00\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", gate.port), timeout=PATIENCE) as one:
            one.sendall(whole[:-5] + rest)
    assert answers(gate, whole)[0][1]["action"] == "allow"
