"""The watermark's arithmetic: the same numbers everywhere, the distribution kept, keys told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revenuer.errors import ConfigError
from revenuer.provenance.scheme import GUMBEL, KGW, Scheme, array_hashes, hashes, unit
from revenuer.provenance.watermark import Watermark, grams, key_words, repeated

KEY = key_words([bytes(range(32))])


def test_the_numbers_are_those_of_siphash():
    """The published vectors of SipHash-2-4, for the messages that have the length of one and of two contexts."""
    message = bytes(range(12))
    context, token = (
        np.array([[int.from_bytes(message[:8], "little")]]),
        np.array([[int.from_bytes(message[8:], "little")]]),
    )
    assert int(hashes(KEY, context, token)[0, 0]).to_bytes(8, "little").hex() == "fbe50e86bc8f1e75"


@given(
    st.lists(st.tuples(*[st.integers(0, 2**32 - 1)] * 4), min_size=1, max_size=20), st.binary(min_size=16, max_size=16)
)
def test_array_operations_give_the_numbers_of_the_compiled_loop(rows: list[tuple[int, ...]], key: bytes):
    """Whatever the key and the tokens: this is what makes a list of one device that of another."""
    table, words = np.array(rows, np.int64), key_words([key])
    compiled = hashes(words, table[:, :3], table[:, 3:])[:, 0]
    low, high = words.view(np.int64)[0]
    columns = tuple(table[:, column] for column in range(3))
    by_arrays = array_hashes(np.full(len(rows), low), np.full(len(rows), high), columns, table[:, 3])
    assert (by_arrays.view(np.uint64) == compiled).all()
    assert (unit(by_arrays) == unit(compiled)).all()


def test_numbers_look_uniform_and_independent_of_their_neighbours():
    """Mean, variance and the correlation of neighbouring candidates, contexts and keys, within four standard errors."""
    contexts = np.array([[left, right] for left in range(40) for right in range(40)])
    units = np.asarray(unit(hashes(KEY, contexts, np.arange(50)[None, :])))
    other = np.asarray(unit(hashes(key_words([b"another key of 32 bytes, or so.."]), contexts, np.arange(50)[None, :])))
    error = 4 / np.sqrt(units.size)
    assert abs(units.mean() - 0.5) < error * np.sqrt(1 / 12)
    assert abs(units.var() * 12 - 1) < error * np.sqrt(0.8)
    for left, right in ((units[:, 1:], units[:, :-1]), (units[1:], units[:-1]), (units, other)):
        assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < error


def test_rows_of_a_batch_have_keys_of_their_own():
    """A row is marked as if it were alone, whatever stands beside it."""
    rng = np.random.default_rng(1)
    keys = key_words([rng.bytes(16) for _ in range(6)])
    contexts, logits = rng.integers(0, 90, (6, 2)), rng.normal(size=(6, 90))
    for scheme in (GUMBEL, KGW):
        mark = Watermark(scheme)
        whole = mark.bias(contexts, logits, keys)
        alone = [mark.bias(contexts[[row]], logits[[row]], keys[[row]])[0] for row in range(6)]
        assert (whole == np.array(alone)).all()
        assert not (whole == mark.bias(contexts, logits, keys[[0] * 6])).all()


def test_the_race_keeps_the_distribution():
    """Over 20,000 keys each token wins as often as its probability says (chi-square, p above .001), a cut one never."""
    logits = np.log(np.array([0.5, 0.25, 0.15, 0.08, 0.02, 1.0]))
    logits[-1] = -np.inf
    keys = np.random.default_rng(7).integers(0, 2**63, (20_000, 2)).astype(np.uint64)
    marked = Watermark(GUMBEL).bias(np.tile([3, 4], (20_000, 1)), np.tile(logits, (20_000, 1)), keys)
    won = np.bincount(marked.argmax(axis=1), minlength=6)
    expected = 20_000 * np.exp(logits)
    assert won[-1] == 0
    assert ((won - expected)[:5] ** 2 / expected[:5]).sum() < 18.47  # chi-square, 4 degrees of freedom


def test_kgw_adds_to_its_share_of_the_vocabulary():
    """Green logits rise by delta, the others stay, and gamma of all are green."""
    logits = np.zeros((300, 200))
    added = Watermark(Scheme("kgw", gamma=0.25, delta=3.0)).bias(
        np.arange(600).reshape(300, 2), logits, np.repeat(KEY, 300, axis=0)
    )
    assert set(np.unique(added)) == {0.0, 3.0}
    assert (added > 0).mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / added.size))


def test_rows_that_are_not_active_stay_as_they_are():
    """Unmarked rows of a batch are passed on, to the bit."""
    logits = np.random.default_rng(2).normal(size=(2, 30))
    out = Watermark(GUMBEL).bias(
        np.ones((2, 2), np.int64), logits, key_words([b"a" * 16] * 2), active=np.array([True, False])
    )
    assert (out[1] == logits[1]).all()
    assert (out[0] == 0).sum() == 1


@pytest.mark.parametrize("scheme", [GUMBEL, KGW])
def test_a_text_carries_its_key_and_no_other(scheme: Scheme):
    """Of 40 texts each is found with its own key at p < 1e-6; with 400 other keys p below .05 is as rare as it says."""
    rng = np.random.default_rng(5)
    mark, logits = Watermark(scheme), rng.normal(size=(1, 100))
    keys = key_words([rng.bytes(16) for _ in range(40)])
    texts = np.zeros((40, 122), np.int64)
    texts[:, :2] = rng.integers(0, 100, (40, 2))
    for at in range(2, 122):
        biased = mark.bias(texts[:, at - 2 : at], np.repeat(logits, 40, axis=0), keys)
        texts[:, at] = np.argmax(biased + rng.gumbel(size=biased.shape), axis=1)
    own = [mark.carried(*grams(texts[row], 2), keys[[row]]).p for row in range(40)]
    others = [mark.carried(*grams(texts[row % 40], 2), key_words([rng.bytes(16)])).p for row in range(400)]
    assert max(own) < 1e-6
    assert np.mean(np.array(others) < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


def test_repeating_a_text_makes_it_no_surer():
    """Each pair of context and token counts once."""
    tokens = np.random.default_rng(8).integers(0, 50, 60)
    contexts, found = grams(tokens, 2)
    once = Watermark(KGW).carried(contexts, found, KEY)
    again = Watermark(KGW).carried(np.tile(contexts, (9, 1)), np.tile(found, 9), KEY)
    assert again == once
    assert Watermark(GUMBEL).carried(contexts[:0], found[:0], KEY).p == 1.0


def test_a_context_is_new_once():
    """A context that stood before, or is too short, is told."""
    assert repeated(np.array([1]), 2)
    assert not repeated(np.array([1, 2]), 2)
    assert not repeated(np.array([1, 2, 1, 3]), 2)
    assert repeated(np.array([1, 2, 3, 1, 2]), 2)


def test_contexts_reach_into_the_prompt():
    """The first tokens of an answer have the prompt's last ones for a context; without a prompt they are left out."""
    contexts, tokens = grams(np.array([5, 6]), 2, prompt=np.array([3, 4]))
    assert (contexts.tolist(), tokens.tolist()) == ([[3, 4], [4, 5]], [5, 6])
    assert grams(np.array([5, 6]), 2)[1].tolist() == []


@pytest.mark.parametrize(
    "wrong", [{"name": "magic"}, {"window": 0}, {"window": 9}, {"gamma": 0.0}, {"gamma": 1.0}, {"delta": 0.0}]
)
def test_a_scheme_that_cannot_be_is_refused(wrong: dict[str, float]):
    """With the value that is wrong."""
    with pytest.raises(ConfigError):
        Scheme(**wrong)  # type: ignore[arg-type]


def test_shapes_and_keys_that_do_not_fit_are_refused():
    """Instead of a batch in which rows carry the keys of others."""
    with pytest.raises(ConfigError, match="contexts"):
        Watermark(GUMBEL).bias(np.ones((2, 3), np.int64), np.zeros((2, 5)), np.repeat(KEY, 2, axis=0))
    with pytest.raises(ConfigError, match="16 bytes"):
        key_words([b"short"])
