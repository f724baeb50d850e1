"""The verifier: calibrated on innocents, powerful on students, and silent where it may not conclude."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from prove_world import BEGIN, Language, World, closed
from revenuer.cli import main
from revenuer.control import clopper_pearson
from revenuer.errors import ConfigError
from revenuer.provenance.attribution import attributed
from revenuer.provenance.keys import MarkKey, save_key
from revenuer.provenance.power import Plan, planted_power
from revenuer.provenance.power_student import Mark, NGram, read, train, write
from revenuer.provenance.radioactivity import (
    Positions,
    Table,
    _upper,
    exact_level,
    fewest_null_keys,
    leaning,
    null_keys,
    statistics,
    tabulate,
)
from revenuer.provenance.scheme import GUMBEL, KGW, Ints, Scheme
from revenuer.provenance.verify import Asked, Beside, holm, verify
from revenuer.provenance.verify_rows import Answer
from revenuer.provenance.watermark import key_words

SECRET = b"a key of thirty-two secret bytes"
LANGUAGE = Language(words=80, tail=1.4)
WORLD = World(0, LANGUAGE, read=3_000, harvest=1_500)
LENGTH = LANGUAGE.length
answers = WORLD.answers


def teacher() -> NGram:
    return WORLD.teacher


def student(fraction: float, seed: int, scheme: Scheme = GUMBEL, key: bytes = SECRET) -> NGram:
    """A model of counts that saw 1,500 answers, of which a share is marked."""
    return WORLD.student(fraction, Mark(scheme, key_words([key])), seed)


@pytest.mark.parametrize("scheme", [GUMBEL, KGW])
def test_innocent_models_are_accused_no_oftener_than_it_says(scheme: Scheme):
    """In 1,000 trials a scheme (4 innocent models, 250 keys each) the realised level agrees with .05, .01 and .001."""
    reference = closed(answers(teacher(), 60, 5))
    p = []
    for number in range(4):
        suspect = train(list(answers(teacher(), 100, 10 + number)), 2 + number % 2)
        table = tabulate(closed(answers(suspect, 1, 20 + number)), reference, least=2)
        for trial in range(250):
            drawn = statistics(table, null_keys(1_000, 1_000 * number + trial), scheme)
            p.append((1 + int((drawn[1:] >= drawn[0]).sum())) / 1_000)
    for level in (0.05, 0.01, 0.001):
        hits = sum(one <= level for one in p)
        low, high = clopper_pearson(hits, len(p), level=0.999)
        assert low <= level <= high


@pytest.mark.parametrize("share", [0.9, 0.5, 0.05, 0.002])
def test_the_chance_to_win_is_right(share: float):
    """Over 20,000 keys the score of a candidate of probability p has the mean p: what is not marked is not favoured."""
    table = Table(np.array([[1, 2]]), np.array([3]), np.ones(1), np.array([share]), 1.0)
    scores = statistics(table, null_keys(20_000, 4), GUMBEL, plain=True)
    assert abs(scores.mean() - share) < 5 * scores.std() / np.sqrt(20_000)


@pytest.mark.parametrize("scheme", [GUMBEL, KGW])
def test_students_are_found_and_innocents_are_not(scheme: Scheme):
    """All marked: found closed and open; a fifth marked: found open; under another key: not found."""
    plain, null, key = answers(teacher(), 400, 30), null_keys(199, 1), key_words([SECRET])
    reference, guilty = closed(plain), student(1.0, 40, scheme)
    for suspect in (closed(answers(guilty, 400, 41)), read(guilty, plain[:100], 2)):
        found = leaning(tabulate(suspect, reference), key, scheme, null)
        assert found.p_exact == 0.005
        assert found.effect > 0.005
    table = tabulate(closed(answers(guilty, 400, 41)), reference)
    assert leaning(table, key_words([b"another key.....".ljust(32)]), scheme, null).p_exact > 0.01
    fifth = tabulate(read(student(0.2, 43, scheme), plain, 2), reference)
    assert leaning(fifth, key, scheme, null).p_exact <= 0.01


@pytest.mark.parametrize("scheme", [GUMBEL, KGW])
def test_the_probabilities_of_the_served_model_see_more_than_its_samples(scheme: Scheme):
    """A student of one marked answer in ten stands out further when both models are read on the same text; an innocent does not."""
    plain, null, key = answers(teacher(), 300, 44), null_keys(199, 2), key_words([SECRET])
    told, tenth = read(teacher(), plain, 2), read(student(0.1, 45, scheme), plain, 2)
    by_samples, by_reading = (leaning(tabulate(tenth, one), key, scheme, null) for one in (closed(plain), told))
    assert by_reading.p_exact <= 0.01
    assert by_reading.z > by_samples.z
    innocent = tabulate(read(student(0.0, 46, scheme), plain, 2), told)
    assert leaning(innocent, key, scheme, null).p_exact > 0.01


def test_the_power_is_that_of_the_reference_that_is_given():
    """With the probabilities of the served model more planted students of a small share are found than with its samples."""
    texts = list(answers(teacher(), 300, 47))
    plan = Plan(KGW, 0.05, 300, LENGTH, 600, opened=True, alpha=0.01, students=6)
    samples, told = (planted_power(texts, replace(plan, told=one)).found for one in (False, True))
    assert told > samples


def test_the_table_holds_a_suspect_against_the_reference():
    """Excess is the count less the expected one; contexts rare in the reference, or without a choice, are left out."""

    def rows(*grams: tuple[int, int, int]) -> Positions:
        table = np.array(grams)
        return Positions(table[:, :2], table[:, 2], np.ones(len(table)))

    suspect = rows((1, 2, 3), (1, 2, 3), (1, 2, 4), (8, 8, 8), (5, 5, 5))
    reference = rows(*[(1, 2, 3)] * 3, *[(1, 2, 9)] * 3, (8, 8, 8), *[(5, 5, 5)] * 9)
    table = tabulate(suspect, reference)
    assert table.tokens.tolist() == [3, 4, 9]
    assert table.excess.tolist() == [0.5, 1.0, -1.5]
    assert table.shares.tolist() == pytest.approx([5 / 9, 1 / 9, 3 / 9])
    assert table.looks == 3
    assert len(tabulate(suspect, rows((7, 7, 7))).tokens) == 0


@pytest.mark.parametrize("level", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("count", [4_700, 4_999, 19_999])
def test_what_is_concluded_from_is_never_kinder_than_the_level(level: float, count: int):
    """The upper end is above the exact p, and reaches a level only where the exact p lies clearly below it."""
    beyond = np.arange(count + 1)
    upper = np.array([_upper(int(one), count) for one in beyond[:1_500]])
    exact = (1 + beyond[:1_500]) / (1 + count)
    assert (upper >= exact).all()
    assert exact[upper <= level].max() == exact_level(level, count) < level
    assert _upper(count, count) == 1.0


@pytest.mark.parametrize("level", [0.05, 0.01, 0.001])
def test_the_fewest_null_keys_are_the_fewest(level: float):
    """With one key less not even a key beyond all others would reach the level."""
    least = fewest_null_keys(level)
    assert _upper(0, least) <= level * (1 + 1e-9) < _upper(0, least - 1)
    with pytest.raises(ConfigError, match=f"at least {least} are needed"):
        exact_level(level, least - 1)


def test_an_empty_table_says_nothing():
    """Without a single common context the exact p is 1."""
    nothing = tabulate(
        Positions(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), np.zeros(0)), closed(answers(teacher(), 5, 1))
    )
    assert leaning(nothing, key_words([SECRET]), GUMBEL, null_keys(50, 1)).p_exact == 1.0


def test_holm_is_as_published():
    """The least p is multiplied by all, the next by one fewer, and none falls below the one before."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def rows(texts: Ints, prompts: int = 0) -> list[Answer]:
    return [Answer(f"{at % prompts}" if prompts else "", row) for at, row in enumerate(texts)]


def opened(model: NGram, texts: Ints) -> list[Answer]:
    """Texts as an open model reads them: what it expects at each token but the first two."""
    made = []
    for row in texts:
        found = read(model, row[None], 2)
        pairs = list(zip(found.tokens.tolist(), np.log(found.weights).tolist(), strict=True))
        whole = np.cumsum(found.weights)  # the candidates of a place sum to 1
        ends = np.flatnonzero(np.isclose(whole, np.round(whole), atol=1e-9)) + 1
        top = [tuple(pairs[low:high]) for low, high in zip([0, *ends[:-1]], ends, strict=True)]
        made.append(Answer("", row, None, ((), (), *top)))
    return made


ASKED = Asked(null=499, students=3, seed=3)


def held(name: str, key: bytes = SECRET, scheme: Scheme = GUMBEL) -> MarkKey:
    return MarkKey(name, key, scheme)


def test_the_report_names_the_key_and_its_conditions():
    """Evidence under the right key of three, with the innocent control beside it; never proof."""
    keys = [held("a", b"b" * 32), held("right"), held("c", b"c" * 32)]
    told = verify(
        ("suspect", rows(answers(student(1.0, 50), 200, 51))),
        rows(answers(teacher(), 400, 52)),
        keys,
        replace(ASKED, null=1_499),
        Beside(
            controls={"innocent": rows(answers(student(0.0, 53), 200, 54))},
            committed={keys[1].commitment(): "2026-01-01T00:00:00Z"},
        ),
    )
    assert (told.verdict, told.kind) == ("evidence", "closed")
    assert "under key right" in told.why
    assert [test.key for test in told.keys if test.p_holm <= 0.01] == ["right"]
    assert told.keys[1].committed_at == "2026-01-01T00:00:00Z"
    assert told.controls[0].p_holm > 0.01
    assert "proof" not in " ".join((told.why, *told.conditions))
    assert any("Not committed" in one and "a, c" in one for one in told.conditions)


def test_weights_are_held_against_weights():
    """Of an open suspect a fifth of marked answers is evidence, if the served model is read on the same text as the suspect."""
    plain = answers(teacher(), 150, 57)
    told = verify(
        ("suspect", opened(student(0.2, 58, KGW), plain)),
        opened(teacher(), plain),
        [held("k", scheme=KGW)],
        replace(ASKED, fraction=0.2),
    )
    assert (told.verdict, told.kind) == ("evidence", "open-weight")
    assert told.power.found == told.power.students == 3


def test_an_innocent_suspect_is_told_so_when_students_would_have_been_found():
    """No evidence, and the power that makes it worth something."""
    told = verify(
        ("suspect", rows(answers(student(0.0, 60), 200, 61))), rows(answers(teacher(), 400, 62)), [held("k")], ASKED
    )
    assert told.verdict == "no evidence"
    assert told.power.found == told.power.students == 3


def test_too_few_answers_are_refused():
    """Underpowered is inconclusive, even of a marked suspect, and says what would help."""
    told = verify(
        ("suspect", rows(answers(student(1.0, 70), 1, 71))), rows(answers(teacher(), 60, 72)), [held("k")], ASKED
    )
    assert told.verdict == "inconclusive"
    assert "underpowered" in told.why


def test_a_control_that_leans_makes_the_test_void():
    """Where a model called innocent leans towards the key, nothing is concluded about the suspect."""
    marked = rows(answers(student(1.0, 80), 200, 81))
    told = verify(
        ("suspect", marked),
        rows(answers(teacher(), 400, 82)),
        [held("k")],
        ASKED,
        Beside(controls={"innocent": marked}),
    )
    assert told.verdict == "inconclusive"
    assert "innocent model innocent leans" in told.why


def test_a_planted_student_that_is_missed_makes_the_test_void():
    """Where a student of known origin is not found, the suspect's p says nothing either."""
    clean = rows(answers(student(0.0, 83), 200, 84))
    told = verify(
        ("suspect", clean), rows(answers(teacher(), 400, 85)), [held("k")], ASKED, Beside(planted={"mine": clean})
    )
    assert told.verdict == "inconclusive"
    assert "mine was not found" in told.why


def test_the_power_falls_with_the_share_of_marked_text():
    """All students at 100 %, fewer at none, where the level alone is left."""
    texts = list(answers(teacher(), 500, 90))
    found = [planted_power(texts, Plan(GUMBEL, share, 300, LENGTH, 500, False, 0.01, 4)).found for share in (1.0, 0.0)]
    assert found[0] == 4
    assert found[1] <= 1


def test_levels_that_cannot_be_reached_are_refused():
    """Instead of a test that can never find anything."""
    with pytest.raises(ConfigError, match="at least 2301 are needed"):
        verify(("s", rows(answers(teacher(), 3, 1))), rows(answers(teacher(), 3, 2)), [held("k")] * 5, Asked(null=199))


def test_a_log_is_found_again_by_whom_was_trained_on_it():
    """Against fresh answers to the same prompts; who has never seen the log shares no more with it than with those."""
    prompts = WORLD.prompts(150, 95)
    served, *fresh = (write(teacher(), prompts, LENGTH - BEGIN, seed) for seed in (1, 2, 3))
    copied = write(train([*served, *served], 3), prompts, LENGTH - BEGIN, 4)
    own = write(teacher(), prompts, LENGTH - BEGIN, 5)
    others = [*rows(fresh[0], 150), *rows(fresh[1], 150)]
    assert attributed(rows(copied, 150), rows(served, 150), others).p_exact == pytest.approx(1e-4)
    assert attributed(rows(own, 150), rows(served, 150), others).p_exact > 0.01
    with pytest.raises(ConfigError, match="matched by id"):
        attributed(rows(own), rows(served), others)


def put(path: Path, texts: Ints) -> Path:
    path.write_text("".join(json.dumps({"tokens": row.tolist()}) + "\n" for row in texts), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_command_says_it_by_its_exit_code(tmp_path: Path):
    """1 evidence, 0 none, 4 inconclusive; the same bytes twice."""
    save_key(tmp_path / "key.json", held("k"))
    reference = put(tmp_path / "reference.jsonl", answers(teacher(), 500, 101))
    suspect = put(tmp_path / "suspect.jsonl", answers(student(1.0, 102), 300, 103))
    innocent = put(tmp_path / "innocent.jsonl", answers(student(0.0, 104), 300, 105))
    few = put(tmp_path / "few.jsonl", answers(student(1.0, 106), 1, 107)[:, :5])
    rest = ("--key", tmp_path / "key.json", "--reference", reference, "--null-keys", "499", "--students", "3")
    found = run("prove", suspect, *rest, "--control", innocent, "--out", tmp_path / "report.json")
    assert found.exit_code == 1, found.output
    assert found.output.startswith("evidence: ")
    assert "proof" not in found.output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["verdict"] == "evidence"
    assert report["keys"][0]["leaning"]["p_exact"] == 0.002
    assert report["keys"][0]["leaning"]["p_upper"] == pytest.approx(1 - 0.01 ** (1 / 499))
    assert report["keys"][0]["p_holm"] == report["keys"][0]["leaning"]["p_upper"]
    assert (
        run("prove", suspect, *rest, "--control", innocent, "--json").output == (tmp_path / "report.json").read_text()
    )
    assert run("prove", innocent, *rest).exit_code == 0
    assert run("prove", few, *rest).exit_code == 4
