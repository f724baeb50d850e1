"""What a conversation was before an answer, as a digest that survives how clients write messages down again."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

import msgspec

from revenuer.provenance.shaping_plan import Family

__all__ = ["hides", "messages_of", "prefixes", "tools_digest"]

# Clients add, drop or move these when they send a conversation again; none says what was asked or answered.
_VOLATILE: Final = frozenset(
    {"id", "status", "cache_control", "annotations", "logprobs", "phase", "index", "created_by"}
)
_SMALL: Final = ("text", "message", "input_text", "output_text")
_MESSAGES: Final = {"chat": "messages", "messages": "messages", "responses": "input", "completions": "prompt"}
_OURS: Final = ("assistant", "model")
# Items of the Responses API that the model gave and that have no role.
_ANSWERING: Final = ("reasoning", "function_call", "custom_tool_call", "web_search_call", "file_search_call",
                     "computer_call", "mcp_call", "code_interpreter_call", "image_generation_call")  # fmt: skip
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def hides(name: str) -> bool:
    """Whether a field or a type of part holds reasoning, judged by its name, so that a new name is not let through."""
    name = name.lower()
    return "reasoning" in name or "think" in name or "thought" in name or name == "provider_specific_fields"


def messages_of(family: Family, body: dict[str, Any]) -> list[Any]:
    """Messages or items of a request; a text alone is one."""
    found = body.get(_MESSAGES[family])
    return found if isinstance(found, list) else [{"role": "user", "content": found}]


def prefixes(family: Family, body: dict[str, Any]) -> list[str]:
    """For each message or item of a request, and last for the answer to it, the digest of what it answers to.

    Digests take in the system text and all that was said up to the last message that is not the model's own: blocks of one
    answer share theirs. Reasoning, ids, marks for caches and white space do not count, so a client may drop old reasoning;
    a history that was shortened or edited gives other digests.

    Args:
        family: which API.
        body: of the request, decoded.
    """
    system = _plain(_listed("content", body.get("system", body.get("instructions"))))
    state = blake2b(_ENCODER.encode(system), digest_size=32)
    boundary, found = state.hexdigest(), []
    for message in messages_of(family, body):
        found.append(boundary)
        if isinstance(message, dict) and hides(str(message.get("type", ""))):
            continue
        state.update(_ENCODER.encode([*_part(_said(message))]) + b"\n")
        if not _answers(message):
            boundary = state.hexdigest()
    return [*found, boundary]


def tools_digest(body: dict[str, Any]) -> str:
    """Digest of the tools offered, in whatever order; none is the same as an empty list."""
    tools = body.get("tools") or body.get("functions") or []
    told = sorted(_ENCODER.encode(_plain(tool)) for tool in tools) if isinstance(tools, list) else []
    return blake2b(b"\n".join(told), digest_size=16).hexdigest()


def _said(message: Any) -> Any:
    """A message without fields of reasoning; what tools are given may be called so, and counts."""
    return {k: v for k, v in message.items() if not hides(k)} if isinstance(message, dict) else message


def _answers(message: Any) -> bool:
    return isinstance(message, dict) and (message.get("role") in _OURS or message.get("type") in _ANSWERING)


def _plain(value: Any) -> Any:
    """A value as it would be however a client writes it: in single spaces, without marks, contents as lists of parts."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return [part for item in value for part in _part(item)]
    if isinstance(value, dict):
        return {name: _plain(_listed(name, one)) for name, one in value.items() if not _passes_over(name, one)}
    return value


def _listed(name: str, value: Any) -> Any:
    return [value] if name == "content" and isinstance(value, str) else value


def _part(item: Any) -> Iterator[Any]:
    if isinstance(item, str):
        yield {"text": _plain(item)}
    elif not isinstance(item, dict):
        yield _plain(item)
    elif not hides(str(item.get("type", ""))):
        yield _plain({name: one for name, one in item.items() if not (name == "type" and _says_little(one))})


def _says_little(kind: Any) -> bool:
    return kind in _SMALL


def _passes_over(name: str, value: Any) -> bool:
    return name in _VOLATILE or value is None or value in ("", [], {})
