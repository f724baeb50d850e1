"""Channel `signup`: registrations made from one place, or in one go."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from revenuer.behaviour import Profiles
from revenuer.findings import Evidence
from revenuer.linkage.sharing import shared_words, sharing

__all__ = ["signup_evidence"]

I64 = npt.NDArray[np.int64]

_KINDS: Final = {
    "device_fingerprint": ("device", "devices"),
    "phone_hash": ("phone number", "phone numbers"),
    "email_hash": ("mailbox", "mailboxes"),
    "signup_net": ("sign-up network", "sign-up networks"),
    "email_domain": ("mail domain", "mail domains"),
}
# A burst: this long, and this much denser than the population's own sign-ups.
WINDOW_DAYS: Final = 3.0
STRONGEST_BURST: Final = 2.0
_DAY: Final = 86_400_000_000


def signup_evidence(profiles: Profiles, members: I64, *, seed: int) -> Evidence | None:
    """The strongest shared sign-up fact, and a burst of sign-ups if there is one; together capped at 4."""
    everyone = np.arange(len(profiles))
    found = [
        (sharing(everyone, profiles.signup[kind], members, profiles.entity, seed=seed), words)
        for kind, words in _KINDS.items()
    ]
    best, words = max(found, key=lambda pair: pair[0].strength)
    burst, inside, share = _burst(profiles, members)
    if best.strength + burst <= 0.0:
        return None
    facts = []
    if best.strength > 0:
        facts.append(shared_words(best, *words))
    if burst > 0:
        facts.append(
            f"{inside} accounts were registered within the same {WINDOW_DAYS:.0f} days, against {share:.1%} of all others"
        )
    return Evidence("signup", "; ".join(facts), min(best.strength + burst, 4.0), max(best.tied, inside))


def _burst(profiles: Profiles, members: I64) -> tuple[float, int, float]:
    """Log10 likelihood ratio of the densest window against the population, accounts in it, share of others in it."""
    created = profiles.created[members]
    created = np.sort(created[created > 0])
    if len(created) < 5:
        return 0.0, 0, 0.0
    window = int(WINDOW_DAYS * _DAY)
    inside = np.searchsorted(created, created + window, "right") - np.arange(len(created))
    start = created[int(inside.argmax())]
    n = int(inside.max())
    others = np.ones(len(profiles), np.bool_)
    others[members] = False
    rest = profiles.created[others]
    rest = rest[rest > 0]
    share = (float(((rest >= start) & (rest <= start + window)).sum()) + 1.0) / (len(rest) + 1.0)
    observed = n / len(created)
    if observed <= 3 * share:
        return 0.0, 0, share
    gain = n * np.log10(observed / share) + (len(created) - n) * np.log10(
        max(1 - observed, 1e-9) / max(1 - share, 1e-9)
    )
    # the densest window was searched for: as many looks as windows
    gain -= np.log10(max(len(created), 1))
    return float(np.clip(gain, 0.0, STRONGEST_BURST)), n, share
