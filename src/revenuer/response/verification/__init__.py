"""Verification of sign-ups: who is let in, who is asked for more, and why. See `docs/verification.md`.

`Desk.verify` turns an `Applicant` into an `Outcome`; `known_to_findings` and `known_to_state` say which campaigns are known.
"""

from revenuer.response.verification.again import ask_again
from revenuer.response.verification.applicant import Applicant
from revenuer.response.verification.bases import Base
from revenuer.response.verification.confirmed import Confirmed
from revenuer.response.verification.desk import Desk
from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import History
from revenuer.response.verification.judging import judge, new_bases
from revenuer.response.verification.known import known_to_findings, known_to_state
from revenuer.response.verification.network import Feed, Place, load_feed
from revenuer.response.verification.outcome import Alternative, Outcome, Reason, appeal_token
from revenuer.response.verification.policy import (
    OUTCOMES,
    Proof,
    VerificationPolicy,
    default_verification_policy,
    default_verification_text,
    load_verification_policy,
)
from revenuer.response.verification.signals import SIGNALS, Signal
from revenuer.response.verification.signups import (
    Share,
    SignUps,
    Tally,
    outcomes_table,
    read_signups,
    tally,
    verify_all,
)

__all__ = [
    "OUTCOMES",
    "SIGNALS",
    "Alternative",
    "Applicant",
    "Base",
    "Confirmed",
    "Desk",
    "Facts",
    "Feed",
    "History",
    "Outcome",
    "Place",
    "Proof",
    "Reason",
    "Share",
    "SignUps",
    "Signal",
    "Tally",
    "VerificationPolicy",
    "appeal_token",
    "ask_again",
    "default_verification_policy",
    "default_verification_text",
    "judge",
    "known_to_findings",
    "known_to_state",
    "load_feed",
    "load_verification_policy",
    "new_bases",
    "outcomes_table",
    "read_signups",
    "tally",
    "verify_all",
]
