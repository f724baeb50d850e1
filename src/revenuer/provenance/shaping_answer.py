"""Whole answers: reasoning is replaced by a summary and a sealed block, log-probabilities are dropped or rounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from revenuer.provenance.shaping_json import (
    Fields,
    Raw,
    encoded,
    fields_of,
    holder,
    is_empty,
    items_of,
    kept,
    raw_of,
    text_in,
    value_of,
)
from revenuer.provenance.shaping_plan import Family, Tier
from revenuer.provenance.shaping_prefix import hides
from revenuer.provenance.shaping_reasoning import Hidden, Think, Treatment, text_of_parts

__all__ = ["hidden_in", "output_item", "rounded", "shaped_answer", "shaped_block", "stripped", "take_hidden"]

# Tokens by number hold the reasoning too.
_TOKENS: Final = ("prompt_token_ids", "token_ids", "hidden_states", "routed_experts", "kv_transfer_params")
_ROUNDED: Final = frozenset({"logprob", "token_logprobs", "top_logprobs"})


def shaped_answer(family: Family, body: bytes, treatment: Treatment) -> bytes:
    """The answer as the tier is given it; what is neither reasoning nor a log-probability keeps its bytes.

    Args:
        family: which API.
        body: of an answer of status 200.
        treatment: of the request.

    Raises:
        InputError: the body is not what the API gives.
    """
    answer = fields_of(body)
    shaped: Fields
    if family == "messages":
        shaped = _message(answer, treatment)
    elif family == "responses":
        shaped = response(answer, treatment, {})
    else:
        shaped = _choices(answer, treatment)
    return body if shaped == answer else encoded(shaped)


def _choices(answer: Fields, treatment: Treatment) -> Fields:
    shaped = stripped(answer, treatment)
    if holder(answer.get("choices"), b"["):
        shaped["choices"] = _each(answer["choices"], lambda raw: _choice(raw, treatment))
    return shaped


def _each(raw: Raw, change: Callable[[Raw], Raw]) -> Raw:
    """A list with its items changed; as it is written if none is another."""
    items = items_of(raw)
    changed = [change(item) for item in items]
    return raw if changed == items else raw_of(changed)


def _choice(raw: Raw, treatment: Treatment) -> Raw:
    fields = fields_of(raw)
    return kept(raw, fields, _shaped_choice(fields, treatment))


def _shaped_choice(choice: Fields, treatment: Treatment) -> Fields:
    inner = "message" if holder(choice.get("message"), b"{") else ""
    message = fields_of(choice["message"]) if inner else choice
    hidden = Hidden()
    if treatment.hides:
        message = take_hidden(message, hidden)
        _take_thought(message, "content" if inner else "text", hidden, treatment)
    shaped = stripped(choice if inner else message, treatment)
    if hidden:
        shown = {name: raw_of(value) for name, value in hidden.closed(treatment).items()}
        return {**_without_logprobs(shaped), **({inner: raw_of({**message, **shown})} if inner else shown)}
    return rounded(shaped, treatment.tier)


def _take_thought(message: Fields, name: str, hidden: Hidden, treatment: Treatment) -> None:
    if treatment.think == "none" or not holder(message.get(name), b'"'):
        return
    think = Think(treatment.think)
    answer, thought = think.feed(text_in(message, name))
    more, rest = think.finish()
    if thought or rest:
        hidden.think += [thought, rest]
        message[name] = raw_of(answer + more)


def take_hidden(fields: Fields, hidden: Hidden) -> Fields:
    """The fields without those that hold reasoning, which are gathered; parts of a content that hold it likewise."""
    left = {}
    for name, raw in fields.items():
        if hides(name) and not is_empty(raw):
            hidden.add(name, value_of(raw))
        elif name == "content" and holder(raw, b"["):
            left[name] = _take_parts(raw, hidden)
        else:
            left[name] = raw
    return left


def _take_parts(raw: Raw, hidden: Hidden) -> Raw:
    parts = items_of(raw)
    left = [part for part in parts if not hidden_in(part)]
    if len(left) == len(parts):
        return raw
    hidden.add("reasoning_content", text_of_parts([value_of(part) for part in parts if hidden_in(part)]))
    return raw_of(left)


def hidden_in(part: Raw) -> bool:
    """Whether a part of a content is reasoning, by its type."""
    return holder(part, b"{") and hides(text_in(fields_of(part), "type"))


def _message(answer: Fields, treatment: Treatment) -> Fields:
    if not treatment.hides or not holder(answer.get("content"), b"["):
        return answer
    content = _each(answer["content"], lambda part: shaped_block(part, treatment) if hidden_in(part) else part)
    return {**answer, "content": content}


def shaped_block(part: Raw, treatment: Treatment) -> Raw:
    """A thinking block of Anthropic's API with a summary for its text and a sealed block for its signature."""
    block = value_of(part)
    sealed = treatment.sealed({"block": block}) or ""
    if block.get("type") == "redacted_thinking":
        return raw_of({"type": "redacted_thinking", "data": sealed})
    text = block.get("thinking")
    summary = treatment.summary("", text if isinstance(text, str) else "")
    return raw_of({"type": "thinking", "thinking": summary, "signature": sealed})


def response(answer: Fields, treatment: Treatment, known: dict[str, Raw]) -> Fields:
    """A response object of the Responses API; items that a stream showed before (`known`, by id) are the same again."""
    if not holder(answer.get("output"), b"["):
        return answer
    return {**answer, "output": _each(answer["output"], lambda raw: output_item(raw, treatment, known))}


def output_item(raw: Raw, treatment: Treatment, known: dict[str, Raw]) -> Raw:
    """An item of an output: reasoning as a summary and a sealed block, messages with log-probabilities rounded."""
    if not holder(raw, b"{"):
        return raw
    item = fields_of(raw)
    if hides(text_in(item, "type")):
        if not treatment.hides:
            return raw
        name = text_in(item, "id")
        shaped = known.get(name) or _sealed_item(item, treatment)
        if name:
            known[name] = shaped
        return shaped
    if not holder(item.get("content"), b"["):
        return raw
    return kept(raw, item, {**item, "content": _each(item["content"], lambda part: _part(part, treatment))})


def _part(raw: Raw, treatment: Treatment) -> Raw:
    if not holder(raw, b"{"):
        return raw
    part = fields_of(raw)
    if "logprobs" not in part or is_empty(part["logprobs"]):
        return raw
    return raw_of(rounded(part, treatment.tier))


def _sealed_item(item: Fields, treatment: Treatment) -> Raw:
    whole = {name: value_of(raw) for name, raw in item.items()}
    upstream = text_of_parts(whole.get("summary"))
    text = treatment.summary(upstream, text_of_parts(whole.get("content")))
    front = {name: item[name] for name in ("id", "type", "status") if name in item}
    block = treatment.sealed({"item": whole})
    return raw_of({**front, "summary": [{"type": "summary_text", "text": text}], "encrypted_content": block})


def stripped(fields: Fields, treatment: Treatment) -> Fields:
    """Without reasoning and token numbers beside the messages, and without what the tier may not ask of the prompt."""
    gone = {*(_TOKENS if treatment.hides else ()), *(() if treatment.tier.prompt_logprobs else ("prompt_logprobs",))}
    left = {name: raw for name, raw in fields.items() if name not in gone}
    return {name: raw for name, raw in left.items() if not (treatment.hides and hides(name) and not is_empty(raw))}


def _without_logprobs(fields: Fields) -> Fields:
    """Log-probabilities come token by token, those of the reasoning among them."""
    return {**fields, "logprobs": raw_of(None)} if "logprobs" in fields else fields


def rounded(fields: Fields, tier: Tier) -> Fields:
    """With log-probabilities dropped, or rounded and cut to the alternatives that the tier may have."""
    if "logprobs" not in fields or is_empty(fields["logprobs"]):
        return fields
    if not tier.logprobs:
        return _without_logprobs(fields)
    return {**fields, "logprobs": raw_of(_rounded(value_of(fields["logprobs"]), tier))}


def _rounded(value: Any, tier: Tier) -> Any:
    if isinstance(value, list):
        return [_rounded(item, tier) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _cut(_numbers(one, tier.decimals), tier.top_logprobs) if name in _ROUNDED else _rounded(one, tier)
        for name, one in value.items()
    }


def _numbers(value: Any, decimals: int) -> Any:
    if isinstance(value, float):
        return round(value, decimals)
    if isinstance(value, list):
        return [_numbers(item, decimals) for item in value]
    return {name: _numbers(one, decimals) for name, one in value.items()} if isinstance(value, dict) else value


def _cut(value: Any, most: int) -> Any:
    """At most so many alternatives of a token: a list of objects, or for completions an object per token."""
    if not isinstance(value, list):
        return value
    if any(isinstance(item, dict) and "logprob" in item for item in value):
        return value[:most]
    return [_best(item, most) if isinstance(item, dict) else item for item in value]


def _best(tokens: dict[str, Any], most: int) -> dict[str, Any]:
    """The likeliest tokens; one more than asked for, since the token chosen is given even if it is not among them."""
    numbers = {token: value for token, value in tokens.items() if isinstance(value, int | float)}
    return dict(sorted(numbers.items(), key=lambda pair: -pair[1])[: most + 1])
