"""A queue among four thousand accounts, and what may be observed about it: by a campaign, by customers, by neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from revenuer.behaviour import Profiles
from revenuer.campaigns.observe import Observed
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.verdict import Verdict, deliver
from revenuer.findings import Evidence
from revenuer.linkage.infrastructure import Traces
from revenuer.linkage.partition import Exchangeability
from strategies import templates_of

I64 = npt.NDArray[np.int64]

ACCOUNTS = 4_000
GROUP = np.arange(40)
SIGNUP = (
    "programme",
    "payment_fingerprint",
    "device_fingerprint",
    "phone_hash",
    "email_hash",
    "signup_net",
    "email_domain",
)
DAY = 86_400_000_000

ONE_QUEUE = Exchangeability(
    pairs=5_000,
    content=0.0,
    content_sd=0.01,
    hour=1.0,
    hour_sd=0.05,
    repeats=0.02,
    between=0.3,
    spread=0.0,
    balance=1.0,
    balance_null=0.9,
)
CUSTOMERS = ONE_QUEUE._replace(content=0.15, hour=1.8, spread=1.5)

CAMPAIGN = Observed(
    accounts=40,
    entities=40,
    largest=0.025,
    templates=12,
    per_template=1_000.0,
    per_account=50.0,
    dedication=0.9,
    test=ONE_QUEUE,
    extraction=0.85,
    elicitation=0.4,
    reading=0.75,
    followups=0.05,
    novelty=0.98,
    one_network=0.05,
    education=0.0,
    peak=1.3,
    span_days=14.0,
    consented=0.0,
)


def profiles(created: I64 | None = None, **signup: I64) -> Profiles:
    """Accounts that answer for themselves, with these sign-up facts; what is not given is unknown."""
    nought, words = np.zeros(ACCOUNTS, np.int64), np.full(ACCOUNTS, "", object)
    facts: dict[str, Any] = {name: signup.get(name, nought) for name in SIGNUP}
    everyone = np.arange(ACCOUNTS)
    made = nought if created is None else created
    return Profiles(everyone, words, everyone, nought + 50, nought, nought, nought, made, facts, words)


def farm() -> tuple[Profiles, Traces]:
    """The group bought cards, devices, addresses and accounts in one place."""
    value = np.arange(ACCOUNTS) + 1_000
    value[GROUP] = GROUP % 8 + 1
    created = 10**15 + np.random.default_rng(0).integers(0, 700 * DAY, ACCOUNTS)
    created[GROUP] = created[100]
    everyone = np.arange(ACCOUNTS)
    kinds = ("ip", "net", "client")
    return profiles(created, **dict.fromkeys(SIGNUP, value)), Traces(
        dict.fromkeys(kinds, everyone), dict.fromkeys(kinds, value)
    )


def strangers() -> tuple[Profiles, Traces]:
    """Nothing is known of where anybody comes from."""
    nothing = np.zeros(0, np.int64)
    return profiles(), Traces(
        dict.fromkeys(("ip", "net", "client"), nothing), dict.fromkeys(("ip", "net", "client"), nothing)
    )


def weighed(
    observed: Observed, world: tuple[Profiles, Traces] | None = None, signs: tuple[Evidence, ...] = ()
) -> Verdict:
    """The verdict on a queue of which this was observed."""
    counts = np.zeros((ACCOUNTS, 3), np.int64)
    counts[GROUP] = 10
    templates = templates_of(counts)
    queue = Queue(
        GROUP, np.ones(40), np.arange(3), np.ones(3), np.ones(3), np.full(3, 400), np.ones(3), observed.reading
    )
    who, traces = world or strangers()
    return deliver(queue, observed, templates, who, traces, signs=signs, seed=0)


def like_campaign(**changes: Any) -> Observed:
    """A campaign's observations with changes."""
    return replace(CAMPAIGN, **changes)
