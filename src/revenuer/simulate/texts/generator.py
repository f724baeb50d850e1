"""The project's own texts: a world's worth of conversations without any corpus, and samples to train on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from revenuer.errors import ConfigError
from revenuer.simulate.texts.elicitation import FAMILIES
from revenuer.simulate.texts.everyday import EVERYDAY, Maker
from revenuer.simulate.texts.frames import FRAMES, PERSONAS
from revenuer.simulate.texts.grammar import say
from revenuer.simulate.texts.harvested import HARVESTED
from revenuer.simulate.texts.lexicon import DOMAINS, Domain, proper
from revenuer.simulate.texts.pool import Made, Source, Talk
from revenuer.simulate.texts.writing import fill, spin

__all__ = ["Elicitation", "Generated", "Row", "elicitation_text", "generate_text"]


@dataclass(frozen=True, slots=True)
class Row:
    """One generated request; `family` names the grammar it came from, so that training can hold families out."""

    system: str | None
    prompt: str
    response: str | None
    family: str


@dataclass(frozen=True, slots=True)
class Elicitation:
    """A request that asks for hidden reasoning (`elicits`), or an honest one that resembles it."""

    prompt: str
    family: str
    elicits: bool


def _source(makers: dict[str, Maker]) -> Made:
    families = tuple(makers.values())

    def make(topic: str, dice: random.Random) -> Talk:
        return dice.choice(families)(DOMAINS[topic], dice)

    return Made(tuple(DOMAINS), make)


class Generated:
    """Texts made by grammar; `seed` decides the products' system prompts."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._extraction = {name: _source(makers) for name, makers in HARVESTED.items()}
        self._ordinary = {name: _source(makers) for name, makers in EVERYDAY.items()}

    def extraction(self, capability: str) -> Source:
        """Task items of one capability."""
        return self._extraction[capability]

    def ordinary(self, capability: str) -> Source:
        """Ordinary requests of one capability."""
        return self._ordinary[capability]

    def foreign(self) -> Source:
        """Task items in nine other languages."""
        return _source({"foreign": HARVESTED["cot_elicitation"]["foreign"]})

    def systems(self) -> Sequence[str]:
        """System prompts of two thousand imagined products."""
        return _products(self._seed)

    def curves(self) -> Sequence[NDArray[np.float64]]:
        """None: nothing was measured."""
        return ()

    def lengths(self) -> NDArray[np.float64]:
        """Lengths of a lognormal law with a median of a hundred tokens."""
        return np.asarray(np.exp(np.random.default_rng(self._seed).normal(4.6, 0.9, 5_000)))


_PRODUCT = (
    "{You are|You act as|Be} {<Q>|the <n> assistant|a <a> helper} {of|for|at} {<P>|the <P> <n> {shop|app|desk|portal}}, {which|that} {<v>s <n>s|serves <r>s|sells <n>s and <n>s}.",
    "{Help|Serve|Guide} {<r>s|customers|members|visitors} {with|through|around} {their <n>s|the <n> and the <n>|anything about <n>s}{.| in <P>.}",
    "{Never|Do not|Avoid to} {mention|promise|compare|discuss} {a <n>|other <n>s|<n> prices|the <r>}{| unless a <r> asks| before <w>}.",
    "{Answer|Reply|Write} in {<d> sentences|short paragraphs|a <a> tone|the customer's language|bullets}{ and name the <n>|, then ask about the <n>|}.",
    "{If|When|Where} {the <n> is <a>|a <r> complains|you do not know}, {<v> the <n>|hand over to a <r>|refer to <P>|give the number <D>}.",
    "{Facts|Know}: {the <n> costs <D>|we open on <w>|each <n> takes <d> <u>|<P> made the <a> <n>}{; the <n> is <a>|}.",
)  # fmt: skip


@cache
def _products(seed: int) -> tuple[str, ...]:
    dice = random.Random(seed)  # noqa: S311
    found = []
    for _ in range(2_000):
        domain = dice.choice(tuple(DOMAINS.values()))
        body = dice.choices(_PRODUCT[1:], k=dice.randint(1, 7))
        found.append(" ".join(say(p, domain, dice) for p in (_PRODUCT[0], *body)))
    return tuple(found)


def _framed(capability: str, prompt: str, response: str | None, family: str, dice: random.Random) -> Row:
    """A harvested item under one of the frames of its capability, under a persona, or bare."""
    draw = dice.random()
    if draw < 0.25:
        return Row(None, prompt, response, f"{capability}/{family}/bare")
    if draw < 0.35:
        which = dice.randrange(len(PERSONAS))
        return Row(spin(PERSONAS[which], dice), prompt, response, f"{capability}/{family}/persona{which}")
    which = dice.randrange(len(FRAMES[capability]))
    filled = fill(spin(FRAMES[capability][which], dice), {"item": prompt, "answer": response or ""})
    return Row(None, filled, response, f"{capability}/{family}/frame{which}")


def generate_text(capability: str, n: int, seed: int) -> list[Row]:
    """`n` requests of one capability of the contract, the same for the same seed.

    Capabilities that both harvesters and ordinary people use (coding, reasoning, data analysis) hold both, half and half.

    Raises:
        ConfigError: no such capability.
    """
    harvested, everyday = HARVESTED.get(capability, {}), EVERYDAY.get(capability, {})
    if not harvested and not everyday:
        raise ConfigError(f"no capability '{capability}' to generate text for")
    dice = random.Random(f"{capability}/{seed}")  # noqa: S311
    rows = []
    for number in range(n):
        mine = harvested if harvested and (not everyday or number % 2 == 0) else everyday
        family = dice.choice(tuple(mine))
        text = dice.choice(mine[family](dice.choice(tuple(DOMAINS.values())), dice))
        if mine is harvested:
            rows.append(_framed(capability, text.prompt, text.response, family, dice))
        else:
            rows.append(Row(text.system, text.prompt, text.response, f"{capability}/{family}"))
    return rows


def elicitation_text(n: int, seed: int) -> list[Elicitation]:
    """`n` requests that ask for hidden reasoning and honest doubles, about half and half, by family."""
    dice = random.Random(f"elicitation/{seed}")  # noqa: S311
    names = [[f for f in FAMILIES if FAMILIES[f].elicits is side] for side in (False, True)]
    rows = []
    for number in range(n):
        name = dice.choice(names[number % 2])
        family = FAMILIES[name]
        item = dice.choice(_ITEM_KINDS)
        domain = dice.choice(tuple(DOMAINS.values()))
        text = dice.choice(tuple(item.values()))(domain, dice)[0]
        slots = {"item": text.prompt, "answer": text.response or "", "name": proper(dice)}
        rows.append(
            Elicitation(
                fill(_worded(spin(dice.choice(family.patterns), dice), domain, dice), slots), name, family.elicits
            )
        )
    return rows


_ITEM_KINDS = (
    HARVESTED["reasoning"],
    HARVESTED["coding"],
    HARVESTED["cot_elicitation"],
    EVERYDAY["qa"],
    EVERYDAY["chat"],
    EVERYDAY["coding"],
)


def _worded(text: str, domain: Domain, dice: random.Random) -> str:
    """An already spun text with its slots filled from a walk of life, its first letter left as it is."""
    return say("." + text, domain, dice)[1:]
