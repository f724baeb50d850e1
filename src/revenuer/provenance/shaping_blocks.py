"""Reasoning on its way back in: sealed blocks of a request are opened and put where the model expects reasoning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from revenuer.provenance.seal import ALARMS, PREFIX, Kind, Opening, public_id
from revenuer.provenance.shaping_json import Fields, Raw, fields_of, holder, items_of, raw_of, text_in, value_of
from revenuer.provenance.shaping_plan import Family, Mode
from revenuer.provenance.shaping_prefix import hides

__all__ = ["Returned", "Unsealing", "unsealed"]

_DETAILS: Final = "reasoning_details"
_WHERE: Final = {"chat": "messages", "messages": "messages", "responses": "input"}


@dataclass(frozen=True, slots=True)
class Returned:
    """A block that came with a request: its public id, what came of it, and in which message or item it stood."""

    block_id: str
    kind: Kind
    at: int
    issuer_model: str | None = None


@dataclass(slots=True)
class Unsealing:
    """Opens the blocks of one request.

    Attributes:
        opener: opens a block as of the conversation before it (a digest of `prefixes`).
        mode: what becomes of blocks that do not open.
        strangers: whether opaque reasoning that was not sealed here is left out too; where reasoning leaves raw it is the
            upstream's own, and stays.
        returned: what was found, in order.
    """

    opener: Callable[[str, str], Opening]
    mode: Mode
    strangers: bool
    returned: list[Returned] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether an alarm refuses the request."""
        return self.mode == "strict" and any(found.kind in ALARMS for found in self.returned)

    @property
    def dropped(self) -> int:
        """Blocks left out."""
        return 0 if self.mode == "report" else sum(found.kind != "opened" for found in self.returned)

    def open(self, block: str, prefix: str, at: int) -> Any:
        """The payload of a block; None if it does not open."""
        opening = self.opener(block, prefix)
        self.returned.append(Returned(public_id(block), opening.kind, at, opening.issuer_model))
        return None if opening.payload is None else msgspec.json.decode(opening.payload)

    def is_kept(self, payload: Any) -> bool:
        """Whether a block stays as it came."""
        return payload is None and self.mode == "report"

    def concerns(self, block: str) -> bool:
        """Whether an opaque block is one to open, or to leave out."""
        return bool(block) and (block.startswith(PREFIX) or self.strangers)


def unsealed(family: Family, asked: Fields, before: list[str], unsealing: Unsealing) -> Fields:
    """The request with reasoning in place of the blocks that open, and without those that do not.

    A message without blocks keeps its bytes. What a request without them would be refused for by an upstream goes as well:
    the ids by which the Responses API asks for the reasoning beside a call, and Anthropic's switch for thinking if the
    round of tool calls under way began with a block that is gone.

    Args:
        family: which API.
        asked: fields of the request's body.
        before: `prefixes` of the request.
        unsealing: how blocks open; takes down what was found.

    Raises:
        InputError: the body is not what the API takes.
    """
    name = _WHERE.get(family, "")
    if not holder(asked.get(name), b"["):
        return asked
    items = items_of(asked[name])
    change = {"chat": _chat_message, "messages": _message, "responses": _item}[family]
    changed: list[Raw] = []
    gone: list[int] = []
    for at, item in enumerate(items):
        lost = unsealing.dropped
        new = change(item, before[at], at, unsealing) if holder(item, b"{") else item
        if unsealing.dropped > lost:
            gone.append(at)
        changed += (
            [] if new is None else [_unlinked(new) if family == "responses" and _follows(gone, before, at) else new]
        )
    given = {**asked, name: raw_of(changed)} if unsealing.returned else asked
    return _without_thinking(given, items, gone) if family == "messages" and gone else given


def _chat_message(item: Raw, prefix: str, at: int, unsealing: Unsealing) -> Raw | None:
    message = fields_of(item)
    details = value_of(message.get(_DETAILS))
    blocks = [block for block in _sealed_details(details) if unsealing.concerns(block)]
    if not blocks:
        return item
    payloads = [unsealing.open(block, prefix, at) for block in blocks]
    if any(unsealing.is_kept(payload) for payload in payloads):
        return item
    kept = {name: raw for name, raw in message.items() if not hides(name)}
    for payload in payloads:
        _restore(kept, payload or {})
    return raw_of(kept)


def _sealed_details(details: Any) -> Iterator[str]:
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(detail.get("data"), str):
            yield detail["data"]


def _restore(message: Fields, payload: dict[str, Any]) -> None:
    """Put back what was taken out; of several stretches of one message texts and lists are joined."""
    for name, value in payload.get("fields", {}).items():
        held = value_of(message.get(name))
        joins = type(held) is type(value) and isinstance(value, str | list)
        message[name] = raw_of(held + value if joins else value)
    if think := payload.get("think"):
        content = message.get("content")
        if content is None or holder(content, b'"') or value_of(content) is None:
            message["content"] = raw_of(f"<think>{think}</think>{text_in(message, 'content')}")


def _message(item: Raw, prefix: str, at: int, unsealing: Unsealing) -> Raw | None:
    """A message of Anthropic's API; None if nothing of it is left."""
    message = fields_of(item)
    if not holder(message.get("content"), b"["):
        return item
    found = len(unsealing.returned)
    parts = [_block(part, prefix, at, unsealing) for part in items_of(message["content"])]
    if len(unsealing.returned) == found:
        return item
    left = [part for part in parts if part is not None]
    return raw_of({**message, "content": left}) if left else None


def _block(part: Raw, prefix: str, at: int, unsealing: Unsealing) -> Raw | None:
    if not holder(part, b"{"):
        return part
    block = fields_of(part)
    kind = text_in(block, "type")
    if not hides(kind):
        return part
    sealed = text_in(block, "data") or text_in(block, "signature")
    if not unsealing.concerns(sealed):
        return part
    payload = unsealing.open(sealed, prefix, at)
    if unsealing.is_kept(payload):
        return part
    return None if payload is None else raw_of(payload.get("block"))


def _item(item: Raw, prefix: str, at: int, unsealing: Unsealing) -> Raw | None:
    """An item of the Responses API; None if it is left out."""
    fields = fields_of(item)
    sealed = text_in(fields, "encrypted_content")
    if not hides(text_in(fields, "type")) or not unsealing.concerns(sealed):
        return item
    payload = unsealing.open(sealed, prefix, at)
    if unsealing.is_kept(payload):
        return item
    return None if payload is None else raw_of(payload.get("item"))


def _follows(gone: list[int], before: list[str], at: int) -> bool:
    """Whether an item belongs to an answer of which reasoning was left out."""
    return bool(gone) and gone[-1] != at and before[gone[-1]] == before[at]


def _unlinked(item: Raw) -> Raw:
    fields = fields_of(item) if holder(item, b"{") else {}
    return raw_of({name: raw for name, raw in fields.items() if name != "id"}) if "id" in fields else item


def _without_thinking(asked: Fields, items: list[Raw], gone: list[int]) -> Fields:
    """With thinking switched on the API wants the round of tool calls under way to begin with a thinking block."""
    thinking = value_of(asked.get("thinking"))
    on = isinstance(thinking, dict) and thinking.get("type") not in (None, "disabled")
    begun = max((at for at, item in enumerate(items) if _asks(item)), default=-1)
    return {**asked, "thinking": raw_of({"type": "disabled"})} if on and gone[-1] > begun else asked


def _asks(item: Raw) -> bool:
    """A message of the user's own; one that returns what a tool said is part of the round."""
    message = value_of(item)
    if not isinstance(message, dict) or message.get("role") != "user":
        return False
    content = message.get("content")
    types = [part.get("type") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "tool_result" not in types
