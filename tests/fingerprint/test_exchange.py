"""Exchanges to fingerprints."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings

from detection_worlds import Planted, exchanges, planted
from revenuer.fingerprint.capability import CapabilityModel
from revenuer.fingerprint.exchange import EXEMPLAR_CHARACTERS, FINGERPRINTS, Fingerprinter, wordless
from revenuer.fingerprint.frames import SKETCHES, FrameLibrary, Frequencies, census_of, mine, sketch_batch
from revenuer.schema import CAPABILITIES
from revenuer.text.match import SKETCH_WIDTH
from revenuer.text.tokens import hash_strings, tokenize
from strategies import HOSTILE, exchange_batches

EXEMPLARS = ["exemplar", "system_exemplar"]


def libraries_of(batch: pa.RecordBatch) -> dict[str, FrameLibrary]:
    frequencies = Frequencies.zero()
    census_of(batch, frequencies)
    return mine(pa.Table.from_batches([sketch_batch(batch, frequencies)], SKETCHES), frequencies)


@pytest.fixture(scope="module")
def world() -> Planted:
    return planted(21, frames=4, each=40, random=200)


@pytest.fixture(scope="module")
def kernel(world: Planted) -> Fingerprinter:
    libraries = libraries_of(exchanges(world.prompts, system=list(world.prompts)))
    return Fingerprinter(libraries["prompt"], libraries["system"], CapabilityModel.load())


def test_a_fingerprint_names_the_frame_and_what_fills_it(world: Planted, kernel: Fingerprinter):
    """Instances of a frame carry its id, others none; the item tells two instances apart and is the slot alone."""
    prints = kernel(exchanges(world.prompts))
    frame = prints["prompt_frame"].to_numpy()
    for number in range(4):
        assert len(set(frame[world.frame == number].tolist())) == 1
    assert set(frame[world.frame >= 0].tolist()) == set(kernel.prompts.ids.tolist())
    assert not frame[world.frame < 0].any()
    slots = kernel(exchanges([*world.slots]))
    np.testing.assert_array_equal(prints["item"], slots["item"])
    np.testing.assert_array_equal(prints["free"], slots["free"])


def test_a_sent_system_prompt_is_known_by_frame_and_by_text(world: Planted, kernel: Fingerprinter):
    """System prompts get frames of their own, a hash of the whole, and nothing where there is none."""
    systems = [world.prompts[0], None, "", "short one", world.prompts[0]]
    prints = kernel(exchanges(["question"] * 5, system=systems))
    expected = kernel(exchanges([world.prompts[0]]))["prompt_frame"][0].as_py()
    assert prints["system_frame"].to_pylist() == [expected, 0, 0, 0, expected]
    assert prints["system_text"].to_pylist() == hash_strings(pa.array(systems, pa.string())).tolist()


def test_what_is_not_known_is_nought(kernel: Fingerprinter):
    """Four columns are enough: identifiers that are missing become 0, lists empty, measures null."""
    prints = kernel(exchanges(["hello", None]))
    for name in ("org", "credential", "end_user", "session", "ip", "net", "client", "system_text", "issued"):
        assert prints[name].to_pylist() == [0, 0], name
    assert prints["refs"].to_pylist() == [[], []]
    assert prints["turn"].to_pylist() == [None, None]
    assert prints["free"].to_pylist() == [1, 0]


def test_identifiers_are_equal_where_they_were(kernel: Fingerprinter):
    """The same account, address, network or reasoning block has the same hash, others another."""
    prints = kernel(
        exchanges(
            ["a", "b", "c"],
            account_id=["one", "two", "one"],
            ip=["203.0.113.1", "203.0.113.2", "198.51.100.1"],
            user_agent=["sdk/1", "sdk/1", None],
            tls_fingerprint=["t1", "t2", "t1"],
            reasoning_issued=["r1", None, "r2"],
            reasoning_refs=[[], ["r2", "r1"], None],
        )
    )
    account, net, client = (prints[name].to_pylist() for name in ("account", "net", "client"))
    assert account[0] == account[2] != account[1]
    assert net[0] == net[1] != net[2]
    assert len(set(client)) == 3
    issued = prints["issued"].to_pylist()
    assert prints["refs"].to_pylist() == [[], [issued[2], issued[0]], []]


def test_alike_settings_hash_alike(kernel: Fingerprinter):
    """Temperature, answer limit and reasoning make a setting; unknown is a setting too."""
    prints = kernel(
        exchanges(
            ["a"] * 4, temperature=[0.5, 0.5, 0.7, None], max_tokens=[10, 10, 10, None], thinking=[True] * 3 + [None]
        )
    )
    first, second, third, fourth = prints["settings"].to_pylist()
    assert first == second
    assert len({first, third, fourth}) == 3


def test_one_exemplar_a_frame_and_no_other_text(world: Planted, kernel: Fingerprinter):
    """Of each frame one text is kept, cut short; of all else nothing that could be read."""
    batch = exchanges(world.prompts, system=list(world.prompts), response=["the secret answer"] * len(world.prompts))
    prints = kernel(batch)
    for field, frame in (("exemplar", "prompt_frame"), ("system_exemplar", "system_frame")):
        shown = prints.filter(pc.is_valid(prints[field]))
        assert sorted(shown[frame].to_pylist()) == sorted(set(prints[frame].to_pylist()) - {0})
    told = str(prints.drop_columns(EXEMPLARS).to_pylist())
    assert not any(slot in told for slot in world.slots)
    assert "secret" not in told


def test_an_exemplar_is_cut_at_whole_characters(world: Planted, kernel: Fingerprinter):
    """A long instance is shown by its first characters, whatever they are."""
    prints = kernel(exchanges([world.prompts[int(np.argmax(world.frame >= 0))] + " 好🙂" * 5_000]))
    assert len(prints["exemplar"][0].as_py()) == EXEMPLAR_CHARACTERS


def test_a_fingerprint_does_not_depend_on_its_batch(world: Planted, kernel: Fingerprinter):
    """Rows fingerprinted in slices, or in another order, are the same but for who shows the exemplar."""
    batch = exchanges(world.prompts, system=[None, *world.prompts[1:]])
    whole = kernel(batch).drop_columns(EXEMPLARS)
    parts = [kernel(batch.slice(at, 97)).drop_columns(EXEMPLARS) for at in range(0, batch.num_rows, 97)]
    assert pa.concat_batches(parts).equals(whole)
    order = pa.array(np.random.default_rng(0).permutation(batch.num_rows))
    assert kernel(batch.take(order)).drop_columns(EXEMPLARS).equals(whole.take(order))


@given(exchange_batches())
@settings(max_examples=40)
def test_any_batch_is_fingerprinted_row_by_row(kernel: Fingerprinter, batch: pa.RecordBatch):
    """Hostile text and any mixture of nulls give one fingerprint a row, in order, with scores that are probabilities."""
    prints = kernel(batch)
    assert prints.schema == FINGERPRINTS
    for name in ("exchange_id", "ts", "account_id", "turn", "model", "status"):
        assert prints[name].equals(batch[name]), name
    for name in ("extraction", "elicitation"):
        assert all(0 <= score <= 1 for score in prints[name].to_pylist())
    assert all(len(sketch) == SKETCH_WIDTH for sketch in prints["sketch"].to_pylist())


def test_hostile_text_in_every_column_is_carried_or_hashed(kernel: Fingerprinter):
    """Markup, control characters and NULs in any text column are no errors."""
    texts = list(HOSTILE)
    names = ("system", "response", "ip", "user_agent", "org_id", "session_id", "model", "status", "reasoning_issued")
    prints = kernel(exchanges(texts, **dict.fromkeys(names, texts)))
    assert prints.num_rows == len(texts)
    assert prints["model"].to_pylist() == texts


def test_what_holds_no_words_is_other(kernel: Fingerprinter):
    """Nothing, marks, base64, hashes: `other`; words of any language, and whatever comes with more, are left alone."""
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    encoded = "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHNlY3JldCBtZXNzYWdl" * 4
    texts = ["", "  ", "?!...", digest, encoded, f"{digest}\n{digest}"]
    prints = kernel(exchanges(texts))
    other = CAPABILITIES.index("other")
    assert prints["capability"].to_pylist() == [other] * len(texts)
    assert max(prints["extraction"].to_pylist()) < 0.1
    spoken = ["გთხოვთ დამეხმაროთ წერილის დაწერაში", "කරුණාකර මට ලිපියක් ලිවීමට උදව් කරන්න", "Tafadhali nisaidie", "เขียนเรื่องสั้น"]
    assert not wordless(exchanges(spoken), tokenize(pa.array(spoken))).any()
    with_system = exchanges(texts, system=["Describe the picture"] * len(texts))
    assert not wordless(with_system, tokenize(pa.array(texts))).any()
    with_image = exchanges(texts)
    with_image = with_image.set_column(
        with_image.schema.get_field_index("images"), "images", pa.array([1] * len(texts), pa.int32())
    )
    assert not wordless(with_image, tokenize(pa.array(texts))).any()
