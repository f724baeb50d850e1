"""Ways from prompts to groups of accounts that people build from parts: what `benchmarks/peers_cost.py` measures the cost of."""

from __future__ import annotations

import importlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.feature_extraction.text import TfidfVectorizer

from rivals.components import labelled
from rivals.embed import ENCODERS, Encoder
from rivals.mmd import mmd_windows
from rivals.reading import Background, Ints
from rivals.toolkit import WIDE, edges, loaded
from rivals.traffic import Traffic

SHINGLE = 4  # words
PERMUTATIONS = 128
ALIKE = 0.5  # Jaccard at which two prompts are joined
TABLES = 8  # of Spark's LSH
APART = 0.3  # cosine distance within which DBSCAN joins
CORE = 5  # prompts that make a core
NO_LIMIT = 10_000_000.0  # seconds: who called sets the limit

_WORD = re.compile(r"\w+")

Pairs = list[tuple[int, int]]


def shingles(text: str) -> list[bytes]:
    """The runs of four words of a text; one of fewer is its own run."""
    words = _WORD.findall(text.lower())
    runs = range(max(1, len(words) - SHINGLE + 1))
    return [" ".join(words[at : at + SHINGLE]).encode() for at in runs]


def groups(pairs: Pairs, n: int) -> int:
    """Components of two accounts or more among n, by scipy."""
    label = labelled(pairs, n)
    return len(np.unique(label[label >= 0]))


def datasketch(traffic: Traffic) -> int:
    """MinHash and LSH by datasketch as its documentation has it, a call for every shingle; components by networkx."""
    return _datasketch(traffic, _one_by_one)


def datasketch_batch(traffic: Traffic) -> int:
    """The same with the library's call for all shingles of a prompt at once."""
    return _datasketch(traffic, lambda sketch, runs: sketch.update_batch(runs))


def _one_by_one(sketch: Any, runs: list[bytes]) -> None:
    for run in runs:
        sketch.update(run)


def _datasketch(traffic: Traffic, update: Callable[[Any, list[bytes]], None]) -> int:
    library, networks = importlib.import_module("datasketch"), importlib.import_module("networkx")
    index, graph = library.MinHashLSH(threshold=ALIKE, num_perm=PERMUTATIONS), networks.Graph()
    account = traffic.account.tolist()
    for row, prompt in enumerate(traffic.prompts):
        sketch = library.MinHash(num_perm=PERMUTATIONS)
        update(sketch, shingles(prompt))
        for other in index.query(sketch):
            if account[other] != account[row]:
                graph.add_edge(account[other], account[row])
        index.insert(row, sketch, check_duplication=False)
    return sum(1 for _ in networks.connected_components(graph))


def tfidf(traffic: Traffic) -> int:
    """TF-IDF of words and DBSCAN by cosine; accounts that have prompts in one cluster are joined."""
    weights = TfidfVectorizer(dtype=np.float32, sublinear_tf=True).fit_transform(traffic.prompts)
    cluster = DBSCAN(eps=APART, min_samples=CORE, metric="cosine").fit_predict(weights)
    return groups(joined(cluster, traffic.account), len(traffic.ids))


def joined(cluster: Ints, account: Ints) -> Pairs:
    """Each account of a cluster with the first one of it."""
    first: dict[int, int] = {}
    held = zip(cluster.tolist(), account.tolist(), strict=True)
    return [(first.setdefault(one, who), who) for one, who in held if one >= 0 and first.setdefault(one, who) != who]


def spark(traffic: Traffic) -> int:
    """Hashed runs of four words and MinHashLSH of Spark MLlib, joined with itself, in local mode on every core."""
    sql, feature = importlib.import_module("pyspark.sql"), importlib.import_module("pyspark.ml.feature")
    settings = {"spark.ui.enabled": "false", "spark.driver.memory": "4g", "spark.sql.shuffle.partitions": "8"}
    builder = sql.SparkSession.builder.master("local[*]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    rows = zip(traffic.account.tolist(), traffic.prompts, strict=True)
    frame = session.createDataFrame(list(rows), ["who", "text"])
    words = feature.RegexTokenizer(inputCol="text", outputCol="words", pattern=r"\W+")
    runs = feature.NGram(n=SHINGLE, inputCol="words", outputCol="runs")
    hashed = feature.HashingTF(inputCol="runs", outputCol="features", binary=True)
    shingled = runs.transform(words.transform(frame)).filter("size(runs) > 0")
    ready = hashed.transform(shingled).select("who", "features")
    model = feature.MinHashLSH(inputCol="features", outputCol="hashes", numHashTables=TABLES, seed=1).fit(ready)
    near = model.approxSimilarityJoin(ready, ready, 1 - ALIKE).filter("datasetA.who < datasetB.who")
    pairs = near.selectExpr("datasetA.who AS a", "datasetB.who AS b").distinct().collect()
    session.stop()
    return groups([(a, b) for a, b in pairs], len(traffic.ids))


def toolkit(traffic: Traffic) -> int:
    """coordination-network-toolkit: the same text within a day, similar text within ten minutes."""
    with tempfile.TemporaryDirectory() as folder:
        database = loaded(traffic, Path(folder), NO_LIMIT)
        found = [edges(database, name, window, NO_LIMIT) or [] for name, window in WIDE.items()]
    return groups([(a, b) for some in found for a, b, _ in some], len(traffic.ids))


def windows(clean: Traffic) -> Callable[[Traffic], int]:
    """MMD on windows of twenty requests against a clean world; what is learned from that is not counted."""
    encoder = Encoder(ENCODERS["wordllama"](clean))
    judge = mmd_windows(Background(clean, encoder))

    def judged(traffic: Traffic) -> int:
        worst = judge(traffic)[0]
        return int((worst.score > 0).sum())

    return judged


METHODS: dict[str, Callable[[Traffic], int]] = {
    "datasketch LSH + networkx": datasketch,
    "datasketch in batches + networkx": datasketch_batch,
    "TF-IDF + DBSCAN": tfidf,
    "Spark MLlib MinHashLSH": spark,
    "coordination-network-toolkit": toolkit,
}
MMD = "MMD windows"
