"""What a campaign makes of its items: frames, prefixes, system prompts, probes, said once or said anew."""

from __future__ import annotations

import random
from collections.abc import Callable

from revenuer.simulate.archetypes import Archetype
from revenuer.simulate.disguise import reworded, wordings
from revenuer.simulate.texts.elicitation import FAMILIES
from revenuer.simulate.texts.frames import ELICITATION, FRAMES, PERSONAS, PROBES, PUBLIC
from revenuer.simulate.texts.lexicon import proper
from revenuer.simulate.texts.pool import Text
from revenuer.simulate.texts.writing import fill, spin

__all__ = ["Framing"]

Said = tuple[str | None, str]


class _Voice:
    """One pattern as a campaign says it: fixed, in several wordings, in a few variants, or anew for each request."""

    def __init__(self, pattern: str, dice: random.Random, paraphrase: float, *, several: bool) -> None:
        self._pattern, self._dice, self._paraphrase = pattern, dice, paraphrase
        self._fixed = spin(pattern, dice)
        # Half of those that paraphrase keep a limited set of variants, as scripts do.
        few = dice.random() < 0.5
        self._variants = (
            [reworded(spin(pattern, dice), dice) for _ in range(dice.randint(6, 40))] if few and paraphrase else []
        )
        self._wordings = wordings(pattern, dice) if several else []

    def __call__(self) -> str:
        if self._dice.random() >= self._paraphrase:
            return self._dice.choice(self._wordings) if self._wordings else self._fixed
        return (
            self._dice.choice(self._variants)
            if self._variants
            else reworded(spin(self._pattern, self._dice), self._dice)
        )


class Framing:
    """The words of one campaign.

    Args:
        kind: its archetype.
        dice: its random stream.
        systems: system prompts of products, one of which a relayed product uses.
    """

    def __init__(self, kind: Archetype, dice: random.Random, systems: list[str]) -> None:
        self._kind, self._dice = kind, dice
        self._due = dice.random() if kind.wordings else 0.0
        aims = [a for a in (*kind.aims, kind.late) if a]
        self._frames = {
            a: [self._voice(p) for p in dice.sample(FRAMES[a], min(kind.frames, len(FRAMES[a])))] for a in aims
        }
        self._persona = self._voice(dice.choice(PERSONAS))
        self._prefix = self._voice(dice.choice(FAMILIES["inline_tags"].patterns))
        self._replay = self._voice(dice.choice(FAMILIES["signature_replay"].patterns))
        self._tongues = [self._voice(p) for p in FAMILIES["thinking_language"].patterns]
        self._winner = self._voice(dice.choice(ELICITATION))
        self._techniques = (*PROBES, *ELICITATION, *(p for f in FAMILIES.values() if f.elicits for p in f.patterns))
        self._system: str | None = None
        self._public = dice.sample(PUBLIC[:3], 2)
        name = proper(dice)
        product = dice.choice(systems)
        self._foreign = f"You are {name}, the assistant of {name} {dice.choice(('Chat', 'Studio', 'Code', 'One'))}. Never say that you are another assistant.\n{product}"
        self._ways: dict[str, Callable[[str, Text], Said]] = {
            "around": lambda a, t: (t.system, self._put(self._frame(a), t)),
            "both": lambda a, t: (self._persona(), self._put(dice.choice(self._frames[a])(), t)),
            "system": lambda _, t: (self._persona(), t.prompt),
            "prefix": lambda _, t: (t.system, self._put(self._prefix(), t)),
            "bare": lambda _, t: (t.system, t.prompt),
            "tongues": lambda _, t: (t.system, self._put(dice.choice(self._tongues)(), t)),
            "relay": lambda _, t: (self._foreign, t.prompt),
        }

    def _voice(self, pattern: str) -> _Voice:
        # Shares add up, so that of any row of frames just the share asked for has several wordings.
        self._due += self._kind.wordings
        several = self._due >= 1
        self._due -= several
        return _Voice(pattern, self._dice, self._kind.paraphrase, several=several)

    def _frame(self, aim: str) -> str:
        if self._dice.random() < self._kind.public:
            return self._dice.choice(self._public)
        return self._dice.choice(self._frames[aim])()

    def _put(self, template: str, text: Text) -> str:
        slots = {"item": text.prompt, "answer": text.response or "(as given above)", "d": str(self._dice.randint(1, 9))}
        return fill(template, slots)

    def write(self, aim: str, text: Text, turn: int) -> Said:
        """(system, prompt) of one request; only the opening is framed, the system prompt goes with every turn."""
        if turn > 0:
            return self._system, text.prompt
        self._system, prompt = self._ways[self._kind.framing](aim, text)
        return self._system, prompt

    def probe(self, text: Text) -> Said:
        """One more technique of getting at hidden reasoning."""
        return None, self._put(spin(self._dice.choice(self._techniques), self._dice), text)

    def won(self, text: Text) -> Said:
        """The technique that worked, on the next item."""
        return None, self._put(self._winner(), text)

    def replayed(self, text: Text) -> Said:
        """The words that go with a reasoning block of somebody else's."""
        return None, self._put(self._replay(), text)
