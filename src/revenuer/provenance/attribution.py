"""Whether a suspect's answers resemble those that were served, rather than those that could have been.

To each prompt there is the answer that was logged, and fresh ones of the same model that nobody received. To a suspect that
never saw the log they are alike, so which of them was served can be permuted within each prompt: an exact null. Likeness of a
suspect's answers to the log alone says only that both answer the same prompts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from revenuer.errors import ConfigError
from revenuer.provenance.scheme import Floats, Ints
from revenuer.provenance.verify_rows import Answer

__all__ = ["Attribution", "attributed"]

_GRAM: Final = 4


@dataclass(frozen=True, slots=True)
class Attribution:
    """How much the served answers are found again: shares of their 4-grams, of `prompts` prompts."""

    prompts: int
    overlap_served: float
    overlap_fresh: float
    p_exact: float


def attributed(
    suspect: list[Answer], served: list[Answer], fresh: list[Answer], *, seed: int = 0, permutations: int = 9_999
) -> Attribution:
    """Test whether served answers are found again in a suspect's more than fresh ones.

    Args:
        suspect: its answers.
        served: the logged answers, one a prompt; the first counts.
        fresh: answers of the same model and settings to the same prompts, generated now and given to nobody.
        seed: of the permutations.
        permutations: how many.

    Raises:
        ConfigError: no prompt stands in all three.
    """
    own, logged, others = _by_prompt(suspect), _by_prompt(served), _by_prompt(fresh)
    prompts = [name for name in own if name in logged and name in others]
    if not prompts:
        raise ConfigError(
            "no prompt has an answer of the suspect, a served and a fresh one: rows are matched by id or prompt"
        )
    shares = [_overlaps(own[name], [logged[name][0], *others[name]]) for name in prompts]
    excess = [one - one.mean() for one in shares]
    p = _p(excess, seed, permutations)
    fresh_mean = float(np.mean([one[1:].mean() for one in shares]))
    return Attribution(len(prompts), float(np.mean([one[0] for one in shares])), fresh_mean, p)


def _p(excess: list[Floats], seed: int, permutations: int) -> float:
    """Rank of the sum over prompts among sums in which any of a prompt's answers may have been the served one."""
    rng = np.random.default_rng(seed)
    sums = np.zeros(permutations)
    for one in excess:
        sums += one[rng.integers(0, len(one), permutations)]
    own = sum(float(one[0]) for one in excess)
    return (1 + int((sums >= own - 1e-12).sum())) / (1 + permutations)


def _by_prompt(answers: list[Answer]) -> dict[str, list[Ints]]:
    found: dict[str, list[Ints]] = defaultdict(list)
    for answer in answers:
        if answer.name:
            found[answer.name].append(answer.tokens)
    return found


def _grams(tokens: Ints) -> set[tuple[int, ...]]:
    size = min(_GRAM, len(tokens))
    return {tuple(tokens[at : at + size].tolist()) for at in range(len(tokens) - size + 1)} if size else set()


def _overlaps(own: list[Ints], candidates: list[Ints]) -> Floats:
    said = set().union(*(_grams(tokens) for tokens in own))
    wanted = [_grams(tokens) for tokens in candidates]
    return np.array([len(one & said) / max(len(one), 1) for one in wanted])
