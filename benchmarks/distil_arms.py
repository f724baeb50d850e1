"""What an attacker makes of what is served before a student learns it, and all arms of the benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from distil_model import Ids
from distil_task import (
    ANSWER_WORDS,
    STEP,
    WORDS,
    answers_alone,
    answers_of,
    draw_problems,
    prompts_of,
    summaries,
    told,
)
from distil_world import LISTS, Lesson, World, lesson_texts
from revenuer.provenance.scheme import GUMBEL, Scheme

__all__ = ["ARMS", "Arm", "paraphrased"]

STRENGTH = 0.5  # of antidistillation: the weight of its penalty
STRONGER = (4, 16)


def _lesson(world: World, responses: Ids, **more: object) -> Lesson:
    return replace(Lesson(world.prompts, responses), **more)  # type: ignore[arg-type]


def _some(lesson: Lesson, rows: slice | np.ndarray) -> Lesson:
    return replace(lesson, prompts=lesson.prompts[rows], responses=lesson.responses[rows])


def _mixed(share: float, marked: Callable[[World], Ids]) -> Callable[[World], Lesson]:
    """Watermarked answers to this share of the prompts, and plain ones to the others."""

    def lesson(world: World) -> Lesson:
        carries = np.arange(world.plan.rows) < share * world.plan.rows
        return _lesson(world, np.where(carries[:, None], marked(world), world.raw))

    return lesson


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
        evidence: the watermark that the student is tested for.
        first: whether it is done for all seeds before the others are begun.
    """

    safeguard: str
    attacker: str
    lesson: Callable[[World], Lesson]
    served: Callable[[World], Ids] = field(default=lambda world: world.raw)
    seen: int | None = None
    evidence: Scheme | None = None
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
    answer, summary = _plain(lambda world: answers_alone(world.raw)), _plain(lambda world: summaries(world.raw))
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
        Arm("none", "plain", raw, evidence=LISTS, first=True),
        Arm("throttled", "plain", _throttled),
        Arm("throttled", "knows single steps", _informed(_throttled)),
        Arm("throttled", "longer", _longer(_throttled)),
    ]


def _degraded() -> list[Arm]:
    """Reasoning that is made worse."""
    shuffled = _of("shuffled")

    def ads(world: World) -> Ids:
        return world.degraded(STRENGTH)

    def kept(world: World) -> Ids:
        return world.kept_answers(STRENGTH)

    return [
        Arm("rewriting", "plain", _plain(shuffled), shuffled),
        Arm(
            "rewriting", "put in order", lambda world: _lesson(world, _ordered(world.prompts, world.shuffled)), shuffled
        ),
        Arm("rewriting", "longer", _longer(_plain(shuffled)), shuffled),
        Arm("antidistillation", "plain", _plain(ads), ads),
        Arm("antidistillation", "verified", lambda world: _verified(world, ads(world)), ads),
        Arm("antidistillation", "longer", _longer(_plain(ads)), ads),
        Arm("antidistillation, answers kept", "plain", _plain(kept), kept),
        *(arm for times in STRONGER for arm in _stronger(times)),
    ]


def _stronger(times: int) -> list[Arm]:
    """Antidistillation with that many times the weight."""
    name = f"antidistillation, {times} times"

    def ads(world: World) -> Ids:
        return world.degraded(STRENGTH * times)

    def verified(world: World) -> Lesson:
        return _verified(world, ads(world))

    return [Arm(name, "plain", _plain(ads), ads), Arm(name, "verified", verified, ads)]


def _reworded(world: World) -> Lesson:
    return _lesson(world, paraphrased(world.marked, np.random.default_rng([world.seed, 6])))


def _marked() -> list[Arm]:
    """Watermarks, on this share of the answers."""
    lists, race = _of("marked"), _of("raced")
    return [
        Arm("watermark 100 %", "paraphrased", _reworded, lists, evidence=LISTS),
        *(
            Arm(f"watermark{name} {share} %", "plain", _mixed(share / 100, marked), marked, evidence=scheme)
            for name, marked, scheme in (("", lists, LISTS), (" by race", race, GUMBEL))
            for share in (100, 20, 5)
        ),
    ]


ARMS = {arm.name: arm for arm in (*_open(), *_hidden(), *_degraded(), *_marked())}
