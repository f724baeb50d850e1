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

__all__ = ["Judged", "clean_signals", "judge", "new_bases"]

# Decades of one signal from which it is told as a reason: twice as likely as among others.
TOLD_FROM: Final = 0.3
UNCAPPED: Final = 3.0
_HARDNESS: Final[dict[OutcomeName, int]] = {name: number for number, name in enumerate(OUTCOMES)}
_COHORT: Final = "COHORT"


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome, and what the history has to learn of it.

    Attributes:
        outcome: for the applicant.
        bins: of each signal that is known.
        worths: log10 likelihood ratio of each.
    """

    outcome: Outcome
    bins: dict[str, int]
    worths: dict[str, float]


def new_bases() -> dict[str, Base]:
    """Empty bases of all signals."""
    return {one.name: Base(one.bins, helps=one.helps) for one in SIGNALS}


def judge(facts: Facts, history: History, policy: VerificationPolicy, key: bytes) -> Judged:
    """What becomes of a sign-up, by the past and the policy; nothing is changed.

    Args:
        facts: of the sign-up.
        history: what came before it.
        policy: what evidence leads to.
        key: of appeal tokens.
    """
    read = {one: one.read(facts, history) for one in SIGNALS}
    bins = {one: at for one, at in read.items() if at is not None}
    worths = {one.name: history.bases[one.name].worth(at, policy.bet) for one, at in bins.items()}
    cohort = history.cohort.worth(facts, history.mail_kind(facts), policy.bet)
    groups = _groups(worths, cohort, policy)
    score = sum(groups.values())
    rules, least = _rules(facts, history, policy)
    reasons = [*rules, *_reasons(facts, history, bins, worths, cohort)]
    outcome = _concluded(facts, score, least, rules, reasons, groups, policy, key)
    return Judged(outcome, {one.name: at for one, at in bins.items()}, worths)


def clean_signals(judged: Judged) -> list[str]:
    """Signals whose base a sign-up may enter: the other groups together do not speak against it.

    Where groups are independent among honest people, this leaves the bases of honest people as they are; farms, which
    are unusual in several groups at once, stay out of them.
    """
    groups = judged.outcome.groups
    total = sum(groups.values())
    by_name = {one.name: one.group for one in SIGNALS}
    return [name for name in judged.bins if total - groups.get(by_name[name], 0.0) <= 0.0]


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
            code=one.code,
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
    owners = {kind: (history.others(kind, facts) or 0) for kind in LINKS}
    exact = history.cohort.exact(facts, history.owner(facts), owners)
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


def _concluded(
    facts: Facts,
    score: float,
    least: OutcomeName,
    rules: list[Reason],
    reasons: list[Reason],
    groups: dict[str, float],
    policy: VerificationPolicy,
    key: bytes,
) -> Outcome:
    scored = policy.by_score(score)
    ways = policy.alternatives("step_up")
    if scored in {"approve_with_limits", "step_up"} and _enough(facts, ways):
        scored = "approve"
        reasons = [*reasons, Reason(code="PROOF-ACCEPTED", fact="a proof that answers a step-up was brought")]
    outcome = OUTCOMES[max(_HARDNESS[scored], _HARDNESS[least])]
    waits = any(one.code == "PROGRAMME-PROOF" for one in rules)
    asked = policy.alternatives(facts.programme or "") if waits and _HARDNESS[scored] < 2 else ways
    # an address that cannot be read is written again, and no proof stands in for it
    offered = outcome in {"approve_with_limits", "step_up"} and not (facts.unreadable and scored != outcome)
    open_ways = [one for one in asked if one.name not in facts.proofs] if offered else []
    alternatives = tuple(Alternative(name=one.name, text=one.text) for one in open_ways)
    token = appeal_token(facts.account_id, outcome, facts.at, policy.version, key) if outcome != "approve" else ""
    until = ends(outcome, facts.at, policy)
    return Outcome(
        account_id=facts.account_id,
        outcome=outcome,
        score=round(score, 3),
        reasons=tuple(reasons),
        groups={name: round(worth, 3) for name, worth in groups.items()},
        explanation=explained(outcome, reasons, alternatives, token, until),
        alternatives=alternatives,
        limits=dict(policy.limits) if outcome == "approve_with_limits" else {},
        appeal=token,
        expires_at=until,
        policy=policy.version,
        effective=policy.mode == "enforce",
    )
