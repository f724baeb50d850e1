"""From a sign-up and the past to an outcome: a pure function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10
from typing import Final

from revenuer.response.verification.bases import Base
from revenuer.response.verification.facts import Facts
from revenuer.response.verification.history import LINKS, History
from revenuer.response.verification.outcome import Alternative, Outcome, Reason, appeal_token, ends, explained
from revenuer.response.verification.policy import OUTCOMES, OutcomeName, Proof, VerificationPolicy
from revenuer.response.verification.signals import SIGNALS, Signal

__all__ = ["Weighed", "clean_signals", "conclude", "judge", "new_bases", "weigh"]

# Decades of one signal from which it is told as a reason: twice as likely as among others.
TOLD_FROM: Final = 0.3
UNCAPPED: Final = 3.0
_HARDNESS: Final[dict[OutcomeName, int]] = {name: number for number, name in enumerate(OUTCOMES)}
_ANSWERABLE: Final = frozenset({"approve_with_limits", "step_up"})
_COHORT: Final = "COHORT"
_GROUP_OF: Final = {one.name: one.group for one in SIGNALS}


@dataclass(frozen=True, slots=True)
class Weighed:
    """What speaks for and against a sign-up.

    Attributes:
        bins: of each signal that is known.
        groups: log10 likelihood ratio of each group of signals, averaged and capped.
        reasons: from the signals, the strongest first.
        rules: reasons that are no matter of degree, and `least`, the mildest outcome that they allow.
    """

    bins: dict[str, int]
    groups: dict[str, float]
    reasons: tuple[Reason, ...]
    rules: tuple[Reason, ...]
    least: OutcomeName

    @property
    def score(self) -> float:
        """Decades of evidence in all."""
        return sum(self.groups.values())


def new_bases() -> dict[str, Base]:
    """Empty bases of all signals."""
    return {one.name: Base(one.bins, helps=one.helps, fixed=one.fixed) for one in SIGNALS}


def weigh(facts: Facts, history: History, policy: VerificationPolicy, signals: Iterable[Signal] = SIGNALS) -> Weighed:
    """What the past says of a sign-up; nothing is changed.

    Args:
        facts: of the sign-up.
        history: what came before it.
        policy: of caps, and of what exact evidence leads to.
        signals: those that are looked at.
    """
    bins = {one: at for one in signals if (at := one.read(facts, history)) is not None}
    worths = {one.name: history.bases[one.name].worth(at, policy.bet) for one, at in bins.items()}
    cohort = history.cohort.worth(facts, history.mail_kind(facts), policy.bet)
    rules, least = _rules(facts, history, policy)
    return Weighed(
        {one.name: at for one, at in bins.items()},
        _groups(worths, cohort, policy),
        tuple(_reasons(facts, history, bins, worths, cohort)),
        tuple(rules),
        least,
    )


def clean_signals(weighed: Weighed) -> list[str]:
    """Signals whose base a sign-up may enter: the other groups together do not speak against it.

    Where groups are independent among honest people, this leaves the bases of honest people as they are; farms, which
    are unusual in several groups at once, stay out of them.
    """
    return [name for name in weighed.bins if weighed.score - weighed.groups.get(_GROUP_OF[name], 0.0) <= 0.0]


def judge(facts: Facts, history: History, policy: VerificationPolicy, key: bytes) -> Outcome:
    """What becomes of a sign-up, by the past and the policy; nothing is changed.

    Args:
        facts: of the sign-up.
        history: what came before it.
        policy: what evidence leads to.
        key: of appeal tokens.
    """
    return conclude(facts, weigh(facts, history, policy), policy, key)


def _groups(worths: dict[str, float], cohort: float | None, policy: VerificationPolicy) -> dict[str, float]:
    """Log10 of the mean likelihood ratio of each group, capped: a mean of e-values is one, however they depend."""
    found: dict[str, list[float]] = {}
    for one in SIGNALS:
        if one.name in worths:
            found.setdefault(one.group, []).append(worths[one.name])
    if cohort is not None:
        found.setdefault("cohort", []).append(cohort)
    caps = {group: policy.caps.get(group, UNCAPPED) for group in found}
    return {group: max(-caps[group], min(_log_mean(found[group]), caps[group])) for group in sorted(found)}


def _log_mean(logs: Iterable[float]) -> float:
    values = [10.0**one for one in logs]
    return log10(sum(values) / len(values))


def _reasons(
    facts: Facts, history: History, bins: dict[Signal, int], worths: dict[str, float], cohort: float | None
) -> list[Reason]:
    found = [
        Reason(
            code=one.code(facts, history),
            fact=one.tell(facts, history),
            group=one.group,
            worth=round(worths[one.name], 3),
            one_in=round(1.0 / history.bases[one.name].tail(at), 1),
        )
        for one, at in bins.items()
        if worths[one.name] >= TOLD_FROM or (one.helps and at)
    ]
    if cohort is not None and cohort >= TOLD_FROM:
        fact = "mail, payment, plan, programme and network are those of members of a known campaign when they signed up"
        found.append(Reason(code=_COHORT, fact=fact, group="cohort", worth=round(cohort, 3)))
    return sorted(found, key=lambda one: (-one.worth, one.code))


def _rules(facts: Facts, history: History, policy: VerificationPolicy) -> tuple[list[Reason], OutcomeName]:
    """Reasons that are no matter of degree, and the mildest outcome that they allow."""
    found: list[tuple[Reason, OutcomeName]] = []
    owners = {kind: history.owner(facts, kind) for kind in LINKS}
    others = {kind: history.others(kind, facts) or 0 for kind in LINKS}
    exact = history.cohort.exact(facts, owners, others)
    if exact:
        code = "CAMPAIGN-INFRASTRUCTURE" if exact.by_people else "CAMPAIGN-SUSPECTED"
        rule = policy.exact.campaign_infrastructure if exact.by_people else policy.exact.campaign_suspected
        found.append((Reason(code=code, fact=f"the {exact.kind} is one of campaign {exact.campaign_id}'s own"), rule))
    if facts.stolen:
        fact = "the payment provider reports this very card as stolen"
        found.append((Reason(code="CARD-REPORTED-STOLEN", fact=fact), policy.exact.card_reported_stolen))
    found += [(Reason(code=code, fact="it has not the form of one"), "step_up") for code in facts.unreadable]
    wanted = policy.programme.get(facts.programme or "")
    if wanted and not _enough(facts, policy.alternatives(facts.programme or "")):
        fact = f"no proof for the programme {facts.programme} is there yet"
        found.append((Reason(code="PROGRAMME-PROOF", fact=fact), wanted))
        if facts.stopped:
            second = "mailboxes of this institution are on the list of those given to people outside"
            found.append((Reason(code="ACADEMIC-SECOND-PROOF", fact=second), wanted))
    hardest = OUTCOMES[max((_HARDNESS[outcome] for _reason, outcome in found), default=0)]
    return [reason for reason, _outcome in found], hardest


def _brought(facts: Facts, ways: Iterable[Proof]) -> int:
    return sum(one.name in facts.proofs for one in ways)


def _needed(facts: Facts, ways: Iterable[Proof]) -> int:
    """One proof; two where the one that was brought is a mailbox at a domain whose mailboxes got into other hands."""
    only = {one.name for one in ways} & facts.proofs
    return 2 if facts.stopped and only == {"academic_mail_loop"} else 1


def _enough(facts: Facts, ways: tuple[Proof, ...]) -> bool:
    return _brought(facts, ways) >= _needed(facts, ways)


def conclude(facts: Facts, weighed: Weighed, policy: VerificationPolicy, key: bytes) -> Outcome:
    """The outcome of what was weighed.

    Args:
        facts: of the sign-up.
        weighed: what speaks for and against it.
        policy: what evidence leads to.
        key: of appeal tokens.
    """
    scored, accepted = _scored(facts, weighed.score, policy)
    reasons = (*weighed.rules, *weighed.reasons, *accepted)
    outcome = OUTCOMES[max(_HARDNESS[scored], _HARDNESS[weighed.least])]
    alternatives = _offered(facts, outcome, scored, weighed, policy)
    token = appeal_token(facts.account_id, outcome, facts.at, policy.version, key) if outcome != "approve" else ""
    until = ends(outcome, facts.at, policy)
    return Outcome(
        account_id=facts.account_id,
        outcome=outcome,
        score=round(weighed.score, 3),
        reasons=reasons,
        groups={name: round(worth, 3) for name, worth in weighed.groups.items()},
        explanation=explained(outcome, reasons, alternatives, token, until),
        alternatives=alternatives,
        limits=dict(policy.limits) if outcome == "approve_with_limits" else {},
        appeal=token,
        expires_at=until,
        policy=policy.version,
        effective=policy.mode == "enforce",
    )


def _scored(facts: Facts, score: float, policy: VerificationPolicy) -> tuple[OutcomeName, tuple[Reason, ...]]:
    """The outcome by score; a proof answers a step-up, and ends limits, but not what a person has to look at."""
    scored = policy.by_score(score)
    if scored in _ANSWERABLE and _enough(facts, policy.alternatives("step_up")):
        return "approve", (Reason(code="PROOF-ACCEPTED", fact="a proof that answers a step-up was brought"),)
    return scored, ()


def _offered(
    facts: Facts, outcome: OutcomeName, scored: OutcomeName, weighed: Weighed, policy: VerificationPolicy
) -> tuple[Alternative, ...]:
    """The proofs that would do; for an address that cannot be read none does, it is written again."""
    if outcome not in _ANSWERABLE or (facts.unreadable and scored != outcome):
        return ()
    waits = scored == "approve" and any(one.code == "PROGRAMME-PROOF" for one in weighed.rules)
    asked = policy.alternatives(facts.programme or "" if waits else "step_up")
    return tuple(Alternative(name=one.name, text=one.text) for one in asked if one.name not in facts.proofs)
