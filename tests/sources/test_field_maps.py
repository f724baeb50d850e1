"""Field maps: what they can say, what they refuse, and that those which are shipped are right."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gateway_logs import (
    HASH,
    KEY,
    Record,
    converted,
    expected,
    facts,
    litellm,
    openai_answer,
    openai_request,
    put_lines,
)
from hypothesis import given, settings
from infrastructure import anything

from revenuer.errors import ConfigError
from revenuer.sources.formats import MappedFormat, Rejected
from revenuer.sources.formats.mapped import shipped_maps

WHOLE = """
name = "own"
about = "our gateway"
split = "calls"

[match]
paths = ["calls", "host"]
equals = { kind = "llm" }

[body]
request = "in"
response = ["out", "answer"]
code = "code"

[columns]
exchange_id = "id"
ts = "_outer.at"
account_id = ["who.contract", "who.name"]
org_id = "who.firm"
credential_id = { path = "who.key", as = "hash" }
session_id = "who.session"
ip = "peer"
user_agent = "agent"
pathway = { value = "aggregator" }

[accounts]
account_id = "who.contract"
email_hash = { path = "who.mail", as = "digest" }
email_domain = { path = "who.mail", as = "domain" }
plan = { path = "who.tier", words = { gold = "enterprise", free = "free" } }

[consents]
org_id = "agreed.firm"
kind = "agreed.kind"
"""


def written(folder: Path, text: str) -> Path:
    """A field map as a file."""
    (folder / "own.toml").write_text(text)
    return folder / "own.toml"


def record(fact: Record) -> Record:
    """A record of the gateway that `WHOLE` describes: a list of calls in an envelope."""
    who = {
        "contract": fact["account_id"], "firm": fact["org_id"], "key": KEY, "session": fact["session_id"],
        "mail": "Ada@Example.org", "tier": "gold",
    }  # fmt: skip
    call = {
        "id": fact["exchange_id"], "who": who, "peer": fact["ip"], "agent": fact["user_agent"], "code": 200,
        "in": openai_request(fact), "out": openai_answer(fact), "agreed": {"firm": "acme", "kind": "evaluation"},
    }  # fmt: skip
    return {"host": "gw1", "kind": "llm", "at": fact["ts"].isoformat(), "calls": [call]}


def test_a_map_fills_exchanges_accounts_and_consents(tmp_path: Path) -> None:
    """Paths, alternatives, constants, readings, words and bodies, out of a list within each object."""
    known = facts()
    source = put_lines(tmp_path / "a.jsonl", map(record, known))
    found, conversion = converted(source, tmp_path / "out", map_file=written(tmp_path, WHOLE))
    assert found == [expected(fact, pathway="aggregator") for fact in known]
    assert conversion.map is not None
    assert (conversion.format, conversion.map.file, len(conversion.map.sha256)) == ("own", "own.toml", 64)
    accounts = pq.read_table(tmp_path / "out" / "accounts.parquet").to_pylist()
    assert [(row["account_id"], row["email_domain"], row["plan"]) for row in accounts] == [
        (f"acct-{number}", "example.org", "enterprise") for number in range(3)
    ]
    consents = pq.read_table(tmp_path / "out" / "consents.parquet").to_pylist()
    assert [(row["org_id"], row["kind"]) for row in consents] == [("acme", "evaluation")]


def test_a_map_recognises_what_it_describes() -> None:
    """All paths have to be there, and all values have to be as said."""
    form = MappedFormat(WHOLE.encode(), "own.toml")
    whole = record(facts(1)[0])
    assert form.matches(whole) == 0.95
    assert form.matches({**whole, "kind": "web"}) == 0
    assert form.matches({**whole, "calls": []}) == 0
    assert MappedFormat(b'name = "x"\n[columns]\nts = "t"', "x").matches(whole) == 0


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_tables_are_read_by_a_map(kind: str, tmp_path: Path) -> None:
    """Columns of a table are paths of one step, typed or written as text."""
    known = facts()
    names = ("exchange_id", "ts", "account_id", "prompt", "input_tokens", "temperature", "thinking")
    rows = [{name: fact[name] for name in names} for fact in known]
    text = "\n".join(['name = "t"', "[columns]", *(f'{name} = "{name}"' for name in names)])
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, names, delimiter="\t" if kind == "tsv" else ",")
            table.writeheader()
            table.writerows(rows)
    found, conversion = converted(path, tmp_path / "out", map_file=written(tmp_path, text))
    assert found == rows
    assert conversion.quarantined == {}


def test_a_map_may_stand_on_a_known_format(tmp_path: Path) -> None:
    """Who is billed differs from gateway to gateway: one line says so, the rest is read as before."""
    text = 'name = "teams"\nbase = "litellm"\n[columns]\naccount_id = "metadata.team"\n[accounts]\naccount_id = "metadata.team"'
    known = facts()
    records = [litellm(fact) for fact in known]
    for number, one in enumerate(records):
        one["metadata"]["team"] = f"team-{number % 2}"
    found, conversion = converted(
        put_lines(tmp_path / "a.jsonl", records), tmp_path / "out", map_file=written(tmp_path, text)
    )
    assert found == [{**fact, "account_id": f"team-{number % 2}"} for number, fact in enumerate(known)]
    assert conversion.format == "teams"
    accounts = pq.read_table(tmp_path / "out" / "accounts.parquet")["account_id"].to_pylist()
    assert {"team-0", "team-1"} <= set(accounts)


@pytest.mark.parametrize(
    ("reading", "value", "column", "read"),
    [
        ("text", 12, "model", "12"),
        ("hash", f"Bearer {KEY}", "credential_id", HASH),
        ("count", [{}, {}], "tools", 2),
        ("http_status", 429, "status", "rate_limited"),
        ("content", [{"type": "text", "text": "hello"}], "system", "hello"),
    ],
)
def test_readings_turn_a_value_into_what_a_column_wants(reading: str, value: object, column: str, read: object) -> None:
    """Each reading by an example."""
    form = MappedFormat(f'name = "m"\n[columns]\n{column} = {{ path = "v", as = "{reading}" }}'.encode(), "m")
    (row,) = form.rows([{"v": value}])
    assert row.values == {column: read}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "own.toml: "),
        ("[columns]\nts = 'a'", "own.toml: Object missing required field `name`"),
        ("name = 'x'", "fills no column"),
        ("name = 'x'\n[columns]\ncolour = 'a'", "no column colour"),
        ("name = 'x'\n[accounts]\nprompt = 'a'", "accounts have no column prompt"),
        ("name = 'x'\n[columns]\nts = { as = 'text' }", "ts needs either a path or a value"),
        ("name = 'x'\n[columns]\nts = { path = 'a', value = 1 }", "ts needs either a path or a value"),
        ("name = 'x'\n[columns]\nts = { path = 'a', as = 'magic' }", "Invalid enum value 'magic'"),
        ("name = 'x'\ncolor = 1\n[columns]\nts = 'a'", "unknown field `color`"),
        ("name = 'x'\nbase = 'nothing'\n[columns]\nts = 'a'", "no format is called nothing"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """The error names the file and what in it cannot be."""
    source = put_lines(tmp_path / "a.jsonl", [{"a": 1}])
    with pytest.raises(ConfigError) as caught:
        converted(source, tmp_path / "out", map_file=written(tmp_path, text))
    assert said in str(caught.value)


def test_shipped_maps_can_be_read() -> None:
    """Each has a name, and recognises something."""
    assert all(form.name and form.about for form in shipped_maps())
    line = {
        "id": "c1", "created_at": "2026-03-02T09:00:00Z", "provider": "openai", "model": "large-1", "tokens_in": 3,
        "tokens_out": 4, "status_code": 200, "metadata": {"user_id": "u"}, "request": {"prompt": "Hi"}, "response": {},
    }  # fmt: skip
    (cloudflare,) = (form for form in shipped_maps() if form.matches(line))
    (row,) = cloudflare.rows([line])
    assert {name: row.values[name] for name in ("exchange_id", "account_id", "prompt", "input_tokens", "status")} == {
        "exchange_id": "c1", "account_id": "u", "prompt": "Hi", "input_tokens": 3, "status": "ok",
    }  # fmt: skip


@settings(max_examples=60)
@given(anything(("calls", "who", "in", "out", "messages", "choices", "id", "key", "mail")))
def test_no_object_breaks_a_map(value: object) -> None:
    """Whatever stands where a path leads is read, left out or rejected."""
    form = MappedFormat(WHOLE.encode(), "own.toml")
    whole = {"calls": [value, {"who": value, "in": value, "out": value, "code": value, "agreed": value}], "at": value}
    for part in form.split(whole):
        try:
            list(form.rows([part]))
        except Rejected:
            continue
