"""Words of chosen exchanges, and how exchanges sound: against texts read one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detection_worlds import exchanges, vocabulary
from revenuer.engine import LocalEngine
from revenuer.fingerprint.words import FEATURES, VOICES, Voices, bags, matrix, sound
from revenuer.sources import Traffic, open_traffic
from revenuer.text.buckets import BUCKETS, bucket_rows
from revenuer.text.keyed import Key, key_from, keyed
from revenuer.text.tokens import hash_strings, tokenize
from strategies import exchange_batches
from traffic_samples import put_parquet

F32 = npt.NDArray[np.float32]
COUNT = 60


@pytest.fixture(scope="module")
def batch() -> pa.RecordBatch:
    """Texts of twelve words, most under one of three system prompts, some under none."""
    rng = np.random.default_rng(1)
    words = vocabulary(1, 400)
    personas = [" ".join(rng.choice(words, 8)) for _ in range(3)] + [None]
    return exchanges(
        [" ".join(rng.choice(words, 12)) for _ in range(COUNT)], system=[personas[n % 4] for n in range(COUNT)]
    )


@pytest.fixture(scope="module")
def traffic(batch: pa.RecordBatch, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    folder = tmp_path_factory.mktemp("words")
    for start in (0, 20, 40):
        put_parquet(folder, pa.Table.from_batches([batch.slice(start, 20)]), f"exchanges/{start}.parquet")
    return open_traffic(folder)


def slow_bag(prompt: str, system: str | None, key: Key | None = None) -> set[int]:
    """What one exchange's texts hold, each read by itself."""

    def of(text: str | None, salt: int) -> set[int]:
        return set(bucket_rows(keyed(tokenize(pa.array([text or ""])), key), salt)[0].tolist())

    return of(prompt, 0) | {BUCKETS + bucket for bucket in of(system, 1)}


def slow_bags(batch: pa.RecordBatch, key: Key | None = None) -> dict[int, set[int]]:
    """By hash of the exchange id."""
    draws = hash_strings(batch.column("exchange_id")).tolist()
    texts = zip(batch.column("prompt").to_pylist(), batch.column("system").to_pylist(), strict=True)
    return {draw: slow_bag(prompt or "", system, key) for draw, (prompt, system) in zip(draws, texts, strict=True)}


def fast_bags(traffic: Traffic, wanted: list[int], key: Key | None = None) -> dict[int, set[int]]:
    with LocalEngine(threads=2) as engine:
        found = bags(engine, traffic, np.sort(np.array(wanted, np.int64)), key)
    assert found["draw"].to_pylist() == sorted(found["draw"].to_pylist())
    rows = {row["draw"]: set(row["words"]) for row in found.to_pylist()}
    assert len(rows) == len(found)
    return rows


@pytest.mark.parametrize("key", [None, key_from("a secret")])
def test_the_words_of_chosen_exchanges_are_those_of_their_texts(
    traffic: Traffic, batch: pa.RecordBatch, key: Key | None
):
    """Whatever file they lie in, with a key or without: the same words as when each text is read by itself."""
    slow = slow_bags(batch, key)
    chosen = list(slow)[::3]
    assert fast_bags(traffic, [*chosen, 12345], key) == {draw: slow[draw] for draw in chosen}


def test_nothing_wanted_is_nothing_read(traffic: Traffic):
    """An empty choice has no words."""
    assert fast_bags(traffic, []) == {}


def test_without_the_key_the_words_cannot_be_tried_out(traffic: Traffic, batch: pa.RecordBatch):
    """Under a key a text has as many words, in hardly any of the places where they are without it."""
    draws = hash_strings(batch.column("exchange_id")).tolist()
    plain, secret = (fast_bags(traffic, draws, key) for key in (None, key_from("a secret")))
    same = sum(len(plain[draw] & secret[draw]) for draw in draws)
    whole = sum(len(plain[draw]) for draw in draws)
    assert sum(len(bag) for bag in secret.values()) == pytest.approx(whole, rel=0.01)
    assert same < 0.01 * whole


def test_a_prompt_and_a_system_prompt_of_the_same_words_share_none():
    """What a persona says is told apart from what is asked."""
    batch = exchanges(["winter over the city", "spring"], system=[None, "winter over the city"])
    first, second = (slow_bags(batch)[draw] for draw in hash_strings(batch.column("exchange_id")).tolist())
    assert max(first) < BUCKETS <= max(second)
    assert first.isdisjoint(second)


@given(st.lists(st.sets(st.integers(0, FEATURES - 1), max_size=30), max_size=8), st.integers(0, 3))
def test_a_matrix_has_a_row_of_unit_length_for_each_text(lists: list[set[int]], cut: int):
    """One for each list, of its words at equal weight; a text without words is nought; slices and chunks are the same."""
    whole = pa.array([sorted(one) for one in lists], pa.list_(pa.int32()))
    for words in (whole.slice(min(cut, len(whole))), pa.chunked_array([whole[:cut], whole[cut:]], whole.type)):
        rows = matrix(words)
        held = words.to_pylist()
        assert rows.shape == (len(held), FEATURES)
        assert [sorted(rows[n].indices.tolist()) for n in range(len(held))] == held
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
        np.testing.assert_allclose(lengths, [float(bool(one)) for one in held], atol=1e-6)


def voices_of(seed: int, number: int) -> tuple[F32, F32]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(FEATURES, number)).astype(np.float32), rng.normal(size=number).astype(np.float32)


def slow_voices(batch: pa.RecordBatch, weights: F32, intercepts: F32, key: Key | None) -> list[tuple[int, float]]:
    """The loudest voice of each exchange and what it says, word by word."""
    found = []
    for bag in slow_bags(batch, key).values():
        said = [
            sum(float(weights[word, voice]) for word in bag) / max(len(bag), 1) ** 0.5 + float(intercepts[voice])
            for voice in range(len(intercepts))
        ]
        loudest = int(np.argmax(said))
        found.append((loudest, said[loudest]))
    return found


@settings(max_examples=40)
@given(exchange_batches(), st.integers(1, 3), st.sampled_from((None, key_from("a secret"))))
def test_voices_equal_sums_over_words(batch: pa.RecordBatch, number: int, key: Key | None):
    """Any batch, hostile texts and missing system prompts included: the loudest voice of each row that has one, and how loud."""
    weights, intercepts = voices_of(number, number)
    found = Voices(weights, intercepts, key)(batch)
    assert found.schema == VOICES
    slow = slow_voices(batch, weights, intercepts, key)
    heard = [row for row, (_voice, said) in enumerate(slow) if said > 0.0]
    assume(all(abs(said) > 1e-3 for _voice, said in slow))  # nearer to none, the order of sums decides
    assert found["spoken"].to_pylist() == hash_strings(batch.column("exchange_id"))[heard].tolist()
    assert found["voice"].to_pylist() == [slow[row][0] for row in heard]
    np.testing.assert_allclose(found["said"].to_numpy(), [slow[row][1] for row in heard], atol=1e-3)


def test_every_exchange_that_has_a_voice_is_heard_once(traffic: Traffic, batch: pa.RecordBatch):
    """Over all files, each with the voice that its texts have in any batch."""
    weights, intercepts = voices_of(5, 2)
    with LocalEngine(threads=2) as engine:
        heard = engine.collect(sound(engine, traffic, Voices(weights, intercepts, None)).order_by("spoken"))
    assert 0 < heard.num_rows < batch.num_rows
    alone = pa.Table.from_batches([Voices(weights, intercepts, None)(batch)]).sort_by("spoken")
    assert heard.select(["spoken", "voice"]).equals(alone.select(["spoken", "voice"]))
    np.testing.assert_allclose(heard["said"].to_numpy(), alone["said"].to_numpy(), atol=1e-5)
