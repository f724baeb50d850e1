"""What a scan may claim: accounts against honest ones, the population alarm, and which guarantees hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from revenuer.behaviour import profile
from revenuer.behaviour.calibration import Calibrated, against_reference, against_the_rest
from revenuer.behaviour.unusual import Unusual, unusual
from revenuer.campaigns.queues import Queue
from revenuer.campaigns.verdict import Verdict
from revenuer.control import benjamini_hochberg
from revenuer.engine import Engine
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.pipeline import fingerprint
from revenuer.sources import Content, open_traffic
from revenuer.standing import CAMPAIGN_FDR, claim, log10_ratios, named, standings
from revenuer.summary import Alarm, Control, Stratum

__all__ = ["calibrated", "controlled", "reference_accounts"]

# Expected share of honest accounts among those that the p-values alone would name.
ACCOUNT_FDR: Final = 0.05

_CLEAN: Final = (
    "A p-value of an honest account is t or less with a chance of t at most, as far as the account could change places "
    "with the accounts of the reference in its stratum."
)
_ALARM: Final = (
    "Without a campaign the alarm is raised with a chance of {level:g} at most, as far as the customers of this traffic "
    "and of the reference come from one population; accounts that share a template or an owner may come and go together."
)
_NAMED: Final = "Of the accounts that p-values alone would name, a share of {q:g} at most is expected to be honest, on the same terms."
_TAKEN: Final = (
    "That the reference is clean is taken on trust: campaigns in it make p-values larger and the alarm deafer. A product "
    "that is new since then is as unusual as a campaign."
)
_NOT_EXCHANGEABLE: Final = (
    "There is no reference: accounts are held against those of the same traffic outside every queue. Members of a queue "
    "were chosen by what they do and cannot change places with the others, so their p-values are ranks without a bound on "
    "errors."
)
_NO_ALARM: Final = (
    "Without a reference there is no population alarm: accounts outside the queues are uniform among themselves whatever "
    "they do."
)
_CONTAMINATED: Final = "Accounts of a campaign that no queue holds are among those that others are held against: p-values are then too large."
_TOO_FEW: Final = "The reference holds too few accounts for a population alarm."
_NO_TEXT: Final = "Text is not read: every account has the same score, every p-value is 1."


def reference_accounts(
    place: Path,
    start: Callable[[], Engine],
    *,
    content: Content,
    strict: bool,
    model: CapabilityModel | None = None,
) -> Unusual:
    """Score the accounts of a clean period or cohort, a traffic directory, in an engine of its own that `start` starts.

    The text model must be the one that scores the traffic held against it; without one it is the packaged one.

    Raises:
        InputError: the traffic cannot be read.
    """
    traffic = open_traffic(place, strict=strict, content=content)
    with start() as engine:
        prints = fingerprint(engine, traffic, model or CapabilityModel.load(), lambda _stage, _done, _of: None)
        return unusual(engine, prints.rows, profile(engine, prints.rows, traffic.accounts()))


def calibrated(accounts: Unusual, reference: Unusual | None, queues: Iterable[Queue], *, seed: int) -> Calibrated:
    """P-values of all accounts: against the reference, or else against the accounts outside every queue."""
    if reference is not None:
        return against_reference(accounts, reference, seed=seed)
    suspected = np.zeros(len(accounts.score), np.bool_)
    for queue in queues:
        suspected[queue.accounts] = True
    return against_the_rest(accounts, suspected)


def controlled(
    found: Calibrated,
    verdicts: Sequence[Verdict],
    campaigns: Mapping[str, int],
    *,
    reference: bool,
    content: Content,
    fdr: float | None = None,
) -> Control:
    """What `scan.json` says of errors.

    Args:
        found: p-values of the accounts, and the population alarm.
        verdicts: of all queues.
        campaigns: number of the queue of each campaign that is named, by its id.
        reference: whether there is one.
        content: how much of the text was read.
        fdr: level that was asked for.
    """
    strata = tuple(Stratum(s.name, s.accounts, s.calibration, s.resolution) for s in found.strata)
    holds, lapsed = _guarantees(found, reference=reference, content=content)
    return Control(
        calibration="reference" if reference else "accounts outside every queue",
        strata=strata,
        alarm=Alarm(**asdict(found.alarm)) if found.alarm else None,
        named_by_p_values=int(benjamini_hochberg(found.p, ACCOUNT_FDR).sum()) if reference else None,
        account_fdr=ACCOUNT_FDR,
        queue_log10_e=tuple(log10_ratios(verdicts).round(6).tolist()),
        campaigns=standings(verdicts, campaigns, content),
        campaign_fdr=CAMPAIGN_FDR,
        withheld=None if fdr is None else sum(verdict.campaign for verdict in verdicts) - len(named(verdicts, fdr)),
        claimed=claim(verdicts, content, fdr),
        holds=holds,
        lapsed=lapsed,
    )


def _guarantees(found: Calibrated, *, reference: bool, content: Content) -> tuple[tuple[str, ...], tuple[str, ...]]:
    no_text = (_NO_TEXT,) if content == "none" else ()
    if not reference:
        return (), (*no_text, _NOT_EXCHANGEABLE, _NO_ALARM, _CONTAMINATED)
    named = _NAMED.format(q=ACCOUNT_FDR)
    if found.alarm is None:
        return (_CLEAN, named), (*no_text, _TOO_FEW, _TAKEN)
    return (_CLEAN, named, _ALARM.format(level=found.alarm.level)), (*no_text, _TAKEN)
