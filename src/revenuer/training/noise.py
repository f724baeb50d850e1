"""Texts that ask for nothing, made at random: strings and marks, numbers, letters, and logs in four styles."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

__all__ = ["LOGS", "STRINGS", "Maker"]

Maker = Callable[[np.random.Generator], str]

_PARTS: Final = (
    "worker",
    "cache",
    "proxy",
    "queue",
    "disk",
    "auth",
    "mailer",
    "scheduler",
    "gateway",
    "indexer",
    "replica",
)
_THINGS: Final = (
    "connection",
    "session",
    "retry",
    "job",
    "lease",
    "snapshot",
    "request",
    "heartbeat",
    "token",
    "upload",
)
_HAPPENED: Final = ("closed", "opened", "timed out", "finished", "refused", "expired", "renewed", "dropped", "started")
_LEVELS: Final = ("INFO", "WARN", "ERROR", "DEBUG")
_MONTHS: Final = ("Jan", "Feb", "Mar", "May", "Sep", "Oct", "Nov")
_HOSTS: Final = ("host", "node", "web", "db", "edge")
_PATHS: Final = ("/index.html", "/health", "/static/app.js", "/login", "/items", "/favicon.ico", "/api/v2/list")


def _of(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _said(rng: np.random.Generator) -> str:
    return f"{_of(rng, _THINGS)} {rng.integers(10_000)} {_of(rng, _HAPPENED)}"


def _clock(rng: np.random.Generator) -> str:
    return ":".join(f"{n:02d}" for n in rng.integers(0, (24, 60, 60)))


def _service(rng: np.random.Generator) -> str:
    day = f"2025-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
    return f"{day}T{_clock(rng)}Z {_of(rng, _LEVELS)} {_of(rng, _PARTS)}-{rng.integers(9)}: {_said(rng)}"


def _syslog(rng: np.random.Generator) -> str:
    process = f"{_of(rng, _PARTS)}d[{rng.integers(100, 30_000)}]"
    return f"{_of(rng, _MONTHS)} {rng.integers(1, 29)} {_clock(rng)} {_of(rng, _HOSTS)}{rng.integers(20)} {process}: {_said(rng)}"


def _access(rng: np.random.Generator) -> str:
    address = ".".join(str(n) for n in rng.integers(1, 255, 4))
    when = f"[{rng.integers(1, 29)}/{_of(rng, _MONTHS)}/2025:{_clock(rng)} +0000]"
    return f'{address} - - {when} "GET {_of(rng, _PATHS)} HTTP/1.1" {rng.choice((200, 304, 404, 500))} {rng.integers(9000)}'


def _json_line(rng: np.random.Generator) -> str:
    fields = {"ts": int(rng.integers(1_700_000_000, 1_760_000_000)), "level": _of(rng, _LEVELS).lower()}
    return json.dumps(fields | {"logger": _of(rng, _PARTS), "msg": _said(rng), "ms": int(rng.integers(2000))})


def _lines(line: Maker) -> Maker:
    return lambda rng: "\n".join(line(rng) for _ in range(int(rng.integers(1, 15))))


def _letters(rng: np.random.Generator) -> str:
    words = [rng.choice(list(string.ascii_lowercase), rng.integers(2, 10)) for _ in range(rng.integers(3, 40))]
    return " ".join("".join(word) for word in words)


def _numbers(rng: np.random.Generator) -> str:
    return "\n".join(",".join(str(n) for n in rng.integers(0, 10_000, 4)) for _ in range(rng.integers(1, 20)))


STRINGS: Final[Mapping[str, Maker]] = {
    "empty": lambda rng: " " * int(rng.integers(0, 3)),
    "marks": lambda rng: "".join(rng.choice(list("?!.-{}[]"), rng.integers(1, 12))),
    "base64": lambda rng: base64.b64encode(rng.bytes(int(rng.integers(24, 600)))).decode(),
    "hexadecimal": lambda rng: rng.bytes(int(rng.integers(16, 400))).hex(),
    "random letters": _letters,
    "numbers": _numbers,
}

# Families to train on, too: each is scored by models that saw the others.
LOGS: Final[Mapping[str, Maker]] = {
    "service_log": _lines(_service),
    "syslog": _lines(_syslog),
    "access_log": _lines(_access),
    "json_log": _lines(_json_line),
}
