"""The task that is distilled: chains of five moves of a digit, told in words that can be chosen freely.

Each move is a permutation of the digits, so whoever misses a step of a chain knows nearly nothing of its answer: chance is
one in ten. Permutations do not commute, so no sum over the chain replaces walking it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "ANSWER",
    "ANSWER_WORDS",
    "ASKS",
    "CONNECTORS",
    "DIGITS",
    "END",
    "SEPARATORS",
    "STEP",
    "VERBS",
    "VOCABULARY",
    "WORDS",
    "Problems",
    "answers_alone",
    "answers_of",
    "draw_problems",
    "drills",
    "prompts_of",
    "steps_hold",
    "summaries",
    "told",
]

Ids = npt.NDArray[np.int32]

DIGITS: Final = 10
MOVES: Final = 8
_MADE: Final = np.stack([np.random.default_rng(seed).permutation(DIGITS) for seed in range(MOVES)]).astype(np.int32)
ASKS: Final = DIGITS + MOVES
ANSWER: Final = ASKS + 1
END: Final = ASKS + 2
CONNECTORS: Final = range(ASKS + 3, ASKS + 17)
VERBS: Final = range(ASKS + 17, ASKS + 31)
SEPARATORS: Final = range(ASKS + 31, ASKS + 45)
WORDS: Final = (CONNECTORS, VERBS, SEPARATORS)
VOCABULARY: Final = ASKS + 45
STEP: Final = 6  # connector, digit, move, verb, result, separator
ANSWER_WORDS: Final = 3  # marker, digit, end


@dataclass(frozen=True)
class Problems:
    """Chains.

    Attributes:
        start: digits, (n,).
        moves: which permutation each step is, (n, steps).
        results: digit behind each step, (n, steps).
    """

    start: Ids
    moves: Ids
    results: Ids

    def __len__(self) -> int:
        return len(self.start)

    @property
    def answers(self) -> Ids:
        """The digit at the end of each chain, (n,)."""
        return self.results[:, -1]

    def __getitem__(self, rows: npt.NDArray[np.intp] | slice) -> Problems:
        return Problems(self.start[rows], self.moves[rows], self.results[rows])


def draw_problems(n: int, steps: int, rng: np.random.Generator) -> Problems:
    """Chains at random; of 10 times 8^5 there are enough that few are met twice."""
    start = rng.integers(0, DIGITS, n, dtype=np.int32)
    moves = rng.integers(0, MOVES, (n, steps), dtype=np.int32)
    results, state = np.empty_like(moves), start
    for step in range(steps):
        state = results[:, step] = _MADE[moves[:, step], state]
    return Problems(start, moves, results)


def prompts_of(problems: Problems) -> Ids:
    """`digit move move ... ?`, (n, steps + 2)."""
    asks = np.full((len(problems), 1), ASKS, np.int32)
    return np.concatenate([problems.start[:, None], problems.moves + DIGITS, asks], axis=1)


def _words(n: int, choices: range, rng: np.random.Generator) -> Ids:
    """Synonyms by Zipf's law."""
    weight = 1.0 / np.arange(1, len(choices) + 1)
    return (choices.start + rng.choice(len(choices), n, p=weight / weight.sum())).astype(np.int32)


def told(problems: Problems, rng: np.random.Generator) -> Ids:
    """A full worked answer to each problem, (n, 6 steps + 3), with words drawn anew in each place."""
    n, steps = problems.moves.shape
    made = np.empty((n, STEP * steps + ANSWER_WORDS), np.int32)
    states = np.concatenate([problems.start[:, None], problems.results], axis=1)
    for step in range(steps):
        at = STEP * step
        made[:, at] = _words(n, CONNECTORS, rng)
        made[:, at + 1], made[:, at + 4] = states[:, step], states[:, step + 1]
        made[:, at + 2] = problems.moves[:, step] + DIGITS
        made[:, at + 3], made[:, at + 5] = _words(n, VERBS, rng), _words(n, SEPARATORS, rng)
    made[:, -3], made[:, -2], made[:, -1] = ANSWER, problems.answers, END
    return made


def drills(n: int, length: int, rng: np.random.Generator) -> Ids:
    """Single steps that have nothing to do with each other, one behind another from any word on, (n, length)."""
    each = length // STEP + 2
    steps = told(draw_problems(n * each, 1, rng), rng)[:, :STEP].reshape(n, each * STEP)
    begin = rng.integers(0, STEP, (n, 1))
    return np.take_along_axis(steps, begin + np.arange(length), axis=1)


def answers_of(responses: Ids) -> Ids:
    """The digit behind the answer marker of each response, (n,); -1 where there is none."""
    marked = (responses[:, :-1] == ANSWER) & (responses[:, 1:] < DIGITS)
    given = responses[np.arange(len(responses)), np.minimum(marked.argmax(1) + 1, responses.shape[1] - 1)]
    return np.where(marked.any(1), given, -1).astype(np.int32)


def answers_alone(responses: Ids) -> Ids:
    """What is served where reasoning is withheld, (n, ANSWER_WORDS)."""
    return responses[:, -ANSWER_WORDS:]


def summaries(responses: Ids) -> Ids:
    """What is served where reasoning is summarised: the last step and the answer, (n, STEP + ANSWER_WORDS)."""
    return responses[:, -STEP - ANSWER_WORDS :]


def steps_hold(problems: Problems, responses: Ids) -> npt.NDArray[np.bool_]:
    """Whether each step that a worked answer states is true, (n, steps)."""
    n, steps = problems.moves.shape
    stated = responses[:, : STEP * steps].reshape(n, steps, STEP)
    digit, move, result = stated[..., 1], stated[..., 2] - DIGITS, stated[..., 4]
    sound = (digit < DIGITS) & (move >= 0) & (move < MOVES)
    return np.asarray(sound & (_MADE[np.where(sound, move, 0), np.where(sound, digit, 0)] == result))
