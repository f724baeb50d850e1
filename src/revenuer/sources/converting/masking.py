"""Mail addresses and secrets in text, replaced by what they were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, get_args

from revenuer.sources.formats.values import digest

__all__ = ["MASKS", "Mask", "masked"]

Mask = Literal["emails", "secrets"]
MASKS: Final[tuple[Mask, ...]] = get_args(Mask)

_TEXTS: Final = ("system", "prompt", "response")
_IDS: Final = ("account_id", "org_id", "end_user_id", "session_id")

# Lengths are bounded, so that no text makes the search slow.
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_SECRET: Final = re.compile(
    r"""
      -----BEGIN[A-Z ]{0,40}PRIVATE\ KEY-----.{0,8000}?-----END[A-Z ]{0,40}PRIVATE\ KEY-----
    | \beyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{8,4096}           # JSON web tokens
    | \b(?:sk|pk|rk|xox[abprs]|gh[oprsu]|glpat|hf|AIza|ya29|npm|pypi|key|whsec)[-_.]?[A-Za-z0-9][\w-]{18,250}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | (?<=[Bb]earer\ )[\w.~+/-]{16,4096}
    """,
    re.VERBOSE | re.DOTALL,
)


def masked(values: dict[str, Any], masks: Collection[Mask]) -> Counter[Mask]:
    """Mask the texts of an exchange in place; an id that is a mail address becomes a hash, so that it stays an id.

    Returns:
        How many values were changed, by mask.
    """
    changed = Counter[Mask]()
    for mask in masks:
        for names, change in _CHANGES[mask]:
            for name in names:
                value = values.get(name)
                if isinstance(value, str) and (fresh := change(value)) != value:
                    values[name] = fresh
                    changed[mask] += 1
    return changed


def _without_secrets(text: str) -> str:
    return _SECRET.sub("<SECRET>", text)


def _without_emails(text: str) -> str:
    return _EMAIL.sub("<EMAIL>", text) if "@" in text else text


def _hashed_email(name: str) -> str:
    return digest(name.strip().lower())[:32] if _EMAIL.fullmatch(name.strip()) else name


_CHANGES: Final[Mapping[Mask, tuple[tuple[tuple[str, ...], Callable[[str], str]], ...]]] = {
    "emails": ((_TEXTS, _without_emails), (_IDS, _hashed_email)),
    "secrets": ((_TEXTS, _without_secrets),),
}
