"""Reasoning on its way out: gathered, summarised, sealed, and put where clients look for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from revenuer.errors import ConfigError
from revenuer.provenance.shaping_plan import DEFAULT_NOTICE, Tier

__all__ = ["FORMAT", "Hidden", "Think", "Treatment", "text_of_parts"]

FORMAT: Final = "revenuer-seal-v1"
LONGEST_SENTENCE: Final = 200
_SENTENCE: Final = re.compile(r".+?(?:[.!?](?=\s|$)|[\u3002\uff01\uff1f]|\n|$)", re.DOTALL)
_SHOWN: Final = ("reasoning_content", "reasoning")
_TEXTS: Final = ("text", "thinking", "summary", "content")


@dataclass(frozen=True, slots=True)
class Treatment:
    """How the answers to one request are shaped.

    Attributes:
        tier: of the account.
        seal: seals a payload for this request's account, session, model and conversation.
        think: how content of this model may open; see `Model`.
        notice: what stands where reasoning was.
    """

    tier: Tier
    seal: Callable[[bytes], str]
    think: Literal["tags", "opened", "none"] = "none"
    notice: str = DEFAULT_NOTICE

    @property
    def hides(self) -> bool:
        """Whether reasoning is kept back."""
        return self.tier.reasoning != "raw"

    def summary(self, upstream: str, reasoning: str) -> str:
        """What is shown of reasoning: by the tier the model's own summary, the first sentence, or the notice."""
        if self.tier.reasoning != "summary" or self.tier.summary == "notice":
            return self.notice
        first = _first_sentence(reasoning) if self.tier.summary == "first_sentence" else ""
        return upstream.strip() or first or self.notice

    def sealed(self, payload: dict[str, Any]) -> str | None:
        """A block of this payload; None if it is too large, in which case the reasoning is left out."""
        try:
            return self.seal(msgspec.json.encode(payload))
        except ConfigError:
            return None


@dataclass(slots=True)
class Hidden:
    """Reasoning of one stretch of a message, as it comes: fields by name, and what stood between think tags."""

    fields: dict[str, Any] = field(default_factory=dict)
    think: list[str] = field(default_factory=list)
    pieces: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields or self.think or self.pieces)

    def add(self, name: str, value: Any) -> None:
        """Take in a field, or a further piece of one: texts are joined, lists merged, of others the last counts."""
        if isinstance(value, str):
            self.pieces.setdefault(name, []).append(value)
        elif isinstance(value, list) and isinstance(self.fields.get(name), list):
            _merge(self.fields[name], value)
        else:
            self.fields[name] = value

    def take(self, more: Hidden) -> None:
        """Take in what another has gathered."""
        for name, value in more.fields.items():
            self.add(name, value)
        for name, parts in more.pieces.items():
            self.pieces.setdefault(name, []).extend(parts)

    def closed(self, treatment: Treatment, *, at: int = 0) -> dict[str, Any]:
        """Fields to show instead: a summary where the reasoning stood, and `reasoning_details` with the sealed block.

        Args:
            treatment: of the request.
            at: index of the first detail, where others were shown before.
        """
        fields = {**self.fields, **{name: "".join(parts) for name, parts in self.pieces.items()}}
        think = "".join(self.think)
        summary = treatment.summary(_upstream_summary(fields), _reasoning(fields) or think)
        block = treatment.sealed({"fields": fields, "think": think})
        details = [{"type": "reasoning.summary", "summary": summary, "format": FORMAT, "index": at}]
        if block is not None:
            details.append({"type": "reasoning.encrypted", "data": block, "format": FORMAT, "index": at + 1})
        shown = [name for name in _SHOWN if isinstance(fields.get(name), str)] or _SHOWN[:1]
        return {**dict.fromkeys(shown, summary), "reasoning_details": details}


class Think:
    """Parts content into what stands in think tags at its very beginning, and the answer, which keeps every byte.

    A tag further on is the answer's own: an answer may speak of tags. At most the bytes of a tag are held back.

    Args:
        mode: as in `Model`.
    """

    _OPEN: Final = "<think>"
    _CLOSE: Final = "</think>"

    def __init__(self, mode: Literal["tags", "opened", "none"]) -> None:
        self._state: Literal["start", "inside", "answer"] = {"tags": "start", "opened": "inside", "none": "answer"}[
            mode
        ]  # type: ignore[assignment]
        self._held = ""

    @property
    def holds(self) -> bool:
        """Whether something waits for what follows, or belongs to reasoning that has not ended."""
        return bool(self._held) or self._state == "inside"

    def feed(self, text: str) -> tuple[str, str]:
        """The answer's part and the reasoning's part of what is known so far."""
        self._held += text
        answer, thought = "", ""
        while self._held:
            before = (self._state, self._held)
            if self._state == "start":
                answer += self._at_start()
            elif self._state == "inside":
                thought += self._inside()
            else:
                answer, self._held = answer + self._held, ""
            if (self._state, self._held) == before:
                break
        return answer, thought

    def finish(self) -> tuple[str, str]:
        """What was held back, now that nothing follows."""
        held, self._held = self._held, ""
        return ("", held) if self._state == "inside" else (held, "")

    def _at_start(self) -> str:
        """White space that may stand before a tag; a tag; or the beginning of the answer."""
        rest = self._held.lstrip()
        space = self._held[: len(self._held) - len(rest)]
        if rest.startswith(self._OPEN):
            self._state, self._held = "inside", rest[len(self._OPEN) :]
        elif self._OPEN.startswith(rest):
            self._held = rest
        else:
            self._state, self._held = "answer", rest
        return space

    def _inside(self) -> str:
        thought, tag, rest = self._held.partition(self._CLOSE)
        if tag:
            self._state, self._held = "start", rest
            return thought
        keep = next((n for n in range(len(self._CLOSE) - 1, 0, -1) if thought.endswith(self._CLOSE[:n])), 0)
        self._held = thought[len(thought) - keep :]
        return thought[: len(thought) - keep]


def text_of_parts(parts: Any, kind: str = "") -> str:
    """Text of a list of parts whose type holds `kind`, joined."""
    found = (
        [part for part in parts if isinstance(part, dict) and kind in str(part.get("type", ""))]
        if isinstance(parts, list)
        else []
    )
    return "\n".join(part[name] for part in found for name in _TEXTS if isinstance(part.get(name), str) and part[name])


def _upstream_summary(fields: dict[str, Any]) -> str:
    return text_of_parts(fields.get("reasoning_details"), "summary")


def _reasoning(fields: dict[str, Any]) -> str:
    named = (fields[name] for name in (*_SHOWN, *sorted(fields)) if isinstance(fields.get(name), str))
    return next(named, "") or "\n".join(text_of_parts(value) for value in fields.values())


def _first_sentence(text: str) -> str:
    found = _SENTENCE.match(text.lstrip()[:2_000])
    return "" if found is None else found[0].strip()[:LONGEST_SENTENCE]


def _merge(held: list[Any], more: list[Any]) -> None:
    """Further pieces of a streamed list: an item with the type and index of the last goes on with it."""
    for item in more:
        last = held[-1] if held else None
        if isinstance(item, dict) and isinstance(last, dict) and _goes_on(last, item):
            for name, value in item.items():
                joins = name in _TEXTS and isinstance(value, str) and isinstance(last.get(name), str)
                last[name] = last[name] + value if joins else value
        else:
            held.append(item)


def _goes_on(last: dict[str, Any], item: dict[str, Any]) -> bool:
    return "index" in item and all(last.get(name) == item.get(name) for name in ("type", "index"))
