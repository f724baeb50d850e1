"""What was asked and answered in a GenAI span: attributes and events, in the names of every convention in use.

In order of preference: `gen_ai.input.messages` and its kin (1.37 and later), one event a message (`gen_ai.user.message`,
1.28 to 1.36), the events `gen_ai.content.prompt` and `gen_ai.content.completion` (1.27), and attributes that number the
messages (OpenLLMetry's `gen_ai.prompt.0.content`, OpenInference's `llm.input_messages.0.message.content`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from revenuer.sources.formats.bodies import request_columns, response_columns
from revenuer.sources.formats.messages import conversation
from revenuer.sources.formats.values import as_object, first

__all__ = ["asked_columns", "event_name", "is_content", "numbered", "said_columns"]

Record = dict[str, Any]
Attributes = Mapping[str, Any]

_MESSAGE: Final = "gen_ai.{}.message"
_ROLES: Final = {_MESSAGE.format(role): role for role in ("system", "user", "assistant", "tool")}
_CHOICE: Final = "gen_ai.choice"
_PROMPT: Final = "gen_ai.content.prompt"
_COMPLETION: Final = "gen_ai.content.completion"
_CONTENT: Final = frozenset({*_ROLES, _CHOICE, _PROMPT, _COMPLETION})

_NUMBERED: Final = ("gen_ai.prompt", "llm.prompts", "llm.input_messages")
_NUMBERED_ANSWERS: Final = ("gen_ai.completion", "llm.completions", "llm.output_messages")
_MOST: Final = 10_000


def is_content(name: str) -> bool:
    """Whether an event carries a message of the conversation."""
    return name in _CONTENT


def asked_columns(attributes: Attributes, events: Iterable[Record]) -> dict[str, Any]:
    """Columns of the request; no `prompt` where content was not recorded, settings only where a whole body was.

    Args:
        attributes: of the span and of what was recorded with it, merged.
        events: of the span, and log records under its id, in the order of their times.
    """
    named = [(event_name(event), event) for event in events]
    body = as_object(first(attributes, "input.value"))
    messages = (
        as_object(first(attributes, "gen_ai.input.messages"))
        or [_said(event, _ROLES[name]) for name, event in named if name in _ROLES]
        or _whole(named, _PROMPT, "gen_ai.prompt", attributes)
        or next(filter(None, (numbered(attributes, prefix) for prefix in _NUMBERED)), None)
    )
    if messages:
        return conversation(messages, as_object(first(attributes, "gen_ai.system_instructions")))
    return request_columns(body if isinstance(body, Mapping) else {"prompt": body} if body else None)


def said_columns(attributes: Attributes, events: Iterable[Record]) -> dict[str, Any]:
    """Columns of the answer, as `bodies.response_columns` gives them; no `response` where it was not recorded."""
    named = [(event_name(event), event) for event in events]
    answers = (
        as_object(first(attributes, "gen_ai.output.messages"))
        or [_choice(event) for name, event in named if name == _CHOICE]
        or _whole(named, _COMPLETION, "gen_ai.completion", attributes)
        or next(filter(None, (numbered(attributes, prefix) for prefix in _NUMBERED_ANSWERS)), None)
        or as_object(first(attributes, "output.value"))
    )
    answer = answers[0] if isinstance(answers, list) and answers else answers
    if isinstance(answer, Mapping) and not {"choices", "candidates", "output"} & answer.keys():
        answer = {"choices": [{"message": answer, "finish_reason": answer.get("finish_reason")}]}
    return response_columns(answer)


def event_name(event: Attributes) -> str:
    """The name of a span event or of a log record; before there was `eventName` it stood among the attributes."""
    name = event.get("name") or event.get("eventName") or event["attributes"].get("event.name")
    return name if isinstance(name, str) else ""


def numbered(attributes: Attributes, prefix: str) -> list[Any]:
    """Objects whose fields are attributes such as `PREFIX.0.role`, by their numbers; at most 10,000 attributes count."""
    found: dict[int, dict[str, Any]] = {}
    for name in [name for name in attributes if name.startswith(f"{prefix}.")][:_MOST]:
        number, _, rest = name.removeprefix(f"{prefix}.").partition(".")
        if number.isdecimal() and len(number) < 6 and rest:
            found.setdefault(int(number), {})[rest.removeprefix("message.")] = attributes[name]
    return [_parts(found[number]) for number in sorted(found)]


def _parts(message: dict[str, Any]) -> dict[str, Any]:
    """OpenInference numbers the parts of a message once more."""
    parts = numbered(message, "contents") if "content" not in message else []
    plain = [{name.removeprefix("message_content."): value for name, value in part.items()} for part in parts]
    return {**message, "content": plain} if plain else message


def _whole(named: list[tuple[str, Record]], name: str, attribute: str, attributes: Attributes) -> Any:
    """Messages that stand as one text of JSON in an event, or in the span itself."""
    within = (first(event["attributes"], attribute) for found, event in named if found == name)
    return as_object(next(filter(None, within), None) or attributes.get(attribute))


def _said(event: Record, role: str) -> dict[str, Any]:
    """A message that came as an event: its body, or its attributes, or JSON in one of them."""
    body = as_object(event.get("body") or event["attributes"].get("gen_ai.event.content"))
    message = body if isinstance(body, Mapping) else {"content": body} if body else event["attributes"]
    return {"role": role, **{name: as_object(message[name]) for name in ("content", "role") if message.get(name)}}


def _choice(event: Record) -> dict[str, Any]:
    body = as_object(event.get("body") or event["attributes"].get("gen_ai.event.content"))
    choice = body if isinstance(body, Mapping) else event["attributes"]
    message = as_object(choice.get("message"))
    whole = message if isinstance(message, Mapping) else {"content": message or choice.get("content")}
    return {**whole, "finish_reason": choice.get("finish_reason")}
