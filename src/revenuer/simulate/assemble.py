"""A group's requests as Arrow rows: ids, models, addresses, clients, sizes, outcomes; one code for all, so nothing tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from revenuer.schema import ACCOUNTS, EXCHANGES
from revenuer.simulate.catalogue import CLIENTS, MODELS
from revenuer.simulate.requests import Group
from revenuer.simulate.world import START, World, hex_ids

__all__ = ["accounts_table", "dotted", "exchanges_table"]

Ints = NDArray[np.int64]

_SENTENCE: Final = 15  # tokens of a sentence, about
_REFUSED: Final = (
    "I can't help with that request.",
    "Sorry, this is something I am not able to do.",
    "This request was declined.",
)


def dotted(address: int) -> str:
    """An IPv4 address in its usual form."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def _stamp(seconds: NDArray[np.float64], rng: np.random.Generator) -> pa.Array:
    """UTC timestamps; the part below a second is chance for everybody."""
    whole = np.floor(seconds).astype(np.int64) + START
    return pa.array(whole * 1_000_000 + rng.integers(0, 1_000_000, len(whole)), pa.timestamp("us", tz="UTC"))


def accounts_table(group: Group, world: World, key: int) -> pa.Table:
    """The group's accounts as the contract has them, with `label` and `campaign` behind."""
    table = dict(group.cohort.table)
    created = np.array(table["created_at"], dtype=np.float64)
    columns = {
        **{
            name: pa.array(table[name], ACCOUNTS.field(name).type)
            for name in table
            if name not in {"created_at", "signup_ip"}
        },
        "created_at": _stamp(created, world.rng("created", key)),
        "signup_ip": pa.array([dotted(int(a)) for a in table["signup_ip"]]),  # type: ignore[call-overload]
    }
    ordered = pa.table({name: columns[name] for name in ACCOUNTS.names}, schema=ACCOUNTS)
    n = group.cohort.size
    ordered = ordered.append_column("label", pa.array([group.label] * n, pa.string()))
    return ordered.append_column("campaign", pa.array([group.campaign] * n, pa.string()))


def _outcome(rng: np.random.Generator, status: list[str]) -> list[str]:
    draw = rng.random(len(status))
    base = np.where(
        draw < 0.012, "refused", np.where(draw < 0.024, "rate_limited", np.where(draw < 0.031, "error", "ok"))
    )
    return [given or str(b) for given, b in zip(status, base, strict=True)]


def _tokens(texts: Sequence[str | None], rng: np.random.Generator) -> Ints:
    size = np.array([len(t) if t else 0 for t in texts], dtype=np.float64)
    return np.asarray(np.ceil(size / rng.normal(4.0, 0.25, len(size)).clip(2.8, 5.2)), dtype=np.int64)


def _reasoning(
    rng: np.random.Generator, group: Group, thinking: NDArray[np.bool_], status: list[str]
) -> tuple[list[str | None], list[list[str] | None]]:
    """Blocks given out with thinking answers, and those sent back: the conversation's last one, or as the group says."""
    requests = group.requests
    ids = hex_ids(rng, len(thinking), "rb_", 16)
    issued = [i if t and s == "ok" else None for i, t, s in zip(ids, thinking.tolist(), status, strict=True)]
    refs: list[list[str] | None] = []
    turn, wanted = requests.turn.tolist(), requests.refs.tolist()
    for row in range(len(ids)):
        source = wanted[row] if wanted[row] >= 0 else row - 1 if turn[row] > 0 else -1
        block = issued[source] if source >= 0 else None
        refs.append([block] if block and thinking[row] else [])
    return issued, refs


def _places(rng: np.random.Generator, group: Group) -> tuple[Ints, Ints]:
    """Address and client of each row, the same through a conversation."""
    session = group.requests.session
    count = int(session.max(initial=0)) + 1
    column = np.minimum(rng.geometric(0.45, count) - 1, 7)[session]
    client = np.where(rng.random(count) < 0.8, 0, rng.integers(0, 3, count))[session]
    who = group.requests.who
    return group.cohort.addresses[who, column].astype(np.int64), group.cohort.clients[who, client]


def exchanges_table(group: Group, world: World, key: int) -> pa.Table:
    """The group's exchanges without `exchange_id`, with `extraction`, `capability` and `campaign` (truth) behind."""
    rng, requests = world.rng("exchanges", key), group.requests
    columns = {**_facts(rng, world, group), **_served(rng, world, group)}
    arrays = {name: _column(name, columns[name]) for name in EXCHANGES.names if name != "exchange_id"}
    arrays["truth_extraction"] = pa.array(requests.extraction)
    arrays["truth_capability"] = pa.array(requests.capability, pa.string())
    arrays["truth_campaign"] = pa.array(
        [group.campaign if e else None for e in requests.extraction.tolist()], pa.string()
    )
    return pa.table(arrays)


def _facts(rng: np.random.Generator, world: World, group: Group) -> dict[str, object]:
    """What stands in the request: who, when, from where, with what."""
    requests, cohort = group.requests, group.cohort
    rows, table = requests.who.tolist(), cohort.table
    address, client = _places(rng, group)
    sessions = hex_ids(rng, int(requests.session.max(initial=0)) + 1, "ses_", 16)
    return {
        "ts": _stamp(requests.at, rng),
        "account_id": [table["account_id"][w] for w in rows],
        "org_id": [table["org_id"][w] for w in rows],
        "credential_id": _credentials(rng, cohort.credentials, rows),
        "end_user_id": requests.end_user,
        "session_id": [sessions[s] for s in requests.session.tolist()],
        "turn": requests.turn,
        "pathway": [cohort.pathway[w] for w in rows],
        "ip": [dotted(a) for a in address.tolist()],
        "asn": world.asns[address >> 16],
        "user_agent": [CLIENTS[c].user_agent for c in client.tolist()],
        "tls_fingerprint": [CLIENTS[c].tls for c in client.tolist()],
        "system": requests.system,
        "prompt": requests.prompt,
        "max_tokens": cohort.max_tokens[requests.who],
        "temperature": cohort.temperature[requests.who],
        "tools": requests.tools,
        "images": requests.images,
    }


def _served(rng: np.random.Generator, world: World, group: Group) -> dict[str, object]:
    """What the service made of it: model, outcome, answer, sizes, reasoning blocks."""
    requests, cohort, who = group.requests, group.cohort, group.requests.who
    n = len(who)
    adopted = world.models(cohort.tier[who], requests.at, cohort.delay[who])
    model = np.where(requests.model >= 0, requests.model, adopted)
    thinking = np.where(requests.thinking >= 0, requests.thinking > 0, rng.random(n) < cohort.thinking[who])
    status = _outcome(rng, requests.status)
    issued, refs = _reasoning(rng, group, thinking, status)
    response = _answers(rng, _filled(rng, world, requests.response), status)
    history = np.where(requests.turn > 0, requests.turn * rng.integers(150, 600, n), 0)
    asked = _tokens(requests.prompt, rng) + _tokens(requests.system, rng) + 8
    return {
        "model": [MODELS[m].name for m in model.tolist()],
        "thinking": thinking,
        "status": status,
        "response": response,
        "input_tokens": asked + history + requests.tools * 90 + requests.images * 1_100,
        "output_tokens": _produced(rng, response, status, thinking, cohort.max_tokens[who].astype(np.int64)),
        "reasoning_refs": refs,
        "reasoning_issued": issued,
    }


def _column(name: str, values: object) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    kind = EXCHANGES.field(name).type
    return pa.array(values, pa.large_string() if kind == pa.string() else kind)


def _credentials(rng: np.random.Generator, held: list[list[str]], rows: list[int]) -> list[str]:
    draw = rng.random(len(rows)).tolist()
    return [held[w][int(d * len(held[w]))] for w, d in zip(rows, draw, strict=True)]


def _filled(rng: np.random.Generator, world: World, given: list[str | None]) -> list[str | None]:
    """Answers for requests whose text came without one: a few general sentences."""
    bank = world.sentences()
    wanted = rng.choice(world.texts.lengths(), len(given))
    count = np.clip(np.round(wanted / _SENTENCE), 1, 25).astype(np.int64)
    which = rng.integers(0, len(bank), int(count.sum())).tolist()
    at = 0
    filled: list[str | None] = []
    for text, k in zip(given, count.tolist(), strict=True):
        filled.append(text if text is not None else " ".join(bank[i] for i in which[at : at + k]))
        at += k
    return filled


def _answers(rng: np.random.Generator, given: list[str | None], status: list[str]) -> list[str | None]:
    pick = rng.integers(0, len(_REFUSED), len(given)).tolist()
    return [
        text if state == "ok" else _REFUSED[p] if state == "refused" else None
        for text, state, p in zip(given, status, pick, strict=True)
    ]


def _produced(
    rng: np.random.Generator,
    response: list[str | None],
    status: list[str],
    thinking: NDArray[np.bool_],
    limit: Ints,
) -> Ints:
    """Output tokens: those of the answer; thinking adds its own, and a log may have cut off what went out."""
    size = _tokens(response, rng) + 2
    size = size + np.where(thinking, rng.lognormal(5.6, 0.8, len(response)).astype(np.int64), 0)
    size = np.where([s in {"rate_limited", "error"} for s in status], 0, size)
    return np.minimum(size, limit)
