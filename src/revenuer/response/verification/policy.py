"""The policy of verification: a versioned TOML file that says how much evidence leads to what."""

from __future__ import annotations

from importlib import resources
from math import log10
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from revenuer.errors import ConfigError
from revenuer.response.verification.lists import Lists
from revenuer.schema import VALUES
from revenuer.toml_file import parse_toml, read_toml

__all__ = [
    "OUTCOMES",
    "OutcomeName",
    "Proof",
    "VerificationPolicy",
    "default_verification_policy",
    "default_verification_text",
    "load_verification_policy",
]

OutcomeName = Literal["approve", "approve_with_limits", "step_up", "review", "deny"]
OUTCOMES: Final[tuple[OutcomeName, ...]] = get_args(OutcomeName)
GROUPS: Final = ("identity", "mail", "network", "issuer", "usage", "cohort", "proof", "line")
SCHEMA: Final = 1
LONGEST_DAYS: Final = 366
# With one way only, whoever cannot go it is shut out.
LEAST_ALTERNATIVES: Final = 2
LINE_AT_MOST: Final = 1.0
DEFAULT_FILE: Final = "default_verification.toml"
_PROGRAMMES: Final = tuple(name for name in VALUES["programme"] if name != "none")

Short = Literal["approve_with_limits", "step_up", "review"]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; a key that is not known is refused."""


class Honest(_Strict, frozen=True, kw_only=True):
    """The largest share of honest sign-ups that may meet each outcome by score."""

    approve_with_limits: float = 0.05
    step_up: float = 0.01
    review: float = 0.001


class ExactRules(_Strict, frozen=True, kw_only=True):
    """What exact evidence leads to."""

    campaign_infrastructure: OutcomeName = "deny"
    campaign_suspected: Short = "review"
    card_reported_stolen: OutcomeName = "deny"


class Proof(_Strict, frozen=True, kw_only=True):
    """A way to show who one is; all that serve for one purpose are equal.

    Attributes:
        name: by which the caller says that it was brought and checked.
        text: for the applicant, to follow "you can".
        purposes: `step_up` or programmes; `for` in the file.
    """

    name: str
    text: str
    purposes: tuple[str, ...] = msgspec.field(name="for")


class OwnDomains(_Strict, frozen=True, kw_only=True):
    """Registrable domains that the operator adds to the lists."""

    academic: tuple[str, ...] = ()
    disposable: tuple[str, ...] = ()
    public: tuple[str, ...] = ()


class VerificationPolicy(_Strict, frozen=True, kw_only=True):
    """A policy as its file has it; see `docs/verification.md`."""

    schema: int
    version: str
    mode: Literal["shadow", "enforce"]
    expires: dict[OutcomeName, int]
    proof: tuple[Proof, ...]
    bet: float = 0.5
    honest: Honest = Honest()
    caps: dict[str, float] = {}
    exact: ExactRules = ExactRules()
    limits: dict[str, int] = {}
    programme: dict[str, Literal["approve", "approve_with_limits", "step_up"]] = {}
    domains: OwnDomains = OwnDomains()

    def by_score(self, score: float) -> OutcomeName:
        """The outcome of so many decades of evidence."""
        shares = (self.honest.approve_with_limits, self.honest.step_up, self.honest.review)
        reached = sum(score >= -log10(share) for share in shares)
        return OUTCOMES[reached]

    def alternatives(self, purpose: str) -> tuple[Proof, ...]:
        """The proofs that serve for a purpose."""
        return tuple(one for one in self.proof if purpose in one.purposes)

    def lists(self) -> Lists:
        """The lists of mail domains, with the operator's own."""
        own = self.domains
        return Lists.of(own.academic, own.disposable, own.public)


def load_verification_policy(path: Path) -> VerificationPolicy:
    """Read a policy.

    Raises:
        InputError: the file cannot be read, is no TOML, or holds what no policy holds; names the place.
        ConfigError: it holds what a policy must not say; see `_faults`.
    """
    return _checked(read_toml(path, VerificationPolicy, what="policy"), str(path))


def default_verification_policy() -> VerificationPolicy:
    """The policy that is shipped."""
    return _checked(
        parse_toml(default_verification_text().encode(), VerificationPolicy, name=DEFAULT_FILE, what="policy"),
        DEFAULT_FILE,
    )


def default_verification_text() -> str:
    """The file of the policy that is shipped."""
    return resources.files("revenuer.response.verification").joinpath(DEFAULT_FILE).read_text(encoding="utf-8")


def _checked(policy: VerificationPolicy, name: str) -> VerificationPolicy:
    for fault in _faults(policy):
        raise ConfigError(f"{name}: {fault}")
    return policy


def _faults(policy: VerificationPolicy) -> list[str]:
    """What a policy must not say."""
    faults = [] if policy.schema == SCHEMA else [f"schema {policy.schema}: this version reads schema {SCHEMA}"]
    faults += [] if policy.version.strip() else ["version: a policy without one cannot be named in an outcome"]
    faults += [] if 0.0 < policy.bet < 1.0 else [f"bet: {policy.bet} is not between 0 and 1"]
    honest = policy.honest
    if not 1.0 > honest.approve_with_limits >= honest.step_up >= honest.review > 0.0:
        faults.append("honest: shares between 0 and 1, the harder the outcome the smaller its share")
    for outcome in OUTCOMES[1:]:
        if not 0 < policy.expires.get(outcome, 0) <= LONGEST_DAYS:
            faults.append(f"expires.{outcome}: 1 to {LONGEST_DAYS} days, since every outcome ends")
    faults += [f"caps.{name}: there is no such group of signals" for name in policy.caps if name not in GROUPS]
    faults += [f"caps.{name}: {cap} must not be negative" for name, cap in policy.caps.items() if not cap >= 0]
    if policy.caps.get("line", LINE_AT_MOST) > LINE_AT_MOST:
        faults.append(f"caps.line: at most {LINE_AT_MOST}, since the kind of a phone line decides nothing")
    faults += [f"limits.{name}: must not be negative" for name, most in policy.limits.items() if most < 0]
    return faults + _proof_faults(policy)


def _proof_faults(policy: VerificationPolicy) -> list[str]:
    names = [one.name for one in policy.proof]
    faults = [f"proof {name}: there are two of this name" for name in sorted({n for n in names if names.count(n) > 1})]
    faults += [f"proof {one.name}: needs a text" for one in policy.proof if not one.text.strip()]
    known = ("step_up", *_PROGRAMMES)
    faults += [f"proof {o.name}: nothing is called {p}" for o in policy.proof for p in o.purposes if p not in known]
    faults += [f"programme.{name}: there is no such programme" for name in policy.programme if name not in _PROGRAMMES]
    for purpose in ("step_up", *policy.programme):
        if len(policy.alternatives(purpose)) < LEAST_ALTERNATIVES:
            faults.append(
                f"proof: {purpose} needs {LEAST_ALTERNATIVES} alternatives at least, for those whom one does not fit"
            )
    return faults
