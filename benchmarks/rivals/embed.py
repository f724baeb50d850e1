"""Prompts as unit vectors: a table of word pieces distilled from a large model, or latent semantics of clean traffic."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from rivals.traffic import Traffic

Vectors = npt.NDArray[np.float32]
Embed = Callable[[list[str]], Vectors]

READ = 2_000  # characters: about the 512 tokens that the sentence encoders of the papers read
BATCH = 2_000
DIMENSIONS = 256


def unit(rows: Vectors) -> Vectors:
    """Rows of length one; a row of zeros stays."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def wordllama(_reference: Traffic) -> Embed:
    """Mean of the 256-d vectors of word pieces that the package `wordllama` carries (needs the extra `bench`)."""
    found = importlib.util.find_spec("wordllama")
    if found is None or found.origin is None:
        sys.exit("wordllama is not installed: pip install -e '.[bench]', or --encoder lsa")
    home = Path(found.origin).parent
    tables = importlib.import_module("safetensors.numpy").load_file(home / "weights" / "l2_supercat_256.safetensors")
    table = tables["embedding.weight"].astype(np.float32)
    tokenizer = importlib.import_module("tokenizers").Tokenizer.from_file(
        str(home / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )

    def mean(pieces: list[int]) -> npt.NDArray[np.float32]:
        return np.asarray(table[pieces].mean(axis=0) if pieces else np.zeros(table.shape[1]), dtype=np.float32)

    def embed(texts: list[str]) -> Vectors:
        encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return unit(np.stack([mean(one.ids) for one in encoded]))

    return embed


def lsa(reference: Traffic) -> Embed:
    """Latent semantic analysis of the clean reference: 256 directions of its weighted words and pairs of words."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, max_features=100_000, sublinear_tf=True, dtype=np.float32)
    weights = words.fit_transform([text[:READ] for text in reference.prompts])
    directions = TruncatedSVD(DIMENSIONS, n_iter=3, random_state=0).fit(weights)
    return lambda texts: unit(directions.transform(words.transform(texts)))


ENCODERS: dict[str, Callable[[Traffic], Embed]] = {"wordllama": wordllama, "lsa": lsa}


@dataclass
class Encoder:
    """Vectors of whole traffic directories, each computed once.

    Attributes:
        embed: texts to unit vectors.
        seconds: what each directory took.
    """

    embed: Embed
    seconds: dict[Path, float] = field(default_factory=dict)
    kept: dict[Path, Vectors] = field(default_factory=dict)

    def vectors(self, traffic: Traffic) -> Vectors:
        """One unit vector a request, in the order of the traffic."""
        if traffic.place not in self.kept:
            started = time.perf_counter()
            texts = [text[:READ] for text in traffic.prompts]
            parts = [self.embed(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
            self.kept[traffic.place] = np.concatenate(parts)
            self.seconds[traffic.place] = time.perf_counter() - started
        return self.kept[traffic.place]
