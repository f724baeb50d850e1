"""Do accounts share out one task set?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detection_worlds import Asked, customers, queue, unit, vocabulary
from revenuer.linkage.partition import (
    Exchangeability,
    content_evidence,
    exchangeability,
    queue_evidence,
    shape_evidence,
)
from revenuer.text.match import TOKEN_BITS, build_index, count_tokens, match, token_weights
from revenuer.text.tokens import Tokens, tokenize

F64 = npt.NDArray[np.float64]
MEASURES = ("pairs", "content", "hour", "repeats", "between", "spread")
EMPTY = build_index(Tokens(np.zeros(0, np.uint64), np.zeros(1, np.int64)))


def verdict(asked: Asked, seed: int = 0) -> Exchangeability:
    return exchangeability(*asked, seed=seed)


def slow(asked: Asked) -> dict[str, float]:
    """The same figures, by looking at every ordered pair of requests."""
    accounts, sessions, hours, items, sketches = asked
    same = accounts[:, None] == accounts
    within = same & ((sessions[:, None] != sessions) | ~same)
    cosine, alike = sketches @ sketches.T, (hours[:, None] % 24) == hours % 24

    def mean(values: F64, pairs: npt.NDArray[np.bool_]) -> float:
        return float(values[pairs].mean()) if pairs.any() else 0.0

    both = within.any() and (~same).any()
    held = {(item, account) for item, account in zip(items.tolist(), accounts.tolist(), strict=True) if item}
    elsewhere = [any(item == other and account != by for other, by in held) for item, account in held]
    counts = np.unique(accounts, return_counts=True)[1]
    return {
        "pairs": within.sum() // 2,
        "content": mean(cosine, within) - mean(cosine, ~same) if both else 0.0,
        "hour": mean(alike, within) / mean(alike, ~same) if within.any() and (alike & ~same).any() else 1.0,
        "repeats": sum(elsewhere) / len(items),
        "between": mean(cosine, ~same),
        "spread": float((counts.var() - counts.mean()) / counts.mean() ** 2),
    }


@st.composite
def asked_worlds(draw: st.DrawFn) -> Asked:
    """A few requests of a few accounts with sessions, hours and items that collide."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    requests, accounts = draw(st.integers(1, 40)), draw(st.integers(1, 8))
    account = rng.integers(0, accounts, requests)
    return Asked(
        account,
        account * 100 + rng.integers(0, 4, requests),
        rng.integers(0, 60, requests),
        rng.integers(0, 12, requests),
        unit(rng.normal(size=(requests, 16))),
    )


@given(asked_worlds())
def test_the_figures_equal_those_over_all_pairs(asked: Asked):
    """Sums that are linear in the rows give what comparing every pair with every other would."""
    fast, plain = verdict(asked)._asdict(), slow(asked)
    assert {name: fast[name] for name in MEASURES} == pytest.approx({name: plain[name] for name in MEASURES}, abs=1e-9)


@given(asked_worlds(), st.integers(0, 2**32 - 1))
def test_names_and_order_do_not_matter(asked: Asked, seed: int):
    """Accounts, sessions and items under other names, and rows in another order, are the same world."""
    rng = np.random.default_rng(seed)
    names = rng.integers(-(2**62), 2**62, 1_000)
    order = rng.permutation(len(asked.accounts))
    other = Asked(
        names[asked.accounts][order],
        names[asked.sessions][order],
        asked.hours[order] + 24 * 365,
        np.where(asked.items == 0, 0, names[asked.items])[order],
        asked.sketches[order],
    )
    one, two = verdict(asked)._asdict(), verdict(other)._asdict()
    assert {name: one[name] for name in MEASURES} == pytest.approx({name: two[name] for name in MEASURES}, abs=1e-9)


def test_the_same_seed_gives_the_same_figures():
    """Permutations are drawn from the seed and from nothing else."""
    asked = queue(1, requests=300)
    assert verdict(asked, 5) == verdict(asked, 5)
    assert verdict(asked, 5).content_sd != verdict(asked, 6).content_sd


@pytest.fixture(scope="module")
def null_worlds() -> list[Exchangeability]:
    return [verdict(queue(seed, accounts=30, requests=300), seed) for seed in range(200)]


@pytest.mark.parametrize(("measure", "none"), [("content", 0.0), ("hour", 1.0)])
def test_the_test_is_calibrated(null_worlds: list[Exchangeability], measure: str, none: float):
    """Over 200 queues the deviation in standard errors is that of pure chance (t, for 24 permutations)."""
    z = np.array([(getattr(e, measure) - none) / getattr(e, f"{measure}_sd") for e in null_worlds])
    assert abs(z.mean()) < 4 / np.sqrt(200)
    assert 0.8 < z.std() < 1.3
    assert stats.kstest(z, stats.t(23).cdf).pvalue > 1e-3


def test_queues_are_recognised_and_customers_are(null_worlds: list[Exchangeability]):
    """Evidence is for a queue where there is one, and against it wherever customers have habits."""
    assert np.mean([queue_evidence(e) > 0 for e in null_worlds]) > 0.9
    for seed in range(10):
        e = verdict(customers(seed))
        assert e.content > 5 * e.content_sd
        assert e.hour > 1.5
        assert queue_evidence(e) < -1


@pytest.mark.parametrize(("taste", "habit"), [(1.0, 500.0), (0.0, 2.0)])
def test_one_habit_is_enough(taste: float, habit: float):
    """Customers that differ only in what they ask, or only in when, are no queue."""
    for seed in range(5):
        assert queue_evidence(verdict(customers(seed, taste=taste, habit=habit))) < 0


def test_more_habit_is_more_contrast():
    """The stronger the tastes of customers, the larger the contrast."""
    contrasts = [verdict(customers(3, taste=taste)).content for taste in (0.0, 0.3, 0.6, 1.2)]
    assert contrasts == sorted(contrasts)


def test_pairs_within_a_session_do_not_count():
    """Sessions of one topic and one hour, dealt to accounts at random, are still a queue."""
    for seed in range(10):
        single = queue(seed, accounts=30, requests=200)
        long = Asked(*[np.repeat(column, 5, axis=0) for column in single])
        one, five = verdict(single), verdict(long)
        assert five.content == pytest.approx(one.content, abs=1e-9)
        assert five.pairs == 25 * one.pairs
        assert abs(five.content) < 4 * five.content_sd
        assert abs(five.hour - 1) < 4 * five.hour_sd


@pytest.mark.parametrize("world", [customers(4), queue(4)])
def test_one_session_id_for_everybody_leaves_nothing_to_compare(world: Asked):
    """Clients that all send the same session id are neither a queue nor customers: there is no evidence either way."""
    e = verdict(world._replace(sessions=np.zeros(len(world.sessions), np.int64)))
    assert e.pairs <= 0
    assert (e.content, e.hour) == (0.0, 1.0)
    assert abs(queue_evidence(e)) < 0.5


def test_repeats_are_items_that_several_accounts_ask():
    """An item on two accounts counts once for each of them; one account repeating itself, or no item, does not."""
    asked = queue(1, accounts=3, requests=6)
    asked = asked._replace(accounts=np.array([0, 1, 0, 0, 2, 2]), items=np.array([7, 7, 8, 8, 0, 0]))
    assert verdict(asked).repeats == pytest.approx(2 / 6)


def test_volumes_of_a_random_deal_have_no_spread():
    """Random dealing gives a spread about nought, organic adoption a large one."""
    rng = np.random.default_rng(0)
    heavy = np.minimum(rng.zipf(1.5, 60), 300)
    organic = queue(2, requests=int(heavy.sum()))._replace(accounts=np.repeat(np.arange(60), heavy))
    assert abs(verdict(queue(2)).spread) < 0.1
    assert verdict(organic).spread > 1


@pytest.mark.parametrize("accounts", [np.zeros(5, np.int64), np.arange(5)])
def test_too_little_to_compare_is_no_evidence_of_habits(accounts: npt.NDArray[np.int64]):
    """One account alone, or accounts with one request each, leave contrasts at nothing."""
    e = verdict(queue(0, requests=5)._replace(accounts=accounts))
    assert (e.content, e.hour) == (0.0, 1.0)
    assert np.isfinite(queue_evidence(e))


# Slots written in other scripts: word for word, so that who asks what stays as it is.
CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувшжыз")
ARABIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابتثجحخدذرزسشصضطظعغفقكلمنه")
REWRITES = {
    "upper case": str.upper,
    "cyrillic": lambda word: word.translate(CYRILLIC),
    "arabic": lambda word: word.translate(ARABIC),
    "han": lambda word: "".join(chr(0x4E00 + (ord(word[i]) * 131 + ord(word[i + 1]) * 7919) % 20_000) for i in (0, 2)),
    "hangul": lambda word: "".join(
        chr(0xAC00 + (ord(word[i]) * 131 + ord(word[i + 1]) * 7919) % 11_000) for i in (0, 2)
    ),
}


def sketched(slots: list[list[str]]) -> F64:
    """Content sketches of slots, weighed by their own frequencies as a scan does."""
    tokens = tokenize(pa.array([" ".join(slot) for slot in slots]))
    table = np.zeros(1 << TOKEN_BITS, np.uint32)
    count_tokens(tokens, table)
    return match(tokens, EMPTY, token_weights(table, len(slots))).sketch / 127.0


def topical(seed: int, *, dealt: bool) -> tuple[Asked, list[list[str]]]:
    """Slots of 12 words from 20 topics; each account keeps to two of them, or is dealt them at random."""
    rng = np.random.default_rng(seed)
    words = np.array(vocabulary(seed, 1_000)).reshape(20, 50)
    base = queue(seed, accounts=40, requests=800)
    kept = rng.integers(0, 20, (40, 2))[base.accounts, rng.integers(0, 2, 800)]
    topics = rng.integers(0, 20, 800) if dealt else kept
    return base, [rng.choice(words[topic], 12).tolist() for topic in topics]


@pytest.mark.parametrize("script", REWRITES)
@pytest.mark.parametrize("dealt", [True, False])
def test_script_and_case_change_no_verdict(script: str, *, dealt: bool):
    """The same requests in another script, word for word, or in capitals are judged the same way."""
    for seed in range(3):
        base, slots = topical(seed, dealt=dealt)
        rewritten = [[REWRITES[script](word) for word in slot] for slot in slots]
        evidence = [queue_evidence(verdict(base._replace(sketches=sketched(texts)))) for texts in (slots, rewritten)]
        assert [e > 0 for e in evidence] == [dealt, dealt]


def test_capitals_give_the_very_same_sketches():
    """Case is gone before anything is measured."""
    _, slots = topical(5, dealt=False)
    np.testing.assert_array_equal(sketched([[word.upper() for word in slot] for slot in slots]), sketched(slots))


class Talks(NamedTuple):
    """Requests of conversations: their lengths and how deep in a conversation each stands."""

    asked: Asked
    lengths: F64
    turns: npt.NDArray[np.int64]


def talks(seed: int, *, habit: float, accounts: int = 40, each: int = 12) -> Talks:
    """Conversations of one to six requests; lengths and depths lean to what is the account's own, by its habit."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(accounts), each)
    leaning = rng.normal(size=accounts)[account] * habit
    depth = 1 + rng.binomial(5, 1 / (1 + np.exp(-leaning)))
    number = len(account)
    single = Asked(
        account,
        np.arange(number),
        rng.integers(0, 480, number),
        np.arange(1, number + 1),
        unit(rng.normal(size=(number, 8))),
    )
    asked = Asked(*[np.repeat(column, depth, axis=0) for column in single])
    starts = np.repeat(np.cumsum(depth) - depth, depth)
    mean = np.repeat(rng.normal(size=number) + leaning, depth)
    return Talks(asked, mean + rng.normal(0, 0.3, len(mean)) + 5, np.arange(len(starts)) - starts)


def shaped(made: Talks, seed: int = 0) -> Exchangeability:
    return exchangeability(*made.asked, lengths=made.lengths, turns=made.turns, seed=seed)


def slow_alike(account: npt.NDArray[np.int64], values: list[float]) -> float:
    """The mean product of two conversations of one account, in standard deviations, over every ordered pair."""
    scaled = (np.array(values) - np.mean(values)) / np.std(values)
    products = [
        scaled[i] * scaled[j]
        for i in range(len(scaled))
        for j in range(len(scaled))
        if i != j and account[i] == account[j]
    ]
    return float(np.mean(products))


@pytest.mark.parametrize("habit", [0.0, 1.0])
def test_length_and_depth_are_the_correlations_over_all_pairs_of_conversations(habit: float):
    """The mean length of each conversation and its deepest turn, compared pair by pair."""
    made = talks(1, habit=habit, accounts=8, each=5)
    of, first = np.unique(made.asked.sessions, return_index=True)
    account = made.asked.accounts[first]
    rows = [made.asked.sessions == session for session in of]
    found = shaped(made)
    assert found.length == pytest.approx(slow_alike(account, [float(made.lengths[row].mean()) for row in rows]))
    assert found.depth == pytest.approx(slow_alike(account, [float(made.turns[row].max()) for row in rows]))


def test_a_queue_has_no_lengths_and_depths_of_accounts_own():
    """About nought, as far from it as chance is, where conversations are dealt; plainly above where customers lean."""
    none = [shaped(talks(seed, habit=0.0), seed) for seed in range(40)]
    for name in ("length", "depth"):
        z = np.array([getattr(e, name) / getattr(e, f"{name}_sd") for e in none])
        assert abs(z.mean()) < 4 / np.sqrt(len(z))
        assert 0.7 < z.std() < 1.4
    assert np.mean([shape_evidence(e) > 0 for e in none]) > 0.85
    for seed in range(5):
        own = shaped(talks(seed, habit=1.0), seed)
        assert own.length > 4 * own.length_sd
        assert own.depth > 4 * own.depth_sd
        assert shape_evidence(own) < -1
        assert content_evidence(own) < content_evidence(shaped(talks(seed, habit=0.0), seed))


@pytest.mark.parametrize("names", [("lengths",), ("turns",), ("lengths", "turns")])
def test_what_is_not_known_of_conversations_is_no_evidence(names: tuple[str, ...]):
    """Unknown lengths or turns, or all the same, leave nought; the other figures do not depend on them."""
    made = talks(2, habit=1.0)
    known = {"lengths": made.lengths, "turns": made.turns}
    blind = exchangeability(*made.asked, seed=0, **{name: known[name] for name in known if name not in names})
    flat = exchangeability(*made.asked, seed=0, **known | {name: np.ones_like(known[name]) for name in names})
    for found in (blind, flat):
        if "lengths" in names:
            assert (found.length, found.length_sd) == (0.0, 0.0)
        if "turns" in names:
            assert (found.depth, found.depth_sd) == (0.0, 0.0)
        assert (shape_evidence(found) == 0.0) == (len(names) == 2)
        assert found[:5] == shaped(made)[:5]


def test_an_account_with_one_conversation_has_nothing_to_compare():
    """Lengths and depths of conversations are alike only between conversations."""
    made = talks(3, habit=1.0)
    apart = made._replace(asked=made.asked._replace(accounts=made.asked.sessions))
    found = shaped(apart)
    assert (found.length, found.length_sd, found.depth, found.depth_sd) == (0.0, 0.0, 0.0, 0.0)
