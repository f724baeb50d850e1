"""The verifier: was a suspect trained on answers that were served under our keys?

It speaks of evidence, never of proof or intent; it says with which chance an innocent model would look so; it refuses to
conclude where its controls or its power do not allow it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from revenuer.errors import ConfigError
from revenuer.provenance.attribution import Attribution
from revenuer.provenance.keys import MarkKey
from revenuer.provenance.power import Plan, Power, planted_power
from revenuer.provenance.radioactivity import Leaning, Table, exact_level, leaning, null_keys, tabulate
from revenuer.provenance.verify_rows import Answer, positions
from revenuer.provenance.watermark import key_words

__all__ = ["Asked", "Beside", "KeyTest", "TestReport", "holm", "verify"]

Verdict = Literal["evidence", "no evidence", "inconclusive"]
Kind = Literal["closed", "open-weight"]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a suspect is to be tested.

    Args:
        alpha: chance to speak of evidence against an innocent model, over all keys together.
        null: keys that the secret ones are held against.
        power: what share of planted students must be found before anything is concluded.
        fraction: share of marked answers in a student's training at which that is asked.
        students: planted students.
        harvest: answers each of them is trained on; None: as many as the reference has.
        seed: of every random step.
    """

    alpha: float = 0.01
    null: int = 4_999
    power: float = 0.8
    fraction: float = 1.0
    students: int = 20
    harvest: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """What is looked at together with a suspect.

    Args:
        controls: answers of models that are known not to have seen marked answers.
        planted: answers of models that are known to have been trained on them at `Asked.fraction`.
        committed: commitment of a key to when it was made public.
        canaries: exact p of the canaries, which then stands beside the keys in Holm's list.
        attribution: what the logs say; reported, and not part of the verdict.
    """

    controls: Mapping[str, list[Answer]] = field(default_factory=dict)
    planted: Mapping[str, list[Answer]] = field(default_factory=dict)
    committed: Mapping[str, str] = field(default_factory=dict)
    canaries: float | None = None
    attribution: Attribution | None = None


@dataclass(frozen=True, slots=True)
class KeyTest:
    """One model under one key; `p_holm` is `p_upper` over all keys (and, of controls, over all controls too)."""

    model: str
    key: str
    commitment: str
    committed_at: str | None
    scheme: str
    looks: int
    pairs: int
    leaning: Leaning
    p_holm: float


@dataclass(frozen=True, slots=True)
class TestReport:
    """All that was found and under which conditions; `conditions` holds what a reader has to know about it."""

    __test__ = False  # its name begins like that of a test

    verdict: Verdict
    why: str
    suspect: str
    kind: Kind
    asked: Asked
    keys: tuple[KeyTest, ...]
    controls: tuple[KeyTest, ...]
    planted: tuple[KeyTest, ...]
    power: Power
    canaries: float | None = None
    attribution: Attribution | None = None
    conditions: tuple[str, ...] = field(default=())


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values (Holm 1979): at most alpha of them all is falsely below alpha, however they hang together."""
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(np.array(p)[order] * (len(p) - np.arange(len(p))))
    out = np.empty(len(p))
    out[order] = np.minimum(adjusted, 1.0)
    return [float(one) for one in out]


def verify(
    suspect: tuple[str, list[Answer]],
    reference: list[Answer],
    keys: Sequence[MarkKey],
    asked: Asked | None = None,
    beside: Beside | None = None,
) -> TestReport:
    """Test a suspect under secret keys.

    Args:
        suspect: its name and its answers, sampled at temperature 1; with `top` they are those of an open model.
        reference: unwatermarked answers of the model that was served; with `top` they are its probabilities.
        keys: under which answers were served to whom is suspected; all that were tried.
        asked: levels and sizes.
        beside: what stands beside the suspect.

    Raises:
        ConfigError: there is no key, there are too few null keys for the level, or a model is given twice.
    """
    asked, beside = asked or Asked(), beside or Beside()
    name, answers = suspect
    canaries = () if beside.canaries is None else (beside.canaries,)
    _check(asked, keys, len(keys) + len(canaries))
    tests = {
        model: _tested(model, said, reference, keys, asked, beside.committed)
        for model, said in _models(suspect, beside).items()
    }
    own = _adjusted(tests[name], canaries)
    innocent = _adjusted([test for model in beside.controls for test in tests[model]], ())
    guilty = tuple(test for model in beside.planted for test in _adjusted(tests[model], ()))
    power = _power(answers, reference, keys[0], asked, own, len(canaries))
    verdict, why = _concluded(own, innocent, guilty, power, asked, _canary(beside.canaries, own))
    kind: Kind = "closed" if answers[0].top is None else "open-weight"
    found = (own, innocent, guilty, power, beside.canaries, beside.attribution)
    return TestReport(verdict, why, name, kind, asked, *found, tuple(_conditions(own, innocent, guilty)))


def _models(suspect: tuple[str, list[Answer]], beside: Beside) -> dict[str, list[Answer]]:
    models = {**beside.controls, **beside.planted, suspect[0]: suspect[1]}
    if len(models) < len(beside.controls) + len(beside.planted) + 1:
        raise ConfigError("a model is given twice: as suspect, control or planted student")
    return models


def _check(asked: Asked, keys: Sequence[MarkKey], hypotheses: int) -> None:
    if not keys:
        raise ConfigError("no key to test")
    if not 0 < asked.alpha < 1 or not 0 < asked.fraction <= 1 or asked.students < 1:
        raise ConfigError("expected a level below 1, a fraction up to 1, and at least one planted student")
    exact_level(asked.alpha / hypotheses, asked.null)


def _tested(
    name: str,
    answers: list[Answer],
    reference: list[Answer],
    keys: Sequence[MarkKey],
    asked: Asked,
    known: Mapping[str, str],
) -> list[KeyTest]:
    windows = {key.scheme.window for key in keys}
    tables = {one: tabulate(positions(answers, one), positions(reference, one)) for one in windows}
    return [_test(name, tables[key.scheme.window], key, asked, known) for key in keys]


def _test(name: str, table: Table, key: MarkKey, asked: Asked, known: Mapping[str, str]) -> KeyTest:
    """One key; the null keys follow from its commitment, so that nobody can look for a kind seed."""
    told = key.commitment()
    seed = int.from_bytes(hashlib.sha256(f"{asked.seed}|{told}|{name}".encode()).digest()[:8], "big")
    found = leaning(table, key_words([key.key]), key.scheme, null_keys(asked.null, seed))
    looks, pairs = round(table.looks), len(table.tokens)
    return KeyTest(name, key.name, told, known.get(told), key.scheme.label(), looks, pairs, found, found.p_upper)


def _adjusted(tests: Sequence[KeyTest], others: tuple[float, ...]) -> tuple[KeyTest, ...]:
    adjusted = holm([test.leaning.p_upper for test in tests] + list(others)) if tests else []
    return tuple(replace(test, p_holm=p) for test, p in zip(tests, adjusted, strict=False))


def _canary(p: float | None, own: Sequence[KeyTest]) -> float:
    return 1.0 if p is None else holm([test.leaning.p_upper for test in own] + [p])[-1]


def _power(
    answers: list[Answer],
    reference: list[Answer],
    key: MarkKey,
    asked: Asked,
    own: Sequence[KeyTest],
    canaries: int,
) -> Power:
    length = int(np.median([len(answer.tokens) for answer in answers]))
    plan = Plan(
        scheme=key.scheme,
        fraction=asked.fraction,
        answers=len(answers),
        length=length,
        harvest=asked.harvest or len(reference),
        opened=answers[0].top is not None,
        told=reference[0].top is not None,
        alpha=exact_level(asked.alpha / (len(own) + canaries), asked.null),
        students=asked.students,
        seed=asked.seed,
        looks=min(test.looks for test in own),
    )
    return planted_power([answer.tokens for answer in reference], plan)


def _concluded(
    own: Sequence[KeyTest],
    innocent: Sequence[KeyTest],
    guilty: Sequence[KeyTest],
    power: Power,
    asked: Asked,
    canary: float,
) -> tuple[Verdict, str]:
    """The verdict and the sentence that gives its reason."""
    accused = [test.model for test in innocent if test.p_holm <= asked.alpha]
    if accused:
        return (
            "inconclusive",
            f"the innocent model {accused[0]} leans towards a key as well: reference or keys are not what they should be",
        )
    missed = {test.model for test in guilty} - {test.model for test in guilty if test.p_holm <= asked.alpha}
    if missed:
        return "inconclusive", f"the planted student {min(missed)} was not found: the test cannot see what it should"
    if power.share < asked.power:
        return "inconclusive", (
            f"underpowered: {power.found} of {power.students} students planted at {asked.fraction:.0%} were found, "
            f"and {asked.power:.0%} are asked for; more or longer answers help"
        )
    best = min(own, key=lambda test: test.p_holm)
    p = min(best.p_holm, canary)
    if p <= asked.alpha:
        told = f"key {best.key}" if best.p_holm <= canary else "the canaries"
        return (
            "evidence",
            f"evidence of training on outputs served under {told} (p at most {p:.2g} over all that was tested)",
        )
    return "no evidence", f"no key stands out (p at most {p:.2g} over all that was tested)"


def _conditions(own: Sequence[KeyTest], innocent: Sequence[KeyTest], guilty: Sequence[KeyTest]) -> list[str]:
    told = [
        "p holds for any model that never saw text marked with the key, and for the keys that were tested here alone.",
        "p is the upper end of what the null keys that were drawn allow; the exact p of each key stands beside it.",
        "Marked text that others published teaches as well: evidence speaks of the outputs, not of who took them, nor of intent.",
        "Careful attackers remove the mark by rewording; no evidence is not innocence.",
        "Power is that of planted models of counts on this reference, which learn more closely than networks do.",
    ]
    missing = [test.key for test in own if test.committed_at is None]
    if missing:
        told.append(
            f"Not committed to in public: {', '.join(missing)}. Others cannot tell that the key is older than the suspect."
        )
    if not innocent:
        told.append("No innocent model was tested beside the suspect.")
    if not guilty:
        told.append("No student of a known origin was tested beside the suspect.")
    return told
