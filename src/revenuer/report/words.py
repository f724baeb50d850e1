"""Numbers, times and names of the house in words a reader of the report knows."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

__all__ = [
    "capability",
    "channel",
    "channel_meaning",
    "code_of",
    "confidence_word",
    "day",
    "heading",
    "moment",
    "name_of",
    "number",
    "odds",
    "parsed",
    "percent",
    "period",
    "plural",
    "sentence",
    "short_period",
    "strength",
    "strength_word",
    "sure",
    "technique",
    "unit",
]

_CAPABILITIES: Final = {
    "cot_elicitation": "chain-of-thought elicitation",
    "trace_reconstruction": "reconstruction of reasoning traces",
    "rubric_grading": "grading by rubric",
    "censorship_rewrite": "censorship-safe rewriting",
    "tool_use": "tool use",
    "agentic_coding": "agentic coding",
    "data_analysis": "data analysis",
    "computer_use": "computer use",
    "general_instruction": "general instructions",
    "qa": "questions and answers",
}

_CHANNELS: Final = {
    "template": "the same prompt templates from accounts of different owners",
    "partition": "whether which account asks says anything about what it asks: in one list of tasks it does not",
    "timing": "whether accounts have hours of their own, as customers do, or one schedule, or turns",
    "infrastructure": "addresses, networks or client software that hardly anybody else uses",
    "payment": "means of payment that hardly anybody else uses",
    "signup": "accounts made together, or with the same details",
    "succession": "new accounts take over when old ones are banned",
    "pivot": "the group moves to a new model within two days of its release, faster than others",
    "probing": "many techniques are tried, then the ones that work are scaled up",
    "replay": "reasoning blocks are sent back by someone they were not issued to",
    "content": "how much the requests read like training material",
}

_TECHNIQUES: Final = {
    "AML.T0005.001": "Train Proxy via Replication",
    "AML.T0008": "Acquire Infrastructure",
    "AML.T0008.005": "AI Service Proxies",
    "AML.T0012": "Valid Accounts",
    "AML.T0021": "Establish Accounts",
    "AML.T0024": "Exfiltration via AI Inference API",
    "AML.T0024.002": "Extract AI Model",
    "AML.T0034.000": "Excessive Queries",
    "AML.T0040": "AI Model Inference API Access",
    "AML.T0047": "AI-Enabled Product or Service",
    "AML.T0048.004": "AI Intellectual Property Theft",
    "AML.T0054": "LLM Jailbreak",
    "AML.T0057": "LLM Data Leakage",
    "AML.T0065": "LLM Prompt Crafting",
}

_DASH: Final = "\u2013"
_THIN: Final = "\u202f"
_SPACE: Final = "\u00a0"
_MINUS: Final = "\u2212"
_NOTHING: Final = 0.05
"""A log10 likelihood ratio below this is shown as 0.0."""

_NAMES: Final = {
    "first_party": "first-party API",
    "bedrock": "Bedrock",
    "vertex": "Vertex",
    "azure": "Azure",
    "ip": "address",
    "ips": "addresses",
    "signup": "sign-up detail",
    "payment": "payment method",
    "frame": "template",
    "tls": "TLS fingerprint",
    "asn": "network",
    "email": "mail domain",
    "api": "API",
}


def number(value: float | None) -> str:
    """`61220` as `61,220`; a number that is missing or not finite as a dash."""
    if value is None or not math.isfinite(value):
        return _DASH
    return f"{round(value):,}".replace("-", _MINUS)


def percent(share: float | None) -> str:
    """A share as a percentage: two significant figures below 10 %, `<0.1 %` for a trace, never `100 %` unless it is."""
    if share is None or not math.isfinite(share):
        return _DASH
    points = 100 * share
    if 0 < points < 0.1:
        return f"<0.1{_THIN}%"
    if points < 10 or 99.5 <= points < 100:
        return f"{min(points, 99.9) if points < 100 else points:.1f}".removesuffix(".0") + f"{_THIN}%"
    return f"{points:.0f}{_THIN}%"


def plural(count: float, noun: str) -> str:
    """`1 account`, `2 accounts`, `3 addresses`."""
    if count == 1:
        return f"{number(count)} {noun}"
    if noun.endswith("is"):
        return f"{number(count)} {noun[:-2]}es"
    return f"{number(count)} {noun}{'es' if noun.endswith('s') else 's'}"


def parsed(time: str | None) -> datetime | None:
    """An RFC 3339 time or a date as UTC, or none where the text is no time."""
    try:
        at = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    if at is None:
        return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def day(time: str | None) -> str:
    """`9 June 2026`; the text itself where it is no time."""
    at = parsed(time)
    return f"{at.day}{_SPACE}{at:%B %Y}" if at else (time or "unknown")


def moment(time: str | None) -> str:
    """`9 June 2026, 14:05 UTC`; the text itself where it is no time."""
    at = parsed(time)
    return f"{at.day}{_SPACE}{at:%B %Y, %H:%M}{_SPACE}UTC" if at else (time or "unknown")


def period(first: str | None, last: str | None) -> str:
    """`3 May to 9 June 2026`, without saying twice what is the same."""
    start, end = parsed(first), parsed(last)
    if start is None or end is None:
        return f"{day(first)} to {day(last)}"
    if start.date() == end.date():
        return day(last)
    if start.year != end.year:
        return f"{day(first)} to {day(last)}"
    if start.month != end.month:
        return f"{start.day}{_SPACE}{start:%B} to {day(last)}"
    return f"{start.day} to {day(last)}"


def short_period(first: str | None, last: str | None) -> str:
    """`8 May to 3 Jun`, for a column of a table; with years where they differ."""
    start, end = parsed(first), parsed(last)
    if start is None or end is None:
        return period(first, last)
    form = "%b" if start.year == end.year else f"%b{_SPACE}%Y"
    words = [f"{at.day}{_SPACE}{at:{form}}" for at in (start, end)]
    return words[0] if words[0] == words[1] else f"{words[0]} to {words[1]}"


def confidence_word(confidence: float) -> str:
    """The grade of a conclusion, in the words used throughout the report."""
    grades = ((0.99, "almost certain"), (0.95, "very likely"), (0.8, "likely"), (0.5, "more likely than not"))
    return next((word for least, word in grades if confidence >= least), "unlikely")


def sure(confidence: float | None) -> str:
    """A confidence with two digits; `>0.99` rather than a 1.00 that was not reached."""
    if confidence is not None and 0.995 <= confidence < 1:
        return ">0.99"
    return f"{unit(confidence):.2f}"


def unit(value: float | None) -> float:
    """The value within 0 and 1, four digits, for the length of a bar; 0 where it is no number."""
    if value is None or not math.isfinite(value):
        return 0.0
    return round(min(max(float(value), 0.0), 1.0), 4)


def strength(log10_ratio: float) -> str:
    """A log10 likelihood ratio with its sign: `+4.2`; what rounds to nothing has none."""
    if not math.isfinite(log10_ratio):
        return _DASH
    return "0.0" if abs(log10_ratio) < _NOTHING else f"{log10_ratio:+.1f}".replace("-", _MINUS)


def strength_word(log10_ratio: float) -> str:
    """How much a fact with this log10 likelihood ratio says."""
    if log10_ratio <= -_NOTHING:
        return "speaks against"
    grades = ((4.0, "very strong"), (2.0, "strong"), (1.0, "substantial"), (0.3, "weak"))
    return next((word for least, word in grades if log10_ratio >= least), "says little")


def odds(log10_ratio: float) -> str:
    """A log10 likelihood ratio as odds with one or two significant figures: `16,000 to 1`."""
    if not math.isfinite(log10_ratio):
        return _DASH
    size = abs(log10_ratio)
    if size > 9:
        words = "more than a billion"
    else:
        ratio = 10**size
        digits = max(0, math.floor(math.log10(ratio)) - 1)
        words = f"{ratio:.1f}".removesuffix(".0") if ratio < 10 else f"{round(ratio, -digits):,.0f}"
    return f"{words} to 1" + (" against" if log10_ratio <= -_NOTHING else "")


def name_of(word: str) -> str:
    """A value of a column as a reader knows it: underscores as spaces, a few names spelled properly."""
    return _NAMES.get(word, word.replace("_", " "))


def capability(name: str) -> str:
    """The name of a capability in plain words."""
    return _CAPABILITIES.get(name, name.replace("_", " "))


def channel(name: str) -> str:
    """The name of an evidence channel as a heading."""
    return {"signup": "sign-up"}.get(name, name)


def code_of(hypothesis: str) -> tuple[str, str]:
    """`L14 template vendor` as `("L14", "template vendor")`; no code where there is none."""
    code, _, rest = hypothesis.partition(" ")
    is_code = code[:1] == "L" and code[1:].isdigit() and len(code) <= 4
    return (code, rest) if is_code and rest else ("", hypothesis)


def heading(text: str) -> str:
    """The text with room to break within long words, for the narrow head of a column."""
    for part in (
        "orches-tration",
        "elici-tation",
        "reconstruc-tion",
        "instruc-tions",
        "infra-structure",
        "succes-sion",
    ):
        text = text.replace(part.replace("-", ""), part.replace("-", "\u00ad"))
    return text


def channel_meaning(name: str) -> str:
    """What a fact of this channel means, in one clause."""
    return _CHANNELS.get(name, "")


def sentence(text: str) -> str:
    """The text with a capital at its head and a full stop at its end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".") if text else ""


def technique(identifier: str) -> str:
    """The MITRE ATLAS name of a technique, or nothing where it is not among those this project uses."""
    return _TECHNIQUES.get(identifier, "")
