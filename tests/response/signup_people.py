"""People who sign up, made for tests: strangers, a farm on a few devices, a class."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np

from revenuer.response.verification import (
    Applicant,
    Confirmed,
    Desk,
    VerificationPolicy,
    default_verification_policy,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("maria.silva", "wei.li", "joao.costa", "anna.berg", "omar.aziz", "kofi.mensah", "yuki.sato", "ivan.petrov")


def policy(**changes: object) -> VerificationPolicy:
    """The policy that is shipped, with some of its fields replaced."""
    fields = msgspec.to_builtins(default_verification_policy()) | changes
    return msgspec.convert(fields, VerificationPolicy)


def strangers(count: int, *, days: float = 60.0, seed: int = 1) -> list[Applicant]:
    """People who have nothing to do with each other; every twentieth signs up on somebody else's device."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0.0, days, count))
    return [
        Applicant(
            account_id=f"s{i:05}",
            created_at=START + timedelta(days=float(at)),
            email=f"{NAMES[int(rng.integers(len(NAMES)))]}{int(rng.integers(10, 99))}{i}@gmail.com",
            phone=f"+491511{i:07}",
            payment_fingerprint=f"card-s{i}",
            payment_kind="card",
            plan="api",
            signup_ip=f"{20 + i // 60000}.{i // 250 % 240}.{i % 250}.7",
            device_fingerprint=f"dev-s{i - 1 if i % 20 == 19 else i}",
        )
        for i, at in enumerate(times)
    ]


def farm(count: int, *, at: float = 50.0, devices: int = 1, prefix: str = "f", **fields: object) -> list[Applicant]:
    """Accounts that one hand makes within an hour: a device and a card for many, one network, addresses of one shape."""
    return [
        msgspec.structs.replace(
            Applicant(
                account_id=f"{prefix}{i:04}",
                created_at=START + timedelta(days=at, minutes=i),
                email=f"user{4000 + i}@mailinator.com",
                payment_fingerprint=f"card-{prefix}{i % devices}",
                payment_kind="virtual_card",
                plan="api",
                signup_ip=f"99.9.9.{i % 250}",
                device_fingerprint=f"dev-{prefix}{i % devices}",
            ),
            **fields,
        )
        for i in range(count)
    ]


def in_order(*groups: list[Applicant]) -> list[Applicant]:
    """All of them in the order of time."""
    return sorted((one for group in groups for one in group), key=lambda one: (one.created_at, one.account_id))


def outcomes(
    applicants: list[Applicant], *, confirmed: tuple[Confirmed, ...] = (), by: VerificationPolicy | None = None
) -> dict[str, str]:
    """What became of each account."""
    desk = Desk(by or policy(), confirmed=confirmed)
    return {one.account_id: desk.verify(one).outcome for one in applicants}
