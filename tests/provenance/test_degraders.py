"""Degraders are off without leave, keep within it, and touch reasoning alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revenuer.errors import ConfigError, InputError
from revenuer.provenance.ads import AntidistillationSampler
from revenuer.provenance.permits import Degrader, DegraderPermit, load_permit
from revenuer.provenance.rewriting import ResponsePart, rewritten

DAY = dt.date(2026, 3, 1)
SECTION = {
    "degrader": '"antidistillation"',
    "utility_budget": "0.02",
    "shadow": "{ compared = 2000, worse = 20 }",
    "disclosure": '"Reasoning shown to this account may be altered."',
    "approved_by": '["A. Person", "B. Person"]',
    "expires": "2026-06-30",
}


def policy(folder: Path, *sections: dict[str, str]) -> Path:
    """A policy of degraders."""
    blocks = ["\n".join(f"{name} = {value}" for name, value in section.items()) for section in sections]
    path = folder / "degraders.toml"
    path.write_text("schema = 1\n" + "".join(f"[[degraders]]\n{block}\n" for block in blocks), encoding="utf-8")
    return path


def permit(degrader: Degrader) -> DegraderPermit:
    """Leave to use a degrader, as a policy that says all that is asked would give it."""
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = policy(Path(folder), SECTION | {"degrader": f'"{degrader}"'})
        return load_permit(path, degrader, today=DAY)


ADS, REWRITING = permit("antidistillation"), permit("rewriting")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"approved_by": '["A. Person"]'}, "1 of 2 people"),
        ({"approved_by": '["A. Person", " a. person "]'}, "1 of 2 people"),
        ({"approved_by": "[]"}, "0 of 2 people"),
        ({"disclosure": '"  "'}, "nothing is said"),
        ({"utility_budget": "0.0"}, "utility_budget"),
        ({"shadow": "{ compared = 2000, worse = 35 }"}, "the loss may be 0.024"),
        ({"shadow": "{ compared = 20, worse = 0 }"}, "the loss may be 0.168"),
        ({"shadow": "{ compared = 0, worse = 0 }"}, "the loss may be 1.000"),
        ({"shadow": "{ compared = 5, worse = 6 }"}, "at most all"),
        ({"expires": "2026-02-28"}, "expired on 2026-02-28"),
    ],
)
def test_what_has_not_been_agreed_keeps_a_degrader_off(change: dict[str, str], why: str, tmp_path: Path) -> None:
    """Without budget, shadow measurement, disclosure, two people or a date that holds there is no permit."""
    with pytest.raises(ConfigError, match=why):
        load_permit(policy(tmp_path, SECTION | change), "antidistillation", today=DAY)


@pytest.mark.parametrize("missing", [name for name in SECTION if name != "degrader"])
def test_nothing_has_a_default(missing: str, tmp_path: Path) -> None:
    """Each part of a permit has to be written down."""
    section = {name: value for name, value in SECTION.items() if name != missing}
    with pytest.raises(InputError, match=missing):
        load_permit(policy(tmp_path, section), "antidistillation", today=DAY)


def test_a_degrader_that_is_not_named_is_off(tmp_path: Path) -> None:
    """A permit for one degrader is none for another, and an empty policy permits nothing."""
    with pytest.raises(ConfigError, match="0 times"):
        load_permit(policy(tmp_path, SECTION), "rewriting", today=DAY)
    with pytest.raises(ConfigError, match="2 times"):
        load_permit(policy(tmp_path, SECTION, SECTION), "antidistillation", today=DAY)
    with pytest.raises(ConfigError, match="for antidistillation"):
        rewritten([], str.upper, ADS)
    with pytest.raises(ConfigError, match="for rewriting"):
        AntidistillationSampler(REWRITING, 1.0, 0.01, 0.0, 1.0)


def drawn(seed: int, rows: int = 6, words: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of a model and its two proxies."""
    return tuple(np.random.default_rng(seed).normal(size=(3, rows, words)) * 3.0)  # type: ignore[return-value]


def probabilities(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.lists(st.booleans(), min_size=6, max_size=6))
def test_what_is_no_reasoning_is_sampled_as_before(seed: int, flags: list[bool]) -> None:
    """Rows that write answers, code or calls of tools get the model's own logits, bit for bit; others change."""
    teacher, plus, minus = drawn(seed)
    reasoning = np.array(flags)
    made = AntidistillationSampler(ADS, 0.5, 0.01, 0.0, 2.0).logits(teacher, plus, minus, reasoning=reasoning)
    assert np.array_equal(made[~reasoning], teacher[~reasoning])
    assert not reasoning.any() or (made[reasoning] != teacher[reasoning]).any()


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.01, 3.0))
def test_divergence_stays_under_its_cap(seed: int, cap: float) -> None:
    """However strong the penalty, a token's distribution stays within the cap, and close to it where it would not."""
    teacher, plus, minus = drawn(seed)
    made = AntidistillationSampler(ADS, 50.0, 0.01, 0.0, cap).logits(teacher, plus, minus, reasoning=np.full(6, True))
    served, own = probabilities(made), probabilities(teacher)
    far = np.where(served > 0, served * np.log(np.maximum(served, 1e-300) / own), 0.0).sum(1)
    assert (far <= cap + 1e-6).all()


def test_where_the_model_is_sure_it_keeps_its_token() -> None:
    """Rows below the least entropy are left alone."""
    teacher, plus, minus = drawn(1)
    teacher[0, 3] += 50.0
    made = AntidistillationSampler(ADS, 0.5, 0.01, 0.1, 2.0).logits(teacher, plus, minus, reasoning=np.full(6, True))
    assert np.array_equal(made[0], teacher[0])
    assert (made[1] != teacher[1]).any()


def test_the_penalty_is_the_derivative_that_the_paper_adds() -> None:
    """With room enough the logits are log p + weight (log p+ - log p-) / 2 epsilon, up to a constant a row."""
    teacher, plus, minus = drawn(2)
    made = AntidistillationSampler(ADS, 0.01, 0.5, 0.0, 100.0).logits(teacher, plus, minus, reasoning=np.full(6, True))
    slope = (np.log(probabilities(plus)) - np.log(probabilities(minus))) / (2 * 0.5)
    rest = made - (teacher + 0.01 * slope)
    assert np.allclose(rest, rest[:, :1])


def test_tokens_that_were_cut_off_stay_cut_off() -> None:
    """What truncation took out does not come back."""
    teacher, plus, minus = drawn(3)
    teacher[:, 5] = -np.inf
    made = AntidistillationSampler(ADS, 0.5, 0.01, 0.0, 0.1).logits(teacher, plus, minus, reasoning=np.full(6, True))
    assert np.isneginf(made[:, 5]).all()
    assert np.isfinite(np.delete(made, 5, axis=1)).all()


def test_logits_that_do_not_fit_are_refused() -> None:
    """Proxies with another vocabulary, or flags for other rows, are errors."""
    teacher, plus, minus = drawn(4)
    sampler = AntidistillationSampler(ADS, 0.5, 0.01, 0.0, 2.0)
    with pytest.raises(ConfigError):
        sampler.logits(teacher, plus[:, :-1], minus, reasoning=np.full(6, True))
    with pytest.raises(ConfigError):
        sampler.logits(teacher, plus, minus, reasoning=np.full(5, True))
    with pytest.raises(ConfigError):
        AntidistillationSampler(ADS, 0.5, 0.0, 0.0, 2.0)


KINDS = st.sampled_from(["reasoning", "answer", "code", "tool_call"])


@settings(max_examples=40)
@given(st.lists(st.builds(ResponsePart, kind=KINDS, text=st.text(max_size=30)), max_size=6))
def test_a_rewriter_reaches_reasoning_alone(parts: list[ResponsePart]) -> None:
    """Answers, code and calls of tools come out byte for byte, in their places."""
    made = rewritten(parts, lambda _: "rewritten", REWRITING)
    assert [part.kind for part in made] == [part.kind for part in parts]
    for before, after in zip(parts, made, strict=True):
        if before.kind != "reasoning":
            assert after == before
        elif "```" not in before.text and "~~~" not in before.text:
            assert after.text == "rewritten"


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace("x = 1", "x = 2"),
        lambda _: "all gone",
        lambda _: "",
        lambda text: text + "\n```\ny\n```",
    ],
    ids=["changed code", "lost code", "left nothing", "added code"],
)
def test_reasoning_whose_code_would_change_is_served_as_it_was(rewrite: object) -> None:
    """Code within reasoning is not falsified either, and reasoning is not emptied by the hook."""
    part = ResponsePart("reasoning", "First:\n```python\nx = 1\n```\nthen.")
    assert rewritten([part], rewrite, REWRITING) == (part,)  # type: ignore[arg-type]
