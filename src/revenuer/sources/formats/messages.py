"""Messages of a conversation in any of the shapes that model APIs use: who says what, images, sealed reasoning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from revenuer.sources.formats.values import digest, word

__all__ = ["Parts", "calls_of", "conversation", "images_of", "parts_of", "reasoning_of", "text_of"]

Parts = list[Any]

_TEXT_TYPES: Final = frozenset({None, "text", "input_text", "output_text", "refusal"})
_IMAGE_TYPES: Final = frozenset({"image", "image_url", "input_image"})
_IMAGE_KEYS: Final = ("image", "image_url")
_DATA_KEYS: Final = ("inlineData", "inline_data", "fileData", "file_data")
_MIME_KEYS: Final = ("mimeType", "mime_type", "media_type")
_SYSTEM: Final = frozenset({"system", "developer"})
_USER: Final = frozenset({"user", "human"})

# Where a part or an item keeps reasoning that only the provider can read, by the shape of the API.
_SEALED: Final = (
    ("signature",),
    ("thoughtSignature",),
    ("thought_signature",),
    ("encrypted_content",),
    ("reasoningContent", "reasoningText", "signature"),
    ("reasoningContent", "redactedContent"),
)
_SEALED_DATA: Final = frozenset({"redacted_thinking", "reasoning.encrypted"})
_BESIDE: Final = ("thinking_blocks", "reasoning_details")


def conversation(messages: Any, system: Any = None) -> dict[str, Any]:
    """Columns `system`, `prompt`, `turn`, `images` and `reasoning_refs` of a request.

    The prompt is the newest message of the user that says or shows something: what a tool returned is no question,
    although some APIs send it as the user's. `turn` counts such messages before it.

    Args:
        messages: text, or a list of messages, of texts or of items of the Responses API.
        system: system text given apart from the messages, in any shape of content.
    """
    found = [_message(item) for item in messages] if isinstance(messages, list) else [{"content": messages}]
    asked = [parts for message in found if (parts := _asks(message)) is not None]
    systems = [
        text_of(system),
        *(text_of(parts_of(message)) for message in found if word(message.get("role")) in _SYSTEM),
    ]
    refs = [ref for message in found for ref in reasoning_of(message)]
    return {
        "system": "\n\n".join(filter(None, systems)) or None,
        "prompt": text_of(asked[-1]) if asked else None,
        "turn": len(asked) - 1 if asked else None,
        "images": sum(images_of(parts_of(message)) for message in found),
        "reasoning_refs": refs or None,
    }


def parts_of(message: dict[str, Any]) -> Parts:
    """The content of a message as a list of parts."""
    content = message.get("content", message.get("parts"))
    return content if isinstance(content, list) else [content]


def text_of(content: Any) -> str:
    """What is said in a content: text, a part, or a list of them; reasoning, calls and what tools returned are not."""
    parts = content if isinstance(content, list) else parts_of(content) if _wraps(content) else [content]
    return "\n".join(text for part in parts if (text := _text(part)))


def images_of(parts: Parts) -> int:
    """How many of the parts are images."""
    return sum(_is_image(part) for part in parts if isinstance(part, dict))


def calls_of(message: dict[str, Any]) -> list[str]:
    """Names of the tools that a message of the model calls."""
    calls = [*_list(message.get("tool_calls")), message.get("function_call"), message, *parts_of(message)]
    return [name for call in calls if isinstance(call, dict) for name in _called(call)]


def reasoning_of(message: dict[str, Any]) -> Iterator[str]:
    """Hashes of the opaque reasoning blocks in a message or an item, in their order.

    A block may be of any size, and all that is asked of it is whether it is the same as another.
    """
    beside = (block for name in _BESIDE for block in _list(message.get(name)))
    for part in (message, *parts_of(message), *beside):
        if isinstance(part, dict):
            yield from _sealed(part)


def _message(item: Any) -> dict[str, Any]:
    return item if isinstance(item, dict) else {"content": item}


def _asks(message: dict[str, Any]) -> Parts | None:
    """The parts of a user's message that says or shows something."""
    role = word(message.get("role"))
    if role is None and word(message.get("type")) not in {None, "message"}:
        return None
    parts = parts_of(message)
    asks = (role is None or role in _USER) and (text_of(parts) or images_of(parts))
    return parts if asks else None


def _wraps(content: Any) -> bool:
    return isinstance(content, dict) and "text" not in content and ("parts" in content or "content" in content)


def _text(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or word(part.get("type")) not in _TEXT_TYPES or part.get("thought") is True:
        return None
    said = part.get("text", part.get("content", part.get("refusal")))
    if isinstance(said, dict):
        said = said.get("value")
    return said if isinstance(said, str) else None


def _is_image(part: dict[str, Any]) -> bool:
    if word(part.get("type")) in _IMAGE_TYPES or any(isinstance(part.get(key), dict) for key in _IMAGE_KEYS):
        return True
    data = [part, *(part[key] for key in _DATA_KEYS if isinstance(part.get(key), dict))]
    kinds = [part.get("modality"), *(holder.get(key) for holder in data for key in _MIME_KEYS)]
    return any(isinstance(kind, str) and kind.startswith("image") for kind in kinds)


def _called(call: dict[str, Any]) -> Iterable[str]:
    kind = word(call.get("type"))
    for key in ("function", "functionCall", "toolUse"):
        inner = call.get(key)
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            return (inner["name"],)
    name = call.get("name")
    named = kind in {"tool_use", "tool_call", "function_call"} or (kind is None and "arguments" in call)
    return (name,) if named and isinstance(name, str) else ()


def _sealed(part: dict[str, Any]) -> Iterator[str]:
    for path in _SEALED:
        value: Any = part
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            yield digest(value)
    data = part.get("data")
    if word(part.get("type")) in _SEALED_DATA and isinstance(data, str) and data:
        yield digest(data)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
