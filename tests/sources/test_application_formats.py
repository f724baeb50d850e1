"""Logs of gateways and tools that keep text: what is written down as they do is read back as it was."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gateway_logs import (
    HASH,
    SEALED,
    Record,
    Writer,
    claude_answer,
    claude_request,
    converted,
    expected,
    facts,
    helicone,
    langfuse_observation,
    langfuse_trace,
    litellm,
    litellm_spend,
    openai_answer,
    openai_request,
    pair,
    put_lines,
    responses_answer,
    responses_request,
)

from revenuer.sources.formats.values import digest


def _litellm(folder: Path, known: Sequence[Record]) -> Path:
    return put_lines(folder / "callback.jsonl", map(litellm, known))


def _csv(path: Path, rows: Sequence[Record]) -> Path:
    """A table whose nested cells are JSON, as exports write them."""
    flat = [{k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in row.items()} for row in rows]
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, flat[0])
        table.writeheader()
        table.writerows(flat)
    return path


def _spend_csv(folder: Path, known: Sequence[Record]) -> Path:
    return _csv(folder / "LiteLLM_SpendLogs.csv", [litellm_spend(fact) for fact in known])


def _helicone_csv(folder: Path, known: Sequence[Record]) -> Path:
    return _csv(folder / "helicone.csv", [helicone(fact) for fact in known])


def _langfuse_csv(folder: Path, known: Sequence[Record]) -> Path:
    """Enriched observations, which carry what the trace knows."""
    about = ("user_id", "session_id", "metadata")
    rows = [
        {**langfuse_observation(fact), **{name: langfuse_trace(fact)[name] for name in about}, "tags": []}
        for fact in known
    ]
    return _csv(folder / "observations_v2.csv", rows)


def _spend_parquet(folder: Path, known: Sequence[Record]) -> Path:
    rows = [{**litellm_spend(fact), "startTime": fact["ts"]} for fact in known]
    pq.write_table(pa.Table.from_pylist(rows), folder / "spend.parquet")
    return folder / "spend.parquet"


def _spend_json(folder: Path, known: Sequence[Record]) -> Path:
    (folder / "spend.json").write_text(json.dumps([litellm_spend(fact) for fact in known], indent=2))
    return folder / "spend.json"


def _openai(folder: Path, known: Sequence[Record]) -> Path:
    return put_lines(folder / "log.jsonl", (pair(f, openai_request(f), openai_answer(f)) for f in known))


def _responses(folder: Path, known: Sequence[Record]) -> Path:
    return put_lines(folder / "log.jsonl", (pair(f, responses_request(f), responses_answer(f)) for f in known))


def _anthropic(folder: Path, known: Sequence[Record]) -> Path:
    return put_lines(folder / "log.jsonl", (pair(f, claude_request(f), claude_answer(f)) for f in known))


def _helicone(folder: Path, known: Sequence[Record]) -> Path:
    return put_lines(folder / "helicone-export.jsonl", map(helicone, known))


def _langfuse(folder: Path, known: Sequence[Record]) -> Path:
    put_lines(folder / "logs" / "observations" / "1.jsonl", map(langfuse_observation, known))
    put_lines(folder / "logs" / "traces" / "1.jsonl", map(langfuse_trace, known))
    return folder / "logs"


def _langfuse_page(folder: Path, known: Sequence[Record]) -> Path:
    traces = [{**langfuse_trace(fact), "observations": [langfuse_observation(fact)]} for fact in known]
    (folder / "page.json").write_text(json.dumps({"data": traces, "meta": {"page": 1}}))
    return folder / "page.json"


# Format, how it is written, what it does not carry, and what it says otherwise.
CASES: list[tuple[str, Writer, tuple[str, ...], Record]] = [
    ("litellm", _litellm, (), {}),
    ("litellm-spend", _spend_csv, (), {}),
    ("litellm-spend", _spend_parquet, (), {}),
    ("litellm-spend", _spend_json, (), {}),
    ("openai", _openai, (), {}),
    ("openai", _responses, (), {"reasoning_refs": [digest(SEALED)]}),
    ("anthropic", _anthropic, (), {"reasoning_refs": [digest(SEALED)]}),
    ("helicone", _helicone, ("ip", "user_agent"), {}),
    ("helicone", _helicone_csv, ("ip", "user_agent"), {}),
    ("langfuse", _langfuse_csv, ("ip", "user_agent"), {}),
    ("langfuse", _langfuse, ("ip", "user_agent"), {}),
    ("langfuse", _langfuse_page, ("ip", "user_agent"), {}),
]


@pytest.mark.parametrize(("name", "write", "absent", "other"), CASES, ids=[case[1].__name__[1:] for case in CASES])
def test_a_log_is_recognised_and_read_back(
    name: str, write: Writer, absent: tuple[str, ...], other: Record, tmp_path: Path
) -> None:
    """Every column that a format carries comes back as it was, and the format is found without being named."""
    known = facts()
    found, conversion = converted(write(tmp_path, known), tmp_path / "out")
    assert conversion.format == name
    assert found == [expected(fact, *absent, **other) for fact in known]
    assert conversion.quarantined == {}
    assert {gap.column for gap in conversion.missing if gap.table == "exchanges"} >= set(absent)


def test_the_mail_of_a_key_s_user_is_known_by_its_hash(tmp_path: Path) -> None:
    """LiteLLM knows the address of who is billed; the traffic gets its domain and its hash, in lower case."""
    converted(_litellm(tmp_path, facts()), tmp_path / "out")
    accounts = pq.read_table(tmp_path / "out" / "accounts.parquet").to_pylist()
    assert [account["account_id"] for account in accounts] == ["acct-0", "acct-1", "acct-2"]
    assert {account["email_domain"] for account in accounts} == {"example.org"}
    assert accounts[0]["email_hash"] == digest("acct-0@example.org")


def _batch(folder: Path, name: str, known: Sequence[Record]) -> Path:
    """Input and output files, the output in another order."""
    chat = "/v1/chat/completions"
    asked = [{"custom_id": f["exchange_id"], "method": "POST", "url": chat, "body": openai_request(f)} for f in known]
    answered = [
        {
            "id": f"batch_req_{name}_{f['exchange_id']}",
            "custom_id": f["exchange_id"],
            "response": {"status_code": 200, "request_id": "r", "body": openai_answer(f)},
            "error": None,
        }
        for f in known
    ]
    put_lines(folder / f"{name}-input.jsonl", asked)
    put_lines(folder / f"{name}-output.jsonl", reversed(answered))
    return folder


BATCH_ABSENT = ("ip", "user_agent", "org_id", "session_id", "credential_id", "account_id", "exchange_id")


def test_batch_files_are_joined(tmp_path: Path) -> None:
    """Requests and results meet by custom_id; whose they are is said by the caller, when, by the answer."""
    known = facts()
    source = _batch(tmp_path / "batch", "b", known)
    found, conversion = converted(source, tmp_path / "out", constants={"account_id": "acme"})
    ids = {fact["exchange_id"]: f"batch_req_b_{fact['exchange_id']}" for fact in known}
    assert conversion.format == "openai-batch"
    assert found == [
        expected(fact, *BATCH_ABSENT, account_id="acme", exchange_id=ids[fact["exchange_id"]]) for fact in known
    ]


def test_batches_that_count_alike_are_kept_apart(tmp_path: Path) -> None:
    """Two batches with the same custom_ids in one folder give all their exchanges, each with its own answer."""
    first, second = facts(2), [{**fact, "prompt": "Why?", "response": "Because."} for fact in facts(2)]
    _batch(tmp_path / "batch", "a", first)
    source = _batch(tmp_path / "batch", "b", second)
    found, _ = converted(source, tmp_path / "out", constants={"account_id": "acme"})
    assert [(row["prompt"], row["response"]) for row in found] == [
        (fact["prompt"], fact["response"]) for fact in (*first, *second)
    ]


def test_a_batch_result_without_its_request_is_set_aside(tmp_path: Path) -> None:
    """An output file alone holds no prompts; the reason says what to do."""
    source = _batch(tmp_path / "batch", "b", facts())
    known = put_lines(
        source / "c-output.jsonl", [{"custom_id": "y", "id": "i", "response": None, "error": {"code": "x"}}]
    )
    _, conversion = converted(source, tmp_path / "out", constants={"account_id": "acme"})
    assert known.exists()
    assert conversion.quarantined == {
        "record is a result without its request: convert input and output files together": 1
    }


def test_message_batches_are_joined(tmp_path: Path) -> None:
    """Anthropic's results carry no time; errors among them are errors of the exchange."""
    known = facts(3)
    requests = [{"custom_id": fact["exchange_id"], "params": claude_request(fact)} for fact in known]
    results: list[Record] = [
        {"custom_id": fact["exchange_id"], "result": {"type": "succeeded", "message": claude_answer(fact)}}
        for fact in known[:2]
    ]
    failure = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    results.append({"custom_id": known[2]["exchange_id"], "result": {"type": "errored", "error": failure}})
    put_lines(tmp_path / "batch" / "requests.jsonl", requests)
    source = put_lines(tmp_path / "batch" / "results.jsonl", results).parent
    fill = {"account_id": "acme", "ts": "2026-03-02T09:00:00Z"}
    found, conversion = converted(source, tmp_path / "out", constants=fill)
    assert conversion.format == "anthropic-batch"
    assert sorted((row["prompt"], row.get("response"), row["status"]) for row in found) == [
        (known[0]["prompt"], "0", "ok"),
        (known[1]["prompt"], "8", "ok"),
        (known[2]["prompt"], None, "error"),
    ]
    assert {row["session_id"] for row in found} == {"s-0", "s-1"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (
            {"status": "failure", "error_information": {"error_code": "429", "error_class": "RateLimitError"}},
            "rate_limited",
        ),
        ({"status": "failure", "error_information": {"error_class": "ContentPolicyViolationError"}}, "refused"),
        ({"status": "failure", "error_information": {"error_code": "500"}}, "error"),
        ({"status": "failure"}, "error"),
        ({"status_fields": {"guardrail_status": "guardrail_intervened"}}, "refused"),
    ],
)
def test_failures_of_litellm_have_their_status(change: Record, status: str, tmp_path: Path) -> None:
    """What the proxy knows of a failed call decides, whatever stands where the answer would."""
    source = put_lines(tmp_path / "a.jsonl", [{**litellm(facts(1)[0]), **change}])
    (row,), _ = converted(source, tmp_path / "out", format_name="litellm")
    assert row["status"] == status


def test_text_that_litellm_hides_is_no_prompt(tmp_path: Path) -> None:
    """What stands for hidden text would look like one prompt that everybody sends."""
    hidden = {
        "messages": [{"role": "user", "content": "redacted-by-litellm"}],
        "response": {"text": "redacted-by-litellm"},
    }
    source = put_lines(tmp_path / "a.jsonl", [{**litellm(fact), **hidden} for fact in facts()])
    found, conversion = converted(source, tmp_path / "out", content="none")
    assert conversion.rows.written == len(found) == 4
    assert not {"prompt", "system", "response"} & set(found[0])


def test_calls_that_ask_for_no_text_are_passed_over(tmp_path: Path) -> None:
    """Embeddings are no exchanges, and nothing is wrong with them."""
    records = [litellm(facts(1)[0]), {**litellm(facts(2)[1]), "call_type": "aembedding"}]
    found, conversion = converted(put_lines(tmp_path / "a.jsonl", records), tmp_path / "out")
    assert [row["exchange_id"] for row in found] == ["x0000"]
    assert (conversion.rows.passed_over, conversion.quarantined) == (1, {})


def test_keys_are_never_written(tmp_path: Path) -> None:
    """A raw key becomes its SHA-256, under which another log may know it already."""
    found, _ = converted(_openai(tmp_path, facts()), tmp_path / "out")
    assert {row["credential_id"] for row in found} == {HASH}
    assert b"sk-proj" not in b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())


def test_spans_and_scores_are_no_exchanges(tmp_path: Path) -> None:
    """Of a trace only its generations count."""
    fact = facts(1)[0]
    span = {**langfuse_observation(fact), "id": "span", "type": "SPAN"}
    score = {"id": "s", "trace_id": f"t-{fact['exchange_id']}", "name": "quality", "value": 1}
    source = put_lines(tmp_path / "a.jsonl", [langfuse_observation(fact), span, score, langfuse_trace(fact)])
    found, _ = converted(source, tmp_path / "out")
    assert [row["exchange_id"] for row in found] == ["x0000"]
