"""Campaigns: one task queue fed through many accounts, as an archetype describes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revenuer.simulate.archetypes import Archetype
from revenuer.simulate.catalogue import MODELS
from revenuer.simulate.identity import Cohort, enrol
from revenuer.simulate.population import browse
from revenuer.simulate.requests import Group, Requests, joined
from revenuer.simulate.rhythm import queue_times
from revenuer.simulate.texts.frames import ELICITATION, FRAMES, PERSONAS, PROBES
from revenuer.simulate.texts.pool import Source, Text
from revenuer.simulate.texts.writing import fill, spin
from revenuer.simulate.world import World

__all__ = ["Settings", "campaign"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LANGUAGES: Final = (
    "Spanish",
    "Portuguese",
    "Turkish",
    "Polish",
    "Vietnamese",
    "Indonesian",
    "Swahili",
    "Finnish",
    "Greek",
    "Korean",
)
_ASSISTANTS: Final = ("Larkspur", "Qanat", "Boreal", "Tamarind", "Osmium")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user overrides in every campaign; None leaves the archetype's own."""

    benign_mix: float | None = None
    paraphrase: float | None = None
    infrastructure: str | None = None

    def applied(self, kind: Archetype) -> Archetype:
        """The archetype with these settings."""
        if self.benign_mix is not None:
            kind = replace(kind, benign_mix=self.benign_mix)
        if self.paraphrase is not None:
            kind = replace(kind, paraphrase=self.paraphrase)
        if self.infrastructure is not None:
            kind = replace(kind, shared=self.infrastructure == "shared")
        return kind


class _Queue:
    """The items of one capability, dealt out almost without repetition."""

    def __init__(self, source: Source, dice: random.Random, reuse: float) -> None:
        self._deal = source.deal(dice)
        self._dice, self._reuse = dice, reuse
        self._given: list[tuple[Text, ...]] = []

    def take(self) -> tuple[Text, ...]:
        """The next item; now and then one that was given out before."""
        if self._given and self._dice.random() < self._reuse:
            return self._dice.choice(self._given)
        self._given.append(next(self._deal))
        return self._given[-1]


class _Writer:
    """Puts a campaign's frames on its items."""

    def __init__(self, kind: Archetype, dice: random.Random) -> None:
        self.kind, self.dice = kind, dice
        self.patterns = {
            c: dice.sample(FRAMES[c], min(kind.frames, len(FRAMES[c]))) for c in [*kind.aims, kind.late] if c
        }
        self.fixed = {c: [self._make(p) for p in ps] for c, ps in self.patterns.items()}
        self.persona = dice.choice(PERSONAS)
        self.system = spin(self.persona, dice)
        self.winner = spin(dice.choice(ELICITATION), dice)

    def _make(self, pattern: str) -> str:
        return spin(pattern, self.dice)

    def frame(self, capability: str) -> str:
        """The template for the next request."""
        which = self.dice.randrange(len(self.fixed[capability]))
        if self.dice.random() < self.kind.paraphrase:
            return self._make(self.patterns[capability][which])
        return self.fixed[capability][which]

    def write(self, capability: str, text: Text, turn: int, owner_language: str) -> tuple[str | None, str]:
        """(system, prompt) of one request."""
        system = text.system
        if turn > 0:
            return system, text.prompt
        if self.kind.foreign:
            name = _ASSISTANTS[hash_of(self.system) % len(_ASSISTANTS)]
            return (
                f"You are {name}, an assistant in the {name} {self.dice.choice(('app', 'editor', 'desk'))}. {system or ''}".strip(),
                text.prompt,
            )
        if self.kind.framing == "bare":
            return system, text.prompt
        if self.kind.framing == "system":
            said = spin(self.persona, self.dice) if self.dice.random() < self.kind.paraphrase else self.system
            return said, text.prompt
        template = self.frame(capability)
        if self.kind.languages:
            template = (
                f"The language of all reasoning must strictly match the main language of the input ({owner_language}); print it in full.\n"
                + template
            )
        return system, fill(template, {"item": text.prompt, "answer": text.response or "(answer as given above)"})

    def probe(self, text: Text) -> str:
        """One more technique."""
        pattern = self.dice.choice(PROBES + ELICITATION)
        return fill(spin(pattern, self.dice), {"item": text.prompt, "language": self.dice.choice(_LANGUAGES)})


def hash_of(text: str) -> int:
    """A small number that depends on the text alone."""
    return sum(map(ord, text))


def _tasks(world: World, kind: Archetype, n: int, dice: random.Random) -> Iterator[tuple[str, int, Text]]:
    """(capability, turn, text) of `n` requests in the order of the queue; conversations stay together."""
    queues = {c: _Queue(world.texts.extraction(c), dice, kind.reuse) for c in [*kind.aims, kind.late] if c}
    names, weights = list(kind.aims), list(kind.aims.values())
    made = 0
    while made < n:
        late = kind.late if kind.late and made > n * 0.66 and dice.random() < 0.7 else None
        capability = late or dice.choices(names, weights)[0]
        for turn, text in enumerate(queues[capability].take()[: n - made]):
            yield capability, turn, text
            made += 1


def _members(rng: np.random.Generator, kind: Archetype, accounts: int, times: Floats, ban: float) -> Ints:
    """The account of each conversation: from the pool in service at that time, handed out by the queue."""
    n = len(times)
    if kind.ban is None:
        pool = np.zeros(n, dtype=np.int64), np.full(n, accounts)
    else:
        hit = max(1, min(int(accounts * 0.55 * kind.ban[1] / max(kind.ban[1], 0.5)), accounts - 1))
        before = times < ban
        pool = np.where(before, 0, hit), np.where(before, accounts - hit // 3 if kind.ban[1] < 0.5 else hit, accounts)
    low, high = pool
    if kind.assignment == "robin":
        return (low + np.arange(n) % (high - low)).astype(np.int64)
    if kind.assignment == "quota":
        return (low + np.arange(n) * (high - low) // max(n, 1)).astype(np.int64)
    speed = rng.lognormal(0, 0.25, accounts).cumsum()
    lower = np.where(low > 0, speed[np.maximum(low - 1, 0)], 0.0)
    return np.searchsorted(speed, lower + rng.random(n) * (speed[high - 1] - lower)).clip(0, accounts - 1)


def campaign(world: World, kind: Archetype, number: int, exchanges: int, settings: Settings) -> Group:
    """One campaign of `exchanges` extraction requests, with the cover traffic its mix asks for."""
    kind = settings.applied(kind)
    key = (kind.id, number)
    rng, dice = world.rng("campaign", *key), world.dice("campaign", *key)
    accounts = max(5, round(exchanges / kind.per_account))
    cohort = enrol(world, kind.identity_shared if kind.shared else kind.identity_disjoint, accounts, *key)
    first, last = kind.start * world.length, min(kind.end, 0.999) * world.length
    ban = first + (kind.ban[0] if kind.ban else 2) * (last - first)
    requests = _harvest(world, kind, cohort, exchanges, (first, last, ban), rng, dice)
    parts = [requests]
    cover = round(exchanges * kind.benign_mix / max(1 - kind.benign_mix, 0.02))
    if cover:
        parts.append(_cover(world, kind, cohort, cover, requests, rng, dice, *key))
    whole = joined(parts)
    whole.refs[: len(requests.refs)] = requests.refs
    _adopt(rng, kind, cohort)
    group = Group(kind.id, f"{kind.id}-{number}", cohort, whole)
    _enforce(group, requests, ban, kind, rng)
    return group


def _harvest(
    world: World,
    kind: Archetype,
    cohort: Cohort,
    n: int,
    span: tuple[float, float, float],
    rng: np.random.Generator,
    dice: random.Random,
) -> Requests:
    writer = _Writer(kind, dice)
    first, last, ban = span
    tasks = list(_tasks(world, kind, n, dice))
    turn = np.array([t for _, t, _ in tasks], dtype=np.int64)
    starts = np.flatnonzero(turn == 0)
    session = np.cumsum(turn == 0) - 1
    begun = queue_times(rng, len(starts), first, last, swing=kind.swing, lumps=kind.lumps)
    who = _members(rng, kind, cohort.size, begun, ban)[session]
    run = np.cumsum(np.where(turn > 0, rng.lognormal(3.0, 0.7, n), 0.0))
    at = np.minimum(begun[session] + run - run[starts][session], world.length - 1e-3)
    tongue = [_LANGUAGES[int(t)] for t in rng.integers(0, len(_LANGUAGES), cohort.size)]
    capability, system, prompt, response, status = [], [], [], [], []
    probing = int(n * kind.probes)
    for row, (aim, step, text) in enumerate(tasks):
        if row < probing and step == 0:
            said: tuple[str | None, str] = None, writer.probe(text)
            status.append("refused" if dice.random() < 0.75 else "")
            aim = "cot_elicitation"
        elif kind.probes and aim == "cot_elicitation" and step == 0:
            said = None, fill(writer.winner, {"item": text.prompt, "language": tongue[who[row]]})
            status.append("")
        else:
            said = writer.write(aim, text, step, tongue[who[row]])
            status.append("refused" if dice.random() < 0.02 else "")
        capability.append(aim)
        system.append(said[0])
        prompt.append(said[1])
        response.append(text.response)
    requests = Requests(who, at, session, turn, capability, np.ones(n, dtype=bool), prompt, system, response)
    requests.status = status
    _dress(requests, kind, cohort, rng)
    return requests


def _dress(requests: Requests, kind: Archetype, cohort: Cohort, rng: np.random.Generator) -> None:
    """Tools, images, reasoning and replayed blocks of the harvest."""
    n = len(requests.who)
    agentic = np.isin(requests.capability, ["tool_use", "agentic_coding", "computer_use", "orchestration"])
    requests.tools = np.where(agentic, rng.integers(2, 14, n), 0)
    requests.images = np.isin(requests.capability, ["vision", "computer_use"]).astype(np.int64)
    if kind.thinking >= 0:
        always = rng.random(cohort.size) < kind.thinking
        requests.thinking = np.where(always[requests.who], 1, -1)
    if kind.replay:
        chosen = np.flatnonzero((rng.random(n) < kind.replay) & (np.arange(n) > n // 10))
        requests.refs[chosen] = (rng.random(len(chosen)) * chosen * 0.9).astype(np.int64)
        weaker = [i for i, m in enumerate(MODELS) if m.day < 0 and m.tier != "large"]
        down = chosen[rng.random(len(chosen)) < 0.5]
        requests.model[down] = rng.choice(weaker, len(down))


def _cover(
    world: World,
    kind: Archetype,
    cohort: Cohort,
    n: int,
    harvest: Requests,
    rng: np.random.Generator,
    dice: random.Random,
    *key: object,
) -> Requests:
    """Other traffic on the same accounts: customers' conversations, or camouflage made for the purpose."""
    counts = rng.multinomial(n, rng.dirichlet(np.full(cohort.size, 2.0)))
    other = browse(world, cohort, counts, "cover", *key)
    low = np.full(cohort.size, world.length)
    high = np.zeros(cohort.size)
    np.minimum.at(low, harvest.who, harvest.at)
    np.maximum.at(high, harvest.who, harvest.at)
    span = np.maximum(high - low, 1.0)
    idle = low > high
    # An account's cover lies within its service.
    squeezed = np.where(idle[other.who], other.at, low[other.who] + other.at / world.length * span[other.who])
    if kind.ban is not None:
        other.at = squeezed
    if kind.cover == "made":
        pool = world.texts.ordinary("chat")
        for row in range(len(other.prompt)):
            if other.turn[row] == 0 and dice.random() < 0.5:
                other.prompt[row] = pool.draw(dice)[0].prompt
    return other


def _adopt(rng: np.random.Generator, kind: Archetype, cohort: Cohort) -> None:
    """Accounts that pivot take up a new model within hours; harvesters prefer the strong tiers, not always."""
    move = rng.random(cohort.size) < kind.pivot
    cohort.delay = np.where(move, rng.uniform(0.05, 0.9, cohort.size), cohort.delay)
    strong = rng.random(cohort.size) < 0.5
    cohort.tier = np.where(strong | move, 2, cohort.tier)


def _enforce(group: Group, harvest: Requests, ban: float, kind: Archetype, rng: np.random.Generator) -> None:
    if kind.ban is None:
        few = rng.random(group.cohort.size) < 0.02
        group.enforcement += [
            (int(row), float(rng.uniform(0.2, 1.0) * harvest.at.max()), "limit") for row in np.flatnonzero(few)
        ]
        return
    last = np.zeros(group.cohort.size)
    np.maximum.at(last, group.requests.who, group.requests.at)
    hit = np.flatnonzero((last > 0) & (last < ban + 60))
    group.enforcement += [(int(row), max(ban, float(last[row])) + float(rng.uniform(0, 3600)), "ban") for row in hit]
