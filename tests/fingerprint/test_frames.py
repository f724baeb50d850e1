"""Frames, mined from a sample and found again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from detection_worlds import Planted, exchanges, planted, vocabulary
from revenuer.fingerprint.frames import (
    SKETCHES,
    FrameLibrary,
    Frequencies,
    census_of,
    distinct_texts,
    mine,
    sampled,
    sketch_batch,
)
from revenuer.text.match import match
from revenuer.text.tokens import tokenize
from strategies import exchange_batches


def libraries_of(*batches: pa.RecordBatch) -> dict[str, FrameLibrary]:
    """Frames of the whole sample, counted batch by batch."""
    frequencies = Frequencies.zero()
    for batch in batches:
        census_of(batch, frequencies)
    return mine(pa.Table.from_batches([sketch_batch(batch, frequencies) for batch in batches], SKETCHES), frequencies)


def found_in(library: FrameLibrary, prompts: list[str]) -> np.ndarray:
    """The frame id of each prompt, 0 for none."""
    frames = match(tokenize(pa.array(prompts)), library.index, library.weights).frame
    return np.append(library.ids, 0)[frames]


@pytest.fixture(scope="module")
def world() -> Planted:
    return planted(11, frames=20, each=60, random=1_500)


@pytest.fixture(scope="module")
def library(world: Planted) -> FrameLibrary:
    return libraries_of(exchanges(world.prompts))["prompt"]


def test_planted_frames_are_recovered(world: Planted, library: FrameLibrary):
    """Each planted frame comes out as one, holds all its instances and nothing else, at some 300 a million."""
    found = found_in(library, world.prompts)
    assert len(library.ids) == len(world.frames)
    for frame in range(len(world.frames)):
        ids, counts = np.unique(found[world.frame == frame], return_counts=True)
        assert ids.tolist() == [ids[0]]
        assert ids[0] != 0
        assert counts[0] == 60
        assert set(world.frame[found == ids[0]].tolist()) == {frame}
    assert not found[world.frame == -1].any()


def test_random_text_has_no_frames(world: Planted):
    """Texts that share a vocabulary and nothing else make no frame."""
    loose = [prompt for prompt, frame in zip(world.prompts, world.frame, strict=True) if frame < 0]
    assert len(libraries_of(exchanges(loose))["prompt"].ids) == 0


def test_a_frame_used_once_in_a_while_is_no_frame():
    """Fewer texts than a frame needs make none."""
    few = planted(3, frames=5, each=7, random=300)
    assert len(libraries_of(exchanges(few.prompts))["prompt"].ids) == 0


def test_what_fills_the_slot_stays_outside_the_core(world: Planted, library: FrameLibrary):
    """Matching leaves the slot, give or take a shingle at its edges, as what the request is about."""
    found = match(tokenize(pa.array(world.prompts)), library.index, library.weights)
    slots = np.array([len(slot.split()) for slot in world.slots])
    assert (found.free == slots).mean() > 0.95
    assert len(set(found.item[world.frame >= 0].tolist())) == (world.frame >= 0).sum()


def test_ids_depend_on_the_core_alone(world: Planted, library: FrameLibrary):
    """Other slots, other company, other order: the same frame has the same id."""
    rng = np.random.default_rng(1)
    fresh = planted(99, frames=2, each=60, random=500)
    words = vocabulary(7, 2_000)
    instances = [f"{head}: {' '.join(rng.choice(words, 6))}. {tail}" for head, tail in world.frames for _ in range(40)]
    prompts = [*fresh.prompts, *instances]
    again = libraries_of(exchanges([prompts[i] for i in rng.permutation(len(prompts))]))["prompt"]
    assert set(library.ids.tolist()) < set(again.ids.tolist())
    assert len(again.ids) == len(library.ids) + 2


def test_batching_changes_nothing(world: Planted, library: FrameLibrary):
    """One batch, many batches, or batches in another order give the same frames in the same order."""
    batch = exchanges(world.prompts)
    cuts = [0, 5, 700, 701, 2_000, len(world.prompts)]
    parts = [batch.slice(start, end - start) for start, end in pairwise(cuts)]
    for several in (parts, parts[::-1]):
        other = libraries_of(*several)["prompt"]
        np.testing.assert_array_equal(other.ids, library.ids)
        np.testing.assert_array_equal(other.cores.hashes, library.cores.hashes)


def test_a_text_of_each_account_in_front_hides_no_frame(world: Planted, library: FrameLibrary):
    """Behind lead-ins of twenty accounts, each frequent by itself, the planted frames come out as they are without."""
    words = vocabulary(21, 3_000)
    rng = np.random.default_rng(21)
    leads = [" ".join(rng.choice(words, 40)) for _ in range(20)]
    hidden = [f"{leads[i % 20]}. {prompt}" for i, prompt in enumerate(world.prompts)]
    batch = exchanges(hidden)
    accounts = pa.array([f"account {i % 20}" for i in range(len(hidden))])
    batch = batch.set_column(batch.schema.get_field_index("account_id"), "account_id", accounts)
    assert set(library.ids.tolist()) <= set(libraries_of(batch)["prompt"].ids.tolist())


def test_frequencies_add_up(world: Planted):
    """Counting batches apart and adding is counting them at once."""
    batch = exchanges(world.prompts[:200])
    whole, one, other = Frequencies.zero(), Frequencies.zero(), Frequencies.zero()
    census_of(batch, whole)
    census_of(batch.slice(0, 70), one)
    census_of(batch.slice(70), other)
    both = one + other
    np.testing.assert_array_equal(both.shingles[0], whole.shingles[0])
    np.testing.assert_array_equal(both.tokens, whole.tokens)
    assert both.texts == whole.texts == 200


def test_system_prompts_have_frames_of_their_own(world: Planted):
    """The same frames are found where they stand in system prompts, each text counted as often as it is sent."""
    held = [prompt for prompt, frame in zip(world.prompts, world.frame, strict=True) if frame == 4]
    systems = [held[number % 60] for number in range(600)]
    prompts = [prompt for prompt, frame in zip(world.prompts, world.frame, strict=True) if frame < 0][:600]
    libraries = libraries_of(exchanges(prompts, system=systems))
    assert len(libraries["prompt"].ids) == 0
    assert len(libraries["system"].ids) == 1


def test_two_frames_with_one_shared_sentence_stay_two():
    """A boilerplate sentence that several frames hold does not glue them together."""
    base = planted(5, frames=6, each=50, random=0, head=30)
    glue = "please answer in valid json and add no other text at all"
    library = libraries_of(exchanges([f"{prompt} {glue}" for prompt in base.prompts]))["prompt"]
    found = found_in(library, [f"{prompt} {glue}" for prompt in base.prompts])
    assert {len(set(found[base.frame == frame].tolist())) for frame in range(6)} == {1}
    assert len(set(found.tolist())) == 6


def test_the_sample_is_the_same_rows_whatever_the_batching():
    """Which rows are read depends on their ids alone, and the share asked for is met."""
    batch = exchanges(["text"] * 20_000)
    whole = sampled(batch, 0.3).column("exchange_id").to_pylist()
    parts = [sampled(batch.slice(at, 999), 0.3).column("exchange_id").to_pylist() for at in range(0, 20_000, 999)]
    assert [row for part in parts for row in part] == whole
    assert abs(len(whole) - 6_000) < 4 * np.sqrt(20_000 * 0.3 * 0.7)
    assert sampled(batch, 1.0) is batch
    assert sampled(batch, 0.0).num_rows == 0


def test_a_larger_sample_holds_the_smaller_one():
    """Reading more only adds rows."""
    batch = exchanges(["text"] * 2_000)
    small, large = (set(sampled(batch, share).column("exchange_id").to_pylist()) for share in (0.1, 0.4))
    assert small < large


@given(exchange_batches())
@settings(max_examples=12)
def test_any_batch_can_be_counted_sketched_and_mined(batch: pa.RecordBatch):
    """Hostile text, nulls and empty batches are no errors; so few texts have no frames."""
    frequencies = Frequencies.zero()
    census_of(batch, frequencies)
    sketched = sketch_batch(batch, frequencies)
    assert sketched.schema == SKETCHES
    libraries = mine(pa.Table.from_batches([sketched]), frequencies)
    assert {name: len(library.ids) for name, library in libraries.items()} == {"prompt": 0, "system": 0}


def test_nothing_sampled_has_no_frames():
    """No batches at all are no error."""
    libraries = mine(SKETCHES.empty_table(), Frequencies.zero())
    assert [len(library.ids) for library in libraries.values()] == [0, 0]


def test_groups_too_small_for_a_frame_are_left_out():
    """Shingles may be frequent although no group of texts is large enough: then there is no frame."""
    texts = [
        f"please write a long story about the {word} in the depth of winter in an old town"
        for word in ["cat"] * 7 + ["dog"] * 7
    ]
    frequencies = Frequencies.zero()
    census_of(exchanges(texts), frequencies)
    rows = pa.Table.from_batches([sketch_batch(exchanges(texts), frequencies)])
    assert rows.num_rows > 0
    rows = rows.set_column(1, "copies", pa.array([3] * rows.num_rows, pa.int64()))
    assert len(mine(rows, frequencies)["prompt"].ids) == 0


def test_distinct_texts_are_counted_and_nulls_left_out():
    """Each row knows its text, each text its copies."""
    census = distinct_texts(pa.array(["b", None, "a", "b", ""]))
    assert [census.texts[row].as_py() if row >= 0 else None for row in census.rows.tolist()] == [
        "b",
        None,
        "a",
        "b",
        "",
    ]
    assert dict(zip(census.texts.to_pylist(), census.copies.tolist(), strict=True)) == {"b": 2, "a": 1, "": 1}
