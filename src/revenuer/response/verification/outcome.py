"""What an applicant is told, and what the provider's people see of why."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from revenuer.response.verification.policy import OutcomeName, VerificationPolicy

__all__ = ["Alternative", "Outcome", "Reason", "appeal_token", "ends", "explained"]


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason.

    Attributes:
        code: that stays the same from version to version.
        fact: what was observed, for the provider's people; the applicant is told `Outcome.explanation`.
        group: of signals; empty for a rule.
        worth: log10 likelihood ratio before its group is averaged and capped; negative speaks for the applicant.
        one_in: of sign-ups without a known campaign so many pass for one as unusual in this (the average run length).
    """

    code: str
    fact: str
    group: str = ""
    worth: float = 0.0
    one_in: float | None = None


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """A proof that would do; any one of those listed is enough."""

    name: str
    text: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a sign-up.

    Attributes:
        account_id: whose.
        outcome: as the policy says; it happens only if `effective`.
        score: decades of evidence, the sum of `groups`.
        reasons: the strongest first.
        groups: what each group of signals says, averaged and capped.
        explanation: in plain words, for the applicant.
        alternatives: equal proofs, any one of which is enough; empty where none is asked for.
        limits: what `approve_with_limits` lets through.
        appeal: token to quote in an objection; empty where nothing meets the applicant.
        expires_at: RFC 3339; None for `approve`.
        policy: version.
        effective: whether it happens: not in shadow.
    """

    account_id: str
    outcome: OutcomeName
    score: float
    reasons: tuple[Reason, ...]
    groups: dict[str, float]
    explanation: str
    alternatives: tuple[Alternative, ...]
    limits: dict[str, int]
    appeal: str
    expires_at: str | None
    policy: str
    effective: bool


_OPENING: Final[dict[OutcomeName, str]] = {
    "approve": "Your account is open.",
    "approve_with_limits": "Your account is open, with limits until we know you better.",
    "step_up": "Before your account is opened we ask you to show who you are.",
    "review": "A person looks at your sign-up before your account is opened.",
    "deny": "Your account was not opened.",
}
# What an applicant is told of a reason: enough to understand and to object, nothing of other people, no recipe.
_TOLD: Final[dict[str, str]] = {
    "DEVICE-SHARED": "Other accounts were opened on the same device.",
    "CARD-SHARED": "Other accounts were opened with the same card.",
    "PHONE-SHARED": "Other accounts were opened with the same phone number.",
    "MAILBOX-SHARED": "Other accounts were opened with the same mailbox.",
    "DEVICE-BURST": "Unusually many accounts were opened on the same device in a short time.",
    "CARD-BURST": "Unusually many accounts were opened with the same card in a short time.",
    "CARD-BIN-BURST": "Unusually many accounts were opened with cards of the same issuer in a short time.",
    "NET-BURST": "Unusually many accounts were opened from your network in a short time.",
    "ASN-BURST": "Unusually many accounts were opened from your network in a short time.",
    "DOMAIN-BURST": "Unusually many accounts were opened with your mail provider in a short time.",
    "MAIL-TEMPLATE": "Unusually many addresses of one form were registered with your mail provider in a short time.",
    "MAIL-DISPOSABLE": "Your mail provider gives addresses away for a short time.",
    "NETWORK-KIND": "You came through a network of servers or a proxy.",
    "PHONE-VOIP": "Your number is one of an Internet line.",
    "PROGRAMME-REPEATED": "A programme was granted before with the same card, device, number or mailbox.",
    "PROGRAMME-DRAINED-BEFORE": "An earlier grant with the same card, device, number or mailbox was used up at once.",
    "PROGRAMME-DRAINED": "The grant was used up unusually fast.",
    "BULK-AT-ONCE": "Very much traffic came right after the verification.",
    "COHORT-PLACES": "Your sign-up resembles those of a group of accounts that broke the terms.",
    "COHORT": "Your sign-up resembles those of a group of accounts that broke the terms.",
    "CAMPAIGN-INFRASTRUCTURE": "A card, device, number or mailbox that you gave belongs to accounts that broke the terms.",
    "CAMPAIGN-SUSPECTED": "A card, device, number or mailbox that you gave belongs to accounts that may have broken the terms.",
    "CARD-REPORTED-STOLEN": "The card was reported as stolen; another means of payment will do.",
    "PROGRAMME-PROOF": "The grant of the programme waits for a proof.",
    "ACADEMIC-SECOND-PROOF": "Addresses at your institution were also given to people outside, so that we ask for one more proof.",
    "MAIL-UNREADABLE": "We could not read the mail address: please write it again.",
    "PHONE-UNREADABLE": "We could not read the phone number: please write it again, with + and the country code.",
}
_APPEAL: Final = "If we are wrong, tell us and quote {token}: a person who has not seen it before will look at it."


def explained(
    outcome: OutcomeName, reasons: Sequence[Reason], ways: Sequence[Alternative], token: str, until: str | None
) -> str:
    """The outcome in plain words for the applicant: what, why, what can be done, until when, how to object."""
    told = dict.fromkeys(_TOLD[one.code] for one in reasons if one.worth >= 0 and one.code in _TOLD)
    said = [_OPENING[outcome], *(told if outcome != "approve" else ())]
    if ways:
        said.append(f"Any one of these is enough, as it suits you: {'; '.join(one.text for one in ways)}.")
    if until:
        said.append(f"This ends by itself on {until[:10]}.")
    return " ".join([*said, _APPEAL.format(token=token)] if token else said)


def appeal_token(account_id: str, outcome: OutcomeName, at: int, policy: str, key: bytes) -> str:
    """A token that only the provider can make, and makes again of the same outcome.

    Args:
        account_id: whose.
        outcome: met.
        at: microsecond of the sign-up.
        policy: version.
        key: of the provider.
    """
    said = msgspec.json.encode((account_id, outcome, at, policy))
    digest = hmac.digest(key, b"revenuer-appeal" + said, hashlib.sha256)
    return "V-" + base64.b32encode(digest[:10]).decode()


def ends(outcome: OutcomeName, at: int, policy: VerificationPolicy) -> str | None:
    """When an outcome ends, RFC 3339; `approve` does not."""
    if outcome == "approve":
        return None
    last = datetime.fromtimestamp(at / 1e6, UTC) + timedelta(days=policy.expires[outcome])
    return last.isoformat(timespec="seconds").replace("+00:00", "Z")
