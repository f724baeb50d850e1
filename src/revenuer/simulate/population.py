"""Ordinary users: heavy-tailed volumes, habits of hour and topic, conversations with follow-ups."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.identity import Cohort, Identity, enrol
from revenuer.simulate.requests import Group, Requests
from revenuer.simulate.rhythm import chains, habit_times, replayed_times
from revenuer.simulate.texts.pool import Source, Text
from revenuer.simulate.texts.writing import fill, spin
from revenuer.simulate.world import DAY, World

__all__ = ["active_span", "browse", "heavy_counts", "ordinary"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# What people use a model for; the first number is the weight, the second the mean length of a conversation.
_INTERESTS: Final[dict[str, tuple[float, float]]] = {
    "chat": (0.20, 3.0), "qa": (0.20, 1.6), "support": (0.08, 1.8), "writing": (0.13, 2.4), "translation": (0.07, 1.5),
    "coding": (0.16, 3.5), "eval": (0.04, 1.3), "other": (0.04, 1.5),
    "reasoning": (0.05, 1.8), "data_analysis": (0.03, 2.2),
}  # fmt: skip
# Ordinary people also bring things of the kind that is harvested.
_FROM_EXTRACTION: Final = ("reasoning", "data_analysis")

_FOLLOW_UPS: Final = (
    "{Thanks|Thank you|Great|OK}[, that helps]. {Can|Could} you {make it|keep it} {shorter|simpler|more formal|friendlier}?",
    "{And|So} what about <word>?",
    "{I do not|I don't} {quite|really} {follow|get} the part {about|on} <word>. {Explain|Go over} it {again|once more}[, please].",
    "{Give|Show} me {another|one more|a shorter} example{| with <word>}.",
    "{Hmm|No|Not quite}, I meant <word>{, not that|| in general}.",
    "{Now|Next} {turn|put} {that|this} into {a list|a table|an email|one paragraph|bullet points}.",
    "{Why|How come}?", "{go on|continue|more}", "{Is|Are} there {any|other} {risks|limits|options} {with|to} <word>?",
    "{That|This} {fails|does not work|gives an error} {for|with} <word>[, any idea why]?",
    "{Translate|Say} {that|this} {in|into} {plain words|simple language|French|Spanish|German}.",
)  # fmt: skip


def heavy_counts(rng: np.random.Generator, accounts: int, total: int, *, sigma: float = 1.5, least: int = 1) -> Ints:
    """Requests per account, lognormal with `sigma`, at least `least` each, `total` in all (or `least` * accounts)."""
    weight = rng.lognormal(0, sigma, accounts)
    rest = max(total - least * accounts, 0)
    return np.full(accounts, least, dtype=np.int64) + rng.multinomial(rest, weight / weight.sum())


def active_span(rng: np.random.Generator, world: World, cohort: Cohort, *, whole: float = 0.6) -> tuple[Floats, Floats]:
    """First and last second in which each account is about; a share `whole` of them all the time."""
    n = cohort.size
    first = np.where(rng.random(n) < whole, 0.0, rng.uniform(0, world.length * 0.8, n))
    length = np.where(rng.random(n) < whole, world.length, rng.exponential(4 * DAY, n) + 0.3 * DAY)
    return first, np.minimum(first + length, world.length - 1)


def _session_times(
    rng: np.random.Generator,
    world: World,
    cohort: Cohort,
    who: Ints,
    session: Ints,
    turn: Ints,
    habits: NDArray[np.str_],
) -> Floats:
    starts = np.flatnonzero(turn == 0)
    owner = who[starts]
    first, last = active_span(rng, world, cohort)
    begun = habit_times(rng, world, habits[owner], cohort.zone[owner], first[owner], last[owner])
    gap = np.where(turn > 0, rng.lognormal(4.2, 1.0, len(who)), 0.0)
    run = np.cumsum(gap)
    at = begun[session] + run - run[starts][session]
    return np.minimum(at, world.length - 1e-3)


class _Tastes:
    """What one account likes: a few capabilities, and within each a few topics."""

    def __init__(self, world: World, dice: random.Random) -> None:
        names = list(_INTERESTS)
        self.liked = dice.choices(names, [_INTERESTS[n][0] for n in names], k=dice.choice((1, 2, 2, 3)))
        self.topics: dict[str, list[str]] = {}
        self.world, self.dice = world, dice

    def pool(self, capability: str) -> Source:
        texts = self.world.texts
        return texts.extraction(capability) if capability in _FROM_EXTRACTION else texts.ordinary(capability)

    def conversation(self) -> tuple[str, tuple[Text, ...]]:
        """A conversation to the account's taste; now and then anything at all."""
        capability = self.dice.choice(self.liked) if self.dice.random() < 0.9 else self.dice.choice(list(_INTERESTS))
        pool = self.pool(capability)
        if capability not in self.topics:
            self.topics[capability] = self.dice.sample(
                list(pool.topics), min(len(pool.topics), self.dice.randint(2, 6))
            )
        topics = self.topics[capability] if self.dice.random() < 0.75 else ()
        return capability, pool.draw(self.dice, topics)


def follow_up(dice: random.Random, before: str) -> str:
    """A later message in a conversation that began with `before`."""
    words = [w for w in before[:300].split() if len(w) > 4] or ["that"]
    return fill(spin(dice.choice(_FOLLOW_UPS), dice), {"word": dice.choice(words).strip(".,:;!?\"'()").lower()})


def browse(world: World, cohort: Cohort, counts: Ints, *key: object) -> Requests:
    """Ordinary conversations of a cohort, `counts` requests per account, each account with habits of its own."""
    rng, dice = world.rng("browse", *key), world.dice("browse", *key)
    who = np.repeat(np.arange(cohort.size), counts)
    tastes: dict[int, _Tastes] = {}
    length = rng.gamma(2.0, 1.2, cohort.size) + 1
    session, turn = chains(rng, who, length)
    habits = rng.choice(
        ["office", "evening", "night", "student", "day", "service"], cohort.size, p=[0.33, 0.27, 0.07, 0.1, 0.18, 0.05]
    )
    at = _session_times(rng, world, cohort, who, session, turn, habits)
    capability, prompt, response = [], [], []
    talk: tuple[Text, ...] = ()
    for owner, step in zip(who.tolist(), turn.tolist(), strict=True):
        if step == 0:
            taste = tastes.get(owner) or tastes.setdefault(owner, _Tastes(world, dice))
            kind, talk = taste.conversation()
        text = talk[step] if step < len(talk) else Text(follow_up(dice, talk[0].prompt))
        capability.append("qa" if kind == "eval" else kind)
        prompt.append(text.prompt)
        response.append(text.response)
    requests = Requests(
        who, at, session, turn, capability, np.zeros(len(who), dtype=bool), prompt, [None] * len(who), response
    )
    _settings(world, cohort, requests, *key)
    return requests


def _settings(world: World, cohort: Cohort, requests: Requests, *key: object) -> None:
    """System prompts: developers' own, some popular published ones; most people have none."""
    rng = world.rng("settings", *key)
    systems = world.texts.systems()
    popular = world.rng("popular").integers(0, len(systems), 12)
    kind = rng.random(cohort.size)
    own = rng.integers(0, len(systems), cohort.size)
    own = np.where(kind < 0.06, popular[rng.integers(0, 12, cohort.size)], own)
    has = kind < 0.28
    requests.system = [systems[own[w]] if has[w] else None for w in requests.who.tolist()]
    requests.images = (rng.random(len(requests.who)) < 0.02).astype(np.int64)
    requests.tools = np.where(rng.random(cohort.size) < 0.08, rng.integers(1, 12, cohort.size), 0)[requests.who]


_TEMPLATES: Final = (
    "{You receive|Here is|Given} {a|one} {record|entry|message} from {our|the} {shop|clinic|school|depot|agency|studio|forum|club}. {Reply|Answer} {in|with} {one|two|three} {sentence|sentences|lines}{| for {staff|customers|members}}.\n\n<item>",
    "{Task|Job}: {tidy|sort|tag|shorten|answer|route} {the|this} {text|note|query|ticket} for {the|our} {newsletter|dashboard|helpdesk|archive|app}. {Keep|Use} {a warm|a plain|our usual|a brief} tone.\n<item>",
    "<item>\n\n{Respond|Answer} as {JSON|plain text|markdown|HTML} {suited to|for} {our|the} {mobile|web|internal|partner} {page|screen|tool}.",
    "{Context|Background}: {user|visitor|patient|pupil|driver|tenant} {asked|wrote} {today|just now}.\n{Message|Text}: <item>\n{Write|Draft} {the|a} {reply|summary|label|title}.",
)  # fmt: skip


def _apps(world: World, n: int, counts: Ints, *key: object) -> Group:
    """Developers' programs: one template and one topic each, measured or daily rhythm, mostly single turns."""
    rng, dice = world.rng("apps", *key), world.dice("apps", *key)
    spec = Identity(
        clients={"sdk": 1.0}, plan={"api": 0.85, "enterprise": 0.15}, networks={"hosting": 0.7, "office": 0.3}
    )
    cohort = enrol(world, spec, n, "apps", *key)
    curves, systems = world.texts.curves(), world.texts.systems()
    parts_at, prompt, system, response, capability = [], [], [], [], []
    for one, count in enumerate(counts.tolist()):
        if curves and dice.random() < 0.7:
            at = replayed_times(rng, world, count, curves[dice.randrange(len(curves))])
        else:
            habit = np.repeat(dice.choice(["office", "day", "service", "flat"]), count)
            at = habit_times(
                rng, world, habit, np.repeat(cohort.zone[one], count), np.zeros(count), np.full(count, world.length - 1)
            )
        parts_at.append(np.sort(at))
        kind = dice.choice(("support", "qa", "translation", "writing", "chat", "coding"))
        pool = world.texts.ordinary(kind)
        topics = dice.sample(list(pool.topics), min(3, len(pool.topics)))
        template = spin(dice.choice(_TEMPLATES), dice) if dice.random() < 0.6 else "<item>"
        own = systems[dice.randrange(len(systems))] if dice.random() < 0.7 else None
        for _ in range(count):
            text = pool.draw(dice, topics)[0]
            prompt.append(fill(template, {"item": text.prompt}))
            response.append(text.response)
        system += [own] * count
        capability += [kind] * count
    total = len(prompt)
    who = np.repeat(np.arange(n), counts)
    requests = Requests(
        who, np.concatenate(parts_at), np.arange(total), np.zeros(total, dtype=np.int64), capability,
        np.zeros(total, dtype=bool), prompt, system, response,
    )  # fmt: skip
    return Group("ordinary", None, cohort, requests)


def ordinary(world: World, accounts: int, exchanges: int) -> list[Group]:
    """The majority, in batches of bounded size: people, and developers' programs (6 % of accounts, 25 % of traffic)."""
    groups = []
    batches = max(1, accounts // 5_000)
    for batch in range(batches):
        people = accounts // batches + (batch < accounts % batches)
        traffic = exchanges // batches + (batch < exchanges % batches)
        apps = max(1, int(people * 0.06))
        rng = world.rng("ordinary", batch)
        groups.append(_apps(world, apps, heavy_counts(rng, apps, traffic // 4, sigma=1.3), batch))
        cohort = enrol(world, Identity(), max(people - apps, 1), "ordinary", batch)
        counts = heavy_counts(rng, cohort.size, traffic - traffic // 4, sigma=1.5)
        group = Group("ordinary", None, cohort, browse(world, cohort, counts, "ordinary", batch))
        # Some ordinary accounts fall foul of other rules.
        for row in rng.choice(cohort.size, int(cohort.size * 0.006), replace=False).tolist():
            group.enforcement.append(
                (row, float(rng.uniform(0, world.length)), str(rng.choice(["ban", "limit", "verify"])))
            )
        groups.append(group)
    return groups
