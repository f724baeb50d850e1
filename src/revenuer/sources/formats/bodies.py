"""Bodies of requests and answers, of whichever model API, as columns of an exchange.

Known: OpenAI chat completions, legacy completions and Responses; Anthropic messages; Gemini `generateContent`; Bedrock
Converse and what is invoked there. A body is recognised by its fields, since gateways translate between them.
"""

from __future__ import annotations

import re
from typing import Any, Final

from revenuer.sources.formats.messages import calls_of, conversation, parts_of, reasoning_of, text_of
from revenuer.sources.formats.streams import assembled
from revenuer.sources.formats.values import as_object, first, integer, pick, text, word

__all__ = ["ASKED", "Columns", "merged", "messages_in", "request_columns", "response_columns", "status_of"]

Columns = dict[str, Any]

ASKED: Final = ("messages", "input", "contents", "prompt", "inputText", "message")
_SYSTEM: Final = ("system", "instructions", "systemInstruction", "system_instruction")
# A log that keeps these alone does not say which settings there were.
_TEXTS: Final = frozenset({*ASKED, *_SYSTEM})
_MAX_TOKENS: Final = (
    "max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "maxTokens",
    "generationConfig.maxOutputTokens", "generation_config.max_output_tokens", "inferenceConfig.maxTokens",
    "textGenerationConfig.maxTokenCount",
)  # fmt: skip
_TEMPERATURE: Final = (
    "temperature", "generationConfig.temperature", "generation_config.temperature", "inferenceConfig.temperature",
    "textGenerationConfig.temperature",
)  # fmt: skip
_THINKING: Final = (
    "thinking", "reasoning", "reasoning_effort", "enable_thinking", "include_reasoning", "extra_body.thinking",
    "generationConfig.thinkingConfig", "generation_config.thinking_config", "additionalModelRequestFields.thinking",
)  # fmt: skip
_TOOLS: Final = ("tools", "functions", "toolConfig.tools")
_DECLARED: Final = ("functionDeclarations", "function_declarations")
_SWITCHES: Final = ("type", "effort", "thinkingBudget", "budget_tokens", "enabled")
_OFF: Final = frozenset({"", "none", "disabled", "off", "false", "0"})

_READ: Final = (
    "prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount", "prompt_token_count", "inputTokenCount",
)  # fmt: skip
_WRITTEN: Final = (
    "completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount", "candidates_token_count",
    "outputTokenCount",
)  # fmt: skip
_CACHED: Final = (
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cacheReadInputTokens",
    "cacheWriteInputTokens",
)

# What tells the body of an answer, or a chunk of one, from JSON that the model was asked for.
_BODY_MARKS: Final = frozenset(
    {"choices", "candidates", "usage", "usageMetadata", "object", "stop_reason", "stopReason", "generation", "completion",
     "results", "error"}
)  # fmt: skip
_CHUNK_MARKS: Final = frozenset({*_BODY_MARKS, "delta", "content_block", "message", "type"})

_REFUSING: Final = re.compile(
    r"refus|content_?filter|content_?policy|safety|guardrail|blocked|prohibited|blocklist", re.IGNORECASE
)
_LIMITING: Final = re.compile(r"rate_?limit|too_?many|throttl|resource_?exhausted|quota", re.IGNORECASE)
_SESSION: Final = re.compile(r"(?P<user>.+?)_session_(?P<session>[\w-]+)")


def merged(*columns: Columns) -> Columns:
    """Columns of one exchange from several places; what is said last counts, nothing said unsays nothing."""
    return {name: value for some in columns for name, value in some.items() if value is not None}


def request_columns(body: Any) -> Columns:
    """What a request body says: text, turn, tools, images, settings, model, end user and conversation.

    `prompt` is absent where the body asks nothing. Anything may be given; what is no body says nothing.
    """
    body = as_object(body)
    if not isinstance(body, dict):
        return {}
    asked = next((_asked(name, body[name]) for name in ASKED if body.get(name) is not None), None)
    system = as_object(next((body[name] for name in _SYSTEM if body.get(name) is not None), None))
    return {
        **({} if asked is None else conversation(asked, system)),
        **(_settings(body) if body.keys() - _TEXTS else {}),
        **_people(body),
    }


def response_columns(body: Any, code: Any = None) -> Columns:
    """What an answer says: text, tokens, sealed reasoning, how it ended; also of a stream of events.

    Where the model called tools and said nothing, the response is their names, one a line.

    Args:
        body: the body, text, or None where the log holds none.
        code: HTTP status, where known.
    """
    body = assembled(_answered(body))
    if isinstance(body, str):
        return {"response": body, "status": status_of(code)}
    if not isinstance(body, dict):
        return {"status": status_of(code)}
    message, reason = _answer(body)
    said = text_of(message) or "\n".join(calls_of(message))
    return {
        "response": said or None,
        "model": text(first(body, "model", "modelVersion")),
        "reasoning_issued": next(reasoning_of(message), None),
        "status": status_of(code, reason, as_object(body.get("error"))),
        **_tokens(body),
    }


def status_of(code: Any = None, reason: Any = None, error: Any = None) -> str | None:
    """`ok`, `refused`, `rate_limited` or `error`; None where nothing tells.

    Args:
        code: HTTP status.
        reason: why the model stopped, in the API's word.
        error: the error object, or its text.
    """
    number = integer(code)
    said = " ".join(said[:500] for said in map(text, _words(error)) if said)
    if number == 429 or _LIMITING.search(said):
        return "rate_limited"
    if _REFUSING.search(said) or (isinstance(reason, str) and _REFUSING.search(reason)):
        return "refused"
    if error or (number is not None and number >= 400) or word(reason) in {"failed", "error"}:
        return "error"
    return "ok" if number is not None or reason is not None else None


def _asked(name: str, value: Any) -> Any:
    """Messages that a log keeps as text; a prompt that happens to be JSON stays text."""
    return messages_in(value) if name in {"messages", "contents"} else value


def messages_in(value: Any) -> Any:
    """Text that holds a list of messages as that list; anything else as it is."""
    held = as_object(value)
    whole = isinstance(held, list) and bool(held) and all(isinstance(item, dict) and "role" in item for item in held)
    return held if whole or not isinstance(value, str) else value


def _answered(value: Any) -> Any:
    """A body that a log keeps as text; an answer that happens to be JSON stays text."""
    held = as_object(value)
    if not isinstance(value, str) or isinstance(held, list):
        return held if not isinstance(value, str) or _are_chunks(held) else value
    return held if isinstance(held, dict) and not _BODY_MARKS.isdisjoint(held) else value


def _are_chunks(value: Any) -> bool:
    return bool(value) and all(isinstance(item, dict) and not _CHUNK_MARKS.isdisjoint(item) for item in value)


def _settings(body: dict[str, Any]) -> Columns:
    return {
        "model": text(first(body, "model", "modelId")),
        "max_tokens": integer(first(body, *_MAX_TOKENS)),
        "temperature": next((value for path in _TEMPERATURE if (value := pick(body, path)) is not None), None),
        "tools": sum(map(_count_tools, (pick(body, path) for path in _TOOLS))),
        "thinking": any(_is_on(pick(body, path)) for path in _THINKING),
    }


def _people(body: dict[str, Any]) -> Columns:
    """End user and conversation: clients that write both into one field are taken at their word."""
    user = text(first(body, "safety_identifier", "metadata.user_id", "user", "metadata.user"))
    session = text(first(body, "conversation.id", "conversation", "metadata.session_id", "session_id"))
    both = as_object(user)
    if isinstance(both, dict):
        user, session = (
            text(first(both, "account_uuid", "device_id", "user_id")),
            text(both.get("session_id")) or session,
        )
    elif user is not None and (found := _SESSION.fullmatch(user[:400])):
        user, session = found["user"], found["session"]
    return {"end_user_id": user, "session_id": session}


def _count_tools(tools: Any) -> int:
    if not isinstance(tools, list):
        return 0
    declared = [next((tool[key] for key in _DECLARED if isinstance(tool.get(key), list)), None)
                for tool in tools if isinstance(tool, dict)]  # fmt: skip
    return sum(1 if found is None else len(found) for found in declared)


def _is_on(value: Any) -> bool:
    """Whether a setting asks for reasoning: a switch, an effort, a budget, or an object that holds one."""
    if isinstance(value, dict):
        value = next((value[key] for key in _SWITCHES if key in value), True)
    return isinstance(value, (str, int, float)) and str(value).lower() not in _OFF


def _answer(body: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The model's message in an answer, as one that `text_of` reads, and why it ended."""
    choice = pick(body, "choices.0")
    if isinstance(choice, dict):
        message = choice.get("message")
        return message if isinstance(message, dict) else {"content": choice.get("text")}, choice.get("finish_reason")
    candidate = pick(body, "candidates.0")
    if isinstance(candidate, dict):
        content = candidate.get("content")
        return content if isinstance(content, dict) else {}, candidate.get(
            "finishReason", candidate.get("finish_reason")
        )
    output = body.get("output")
    if isinstance(output, list):
        return _items(output), body.get("status")
    message = pick(output, "message")
    reason = first(body, "stop_reason", "stopReason", "completionReason", "promptFeedback.blockReason")
    if isinstance(message, dict):
        return message, reason
    if "content" in body:
        return body, reason
    return {
        "content": first(body, "completion", "output_text", "generation", "outputText", "results.0.outputText", "text")
    }, reason


def _items(output: list[Any]) -> dict[str, Any]:
    """Items of the Responses API as one message."""
    flat: list[Any] = []
    for item in output:
        if isinstance(item, dict):
            flat += [item] if item.get("type") != "message" else parts_of(item)
    return {"content": flat}


def _tokens(body: dict[str, Any]) -> Columns:
    usage = first(body, "usage", "usageMetadata", "usage_metadata", "results.0") or body
    read = integer(first(usage, *_READ))
    # OpenAI counts what came out of a cache among the tokens read, Anthropic and Bedrock beside them.
    if read is not None and "prompt_tokens" not in usage:
        read += sum(integer(pick(usage, name)) or 0 for name in _CACHED)
    written = integer(first(usage, *_WRITTEN))
    thoughts = integer(first(usage, "thoughtsTokenCount", "thoughts_token_count"))
    return {"input_tokens": read, "output_tokens": (written or 0) + thoughts if thoughts else written}


def _words(error: Any) -> list[Any]:
    error = as_object(error)
    if isinstance(error, dict):
        return [
            error.get(key) for key in ("code", "type", "status", "message", "innererror", "error") if error.get(key)
        ]
    return [error] if error else []
