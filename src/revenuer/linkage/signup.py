"""Channel `signup`: registrations made from one place, or in one go."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from revenuer.behaviour import Profiles
from revenuer.findings import Evidence
from revenuer.linkage.kept import kept
from revenuer.linkage.sharing import DRAWS, shared_words, sharing

__all__ = ["signup_evidence"]

I64 = npt.NDArray[np.int64]

_KINDS: Final = {
    "device_fingerprint": ("device", "devices"),
    "phone_hash": ("phone number", "phone numbers"),
    "email_hash": ("mailbox", "mailboxes"),
    "signup_net": ("sign-up network", "sign-up networks"),
    "email_domain": ("mail domain", "mail domains"),
}
WINDOW_DAYS: Final = 3.0
STRONGEST_BURST: Final = 2.0
STRONGEST_SIGNUP: Final = 4.0
LEAST_IN_BURST: Final = 5
DAY: Final = 86_400_000_000


def signup_evidence(profiles: Profiles, members: I64, *, seed: int) -> Evidence | None:
    """The strongest shared sign-up fact, and a burst of sign-ups if there is one; together capped at 4."""
    found = [
        (sharing(None, profiles.signup[kind], members, profiles.entity, seed=seed), words)
        for kind, words in _KINDS.items()
    ]
    best, words = max(found, key=lambda pair: pair[0].strength)
    burst = _burst(profiles, members, seed)
    if best.strength + burst.strength <= 0.0:
        return None
    facts = []
    if best.strength > 0:
        facts.append(shared_words(best, *words))
    if burst.strength > 0:
        facts.append(
            f"{burst.inside} account owners registered within the same {WINDOW_DAYS:.0f} days, against {burst.share:.1%} "
            f"of all others"
        )
    strength = min(best.strength + burst.strength, STRONGEST_SIGNUP)
    return Evidence("signup", "; ".join(facts), strength, max(best.tied, burst.inside))


class _Burst(NamedTuple):
    """The densest window of sign-ups: owners in it, share of all others in it, log10 likelihood ratio."""

    inside: int
    share: float
    strength: float


def _burst(profiles: Profiles, members: I64, seed: int) -> _Burst:
    """The densest window, as far as it exceeds the densest of as many others: what was searched for is also found."""
    owners, created = kept(_registered, profiles.entity, profiles.created)
    own = np.isin(owners, profiles.entity[members])
    everyone, group, rest = np.sort(created), np.sort(created[own]), created[~own]
    if len(group) < LEAST_IN_BURST or len(rest) <= len(group):
        return _Burst(0, 0.0, 0.0)
    found = _densest(group, everyone)
    rng = np.random.default_rng(seed)
    drawn = [np.sort(rng.choice(rest, len(group), replace=False)) for _ in range(DRAWS)]
    usual = max(_densest(others, everyone).strength for others in drawn)
    return found._replace(strength=float(np.clip(found.strength - usual, 0.0, STRONGEST_BURST)))


def _registered(owner: I64, created: I64) -> tuple[I64, I64]:
    """Owners, and when each registered its first account; those of whom it is known."""
    known = np.flatnonzero(created > 0)
    order = known[np.argsort(created[known], kind="stable")]
    owners, first = np.unique(owner[order], return_index=True)
    return owners, created[order][first]


def _densest(group: I64, everyone: I64) -> _Burst:
    """The window that holds most of a group, against the share of all others in it; both sorted."""
    window = int(WINDOW_DAYS * DAY)
    counts = np.searchsorted(group, group + window, "right") - np.arange(len(group))
    at = int(counts.argmax())
    inside, start = int(counts[at]), group[at]
    others = np.searchsorted(everyone, start + window, "right") - np.searchsorted(everyone, start) - inside
    share = (float(others) + 1.0) / (len(everyone) - len(group) + 1.0)
    observed = min(inside / len(group), 1.0 - 1e-9)
    if observed <= share:
        return _Burst(inside, share, 0.0)
    gain = inside * np.log10(observed / share)
    gain += (len(group) - inside) * np.log10((1.0 - observed) / max(1.0 - share, 1e-9))
    return _Burst(inside, share, float(gain))
