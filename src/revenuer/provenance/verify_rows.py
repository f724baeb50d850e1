"""Answers in files: prompt and tokens, or text to be cut into tokens, or the probabilities of an open model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from revenuer.errors import ConfigError, InputError
from revenuer.provenance.radioactivity import Positions, pooled
from revenuer.provenance.scheme import Ints
from revenuer.provenance.watermark import grams

__all__ = ["Answer", "Tokenizer", "load_answers", "positions", "tokenizer"]

Tokenizer = Callable[[str], list[int]]
_LARGEST: Final = 2**32


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model.

    Attributes:
        name: what the same prompt is called in other files; the prompt itself if it has no id.
        tokens: of the answer.
        prompt: tokens of the prompt; None where it is not known.
        top: for each token the candidates and natural log-probabilities that an open model gave, if it was read.
    """

    name: str
    tokens: Ints
    prompt: Ints | None = None
    top: tuple[tuple[tuple[int, float], ...], ...] | None = None


class _Row(msgspec.Struct):
    id: str | None = None
    prompt: str | None = None
    text: str | None = None
    tokens: list[int] | None = None
    prompt_tokens: list[int] | None = None
    top: list[list[tuple[int, float]]] | None = None


def tokenizer(path: Path) -> Tokenizer:
    """Cuts text into the token ids of the model that was served.

    Args:
        path: a `tokenizer.json` (needs the package tokenizers), or a list of words, one a line, for text cut at blanks.

    Raises:
        InputError: the file cannot be read.
        ConfigError: the package is not installed.
    """
    if path.suffix == ".json":
        return _library(path)
    try:
        words = {word: number for number, word in enumerate(path.read_text(encoding="utf-8").split("\n")) if word}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", file=str(path)) from error
    unknown = len(words)
    return lambda text: [words.get(word, unknown) for word in text.split()]


def _library(path: Path) -> Tokenizer:
    try:
        library: Any = import_module("tokenizers")
    except ImportError as error:
        raise ConfigError("a tokenizer.json needs the package tokenizers: pip install tokenizers") from error
    try:
        loaded = library.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain exceptions
        raise InputError(f"is no tokenizer: {error}", file=str(path)) from error
    return lambda text: list(loaded.encode(text, add_special_tokens=False).ids)


def load_answers(path: Path, cut: Tokenizer | None = None) -> list[Answer]:
    """The answers of a JSONL file.

    Args:
        path: an object a line: `tokens` or `text`; `prompt_tokens` or `prompt`, `id` and `top` where they are known.
        cut: for rows with text alone.

    Raises:
        InputError: a row cannot be read, or has text and no tokenizer was given; no row at all.
    """
    answers = [_answer(row, cut, place) for row, place in _rows(path)]
    if not answers:
        raise InputError("holds no answers", file=str(path))
    return answers


def _rows(path: Path) -> Iterator[tuple[_Row, tuple[str, str]]]:
    decoder = msgspec.json.Decoder(_Row)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _decoded(decoder, line, (str(path), f"line {number}")), (str(path), f"line {number}")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error


def _decoded(decoder: msgspec.json.Decoder[_Row], line: bytes, place: tuple[str, str]) -> _Row:
    try:
        return decoder.decode(line)
    except msgspec.MsgspecError as error:
        raise InputError(f"is no answer: {error}", file=place[0], row=place[1]) from error


def _answer(row: _Row, cut: Tokenizer | None, place: tuple[str, str]) -> Answer:
    tokens = _ids(row.tokens, row.text, cut, place, "tokens")
    if tokens is None:
        raise InputError("has neither tokens nor text", file=place[0], row=place[1], column="tokens")
    given = row.prompt if cut is not None else None
    prompt = _ids(row.prompt_tokens, given, cut, place, "prompt_tokens")
    top = None
    if row.top is not None:
        top = _candidates(row.top, len(tokens), place)
    return Answer(row.id or row.prompt or "", tokens, prompt, top)


def _ids(
    ids: list[int] | None, text: str | None, cut: Tokenizer | None, place: tuple[str, str], column: str
) -> Ints | None:
    if ids is None and text is not None:
        if cut is None:
            raise InputError("only text; give a tokenizer", file=place[0], row=place[1], column=column)
        ids = cut(text)
    if ids is None:
        return None
    if any(not 0 <= token < _LARGEST for token in ids):
        raise InputError("token ids lie between 0 and 2**32", file=place[0], row=place[1], column=column)
    return np.array(ids, np.int64)


def _candidates(top: list[list[tuple[int, float]]], length: int, place: tuple[str, str]) -> Any:
    if len(top) != length:
        raise InputError(f"has candidates for {len(top)} of {length} tokens", file=place[0], row=place[1], column="top")
    if any(not 0 <= token < _LARGEST or not log <= 1e-6 for one in top for token, log in one):
        raise InputError("log-probabilities are at most 0", file=place[0], row=place[1], column="top")
    return tuple(tuple(one) for one in top)


def positions(answers: list[Answer], window: int) -> Positions:
    """What a model did, from its answers.

    A pair of context and token that stands in the prompt is left out: a model that repeats a marked text which it was
    asked about leans towards the mark without having learnt anything.
    """
    if len({answer.top is None for answer in answers}) > 1:
        raise ConfigError("some answers have candidates (`top`) and some have none: a test takes one kind")
    return pooled([_of(answer, window) for answer in answers], window)


def _of(answer: Answer, window: int) -> Positions:
    contexts, tokens = grams(answer.tokens, window, answer.prompt)
    weights = np.ones(len(tokens))
    if answer.top is not None:
        tail = answer.top[len(answer.top) - len(tokens) :]
        sizes = np.array([len(one) for one in tail], np.int64)
        contexts = np.repeat(contexts, sizes, axis=0)
        tokens = np.array([token for one in tail for token, _ in one], np.int64)
        weights = np.array([math.exp(log) for one in tail for _, log in one], np.float64)
    quoted = _quoted(contexts, tokens, answer.prompt, window)
    return Positions(contexts[~quoted], tokens[~quoted], weights[~quoted])


def _quoted(contexts: Ints, tokens: Ints, prompt: Ints | None, window: int) -> Any:
    if prompt is None or len(prompt) <= window or not len(tokens):
        return np.zeros(len(tokens), np.bool_)
    asked = {tuple(gram) for gram in np.lib.stride_tricks.sliding_window_view(prompt, window + 1).tolist()}
    rows = np.column_stack((contexts, tokens)).tolist()
    return np.array([tuple(row) in asked for row in rows], np.bool_)
