"""A simulated world, logged as LiteLLM logs and converted, is the world it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from gateway_logs import Record, converted, put_lines

from revenuer.simulate import simulate
from revenuer.sources.formats.values import digest

PROVIDERS = {"bedrock": "bedrock_converse", "vertex": "vertex_ai", "azure": "azure", "aggregator": "openrouter"}
# What this log has no place for, and what it knows under another name.
ABSENT = {"asn", "tls_fingerprint"}


def payload(row: Record) -> Record:
    """An exchange as LiteLLM would have logged it."""
    earlier = [{"role": who, "content": "x"} for _ in range(row["turn"]) for who in ("user", "assistant")]
    sealed = [{"type": "redacted_thinking", "data": ref} for ref in row["reasoning_refs"] or ()]
    shown = [{"type": "image_url", "image_url": {"url": "x"}}] * row["images"]
    asked: list[Record] = [{"role": "system", "content": row["system"]}] if row["system"] is not None else []
    asked += [*earlier, {"role": "assistant", "content": sealed}]
    asked.append({"role": "user", "content": [{"type": "text", "text": row["prompt"]}, *shown]})
    issued = [{"type": "redacted_thinking", "data": row["reasoning_issued"]}] if row["reasoning_issued"] else None
    ended = "content_filter" if row["status"] == "refused" else "stop"
    failed = row["status"] in {"rate_limited", "error"}
    return {
        "id": row["exchange_id"],
        "session_id": row["session_id"],
        "call_type": "acompletion",
        "status": "failure" if failed else "success",
        "error_information": {"error_code": "429" if row["status"] == "rate_limited" else "500"},
        "custom_llm_provider": PROVIDERS.get(row["pathway"], "openai"),
        "startTime": row["ts"].isoformat(),
        "model_group": row["model"],
        "metadata": {
            "user_api_key_user_id": row["account_id"],
            "user_api_key_org_id": row["org_id"],
            "user_api_key_hash": row["credential_id"],
        },
        "hidden_params": {},
        "end_user": row["end_user_id"],
        "requester_ip_address": row["ip"],
        "user_agent": row["user_agent"],
        "prompt_tokens": row["input_tokens"],
        "completion_tokens": row["output_tokens"],
        "messages": asked,
        "response": {"choices": [{"message": {"content": row["response"], "thinking_blocks": issued}, "finish_reason": ended}]},
        "model_parameters": {
            "temperature": row["temperature"],
            "max_tokens": row["max_tokens"],
            "tools": [{}] * row["tools"],
            "thinking": {"type": "enabled" if row["thinking"] else "disabled"},
        },
    }  # fmt: skip


def known(row: Record) -> Record:
    """The exchange as the converted traffic should have it, without nulls."""
    other: dict[str, Any] = {
        "credential_id": digest(row["credential_id"]),
        "pathway": row["pathway"] if row["pathway"] in PROVIDERS else None,
        "reasoning_refs": [digest(ref) for ref in row["reasoning_refs"] or ()] or None,
        "reasoning_issued": digest(row["reasoning_issued"]) if row["reasoning_issued"] else None,
    }
    return {name: value for name, value in {**row, **other}.items() if value is not None and name not in ABSENT}


def test_every_exchange_of_a_world_comes_back(tmp_path: Path) -> None:
    """All that the log carries is as it was, in all shapes that a world has: tools, images, refusals, replays."""
    simulate("A2+A8+legitimate", tmp_path / "world", seed=11, exchanges=1_500)
    rows = pq.read_table(tmp_path / "world" / "exchanges").to_pylist()
    assert {row["status"] for row in rows} >= {"ok", "refused"}
    source = put_lines(tmp_path / "payloads.jsonl", map(payload, rows))
    found, conversion = converted(source, tmp_path / "out", format_name="litellm")
    assert found == sorted(map(known, rows), key=lambda row: str(row["exchange_id"]))
    assert conversion.quarantined == {}
    assert json.loads(conversion.to_json())["rows"]["written"] == len(rows)
