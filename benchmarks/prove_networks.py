"""Perceptrons over four tokens, in plain JAX: students that generalise, and follow what they were taught less than models of counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from one_thread import jax, jnp
from prove_world import BEGIN
from revenuer.provenance.radioactivity import Positions
from revenuer.provenance.scheme import Floats, Ints

__all__ = ["Course", "Weights", "opened", "shares", "taught", "written"]

Weights = list[jax.Array]
REACH: Final = 4
LEAST: Final = 0.005  # candidates below it are left out of what an open model tells


@dataclass(frozen=True)
class Course:
    """Sizes of a perceptron and of its training.

    Attributes:
        wide: numbers that stand for a token.
        hidden: units between tokens and the next one.
        steps: of training.
        batch: places a step.
        rate: of training, at its beginning.
    """

    wide: int = 32
    hidden: int = 192
    steps: int = 1_200
    batch: int = 256
    rate: float = 3e-3


def taught(texts: Ints, words: int, seed: int, course: Course = Course()) -> Weights:
    """Weights after training on texts, shape (texts, length)."""
    seen, then = _windows(texts, words)
    start, key = _initial(words, seed, course), jax.random.PRNGKey(seed + 1)
    return list(_fitted(start, jnp.asarray(seen), jnp.asarray(then), key, course))


def shares(held: Weights, texts: Ints) -> Floats:
    """Probabilities of what may follow at each place of texts behind the prompts, (texts, places, words)."""
    words = held[3].shape[0]
    told = np.asarray(_shares(held, jnp.asarray(_windows(texts, words)[0])), np.float64)
    return told.reshape(len(texts), -1, words)


def written(held: Weights, prompts: Ints, length: int, seed: int) -> Ints:
    """Answers at temperature one, (prompts, length), the prompts among them."""
    words = held[3].shape[0]
    begun = np.concatenate([np.full((len(prompts), REACH - BEGIN), words), prompts], axis=1)
    said = _said(held, jnp.asarray(begun), jax.random.PRNGKey(seed), length - BEGIN)
    return np.concatenate([prompts, np.asarray(said, np.int64)], axis=1)


def opened(told: Floats, texts: Ints) -> Positions:
    """Candidates that are not negligible, as an open model tells them when it reads texts, for a window of two."""
    flat = told.reshape(-1, told.shape[-1])
    rows, tokens = np.nonzero(flat >= LEAST)
    contexts = np.lib.stride_tricks.sliding_window_view(texts[:, BEGIN - 2 :], 2, axis=1)[:, :-1].reshape(-1, 2)
    return Positions(contexts[rows], tokens.astype(np.int64), flat[rows, tokens])


def _windows(of: Ints, words: int) -> tuple[Ints, Ints]:
    padded = np.concatenate([np.full((len(of), REACH), words), of], axis=1)
    seen = np.lib.stride_tricks.sliding_window_view(padded, REACH, axis=1)[:, BEGIN:-1]
    return seen.reshape(-1, REACH).copy(), of[:, BEGIN:].ravel()


def _initial(words: int, seed: int, course: Course) -> Weights:
    wide, hidden = course.wide, course.hidden
    roots = jax.random.split(jax.random.PRNGKey(seed), 3)
    return [
        jax.random.normal(roots[0], (words + 1, wide)) * 0.3,
        jax.random.normal(roots[1], (REACH * wide, hidden)) * (REACH * wide) ** -0.5,
        jax.random.normal(roots[2], (hidden, words)) * hidden**-0.5,
        jnp.zeros(words),
    ]


def _logits(held: Weights, seen: Any) -> Any:
    inside = jnp.tanh(held[0][seen].reshape(seen.shape[0], -1) @ held[1])
    return inside @ held[2] + held[3]


def _miss(held: Weights, seen: Any, then: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(_logits(held, seen)), then[:, None], 1).mean()


@jax.jit
def _shares(held: Weights, seen: Any) -> Any:
    return jax.nn.softmax(_logits(held, seen))


@partial(jax.jit, static_argnames="course")
def _fitted(held: Weights, seen: Any, then: Any, key: Any, course: Course) -> Weights:
    def step(state: Any, at: Any) -> Any:
        held, first, second = state
        pick = jax.random.randint(jax.random.fold_in(key, at), (course.batch,), 0, len(then))
        slope = jax.grad(_miss)(held, seen[pick], then[pick])
        first = [0.9 * a + 0.1 * b for a, b in zip(first, slope, strict=True)]
        second = [0.99 * a + 0.01 * b * b for a, b in zip(second, slope, strict=True)]
        size = course.rate * (1 - at / course.steps)
        moved = [
            one - size * (a / (1 - 0.9 ** (at + 1))) / (jnp.sqrt(b / (1 - 0.99 ** (at + 1))) + 1e-8)
            for one, a, b in zip(held, first, second, strict=True)
        ]
        return (moved, first, second), None

    nothing = [jnp.zeros_like(one) for one in held]
    last: Weights = jax.lax.scan(step, (held, nothing, nothing), jnp.arange(course.steps))[0][0]
    return last


@partial(jax.jit, static_argnames="new")
def _said(held: Weights, begun: Any, key: Any, new: int) -> Any:
    def step(seen: Any, at: Any) -> Any:
        word = jax.random.categorical(jax.random.fold_in(key, at), _logits(held, seen))
        return jnp.concatenate([seen[:, 1:], word[:, None]], axis=1), word

    return jax.lax.scan(step, begun, jnp.arange(new))[1].T
