"""The innocent explanations that a campaign has to beat, each by what it would lead one to observe.

A hypothesis is data: the observations that it predicts and a campaign does not. Each prediction that holds adds to its
log10 likelihood ratio against a campaign, each that fails takes away. Predictions about what cannot be observed (no
addresses, no sign-up data) add nothing. Customers with habits (agent clients, template vendors, tutoring, analysis
products, incident reports) are told from a queue by exchangeability, which the verdict weighs itself; they stand here
so that the report can name the one that came closest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from revenuer.campaigns.observe import Observed
from revenuer.findings import Evidence
from revenuer.linkage.partition import in_turn, queue_evidence

__all__ = ["HYPOTHESES", "IDENTITY", "Hypothesis", "Judged", "Prediction", "judge", "unexplained", "weigh"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Something that a hypothesis leads one to observe.

    Attributes:
        value: reads it off the observations; NaN where it cannot be observed.
        bound: where it starts to hold; `width` is over how much it goes from failing to holding.
        width: negative where small values fit.
        weight: log10 likelihood ratio when it clearly holds; its negative, at most 2, when it clearly fails.
        words: what was observed where it holds, for people; `{value}` is filled in, and of the test for exchangeability
            `{content}` and `{hour}`, its contrasts, and `{rhythm}`, when accounts ask.
        fails: the same where it fails.
        sought: what would have to be observed for it to hold, after an "if"; `{value}` is where it clearly does.
        channels: of the evidence that rests on the same observation, and would be another if this one held.
    """

    value: Callable[[Observed], float]
    bound: float
    width: float
    weight: float
    words: str
    fails: str
    sought: str
    channels: tuple[str, ...] = ()

    def gain(self, observed: Observed) -> float:
        """Log10 likelihood ratio that this observation adds to the hypothesis."""
        value = self.value(observed)
        if math.isnan(value):
            return 0.0
        return self.weight * math.tanh((value - self.bound) / self.width)

    def told(self, words: str, observed: Observed) -> str:
        """`words` or `fails` with the figures that were observed."""
        # + 0.0: no minus before a nought
        content, hour = round(observed.test.content, 3) + 0.0, observed.test.hour
        return words.format(value=self.value(observed), content=content, hour=hour, rhythm=_rhythm(observed))

    @property
    def sought_value(self) -> float:
        """Where it clearly holds."""
        return self.bound + self.width

    @property
    def sought_gain(self) -> float:
        """Its gain there."""
        return self.weight * math.tanh(1.0)


def _rhythm(observed: Observed) -> str:
    """When accounts ask, held against customers: hours of their own are no habit where turns are dealt."""
    test = observed.test
    if in_turn(test):
        return f"the accounts take turns: their sum varies {test.balance:.2f} times as much as that of strangers"
    return f"{test.hour:.2f} times as often in the same hour (customers: 1.4 or more)"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A named innocent explanation.

    Attributes:
        name: as in the threat model.
        prior: log10 odds of a campaign against it before looking.
        explains: evidence channels that it leads one to expect as much as a campaign does.
        predictions: what it leads one to observe and a campaign does not.
    """

    name: str
    prior: float
    explains: frozenset[str]
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """How a hypothesis fared.

    Attributes:
        name: of the hypothesis.
        score: log10 likelihood ratio of its own predictions against a campaign.
        odds: log10 odds of a campaign against it, all evidence that it does not explain included.
        fits: the observation that speaks most for it, empty where none does.
        misfits: the observation that speaks most against it, empty where none does.
    """

    name: str
    score: float
    odds: float
    fits: str
    misfits: str


def _habits(observed: Observed) -> float:
    return -queue_evidence(observed.test)


def _entities(observed: Observed) -> float:
    return float(observed.entities)


_ONE_OWNER: Final = Prediction(
    lambda o: o.largest,
    0.25,
    0.1,
    3.0,
    "the largest organisation owns {value:.0%} of the accounts",
    "no organisation owns more than {value:.0%} of the accounts",
    "one organisation owned {value:.0%} of the accounts or more",
)
_FEW_OWNERS: Final = Prediction(
    _entities,
    4.5,
    -1.0,
    1.5,
    "no more than {value:.0f} owners stand behind the accounts",
    "{value:.0f} owners stand behind the accounts",
    "no more than {value:.0f} owners stood behind the accounts",
)
_HABITS: Final = Prediction(
    _habits,
    0.5,
    0.5,
    2.0,
    "each account keeps to subjects and hours of its own, as customers do: two requests of one account are alike by "
    "{content:+.3f} more than two of different accounts, and {hour:.2f} times as often in the same hour",
    "the accounts do not differ in subjects and hours as customers do: two requests of one account are alike by "
    "{content:+.3f} more than two of different accounts (customers: 0.03 or more), and {rhythm}",
    "each account kept to subjects and hours of its own",
    ("partition", "timing"),
)
_REPEATS: Final = Prediction(
    lambda o: o.test.repeats,
    0.4,
    0.1,
    1.5,
    "{value:.0%} of the tasks recur on another account",
    "only {value:.0%} of the tasks recur on another account",
    "{value:.0%} of the tasks or more recurred on another account",
)
_NEW_ITEMS: Final = Prediction(
    lambda o: o.novelty,
    0.35,
    -0.1,
    1.0,
    "only {value:.0%} of the tasks are distinct",
    "{value:.0%} of the tasks are distinct",
    "no more than {value:.0%} of the tasks were distinct",
)
_FOLLOWS_UP: Final = Prediction(
    lambda o: o.followups,
    0.5,
    0.2,
    0.5,
    "{value:.0%} of the requests continue a conversation",
    "only {value:.0%} of the requests continue a conversation",
    "{value:.0%} of the requests or more continued a conversation",
)
_EDUCATION: Final = Prediction(
    lambda o: o.education,
    0.5,
    0.15,
    2.0,
    "{value:.0%} of the accounts are in an education programme",
    "only {value:.0%} of the accounts are in an education programme",
    "{value:.0%} of the accounts or more were in an education programme",
)
_ONE_NETWORK: Final = Prediction(
    lambda o: o.one_network,
    0.5,
    0.15,
    1.5,
    "{value:.0%} of the accounts share one network",
    "no network is shared by more than {value:.0%} of the accounts",
    "{value:.0%} of the accounts or more shared one network",
)
_CLASS_HOURS: Final = Prediction(
    lambda o: o.peak,
    3.0,
    1.0,
    1.0,
    "requests crowd into a few hours of the day, {value:.1f} times as densely as round the clock",
    "requests do not crowd into a few hours of the day",
    "requests crowded into a few hours of the day, {value:.0f} times as densely as round the clock",
)
_FEW_EACH: Final = Prediction(
    lambda o: o.per_account,
    12.0,
    -4.0,
    0.5,
    "half the accounts send no more than {value:.0f} such requests",
    "half the accounts send {value:.0f} such requests or more",
    "half the accounts sent no more than {value:.0f} such requests",
)
_ORDINARY: Final = Prediction(
    lambda o: o.extraction,
    0.35,
    -0.08,
    2.0,
    "the requests do not read like training material (text score {value:.2f} of 1)",
    "the requests read more like training material than such work does (text score {value:.2f} of 1)",
    "the text score were {value:.2f} or less",
    ("content",),
)
_SHORT: Final = Prediction(
    lambda o: o.span_days,
    4.0,
    -1.0,
    0.7,
    "it is over after {value:.1f} days",
    "it goes on for {value:.0f} days",
    "it were over within {value:.0f} days",
)
_CONSENT: Final = Prediction(
    lambda o: o.consented,
    0.97,
    0.01,
    4.0,
    "registered consents cover {value:.0%} of what the accounts send",
    "registered consents cover {value:.0%} of what the accounts send",
    "registered consents covered {value:.0%} of the requests or more",
)
_MANY_KINDS: Final = Prediction(
    lambda o: o.dedication,
    0.3,
    -0.1,
    0.5,
    "these templates are only {value:.0%} of what the accounts send",
    "these templates are {value:.0%} of what the accounts send",
    "these templates were no more than {value:.0%} of what the accounts send",
)

_HANDFUL: Final = Prediction(
    _entities,
    9.0,
    -2.0,
    1.2,
    "a handful of owners stand behind the accounts: {value:.0f}",
    "{value:.0f} owners stand behind the accounts",
    "no more than {value:.0f} owners stood behind the accounts",
)
_SINGLE: Final = Prediction(
    lambda o: float(o.templates),
    3.0,
    -1.0,
    0.8,
    "few templates tie the accounts together: {value:.0f}",
    "many templates tie the accounts together: {value:.0f}",
    "no more than {value:.0f} templates tied the accounts together",
)

_ONE_CUSTOMER: Final = Prediction(
    lambda o: o.per_template,
    400.0,
    -150.0,
    0.6,
    "{value:.0f} requests carry each wording, as many as one customer sends",
    "{value:.0f} requests carry each wording, more than one customer sends",
    "no more than {value:.0f} requests carried each wording",
    ("template",),
)
_PLAIN: Final = Prediction(
    lambda o: o.extraction,
    0.6,
    -0.1,
    1.5,
    "the requests read too little like training material (text score {value:.2f} of 1)",
    "the requests read like training material (text score {value:.2f} of 1)",
    "the text score were {value:.2f} or less",
    ("content",),
)

# Accounts of different owners that share templates are common, campaigns are not: a thousand to one before looking.
_RARE: Final = -3.0
# Given a pool that deals out its customers' requests, whether it resells or harvests is for the text to say.
_POOL: Final = 0.6

_NOTHING: Final = frozenset[str]()
_TOGETHER: Final = frozenset({"infrastructure", "signup"})
_FABRICATED: Final = frozenset({"infrastructure", "signup", "payment", "timing", "partition", "template", "succession"})
# A vendor moves all its users to a new model at once.
_VENDOR: Final = frozenset({"pivot"})

HYPOTHESES: Final = (
    Hypothesis("L1 public evaluation", _RARE + 1, _NOTHING, (_FEW_OWNERS, _ONE_OWNER, _NEW_ITEMS)),
    Hypothesis("L2 regression or drift monitor", _RARE + 1, _NOTHING, (_FEW_OWNERS, _ONE_OWNER, _REPEATS)),
    Hypothesis("L3 batch labelling", _RARE, _VENDOR, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L4 judge for an own product", _RARE, _NOTHING, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L5 consented synthetic data", _RARE, _NOTHING, (_CONSENT,)),
    Hypothesis("L6 coding agents and CI", _RARE, _VENDOR, (_FEW_OWNERS, _ONE_OWNER, _FOLLOWS_UP)),
    Hypothesis("L7 popular agent client", _RARE, _VENDOR, (_HABITS, _FOLLOWS_UP)),
    Hypothesis("L8 classroom", _RARE + 1, _TOGETHER, (_EDUCATION, _ONE_NETWORK, _REPEATS, _CLASS_HOURS, _FEW_EACH)),
    Hypothesis("L9 hackathon", _RARE + 1, _TOGETHER, (_SHORT, _ONE_NETWORK, _HABITS, _MANY_KINDS)),
    Hypothesis("L10 gateway", _RARE, frozenset({"infrastructure"}), (_FEW_OWNERS, _HABITS)),
    Hypothesis("L11 reseller of ordinary traffic", _POOL, _FABRICATED, (_PLAIN, _FEW_EACH, _ONE_CUSTOMER)),
    Hypothesis("L12 translation batch", _RARE, _NOTHING, (_ORDINARY, _FEW_OWNERS)),
    Hypothesis("L13 support or process bot", _RARE, _NOTHING, (_ORDINARY, _FEW_OWNERS)),
    Hypothesis("L14 template vendor", _RARE, _VENDOR, (_HABITS,)),
    Hypothesis("L14 template vendor with a handful of customers", _RARE, _VENDOR, (_HANDFUL, _SINGLE)),
    Hypothesis("L15 backfill or migration", _RARE, _NOTHING, (_FEW_OWNERS, _ONE_OWNER, _SHORT)),
    Hypothesis("L16 reasoning kept for audit", _RARE, _NOTHING, (_FEW_OWNERS, _ONE_OWNER, _HABITS)),
    Hypothesis("L17 tutoring", _RARE, _NOTHING, (_HABITS, _FEW_EACH)),
    Hypothesis("L18 red team", _RARE, _NOTHING, (_FEW_OWNERS, _ONE_OWNER, _HABITS)),
    Hypothesis("L19 academic distillation by one identity", _RARE, _NOTHING, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L20 multi-provider router", _RARE, _VENDOR, (_FEW_OWNERS, _ONE_OWNER)),
    Hypothesis("L21 shared network", _RARE, _TOGETHER, (_ONE_NETWORK, _HABITS)),
    Hypothesis("L22 compaction by an honest client", _RARE, _NOTHING, (_HABITS, _FOLLOWS_UP)),
    Hypothesis("L23 analysis product", _RARE, _VENDOR, (_HABITS,)),
    Hypothesis("L24 incident reports and transcript search", _RARE, _NOTHING, (_HABITS, _MANY_KINDS)),
    Hypothesis("viral or published prompt", _RARE, _NOTHING, (_HABITS, _REPEATS, _MANY_KINDS)),
)

# What failed predictions of one hypothesis can add to the odds of a campaign.
MOST_AGAINST: Final = 0.8
# Identity channels fall together when one operator buys everything in one place: together they count no more.
STRONGEST_IDENTITY: Final = 4.0
IDENTITY: Final = frozenset({"infrastructure", "payment", "signup"})


def judge(observed: Observed, evidence: Sequence[Evidence]) -> list[Judged]:
    """How every hypothesis fares against the evidence, the one that comes closest first."""
    judged = [_judge(hypothesis, observed, evidence) for hypothesis in HYPOTHESES]
    return sorted(judged, key=lambda one: (one.odds, -one.score, one.name))


def weigh(hypothesis: Hypothesis, gains: Sequence[float], evidence: Sequence[Evidence]) -> tuple[float, float]:
    """Score of a hypothesis whose predictions gain so much, and log10 odds of a campaign against it."""
    # what fails takes away less than what holds adds: a workload need not show all of its marks
    score = sum(max(gain, -1.0) for gain in gains)
    left = unexplained(hypothesis, score, evidence)
    identity = sum(one.strength for one in left if one.channel in IDENTITY)
    conduct = sum(one.strength for one in left if one.channel not in IDENTITY)
    return score, hypothesis.prior + conduct + min(identity, STRONGEST_IDENTITY) - max(score, -MOST_AGAINST)


def unexplained(hypothesis: Hypothesis, score: float, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence that a hypothesis of this score does not lead one to expect.

    A hypothesis whose own marks are missing explains nothing, except a reseller, whose mark is that there are none, and
    a vendor, who can move customers of any kind.
    """
    explains = hypothesis.explains if score > 0.0 or hypothesis.explains in (_FABRICATED, _VENDOR) else _NOTHING
    return [one for one in evidence if one.channel not in explains]


def _judge(hypothesis: Hypothesis, observed: Observed, evidence: Sequence[Evidence]) -> Judged:
    gains = [(prediction.gain(observed), prediction) for prediction in hypothesis.predictions]
    score, odds = weigh(hypothesis, [gain for gain, _ in gains], evidence)
    most, fit = max(gains, key=lambda pair: pair[0])
    least, misfit = min(gains, key=lambda pair: pair[0])
    fits = fit.told(fit.words, observed) if most > 0.0 else ""
    misfits = misfit.told(misfit.fails, observed) if least < 0.0 else ""
    return Judged(hypothesis.name, score, odds, fits, misfits)
