"""Canaries: of several equally good ways to say a thing one is served, and a secret key says which.

A model that never saw the served answers may prefer any of them, but cannot know the key: the rank of the served one among its
preferences is uniform (Carlini et al. 2019 rank secrets so; the null by the key is a randomisation test).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast, get_args

import msgspec

from revenuer.errors import ConfigError
from revenuer.provenance.registry import Canary, CanaryKind
from revenuer.toml_file import read_toml

__all__ = ["CanaryPolicy", "Served", "as_content", "chosen", "counted", "key_commitment", "load_canary_policy", "place"]

Content = Literal["prose", "code", "structured", "tool_call"]
_FENCED: Final = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[ \t]*$|\Z)|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_DIGIT: Final = re.compile(r"\d")
_LEAST_KEY: Final = 16


class CanaryPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where canaries may be placed; see `docs/canaries.md`.

    Attributes:
        schema: 1.
        kinds: that may be placed.
        campaigns: to which; an entry of `*` means all.
        topics_never: topics of requests that are never met, such as medicine or law.
        most_each: canaries in one answer at most.
        approved_by: who agreed.
        expires: the last day on which it holds.
    """

    schema: int
    kinds: tuple[CanaryKind, ...]
    campaigns: tuple[str, ...]
    topics_never: tuple[str, ...]
    most_each: int
    approved_by: tuple[str, ...]
    expires: dt.date

    def refusal(self, campaign: str, content: Content, topic: str, today: dt.date) -> str | None:
        """Why nothing is placed in an answer; None if something may be."""
        if content != "prose":
            return f"{content} is served as it is"
        if topic in self.topics_never:
            return f"answers on {topic} are served as they are"
        if today > self.expires:
            return f"the policy expired on {self.expires}"
        return None if {campaign, "*"} & set(self.campaigns) else f"{campaign} is not in the policy"


@dataclass(frozen=True)
class Served:
    """An answer to serve.

    Attributes:
        text: of it.
        canaries: names of those in it.
        refusal: why there are none, where policy is the reason.
    """

    text: str
    canaries: tuple[str, ...] = ()
    refusal: str | None = None


def load_canary_policy(path: Path) -> CanaryPolicy:
    """Read a policy of canaries.

    Raises:
        InputError: the file cannot be read or is no such policy.
        ConfigError: nobody approved it, or it would place nothing.
    """
    policy = read_toml(path, CanaryPolicy, what="policy of canaries")
    if policy.schema != 1:
        raise ConfigError(f"{path}: schema {policy.schema}: this version reads schema 1")
    if not any(name.strip() for name in policy.approved_by):
        raise ConfigError(f"{path}: approved_by: nobody agreed")
    if policy.most_each < 1:
        raise ConfigError(f"{path}: most_each: expected 1 or more")
    return policy


def as_content(word: str) -> Content:
    """The kind of content that a word names.

    Raises:
        ConfigError: it names none.
    """
    for content in get_args(Content):
        if word == content:
            return cast("Content", word)
    raise ConfigError(f"{word}: expected {', '.join(get_args(Content))}")


def key_commitment(key: bytes) -> str:
    """SHA-256 that binds a key and tells nothing about it."""
    return hashlib.sha256(b"revenuer canary commitment v1\n" + key).hexdigest()


def chosen(canary: Canary, campaign: str, key: bytes) -> int:
    """Index of the variant that a campaign is served: uniform over the variants, by HMAC-SHA-256.

    Raises:
        ConfigError: the key is shorter than 16 bytes, or is not the one that the canary was registered under.
    """
    if len(key) < _LEAST_KEY:
        raise ConfigError(f"a key of canaries has at least {_LEAST_KEY} bytes")
    if not hmac.compare_digest(key_commitment(key), canary.commitment):
        raise ConfigError(f"{canary.canary} was registered under another key")
    k, turn = len(canary.variants), 0
    while True:  # values past the last multiple of k are drawn anew, so that no variant is likelier than another
        name = canary.canary.encode()
        message = b"canary|v1|" + len(name).to_bytes(4, "big") + name + turn.to_bytes(4, "big") + campaign.encode()
        value = int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big")
        if value < 2**64 - 2**64 % k:
            return value % k
        turn += 1


def place(
    text: str,
    canaries: Iterable[Canary],
    campaign: str,
    key: bytes,
    policy: CanaryPolicy,
    *,
    today: dt.date,
    content: Content = "prose",
    topic: str = "",
) -> Served:
    """Let an answer say what it says in the variants that the key chose.

    A canary is placed where the answer has one of its variants by itself. Fenced code and code between backquotes stay as they
    are, byte for byte; a name is left alone where another variant of it stands in the answer or any stands in its code, and a
    number where the answer has any other.

    Args:
        text: the answer.
        canaries: registered ones.
        campaign: to whom it goes.
        key: the one that chooses.
        policy: what is allowed.
        today: the day.
        content: what the answer is; anything but prose stays as it is.
        topic: of the request, as the caller classified it.

    Raises:
        ConfigError: as `chosen` raises it.
    """
    if refusal := policy.refusal(campaign, content, topic, today):
        return Served(text, (), refusal)
    placed: list[str] = []
    for canary in canaries:
        if len(placed) == policy.most_each:
            break
        if canary.kind not in policy.kinds or canary.expires < today:
            continue
        made = _said(text, canary, chosen(canary, campaign, key))
        if made is not None:
            text = made
            placed.append(canary.canary)
    return Served(text, tuple(placed))


def _said(text: str, canary: Canary, choice: int) -> str | None:
    """The text with the chosen variant in place of whichever stands there; None where none does or it cannot be."""
    wanted = canary.variants[choice]
    prose = _FENCED.sub("", text)
    found = [variant for variant in canary.variants if _by_itself(variant).search(prose)]
    if len(found) != 1 or (canary.kind == "name" and _touches_code(text, canary.variants)):
        return None
    if canary.kind == "number" and _DIGIT.search(_by_itself(found[0]).sub("", text)):
        return None  # another number may have been computed from this one
    return _outside_code(text, found[0], wanted)


def _by_itself(variant: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(variant)}(?!\w)")


def _touches_code(text: str, variants: Sequence[str]) -> bool:
    """Whether code in the text uses one of these names: prose and code would no longer speak of the same."""
    code = "\n".join(match.group() for match in _FENCED.finditer(text))
    return any(_by_itself(variant).search(code) for variant in variants)


def _outside_code(text: str, old: str, new: str) -> str:
    parts, at = [], 0
    for match in _FENCED.finditer(text):
        parts += [_by_itself(old).sub(lambda _: new, text[at : match.start()]), match.group()]
        at = match.end()
    return "".join([*parts, _by_itself(old).sub(lambda _: new, text[at:])])


def counted(answers: Iterable[str], canaries: Mapping[str, Canary]) -> dict[str, tuple[int, ...]]:
    """How often each variant of each canary stands by itself in a suspect's answers."""
    joined = "\n".join(answers)
    return {
        name: tuple(len(_by_itself(variant).findall(joined)) for variant in canary.variants)
        for name, canary in canaries.items()
    }
