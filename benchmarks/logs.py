"""Exchanges written down as each gateway would have logged them: the way back from traffic to a log."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

Exchange = Mapping[str, Any]
Record = dict[str, Any]

_FAILED: Final = {"rate_limited": 429, "error": 500}


class Log(NamedTuple):
    """A log: its files by name, and which columns of an exchange can be read back from it."""

    files: dict[str, bytes]
    columns: tuple[str, ...]


def encoded(name: str, exchanges: Sequence[Exchange]) -> Log:
    """The exchanges as a log of a format."""
    write, columns = _FORMATS[name]
    return Log(write(exchanges), columns)


def names() -> list[str]:
    """Formats that can be written."""
    return list(_FORMATS)


def _said(exchange: Exchange, user: str = "user") -> list[tuple[str, str]]:
    """Roles and texts: turns before the newest are made up."""
    before = [pair for number in range(exchange["turn"]) for pair in ((user, f"q{number}"), ("assistant", "a"))]
    return [*before, (user, exchange["prompt"])]


def _reason(exchange: Exchange) -> str:
    return "content_filter" if exchange["status"] == "refused" else "stop"


def _openai(exchange: Exchange) -> tuple[Record, Record]:
    """Request and answer of chat completions."""
    system = [("system", exchange["system"])] if exchange["system"] else []
    request = {
        "model": exchange["model"],
        "messages": [{"role": role, "content": text} for role, text in (*system, *_said(exchange))],
        "max_tokens": exchange["max_tokens"],
        "temperature": exchange["temperature"],
        "tools": [{"type": "function", "function": {"name": f"t{n}"}} for n in range(exchange["tools"])],
    }
    answer = {
        "choices": [{"message": {"content": exchange["response"]}, "finish_reason": _reason(exchange)}],
        "usage": {"prompt_tokens": exchange["input_tokens"], "completion_tokens": exchange["output_tokens"]},
    }
    return request, answer


def _code(exchange: Exchange) -> int:
    return _FAILED.get(exchange["status"], 200)


def _nanos(exchange: Exchange) -> str:
    return str(_micros(exchange["ts"]) * 1_000)


def _micros(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000 + time.microsecond


def _lines(records: Iterable[Record]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _value(value: Any) -> Record:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value}


def _attributes(**values: Any) -> list[Record]:
    pairs = {name.replace("__", "."): value for name, value in values.items() if value is not None}
    return [{"key": name, "value": _value(value)} for name, value in pairs.items()]


def _otel(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Server spans and content in one file, calls of models in another."""
    outside, inside = [], []
    for number, exchange in enumerate(exchanges, 1):
        trace = {"traceId": f"{number:032x}", "startTimeUnixNano": _nanos(exchange)}
        client = {
            **trace, "spanId": f"{number:015x}a", "kind": 2,
            "attributes": _attributes(
                client__address=exchange["ip"], user_agent__original=exchange["user_agent"],
                tls__client__ja4=exchange["tls_fingerprint"], account__id=exchange["account_id"],
                user__id=exchange["end_user_id"], org__id=exchange["org_id"],
            ),
        }  # fmt: skip
        text = [{"role": role, "parts": [{"type": "text", "content": said}]} for role, said in _said(exchange)]
        answer = [{"role": "assistant", "parts": [{"type": "text", "content": exchange["response"]}]}]
        system = [{"type": "text", "content": exchange["system"]}] if exchange["system"] else None
        call = {
            **trace, "spanId": f"{number:015x}b", "parentSpanId": client["spanId"],
            "attributes": _attributes(
                gen_ai__operation__name="chat", gen_ai__request__model=exchange["model"],
                gen_ai__request__max_tokens=exchange["max_tokens"], gen_ai__conversation__id=exchange["session_id"],
                gen_ai__request__temperature=float(exchange["temperature"]),
                gen_ai__usage__input_tokens=exchange["input_tokens"], gen_ai__usage__output_tokens=exchange["output_tokens"],
                gen_ai__response__finish_reasons=[_reason(exchange)], http__response__status_code=_code(exchange),
                gen_ai__tool__definitions=json.dumps([{"name": "t"}] * exchange["tools"]),
            ),
        }  # fmt: skip
        details = {
            "traceId": trace["traceId"], "spanId": call["spanId"], "timeUnixNano": _nanos(exchange),
            "eventName": "gen_ai.client.inference.operation.details",
            "attributes": _attributes(
                gen_ai__input__messages=json.dumps(text), gen_ai__output__messages=json.dumps(answer),
                gen_ai__system_instructions=json.dumps(system) if system else None,
            ),
        }  # fmt: skip
        inside.append({"resourceSpans": [{"scopeSpans": [{"spans": [call]}]}]})
        outside.append({"resourceSpans": [{"scopeSpans": [{"spans": [client]}]}]})
        outside.append({"resourceLogs": [{"scopeLogs": [{"logRecords": [details]}]}]})
    return {"a.jsonl": _lines(outside), "b.jsonl": _lines(inside)}


def _bedrock(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Packed invocation logs, and one file of CloudTrail."""
    calls, trails = [], []
    for exchange in exchanges:
        body = {
            "messages": [{"role": role, "content": [{"text": text}]} for role, text in _said(exchange)],
            "inferenceConfig": {"maxTokens": exchange["max_tokens"], "temperature": exchange["temperature"]},
            "toolConfig": {"tools": [{"toolSpec": {"name": "t"}}] * exchange["tools"]},
            **({"system": [{"text": exchange["system"]}]} if exchange["system"] else {}),
        }
        reason = "guardrail_intervened" if exchange["status"] == "refused" else "end_turn"
        said = {"output": {"message": {"content": [{"text": exchange["response"]}]}}, "stopReason": reason}
        failed = {"rate_limited": "ThrottlingException", "error": "ModelErrorException"}.get(exchange["status"])
        calls.append({
            "schemaType": "ModelInvocationLog", "timestamp": exchange["ts"].isoformat(),
            "requestId": exchange["exchange_id"], "operation": "Converse", "modelId": exchange["model"],
            "accountId": exchange["org_id"] or "none", "identity": {"arn": exchange["account_id"]},
            "input": {"inputBodyJson": body, "inputTokenCount": exchange["input_tokens"]},
            "output": {"outputBodyJson": said, "outputTokenCount": exchange["output_tokens"]},
            **({"errorCode": failed} if failed else {}),
            "requestMetadata": {"session_id": exchange["session_id"], "user_id": exchange["end_user_id"]},
        })  # fmt: skip
        trails.append({
            "eventSource": "bedrock.amazonaws.com", "requestID": exchange["exchange_id"],
            "userIdentity": {"arn": "x"}, "sourceIPAddress": exchange["ip"], "userAgent": exchange["user_agent"],
        })  # fmt: skip
    trail = json.dumps({"Records": trails}).encode()
    return {"calls.json.gz": gzip.compress(_lines(calls)), "trail/day.json.gz": gzip.compress(trail)}


def _vertex(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Lines of a BigQuery export."""
    return {"rows.jsonl": _lines(_vertex_row(exchange) for exchange in exchanges)}


def _vertex_row(exchange: Exchange) -> Record:
    request = {
        "contents": [{"role": "model" if role == "assistant" else role, "parts": [{"text": text}]}
                     for role, text in _said(exchange)],
        "generationConfig": {"maxOutputTokens": exchange["max_tokens"], "temperature": exchange["temperature"]},
        "tools": [{"functionDeclarations": [{"name": "t"}] * exchange["tools"]}],
        "labels": {"customer_id": exchange["account_id"], "user_id": exchange["end_user_id"]},
        **({"systemInstruction": {"parts": [{"text": exchange["system"]}]}} if exchange["system"] else {}),
    }  # fmt: skip
    reason = "SAFETY" if exchange["status"] == "refused" else "STOP"
    answer = {
        "candidates": [{"content": {"parts": [{"text": exchange["response"]}]}, "finishReason": reason}],
        "usageMetadata": {"promptTokenCount": exchange["input_tokens"], "candidatesTokenCount": exchange["output_tokens"]},
        **({"error": {"code": _code(exchange), "status": "FAILED"}} if _code(exchange) == 500 else {}),
        **({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}} if _code(exchange) == 429 else {}),
    }  # fmt: skip
    return {
        "request_id": exchange["exchange_id"], "logging_time": f"{exchange['ts']:%Y-%m-%d %H:%M:%S.%f} UTC",
        "model": f"publishers/p/models/{exchange['model']}", "endpoint": "",
        "full_request": json.dumps(request), "full_response": json.dumps(answer),
    }  # fmt: skip


def _azure(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Batches of API Management records, half of their text in pieces of its own."""
    batch = [record for exchange in exchanges for record in _azure_records(exchange)]
    return {"PT1H.json": json.dumps({"records": batch}).encode()}


def _azure_records(exchange: Exchange) -> Iterator[Record]:
    request, answer = _openai(exchange)
    outer = {"time": exchange["ts"].isoformat(), "correlationId": exchange["exchange_id"]}
    bodies = {"requestBody": json.dumps(request), "responseBody": json.dumps(answer)}
    yield {
        **outer, "category": "GatewayLogs", "callerIpAddress": exchange["ip"],
        "resourceId": f"/SUBSCRIPTIONS/{(exchange['org_id'] or 'none').upper()}/X",
        "properties": {
            "apimSubscriptionId": exchange["account_id"], "userId": exchange["end_user_id"],
            "requestHeaders": {"User-Agent": exchange["user_agent"]}, "responseCode": _code(exchange), **bodies,
        },
    }  # fmt: skip
    usage = {"promptTokens": exchange["input_tokens"], "completionTokens": exchange["output_tokens"]}
    yield {**outer, "category": "GatewayLlmLogs", "properties": {"modelName": exchange["model"], **usage}}


def _kong(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Lines of a file-log."""
    return {"kong.log": _lines(_kong_entry(exchange) for exchange in exchanges)}


def _kong_entry(exchange: Exchange) -> Record:
    request, answer = _openai(exchange)
    return {
        "started_at": _micros(exchange["ts"]) // 1_000, "client_ip": exchange["ip"], "workspace": exchange["org_id"],
        "request": {"id": exchange["exchange_id"], "headers": {"user-agent": exchange["user_agent"],
                                                              "x-ja4": exchange["tls_fingerprint"]}},
        "response": {"status": _code(exchange)}, "latencies": {}, "consumer": {"custom_id": exchange["account_id"]},
        "ai": {"proxy": {
            "meta": {"request_model": exchange["model"], "provider_name": "openai"},
            "usage": {"prompt_tokens": exchange["input_tokens"], "completion_tokens": exchange["output_tokens"]},
            "payload": {"request": json.dumps(request), "response": json.dumps(answer)},
        }},
    }  # fmt: skip


def _envoy(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Lines of an access log."""
    return {"access.log": _lines(_envoy_line(exchange) for exchange in exchanges)}


def _envoy_line(exchange: Exchange) -> Record:
    return {
        "start_time": exchange["ts"].isoformat(), "response_flags": "-", "upstream_host": "-", "upstream_cluster": "c",
        "response_code": _code(exchange), "x-request-id": exchange["exchange_id"], "user-agent": exchange["user_agent"],
        "downstream_remote_address": f"{exchange['ip']}:443", "x-account-id": exchange["account_id"],
        "x-user-id": exchange["end_user_id"] or "-", "x-org-id": exchange["org_id"], "session.id": exchange["session_id"],
        "tls_ja4_fingerprint": exchange["tls_fingerprint"], "gen_ai.request.model": exchange["model"],
        "gen_ai.usage.input_tokens": exchange["input_tokens"], "gen_ai.usage.output_tokens": exchange["output_tokens"],
    }  # fmt: skip


_EVERYWHERE: Final = ("ts", "account_id", "model", "ip", "user_agent", "input_tokens", "output_tokens", "status")
_TEXT: Final = ("system", "prompt", "turn", "response", "max_tokens", "temperature", "tools")
_WITHOUT_CLIENT: Final = tuple(name for name in _EVERYWHERE if name not in {"ip", "user_agent"})
_FORMATS: Final[dict[str, tuple[Callable[[Sequence[Exchange]], dict[str, bytes]], tuple[str, ...]]]] = {
    "otel": (_otel, (*_EVERYWHERE, *_TEXT, "session_id", "org_id", "end_user_id", "tls_fingerprint")),
    "bedrock": (_bedrock, (*_EVERYWHERE, *_TEXT, "exchange_id", "session_id", "end_user_id")),
    "vertex": (_vertex, (*_WITHOUT_CLIENT, *_TEXT, "exchange_id", "end_user_id")),
    "azure": (_azure, (*_EVERYWHERE, *_TEXT, "exchange_id", "end_user_id")),
    "kong": (
        _kong,
        (*(name for name in _EVERYWHERE if name != "ts"), *_TEXT, "exchange_id", "org_id", "tls_fingerprint"),
    ),
    "envoy": (_envoy, (*_EVERYWHERE, "exchange_id", "session_id", "org_id", "end_user_id", "tls_fingerprint")),
}
