"""A teacher, what it serves under each safeguard, and what a student learns: all of one seed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from distil_model import Ids, Logits, Params, Size, Texts, decode, gradient, initial, moved, train
from distil_task import (
    ANSWER_WORDS,
    STEP,
    VOCABULARY,
    Problems,
    draw_problems,
    drills,
    prompts_of,
    told,
)
from revenuer.provenance.ads import AntidistillationSampler
from revenuer.provenance.permits import DegraderPermit, load_permit
from revenuer.provenance.rewriting import ResponsePart, rewritten
from revenuer.provenance.scheme import GUMBEL, Scheme
from revenuer.provenance.watermark import Watermark, key_words, repeated

__all__ = ["HEADS", "KEY", "LISTS", "Lesson", "Plan", "World", "lesson_texts"]

HEADS = 4
LISTS = Scheme("kgw", window=2, gamma=0.5, delta=2.0)
KEY = key_words([bytes(range(16))])
NUDGE = 1e-2
# Leave of nobody in particular: the benchmark serves no customers, and goes through the same door as who does.
PERMITS = Path(__file__).with_name("distil_permits.toml")
TODAY = dt.date(2026, 1, 1)


@dataclass(frozen=True)
class Plan:
    """Sizes of everything.

    Attributes:
        chain: steps of a problem.
        rows: answers that are harvested.
        throttled: how many of them a limit on distinct prompts leaves.
        own: worked examples that an attacker has without us.
        test: problems that a student is tested on.
        width: of all models; teacher and student differ in what they have seen.
        steps: of training, of all but those that are said to be longer.
        every: steps between points of the curve.
        longer: how many times as long.
        batch, rate: of training.
        teacher: steps that made teacher, proxy, and the student that knows single steps.
    """

    chain: int = 5
    rows: int = 2000
    throttled: int = 300
    own: int = 100
    test: int = 300
    width: int = 48
    steps: int = 320
    every: int = 40
    longer: int = 3
    batch: int = 32
    rate: float = 6e-3
    teacher: int = 480

    @property
    def written(self) -> int:
        """Tokens of a full answer."""
        return STEP * self.chain + ANSWER_WORDS


@dataclass(frozen=True)
class Lesson:
    """What a student learns.

    Attributes:
        prompts: (n, length).
        responses: (n, length).
        start: weights it begins with; None: none of use.
        longer: how many times as long it learns.
    """

    prompts: Ids
    responses: Ids
    start: Params | None = None
    longer: int = 1


def lesson_texts(prompts: Ids, responses: Ids) -> Texts:
    """Rows of which the responses are learnt."""
    ids = np.concatenate([prompts, responses], axis=1)
    learnt = np.zeros(ids.shape, bool)
    learnt[:, prompts.shape[1] :] = True
    return Texts(ids, learnt)


def _permit(degrader: Literal["antidistillation", "rewriting"]) -> DegraderPermit:
    return load_permit(PERMITS, degrader, today=TODAY)


@dataclass
class World:
    """A teacher, what it serves, and what an attacker has: all of one seed.

    Teacher and proxy are the provider's and the same for all seeds; problems, draws and students differ.
    """

    plan: Plan
    seed: int
    shared: dict[str, Params] = field(default_factory=dict)
    made: dict[float, Ids] = field(default_factory=dict)

    def fitted(self, texts: Texts, start: Params, steps: int) -> Params:
        """Weights after training, in whole stretches of 40 steps."""
        plan = self.plan
        course = train(
            start,
            texts,
            heads=HEADS,
            steps=max(steps // 40, 1) * 40,
            every=40,
            batch=plan.batch,
            rate=plan.rate,
            seed=7,
        )
        *_, (_, last) = course
        return last

    @property
    def size(self) -> Size:
        """Shape of all models."""
        return Size(VOCABULARY, self.plan.chain + 2 + self.plan.written, self.plan.width, 2, HEADS)

    def _of_provider(self, name: str, seed: int, rows: int) -> Params:
        if name not in self.shared:
            rng = np.random.default_rng(seed)
            problems = draw_problems(rows, self.plan.chain, rng)
            texts = lesson_texts(prompts_of(problems), told(problems, rng))
            self.shared[name] = self.fitted(texts, initial(self.size, seed), self.plan.teacher)
        return self.shared[name]

    @property
    def teacher(self) -> Params:
        """The model that is served."""
        return self._of_provider("teacher", 10, 20_000)

    @property
    def proxy(self) -> Params:
        """The provider's stand-in for a student, trained on as many rows."""
        return self._of_provider("proxy", 12, self.plan.rows)

    @cached_property
    def informed(self) -> Params:
        """A student that knows all single steps before it harvests, and nothing of chains."""
        size = self.size
        ids = drills(8_000, size.length, np.random.default_rng([self.seed, 3]))
        return self.fitted(Texts(ids, np.ones(ids.shape, bool)), initial(size, self.seed), self.plan.teacher)

    @cached_property
    def problems(self) -> Problems:
        """What the attacker asks."""
        return draw_problems(self.plan.rows, self.plan.chain, np.random.default_rng([self.seed, 0]))

    @cached_property
    def prompts(self) -> Ids:
        """What the attacker asks, in tokens."""
        return prompts_of(self.problems)

    def written(self, models: list[Params], shape: Callable[[list[Logits], Ids, int], Logits] | None = None) -> Ids:
        """Answers at temperature one, (rows, tokens)."""
        rng = np.random.default_rng([self.seed, 1])
        return decode(models, self.prompts, new=self.plan.written, heads=HEADS, shape=shape, rng=rng)

    @cached_property
    def raw(self) -> Ids:
        """Answers as the model gives them."""
        return self.written([self.teacher])

    @cached_property
    def marked(self) -> Ids:
        """Answers that carry the watermark of lists."""
        return self._marked(LISTS)

    @cached_property
    def raced(self) -> Ids:
        """Answers that carry the watermark of the race."""
        return self._marked(GUMBEL)

    def _marked(self, scheme: Scheme) -> Ids:
        mark = Watermark(scheme)
        keys = np.repeat(KEY, self.plan.rows, axis=0)

        def shape(logits: list[Logits], ids: Ids, begin: int) -> Logits:
            said = ids[:, begin - scheme.window :].astype(np.int64)
            active = None
            if scheme.name == "gumbel":
                active = np.array([not repeated(row, scheme.window) for row in said])
            return mark.bias(said[:, -scheme.window :], logits[0], keys, active=active).astype(np.float32)

        return self.written([self.teacher], shape)

    def degraded(self, weight: float) -> Ids:
        """Answers whose reasoning is sampled against distillation, with this weight of the penalty."""
        if weight not in self.made:
            self.made[weight] = self._degraded(weight)
        return self.made[weight]

    def _degraded(self, weight: float) -> Ids:
        plan, proxy = self.plan, self.proxy
        rng = np.random.default_rng(20)
        held = draw_problems(256, plan.chain, rng)
        slope = gradient(proxy, lesson_texts(prompts_of(held), told(held, rng)), HEADS)
        sampler = AntidistillationSampler(_permit("antidistillation"), weight, NUDGE, 0.0, 5.0)

        def shape(logits: list[Logits], ids: Ids, begin: int) -> Logits:
            thinking = np.full(len(ids), ids.shape[1] - begin < STEP * plan.chain)
            return sampler.logits(*logits, reasoning=thinking).astype(np.float32)

        return self.written([self.teacher, moved(proxy, slope, NUDGE), moved(proxy, slope, -NUDGE)], shape)

    def kept_answers(self, weight: float) -> Ids:
        """Degraded reasoning, with the answers that the model gives without it."""
        return np.concatenate([self.degraded(weight)[:, :-ANSWER_WORDS], self.raw[:, -ANSWER_WORDS:]], axis=1)

    @cached_property
    def shuffled(self) -> Ids:
        """True steps in an order that means nothing."""
        rng, permit = np.random.default_rng([self.seed, 4]), _permit("rewriting")
        return np.stack([_rewritten(row, rng, permit) for row in self.raw])


def _rewritten(row: Ids, rng: np.random.Generator, permit: DegraderPermit) -> Ids:
    thoughts, answer = (" ".join(map(str, part)) for part in (row[:-ANSWER_WORDS], row[-ANSWER_WORDS:]))

    def rewrite(text: str) -> str:
        steps = np.array(text.split()).reshape(-1, STEP)
        return " ".join(rng.permutation(steps).ravel())

    served = rewritten([ResponsePart("reasoning", thoughts), ResponsePart("answer", answer)], rewrite, permit)
    return np.array(" ".join(part.text for part in served).split(), np.int32)
