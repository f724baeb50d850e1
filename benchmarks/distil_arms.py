"""What is served under each safeguard, and what an attacker makes of it before a student learns it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from distil_model import Ids, Logits, Params, Size, Texts, decode, gradient, initial, moved, train
from distil_task import (
    ANSWER_WORDS,
    STEP,
    VOCABULARY,
    WORDS,
    Problems,
    answers_of,
    draw_problems,
    drills,
    prompts_of,
    told,
)
from revenuer.provenance.ads import AntidistillationSampler
from revenuer.provenance.permits import DegraderPermit, load_permit
from revenuer.provenance.rewriting import ResponsePart, rewritten
from revenuer.provenance.scheme import Scheme
from revenuer.provenance.watermark import Watermark, key_words

__all__ = ["ARMS", "SCHEME", "Arm", "Lesson", "Plan", "World", "lesson_texts"]

HEADS = 4
SCHEME = Scheme("kgw", window=2, gamma=0.5, delta=2.0)
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
        ads: weight of the penalty.
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
    ads: float = 0.5

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
        """Answers that carry a watermark."""
        mark = Watermark(SCHEME)
        keys = np.repeat(KEY, self.plan.rows, axis=0)

        def shape(logits: list[Logits], ids: Ids, begin: int) -> Logits:
            del begin
            return mark.bias(ids[:, -SCHEME.window :].astype(np.int64), logits[0], keys).astype(np.float32)

        return self.written([self.teacher], shape)

    @cached_property
    def degraded(self) -> Ids:
        """Answers whose reasoning is sampled against distillation."""
        plan, proxy = self.plan, self.proxy
        rng = np.random.default_rng(20)
        held = draw_problems(256, plan.chain, rng)
        slope = gradient(proxy, lesson_texts(prompts_of(held), told(held, rng)), HEADS)
        sampler = AntidistillationSampler(_permit("antidistillation"), plan.ads, NUDGE, 0.0, 5.0)

        def shape(logits: list[Logits], ids: Ids, begin: int) -> Logits:
            thinking = np.full(len(ids), ids.shape[1] - begin < STEP * plan.chain)
            return sampler.logits(*logits, reasoning=thinking).astype(np.float32)

        return self.written([self.teacher, moved(proxy, slope, NUDGE), moved(proxy, slope, -NUDGE)], shape)

    @cached_property
    def kept_answers(self) -> Ids:
        """Degraded reasoning, with the answers that the model gives without it."""
        return np.concatenate([self.degraded[:, :-ANSWER_WORDS], self.raw[:, -ANSWER_WORDS:]], axis=1)

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


# What attackers do.


def _lesson(world: World, responses: Ids, **more: object) -> Lesson:
    return replace(Lesson(world.prompts, responses), **more)  # type: ignore[arg-type]


def _some(lesson: Lesson, rows: slice | np.ndarray) -> Lesson:
    return replace(lesson, prompts=lesson.prompts[rows], responses=lesson.responses[rows])


def _answer(world: World) -> Ids:
    return world.raw[:, -ANSWER_WORDS:]


def _summary(world: World) -> Ids:
    return world.raw[:, -STEP - ANSWER_WORDS :]


def _mixed(world: World, share: float) -> Lesson:
    """Watermarked answers to this share of the prompts, and plain ones to the others."""
    marked = np.arange(world.plan.rows) < share * world.plan.rows
    return _lesson(world, np.where(marked[:, None], world.marked, world.raw))


def paraphrased(responses: Ids, rng: np.random.Generator) -> Ids:
    """Each word changed for one of its synonyms, whatever it was."""
    made = responses.copy()
    for choices in WORDS:
        found = (made >= choices.start) & (made < choices.stop)
        made[found] = rng.integers(choices.start, choices.stop, found.sum())
    return made


def _verified(world: World, responses: Ids) -> Lesson:
    """Rows whose answer the attacker found to be right."""
    return _some(_lesson(world, responses), np.flatnonzero(answers_of(responses) == world.problems.answers))


def _ordered(prompts: Ids, responses: Ids) -> Ids:
    """Steps put behind one another again: the next is one that says the prompt's move and begins where the last ended."""
    made = responses.copy()
    for row, (prompt, response) in enumerate(zip(prompts, responses, strict=True)):
        steps, state, order = response[:-ANSWER_WORDS].reshape(-1, STEP), prompt[0], list[int]()
        for move in prompt[1:-1]:
            left = [i for i in range(len(steps)) if i not in order]
            fits = [i for i in left if steps[i][1] == state and steps[i][2] == move]
            order.append((fits or left)[0])
            state = steps[order[-1]][4]
        made[row, :-ANSWER_WORDS] = steps[order].ravel()
    return made


def _own(world: World) -> Lesson:
    """The attacker's own worked examples."""
    rng = np.random.default_rng([world.seed, 5])
    problems = draw_problems(world.plan.own, world.plan.chain, rng)
    return Lesson(prompts_of(problems), told(problems, rng), start=world.informed)


def _rederived(world: World) -> Lesson:
    """Reasoning of the attacker's own weak model, where it comes to the answer that was harvested."""
    own = _own(world)
    weak = world.fitted(lesson_texts(own.prompts, own.responses), world.informed, world.plan.steps // 2)
    tried = world.written([weak])
    kept = np.flatnonzero(answers_of(tried) == answers_of(world.raw))
    return _some(_lesson(world, tried, start=world.informed), kept)


@dataclass(frozen=True)
class Arm:
    """A safeguard and a way to harvest it.

    Attributes:
        safeguard: what the provider does.
        attacker: what the attacker does with what is served.
        lesson: what the student learns.
        served: what honest users get, full answers.
        seen: tokens of it, from the end, that they see; None: all.
        evidence: whether the student is tested for the watermark.
        first: whether it is done for all seeds before the others are begun.
    """

    safeguard: str
    attacker: str
    lesson: Callable[[World], Lesson]
    served: Callable[[World], Ids] = field(default=lambda world: world.raw)
    seen: int | None = None
    evidence: bool = False
    first: bool = False

    @property
    def name(self) -> str:
        """Safeguard and attacker."""
        return f"{self.safeguard}, {self.attacker}"


def _throttled(world: World, **more: object) -> Lesson:
    return _some(_lesson(world, world.raw, **more), slice(world.plan.throttled))


def _of(name: str) -> Callable[[World], Ids]:
    """Answers by the name that a world has for them."""
    return lambda world: np.asarray(getattr(world, name))


def _plain(responses: Callable[[World], Ids]) -> Callable[[World], Lesson]:
    return lambda world: _lesson(world, responses(world))


def _longer(make: Callable[[World], Lesson]) -> Callable[[World], Lesson]:
    return lambda world: replace(make(world), longer=world.plan.longer)


def _informed(make: Callable[[World], Lesson]) -> Callable[[World], Lesson]:
    return lambda world: replace(make(world), start=world.informed)


def _hidden() -> list[Arm]:
    """Reasoning that is not shown, or a step of it."""
    answer, summary = _plain(_answer), _plain(_summary)
    one_step = STEP + ANSWER_WORDS
    return [
        Arm("withheld", "plain", answer, seen=ANSWER_WORDS, first=True),
        Arm("summary", "plain", summary, seen=one_step, first=True),
        Arm("withheld", "longer", _longer(answer), seen=ANSWER_WORDS),
        Arm("withheld", "knows single steps", _informed(answer), seen=ANSWER_WORDS),
        Arm("withheld", "own examples alone", _own, seen=ANSWER_WORDS),
        Arm("withheld", "re-derived", _rederived, seen=ANSWER_WORDS),
        Arm("summary", "longer", _longer(summary), seen=one_step),
        Arm("summary", "knows single steps", _informed(summary), seen=one_step),
    ]


def _open() -> list[Arm]:
    """Reasoning that is shown."""
    raw = _plain(_of("raw"))
    return [
        Arm("none", "plain", raw, evidence=True, first=True),
        Arm("throttled", "plain", _throttled),
        Arm("throttled", "knows single steps", _informed(_throttled)),
        Arm("throttled", "longer", _longer(_throttled)),
    ]


def _degraded() -> list[Arm]:
    """Reasoning that is made worse."""
    ads, shuffled = _of("degraded"), _of("shuffled")
    return [
        Arm("rewriting", "plain", _plain(shuffled), shuffled),
        Arm(
            "rewriting", "put in order", lambda world: _lesson(world, _ordered(world.prompts, world.shuffled)), shuffled
        ),
        Arm("rewriting", "longer", _longer(_plain(shuffled)), shuffled),
        Arm("antidistillation", "plain", _plain(ads), ads),
        Arm("antidistillation", "verified", lambda world: _verified(world, world.degraded), ads),
        Arm("antidistillation", "longer", _longer(_plain(ads)), ads),
        Arm("antidistillation, answers kept", "plain", _plain(_of("kept_answers")), _of("kept_answers")),
    ]


def _reworded(world: World) -> Lesson:
    return _lesson(world, paraphrased(world.marked, np.random.default_rng([world.seed, 6])))


def _marked() -> list[Arm]:
    """Watermarks, on this share of the answers."""
    marked = _of("marked")
    return [
        Arm("watermark 100 %", "plain", lambda world: _mixed(world, 1.0), marked, evidence=True),
        Arm("watermark 100 %", "paraphrased", _reworded, marked, evidence=True),
        Arm("watermark 20 %", "plain", lambda world: _mixed(world, 0.2), marked, evidence=True),
        Arm("watermark 5 %", "plain", lambda world: _mixed(world, 0.05), marked, evidence=True),
    ]


ARMS = {arm.name: arm for arm in (*_open(), *_hidden(), *_degraded(), *_marked())}
