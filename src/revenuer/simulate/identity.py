"""Who the accounts are: sign-up, mail, payment, devices, networks, clients and settings, drawn from a declared spec."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.catalogue import CLIENTS, DOMAINS
from revenuer.simulate.world import DAY, World, hex_ids

__all__ = ["Cohort", "Identity", "enrol", "uniform"]

Mix = dict[str, float]
Floats = NDArray[np.float64]

_ZONES: Final = (-8.0, -7.0, -6.0, -5.0, -4.0, -3.0, 0.0, 1.0, 2.0, 3.0, 5.5, 7.0, 8.0, 9.0, 10.0)
# What people set: values and how common they are.
_SETTINGS: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "temperature": ((1.0, 0.7, 0.0, 0.2, 0.3, 0.5, 0.9, 0.1), (0.45, 0.18, 0.15, 0.06, 0.05, 0.05, 0.03, 0.03)),
    "max_tokens": (
        (1024, 2048, 4096, 8192, 16384, 512, 1000, 4000, 32000),
        (0.12, 0.14, 0.3, 0.18, 0.08, 0.06, 0.05, 0.05, 0.02),
    ),
}
_PLANS: Final[Mix] = {"free": 0.35, "pro": 0.3, "max": 0.06, "api": 0.25, "enterprise": 0.04}


@dataclass(frozen=True, slots=True)
class Identity:
    """How the accounts of a group came to be.

    Args:
        org: `own` (each its own, or none for people), or the number of organisations the group shares.
        created: `years` (grown over two years), `recent`, or `burst` (a few sign-up waves).
        mail: shares of kinds of mail domain: popular, disposable, company, institution, alike (look-alike domains).
        payment: shares of payment kinds.
        cards: accounts per payment instrument (1: each its own).
        devices: accounts per device (1: each its own).
        networks: shares of network kinds for the addresses.
        addresses: addresses an account uses over the window (mean).
        shared_addresses: size of a common pool of addresses that all of the group use; 0: none.
        plan, programme, pathway: shares.
        verified: share of verified accounts.
        clients: shares of client kinds (`web`, `sdk`, `agent`).
        one_client: everyone runs the same client software.
    """

    org: str | int = "own"
    created: str = "years"
    mail: Mix = field(default_factory=lambda: {"popular": 0.75, "company": 0.24, "disposable": 0.01})
    payment: Mix = field(default_factory=lambda: {"card": 0.62, "virtual_card": 0.06, "invoice": 0.03, "none": 0.29})
    cards: int = 1
    devices: int = 1
    networks: Mix = field(
        default_factory=lambda: {"residential": 0.55, "mobile": 0.2, "office": 0.15, "hosting": 0.07, "vpn": 0.03}
    )
    addresses: float = 3.0
    shared_addresses: int = 0
    plan: Mix = field(default_factory=lambda: dict(_PLANS))
    programme: Mix = field(default_factory=lambda: {"none": 0.95, "education": 0.02, "research": 0.01, "startup": 0.02})
    pathway: Mix = field(
        default_factory=lambda: {
            "first_party": 0.5,
            "subscription": 0.33,
            "bedrock": 0.06,
            "vertex": 0.04,
            "azure": 0.04,
            "aggregator": 0.03,
        }
    )
    verified: float = 0.55
    clients: Mix = field(default_factory=lambda: {"web": 0.6, "sdk": 0.33, "agent": 0.07})
    one_client: bool = False


@dataclass(slots=True)
class Cohort:
    """Accounts as columns; the attributes that traffic needs stand beside those of the accounts table."""

    table: dict[str, list[object]]
    addresses: NDArray[np.uint32]
    clients: NDArray[np.int64]
    credentials: list[list[str]]
    pathway: list[str]
    zone: NDArray[np.float64]
    tier: NDArray[np.int64]
    delay: NDArray[np.float64]
    temperature: NDArray[np.float32]
    max_tokens: NDArray[np.int32]
    thinking: NDArray[np.float64]

    @property
    def size(self) -> int:
        """How many accounts."""
        return len(self.pathway)


def _pick(rng: np.random.Generator, mix: Mix, n: int) -> list[str]:
    weights = np.array(list(mix.values()))
    return [str(v) for v in rng.choice(list(mix), n, p=weights / weights.sum())]


def _created(rng: np.random.Generator, kind: str, n: int) -> Floats:
    """Seconds from the start of the window (negative: before it)."""
    # Two years of growth, with waves after the releases of models.
    waves = rng.choice([-120.0, -74.0, -33.0, -9.0], n) + rng.exponential(4, n)
    years = np.where(rng.random(n) < 0.22, waves, -730 * rng.random(n) ** 1.8)
    if kind == "recent":
        years = np.where(rng.random(n) < 0.55, -rng.exponential(60, n), years)
    elif kind == "burst":
        days = -rng.uniform(1, 150, max(2, n // 25))
        bursts = days[rng.integers(0, len(days), n)] + rng.exponential(0.3, n)
        # A third are bought, stolen or kept in store: of any age.
        years = np.where(rng.random(n) < 0.67, bursts, years)
    return np.asarray(np.minimum(years, -0.02 - 0.5 * rng.random(n)) * DAY)


def _mail(rng: np.random.Generator, mix: Mix, orgs: list[str]) -> list[object]:
    kinds = _pick(rng, mix, len(orgs))
    alike = [f"{a}{b}.example" for a, b in zip(hex_ids(rng, 4, "mail", 4), hex_ids(rng, 4, "-", 2), strict=True)]
    campus = [f"uni-{h}.example" for h in hex_ids(rng, 2, "", 6)]
    found: list[object] = []
    for kind, org in zip(kinds, orgs, strict=True):
        if kind in DOMAINS:
            names = DOMAINS[kind]
            found.append(names[min(int(rng.exponential(len(names) / 3)), len(names) - 1)])
        elif kind == "company":
            found.append(f"{org[-8:]}.example")
        else:
            found.append(
                (alike if kind == "alike" else campus[:1])[rng.integers(0, len(alike)) if kind == "alike" else 0]
            )
    return found


def _orgs(rng: np.random.Generator, spec: str | int, n: int) -> list[str]:
    if spec == "own":
        return hex_ids(rng, n, "org_", 12)
    pool = hex_ids(rng, int(spec), "org_", 12)
    return [pool[i] for i in rng.integers(0, len(pool), n)]


def _shared(rng: np.random.Generator, n: int, group: int, prefix: str) -> list[str]:
    """One key for about `group` rows; where keys are shared at all, a quarter of the rows still have their own."""
    keys = hex_ids(rng, 2 * n, prefix, 16)
    holder = n + rng.permutation(n) // group
    alone = rng.random(n) < (0.25 if group > 1 else 1.0)
    return [keys[row] if own else keys[common] for row, (own, common) in enumerate(zip(alone, holder, strict=True))]


def enrol(world: World, spec: Identity, n: int, *key: object) -> Cohort:
    """`n` accounts of one kind; `key` names the random stream."""
    rng = world.rng("enrol", *key)
    addresses = _addresses(rng, world, spec, n)
    settings = {name: rng.choice(values, n, p=weights) for name, (values, weights) in _SETTINGS.items()}
    return Cohort(
        table=_signups(rng, spec, addresses[:, 0], n),
        addresses=addresses,
        clients=_clients(rng, spec, n),
        credentials=[hex_ids(rng, int(k), "key_", 12) for k in rng.geometric(0.7, n)],
        pathway=_pick(rng, spec.pathway, n),
        zone=rng.choice(_ZONES, n) + rng.normal(0, 0.7, n),
        tier=rng.choice(3, n, p=[0.3, 0.4, 0.3]),
        delay=np.where(rng.random(n) < 0.25, 400.0, rng.lognormal(1.1, 1.0, n)),
        temperature=settings["temperature"].astype(np.float32),
        max_tokens=settings["max_tokens"].astype(np.int32),
        thinking=rng.beta(0.5, 1.2, n),
    )


def _signups(
    rng: np.random.Generator, spec: Identity, addresses: NDArray[np.uint32], n: int
) -> dict[str, list[object]]:
    """The columns of the accounts table; times in seconds from the start of the window, addresses as numbers."""
    orgs, plan = _orgs(rng, spec.org, n), _pick(rng, spec.plan, n)
    payment, cards = _pick(rng, spec.payment, n), _shared(rng, n, spec.cards, "pay_")
    phones, has_phone = hex_ids(rng, n, "ph_", 16), rng.random(n) < 0.7
    firm = [isinstance(spec.org, int) or p in {"api", "enterprise"} for p in plan]
    return {
        "account_id": list(hex_ids(rng, n, "acct_", 16)),
        "org_id": [org if has else None for org, has in zip(orgs, firm, strict=True)],
        "created_at": list(_created(rng, spec.created, n)),
        "email_domain": _mail(rng, spec.mail, orgs),
        "email_hash": list(hex_ids(rng, n, "em_", 16)),
        "payment_fingerprint": [c if p != "none" else None for c, p in zip(cards, payment, strict=True)],
        "payment_kind": list(payment),
        "plan": list(plan),
        "programme": list(_pick(rng, spec.programme, n)),
        "verified": [bool(v) for v in rng.random(n) < spec.verified],
        "signup_ip": list(addresses),
        "device_fingerprint": list(_shared(rng, n, spec.devices, "dev_")),
        "phone_hash": [p if has else None for p, has in zip(phones, has_phone, strict=True)],
    }


def _addresses(rng: np.random.Generator, world: World, spec: Identity, n: int) -> NDArray[np.uint32]:
    """(n, 8): the addresses of each account; the first is where it signed up. Repeats make some likelier."""
    width = 8
    if spec.shared_addresses:
        size = min(spec.shared_addresses, 2 + n // 3)
        pool = world.addresses(rng, _pick(rng, spec.networks, 1)[0], size)
        return pool[rng.integers(0, len(pool), (n, width))]
    kinds = np.array(_pick(rng, spec.networks, n * width)).reshape(n, width)
    kinds[:, 1:5] = kinds[:, :1]
    found = np.empty((n, width), dtype=np.uint32)
    for kind in np.unique(kinds):
        rows = kinds == kind
        found[rows] = world.addresses(rng, str(kind), int(rows.sum()))
    used = np.clip(rng.poisson(spec.addresses, n), 1, width)
    # Column j beyond what is used repeats an earlier one, mostly the first.
    for column in range(1, width):
        idle = used <= column
        found[idle, column] = found[idle, rng.integers(0, 2) if column > 1 else 0]
    return found


def _clients(rng: np.random.Generator, spec: Identity, n: int) -> NDArray[np.int64]:
    """(n, 3): the client software of each account."""
    kinds = np.array(_pick(rng, spec.clients, n))
    found = np.empty((n, 3), dtype=np.int64)
    for kind in np.unique(kinds):
        codes = np.array([i for i, c in enumerate(CLIENTS) if c.kind == kind])
        weights = np.array([CLIENTS[i].weight for i in codes])
        rows = np.flatnonzero(kinds == kind)
        found[rows] = rng.choice(codes, (len(rows), 1), p=weights / weights.sum())
        other = rng.random(len(rows)) < 0.35
        found[rows[other], 1] = rng.choice(codes, int(other.sum()), p=weights / weights.sum())
    if spec.one_client:
        found[:] = found[0, 0]
    return found


def uniform(cohort: Cohort, rng: np.random.Generator) -> None:
    """One script runs all of the cohort: the same client and, mostly, the same settings."""
    pick = int(rng.integers(0, cohort.size))
    cohort.clients[:] = cohort.clients[pick, 0]
    cohort.temperature[:] = cohort.temperature[pick]
    cohort.max_tokens[:] = cohort.max_tokens[pick]
