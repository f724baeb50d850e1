"""A small GPT in plain JAX with its own Adam: same seed, same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from one_thread import jax, jnp

__all__ = [
    "Ids",
    "Logits",
    "Params",
    "Size",
    "Texts",
    "decode",
    "gradient",
    "initial",
    "loss_of",
    "moved",
    "shares",
    "train",
]

Ids = npt.NDArray[np.int32]
Logits = npt.NDArray[np.float32]
Params = dict[str, jax.Array]


@dataclass(frozen=True)
class Size:
    """Shape of a model: tokens known, longest text, width, layers, heads."""

    vocabulary: int
    length: int
    width: int
    layers: int
    heads: int


@dataclass(frozen=True)
class Texts:
    """Training rows.

    Attributes:
        ids: tokens, (n, length).
        learnt: whether a token is one to learn to write, (n, length).
    """

    ids: Ids
    learnt: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def initial(size: Size, seed: int) -> Params:
    """Weights at the start; layers are stacked along the first axis; `back` is attention by distance alone."""
    d, layers = size.width, size.layers
    shapes = {
        "tokens": (size.vocabulary, d),
        "places": (size.length, d),
        "qkv": (layers, d, 3 * d),
        "out": (layers, d, d),
        "up": (layers, d, 4 * d),
        "down": (layers, 4 * d, d),
        "head": (d, size.vocabulary),
    }
    scale = {"tokens": 0.5, "places": 0.5, "out": 0.5 / np.sqrt(d * layers), "down": 0.25 / np.sqrt(d * layers)}
    keys = jax.random.split(jax.random.key(seed), len(shapes))
    return {
        name: jax.random.normal(key, shape) * scale.get(name, 1 / np.sqrt(d))
        for key, (name, shape) in zip(keys, shapes.items(), strict=True)
    } | {"back": jnp.zeros((layers, size.heads, size.length))}


_REACH = 4.0  # how far a step of Adam moves the part of attention that knows distances alone


def _normed(x: jax.Array) -> jax.Array:
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def _split(x: jax.Array, heads: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Queries, keys and values of each head, (..., heads, width of a head), queries and keys of length one."""
    q, k, v = jnp.split(x.reshape(*x.shape[:-1], 3 * heads, -1), 3, axis=-2)
    return _normed(q), _normed(k), v


def _forward(params: Params, ids: jax.Array, heads: int) -> jax.Array:
    """Logits for the token behind each, (rows, length, vocabulary)."""
    length = ids.shape[1]
    before = jnp.tril(jnp.ones((length, length), bool))
    back = jnp.maximum(jnp.arange(length)[:, None] - jnp.arange(length), 0)
    x = params["tokens"][ids] + params["places"][:length]

    for layer in range(params["qkv"].shape[0]):
        q, k, v = _split(_normed(x) @ params["qkv"][layer], heads)
        weight = jnp.einsum("bqhd,bkhd->bhqk", q, k) + _REACH * params["back"][layer][:, back]
        weight = jax.nn.softmax(jnp.where(before, weight, -1e9), axis=-1)
        x += jnp.einsum("bhqk,bkhd->bqhd", weight, v).reshape(x.shape) @ params["out"][layer]
        x += jnp.square(jax.nn.relu(_normed(x) @ params["up"][layer])) @ params["down"][layer]
    return jnp.matmul(_normed(x), params["head"])


@partial(jax.jit, static_argnames=("heads", "begin"))
def _behind(params: Params, ids: jax.Array, heads: int, begin: int) -> jax.Array:
    return jax.nn.softmax(_forward(params, ids, heads)[:, begin - 1 : -1])


def shares(params: Params, prompts: Ids, responses: Ids, heads: int) -> Logits:
    """Probability of all tokens at each place of responses, (rows, places, vocabulary)."""
    return np.asarray(_behind(params, np.concatenate([prompts, responses], axis=1), heads, prompts.shape[1]))


def _loss(params: Params, ids: jax.Array, learnt: jax.Array, heads: int) -> jax.Array:
    """Mean loss of the tokens to learn, nats."""
    logits = _forward(params, ids[:, :-1], heads)
    said = jax.nn.log_softmax(logits)
    told = jnp.take_along_axis(said, ids[:, 1:, None], axis=-1)[..., 0]
    counted = learnt[:, 1:].astype(told.dtype)
    return -(told * counted).sum() / counted.sum()


@partial(jax.jit, static_argnames="heads")
def _loss_and_gradient(params: Params, ids: jax.Array, learnt: jax.Array, heads: int) -> tuple[jax.Array, Params]:
    return jax.value_and_grad(_loss)(params, ids, learnt, heads)


def loss_of(params: Params, texts: Texts, heads: int) -> float:
    """Mean loss of a model on texts, nats a token."""
    return float(_loss_and_gradient(params, jnp.asarray(texts.ids), jnp.asarray(texts.learnt), heads)[0])


def gradient(params: Params, texts: Texts, heads: int) -> Params:
    """Gradient of that loss, of length one over all weights together."""
    raw = _loss_and_gradient(params, jnp.asarray(texts.ids), jnp.asarray(texts.learnt), heads)[1]
    length = jnp.sqrt(sum(jnp.sum(part * part) for part in raw.values()))
    return {name: part / length for name, part in raw.items()}


def moved(params: Params, direction: Params, by: float) -> Params:
    """Weights that lie this far along a direction."""
    return {name: part + by * direction[name] for name, part in params.items()}


# Adam (Kingma and Ba 2015) with decoupled decay (Loshchilov and Hutter 2019).
_FIRST, _SECOND, _DECAY = 0.9, 0.95, 0.05
_CALM = 80


def _adam(params: Params, slopes: Params, memory: Any, count: jax.Array, rate: jax.Array) -> tuple[Params, Any]:
    mean = {n: _FIRST * m + (1 - _FIRST) * slopes[n] for n, m in memory[0].items()}
    square = {n: _SECOND * s + (1 - _SECOND) * slopes[n] ** 2 for n, s in memory[1].items()}
    early_mean, early_square = 1 - _FIRST**count, 1 - _SECOND**count

    def better(name: str, was: jax.Array) -> jax.Array:
        step: jax.Array = mean[name] / early_mean / (jnp.sqrt(square[name] / early_square) + 1e-8)
        return was - rate * (step + _DECAY * was)

    return {name: better(name, was) for name, was in params.items()}, (mean, square)


@partial(jax.jit, static_argnames="heads", donate_argnums=(0, 1))
def _stretch(
    params: Params, memory: Any, ids: jax.Array, learnt: jax.Array, start: jax.Array, rates: jax.Array, heads: int
) -> tuple[Params, Any]:
    """As many steps as there are rates; `ids` and `learnt` hold a batch for each."""

    def step(carried: Any, given: Any) -> Any:
        weights, kept, count = carried
        row, flags, rate = given
        slopes = jax.grad(_loss)(weights, row, flags, heads)
        weights, kept = _adam(weights, slopes, kept, count, rate)
        return (weights, kept, count + 1), None

    (params, memory, _), _ = jax.lax.scan(step, (params, memory, start), (ids, learnt, rates))
    return params, memory


def train(
    params: Params, texts: Texts, *, heads: int, steps: int, every: int, batch: int, rate: float, seed: int
) -> Iterator[tuple[int, Params]]:
    """Weights after each `every` steps of `steps`; the rate rises over 50 steps, stays, and is a quarter for the last 80.

    Until then the curve of a longer training is that of a shorter one.
    """
    rng = np.random.default_rng(seed)
    params = jax.tree.map(jnp.copy, params)
    memory: Any = (jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params))
    for done in range(0, steps, every):
        rows = rng.integers(0, len(texts), (every, batch))
        count = done + 1 + np.arange(every)
        rates = rate * np.minimum(1.0, count / 50) * np.where(count > steps - _CALM, 0.25, 1.0)
        start = jnp.asarray(done + 1, jnp.float32)
        given = jnp.asarray(texts.ids[rows]), jnp.asarray(texts.learnt[rows])
        params, memory = _stretch(params, memory, *given, start, jnp.asarray(rates, jnp.float32), heads)
        yield done + every, jax.tree.map(jnp.copy, params)


@partial(jax.jit, static_argnames="heads", donate_argnums=1)
def _next(params: Params, cache: Any, ids: jax.Array, at: jax.Array, heads: int) -> tuple[jax.Array, Any]:
    """Logits behind token `at` of each row, (rows, vocabulary), with keys and values kept for the next."""
    keys, values = cache
    x = params["tokens"][ids] + params["places"][at]
    seen, back = jnp.arange(keys.shape[2]) <= at, jnp.maximum(at - jnp.arange(keys.shape[2]), 0)
    for layer in range(params["qkv"].shape[0]):
        q, k, v = _split(_normed(x) @ params["qkv"][layer], heads)
        keys = keys.at[layer, :, at].set(k)
        values = values.at[layer, :, at].set(v)
        weight = jnp.einsum("bhd,bkhd->bhk", q, keys[layer]) + _REACH * params["back"][layer][:, back]
        weight = jax.nn.softmax(jnp.where(seen, weight, -1e9), axis=-1)
        x += jnp.einsum("bhk,bkhd->bhd", weight, values[layer]).reshape(x.shape) @ params["out"][layer]
        x += jnp.square(jax.nn.relu(_normed(x) @ params["up"][layer])) @ params["down"][layer]
    return _normed(x) @ params["head"], (keys, values)


Shaper = Callable[[list[Logits], Ids, int], Logits]


def decode(
    models: list[Params],
    prompts: Ids,
    *,
    new: int,
    heads: int,
    shape: Shaper | None = None,
    rng: np.random.Generator | None = None,
) -> Ids:
    """Write `new` tokens behind each prompt, (rows, new).

    Args:
        models: weights of one shape or several; the first is the one that writes, the others stand by.
        prompts: (rows, length).
        new: tokens to write.
        heads: of attention.
        shape: makes of the logits of all models, the tokens so far and their number the logits to draw from.
        rng: draws at temperature one; None takes the likeliest token.
    """
    rows, begin = prompts.shape
    ids = np.zeros((rows, begin + new), np.int32)
    ids[:, :begin] = prompts
    caches = [_empty(model, rows, begin + new, heads) for model in models]
    for at in range(begin + new - 1):
        token, place = jnp.asarray(ids[:, at]), jnp.asarray(at)
        both = [_next(model, cache, token, place, heads) for model, cache in zip(models, caches, strict=True)]
        caches = [cache for _, cache in both]
        if at + 1 < begin:
            continue
        logits = [np.array(one) for one, _ in both]
        served = logits[0] if shape is None else shape(logits, ids[:, : at + 1], begin)
        noise = 0.0 if rng is None else rng.gumbel(size=served.shape)
        ids[:, at + 1] = (served + noise).argmax(1)
    return ids[:, begin:]


def _empty(params: Params, rows: int, length: int, heads: int) -> Any:
    layers, width, _ = params["qkv"].shape
    shape = (layers, rows, length, heads, width // heads)
    return jnp.zeros(shape), jnp.zeros(shape)
