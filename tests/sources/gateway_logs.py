"""One list of facts, written down as each gateway would: what `convert` reads back is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from revenuer.sources import ConvertSettings, convert
from revenuer.sources.converting import Conversion
from revenuer.sources.quarantine import Quarantine
from revenuer.sources.traffic import open_traffic, read_part

Record = dict[str, Any]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = "sk-proj-0123456789abcdefghij"
HASH = hashlib.sha256(KEY.encode()).hexdigest()
SEALED = "EqoBCkgIARABGAIiQL"


def facts(count: int = 4) -> list[Record]:
    """Exchanges in the second turn of a conversation, each of them different."""
    return [
        {
            "exchange_id": f"x{number:04d}",
            "ts": START + timedelta(seconds=37 * number),
            "account_id": f"acct-{number % 3}",
            "org_id": "acme",
            "credential_id": HASH,
            "end_user_id": f"eu-{number % 2}",
            "session_id": f"s-{number // 2}",
            "turn": 1,
            "model": "large-1",
            "ip": "203.0.113.7",
            "user_agent": "sdk/1.2",
            "system": "Be brief.",
            "prompt": f"How many legs have {number} spiders?",
            "response": f"{8 * number}",
            "input_tokens": 40 + number,
            "output_tokens": 3,
            "max_tokens": 256,
            "temperature": 0.5,
            "tools": 1,
            "images": 0,
            "thinking": False,
            "status": "ok",
        }
        for number in range(count)
    ]


def expected(fact: Record, *absent: str, **other: Any) -> Record:
    """A fact as the traffic has it, without the columns that a format does not carry."""
    return {**{name: value for name, value in fact.items() if name not in absent}, **other}


def openai_request(fact: Record) -> Record:
    """The body of a chat completion."""
    return {
        "model": fact["model"],
        "messages": [
            {"role": "system", "content": fact["system"]},
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": [{"type": "text", "text": fact["prompt"]}]},
        ],
        "temperature": fact["temperature"],
        "max_completion_tokens": fact["max_tokens"],
        "tools": [{"type": "function", "function": {"name": "count", "parameters": {}}}],
        "safety_identifier": fact["end_user_id"],
    }


def openai_answer(fact: Record) -> Record:
    """The body of its answer."""
    return {
        "id": f"chatcmpl-{fact['exchange_id']}",
        "object": "chat.completion",
        "created": int(fact["ts"].timestamp()),
        "model": f"{fact['model']}-2026-01-01",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": fact["response"]}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": fact["input_tokens"], "completion_tokens": fact["output_tokens"]},
    }


def responses_request(fact: Record) -> Record:
    """The body of a request to the Responses API."""
    return {
        "model": fact["model"],
        "instructions": fact["system"],
        "input": [
            {"role": "user", "content": "Hello."},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello!"}]},
            {"type": "reasoning", "id": "rs_1", "encrypted_content": SEALED, "summary": []},
            {"type": "function_call", "name": "count", "arguments": "{}", "call_id": "c"},
            {"type": "function_call_output", "call_id": "c", "output": "8"},
            {"role": "user", "content": [{"type": "input_text", "text": fact["prompt"]}]},
        ],
        "temperature": fact["temperature"],
        "max_output_tokens": fact["max_tokens"],
        "tools": [{"type": "function", "name": "count"}],
        "user": fact["end_user_id"],
        "conversation": {"id": fact["session_id"]},
    }


def responses_answer(fact: Record) -> Record:
    """The body of its answer."""
    return {
        "id": f"resp_{fact['exchange_id']}",
        "object": "response",
        "created_at": fact["ts"].timestamp(),
        "status": "completed",
        "output": [
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": fact["response"]}]}
        ],
        "usage": {"input_tokens": fact["input_tokens"], "output_tokens": fact["output_tokens"]},
    }


def claude_request(fact: Record) -> Record:
    """The body of a request to the messages API, in the middle of a tool loop."""
    return {
        "model": fact["model"],
        "system": [{"type": "text", "text": fact["system"], "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]},
            {"role": "user", "content": [{"type": "text", "text": fact["prompt"]}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Eight each.", "signature": SEALED},
                    {"type": "tool_use", "id": "t", "name": "count", "input": {}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "8"}]},
        ],
        "temperature": fact["temperature"],
        "max_tokens": fact["max_tokens"],
        "tools": [{"name": "count", "input_schema": {}}],
        "metadata": {"user_id": f"{fact['end_user_id']}_session_{fact['session_id']}"},
    }


def claude_answer(fact: Record) -> Record:
    """The body of its answer."""
    return {
        "id": f"msg_{fact['exchange_id']}",
        "type": "message",
        "role": "assistant",
        "model": fact["model"],
        "content": [{"type": "text", "text": fact["response"]}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": fact["input_tokens"] - 30, "cache_read_input_tokens": 30, "output_tokens": 3},
    }


def pair(fact: Record, request: Record, answer: Record) -> Record:
    """A pair of bodies as a reverse proxy logs it."""
    return {
        "request_id": fact["exchange_id"],
        "timestamp": fact["ts"].isoformat(),
        "account_id": fact["account_id"],
        "org_id": fact["org_id"],
        "session_id": fact["session_id"],
        "client_ip": fact["ip"],
        "request": {"headers": {"Authorization": f"Bearer {KEY}", "User-Agent": fact["user_agent"]}, "body": request},
        "response": {"status_code": 200, "body": answer},
    }


def litellm(fact: Record) -> Record:
    """The payload of LiteLLM's callbacks."""
    asked = openai_request(fact)
    metadata = {
        "user_api_key_hash": HASH,
        "user_api_key_user_id": fact["account_id"],
        "user_api_key_org_id": fact["org_id"],
        "user_api_key_user_email": f"{fact['account_id']}@Example.org",
    }
    return {
        "id": fact["exchange_id"],
        "session_id": fact["session_id"],
        "call_type": "acompletion",
        "status": "success",
        "custom_llm_provider": "openai",
        "startTime": fact["ts"].timestamp(),
        "endTime": fact["ts"].timestamp() + 1,
        "model": "openai/large-1-2026",
        "model_group": fact["model"],
        "metadata": metadata,
        "hidden_params": {},
        "end_user": fact["end_user_id"],
        "requester_ip_address": fact["ip"],
        "user_agent": fact["user_agent"],
        "prompt_tokens": fact["input_tokens"],
        "completion_tokens": fact["output_tokens"],
        "messages": asked["messages"],
        "response": openai_answer(fact),
        "model_parameters": {name: asked[name] for name in ("temperature", "max_completion_tokens", "tools")},
    }


def litellm_spend(fact: Record) -> Record:
    """A row of the spend table, in the types of a CSV export."""
    return {
        "request_id": fact["exchange_id"],
        "call_type": "acompletion",
        "api_key": HASH,
        "spend": 0.01,
        "startTime": fact["ts"].strftime("%Y-%m-%d %H:%M:%S.%f"),
        "endTime": fact["ts"].strftime("%Y-%m-%d %H:%M:%S.%f"),
        "completionStartTime": fact["ts"].strftime("%Y-%m-%d %H:%M:%S.%f"),
        "model": "openai/large-1-2026",
        "model_group": fact["model"],
        "user": fact["account_id"],
        "organization_id": fact["org_id"],
        "team_id": "",
        "end_user": fact["end_user_id"],
        "session_id": fact["session_id"],
        "requester_ip_address": fact["ip"],
        "prompt_tokens": fact["input_tokens"],
        "completion_tokens": fact["output_tokens"],
        "metadata": json.dumps({"status": "success", "user_agent": fact["user_agent"]}),
        "messages": "{}",
        "response": json.dumps(openai_answer(fact)),
        "proxy_server_request": json.dumps(openai_request(fact)),
    }


def helicone(fact: Record) -> Record:
    """A line of Helicone's export."""
    properties = {"account_id": fact["account_id"], "Helicone-Session-Id": fact["session_id"]}
    return {
        "request_id": fact["exchange_id"],
        "request_created_at": fact["ts"].isoformat(),
        "response_created_at": fact["ts"].isoformat(),
        "request_user_id": fact["end_user_id"],
        "organization_id": fact["org_id"],
        "auth_hash": HASH,
        "country_code": "CH",
        "request_properties": properties,
        "request_model": fact["model"],
        "response_status": 200,
        "prompt_tokens": fact["input_tokens"],
        "completion_tokens": fact["output_tokens"],
        "request_body": openai_request(fact),
        "response_body": openai_answer(fact),
    }


def langfuse_trace(fact: Record) -> Record:
    """A trace of Langfuse's older export."""
    return {
        "id": f"t-{fact['exchange_id']}",
        "timestamp": fact["ts"].strftime("%Y-%m-%d %H:%M:%S.%f"),
        "user_id": fact["end_user_id"],
        "session_id": fact["session_id"],
        "tags": [],
        "metadata": {"account_id": fact["account_id"], "api_key_id": KEY},
    }


def langfuse_observation(fact: Record) -> Record:
    """Its generation."""
    asked = openai_request(fact)
    return {
        "id": fact["exchange_id"],
        "trace_id": f"t-{fact['exchange_id']}",
        "project_id": fact["org_id"],
        "type": "GENERATION",
        "start_time": fact["ts"].strftime("%Y-%m-%d %H:%M:%S.%f"),
        "provided_model_name": fact["model"],
        "model_parameters": {"temperature": fact["temperature"], "max_tokens": fact["max_tokens"]},
        "input": {"messages": asked["messages"], "tools": asked["tools"]},
        "output": {"role": "assistant", "content": fact["response"]},
        "usage_details": {"input": fact["input_tokens"], "output": fact["output_tokens"]},
        "level": "DEFAULT",
    }


def put_lines(path: Path, records: Iterable[Record | bytes]) -> Path:
    """Write records as JSON Lines; bytes go in as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (record if isinstance(record, bytes) else json.dumps(record).encode() + b"\n" for record in records)
    path.write_bytes(b"".join(lines))
    return path


def converted(source: Path, out: Path, **how: Any) -> tuple[list[Record], Conversion]:
    """Rows of the traffic that `convert` makes, without nulls, in the order of their ids; and what it says of it."""
    settings = ConvertSettings(**{name: how.pop(name) for name in list(how) if name in ConvertSettings.__slots__})
    out.mkdir(parents=True)
    conversion = convert(source, out, version="0", settings=settings, **how)
    return rows_of(out, settings), conversion


def rows_of(out: Path, settings: ConvertSettings | None = None) -> list[Record]:
    """Rows of a traffic directory, without nulls, in the order of their ids."""
    traffic = open_traffic(out, strict=True, content=settings.content if settings else "full")
    batches = [batch for part in traffic.exchange_parts() for batch in read_part(part, Quarantine())]
    rows = pa.Table.from_batches(batches).to_pylist()
    plain = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return sorted(plain, key=lambda row: str(row["exchange_id"]))


Writer = Callable[[Path, Sequence[Record]], Path]
